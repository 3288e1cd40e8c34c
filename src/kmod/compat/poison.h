/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory failure handling.
 */
#ifndef _MEMRAS_COMPAT_POISON_H
#define _MEMRAS_COMPAT_POISON_H

#include <linux/mm.h>
#include <linux/version.h>

/*
 * A free page that is hard-offlined stays in the buddy allocator until "mm,
 * hwpoison: take free pages off the buddy freelists" (5.11): flagged, in the
 * midst of free pages, without a reference.
 */
#define MEMRAS_POISON_STAYS_FREE	(LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0))

/*
 * Such a page is left out when it would be allocated or freed next, and then is
 * nowhere. Unpoisoning only took the flag from it and called it free, until
 * "mm/hwpoison: fix unpoison_memory()" (5.17); its block could never go offline
 * after that. So leave the flag, which offlining steps over.
 */
#define MEMRAS_UNPOISON_LEAKS		(LINUX_VERSION_CODE < KERNEL_VERSION(5, 17, 0))

/*
 * Does the kernel forget poison when a block goes offline and comes back? Its
 * pages were initialised anew, poisoned ones and all, until "mm/hwpoison:
 * introduce per-memory_block hwpoison counter" (6.2), since when a block with such
 * pages does not come back. Putting a page back needs it to be allocated from the page
 * allocator.
 */
#ifdef MEMRAS_HAVE_BLOCK_POISON_COUNT
#define MEMRAS_ONLINE_FORGETS_POISON	0
#else
#define MEMRAS_ONLINE_FORGETS_POISON	IS_ENABLED(CONFIG_CONTIG_ALLOC)
#endif

#ifdef CONFIG_MEMORY_FAILURE

#define MEMRAS_CAN_POISON	1

/*
 * Flag a page as poisoned, or not, without a change to the count of poisoned
 * pages. Only where MEMRAS_ONLINE_FORGETS_POISON: the kernel still counts the page.
 */
static inline void memras_set_poisoned(struct page *page)
{
	SetPageHWPoison(page);
}

static inline void memras_clear_poisoned(struct page *page)
{
	ClearPageHWPoison(page);
}

/*
 * MF_SW_SIMULATED came with "mm/memory-failure: disable unpoison once hw error
 * happens" (5.19): without it, an error turns unpoisoning off for good. It is
 * an enumerator, so the preprocessor cannot be asked.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 19, 0)
#define MEMRAS_CAN_SIMULATE	1
#define MEMRAS_MF_SIMULATED	MF_SW_SIMULATED
#else
#define MEMRAS_CAN_SIMULATE	0
#define MEMRAS_MF_SIMULATED	0
#endif

static inline int memras_memory_failure(unsigned long pfn, bool simulated)
{
	return memory_failure(pfn, simulated ? MEMRAS_MF_SIMULATED : 0);
}

static inline int memras_unpoison_memory(unsigned long pfn)
{
	return unpoison_memory(pfn);
}

#else /* !CONFIG_MEMORY_FAILURE */

#define MEMRAS_CAN_POISON	0
#define MEMRAS_CAN_SIMULATE	0

static inline void memras_set_poisoned(struct page *page)
{
}

static inline void memras_clear_poisoned(struct page *page)
{
}

static inline int memras_memory_failure(unsigned long pfn, bool simulated)
{
	return -EOPNOTSUPP;
}

static inline int memras_unpoison_memory(unsigned long pfn)
{
	return -EOPNOTSUPP;
}

#endif /* CONFIG_MEMORY_FAILURE */

#endif /* _MEMRAS_COMPAT_POISON_H */
