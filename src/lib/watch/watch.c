// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/watch/watch.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "backend/kmsg.h"
#include "backend/kpage.h"
#include "lib/inspect/inspect.h"
#include "lib/inspect/poison.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/grow.h"

#define DECIDE_US	2000000	/* the kernel logs first, then retires from a work queue */
#define LOOK_MS		100	/* interval of checks of a suspect until then */
#define DIFFER_US	3000000	/* limit of the wait for events that explain the count */
#define TRACE_US	5000000	/* interval of reads of the trace if nothing calls for one */
#define LOST_US		60000000 /* interval of reports of lost events */
#define RETRY_US	5000000	/* before another try after an error */

static void note_record(const struct mr_retlist *list, const struct mr_retired *entry, void *data)
{
	struct mr_watch *w = data;
	const struct mr_watch_event event = {
		.pfn = entry->pfn, .phys = mr_pfn_phys(w->m, entry->pfn), .time = entry->time,
		.node = entry->node, .result = MR_WATCH_RETIRED,
		.cause = mr_retlist_text(list, entry->cause),
		.label = mr_retlist_text(list, entry->label),
	};

	w->hooks->event(&event, w->hooks->data);
	mr_watch_pools_page(&w->pools, entry->pfn, entry->node);
}

static void note_pool(const struct mr_pool_event *event, void *data)
{
	const struct mr_watch *w = data;

	w->hooks->pool(event, w->hooks->data);
}

static void tell_failed(struct mr_watch *w, const struct mr_suspect *suspect, int32_t node)
{
	const struct mr_error_seen *seen = mr_suspects_error(&w->suspects, suspect->pfn);
	struct mr_watch_event event = {
		.pfn = suspect->pfn, .phys = mr_pfn_phys(w->m, suspect->pfn),
		.time = suspect->time, .node = node, .result = MR_WATCH_FAILED,
		.cause = mr_watch_cause_name(seen ? seen->cause : MR_CAUSE_UNKNOWN),
	};
	char object[24];

	snprintf(object, sizeof(object), "0x%" PRIx64, suspect->pfn);
	mr_err_set(&event.err, -EIO, object,
		   "the kernel logged that it retires the page, but it is not poisoned%s%s%s",
		   suspect->why[0] ? " (\"" : "", suspect->why, suspect->why[0] ? "\")" : "");
	mr_err_hint(&event.err, "memras offline --soft %s", object);
	w->hooks->event(&event, w->hooks->data);
}

static void trouble(const struct mr_watch *w, const struct mr_err *err)
{
	w->hooks->trouble(err, w->hooks->data);
}

/* @exact: by its number, and not as the head of a poisoned hugepage. */
static int add_found(struct mr_watch *w, uint64_t pfn, int32_t node, int64_t now, bool exact)
{
	const struct mr_error_seen *seen = mr_suspects_error(&w->suspects, pfn);
	struct mr_found *found;

	if (mr_make_room(w->found.list, w->found.nr, w->found.room))
		return -ENOMEM;
	found = &w->found.list[w->found.nr++];
	*found = (struct mr_found){
		.pfn = pfn, .time = seen ? seen->time : now, .node = node, .exact = exact,
		.cause = seen ? seen->cause : MR_CAUSE_UNKNOWN,
	};
	snprintf(found->label, sizeof(found->label), "%s", mr_actor_label(&w->actor, pfn));
	return 0;
}

static void no_log(const struct mr_watch *w)
{
	struct mr_err err;

	mr_err_set(&err, w->kmsg, "/dev/kmsg", "the kernel's log cannot be read: pages get no "
		   "cause, and what failed is not noticed");
	trouble(w, &err);
}

