// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The retired list: a list that was read can be written and reads back the same; if a
 * byte was not UTF-8, at least its pages do.
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <stdbool.h>

#include "lib/retired/list.h"

static int read_text(struct mr_retlist *list, const char *text, size_t len)
{
	struct mr_err err = { 0 };
	int rc;

	*list = (struct mr_retlist){ .page_shift = 12, .dir = -1, .lock = -1 };
	rc = mr_retlist_parse_json(list, text, len, &err);
	fuzz_check_error(rc, &err);
	return rc;
}

static char *write_text(const struct mr_retlist *list, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	PROMISE(f && !mr_retlist_write_json(list, "", f));
	fclose(f);
	return text;
}

static bool is_utf8(const char *text)
{
	char *out = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&out, &size);
	bool same;

	PROMISE(f);
	mr_text_print(f, text, MR_TEXT_JSON);
	fclose(f);
	same = !strcmp(out, text);
	free(out);
	return same;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *first, *second;
	struct mr_retlist list, again;
	size_t len;

	PROMISE(text);
	if (!read_text(&list, text, strlen(text))) {
		mr_retlist_settle(&list);
		first = write_text(&list, &len);
		PROMISE(!read_text(&again, first, len));
		mr_retlist_settle(&again);
		PROMISE(again.nr == list.nr);
		second = write_text(&again, &len);
		PROMISE(!is_utf8(text) || !strcmp(first, second));
		free(first);
		free(second);
		mr_retlist_close(&again);
	}
	mr_retlist_close(&list);
	free(text);
	return 0;
}
