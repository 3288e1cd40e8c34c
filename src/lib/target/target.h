/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grammar of page targets; parsing only.
 *
 *	107187  0x1a2b3			a page frame number; hex needs 0x
 *	A-B  A+N			from A to B inclusive; N pages from A
 *	phys:ADDR[+LEN]			physical byte addresses
 *	pid:PID@VADDR[+LEN]		what a process maps there
 *	file:PATH[@OFFSET[+LEN]]	page-cache pages of a file
 *	node:N				all of a NUMA node
 *
 * LEN and OFFSET are bytes and take K M G T.
 */
#ifndef MR_LIB_TARGET_TARGET_H
#define MR_LIB_TARGET_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/err.h"

enum mr_target_type {
	MR_TARGET_PFN,
	MR_TARGET_PHYS,
	MR_TARGET_PID,
	MR_TARGET_FILE,
	MR_TARGET_NODE,
};

struct mr_target {
	const char *word;		/* as typed; the caller's */
	enum mr_target_type type;
	uint64_t start;			/* PFN, byte address or offset, or node */
	uint64_t len;			/* pages for MR_TARGET_PFN, else bytes; 0: see below */
	pid_t pid;			/* MR_TARGET_PID */
	size_t path_len;		/* MR_TARGET_FILE: bytes of the path in word */
};
/* len 0: the page at start (phys:, pid:), or the whole file. */

/*
 * The targets of a command, each parsed once to check it. A list may have a million of
 * them, so they are kept as text: NUL-terminated words, one after the other.
 */
struct mr_targets {
	char *words;
	size_t len, room;		/* bytes */
	size_t nr;			/* words */
};

/* Targets that a command does not accept. */
#define MR_TARGETS_NO_NODES	(1U << 0)

/*
 * Parses one target. -EINVAL, or -ERANGE for a number out of bounds, with @err naming the
 * word; @target is unchanged then. Resolves and allocates nothing.
 */
int mr_target_parse(const char *word, struct mr_target *target, struct mr_err *err);

/*
 * Reads operands, "-" (standard input) and the list file @from (may be NULL) into
 * @targets. In lists "#" begins a comment, and commas, blanks and newlines separate. For
 * a bad word in a list @err has the line. All or nothing: on error @targets is empty.
 */
int mr_targets_read(struct mr_targets *targets, int nr, char *const *operands, const char *from,
		    unsigned int flags, struct mr_err *err);

/*
 * Sets @target to the next one, or to the first if @target->word is NULL; false at the end. Words
 * keep their addresses until mr_targets_free().
 */
bool mr_targets_next(const struct mr_targets *targets, struct mr_target *target);

/* True if @word, which parses or is NULL, names pages of a file. */
bool mr_target_is_file(const char *word);

/* Returns the path in such a word, to be freed by free(); NULL if there is no memory. */
char *mr_target_path(const char *word);

/* Returns the least number of pages that the PFNs and addresses among @targets cover. */
uint64_t mr_targets_pages(const struct mr_targets *targets, unsigned int page_shift);

void mr_targets_free(struct mr_targets *targets);

#endif
