// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/page/apply.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "backend/device.h"
#include "backend/madvise.h"
#include "backend/pageattr.h"
#include "lib/hugetlb/growth.h"
#include "lib/hugetlb/replace.h"
#include "util/cleanup.h"

/*
 * Limit of one try's wait for a pool that another memras is changing, or for a hugepage that is
 * busy; the next try waits again.
 */
#define POOL_WAIT_MS 1000

void mr_applier_open(struct mr_applier *a, struct mr_machine *m)
{
	*a = (struct mr_applier){ .m = m, .soft = -1, .hard = -1 };
}

void mr_applier_close(struct mr_applier *a)
{
	if (a->soft >= 0)
		close(a->soft);
	if (a->hard >= 0)
		close(a->hard);
	a->soft = -1;
	a->hard = -1;
}

/* Explains by the errno and the state of the page why the kernel did not retire it. */
static void explain(int rc, const struct mr_snap *s, struct mr_err *err)
{
	char pfn[24];

	snprintf(pfn, sizeof(pfn), "0x%" PRIx64, s->pfn);
	if (rc == -EROFS) {
		mr_machine_read_only(pfn, err);
		return;
	}
	if (rc == -EOPNOTSUPP) {
		mr_err_set(err, rc, pfn, "this kernel cannot do it");
	} else if (rc == -ENXIO) {
		mr_err_set(err, rc, pfn, "no memory is there");
	} else if (rc == -EACCES || rc == -EPERM) {
		mr_err_set(err, rc, pfn, "the kernel does not permit it");
	} else if (rc == -ESTALE) {
		mr_err_set(err, rc, pfn, "the file has another page there now");
	} else if (s->extra_refs > 0) {
		mr_err_set(err, rc, pfn, "page is pinned (refcount %d, mapcount %d)", s->refcount,
			   s->mapcount);
	} else if (s->kind == MEMRAS_KIND_UNKNOWN) {
		mr_err_set(err, rc, pfn, "page belongs to the kernel and cannot be moved");
	} else if (rc == -EBUSY || rc == -EAGAIN || rc == -EIO) {
		mr_err_set(err, rc, pfn, "%s that is busy and could not be moved",
			   mr_kind_text(s->kind));
	} else {
		mr_err_set(err, rc, pfn, "the kernel did not retire %s", mr_kind_text(s->kind));
	}
	if (rc == -EBUSY || rc == -EAGAIN || rc == -EIO)
		mr_err_hint(err, "nothing is retired; a longer --timeout tries again for longer");
	else
		mr_err_hint(err, "nothing is retired");
}

/* Writes the page to an attribute, which is opened for the first page. */
static int write_attribute(struct mr_applier *a, bool hard, uint64_t pfn)
{
	int *fd = hard ? &a->hard : &a->soft;

	if (*fd < 0)
		*fd = mr_pageattr_open(a->m, hard);
	return *fd < 0 ? *fd : mr_pageattr_write(a->m, *fd, pfn);
}

/* Retires the page by madvise(2), through a mapping of it in this process. */
static int madvise_offline(struct mr_applier *a, const struct mr_spot *spot, uint64_t pfn, bool hard)
{
	mr_autofree char *path = mr_target_path(spot->word);

	return path ? mr_madvise_offline(a->m, path, spot->where, pfn, hard) : -ENOMEM;
}

static int soft_offline(struct mr_applier *a, const struct mr_snap *s, const struct mr_step *step,
			const struct mr_spot *spot)
{
	if (step->via == MR_VIA_MADVISE)
		return madvise_offline(a, spot, s->pfn, false);
	return write_attribute(a, false, s->pfn);
}

static int hard_offline(struct mr_applier *a, const struct mr_snap *s, const struct mr_step *step,
			const struct mr_spot *spot)
{
	if (step->via == MR_VIA_MODULE)
		return mr_device_hard_offline(a->m, s->pfn,
					      mr_device_has(a->m, MEMRAS_FEAT_SIMULATED) ?
					      MEMRAS_OFFLINE_SIMULATED : 0);
	if (step->via == MR_VIA_MADVISE)
		return madvise_offline(a, spot, s->pfn, true);
	return write_attribute(a, true, s->pfn);
}

