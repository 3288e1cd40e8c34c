/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages that were found poisoned, and what becomes of them on the retired list. */
#ifndef MR_LIB_WATCH_RECORD_H
#define MR_LIB_WATCH_RECORD_H

#include "lib/retired/list.h"
#include "lib/watch/errpages.h"
#include "lib/watch/kernlog.h"

struct mr_found {
	uint64_t pfn;			/* first, as it is what is compared */
	int64_t time;			/* seconds since 1970 */
	int32_t node;			/* -1: not known */
	enum mr_watch_cause cause;
	char label[MR_EDAC_TEXT];	/* of its DIMM, or "": only that of the machine's only one */
};

struct mr_founds {
	struct mr_found *list;
	size_t nr, room;
};

struct mr_recorder {
	const struct mr_machine *m;
	const char *state_dir;		/* NULL: the machine's */
	bool dry_run;
	const char *unknown;		/* what the cause MR_CAUSE_UNKNOWN is called; NULL: so */
	/* Called for each page that is on the list as retired from now on, and was not before. */
	void (*recorded)(const struct mr_retlist *list, const struct mr_retired *entry, void *data);
	void *data;
	struct mr_retlist dry;		/* in a dry run, the list as it would be */
	bool dry_open;
};

/* 0, or -errno with @err set when the list cannot be read or is of other memory. */
int mr_recorder_open(struct mr_recorder *r, struct mr_err *err);
void mr_recorder_close(struct mr_recorder *r);

/*
 * Puts the pages @found, all poisoned, on the list, synced, and then calls recorded() for
 * those that are new there; leaves @found empty. How many were new, or -errno with @err set:
 * the list is as it was then, and @found has what is still to be recorded.
 */
ssize_t mr_recorder_run(struct mr_recorder *r, struct mr_founds *found, struct mr_err *err);

/*
 * Puts @page, which is about to be retired, on the list as pending, synced; one that is on
 * it stays as it is. Not in a dry run. 0, or -errno with @err set: then it must not be
 * touched.
 */
int mr_recorder_intend(struct mr_recorder *r, const struct mr_found *page, struct mr_err *err);

/* Corrected errors by page, which are kept beside the list: what there is, and to be kept. */
void mr_recorder_load_errors(const struct mr_recorder *r, struct mr_errpages *errors);
int mr_recorder_save_errors(const struct mr_recorder *r, struct mr_errpages *errors,
			    struct mr_err *err);

#endif