/* Reads new records of the kernel's log; with @history, those from before the watch. */
static void read_log(struct mr_watch *w, bool history)
{
	struct mr_kmsg_record record;
	struct mr_kernlog log;
	int rc = w->kmsg;

	while (rc >= 0 && (rc = mr_kmsg_read(w->kmsg, &record))) {
		if (rc == -EPIPE) {
			/* At the start, these were overwritten before the watch began. */
			w->lost += !history;
			w->scan = true;
			rc = 0;
			continue;
		}
		if (rc < 0 || !mr_kernlog_parse(record.text, w->m->page_shift, &log))
			continue;
		if (history && record.time < w->since)
			log.claims = false;
		mr_suspects_hear(&w->suspects, &log, record.time, mr_clock_us() + DECIDE_US);
	}
	if (rc < 0 && w->kmsg >= 0) {
		close(w->kmsg);
		w->kmsg = rc;
		no_log(w);
	}
}

static void hear_machine_check(uint64_t addr, void *data)
{
	struct mr_watch *w = data;
	const struct mr_kernlog log = {
		.pfn = addr >> w->m->page_shift, .blames = true, .cause = MR_CAUSE_MACHINE_CHECK,
	};

	mr_suspects_hear(&w->suspects, &log, time(NULL), 0);
}

static void hear_memory_failure(uint64_t pfn, void *data)
{
	struct mr_watch *w = data;
	const struct mr_kernlog log = { .pfn = pfn, .claims = true };

	mr_suspects_hear(&w->suspects, &log, time(NULL), mr_clock_us() + DECIDE_US);
}

static void hear_corrected(uint64_t addr, uint64_t count, const char *label, void *data)
{
	struct mr_watch *w = data;

	mr_actor_hear(&w->actor, addr, count, label);
}

static void trace_lost(uint64_t nr, void *data)
{
	struct mr_watch *w = data;

	w->lost++;
	w->trace_lost++;
	w->events_lost += nr;
	w->scan = true;
}

/* Reports lost events: a scan still finds poisoned pages, but corrected errors are not counted. */
static void tell_lost(struct mr_watch *w)
{
	struct mr_err err;

	if (w->trace_lost == w->lost_told || mr_clock_us() < w->lost_after_us)
		return;
	mr_err_set(&err, -EOVERFLOW, "", "errors came faster than they could be read: of trace events, %" PRIu64
		   " or more are lost, and corrected errors among them are not counted",
		   w->events_lost);
	trouble(w, &err);
	w->lost_told = w->trace_lost;
	w->lost_after_us = mr_clock_us() + LOST_US;
}

int mr_watch_trace(struct mr_watch *w, struct mr_err *err)
{
	w->trace_hooks = (struct mr_rastrace_hooks){
		.machine_check = hear_machine_check, .memory_failure = hear_memory_failure,
		.corrected = hear_corrected, .lost = trace_lost, .data = w,
	};
	return mr_rastrace_open(&w->trace, w->m, &w->trace_hooks, err);
}

bool mr_watch_hears_trace(const struct mr_watch *w)
{
	return w->trace.instance;
}

/*
 * Reads the trace, which opens a file for each CPU. Most events are also logged, so without @news
 * from the log and without suspects it is read only every TRACE_US, unless the last read found
 * events: the buffers are small.
 */
static void read_trace(struct mr_watch *w, bool news)
{
	if (!news && !w->suspects.nr && mr_clock_us() < w->trace_after_us)
		return;
	w->trace_after_us = mr_rastrace_read(&w->trace) ? 0 : mr_clock_us() + TRACE_US;
}

/* Inspects the suspects into @snaps. Returns 0 or -errno. */
static int look(struct mr_watch *w, struct mr_snap *snaps)
{
	mr_autofree uint64_t *pfns = calloc(w->suspects.nr, sizeof(*pfns));
	struct mr_inspector ins;
	struct mr_err ignored;
	int rc;

	if (!pfns)
		return -ENOMEM;
	for (size_t i = 0; i < w->suspects.nr; i++)
		pfns[i] = w->suspects.list[i].pfn;
	rc = mr_inspector_open(&ins, w->m, &ignored);
	if (rc)
		return rc;
	rc = mr_inspect_many(&ins, pfns, w->suspects.nr, snaps, &ignored);
	mr_inspector_close(&ins);
	return rc;
}

/*
 * Moves poisoned suspects to the found pages, and reports those that are not poisoned in time, or
 * with @all every other one, as failed.
 */
