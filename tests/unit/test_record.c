// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "cli/record.h"

#include <json-c/json_tokener.h>
#include <stdlib.h>

#include "check.h"
#include "util/err.h"

struct inner {
	uint64_t n;
};

struct rec {
	uint64_t u, pfn, bytes, unknown;
	int32_t node, no_node;
	bool yes;
	int8_t no, unsure;
	const char *text, *none;
	enum { SMALL, LARGE, NOWHERE } word, no_word;
	const char *const *list;
	const struct mr_err *err, *no_err;
	const void *one, *not_one;
	struct mr_records many, absent;
};

static const struct mr_field inner_fields[] = {
	MR_FIELD(MR_FIELD_U64, struct inner, n, "n", "N", "x"),
	{ 0 },
};

static const char *const sizes[] = { [SMALL] = "small", [LARGE] = "large", [NOWHERE] = NULL };

static const struct mr_field fields[] = {
	MR_FIELD(MR_FIELD_U64, struct rec, u, "u", "U", "x"),
	MR_FIELD(MR_FIELD_PFN, struct rec, pfn, "pfn", "PFN", "x"),
	MR_FIELD(MR_FIELD_BYTES, struct rec, bytes, "bytes", "BYTES", "x"),
	MR_FIELD(MR_FIELD_U64, struct rec, unknown, "unknown", "UNKNOWN", "x", .nullable = true),
	MR_FIELD(MR_FIELD_S32, struct rec, node, "node", "NODE", "x", .nullable = true),
	MR_FIELD(MR_FIELD_S32, struct rec, no_node, "no_node", "NO_NODE", "x", .nullable = true),
	MR_FIELD(MR_FIELD_BOOL, struct rec, yes, "yes", "YES", "x"),
	MR_FIELD(MR_FIELD_MAYBE, struct rec, no, "no", "NO", "x"),
	MR_FIELD(MR_FIELD_MAYBE, struct rec, unsure, "unsure", "UNSURE", "x"),
	MR_FIELD(MR_FIELD_STRING, struct rec, text, "text", "TEXT", "x"),
	MR_FIELD(MR_FIELD_STRING, struct rec, none, "none", "NONE", "x"),
	MR_FIELD(MR_FIELD_WORD, struct rec, word, "word", "WORD", "x", .words = sizes),
	MR_FIELD(MR_FIELD_WORD, struct rec, no_word, "no_word", "NO_WORD", "x", .words = sizes),
	MR_FIELD(MR_FIELD_STRINGS, struct rec, list, "list", "LIST", "x"),
	MR_FIELD(MR_FIELD_ERROR, struct rec, err, "error", "ERROR", "x"),
	MR_FIELD(MR_FIELD_ERROR, struct rec, no_err, "no_error", "NO_ERROR", "x"),
	MR_FIELD(MR_FIELD_RECORD, struct rec, one, "one", NULL, "x", .sub = inner_fields),
	MR_FIELD(MR_FIELD_RECORD, struct rec, not_one, "not_one", NULL, "x", .sub = inner_fields),
	MR_FIELD(MR_FIELD_RECORDS, struct rec, many, "many", NULL, "x", .sub = inner_fields),
	MR_FIELD(MR_FIELD_RECORDS, struct rec, absent, "absent", NULL, "x", .sub = inner_fields),
	MR_FIELD(MR_FIELD_U64, struct rec, u, NULL, "TABLE_ONLY", "x"),
	{ 0 },
};

/* Output without a tree equals that of the tree. */
static void written_alike(const struct rec *rec)
{
	json_object *tree = mr_record_json(fields, rec), *read;
	size_t size = 0;
	char *text = NULL;
	FILE *f = open_memstream(&text, &size);

	CHECK(f);
	if (!f)
		return;
	mr_record_write(fields, rec, f);
	fclose(f);
	read = json_tokener_parse(text);
	CHECK_STR(json_object_to_json_string_ext(read, JSON_C_TO_STRING_PLAIN),
		  json_object_to_json_string_ext(tree, JSON_C_TO_STRING_PLAIN));
	CHECK(!strchr(text, '\n'));
	json_object_put(read);
	json_object_put(tree);
	free(text);
}

int main(void)
{
	static const char *const words[] = { "a", "b", NULL };
	static const char *const texts[] = { "1", "0x1a2b3", "128M", "", "0", "", "yes", "no", "",
					     "t", "", "large", "", "a,b", "busy", "", "", "", "", "", "1" };
	struct mr_err err = { 0 };
	struct inner in[2] = { { 5 }, { 6 } };
	struct rec rec = {
		.u = 1, .pfn = 0x1a2b3, .bytes = 128 << 20, .unknown = UINT64_MAX, .node = 0,
		.no_node = -1, .yes = true, .unsure = -1, .text = "t", .word = LARGE, .no_word = NOWHERE, .list = words, .err = &err,
		.one = &in[0],
		.many = { in, 2, sizeof(in[0]), false }, .absent = { .absent = true },
	};
	json_object *o;
	size_t i = 0;

	mr_err_set(&err, -EBUSY, "x", "busy");
	mr_err_hint(&err, "wait");
	o = mr_record_json(fields, &rec);
	CHECK_STR(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN),
		  "{\"u\":1,\"pfn\":107187,\"bytes\":134217728,\"unknown\":null,\"node\":0,"
		  "\"no_node\":null,\"yes\":true,\"no\":false,\"unsure\":null,"
		  "\"text\":\"t\",\"none\":null,\"word\":\"large\",\"no_word\":null,\"list\":[\"a\",\"b\"],"
		  "\"error\":{\"errno\":\"EBUSY\",\"reason\":\"busy\",\"hint\":\"wait\"},"
		  "\"no_error\":null,\"one\":{\"n\":5},\"not_one\":null,"
		  "\"many\":[{\"n\":5},{\"n\":6}],\"absent\":null}");
	json_object_put(o);
	written_alike(&rec);
	rec.text = "a \"quote\", a \\ and\ttabs, \xc3\xa9";
	rec.u = UINT64_MAX - 1;
	rec.list = words + 2;
	rec.node = 7;
	written_alike(&rec);
	rec.text = "t";
	rec.u = 1;
	rec.list = words;
	rec.node = 0;

	for (const struct mr_field *f = fields; f->type != MR_FIELD_END; f++, i++) {
		char *text = mr_field_text(f, &rec);

		CHECK_STR(text, texts[i]);
		free(text);
	}
	return CHECK_RESULT;
}
