// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/machine.h"

#include <elf.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util/cleanup.h"

#define PAGE_SIZE_MAX	(1ULL << 24)	/* larger than on any architecture */
#define BLOCK_SIZE_MAX	(1ULL << 50)

static bool is_size(uint64_t size, uint64_t most)
{
	return size && !(size & (size - 1)) && size <= most;
}

/*
 * No attribute has the page size, but the auxv of every process does: a captured machine
 * includes one as proc/self/auxv.
 */
static unsigned int captured_page_shift(const struct mr_root *root)
{
	mr_autoclose int fd = mr_root_openf(root, O_RDONLY, "proc/self/auxv");
	Elf64_auxv_t entry;

	while (fd >= 0 && read(fd, &entry, sizeof(entry)) == sizeof(entry))
		if (entry.a_type == AT_PAGESZ && is_size(entry.a_un.a_val, PAGE_SIZE_MAX))
			return (unsigned int)__builtin_ctzll(entry.a_un.a_val);
	return (unsigned int)__builtin_ctzl((unsigned long)sysconf(_SC_PAGESIZE));
}

int mr_machine_open(struct mr_machine *m, const char *sysroot, struct mr_err *err)
{
	int rc;

	*m = (struct mr_machine){ .device = -ENODEV };
	rc = mr_root_open(&m->root, sysroot);
	if (rc)
		return mr_err_set(err, rc, sysroot, "the folder of the machine cannot be opened");
	m->page_shift = m->root.live ?
		(unsigned int)__builtin_ctzl((unsigned long)sysconf(_SC_PAGESIZE)) :
		captured_page_shift(&m->root);
	m->kpageflags = mr_root_openf(&m->root, O_RDONLY, "proc/kpageflags");
	m->kpagecount = mr_root_openf(&m->root, O_RDONLY, "proc/kpagecount");
	if (mr_root_read_u64(&m->root, 16, &m->block_size,
			     "sys/devices/system/memory/block_size_bytes") ||
	    !is_size(m->block_size, BLOCK_SIZE_MAX) || m->block_size < mr_page_size(m))
		m->block_size = 0;
	rc = mr_iomem_read_devices(&m->root, &m->devices);
	if (rc) {
		mr_machine_close(m);
		return mr_err_set(err, rc, "/proc/iomem", "no memory for the list of devices");
	}
	return 0;
}

void mr_machine_close(struct mr_machine *m)
{
	if (m->device >= 0)
		close(m->device);
	if (m->kpageflags >= 0)
		close(m->kpageflags);
	if (m->kpagecount >= 0)
		close(m->kpagecount);
	free(m->devices.list);
	mr_root_close(&m->root);
}

bool mr_machine_capable(int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return !syscall(SYS_capget, &header, data) &&
	       (data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability));
}

int mr_machine_need_admin(const char *object, struct mr_err *err)
{
	if (mr_machine_capable(CAP_SYS_ADMIN))
		return 0;
	mr_err_set(err, -EPERM, object, "this needs root (CAP_SYS_ADMIN)");
	mr_err_hint(err, "run it with sudo");
	return -EPERM;
}

int mr_machine_need_memory_failure(const struct mr_machine *m, struct mr_err *err)
{
	uint64_t bytes;

	if (mr_root_exists(&m->root, "sys/devices/system/memory/soft_offline_page"))
		return 0;
	/* The attributes that retire pages are in the directory of the memory blocks. */
	if (!m->block_size && !mr_machine_meminfo(m, "HardwareCorrupted", &bytes)) {
		mr_err_machine(err, -EOPNOTSUPP, "", "this kernel handles memory failures, but has no "
			       "memory block interface to ask for it (CONFIG_MEMORY_HOTPLUG)");
		mr_err_hint(err, "boot a kernel built with it");
		return -EOPNOTSUPP;
	}
	mr_err_machine(err, -EOPNOTSUPP, "",
		       "this kernel has no memory failure handling (CONFIG_MEMORY_FAILURE)");
	mr_err_hint(err, "boot a kernel built with it; Debian's cloud kernels are not");
	return -EOPNOTSUPP;
}

int mr_machine_need_blocks(const struct mr_machine *m, struct mr_err *err)
{
	if (m->block_size)
		return 0;
	mr_err_machine(err, -ENODEV, "",
		       "this kernel has no memory block interface (CONFIG_MEMORY_HOTPLUG)");
	mr_err_hint(err, "boot a kernel built with it");
	return -ENODEV;
}

int mr_machine_read_only(const char *object, struct mr_err *err)
{
	mr_err_machine(err, -EROFS, object, "/sys is mounted read-only here");
	mr_err_hint(err, "leave the container, or mount -o remount,rw /sys");
	return -EROFS;
}

static int parse_kib(const char *text, uint64_t *bytes)
{
	uint64_t kib;
	char *end;

	errno = 0;
	kib = strtoull(text, &end, 10);
	if (end == text)
		return -EINVAL;
	return errno || __builtin_mul_overflow(kib, 1024, bytes) ? -ERANGE : 0;
}

int mr_machine_meminfos(const struct mr_machine *m, const char *const *fields, size_t nr,
			uint64_t *bytes)
{
	mr_autofclose FILE *f = NULL;
	mr_autofree char *line = NULL;
	size_t room = 0, left = nr;
	int rc = mr_root_fopen(&m->root, &f, "proc/meminfo");

	for (size_t i = 0; i < nr; i++)
		bytes[i] = UINT64_MAX;
	while (!rc && left && getline(&line, &room, f) >= 0) {
		const size_t len = strcspn(line, ":");

		for (size_t i = 0; !rc && line[len] && i < nr; i++)
			if (strlen(fields[i]) == len && !strncmp(line, fields[i], len)) {
				rc = parse_kib(line + len + 1, &bytes[i]);
				left--;
			}
	}
	return rc;
}

int mr_machine_meminfo(const struct mr_machine *m, const char *field, uint64_t *bytes)
{
	uint64_t value;
	int rc = mr_machine_meminfos(m, &field, 1, &value);

	if (!rc && value == UINT64_MAX)
		rc = -ENOENT;
	if (!rc)
		*bytes = value;
	return rc;
}
