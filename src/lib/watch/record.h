/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts pages that were found poisoned on the retired list. */
#ifndef MR_LIB_WATCH_RECORD_H
#define MR_LIB_WATCH_RECORD_H

#include "lib/retired/list.h"
#include "lib/watch/errpages.h"
#include "lib/watch/kernlog.h"

struct mr_found {
	uint64_t pfn;			/* first: the key of mr_u64_order() */
	int64_t time;			/* seconds since 1970 */
	int32_t node;			/* -1 if unknown */
	bool exact;			/* an event named it; false: a scan, which sees only the
					 * head of a poisoned hugepage */
	enum mr_watch_cause cause;
	char label[MR_EDAC_TEXT];	/* of its DIMM, or "": that of the only DIMM, if any */
};

struct mr_founds {
	struct mr_found *list;
	size_t nr, room;
};

struct mr_recorder {
	const struct mr_machine *m;
	const char *state_dir;		/* NULL: the machine's */
	bool dry_run;
	bool last;			/* the watch ends: a signal is no reason not to record */
	const char *unknown;		/* name of MR_CAUSE_UNKNOWN; NULL: "unknown" */
	/* Called for each page that is newly on the list as retired. */
	void (*recorded)(const struct mr_retlist *list, const struct mr_retired *entry, void *data);
	void *data;
	struct mr_retlist dry;		/* in a dry run, the list as it would be */
	bool dry_open;
};

/* Returns 0, or -errno with @err set if the list cannot be read or is of other memory. */
int mr_recorder_open(struct mr_recorder *r, struct mr_err *err);
void mr_recorder_close(struct mr_recorder *r);

/*
 * Opens the list for reading, to be closed with mr_retlist_close(). Returns 0 or -errno with @err
 * set: -ESTALE if it is of other memory.
 */
int mr_recorder_read(const struct mr_recorder *r, struct mr_retlist *list, struct mr_err *err);

/*
 * Puts the poisoned pages @found on the list, synced, then calls recorded() for the new ones.
 * Returns how many were new, and empties @found; or -errno with @err set, the list as before, and
 * the pages still to be recorded in @found. If only the sync of the directory fails, the pages are
 * on the list and are told, and that is the error.
 */
ssize_t mr_recorder_run(struct mr_recorder *r, struct mr_founds *found, struct mr_err *err);

/*
 * Puts @page, which is about to be retired, on the list as pending, synced; leaves an existing
 * entry as it is. Does nothing in a dry run. Returns 0, or -errno with @err set: the page must
 * not be touched then.
 */
int mr_recorder_intend(struct mr_recorder *r, const struct mr_found *page, struct mr_err *err);

/*
 * Load and save the counts of corrected errors, which are kept beside the list; the list itself is
 * not read. As mr_errpages_load() and mr_errpages_save().
 */
int mr_recorder_load_errors(const struct mr_recorder *r, struct mr_errpages *errors,
			    const struct mr_errdimms *dimms, struct mr_err *err);
int mr_recorder_save_errors(const struct mr_recorder *r, struct mr_errpages *errors,
			    const struct mr_errdimms *dimms, struct mr_err *err);

#endif
