/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of an import of text share: from a file to lines, from a line to pages. */
#ifndef MR_LIB_RETIRED_READER_H
#define MR_LIB_RETIRED_READER_H

#include "lib/retired/list.h"
#include "lib/retired/source.h"
#include "util/input.h"

struct mr_reader {
	struct mr_retlist *in;
	const struct mr_import *import;
	const char *name;		/* of the file, for messages */
	unsigned long line;		/* that is read, or where it began; from 1 */
	uint64_t bad;			/* malformed lines */
	uint64_t nowhere;		/* lines of an error that name no page */
	uint64_t other;			/* lines of a log that are of no error */
	mr_text_id causes[MR_FORMATS];
	mr_text_id label;		/* for the pages that are added next */
	int64_t now;			/* seconds since 1970 */
	char why[160];			/* room for a reason that is made */
	const char *hint;		/* that goes with a reason, or NULL */
};

/*
 * The functions below return NULL, or what is wrong: a constant, or r->why. "phys" and
 * "plain" words name just the pages that they say; of a mask or a range what is beyond the
 * memory of the machine (import->memory_end) is left out, unless all is.
 */

/* The @nr pages from @pfn on, all of which the machine must be able to have. */
const char *mr_reader_add_pages(struct mr_reader *r, uint64_t pfn, uint64_t nr,
				enum mr_list_format format);

/* The pages that [@addr, @addr + @len) touches; with @clip less those beyond the memory. */
const char *mr_reader_add_bytes(struct mr_reader *r, uint64_t addr, uint64_t len, bool clip,
				enum mr_list_format format);

/* Parses one line, which it may write to, without the blanks around it. */
const char *mr_format_line(struct mr_reader *r, char *line);

/*
 * A line of the kernel's log, of mcelog's, or of PassMark's MemTest86. False: it is none
 * that tells of a memory error; else *@why is as above.
 */
bool mr_log_line(struct mr_reader *r, const char *line, const char **why);

/*
 * Reads all lines of @input. -EINVAL with @err when lines were malformed, each of which was
 * told to import->bad; -errno as mr_input_line().
 */
int mr_reader_run(struct mr_reader *r, struct mr_input *input, struct mr_err *err);

#endif
