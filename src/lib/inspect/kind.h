/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kinds of pages. The names are those of the JSON field "kind". */
#ifndef MR_LIB_INSPECT_KIND_H
#define MR_LIB_INSPECT_KIND_H

#include <stdbool.h>
#include <stdint.h>

#include "uapi/memras.h"

/* In addition to the module's kinds, one for PFNs without memory. */
enum {
	MR_KIND_NONE = 64,	/* no memory, or its block is offline */
};

const char *mr_kind_name(uint32_t kind);

/* True if the kernel's offline skips pages of @kind, which nothing can claim. */
static inline bool mr_kind_is_skipped(uint32_t kind)
{
	return kind == MEMRAS_KIND_OFFLINE || kind == MEMRAS_KIND_MEMMAP;
}

/* Returns a phrase for messages, such as "an anonymous page". */
const char *mr_kind_text(uint32_t kind);

/*
 * Returns the kind by the words of /proc/kpageflags and /proc/kpagecount alone. A hugetlb page
 * that is not mapped counts as free, a gigantic one as hugetlb.
 */
uint32_t mr_kind_of_flags(uint64_t kpageflags, uint64_t mapcount);

#endif
