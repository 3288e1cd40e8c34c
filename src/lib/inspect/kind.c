// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/inspect/kind.h"

#include <stddef.h>

#include "backend/kpage.h"

static const struct {
	const char *name;
	const char *text;
} kinds[] = {
	[MEMRAS_KIND_UNKNOWN] = { "unknown", "a kernel page" },
	[MEMRAS_KIND_FREE] = { "free", "a free page" },
	[MEMRAS_KIND_ANON] = { "anon", "an anonymous page" },
	[MEMRAS_KIND_FILE] = { "file", "a page of a file" },
	[MEMRAS_KIND_SHMEM] = { "shmem", "a page of shared memory" },
	[MEMRAS_KIND_THP] = { "thp", "part of a transparent huge page" },
	[MEMRAS_KIND_HUGETLB] = { "hugetlb", "part of a hugepage in use" },
	[MEMRAS_KIND_HUGETLB_FREE] = { "hugetlb-free", "part of a free hugepage" },
	[MEMRAS_KIND_GIGANTIC] = { "gigantic", "part of a gigantic hugepage" },
	[MEMRAS_KIND_SLAB] = { "slab", "a slab page" },
	[MEMRAS_KIND_PGTABLE] = { "pgtable", "a page table" },
	[MEMRAS_KIND_RESERVED] = { "reserved", "a reserved page" },
	[MEMRAS_KIND_OFFLINE] = { "offline", "a logically offline page (PageOffline)" },
	[MEMRAS_KIND_DEVICE] = { "device", "device memory" },
	[MEMRAS_KIND_MOVABLE] = { "unknown", "a movable page of a driver" },
	[MEMRAS_KIND_MEMMAP] = { "memmap", "part of the memmap of its own block" },
};

const char *mr_kind_name(uint32_t kind)
{
	if (kind == MR_KIND_NONE)
		return "offline";
	return kind < sizeof(kinds) / sizeof(kinds[0]) ? kinds[kind].name : "unknown";
}

const char *mr_kind_text(uint32_t kind)
{
	if (kind == MR_KIND_NONE)
		return "no memory";
	return kind < sizeof(kinds) / sizeof(kinds[0]) ? kinds[kind].text : kinds[0].text;
}

uint32_t mr_kind_of_flags(uint64_t flags, uint64_t mapcount)
{
	/* A page may have several of these; the first one in this order decides. */
	static const struct {
		unsigned int bit;
		uint32_t kind;
	} by_bit[] = {
		{ KPF_NOPAGE, MR_KIND_NONE },
		{ KPF_BUDDY, MEMRAS_KIND_FREE },
		{ KPF_OFFLINE, MEMRAS_KIND_OFFLINE },
		{ KPF_HUGE, MEMRAS_KIND_HUGETLB },
		{ KPF_SLAB, MEMRAS_KIND_SLAB },
		{ KPF_PGTABLE, MEMRAS_KIND_PGTABLE },
		{ KPF_ZERO_PAGE, MEMRAS_KIND_RESERVED },
		{ MR_KPF_RESERVED, MEMRAS_KIND_RESERVED },
		{ KPF_THP, MEMRAS_KIND_THP },
		{ KPF_ANON, MEMRAS_KIND_ANON },
	};

	for (size_t i = 0; i < sizeof(by_bit) / sizeof(by_bit[0]); i++) {
		if (!(flags & MR_KPF(by_bit[i].bit)))
			continue;
		if (by_bit[i].kind == MEMRAS_KIND_HUGETLB && !mapcount)
			return MEMRAS_KIND_HUGETLB_FREE;
		return by_bit[i].kind;
	}
	if (flags & MR_KPF(KPF_LRU))
		return flags & MR_KPF(KPF_SWAPBACKED) ? MEMRAS_KIND_SHMEM : MEMRAS_KIND_FILE;
	return MEMRAS_KIND_UNKNOWN;
}
