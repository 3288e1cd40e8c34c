/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A note on how to restore a hugepage pool that was grown temporarily. The note is in
 * /run/memras/hugepages-SIZEkB, which is also the lock of the pools of that size: a process
 * that takes the lock and finds a note found the leftover of a memras that was killed with its
 * guardian.
 */
#ifndef MR_LIB_HUGETLB_POOLNOTE_H
#define MR_LIB_HUGETLB_POOLNOTE_H

#include "backend/hugepool.h"

#define MR_POOLNOTE_NO_PFN	UINT64_MAX

struct mr_poolnote {
	uint64_t size;		/* bytes of a hugepage */
	int32_t node;
	uint64_t persistent;	/* persistent hugepages of the pool before */
	uint64_t surplus;	/* surplus hugepages before, which the growth made persistent */
	uint64_t most;		/* limit of the hugepages it was grown by */
	uint64_t pfn;		/* the page to retire, or MR_POOLNOTE_NO_PFN */
};

/*
 * Takes the lock of the pools with hugepages of @size bytes, waiting up to @wait_ms, and
 * restores what a killed memras left of these pools. Returns an fd to close; -EBUSY if another
 * memras kept the lock; -EINTR after a signal; or another -errno.
 */
int mr_poolnote_lock(const struct mr_machine *m, uint64_t size, uint64_t wait_ms);

/*
 * Writes or clears the note, under the lock @fd. Failure to write is ignored: the guardian
 * knows what the note says.
 */
void mr_poolnote_write(int fd, const struct mr_poolnote *note);
void mr_poolnote_clear(int fd);

/*
 * Restores the size of the pool, unless the growth was for a page that was retired. Leaves
 * alone what others changed meanwhile.
 */
void mr_poolnote_settle(const struct mr_machine *m, const struct mr_poolnote *note);

/*
 * Restores all pools that a killed memras left grown, except those that another memras has
 * locked. Stores up to @room notes in *@list, and returns how many.
 */
size_t mr_poolnote_repair(const struct mr_machine *m, struct mr_poolnote *list, size_t room);

/*
 * Returns the number of persistent hugepages to set for the pool of @note if it @has so many
 * now and the page is @poisoned or not; UINT64_MAX to leave the pool alone. Pure.
 */
uint64_t mr_poolnote_target(const struct mr_poolnote *note, uint64_t has, bool poisoned);

/* Converts the note to text, and back; mr_poolnote_parse() returns false if @text is not a note. */
#define MR_POOLNOTE_TEXT 192
void mr_poolnote_text(const struct mr_poolnote *note, char text[MR_POOLNOTE_TEXT]);
bool mr_poolnote_parse(const char *text, struct mr_poolnote *note);

#endif
