// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/watch/record.h"

#include <stdlib.h>

#include "backend/edac.h"
#include "backend/kpage.h"
#include "util/num.h"

/* Others hold the lock briefly, and errors continue to arrive during the wait. */
#define LOCK_WAIT_MS 2000

static int open_list(const struct mr_recorder *r, unsigned int flags, struct mr_retlist *list,
		     struct mr_err *err)
{
	int rc = mr_retlist_open_within(list, r->m, r->state_dir,
					flags | (r->last ? MR_RETLIST_LAST : 0), LOCK_WAIT_MS, err);

	if (!rc) {
		rc = mr_retlist_fits(list, r->m, false, err);
		if (rc)
			mr_retlist_close(list);
	}
	return rc;
}

int mr_recorder_read(const struct mr_recorder *r, struct mr_retlist *list, struct mr_err *err)
{
	return open_list(r, 0, list, err);
}

int mr_recorder_open(struct mr_recorder *r, struct mr_err *err)
{
	struct mr_retlist list;
	int rc = open_list(r, 0, &list, err);

	if (rc)
		return rc;
	r->dry_open = r->dry_run;
	if (r->dry_open)
		r->dry = list;
	else
		mr_retlist_close(&list);
	return 0;
}

void mr_recorder_close(struct mr_recorder *r)
{
	if (r->dry_open)
		mr_retlist_close(&r->dry);
	r->dry_open = false;
}

static bool is_new(const struct mr_retlist *list, uint64_t pfn)
{
	const struct mr_retired *entry = mr_retlist_find(list, pfn);

	return !entry || entry->pending;
}

/* By page, and of two the same the exact one first. */
static int by_pfn_exact_first(const void *pa, const void *pb)
{
	const struct mr_found *a = pa, *b = pb;

	return a->pfn != b->pfn ? mr_u64_order(pa, pb) : b->exact - a->exact;
}

/*
 * True if @f->list[i] is the head of a poisoned hugepage one of whose pages is known: on @list as
 * retired, or in @f as exact. That one is the bad page, then.
 */
static bool bad_page_known(const struct mr_machine *m, const struct mr_founds *f, size_t i,
			   const struct mr_retlist *list)
{
	const struct mr_found *head = &f->list[i];
	uint64_t pages = head->exact ? 0 : mr_kpage_huge_pages(m, head->pfn);

	for (size_t k = i + 1; k < f->nr && f->list[k].pfn - head->pfn < pages; k++)
		if (f->list[k].exact)
			return true;
	for (uint64_t k = 1; k < pages; k++)
		if (!is_new(list, head->pfn + k))
			return true;
	return false;
}

/* Drops duplicates, and pages that @list already has as retired. */
static void drop_known(const struct mr_machine *m, struct mr_founds *f,
		       const struct mr_retlist *list)
{
	size_t n = 0;

	if (f->nr)
		qsort(f->list, f->nr, sizeof(*f->list), by_pfn_exact_first);
	for (size_t i = 0; i < f->nr; i++)
		if (is_new(list, f->list[i].pfn) && (!n || f->list[n - 1].pfn != f->list[i].pfn) &&
		    !bad_page_known(m, f, i, list))
			f->list[n++] = f->list[i];
	f->nr = n;
}

/* Adds the pages of @f to @list, as retired or @pending, and sorts it. */
static int bring_in(const struct mr_recorder *r, const struct mr_founds *f,
		    struct mr_retlist *list, bool pending)
{
	char only[MR_EDAC_TEXT];
	int rc = 0;

	mr_edac_only_label(r->m, only);
	for (size_t i = 0; !rc && i < f->nr; i++) {
		const struct mr_found *page = &f->list[i];
		struct mr_retired entry = {
			.pfn = page->pfn, .time = page->time, .node = page->node, .pending = pending,
		};

		rc = mr_retlist_intern(list, page->cause == MR_CAUSE_UNKNOWN && r->unknown ?
				       r->unknown : mr_watch_cause_name(page->cause), &entry.cause);
		if (!rc)
			rc = mr_retlist_intern(list, page->label[0] ? page->label : only,
					       &entry.label);
		/* Settling merges it with a pending entry, which keeps its cause and time. */
		if (!rc)
			rc = mr_retlist_add(list, &entry);
	}
	mr_retlist_settle(list);
	return rc;
}

ssize_t mr_recorder_run(struct mr_recorder *r, struct mr_founds *f, struct mr_err *err)
{
	struct mr_retlist own = { 0 }, *list = r->dry_run ? &r->dry : &own;
	ssize_t nr;
	int rc;

	if (!f->nr)
		return 0;
	/* Most pages that a scan finds are known, and that check needs no lock. */
	if (!r->dry_run) {
		rc = open_list(r, 0, &own, err);
		if (rc)
			return rc;
	}
	drop_known(r->m, f, list);
	if (!r->dry_run) {
		mr_retlist_close(&own);
		if (!f->nr)
			return 0;
		rc = open_list(r, MR_RETLIST_WRITE, &own, err);
		if (rc)
			return rc;
		drop_known(r->m, f, list);
	}
	nr = (ssize_t)f->nr;
	rc = 0;
	if (nr && bring_in(r, f, list, false))
		rc = mr_err_set(err, -ENOMEM, list->path, "no memory for the list");
	if (nr && !rc && !r->dry_run)
		rc = mr_retlist_save(list, err);
	for (size_t i = 0; (!rc || list->replaced) && i < f->nr; i++)
		r->recorded(list, mr_retlist_find(list, f->list[i].pfn), r->data);
	if (!rc || list->replaced)
		f->nr = 0;
	if (!r->dry_run)
		mr_retlist_close(&own);
	return rc ? rc : nr;
}

int mr_recorder_intend(struct mr_recorder *r, const struct mr_found *page, struct mr_err *err)
{
	struct mr_found copy = *page;
	const struct mr_founds one = { .list = &copy, .nr = 1 };
	struct mr_retlist list;
	int rc = 0;

	if (r->dry_run)
		return 0;
	rc = open_list(r, MR_RETLIST_WRITE, &list, err);
	if (rc)
		return rc;
	if (!mr_retlist_find(&list, page->pfn)) {
		if (bring_in(r, &one, &list, true))
			rc = mr_err_set(err, -ENOMEM, list.path, "no memory for the list");
		else
			rc = mr_retlist_save(&list, err);
	}
	mr_retlist_close(&list);
	return rc;
}

int mr_recorder_load_errors(const struct mr_recorder *r, struct mr_errpages *errors,
			    const struct mr_errdimms *dimms, struct mr_err *err)
{
	struct mr_retlist list;
	int rc = mr_retlist_open_dir(&list, r->m, r->state_dir, 0, 0, err);

	if (rc)
		return rc;
	if (list.dir >= 0)
		rc = mr_errpages_load(errors, list.dir, dimms, err);
	mr_retlist_close(&list);
	return rc;
}

int mr_recorder_save_errors(const struct mr_recorder *r, struct mr_errpages *errors,
			    const struct mr_errdimms *dimms, struct mr_err *err)
{
	struct mr_retlist list;
	/* The lock of the list keeps two watches from writing the counts at once. */
	int rc = mr_retlist_open_dir(&list, r->m, r->state_dir,
				     MR_RETLIST_WRITE | (r->last ? MR_RETLIST_LAST : 0),
				     LOCK_WAIT_MS, err);

	if (rc)
		return rc;
	rc = mr_errpages_save(errors, list.dir, dimms, err);
	mr_retlist_close(&list);
	return rc;
}