static void judge(struct mr_watch *w, bool all)
{
	struct mr_suspects *s = &w->suspects;
	mr_autofree struct mr_snap *snaps = s->nr ? calloc(s->nr, sizeof(*snaps)) : NULL;
	const uint64_t now = mr_clock_us();

	if (!snaps || look(w, snaps))
		return;
	for (size_t i = s->nr; i-- > 0;) {
		const struct mr_suspect *suspect = &s->list[i];

		if (snaps[i].poisoned || mr_kpage_poisoned(w->m, suspect->pfn) == 1) {
			if (add_found(w, suspect->pfn, snaps[i].node, suspect->time, true))
				continue;
			/* Restoring a pool need not wait for the list. */
			mr_watch_pools_page(&w->pools, suspect->pfn, snaps[i].node);
		} else if (all || now >= suspect->until_us) {
			tell_failed(w, suspect, snaps[i].node);
		} else {
			continue;
		}
		mr_suspects_drop(s, i);
	}
}

static void keep_exact(struct mr_founds *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->nr; i++)
		if (f->list[i].exact)
			f->list[n++] = f->list[i];
	f->nr = n;
}

static int scan(struct mr_watch *w, struct mr_err *err)
{
	mr_autofree struct mr_poisoned *list = NULL;
	const uint64_t begin = mr_clock_us();
	const int64_t now = time(NULL);
	uint64_t counted = 0;
	size_t nr;
	int rc;

	/* Read this before the scan: it differs again if a page is retired meanwhile. */
	mr_machine_meminfo(w->m, "HardwareCorrupted", &counted);
	rc = mr_poison_find(w->m, &list, &nr, err);
	/* The kernel logs first, then poisons: the log has the causes of all these by now. */
	read_log(w, false);
	/* The scan finds again what an earlier one found and waits to be recorded. */
	if (!rc)
		keep_exact(&w->found);
	for (size_t i = 0; !rc && i < nr; i++)
		if (add_found(w, list[i].pfn, list[i].node, now, false))
			rc = mr_err_set(err, -ENOMEM, "", "no memory for the poisoned pages");
	mr_pace_did(&w->pace, begin, mr_clock_us());
	if (rc) {
		w->pace.after_us = mr_clock_us() + RETRY_US;
		return rc;
	}
	w->counted = counted;
	w->differs_us = 0;
	w->scan = w->suspects.overrun = false;
	return 0;
}

/* True if there may be poisoned pages that no event explains. */
static bool is_unexplained(struct mr_watch *w)
{
	uint64_t counted;

	if (mr_machine_meminfo(w->m, "HardwareCorrupted", &counted) || counted == w->counted)
		w->differs_us = 0;
	else if (!w->differs_us)
		w->differs_us = mr_clock_us();
	return w->scan || w->suspects.overrun || w->differs_us;
}

/* True if so, the pace allows a scan, and no suspect may still explain them. */
static bool must_scan(struct mr_watch *w)
{
	const uint64_t now = mr_clock_us();

	if (!is_unexplained(w) || now < w->pace.after_us)
		return false;
	return w->scan || w->suspects.overrun || !w->suspects.nr ||
	       now - w->differs_us >= DIFFER_US;
}

/* Scans; an error is reported once, and again if it is another one. */
static void scan_or_wait(struct mr_watch *w)
{
	struct mr_err err;
	int rc = scan(w, &err);

	if (rc && rc != w->scan_rc)
		trouble(w, &err);
	w->scan_rc = rc;
}

static int record(struct mr_watch *w, bool explains, struct mr_err *err)
{
	ssize_t nr;

	nr = mr_recorder_run(&w->recorder, &w->found, err);
	if (nr < 0)
		return (int)nr;
	if (explains)
		w->counted += (uint64_t)nr << w->m->page_shift;
	return 0;
}

