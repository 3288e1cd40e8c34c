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
#include "backend/trust.h"
#include "util/cleanup.h"

int mr_pageattr_open(const struct mr_machine *m, bool hard)
{
	if (!m->root.live)
		return -EROFS;
	return mr_root_openf(&m->root, O_WRONLY, "sys/devices/system/memory/%s_offline_page",
			     hard ? "hard" : "soft");
}

int mr_pageattr_write(const struct mr_machine *m, int attribute, uint64_t pfn)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "0x%" PRIx64, mr_pfn_phys(m, pfn));

	return write(attribute, text, (size_t)n) == n ? 0 : -errno;
}

#define INJECT "hwpoison-inject"
#define UNPOISON "hwpoison/unpoison-pfn"

/* Returns -EPERM if lockdown keeps debugfs closed: fs/debugfs/file.c, debugfs_locked_down() */
static int need_open_debugfs(const struct mr_machine *m, struct mr_err *err)
{
	struct mr_trust trust;

	mr_trust_read(&m->root, &trust);
	if (trust.lockdown == MR_LOCKDOWN_UNKNOWN)
		return mr_lockdown_untold(err, UNPOISON);
	if (trust.lockdown <= MR_LOCKDOWN_NONE)
		return 0;
	mr_err_machine(err, -EPERM, UNPOISON, "lockdown keeps debugfs closed");
	mr_err_hint(err, "memras.ko does it without: sign it with a key that the kernel trusts");
	return -EPERM;
}

/* "hwpoison_inject 16384 0 - Live 0x0" */
static bool captured_inject(const struct mr_machine *m)
{
	mr_autofree char *line = NULL;

	return !mr_root_find_line(&m->root, "hwpoison_inject ", &line, "proc/modules");
}

int mr_pageattr_need_unpoison(const struct mr_machine *m, struct mr_err *err)
{
	mr_autofree char *debugfs = NULL;
	int rc = need_open_debugfs(m, err);

	if (rc)
		return rc;
	debugfs = mr_mounts_find(&m->root, "debugfs", NULL);
	if (debugfs && mr_root_exists(&m->root, "%s/" UNPOISON, debugfs + 1))
		return 0;
	if (!m->root.live)
		return captured_inject(m) ? 0 :
			mr_err_set(err, -ENODATA, INJECT,
				   "whether it can be loaded is unknown on a captured machine");
	if (mr_mounts_known(&m->root, "debugfs") == 0) {
		mr_err_machine(err, -EOPNOTSUPP, "", "this kernel has no debugfs (CONFIG_DEBUG_FS)");
		mr_err_hint(err, "boot a kernel built with it, or load memras.ko");
		return -EOPNOTSUPP;
	}
	return mr_modules_check(INJECT, err);
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
	fd = openat(debugfs, UNPOISON, O_WRONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		rc = mr_modules_load(INJECT, err);
		if (rc)
			return rc;
		fd = openat(debugfs, UNPOISON, O_WRONLY | O_CLOEXEC);
	}
	if (fd < 0) {
		rc = -errno;
		if (rc == -EPERM && need_open_debugfs(m, err) == rc)
			return rc;
		return mr_err_set(err, rc, UNPOISON, "debugfs does not have it");
	}
	n = snprintf(text, sizeof(text), "%" PRIu64, pfn);
	if (write(fd, text, (size_t)n) == n)
		return 0;
	return mr_err_set(err, -errno, "", "the kernel did not unpoison the page");
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
