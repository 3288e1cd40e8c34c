/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Escaping of text from outside: names of processes, cgroups and DIMMs, paths, arguments.
 * Such text must not move a terminal's cursor, forge a line, or break a document.
 */
#ifndef MR_UTIL_TEXT_H
#define MR_UTIL_TEXT_H

#include <stddef.h>
#include <stdio.h>

enum mr_text_form {
	/*
	 * A part of a line on a terminal: printable UTF-8. A byte of anything else
	 * (controls, newlines, invalid sequences, marks that reorder text) is \xNN, as
	 * libsmartcols writes it; a backslash before an x is \x5c.
	 */
	MR_TEXT_LINE,
	/*
	 * A whole JSON document, with strings already quoted: an invalid byte is U+FFFD, a
	 * character that could harm a terminal is \uNNNN.
	 */
	MR_TEXT_JSON,
	/* The value of a Prometheus label: as a line, with backslashes and quotes escaped. */
	MR_TEXT_LABEL,
};

/* Writes @text to @to in that form. */
void mr_text_print(FILE *to, const char *text, enum mr_text_form form);

/* @text as a part of a line, malloc()ed; NULL without memory. */
char *mr_text_line(const char *text);

/* Cuts off the character that snprintf() cut in two where @text fills its @size bytes. */
void mr_text_end_whole(char *text, size_t size);

#endif