static uint64_t pool_wait_ms(const struct mr_offline_policy *policy)
{
	return policy->timeout_ms < POOL_WAIT_MS ? policy->timeout_ms : POOL_WAIT_MS;
}

/*
 * Retires a page of a hugepage, for which the pool grows by one first because soft offline
 * dissolves the hugepage. The growth is undone if the page was not retired.
 */
static int grow_and_soft_offline(struct mr_applier *a, const struct mr_snap *s,
				 const struct mr_step *step, const struct mr_spot *spot,
				 const struct mr_offline_policy *policy, bool any_node,
				 struct mr_err *err)
{
	struct mr_growth growth;
	char object[24];
	int rc;

	snprintf(object, sizeof(object), "0x%" PRIx64, s->pfn);
	rc = mr_growth_begin(a->m, s->huge_pages << a->m->page_shift, s->node, s->pfn, any_node,
			     pool_wait_ms(policy), &growth);
	if (rc == -ENOMEM) {
		if (any_node)
			mr_err_set(err, rc, object, "no node has memory for a replacement");
		else
			mr_err_set(err, rc, object, "node %d has no memory for a replacement",
				   s->node);
		mr_err_hint(err, any_node ? "free some, or --dissolve lets the pool shrink" :
			    "free some there; --any-node takes it elsewhere, --dissolve does without");
		return rc;
	}
	if (rc)
		return mr_err_set(err, rc, object, rc == -EINTR ?
				  "interrupted; the page and its pool are unchanged" : rc == -EBUSY ?
				  "another memras is changing the hugepage pool" :
				  "cannot lock the hugepage pool in /run/memras, or start the helper process that restores it");
	rc = soft_offline(a, s, step, spot);
	mr_growth_end(a->m, &growth);
	if (growth.total_after != growth.total_before)
		return mr_err_set(err, -EIO, object,
				  "the pool had %" PRIu64 " hugepages and now has %" PRIu64,
				  growth.total_before, growth.total_after);
	if (rc)
		explain(rc, s, err);
	return rc;
}

int mr_apply(struct mr_applier *a, const struct mr_snap *s, const struct mr_step *step,
	     const struct mr_spot *spot, const struct mr_offline_policy *policy,
	     struct mr_err *err)
{
	int rc;

	if (step->action == MR_ACTION_HARD) {
		rc = hard_offline(a, s, step, spot);
	} else if (step->keep == MR_KEEP_GROW) {
		return grow_and_soft_offline(a, s, step, spot, policy, policy->any_node, err);
	} else {
		if (step->keep == MR_KEEP_REPLACE) {
			rc = mr_hugepage_replace(a->m, s->huge_head, s->huge_pages, s->node,
						 pool_wait_ms(policy), err);
			if (rc == -ENOMEM && policy->any_node)
				return grow_and_soft_offline(a, s, step, spot, policy, true, err);
			if (rc == -ENOMEM)
				mr_err_hint(err, "free some there, or --dissolve lets the pool shrink");
			if (rc)
				return rc;
		}
		rc = soft_offline(a, s, step, spot);
	}
	if (rc)
		explain(rc, s, err);
	return rc;
}

int mr_apply_unpoison(struct mr_applier *a, const struct mr_snap *s, const struct mr_step *step,
		      struct mr_err *err)
{
	char object[24];
	int rc;

	snprintf(object, sizeof(object), "0x%" PRIx64, s->pfn);
	if (step->via == MR_VIA_MODULE) {
		rc = mr_device_unpoison(a->m, s->pfn);
		if (rc == -EBUSY && !s->held)
			mr_err_set(err, rc, object,
				   "this kernel would lose the page: it was retired while free and is on no list");
		else if (rc)
			mr_err_set(err, rc, object, "the kernel did not clear the poison");
	} else {
		rc = mr_pageattr_unpoison(a->m, s->pfn, err);
		snprintf(err->object, sizeof(err->object), "%s", object);
	}
	if (rc == -EOPNOTSUPP)
		mr_plan_unpoison_off(true, object, err);
	return rc;
}
