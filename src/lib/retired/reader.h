/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the parts of a text import: from a file to lines, from a line to pages. */
#ifndef MR_LIB_RETIRED_READER_H
#define MR_LIB_RETIRED_READER_H

#include "lib/retired/list.h"
#include "lib/retired/source.h"
#include "util/input.h"

struct mr_reader {
	struct mr_retlist *in;
	const struct mr_import *import;
	const char *name;		/* of the file, for messages */
	unsigned long line;		/* being read, or its first one if joined; from 1 */
	uint64_t bad;			/* malformed lines */
	uint64_t nowhere;		/* lines about an error that name no page */
	uint64_t other;			/* lines of a log that are not about an error */
	mr_text_id causes[MR_FORMATS];
	mr_text_id label;		/* for the next pages */
	int64_t now;			/* seconds since 1970 */
	char why[160];			/* buffer for a formatted reason */
	const char *hint;		/* for the reason, or NULL */
};

/*
 * The functions below return NULL, or what is wrong: a constant, or r->why. Words of the
 * plain format must be within the machine's memory (import->memory_end); of a mask or a
 * range the part beyond it is ignored, unless that is all of it.
 */

/* Adds the @nr pages from @pfn on; all must be within the machine's memory. */
const char *mr_reader_add_pages(struct mr_reader *r, uint64_t pfn, uint64_t nr,
				enum mr_list_format format);

/*
 * Adds the pages that [@addr, @addr + @len) touches; with @clip without those beyond the
 * memory.
 */
const char *mr_reader_add_bytes(struct mr_reader *r, uint64_t addr, uint64_t len, bool clip,
				enum mr_list_format format);

/* Parses one line without blanks around it; may modify it. */
const char *mr_format_line(struct mr_reader *r, char *line);

/*
 * Parses a line of the kernel's log, of mcelog's, or of PassMark's MemTest86. Returns
 * false if it is not about a memory error; else *@why is as above.
 */
bool mr_log_line(struct mr_reader *r, const char *line, const char **why);

/*
 * Reads all lines of @input. -EINVAL with @err set if lines were malformed, each of which
 * was passed to import->bad; else -errno as mr_input_line().
 */
int mr_reader_run(struct mr_reader *r, struct mr_input *input, struct mr_err *err);

#endif
