// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/watch/again.h"

#include <time.h>

#include "backend/kpage.h"
#include "lib/watch/retire.h"
#include "util/grow.h"

void mr_again_open(struct mr_again *a)
{
	struct mr_err err;

	if (a->policy->retry && a->m->block_size && mr_uevents_open(&a->events, &err))
		a->hooks->trouble(&err, a->hooks->data);
}

void mr_again_close(struct mr_again *a)
{
	mr_uevents_close(&a->events);
}

static void came_online(uint64_t block, void *data)
{
	struct mr_again *a = data;

	if (a->nr == MR_AGAIN_BLOCKS)
		a->all = true;
	else
		a->blocks[a->nr++] = block;
}

static bool came(const struct mr_again *a, uint64_t pfn)
{
	const uint64_t block = pfn / mr_block_pages(a->m);

	for (size_t i = 0; i < a->nr; i++)
		if (a->blocks[i] == block)
			return true;
	return a->all;
}

/* Retires the page of @event. Sets event->result and event->err. */
static void retire(const struct mr_again *a, struct mr_watch_event *event)
{
	struct mr_result result;

	if (!mr_watch_may_retire(a->m, a->policy, event->pfn, "its block is online again",
				 &event->err)) {
		event->result = MR_WATCH_REFUSED;
		return;
	}
	mr_watch_retire(a->m, event->pfn, a->no_module, a->recorder->dry_run, &result);
	event->node = result.node;
	event->err = result.err;
	event->result = result.outcome == MR_OUTCOME_PLANNED ? MR_WATCH_PLANNED :
		result.outcome == MR_OUTCOME_DONE || result.outcome == MR_OUTCOME_ALREADY ?
		MR_WATCH_RETIRED : MR_WATCH_FAILED;
}

static void look_at(struct mr_again *a, const struct mr_retlist *list,
		    const struct mr_retired *entry)
{
	struct mr_watch_event event = {
		.pfn = entry->pfn, .phys = mr_pfn_phys(a->m, entry->pfn), .time = time(NULL),
		.node = entry->node, .cause = mr_retlist_text(list, entry->cause),
		.label = mr_retlist_text(list, entry->label),
	};

	retire(a, &event);
	/* The recorder reports those that the list has as pending. */
	if (event.result == MR_WATCH_RETIRED && entry->pending &&
	    !mr_make_room(a->found->list, a->found->nr, a->found->room))
		a->found->list[a->found->nr++] = (struct mr_found){
			.pfn = entry->pfn, .time = event.time, .node = event.node,
		};
	else
		a->hooks->event(&event, a->hooks->data);
}

void mr_again_step(struct mr_again *a)
{
	struct mr_retlist list;
	struct mr_err err;
	int rc;

	mr_uevents_read(&a->events, came_online, a);
	if (!a->nr && !a->all)
		return;
	rc = mr_recorder_read(a->recorder, &list, &err);
	if (rc)
		a->hooks->trouble(&err, a->hooks->data);
	for (size_t i = 0; !rc && i < list.nr; i++)
		if (came(a, list.list[i].pfn) && !mr_kpage_poisoned(a->m, list.list[i].pfn))
			look_at(a, &list, &list.list[i]);
	if (!rc)
		mr_retlist_close(&list);
	a->nr = 0;
	a->all = false;
}
