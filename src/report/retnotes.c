// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <time.h>

#include "backend/edac.h"
#include "backend/kpage.h"
#include "cli/exit.h"
#include "cli/msg.h"
#include "report/begin.h"
#include "report/retnotes.h"
#include "util/cleanup.h"

int mr_retired_open(const struct mr_run *run, const struct mr_machine *m, bool write,
		    uint64_t wait_ms, struct mr_retlist *list, struct mr_err *err)
{
	return mr_retlist_open_within(list, m, run->globals.state_dir,
				      write && !run->globals.dry_run ? MR_RETLIST_WRITE : 0,
				      wait_ms, err);
}

int mr_retired_begin(const struct mr_run *run, unsigned int needs, bool write,
		     struct mr_machine *m, struct mr_retlist *list, struct mr_err *err)
{
	int rc = mr_begin(run, m, needs, err);

	if (rc)
		return rc;
	rc = mr_retired_open(run, m, write, MR_RETLIST_WAIT_MS, list, err);
	if (rc)
		mr_machine_close(m);
	return rc;
}

void mr_retired_end(struct mr_machine *m, struct mr_retlist *list)
{
	mr_retlist_close(list);
	mr_machine_close(m);
}

struct mr_note {
	uint64_t pfn;
	int32_t node;
	bool added;		/* by this run: it was not listed before */
};

static int copy(struct mr_retnotes *notes, const struct mr_intent *list, size_t nr)
{
	notes->list = calloc(nr, sizeof(*notes->list));
	if (!notes->list)
		return -ENOMEM;
	notes->nr = nr;
	for (size_t i = 0; i < nr; i++)
		notes->list[i] = (struct mr_note){ .pfn = list[i].pfn, .node = list[i].node };
	return 0;
}

/* Adds an entry, timed now, for each note with .added. */
static int add_entries(const struct mr_retnotes *notes, const struct mr_machine *m,
		       struct mr_retlist *list, bool pending)
{
	struct mr_retired entry = { .time = time(NULL), .pending = pending };
	char label[MR_EDAC_TEXT] = "";
	int rc;

	/* EDAC identifies the DIMM of a page only if there is just one. */
	mr_edac_only_label(m, label);
	rc = mr_retlist_intern(list, notes->cause, &entry.cause);
	if (!rc)
		rc = mr_retlist_intern(list, label, &entry.label);
	for (size_t i = 0; !rc && i < notes->nr; i++) {
		if (!notes->list[i].added)
			continue;
		entry.pfn = notes->list[i].pfn;
		entry.node = notes->list[i].node;
		rc = mr_retlist_add(list, &entry);
	}
	mr_retlist_settle(list);
	return rc;
}

static int put_pending(struct mr_retnotes *notes, const struct mr_machine *m,
		       struct mr_retlist *list, struct mr_err *err)
{
	size_t added = 0;
	int rc = mr_retlist_fits(list, m, false, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < notes->nr; i++) {
		notes->list[i].added = !mr_retlist_find(list, notes->list[i].pfn);
		added += notes->list[i].added;
	}
	if (!added)
		return 0;
	rc = add_entries(notes, m, list, true);
	return rc ? mr_err_set(err, rc, list->path, "no memory for the list") :
		    mr_retlist_save(list, err);
}

int mr_retnotes_intend(struct mr_retnotes *notes, const struct mr_run *run,
		       const struct mr_machine *m, const struct mr_intent *pages, size_t nr,
		       struct mr_err *err)
{
	struct mr_retlist list;
	int rc = copy(notes, pages, nr);

	if (rc)
		return mr_err_set(err, rc, "", "no memory for the retired list");
	rc = mr_retired_open(run, m, notes->cause != NULL, notes->wait_ms, &list, err);
	if (!rc && notes->cause)
		rc = put_pending(notes, m, &list, err);
	if (!rc) {
		mr_retlist_close(&list);
		return 0;
	}
	mr_retlist_close(&list);
	mr_retnotes_free(notes);
	if (notes->cause)
		mr_err_hint(err, "no page was touched; --no-record does without the list");
	else
		mr_err_hint(err, "no page was touched; move the list away if it is damaged");
	return rc;
}

