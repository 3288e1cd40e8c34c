// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/doc.h"

#include <json-c/linkhash.h>
#include <stdio.h>

#include "util/text.h"

json_object *mr_doc_new(const struct mr_run *run)
{
	json_object *doc = json_object_new_object();

	json_object_object_add(doc, "schema", json_object_new_int(MR_DOC_SCHEMA));
	json_object_object_add(doc, "command", json_object_new_string(run->name));
	return doc;
}

static void print(json_object *doc, int flags)
{
	mr_text_print(stdout, json_object_to_json_string_ext(doc, flags |
							     JSON_C_TO_STRING_NOSLASHESCAPE),
		      MR_TEXT_JSON);
	putchar('\n');
	json_object_put(doc);
}

void mr_doc_print(json_object *doc)
{
	print(doc, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED);
}

void mr_doc_begin_list(struct mr_doc_list *list, const struct mr_run *run, const char *name,
		       const struct mr_field *fields)
{
	*list = (struct mr_doc_list){ .fields = fields };
	printf("{\n  \"schema\": %d,\n  \"command\": \"%s\",\n  \"%s\": [", MR_DOC_SCHEMA,
	       run->name, name);
}

void mr_doc_add_record(struct mr_doc_list *list, const void *record)
{
	fputs(list->any ? ",\n    " : "\n    ", stdout);
	list->any = true;
	mr_record_write(list->fields, record, stdout);
}

void mr_doc_end_list(struct mr_doc_list *list, json_object *more)
{
	fputs(list->any ? "\n  ]" : "]", stdout);
	if (more) {
		json_object_object_foreach(more, name, value) {
			printf(",\n  \"%s\": ", name);
			mr_text_print(stdout,
				      json_object_to_json_string_ext(value, JSON_C_TO_STRING_SPACED |
								     JSON_C_TO_STRING_NOSLASHESCAPE),
				      MR_TEXT_JSON);
		}
		json_object_put(more);
	}
	puts("\n}");
}

void mr_doc_print_line(json_object *doc)
{
	print(doc, JSON_C_TO_STRING_PLAIN);
	fflush(stdout);
}

void mr_doc_print_error(const struct mr_run *run, const struct mr_err *err)
{
	static const struct mr_field error_field[] = {
		{ .name = "error", .type = MR_FIELD_ERROR, .offset = 0 },
		{ 0 },
	};
	json_object *doc = mr_doc_new(run);

	json_object_object_add(doc, "object",
			       err->object[0] ? json_object_new_string(err->object) : NULL);
	mr_record_add(doc, error_field, &err);
	if (run->json == MR_JSON_LINES)
		mr_doc_print_line(doc);
	else
		mr_doc_print(doc);
}
