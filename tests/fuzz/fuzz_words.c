// SPDX-License-Identifier: GPL-2.0-or-later
/* Arguments: targets, selectors, numbers; and any text for output. */
#define _GNU_SOURCE
#include "fuzz.h"

#include <json-c/json.h>

#include "lib/target/blocksel.h"
#include "lib/target/target.h"
#include "util/num.h"

static char *printed(const char *text, enum mr_text_form form)
{
	char *out = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&out, &size);

	PROMISE(f);
	mr_text_print(f, text, form);
	fclose(f);
	return out;
}

static void check_text(const char *word)
{
	char *line = mr_text_line(word), *again, *json, *label;
	json_object *string = json_object_new_string(word);

	PROMISE(line);
	for (const char *p = line; *p; p++)
		PROMISE((unsigned char)*p >= 0x20 && *p != 0x7f);
	/* Printable text has nothing left to escape but its own escapes. */
	again = printed(line, MR_TEXT_JSON);
	PROMISE(!strcmp(line, again));
	json = printed(json_object_to_json_string(string), MR_TEXT_JSON);
	again = (free(again), printed(json, MR_TEXT_JSON));
	PROMISE(!strcmp(json, again));
	label = printed(word, MR_TEXT_LABEL);
	PROMISE(!strpbrk(label, "\n\r\033"));
	json_object_put(string);
	free(label);
	free(json);
	free(again);
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *word = strndup((const char *)data, size);
	struct mr_err err = { 0 };
	struct mr_target target;
	struct mr_blocksel sel;
	uint64_t n;
	int rc;

	PROMISE(word);
	rc = mr_target_parse(word, &target, &err);
	fuzz_check_error(rc, &err);
	if (!rc) {
		PROMISE(!strcmp(target.word, word));
		PROMISE(!target.len || target.start + (target.len - 1) >= target.start);
		if (target.type == MR_TARGET_FILE) {
			char *path = mr_target_path(word);

			PROMISE(path && strlen(path) == target.path_len);
			free(path);
		}
	}
	mr_err_clear(&err);
	fuzz_check_error(mr_blocksel_parse(word, &sel, &err), &err);
	if (!mr_duration_parse(word, &n))
		PROMISE(n <= MR_DURATION_MAX);
	mr_num_parse(word, &n);
	if (!mr_size_parse(word, &n)) {
		char text[MR_SIZE_TEXT];

		mr_size_text(n, text);
	}
	check_text(word);
	free(word);
	return 0;
}
