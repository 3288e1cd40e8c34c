/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every page that anyone retires: heard of by the kernel's log and by its count of poisoned
 * memory, verified by the page's HWPoison flag, and put on the retired list with its cause.
 */
#ifndef MR_LIB_WATCH_WATCH_H
#define MR_LIB_WATCH_WATCH_H

#include "backend/rastrace.h"
#include "lib/watch/act.h"
#include "lib/watch/pace.h"
#include "lib/watch/suspects.h"

struct mr_watch_options {
	const char *state_dir;		/* of the retired list; NULL: the machine's */
	int64_t since;			/* what the log says from then on is acted upon */
	bool dry_run;			/* nothing is written */
	bool no_module;			/* retire pages without memras.ko */
	struct mr_watch_policy policy;
	const char *cause;		/* of pages of which nothing tells one; NULL: "unknown" */
};

struct mr_watch {
	struct mr_machine *m;
	const struct mr_watch_hooks *hooks;
	struct mr_watch_policy policy;
	struct mr_recorder recorder;
	struct mr_actor actor;
	struct mr_suspects suspects;
	struct mr_founds found;		/* poisoned, to be recorded */
	struct mr_watch_pools pools;
	bool pools_wait;		/* for a look soon */
	bool acts_wait;			/* pages are due to be retired */
	int64_t since;
	int kmsg;			/* the kernel's log, or -errno */
	struct mr_rastrace trace;
	struct mr_rastrace_hooks trace_hooks;
	uint64_t trace_after_us;	/* to be read then, if nothing is heard before */
	uint64_t lost;			/* times that the log, or the trace, was too fast to be read */
	uint64_t trace_lost;		/* ... the trace alone, */
	uint64_t events_lost;		/* ... and its events, as far as it is known how many */
	uint64_t lost_told;		/* how many times of the trace were told, */
	uint64_t lost_after_us;		/* ... and when the next may be */
	bool scan;			/* all memory is to be looked through */
	uint64_t counted;		/* poisoned bytes that the kernel counts and that are explained */
	uint64_t differs_us;		/* since when it counts others; 0: it does not */
	struct mr_pace pace;		/* of looking through all memory */
	uint64_t record_after_us;
	int record_rc;			/* of the last try to record */
};

/*
 * Begins to watch @m, whose page flags can be read. What the kernel's log says of the time
 * from options->since on (seconds since 1970) is taken as if it was heard now, what is older
 * only explains. 0, or -errno with @err set and nothing open.
 */
int mr_watch_open(struct mr_watch *w, struct mr_machine *m,
		  const struct mr_watch_options *options, const struct mr_watch_hooks *hooks,
		  struct mr_err *err);
void mr_watch_close(struct mr_watch *w);

/*
 * Hears trace events from now on, too. -errno with @err set where that cannot be, as
 * mr_rastrace_open(): the log has to do, which lacks some causes.
 */
int mr_watch_trace(struct mr_watch *w, struct mr_err *err);
bool mr_watch_hears_trace(const struct mr_watch *w);

/*
 * Looks through all memory, and records what no list knows. 0, or -errno with @err set when
 * memory cannot be looked through, or what was found not be recorded.
 */
int mr_watch_catch_up(struct mr_watch *w, struct mr_err *err);

/*
 * Waits for news, @wait_ms at most or until a signal, and deals with it. What fails is told
 * to hooks->trouble() and tried again later.
 */
void mr_watch_step(struct mr_watch *w, int wait_ms);

/*
 * The last look: what is not explained yet is looked for at once, as the machine may be about
 * to go down, and poison does not outlast it.
 */
void mr_watch_finish(struct mr_watch *w);

#endif
