/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The retired list: which pages were retired, when and why, kept over reboots
 * in DIR/retired.json (DIR is /var/lib/memras), so that they can be retired
 * again. One JSON object:
 *
 *	{"version": 1, "page_size": 4096,
 *	 "layout": {"boot": "...", "ranges": [[START, END], ...], "dimms": ["...", ...],
 *	            "dimm_sizes": [BYTES, ...]},
 *	 "retired": [{"pfn", "phys", "node", "cause", "time", "label", "state", "reason"}, ...]}
 *
 * with END the first byte behind a range. It is replaced as a whole, by a
 * temporary file, fsync(2), rename(2) and fsync of the folder, under a lock on
 * DIR/retired.lock: a crash at any point leaves the old list or the new one. A
 * list that cannot be read, or is of a later version, is never replaced.
 */
#ifndef MR_LIB_RETIRED_LIST_H
#define MR_LIB_RETIRED_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "backend/machine.h"
#include "backend/memlayout.h"

#define MR_RETLIST_VERSION 1

/* A text of the list's own, kept once: 0 is none, see mr_retlist_text(). */
typedef uint32_t mr_text_id;

struct mr_retired {
	uint64_t pfn;
	int64_t time;		/* seconds since 1970, UTC */
	mr_text_id cause;	/* why it was retired */
	mr_text_id label;	/* of the DIMM, where it is known */
	mr_text_id reason;	/* why it is pending */
	int32_t node;		/* -1: not known */
	bool pending;		/* to be retired, but it is not so now */
};

struct mr_retlist {
	struct mr_retired *list;	/* in order of pfn, each once, after mr_retlist_settle() */
	size_t nr, room;
	char **texts;
	size_t nr_texts, texts_room;
	mr_text_id *buckets;		/* of a hash table of the texts, by open addressing */
	size_t nr_buckets;
	unsigned int page_shift;
	struct mr_memlayout layout;	/* of the machine that it was made on */
	bool found;			/* there was a list */

	char path[256];			/* of the list, for messages */
	int dir;			/* open folder, or -1 */
	int lock;			/* held when it was opened for writing, else -1 */
};

#define MR_RETLIST_WRITE	(1U << 0)	/* take the lock; make the folder */

#define MR_RETLIST_WAIT_MS	30000	/* for the lock, where nothing else is said */

/*
 * Reads the list of @state_dir (NULL: var/lib/memras of the machine, which can
 * be written on a live one only). A list that is not there is empty. -EBADMSG:
 * corrupt; -EPROTONOSUPPORT: of a later version; -EBUSY: another process holds
 * the lock for long. @list is closed on an error.
 */
int mr_retlist_open(struct mr_retlist *list, const struct mr_machine *m, const char *state_dir,
		    unsigned int flags, struct mr_err *err);

/*
 * The same, waiting @wait_ms for the lock and not half a minute, but a second at least: it
 * is held for as long as a sync takes. -EINTR when a signal that mr_interrupt_catch()
 * catches ends that.
 */
int mr_retlist_open_within(struct mr_retlist *list, const struct mr_machine *m,
			   const char *state_dir, unsigned int flags, uint64_t wait_ms,
			   struct mr_err *err);

/* Replaces the list on disk by this one, which mr_retlist_settle() has put in order. */
int mr_retlist_save(struct mr_retlist *list, struct mr_err *err);
void mr_retlist_close(struct mr_retlist *list);

/*
 * Checks that page frame numbers of @list mean the same memory as now, see
 * mr_memlayout_differs(); the list is one of the layout of now then. -ESTALE with @err
 * saying what differs. An empty list fits everywhere, with @adopt every list does.
 */
int mr_retlist_fits(struct mr_retlist *list, const struct mr_machine *m, bool adopt,
		    struct mr_err *err);

/* The number that stands for @text (NULL or "": 0) in this list; -ENOMEM. */
int mr_retlist_intern(struct mr_retlist *list, const char *text, mr_text_id *id);
/* Back from it; NULL for none. */
const char *mr_retlist_text(const struct mr_retlist *list, mr_text_id id);

/* Makes room for @room entries in all; -ENOMEM. */
int mr_retlist_reserve(struct mr_retlist *list, size_t room);

/* Adds an entry at the end; -ENOMEM. */
int mr_retlist_add(struct mr_retlist *list, const struct mr_retired *entry);

/*
 * Puts the entries in order and drops those whose page has one already: the
 * oldest stays, with what the others know better (that it is retired now).
 */
void mr_retlist_settle(struct mr_retlist *list);

/* The entry of @pfn in a list that is in order, or NULL. */
struct mr_retired *mr_retlist_find(const struct mr_retlist *list, uint64_t pfn);

struct mr_pfns {
	uint64_t pfn, nr;
};

/* Drops the entries whose pages are in one of @ranges, which it sorts; returns how many. */
size_t mr_retlist_forget(struct mr_retlist *list, struct mr_pfns *ranges, size_t nr);

/* Drops the entries whose pages @other has; both are in order. */
void mr_retlist_subtract(struct mr_retlist *list, const struct mr_retlist *other);

/*
 * Sets each entry's state by the page's HWPoison flag, where flags can be
 * read: after a boot nothing is retired, whatever the list says.
 */
void mr_retlist_refresh(struct mr_retlist *list, const struct mr_machine *m);

/* How many are pending. */
size_t mr_retlist_pending(const struct mr_retlist *list);

/*
 * Writes the list as JSON to @f; @head ("" or "\"key\": value, ...,") goes
 * before the first field. 0 or -errno.
 */
int mr_retlist_write_json(const struct mr_retlist *list, const char *head, FILE *f);

/* Adds what the JSON text says, of any page size, to @list. Sets list->layout if it says one. */
int mr_retlist_parse_json(struct mr_retlist *list, const char *text, size_t len,
			  struct mr_err *err);

/* ISO 8601 in UTC, "2026-11-21T04:41:46Z". @buf needs MR_TIME_TEXT bytes. */
#define MR_TIME_TEXT 32
const char *mr_time_text(int64_t time, char *buf);
int mr_time_parse(const char *text, int64_t *time);

#endif
