// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The files of /proc and /sys that memras reads, on a captured machine: the first byte
 * chooses the file, the rest is its content.
 */
#include "fuzz.h"

#include "backend/dmi.h"
#include "backend/edac.h"
#include "backend/memlayout.h"
#include "backend/mounts.h"
#include "backend/trust.h"
#include "lib/health/status.h"

static const char *const files[] = {
	"proc/self/auxv",
	"proc/self/mountinfo",
	"proc/filesystems",
	"proc/iomem",
	"proc/meminfo",
	"proc/interrupts",
	"proc/kpageflags",
	"proc/kpagecount",
	"sys/devices/system/memory/block_size_bytes",
	"sys/devices/system/memory/memory0/state",
	"sys/devices/system/memory/memory0/valid_zones",
	"sys/devices/system/memory/memory0/phys_index",
	"sys/devices/system/edac/mc/mc0/ce_noinfo_count",
	"sys/devices/system/edac/mc/mc0/dimm0/dimm_label",
	"sys/devices/system/edac/mc/mc0/dimm0/size",
	"sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages",
	"sys/firmware/dmi/tables/DMI",
	"sys/firmware/memmap/0/start",
	"sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages",
	"sys/kernel/security/lockdown",
	"var/lib/memras/retired.json",
};
#define NR_FILES (sizeof(files) / sizeof(files[0]))

static void make_folders(const char *file)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", fuzz_folder(), file);
	for (char *p = strchr(path + strlen(fuzz_folder()) + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		PROMISE(!mkdir(path, 0700) || errno == EEXIST);
		*p = '/';
	}
}

/* Makes a small healthy machine; each run replaces one file of it. */
static void make_machine(size_t i, const char *content)
{
	make_folders(files[i]);
	fuzz_file(files[i], (const uint8_t *)content, strlen(content));
}

static const char *const contents[NR_FILES] = {
	[1] = "30 1 0:27 / /dev/hugepages rw - hugetlbfs hugetlbfs rw,pagesize=2M\n",
	[2] = "nodev\thugetlbfs\n",
	[3] = "00100000-07ffffff : System RAM\n",
	[4] = "MemTotal: 131072 kB\nHardwareCorrupted: 4 kB\n",
	[8] = "8000000\n", [9] = "online\n", [10] = "Normal\n", [11] = "00000000\n",
	[12] = "1\n", [13] = "DIMM_A1\n", [14] = "128\n", [15] = "4\n", [17] = "0x100000\n",
	[18] = "4\n", [19] = "[none] integrity\n",
};

static void make_all(void)
{
	for (size_t i = 0; i < NR_FILES; i++)
		if (contents[i])
			make_machine(i, contents[i]);
		else
			make_folders(files[i]);
}

static int see(const struct mr_dmi *s, void *data)
{
	(void)data;
	for (unsigned int i = 0; i < 4; i++)
		PROMISE(strlen(mr_dmi_string(s, i)) < 1 << 20);
	return 0;
}

static void look(struct mr_machine *m)
{
	struct mr_memlayout layout = { 0 };
	struct mr_hugetlbfs *mounts = NULL;
	struct mr_err err = { 0 };
	struct mr_trust trust;
	struct mr_status st;
	int n;

	if (!mr_memlayout_read(m, &layout))
		mr_memlayout_free(&layout);
	mr_dmi_each(m, see, NULL);
	mr_dmi_memory_ecc(m);
	mr_trust_read(&m->root, &trust);
	n = mr_mounts_hugetlbfs(&m->root, &mounts);
	if (n >= 0)
		mr_mounts_hugetlbfs_free(mounts, n);
	n = mr_status_read(m, NULL, true, &st, &err);
	fuzz_check_error(n, &err);
	if (!n)
		mr_status_free(&st);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool made;
	struct mr_err err = { 0 };
	struct mr_machine m;
	size_t which;

	if (!size)
		return 0;
	if (!made)
		make_all();
	made = true;
	which = data[0] % NR_FILES;
	fuzz_file(files[which], data + 1, size - 1);
	PROMISE(!mr_machine_open(&m, fuzz_folder(), &err));
	PROMISE(m.page_shift && m.page_shift < 25);
	PROMISE(!m.block_size || m.block_size >= mr_page_size(&m));
	look(&m);
	mr_machine_close(&m);
	make_machine(which, contents[which] ? contents[which] : "");
	return 0;
}
