/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's interfaces for retiring a page without a module: the attributes below
 * /sys/devices/system/memory (Documentation/ABI/testing/sysfs-memory-page-offline), and
 * debugfs for unpoisoning. Their return value does not prove the outcome: read back the
 * HWPoison flag.
 */
#ifndef MR_BACKEND_PAGEATTR_H
#define MR_BACKEND_PAGEATTR_H

#include "backend/machine.h"

/*
 * Opens an attribute that retires pages, for mr_pageattr_write(). Returns an fd to close,
 * or -errno: -EROFS also for a captured machine.
 */
int mr_pageattr_open(const struct mr_machine *m, bool hard);

/*
 * Writes @pfn to the attribute. Soft: migrates the data and retires the page; 0 also if
 * the page was poisoned already. -EBUSY, -EIO: not possible now, or ever; -ENXIO: no such
 * page; -EOPNOTSUPP: vm.enable_soft_offline is 0. Hard: acts as for a real memory error;
 * -EHWPOISON: it was poisoned already.
 */
int mr_pageattr_write(const struct mr_machine *m, int attribute, uint64_t pfn);

/*
 * Unpoisons a page through debugfs (hwpoison/unpoison-pfn of the module hwpoison-inject).
 * If debugfs is not mounted, mounts it for this process alone. -ENOENT if the kernel has
 * no such file.
 */
int mr_pageattr_unpoison(const struct mr_machine *m, uint64_t pfn, struct mr_err *err);

/*
 * Checks whether mr_pageattr_unpoison() can work, permissions apart: returns 0, or its
 * error with @err set. Mounts nothing and loads nothing.
 */
int mr_pageattr_need_unpoison(const struct mr_machine *m, struct mr_err *err);

/*
 * True if a machine check came since boot (TAINT_MACHINE_CHECK). The pages that it
 * poisoned are not in the kernel's direct mapping (set_mce_nospec()); a kernel before
 * 5.19 unpoisons them all the same, and the next access to one is fatal.
 */
bool mr_pageattr_machine_checked(const struct mr_machine *m);

/* Returns vm.enable_soft_offline: 1 or 0; 1 if the kernel has no such sysctl. */
int mr_pageattr_soft_offline_enabled(const struct mr_machine *m);

#endif
