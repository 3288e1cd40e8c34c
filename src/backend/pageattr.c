// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/pageattr.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/modules.h"
#include "backend/mounts.h"
#include "util/cleanup.h"

static int write_phys(const struct mr_machine *m, const char *attribute, uint64_t pfn)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%" PRIx64, mr_pfn_phys(m, pfn));
	return mr_root_write(&m->root, text, "sys/devices/system/memory/%s", attribute);
}

int mr_pageattr_soft_offline(const struct mr_machine *m, uint64_t pfn)
{
	return write_phys(m, "soft_offline_page", pfn);
}

int mr_pageattr_hard_offline(const struct mr_machine *m, uint64_t pfn)
{
	return write_phys(m, "hard_offline_page", pfn);
}

int mr_pageattr_unpoison(const struct mr_machine *m, uint64_t pfn, struct mr_err *err)
{
	mr_autoclose int debugfs = -1, fd = -1;
	char text[32];
	int n, rc;

	if (!m->root.live)
		return -EROFS;
	debugfs = mr_mounts_open("debugfs", err);
	if (debugfs < 0)
		return debugfs;
	fd = openat(debugfs, "hwpoison/unpoison-pfn", O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		rc = mr_modules_load("hwpoison-inject", err);
		if (rc)
			return rc;
		fd = openat(debugfs, "hwpoison/unpoison-pfn", O_WRONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return mr_err_set(err, -errno, "hwpoison/unpoison-pfn", "debugfs does not have it");
	n = snprintf(text, sizeof(text), "%" PRIu64, pfn);
	if (write(fd, text, (size_t)n) == n)
		return 0;
	return mr_err_set(err, -errno, "", "the kernel did not take the poison away");
}

int mr_pageattr_soft_offline_enabled(const struct mr_machine *m)
{
	uint64_t on;

	/* Since 6.11: "mm/memory-failure: userspace controls soft-offlining pages" */
	return mr_root_read_u64(&m->root, 10, &on, "proc/sys/vm/enable_soft_offline") || on;
}

bool mr_pageattr_machine_checked(const struct mr_machine *m)
{
	const uint64_t machine_check = 1ULL << 4;	/* <linux/panic.h>, TAINT_MACHINE_CHECK */
	uint64_t tainted;

	return !mr_root_read_u64(&m->root, 10, &tainted, "proc/sys/kernel/tainted") &&
	       (tainted & machine_check);
}
