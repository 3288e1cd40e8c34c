// SPDX-License-Identifier: GPL-2.0-or-later
/* Blocks of boot memory, and whether the machine is a guest, by the files of a machine. */
#define _GNU_SOURCE
#include "backend/bootmem.h"

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/block.h"
#include "backend/guest.h"
#include "check.h"

static char dir[] = "/tmp/memras-bootmem-XXXXXX";
static struct mr_machine m;

static void put(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	for (char *p = strchr(path + sizeof(dir), '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(path, 0755);
		*p = '/';
	}
	f = fopen(path, "w");
	if (!f) {
		perror(path);
		exit(1);
	}
	fputs(text, f);
	fclose(f);
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

/* Blocks of 128 MiB: 8 and 9 at boot, 10 by virtio-mem, 11 of an ACPI memory device. */
static void make(const char *cpuinfo, const char *iomem)
{
	char path[128];

	nftw(dir, drop, 8, FTW_DEPTH | FTW_PHYS);
	mkdir(dir, 0755);
	for (int id = 8; id < 12; id++) {
		snprintf(path, sizeof(path), "sys/devices/system/memory/memory%d/state", id);
		put(path, "online\n");
	}
	put("sys/devices/system/memory/block_size_bytes", "8000000\n");
	snprintf(path, sizeof(path), "%s/sys/devices/system/memory/memory11/firmware_node", dir);
	CHECK_INT(symlink("../../../LNXSYSTM:00/PNP0C80:00", path), 0);
	put("proc/cpuinfo", cpuinfo);
	put("proc/iomem", iomem);
}

#define ARM	"processor\t: 0\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n"
#define X86	"processor\t: 0\nflags\t\t: fpu lahf_lm\n"
#define RAM	"40000000-4fffffff : System RAM\n  40210000-417fffff : Kernel code\n" \
		"50000000-57ffffff : System RAM (virtio_mem)\n58000000-5fffffff : System RAM\n"

/* Which of the blocks 8 to 11 are permanent, as bits. */
static unsigned int permanent(void)
{
	struct mr_blocks blocks = { 0 };
	struct mr_err err = { 0 };
	struct mr_block one;
	unsigned int bits = 0;

	CHECK_INT(mr_machine_open(&m, dir, &err), 0);
	CHECK_INT(mr_block_list(&m, &blocks, &err), 0);
	CHECK_INT(blocks.nr, 4);
	for (size_t i = 0; i < blocks.nr; i++) {
		bits |= (unsigned int)blocks.list[i].permanent << i;
		CHECK_INT(mr_block_read(&m, blocks.list[i].id, &one), 0);
		CHECK(one.permanent == blocks.list[i].permanent);
	}
	mr_blocks_free(&blocks);
	mr_machine_close(&m);
	return bits;
}

static void boot_memory_stays_on_arm64(void)
{
	make(ARM, RAM);
	CHECK_INT(permanent(), 3);
	/* A block of which only the end was there. */
	make(ARM, "48000000-4fffffff : System RAM\n");
	CHECK_INT(permanent(), 2);
	make(ARM, "47fff000-47ffffff : System RAM\n");
	CHECK_INT(permanent(), 1);
	/* Hidden from the caller. */
	make(ARM, "00000000-00000000 : System RAM\n");
	CHECK_INT(permanent(), 0);
	make(X86, RAM);
	CHECK_INT(permanent(), 0);
}

static bool guest(void)
{
	struct mr_err err = { 0 };
	bool is;

	CHECK_INT(mr_machine_open(&m, dir, &err), 0);
	is = mr_machine_is_guest(&m);
	mr_machine_close(&m);
	return is;
}

static void firmware(const char *vendor, const char *product)
{
	put("sys/class/dmi/id/sys_vendor", vendor);
	put("sys/class/dmi/id/product_name", product);
}

static void guests_are_told_from_machines(void)
{
	make(ARM, RAM);
	CHECK(!guest());
	put("proc/device-tree/fw-cfg@9020000/compatible", "qemu,fw-cfg-mmio");
	CHECK(guest());
	make(ARM, RAM);
	put("proc/device-tree/hypervisor/compatible", "xen,xen");
	CHECK(guest());
	make(ARM, RAM);
	firmware("QEMU\n", "QEMU Virtual Machine\n");
	CHECK(guest());
	firmware("Amazon EC2\n", "c7g.large\n");
	CHECK(guest());
	firmware("Amazon EC2\n", "c7g.metal\n");
	CHECK(!guest());
	firmware("Microsoft Corporation\n", "Surface\n");
	CHECK(!guest());
	/* x86 asks the CPU alone. */
	make(X86, RAM);
	firmware("QEMU\n", "Standard PC\n");
	CHECK(!guest());
	put("proc/cpuinfo", "flags\t\t: fpu hypervisor lahf_lm\n");
	CHECK(guest());
}

int main(void)
{
	CHECK(mkdtemp(dir));
	boot_memory_stays_on_arm64();
	guests_are_told_from_machines();
	nftw(dir, drop, 8, FTW_DEPTH | FTW_PHYS);
	return CHECK_RESULT;
}
