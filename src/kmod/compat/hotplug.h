/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory hotplug: blocks, the notifier, and PageOffline.
 *
 * The actions (MEM_GOING_OFFLINE and so on) were bits in 6.18 still and are an
 * enum whose MEM_ONLINE is 0 since "mm: convert memory block states (MEM_*)
 * macros to enum": compare them, never mask them. struct memory_notify lost and
 * gained members in most releases: use start_pfn and nr_pages only.
 */
#ifndef _MEMRAS_COMPAT_HOTPLUG_H
#define _MEMRAS_COMPAT_HOTPLUG_H

#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/version.h>

/*
 * Pages of a memory block, and 0 where there are none. The function lives in
 * drivers/base/memory.c, which is built with memory hotplug only.
 */
static inline unsigned long memras_block_pages(void)
{
#ifdef CONFIG_MEMORY_HOTPLUG
	return memory_block_size_bytes() >> PAGE_SHIFT;
#else
	return 0;
#endif
}

/*
 * Offlining a block subtracted all of its pages from the managed ones, until
 * "mm/memory_hotplug: skip adjust_managed_page_count() for PageOffline() pages
 * when offlining" (6.11). A driver that had subtracted its PageOffline pages itself had
 * to add them again in MEM_GOING_OFFLINE, and to take them off once more in
 * MEM_CANCEL_OFFLINE: virtio_mem_fake_offline_going_offline() of either side. No
 * declaration changed with it, but what page-flags.h promises drivers of PageOffline
 * pages did: see Kbuild.
 */
#ifdef MEMRAS_HAVE_OFFLINE_UNMANAGED
#define MEMRAS_OFFLINING_SUBTRACTS_ALL	0
#else
#define MEMRAS_OFFLINING_SUBTRACTS_ALL	1
#endif

/*
 * Readers of page contents (/proc/kcore) are held off while PageOffline is
 * set, since "mm: introduce page_offline_(begin|end|freeze|thaw) to
 * synchronize setting PageOffline()" (5.14).
 */
static inline void memras_page_offline_begin(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
	page_offline_begin();
#endif
}

static inline void memras_page_offline_end(void)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
	page_offline_end();
#endif
}

/*
 * How far to step over a pfn without an online page: up to the next that could
 * have one. Sections go online as a whole, yet their holes are smaller.
 */
static inline unsigned long memras_next_online_candidate(unsigned long pfn)
{
#ifdef CONFIG_SPARSEMEM
	unsigned long nr = pfn_to_section_nr(pfn);

	if (nr >= NR_MEM_SECTIONS)
		return ULONG_MAX;
	if (!online_section_nr(nr))
		return section_nr_to_pfn(nr + 1);
#endif
	return (pfn | (pageblock_nr_pages - 1)) + 1;
}

#endif /* _MEMRAS_COMPAT_HOTPLUG_H */
