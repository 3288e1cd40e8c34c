/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is to be made good of a hugepage pool that was grown for a while. It is written to
 * /run/memras/hugepages-SIZEkB, which is the lock of the pools of that size as well: who
 * holds the lock and finds a note finds what one left that was killed with its guardian.
 */
#ifndef MR_LIB_HUGETLB_POOLNOTE_H
#define MR_LIB_HUGETLB_POOLNOTE_H

#include "backend/hugepool.h"

#define MR_POOLNOTE_NO_PFN	UINT64_MAX

struct mr_poolnote {
	uint64_t size;		/* bytes of a hugepage */
	int32_t node;
	uint64_t persistent;	/* hugepages that the pool had, without surplus ones */
	uint64_t surplus;	/* ... which became persistent as it grew */
	uint64_t most;		/* hugepages that it was grown by at the most */
	uint64_t pfn;		/* the page to be retired, or MR_POOLNOTE_NO_PFN */
};

/*
 * The lock of the pools of hugepages of @size bytes, waited for @wait_ms: a descriptor to
 * be closed. What a killed memras left of them is made good first. -EBUSY: another memras
 * held it for so long; -EINTR: a signal came; else -errno.
 */
int mr_poolnote_lock(const struct mr_machine *m, uint64_t size, uint64_t wait_ms);

/*
 * Writes the note, or takes it away, under the lock @fd. A failure to write is none: the
 * guardian knows what the note says.
 */
void mr_poolnote_write(int fd, const struct mr_poolnote *note);
void mr_poolnote_clear(int fd);

/*
 * Gives the pool its size again, unless the growth was for a page that was retired. What
 * others changed meanwhile stays.
 */
void mr_poolnote_settle(const struct mr_machine *m, const struct mr_poolnote *note);

/*
 * Makes good what killed ones left of any pool, but for those that another memras holds
 * now, into *@list, of which there is room for @room. Returns how many.
 */
size_t mr_poolnote_repair(const struct mr_machine *m, struct mr_poolnote *list, size_t room);

/*
 * Pure: the persistent hugepages that the pool of @note is to be set to when it @has so
 * many and the page is @poisoned; UINT64_MAX: it stays as it is.
 */
uint64_t mr_poolnote_target(const struct mr_poolnote *note, uint64_t has, bool poisoned);

/* The note as text, and back: false for what is none. */
#define MR_POOLNOTE_TEXT 192
void mr_poolnote_text(const struct mr_poolnote *note, char text[MR_POOLNOTE_TEXT]);
bool mr_poolnote_parse(const char *text, struct mr_poolnote *note);

#endif
