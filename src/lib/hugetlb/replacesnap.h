/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes a snapshot of the hugepages to replace and their pools. */
#ifndef MR_LIB_HUGETLB_REPLACESNAP_H
#define MR_LIB_HUGETLB_REPLACESNAP_H

#include "lib/hugetlb/replaceplan.h"
#include "lib/target/resolve.h"

/*
 * Looks once at the hugepages that have a page in @spans, at the spans without a hugepage, and
 * at the pools. The first page of a span without a hugepage stands for all of it. The targets
 * of @spans must outlive @snap. Returns 0, or -errno with @err set.
 */
int mr_replace_look(const struct mr_machine *m, const struct mr_spans *spans, bool only_free,
		    struct mr_replace_snap *snap, struct mr_err *err);
void mr_replace_snap_free(struct mr_replace_snap *snap);

#endif
