/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hugepages that are to be replaced and their pools, looked at once. */
#ifndef MR_LIB_HUGETLB_REPLACESNAP_H
#define MR_LIB_HUGETLB_REPLACESNAP_H

#include "lib/hugetlb/replaceplan.h"
#include "lib/target/resolve.h"

/*
 * Looks at the hugepages that have a page in @spans, at pages of single spans that are in
 * none, and at the pools, once. Of a span of many pages without a hugepage the first page
 * stands for all. The targets of @spans must outlive @snap. -errno with @err set.
 */
int mr_replace_look(const struct mr_machine *m, const struct mr_spans *spans, bool only_free,
		    struct mr_replace_snap *snap, struct mr_err *err);
void mr_replace_snap_free(struct mr_replace_snap *snap);

#endif
