/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory hotplug: blocks, the notifier, and PageOffline.
 *
 * The actions (MEM_GOING_OFFLINE and so on) were bits up to 6.18, and are an
 * enum with MEM_ONLINE == 0 since "mm: convert memory block states (MEM_*)
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
 * Returns the number of pages of a memory block, 0 without blocks.
 * drivers/base/memory.c, which has the function, is built with memory hotplug
 * only.
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
 * Until "mm/memory_hotplug: skip adjust_managed_page_count() for PageOffline()
 * pages when offlining" (6.11), the offline of a block subtracted all of its
 * pages from the managed ones. A driver that had already subtracted its
 * PageOffline pages had to add them in MEM_GOING_OFFLINE and to subtract them
 * again in MEM_CANCEL_OFFLINE; see virtio_mem_fake_offline_going_offline()
 * before and after. No declaration changed, but what page-flags.h says to
 * drivers about PageOffline pages did: see Kbuild.
 */
#ifdef MEMRAS_HAVE_OFFLINE_UNMANAGED
#define MEMRAS_OFFLINING_SUBTRACTS_ALL	0
#else
#define MEMRAS_OFFLINING_SUBTRACTS_ALL	1
#endif

/*
 * Keep readers of page contents (/proc/kcore) away while PageOffline is set,
 * since "mm: introduce page_offline_(begin|end|freeze|thaw) to synchronize
 * setting PageOffline()" (5.14).
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
 * Returns the next PFN after @pfn, which has no online page, that may have one.
 * Sections go online as a whole, but have smaller holes.
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
