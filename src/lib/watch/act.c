// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/watch/act.h"

#include <stdio.h>
#include <time.h>

#include "lib/watch/retire.h"
#include "util/clock.h"
#include "util/grow.h"

#define STEP_PAGES	8		/* pages to retire between two reads of the trace */
#define SAVE_US		1000000
#define RETRY_US	5000000		/* before another try after an error */

void mr_actor_open(struct mr_actor *a)
{
	struct mr_err err;

	a->errors.threshold = a->policy->errors;
	a->errors.window_s = a->policy->window_s;
	if (!a->policy->errors)
		return;
	/* Out of memory: the DIMMs stay unknown. */
	mr_errdimms_read(a->m, &a->dimms);
	if (mr_recorder_load_errors(a->recorder, &a->errors, &a->dimms, &err))
		a->hooks->trouble(&err, a->hooks->data);
}

void mr_actor_close(struct mr_actor *a)
{
	mr_errpages_free(&a->errors);
	mr_errdimms_free(&a->dimms);
}

void mr_actor_hear(struct mr_actor *a, uint64_t addr, uint64_t count, const char *label)
{
	a->heard += count;
	/* Out of memory: this error is not counted. */
	mr_errpages_add(&a->errors, addr >> a->m->page_shift, count, time(NULL), label);
}

const char *mr_actor_label(const struct mr_actor *a, uint64_t pfn)
{
	const struct mr_errpage *page = mr_errpages_find(&a->errors, pfn);

	return page ? page->label : "";
}

static void tell(const struct mr_actor *a, const struct mr_errpage *page, int32_t node,
		 enum mr_watch_result result, const struct mr_err *err)
{
	struct mr_watch_event event = {
		.pfn = page->pfn, .phys = mr_pfn_phys(a->m, page->pfn), .time = time(NULL),
		.node = node, .result = result, .cause = mr_watch_cause_name(MR_CAUSE_MEMRAS),
		.label = page->label[0] ? page->label : NULL,
	};

	if (err)
		event.err = *err;
	a->hooks->event(&event, a->hooks->data);
}

/* True if the budget has room for one more page; else reports the page as refused. */
static bool may_retire(const struct mr_actor *a, const struct mr_errpage *page, int32_t node)
{
	struct mr_err err = { 0 };
	char why[48];

	snprintf(why, sizeof(why), "had %zu corrected errors", page->nr);
	if (mr_watch_may_retire(a->m, a->policy, page->pfn, why, &err))
		return true;
	tell(a, page, node, MR_WATCH_REFUSED, &err);
	return false;
}

static bool is_memory(const struct mr_result *result)
{
	return result->kind != MR_KIND_NONE && result->kind != MEMRAS_KIND_OFFLINE &&
	       result->kind != MEMRAS_KIND_DEVICE;
}

/* Reports a page that is not retired; it is not tried again for a while. */
static void fail(struct mr_actor *a, struct mr_errpage *page, const struct mr_result *result)
{
	tell(a, page, result->node, MR_WATCH_FAILED, &result->err);
	mr_errpages_rest(&a->errors, page, time(NULL));
}

/* Returns 0 if the page is dealt with; -errno with @err set if it is still due. */
static int act_on(struct mr_actor *a, struct mr_errpage *page, struct mr_err *err)
{
	struct mr_found found = {
		.pfn = page->pfn, .time = time(NULL), .cause = MR_CAUSE_MEMRAS,
	};
	struct mr_result result;
	int rc;

	mr_watch_retire(a->m, page->pfn, a->no_module, true, &result);
	found.node = result.node;
	if (result.outcome == MR_OUTCOME_ALREADY) {
		mr_errpages_reset(&a->errors, page);
		return 0;
	}
	if (!may_retire(a, page, result.node)) {
		mr_errpages_rest(&a->errors, page, found.time);
		return 0;
	}
	if (a->recorder->dry_run) {
		if (result.outcome != MR_OUTCOME_PLANNED) {
			fail(a, page, &result);
			return 0;
		}
		tell(a, page, result.node, MR_WATCH_PLANNED, NULL);
		mr_errpages_reset(&a->errors, page);
		return 0;
	}
	snprintf(found.label, sizeof(found.label), "%s", page->label);
	/* A page that cannot be retired now may be free after the next boot: list it as well. */
	if (is_memory(&result)) {
		rc = mr_recorder_intend(a->recorder, &found, err);
		if (rc)
			return rc;
	}
	if (result.outcome == MR_OUTCOME_PLANNED)
		mr_watch_retire(a->m, page->pfn, a->no_module, false, &result);
	if (result.outcome != MR_OUTCOME_DONE && result.outcome != MR_OUTCOME_ALREADY) {
		fail(a, page, &result);
		return 0;
	}
	/* Out of memory: the next scan finds the page. */
	if (!mr_make_room(a->found->list, a->found->nr, a->found->room))
		a->found->list[a->found->nr++] = found;
	mr_errpages_reset(&a->errors, page);
	return 0;
}

bool mr_actor_step(struct mr_actor *a)
{
	struct mr_errpage *page;
	struct mr_err err;
	int rc = 0;

	if (mr_clock_us() < a->try_after_us)
		return false;
	for (int i = 0; i < STEP_PAGES && (page = mr_errpages_due(&a->errors)); i++) {
		rc = act_on(a, page, &err);
		if (!rc)
			continue;
		if (rc != a->try_rc)
			a->hooks->trouble(&err, a->hooks->data);
		a->try_after_us = mr_clock_us() + RETRY_US;
		break;
	}
	a->try_rc = rc;
	return !rc && mr_errpages_due(&a->errors);
}

void mr_actor_save(struct mr_actor *a, bool now)
{
	struct mr_err err;
	int rc;

	if (!a->policy->errors || a->recorder->dry_run || !a->errors.changed ||
	    (!now && mr_clock_us() < a->save_after_us))
		return;
	mr_errdimms_read_edac(a->m, &a->dimms);
	rc = mr_recorder_save_errors(a->recorder, &a->errors, &a->dimms, &err);
	if (rc && rc != a->save_rc)
		a->hooks->trouble(&err, a->hooks->data);
	a->save_rc = rc;
	a->save_after_us = mr_clock_us() + (rc ? RETRY_US : SAVE_US);
}
