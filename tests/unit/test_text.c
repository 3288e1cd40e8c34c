// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "util/text.h"

#include <stdlib.h>

#include "check.h"
#include "util/err.h"

static void becomes(const char *text, enum mr_text_form form, const char *want)
{
	char *got = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&got, &size);

	mr_text_print(f, text, form);
	fclose(f);
	CHECK_STR(got, want);
	free(got);
	if (form != MR_TEXT_LINE)
		return;
	got = mr_text_line(text);
	CHECK_STR(got, want);
	free(got);
}

static void ends_as(const char *text, const char *want)
{
	char copy[64];

	/* Text that fills its room may have been cut; shorter text was not. */
	snprintf(copy, sizeof(copy), "%s", text);
	mr_text_end_whole(copy, strlen(text) + 1);
	CHECK_STR(copy, want);
	snprintf(copy, sizeof(copy), "%s", text);
	mr_text_end_whole(copy, sizeof(copy));
	CHECK_STR(copy, text);
}

static void lines(void)
{
	becomes("", MR_TEXT_LINE, "");
	becomes("plain \\ text", MR_TEXT_LINE, "plain \\ text");
	becomes("K\303\244se \342\202\254 \360\237\230\200", MR_TEXT_LINE,
		"K\303\244se \342\202\254 \360\237\230\200");
	becomes("a\nb\tc\r\033[2J\177", MR_TEXT_LINE, "a\\x0ab\\x09c\\x0d\\x1b[2J\\x7f");
	/* Text that looks like an escape is escaped itself. */
	becomes("\\x41", MR_TEXT_LINE, "\\x5cx41");
	/* Bytes that begin no character, overlong forms, surrogates, numbers too large. */
	becomes("\377x\200", MR_TEXT_LINE, "\\xffx\\x80");
	becomes("\300\257 \340\200\257 \360\200\200\257", MR_TEXT_LINE,
		"\\xc0\\xaf \\xe0\\x80\\xaf \\xf0\\x80\\x80\\xaf");
	becomes("\355\240\200 \364\220\200\200 \370\210\200\200\200", MR_TEXT_LINE,
		"\\xed\\xa0\\x80 \\xf4\\x90\\x80\\x80 \\xf8\\x88\\x80\\x80\\x80");
	becomes("\355\237\277 \364\217\277\277", MR_TEXT_LINE, "\355\237\277 \364\217\277\277");
	/* Cut short, at the end or by another character. */
	becomes("\342\202", MR_TEXT_LINE, "\\xe2\\x82");
	becomes("\342\202a", MR_TEXT_LINE, "\\xe2\\x82a");
	/* C1 controls, line separators, direction marks. */
	becomes("\302\233", MR_TEXT_LINE, "\\xc2\\x9b");
	becomes("\342\200\250\342\200\256", MR_TEXT_LINE, "\\xe2\\x80\\xa8\\xe2\\x80\\xae");
	becomes("\357\273\277", MR_TEXT_LINE, "\\xef\\xbb\\xbf");
}

static void documents(void)
{
	becomes("{\n  \"a\": \"\\u001b\\\\x\"\n}", MR_TEXT_JSON, "{\n  \"a\": \"\\u001b\\\\x\"\n}");
	becomes("\"\377\"", MR_TEXT_JSON, "\"\357\277\275\"");
	becomes("\"\302\233\177\342\200\256\"", MR_TEXT_JSON, "\"\\u009b\\u007f\\u202e\"");
	becomes("\"\363\240\200\201\"", MR_TEXT_JSON, "\"\\udb40\\udc01\"");
}

static void labels(void)
{
	becomes("DIMM_A1", MR_TEXT_LABEL, "DIMM_A1");
	becomes("a\"b\\c", MR_TEXT_LABEL, "a\\\"b\\\\c");
	becomes("a\nb\377", MR_TEXT_LABEL, "a\\\\x0ab\\\\xff");
	becomes("\\x41", MR_TEXT_LABEL, "\\\\x5cx41");
}

static void ends(void)
{
	struct mr_err err = { 0 };
	char word[400];

	ends_as("", "");
	ends_as("a", "a");
	ends_as("\303\244", "\303\244");
	ends_as("a\303", "a");
	ends_as("a\342\202", "a");
	ends_as("a\360\237\230", "a");
	ends_as("\360\237\230\200", "\360\237\230\200");
	ends_as("\303", "");
	/* A sequence that was invalid from the start is not cut. */
	ends_as("a\200\200\200\200", "a\200\200\200\200");

	/* A long word of two-byte characters, in buffers of all sizes. */
	for (size_t i = 0; i + 2 < sizeof(word); i += 2)
		memcpy(word + i, "\303\244", 3);
	mr_err_set(&err, -EIO, word, "%s", word);
	mr_err_hint(&err, "%s", word);
	CHECK_INT(strlen(err.object), sizeof(err.object) - 2);
	CHECK_INT(strlen(err.reason), sizeof(err.reason) - 2);
	CHECK_INT(strlen(err.hint), sizeof(err.hint) - 2);
}

int main(void)
{
	lines();
	documents();
	labels();
	ends();
	return CHECK_RESULT;
}