/* Records, and retries later after an error, which is reported once. */
static void record_or_wait(struct mr_watch *w, bool explains)
{
	struct mr_err err;
	int rc;

	if (mr_clock_us() < w->record_after_us)
		return;
	rc = record(w, explains, &err);
	if (rc && rc != w->record_rc)
		trouble(w, &err);
	if (rc)
		w->record_after_us = mr_clock_us() + RETRY_US;
	w->record_rc = rc;
}

int mr_watch_open(struct mr_watch *w, struct mr_machine *m,
		  const struct mr_watch_options *options, const struct mr_watch_hooks *hooks,
		  struct mr_err *err)
{
	int rc;

	*w = (struct mr_watch){
		.m = m, .hooks = hooks, .policy = options->policy, .since = options->since,
		.kmsg = -1,
		.recorder = {
			.m = m, .state_dir = options->state_dir, .dry_run = options->dry_run,
			.unknown = options->cause,
			.recorded = note_record, .data = w,
		},
		.pools = {
			.m = m, .restore = options->policy.restore_pools, .dry_run = options->dry_run,
			.event = note_pool, .data = w,
		},
		.actor = {
			.m = m, .policy = &w->policy, .hooks = hooks, .recorder = &w->recorder,
			.found = &w->found, .no_module = options->no_module,
		},
		.again = {
			.m = m, .policy = &w->policy, .hooks = hooks, .recorder = &w->recorder,
			.found = &w->found, .no_module = options->no_module,
		},
	};
	rc = mr_kpage_need(m, err);
	if (!rc)
		rc = mr_recorder_open(&w->recorder, err);
	if (rc)
		return rc;
	if (mr_suspects_init(&w->suspects)) {
		mr_watch_close(w);
		return mr_err_set(err, -ENOMEM, "", "no memory to watch by");
	}
	mr_actor_open(&w->actor);
	mr_again_open(&w->again);
	w->kmsg = mr_kmsg_open(m);
	if (w->kmsg < 0)
		no_log(w);
	return 0;
}

void mr_watch_close(struct mr_watch *w)
{
	mr_rastrace_close(&w->trace);
	mr_recorder_close(&w->recorder);
	mr_watch_pools_close(&w->pools);
	mr_suspects_free(&w->suspects);
	mr_actor_close(&w->actor);
	mr_again_close(&w->again);
	free(w->found.list);
	if (w->kmsg >= 0)
		close(w->kmsg);
}

int mr_watch_catch_up(struct mr_watch *w, struct mr_err *err)
{
	int rc;

	read_log(w, true);
	judge(w, true);
	rc = w->scan_rc = scan(w, err);
	if (!rc)
		rc = record(w, false, err);
	/* Losses from before are unknown. */
	mr_watch_pools_open(&w->pools);
	return rc;
}

void mr_watch_step(struct mr_watch *w, int wait_ms)
{
	struct pollfd fd = { .fd = w->kmsg, .events = POLLIN };

	/* With a negative fd, poll(2) only waits. */
	if ((w->suspects.nr || w->pools_wait) && wait_ms > LOOK_MS)
		wait_ms = LOOK_MS;
	poll(&fd, 1, w->acts_wait ? 0 : wait_ms);
	read_log(w, false);
	read_trace(w, fd.revents);
	judge(w, false);
	w->acts_wait = mr_actor_step(&w->actor);
	mr_again_step(&w->again);
	mr_actor_save(&w->actor, false);
	tell_lost(w);
	if (w->found.nr)
		mr_watch_pools_look(&w->pools);
	record_or_wait(w, true);
	if (must_scan(w)) {
		scan_or_wait(w);
		record_or_wait(w, false);
	}
	w->pools.unexplained = is_unexplained(w);
	w->pools_wait = mr_watch_pools_look(&w->pools);
}

void mr_watch_finish(struct mr_watch *w)
{
	w->recorder.last = true;
	w->pace.after_us = 0;
	w->record_after_us = 0;
	read_log(w, false);
	mr_rastrace_read(&w->trace);
	judge(w, false);
	mr_actor_save(&w->actor, true);
	record_or_wait(w, true);
	if (w->suspects.nr || must_scan(w))
		scan_or_wait(w);
	record_or_wait(w, false);
}
