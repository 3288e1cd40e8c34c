// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/kpage.h"

#include <unistd.h>

#define WALK_BATCH 4096

/*
 * Read pages that are so close by one call, with those between them: a call takes about
 * as long as the kernel takes for that many pages.
 */
#define GATHER_GAP 32

static ssize_t read_words(int fd, uint64_t pfn, uint64_t *words, size_t nr)
{
	ssize_t n;

	if (fd < 0)
		return fd;
	if (pfn > INT64_MAX / sizeof(*words))
		return 0;
	do {
		n = pread(fd, words, nr * sizeof(*words), (off_t)(pfn * sizeof(*words)));
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n / (ssize_t)sizeof(*words);
}

ssize_t mr_kpage_flags(const struct mr_machine *m, uint64_t pfn, uint64_t *flags, size_t nr)
{
	return read_words(m->kpageflags, pfn, flags, nr);
}

int mr_kpage_walk(const struct mr_machine *m, uint64_t pfn, uint64_t nr,
		  int (*fn)(uint64_t pfn, uint64_t flags, void *data), void *data)
{
	uint64_t flags[WALK_BATCH];

	while (nr) {
		ssize_t n = mr_kpage_flags(m, pfn, flags, nr < WALK_BATCH ? nr : WALK_BATCH);

		if (n <= 0)
			return (int)n;
		for (ssize_t i = 0; i < n; i++) {
			int rc = fn(pfn + (uint64_t)i, flags[i], data);

			if (rc)
				return rc;
		}
		pfn += (uint64_t)n;
		nr -= (uint64_t)n;
	}
	return 0;
}

ssize_t mr_kpage_counts(const struct mr_machine *m, uint64_t pfn, uint64_t *counts, size_t nr)
{
	return read_words(m->kpagecount, pfn, counts, nr);
}

int mr_kpage_gather(int fd, const uint64_t *pfns, size_t nr, uint64_t beyond, uint64_t *words)
{
	uint64_t run[WALK_BATCH];

	for (size_t i = 0, next; i < nr; i = next) {
		uint64_t want;
		ssize_t n;

		for (next = i + 1; next < nr; next++)
			if (pfns[next] - pfns[next - 1] > GATHER_GAP ||
			    pfns[next] - pfns[i] >= WALK_BATCH)
				break;
		want = pfns[next - 1] - pfns[i] + 1;
		n = read_words(fd, pfns[i], run, want);
		if (n < 0)
			return (int)n;
		for (size_t k = i; k < next; k++) {
			uint64_t at = pfns[k] - pfns[i];

			words[k] = at < (uint64_t)n ? run[at] : beyond;
		}
	}
	return 0;
}

/* tools/mm/page-types.c:page_flag_names; bits from 32 on: linux/kernel-page-flags.h */
static const char *const flag_names[64] = {
	[KPF_LOCKED] = "locked",
	[KPF_ERROR] = "error",
	[KPF_REFERENCED] = "referenced",
	[KPF_UPTODATE] = "uptodate",
	[KPF_DIRTY] = "dirty",
	[KPF_LRU] = "lru",
	[KPF_ACTIVE] = "active",
	[KPF_SLAB] = "slab",
	[KPF_WRITEBACK] = "writeback",
	[KPF_RECLAIM] = "reclaim",
	[KPF_BUDDY] = "buddy",
	[KPF_MMAP] = "mmap",
	[KPF_ANON] = "anonymous",
	[KPF_SWAPCACHE] = "swapcache",
	[KPF_SWAPBACKED] = "swapbacked",
	[KPF_COMPOUND_HEAD] = "compound_head",
	[KPF_COMPOUND_TAIL] = "compound_tail",
	[KPF_HUGE] = "huge",
	[KPF_UNEVICTABLE] = "unevictable",
	[KPF_HWPOISON] = "hwpoison",
	[KPF_NOPAGE] = "nopage",
	[KPF_KSM] = "ksm",
	[KPF_THP] = "thp",
	[KPF_OFFLINE] = "offline",
	[KPF_ZERO_PAGE] = "zero_page",
	[KPF_IDLE] = "idle_page",
	[KPF_PGTABLE] = "pgtable",
	[MR_KPF_RESERVED] = "reserved",
	[MR_KPF_MLOCKED] = "mlocked",
	[34] = "mappedtodisk",
	[MR_KPF_PRIVATE] = "private",
	[36] = "private_2",
	[37] = "owner_private",
	[38] = "arch",
	[39] = "uncached",
	[40] = "softdirty",
	[41] = "arch_2",
};

void mr_kpage_flag_names(uint64_t flags, const char *names[MR_KPAGE_NAMES])
{
	size_t n = 0;

	for (; flags; flags &= flags - 1) {
		const char *name = flag_names[__builtin_ctzll(flags)];

		if (name)
			names[n++] = name;
	}
	names[n] = NULL;
}

/* Finds the head of the hugepage of @pfn, one of its tails. Returns its flags; 0 if it is gone. */
static uint64_t flags_of_head(const struct mr_machine *m, uint64_t pfn)
{
	uint64_t flags[WALK_BATCH];

	while (pfn) {
		uint64_t nr = pfn < WALK_BATCH ? pfn : WALK_BATCH;

		pfn -= nr;
		if (mr_kpage_flags(m, pfn, flags, nr) != (ssize_t)nr)
			return 0;
		while (nr--)
			if (!(flags[nr] & MR_KPF(KPF_HUGE)))
				return 0;
			else if (flags[nr] & MR_KPF(KPF_COMPOUND_HEAD))
				return flags[nr];
	}
	return 0;
}

int mr_kpage_poisoned(const struct mr_machine *m, uint64_t pfn)
{
	uint64_t flags;
	ssize_t n = mr_kpage_flags(m, pfn, &flags, 1);

	if (n < 0)
		return (int)n;
	if (n == 1 && mr_kpage_is_huge_tail(flags) && !(flags & MR_KPF(KPF_HWPOISON)))
		flags = flags_of_head(m, pfn);
	return n == 1 && (flags & MR_KPF(KPF_HWPOISON));
}

uint64_t mr_kpage_huge_pages(const struct mr_machine *m, uint64_t pfn)
{
	uint64_t flags[WALK_BATCH], pages = 0;
	size_t want = 1;		/* most pages are of no hugepage */
	ssize_t n;

	do {
		n = mr_kpage_flags(m, pfn + pages, flags, want);
		want = WALK_BATCH;
		for (ssize_t i = 0; i < n; i++, pages++)
			if (!(flags[i] & MR_KPF(KPF_HUGE)) ||
			    mr_kpage_is_huge_tail(flags[i]) != (pages > 0))
				return pages;
	} while (n > 0);
	return pages;
}

int mr_kpage_need(const struct mr_machine *m, struct mr_err *err)
{
	if (m->kpageflags >= 0)
		return 0;
	if (m->kpageflags == -ENOENT)
		return mr_err_machine(err, -ENOENT, "/proc/kpageflags",
				      "this kernel does not export page flags (CONFIG_PROC_PAGE_MONITOR)");
	mr_err_set(err, m->kpageflags, "/proc/kpageflags", "page flags cannot be read");
	mr_err_hint(err, "run it with sudo");
	return m->kpageflags;
}
