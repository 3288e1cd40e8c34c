// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <time.h>

#include "backend/edac.h"
#include "cli/exit.h"
#include "cli/msg.h"
#include "report/begin.h"
#include "report/retnotes.h"

int mr_retired_open(const struct mr_run *run, const struct mr_machine *m, bool write,
		    struct mr_retlist *list, struct mr_err *err)
{
	return mr_retlist_open(list, m, run->globals.state_dir,
			       write && !run->globals.dry_run ? MR_RETLIST_WRITE : 0, err);
}

int mr_retired_begin(const struct mr_run *run, unsigned int needs, bool write,
		     struct mr_machine *m, struct mr_retlist *list, struct mr_err *err)
{
	int rc = mr_begin(run, m, needs, err);

	if (rc)
		return rc;
	rc = mr_retired_open(run, m, write, list, err);
	if (rc)
		mr_machine_close(m);
	return rc;
}

void mr_retired_end(struct mr_machine *m, struct mr_retlist *list)
{
	mr_retlist_close(list);
	mr_machine_close(m);
}

void mr_retnotes_add(struct mr_retnotes *notes, const struct mr_result *result)
{
	if (result->outcome != MR_OUTCOME_DONE && result->outcome != MR_OUTCOME_ALREADY)
		return;
	if (mr_retlist_add(&notes->pages, &(struct mr_retired){
			.pfn = result->pfn, .node = result->node, .time = time(NULL) }))
		notes->lost = true;
}

static int apply(struct mr_retnotes *notes, struct mr_retlist *list,
		 const struct mr_machine *m, const char *cause, bool forget, struct mr_err *err)
{
	char label[MR_EDAC_TEXT] = "";
	mr_text_id cause_id, label_id;
	size_t had = list->nr;
	int rc = 0;

	mr_retlist_settle(&notes->pages);
	if (forget) {
		mr_retlist_subtract(list, &notes->pages);
		return list->nr == had ? 0 : mr_retlist_save(list, err);
	}
	rc = mr_retlist_fits(list, m, false, err);
	if (rc)
		return rc;
	/* EDAC tells a page's DIMM only when there is no other. */
	mr_edac_only_label(m, label);
	rc = mr_retlist_intern(list, cause, &cause_id);
	if (!rc)
		rc = mr_retlist_intern(list, label, &label_id);
	for (size_t i = 0; !rc && i < notes->pages.nr; i++) {
		struct mr_retired entry = notes->pages.list[i];

		entry.cause = cause_id;
		entry.label = label_id;
		rc = mr_retlist_add(list, &entry);
	}
	if (rc)
		return mr_err_set(err, rc, list->path, "no memory for the list");
	mr_retlist_settle(list);
	return mr_retlist_save(list, err);
}

int mr_retnotes_record(struct mr_retnotes *notes, const struct mr_run *run,
		       const struct mr_machine *m, const char *cause, bool forget, int code)
{
	struct mr_retlist list;
	struct mr_err err = { 0 };
	int rc = 0;

	if (run->globals.dry_run)
		notes->pages.nr = 0;
	else if (notes->lost)
		rc = mr_err_set(&err, -ENOMEM, "", "no memory for the retired list");
	/* What is in no list needs none made. */
	if (!rc && notes->pages.nr && forget) {
		rc = mr_retired_open(run, m, false, &list, &err);
		if (!rc && !list.nr)
			notes->pages.nr = 0;
		if (!rc)
			mr_retlist_close(&list);
	}
	if (!rc && notes->pages.nr) {
		rc = mr_retired_open(run, m, true, &list, &err);
		if (!rc) {
			rc = apply(notes, &list, m, cause, forget, &err);
			mr_retlist_close(&list);
		}
	}
	free(notes->pages.list);
	*notes = (struct mr_retnotes){ 0 };
	if (!rc)
		return code;
	mr_msg_error(run, &err);
	mr_msg_note(run, forget ? "the pages are given back, but still on the retired list" :
		    "the pages are retired, but not recorded: not again after a reboot");
	return code == MR_EXIT_OK ? MR_EXIT_PART : code;
}
