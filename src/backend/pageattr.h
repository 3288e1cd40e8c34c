/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own ways to retire a page without a module: the attributes
 * below /sys/devices/system/memory (Documentation/ABI/testing/
 * sysfs-memory-page-offline), madvise(2), and debugfs for the way back.
 * What they return is no outcome: read the HWPoison flag back.
 */
#ifndef MR_BACKEND_PAGEATTR_H
#define MR_BACKEND_PAGEATTR_H

#include "backend/machine.h"

/*
 * The attributes that retire pages, to be written to by mr_pageattr_write() and
 * closed. A descriptor, or -errno: -EROFS also for a captured machine.
 */
int mr_pageattr_open(const struct mr_machine *m, bool hard);

/*
 * Soft: moves the data of @pfn away and retires it; 0 also for a page that was
 * poisoned already. -EBUSY, -EIO: not now, or never; -ENXIO: no such page;
 * -EOPNOTSUPP: vm.enable_soft_offline is 0. Hard: as a real memory error would;
 * -EHWPOISON: it was poisoned.
 */
int mr_pageattr_write(const struct mr_machine *m, int attribute, uint64_t pfn);

/*
 * Takes poison away through debugfs (hwpoison/unpoison-pfn of the module
 * hwpoison-inject), mounting it for this process alone where it is not
 * mounted. -ENOENT when the kernel has no such file.
 */
int mr_pageattr_unpoison(const struct mr_machine *m, uint64_t pfn, struct mr_err *err);

/*
 * Whether mr_pageattr_unpoison() has what it needs, the caller's rights apart:
 * 0, or -errno with @err as that would say. Mounts nothing and loads nothing.
 */
int mr_pageattr_need_unpoison(const struct mr_machine *m, struct mr_err *err);

/*
 * Whether a machine check came since boot (TAINT_MACHINE_CHECK). The pages that
 * it poisoned are out of the kernel's direct mapping (set_mce_nospec()), and a
 * kernel before 5.19 unpoisons them all the same: whoever gets one next dies.
 */
bool mr_pageattr_machine_checked(const struct mr_machine *m);

/* vm.enable_soft_offline: 1 or 0, 1 where the kernel has no such switch. */
int mr_pageattr_soft_offline_enabled(const struct mr_machine *m);

#endif