/* Returns the flags of the pages, to be free()d; NULL if they cannot be read. */
static uint64_t *read_flags(const struct mr_retnotes *notes, const struct mr_machine *m)
{
	mr_autofree uint64_t *pfns = calloc(notes->nr, sizeof(*pfns));
	uint64_t *flags = calloc(notes->nr, sizeof(*flags));

	for (size_t i = 0; pfns && i < notes->nr; i++)
		pfns[i] = notes->list[i].pfn;
	if (pfns && flags && !mr_kpage_gather(m->kpageflags, pfns, notes->nr, 0, flags))
		return flags;
	free(flags);
	return NULL;
}

/* Updates @list from the @flags of the pages of @notes; sets *@changed if it differs then. */
static int settle_list(struct mr_retnotes *notes, const struct mr_machine *m,
		       const uint64_t *flags, struct mr_retlist *list, bool *changed)
{
	struct mr_retlist gone = { 0 };
	size_t added = 0;
	int rc = 0;

	for (size_t i = 0; !rc && i < notes->nr; i++) {
		const bool poisoned = flags[i] & MR_KPF(KPF_HWPOISON);
		struct mr_note *note = &notes->list[i];
		struct mr_retired *entry = mr_retlist_find(list, note->pfn);
		/* Leave entries that another process has settled meanwhile. */
		const bool off = entry && !poisoned &&
				 (!notes->cause || (note->added && entry->pending));

		notes->recorded += poisoned && notes->cause;
		note->added = poisoned && notes->cause && !entry;
		added += note->added;
		if (entry && poisoned && entry->pending && notes->cause) {
			entry->pending = false;
			entry->reason = 0;
			*changed = true;
		}
		if (off)
			rc = mr_retlist_add(&gone, &(struct mr_retired){ .pfn = note->pfn });
	}
	if (!rc && gone.nr)
		mr_retlist_subtract(list, &gone);
	if (!rc && added)
		rc = add_entries(notes, m, list, false);
	*changed = *changed || gone.nr || added;
	free(gone.list);
	return rc;
}

static int settle(struct mr_retnotes *notes, const struct mr_run *run,
		  const struct mr_machine *m, const uint64_t *flags, struct mr_err *err)
{
	struct mr_retlist list;
	bool changed = false;
	int rc;

	/* Without a list there is nothing to forget; do not create one. */
	if (!notes->cause) {
		rc = mr_retired_open(run, m, false, notes->wait_ms, &list, err);
		if (rc)
			return rc;
		changed = list.nr;
		mr_retlist_close(&list);
		if (!changed)
			return 0;
		changed = false;
	}
	rc = mr_retired_open(run, m, true, notes->wait_ms, &list, err);
	if (rc)
		return rc;
	if (settle_list(notes, m, flags, &list, &changed))
		rc = mr_err_set(err, -ENOMEM, list.path, "no memory for the list");
	else if (changed)
		rc = mr_retlist_save(&list, err);
	mr_retlist_close(&list);
	return rc;
}

int mr_retnotes_settle(struct mr_retnotes *notes, const struct mr_run *run,
		       const struct mr_machine *m)
{
	mr_autofree uint64_t *flags = NULL;

	if (!notes->nr)
		return MR_EXIT_OK;
	flags = read_flags(notes, m);
	if (!flags)
		mr_err_set(&notes->err, -EIO, "", "the pages cannot be read back for the retired list");
	else
		settle(notes, run, m, flags, &notes->err);
	if (!notes->err.code)
		return MR_EXIT_OK;
	mr_msg_error(run, &notes->err);
	mr_msg_note(run, notes->cause ?
		    "the pages stay on the retired list as pending: \"retired list\" reads their state anew" :
		    "the pages are given back, but still on the retired list");
	return MR_EXIT_PART;
}

void mr_retnotes_free(struct mr_retnotes *notes)
{
	free(notes->list);
	notes->list = NULL;
	notes->nr = 0;
}
