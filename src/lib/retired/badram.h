/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Covers pages by as few pairs of address and mask as possible, for GRUB_BADRAM. */
#ifndef MR_LIB_RETIRED_BADRAM_H
#define MR_LIB_RETIRED_BADRAM_H

#include <stddef.h>
#include <stdint.h>

struct mr_badram {
	uint64_t pfn;
	uint64_t open;		/* bits of pfn that may be 0 or 1; 0 in pfn itself */
};

/*
 * Covers the @nr distinct PFNs, ascending, by masks: exactly these pages, each once.
 * Returns them in *@list (free() it) and *@count. 0 or -ENOMEM.
 */
int mr_badram_merge(const uint64_t *pfns, size_t nr, struct mr_badram **list, size_t *count);

#endif
