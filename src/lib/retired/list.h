/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The retired list: the pages that were retired, with time and cause, kept over reboots
 * in DIR/retired.json (DIR is /var/lib/memras), so that they can be retired again. One
 * JSON object:
 *
 *	{"version": 1, "page_size": BYTES,
 *	 "layout": {"boot": "...", "ranges": [[START, END], ...], "dimms": ["...", ...],
 *	            "dimm_sizes": [BYTES, ...]},
 *	 "retired": [{"pfn", "phys", "node", "cause", "time", "label", "state", "reason"}, ...]}
 *
 * with END exclusive. It is replaced as a whole, by a temporary file, fsync(2), rename(2)
 * and fsync of the directory, under a lock on DIR/retired.lock: a crash at any point
 * leaves the old list or the new one. A list that cannot be read, or is of a later
 * version, is never replaced.
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

/* A string of the list, stored once: 0 is none, see mr_retlist_text(). */
typedef uint32_t mr_text_id;

struct mr_retired {
	uint64_t pfn;
	int64_t time;		/* seconds since 1970, UTC */
	mr_text_id cause;	/* why it was retired */
	mr_text_id label;	/* of the DIMM, if known */
	mr_text_id reason;	/* why it is pending */
	int32_t node;		/* -1 if unknown */
	bool pending;		/* to be retired, but not retired now */
};

struct mr_retlist {
	struct mr_retired *list;	/* sorted by pfn, each once, after mr_retlist_settle() */
	size_t nr, room;
	char **texts;
	size_t nr_texts, texts_room;
	mr_text_id *buckets;		/* hash table of the texts, by open addressing */
	size_t nr_buckets;
	unsigned int page_shift;
	struct mr_memlayout layout;	/* of the machine that the list was made on */
	bool found;			/* the file existed */
	bool replaced;			/* by mr_retlist_save(), even if the sync after it failed */

	char path[256];			/* of the list, for messages */
	int dir;			/* fd of the directory, or -1 */
	int lock;			/* held if opened for writing, else -1 */
};

#define MR_RETLIST_WRITE	(1U << 0)	/* take the lock; create the directory */
#define MR_RETLIST_LAST		(1U << 1)	/* wait for the lock also after a signal */

#define MR_RETLIST_WAIT_MS	30000	/* default wait for the lock */

/*
 * Reads the list in @state_dir (NULL: var/lib/memras of the machine, writable on a live
 * one only). A missing list is empty. -EBADMSG: corrupt; -EPROTONOSUPPORT: of a later
 * version; -EBUSY: another process held the lock for MR_RETLIST_WAIT_MS. @list is closed
 * on error.
 */
int mr_retlist_open(struct mr_retlist *list, const struct mr_machine *m, const char *state_dir,
		    unsigned int flags, struct mr_err *err);

/*
 * As mr_retlist_open(), but waits up to @wait_ms for the lock, and at least a second: a
 * sync may take that long. -EINTR if a signal of mr_interrupt_catch() ends the wait.
 */
int mr_retlist_open_within(struct mr_retlist *list, const struct mr_machine *m,
			   const char *state_dir, unsigned int flags, uint64_t wait_ms,
			   struct mr_err *err);

/*
 * The same without reading the list, for a file beside it: only the directory is opened, and with
 * MR_RETLIST_WRITE the lock taken. The list is empty and must not be saved.
 */
int mr_retlist_open_dir(struct mr_retlist *list, const struct mr_machine *m,
			const char *state_dir, unsigned int flags, uint64_t wait_ms,
			struct mr_err *err);

/* Replaces the file by this list, which must be sorted by mr_retlist_settle(). */
int mr_retlist_save(struct mr_retlist *list, struct mr_err *err);
void mr_retlist_close(struct mr_retlist *list);

/*
 * Checks that the PFNs of @list still mean the same memory, see mr_memlayout_differs(),
 * and if so sets its layout to the current one. -ESTALE with the difference in @err. An
 * empty list always fits; with @adopt every list does.
 */
int mr_retlist_fits(struct mr_retlist *list, const struct mr_machine *m, bool adopt,
		    struct mr_err *err);

/* Returns the number of @text (0 for NULL or "") in this list in *@id; -ENOMEM. */
int mr_retlist_intern(struct mr_retlist *list, const char *text, mr_text_id *id);
/* Returns the text of a number; NULL for 0. */
const char *mr_retlist_text(const struct mr_retlist *list, mr_text_id id);

/* Makes room for @room entries in total; -ENOMEM. */
int mr_retlist_reserve(struct mr_retlist *list, size_t room);

/* Appends an entry; -ENOMEM. */
int mr_retlist_add(struct mr_retlist *list, const struct mr_retired *entry);

/*
 * Sorts the entries and merges those of one page: the oldest stays, with what only the
 * others know (a label; that it is retired now).
 */
void mr_retlist_settle(struct mr_retlist *list);

/* Returns the entry of @pfn in a sorted list, or NULL. */
struct mr_retired *mr_retlist_find(const struct mr_retlist *list, uint64_t pfn);

struct mr_pfns {
	uint64_t pfn, nr;
};

/* Removes the entries of pages in @ranges, which it sorts. Returns how many. */
size_t mr_retlist_forget(struct mr_retlist *list, struct mr_pfns *ranges, size_t nr);

/* Removes the entries of pages that @other has; both are sorted. */
void mr_retlist_subtract(struct mr_retlist *list, const struct mr_retlist *other);

/*
 * Sets the state of each entry from the page's HWPoison flag, if flags can be read: after
 * a boot no page is retired, whatever the list says.
 */
void mr_retlist_refresh(struct mr_retlist *list, const struct mr_machine *m);

/* Returns the number of pending entries. */
size_t mr_retlist_pending(const struct mr_retlist *list);

/*
 * Writes the list to @f as JSON; @head ("" or "\"key\": value, ...,") goes before the
 * first member. Returns 0 or -errno.
 */
int mr_retlist_write_json(const struct mr_retlist *list, const char *head, FILE *f);

/*
 * Adds the entries of the JSON text, of any page size, to @list, and sets list->layout if
 * it has one.
 */
int mr_retlist_parse_json(struct mr_retlist *list, const char *text, size_t len,
			  struct mr_err *err);

/* Format and parse ISO 8601 in UTC, "2026-11-21T04:41:46Z". @buf needs MR_TIME_TEXT bytes. */
#define MR_TIME_TEXT 32
const char *mr_time_text(int64_t time, char *buf);
int mr_time_parse(const char *text, int64_t *time);

#endif
