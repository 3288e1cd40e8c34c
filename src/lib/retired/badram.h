/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages as few pairs of address and mask, as GRUB_BADRAM wants them. */
#ifndef MR_LIB_RETIRED_BADRAM_H
#define MR_LIB_RETIRED_BADRAM_H

#include <stddef.h>
#include <stdint.h>

struct mr_badram {
	uint64_t pfn;
	uint64_t open;		/* bits of pfn that may be either; 0 in pfn itself */
};

/*
 * Covers the @nr different page frame numbers, in order, by masks: exactly
 * these, each once. *@list (free() it) gets *@count. 0 or -ENOMEM.
 */
int mr_badram_merge(const uint64_t *pfns, size_t nr, struct mr_badram **list, size_t *count);

#endif
