/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a page is. The names are those of the JSON field "kind". */
#ifndef MR_LIB_INSPECT_KIND_H
#define MR_LIB_INSPECT_KIND_H

#include <stdint.h>

#include "uapi/memras.h"

/* The module's kinds, and one that only a pfn without memory has. */
enum {
	MR_KIND_NONE = 64,	/* no memory is there, or its block is offline */
};

const char *mr_kind_name(uint32_t kind);

/* "an anonymous page", for messages. */
const char *mr_kind_text(uint32_t kind);

/*
 * The kind by the words of /proc/kpageflags and /proc/kpagecount alone; a
 * hugetlb page that nobody maps counts as free, a gigantic one as hugetlb.
 */
uint32_t mr_kind_of_flags(uint64_t kpageflags, uint64_t mapcount);

#endif
