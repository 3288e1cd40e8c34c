/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/kpageflags and /proc/kpagecount: one word per page frame.
 * Documentation/admin-guide/mm/pagemap.rst, fs/proc/page.c.
 */
#ifndef MR_BACKEND_KPAGE_H
#define MR_BACKEND_KPAGE_H

#include <linux/kernel-page-flags.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/machine.h"

/* Bits that the kernel exports but keeps out of its uapi header, stable since 2.6.32. */
#define MR_KPF_RESERVED		32
#define MR_KPF_MLOCKED		33
#define MR_KPF_PRIVATE		35

#define MR_KPF(bit)		(1ULL << (bit))

/*
 * Reads the flags (<linux/kernel-page-flags.h>) of @nr pages from @pfn on. Returns the
 * number read: 0 past the last PFN. -EACCES, -EPERM or -ENOENT if the file cannot be
 * opened.
 */
ssize_t mr_kpage_flags(const struct mr_machine *m, uint64_t pfn, uint64_t *flags, size_t nr);

/*
 * Calls @fn with the flags of each of @nr pages from @pfn on, up to the last PFN, until
 * it returns other than 0. Returns that, 0, or an error as mr_kpage_flags().
 */
int mr_kpage_walk(const struct mr_machine *m, uint64_t pfn, uint64_t nr,
		  int (*fn)(uint64_t pfn, uint64_t flags, void *data), void *data);

/* As mr_kpage_flags(), for the map counts. */
ssize_t mr_kpage_counts(const struct mr_machine *m, uint64_t pfn, uint64_t *counts, size_t nr);

/*
 * Reads the words of the @nr pages @pfns, ascending, from @fd, one of these files;
 * neighbours by one read. Pages past its end get @beyond. Returns 0 or -errno.
 */
int mr_kpage_gather(int fd, const uint64_t *pfns, size_t nr, uint64_t beyond, uint64_t *words);

/*
 * Writes the names of the bits in @flags, as in the kernel's tools/mm/page-types.c, to
 * @names, with a NULL at the end.
 */
#define MR_KPAGE_NAMES 65
void mr_kpage_flag_names(uint64_t flags, const char *names[MR_KPAGE_NAMES]);

/*
 * A poisoned hugepage (of hugetlbfs) that is still in use does not tell which of its pages is
 * bad: the flag is that of its head. "mm: convert stable_page_flags to folio" (6.10) shows it for
 * all of its pages, older kernels for the head only.
 */
static inline bool mr_kpage_is_huge_tail(uint64_t flags)
{
	return (flags & MR_KPF(KPF_HUGE)) && (flags & MR_KPF(KPF_COMPOUND_TAIL));
}

/*
 * Returns 1 if the page, or for a page of a hugepage any of these, has the HWPoison flag, 0 if
 * not, or -errno.
 */
int mr_kpage_poisoned(const struct mr_machine *m, uint64_t pfn);

/* Returns the pages of the hugepage that @pfn is the head of; 0 if it is none. */
uint64_t mr_kpage_huge_pages(const struct mr_machine *m, uint64_t pfn);

/* Returns 0 if page flags can be read; else -errno with @err set to the cause. */
int mr_kpage_need(const struct mr_machine *m, struct mr_err *err);

#endif
