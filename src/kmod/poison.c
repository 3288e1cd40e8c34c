// SPDX-License-Identifier: GPL-2.0
/*
 * Hard offline and unpoison, by the kernel's own functions.
 *
 * Soft offline is not here: the exported functions either ignore that it is to
 * be soft, or return no result. Users have sysfs and madvise(2) for it.
 */
#include <linux/uaccess.h>

#include "compat/hotplug.h"
#include "compat/page.h"
#include "compat/poison.h"
#include "memras_kmod.h"

/*
 * Guards a page that the kernel is to poison or unpoison. Refuses pages that we
 * hold: hard_offline_page() returns EBUSY for them but flags them nevertheless
 * (5.10 also leaks a reference), and unpoison would free them. The guard keeps
 * claims away from the page, as memras_mutex cannot be held: the kernel takes
 * mf_mutex, under which soft_offline_page() waits for mem_hotplug_lock, whose
 * holder waits for memras_mutex in our notifier.
 *
 * Also refuses pages whose block is going offline: memory_failure() flags the
 * page, then waits for offline_pages() to enable the per-cpu lists again
 * (zone_pcp_disable(), since 5.16). That neither migrates a flagged page nor
 * skips one on the LRU, so both would go on forever. In turn, the notifier
 * refuses the offline of a block with a guarded page. An offline that began
 * before this module was loaded is known only by the isolation.
 */
static int memras_poison_guard(unsigned long pfn, bool unpoison, struct memras_guard *guard)
{
	int ret = 0;

	if (mutex_lock_killable(&memras_mutex))
		return -EINTR;
	if (!pfn_to_online_page(pfn))
		ret = -ENXIO;
	else if (memras_extent_of(pfn) || memras_page_frozen(pfn) ||
		 memras_hotplug_busy(pfn, pfn + 1) || (!unpoison && memras_pageblock_isolated(pfn)))
		ret = -EBUSY;
	else if (unpoison && MEMRAS_UNPOISON_LEAKS && memras_page_nowhere(pfn))
		ret = -EBUSY;
	else
		memras_guard_add(guard, pfn);
	mutex_unlock(&memras_mutex);
	return ret;
}

static void memras_poison_unguard(struct memras_guard *guard)
{
	mutex_lock(&memras_mutex);
	memras_guard_remove(guard);
	mutex_unlock(&memras_mutex);
}

static int memras_poison_args(void __user *arg, u32 flags, struct memras_poison *p)
{
	if (copy_from_user(p, arg, sizeof(*p)))
		return -EFAULT;
	if (p->flags & ~flags || p->reserved0 || p->reserved[0] || p->reserved[1])
		return -EINVAL;
	if (!MEMRAS_CAN_POISON)
		return -EOPNOTSUPP;
	if (p->pfn > ULONG_MAX)
		return -ENXIO;
	return 0;
}

long memras_ioctl_offline(struct memras_owner *owner, void __user *arg)
{
	struct memras_guard guard;
	struct memras_poison p;
	int ret;

	ret = memras_poison_args(arg, MEMRAS_CAN_SIMULATE ? MEMRAS_OFFLINE_SIMULATED : 0, &p);
	if (ret)
		return ret;

	ret = memras_poison_guard(p.pfn, false, &guard);
	if (ret)
		return ret;
	ret = memras_memory_failure(p.pfn, p.flags & MEMRAS_OFFLINE_SIMULATED);
	memras_poison_unguard(&guard);
	return ret;
}

long memras_ioctl_unpoison(struct memras_owner *owner, void __user *arg)
{
	struct memras_guard guard;
	struct memras_poison p;
	int ret;

	ret = memras_poison_args(arg, 0, &p);
	if (ret)
		return ret;

	ret = memras_poison_guard(p.pfn, true, &guard);
	if (ret)
		return ret;
	ret = memras_unpoison_memory(p.pfn);
	memras_poison_unguard(&guard);
	return ret;
}
