/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watches for retired pages, whatever retired them: finds them by the kernel's log, its trace
 * events and its count of poisoned memory, verifies the HWPoison flag of each, and puts it on the
 * retired list with its cause.
 */
#ifndef MR_LIB_WATCH_WATCH_H
#define MR_LIB_WATCH_WATCH_H

#include "backend/rastrace.h"
#include "lib/watch/act.h"
#include "lib/watch/again.h"
#include "lib/watch/pace.h"
#include "lib/watch/suspects.h"

struct mr_watch_options {
	const char *state_dir;		/* of the retired list; NULL: the machine's */
	int64_t since;			/* time of the earliest log record to act on */
	bool dry_run;			/* nothing is written */
	bool no_module;			/* retire pages without memras.ko */
	struct mr_watch_policy policy;
	const char *cause;		/* of pages without a known cause; NULL: "unknown" */
};

struct mr_watch {
	struct mr_machine *m;
	const struct mr_watch_hooks *hooks;
	struct mr_watch_policy policy;
	struct mr_recorder recorder;
	struct mr_actor actor;
	struct mr_again again;
	struct mr_suspects suspects;
	struct mr_founds found;		/* poisoned, to be recorded */
	struct mr_watch_pools pools;
	bool pools_wait;		/* a pool needs another look soon */
	bool acts_wait;			/* pages are due to be retired */
	int64_t since;
	int kmsg;			/* the kernel's log, or -errno */
	struct mr_rastrace trace;
	struct mr_rastrace_hooks trace_hooks;
	uint64_t trace_after_us;	/* time of the next read without news */
	uint64_t lost;			/* overruns of the log and of the trace */
	uint64_t trace_lost;		/* ... of the trace alone */
	uint64_t events_lost;		/* trace events known to be lost */
	uint64_t lost_told;		/* trace_lost at the last report */
	uint64_t lost_after_us;		/* earliest time of the next report */
	bool scan;			/* a scan of all memory is wanted */
	uint64_t counted;		/* HardwareCorrupted as far as it is explained, bytes */
	uint64_t differs_us;		/* since when the kernel's count differs from it, or 0 */
	struct mr_pace pace;		/* of scans of all memory */
	uint64_t record_after_us;
	int record_rc;			/* of the last try to record */
	int scan_rc;			/* of the last scan */
};

/*
 * Starts to watch @m, whose page flags can be read. Log records from options->since (seconds
 * since 1970) on count as new; older ones only explain. Returns 0, or -errno with @err set and
 * nothing open.
 */
int mr_watch_open(struct mr_watch *w, struct mr_machine *m,
		  const struct mr_watch_options *options, const struct mr_watch_hooks *hooks,
		  struct mr_err *err);
void mr_watch_close(struct mr_watch *w);

/*
 * Also reads trace events from now on. Returns 0, or -errno with @err set as mr_rastrace_open():
 * then only the log is read, which lacks some causes and all corrected errors.
 */
int mr_watch_trace(struct mr_watch *w, struct mr_err *err);
bool mr_watch_hears_trace(const struct mr_watch *w);

/*
 * Scans all memory, and records the poisoned pages that are not on the list. Returns 0, or -errno
 * with @err set if the scan or the recording failed.
 */
int mr_watch_catch_up(struct mr_watch *w, struct mr_err *err);

/*
 * Waits for news, for @wait_ms or until a signal, and deals with it. Errors go to
 * hooks->trouble() and are retried later.
 */
void mr_watch_step(struct mr_watch *w, int wait_ms);

/*
 * Scans at once for what is not explained yet: the machine may be about to go down, and poison
 * does not outlast that.
 */
void mr_watch_finish(struct mr_watch *w);

#endif
