// SPDX-License-Identifier: GPL-2.0-or-later
#include <json-c/json_object.h>

#include "cli/doc.h"
#include "cli/help.h"
#include "cli/record.h"

static json_object *text(const char *s)
{
	return s ? json_object_new_string(s) : NULL;
}

static const char *type_name(enum mr_opt_type type)
{
	switch (type) {
	case MR_OPT_FLAG:
		return "flag";
	case MR_OPT_CHOICE:
		return "choice";
	case MR_OPT_NUMBER:
		return "number";
	case MR_OPT_DURATION:
		return "duration";
	case MR_OPT_FILE:
		return "file";
	case MR_OPT_DIR:
		return "dir";
	case MR_OPT_STRING:
	case MR_OPT_END:
		break;
	}
	return "string";
}

static const char *operand_name(enum mr_operand operand)
{
	switch (operand) {
	case MR_OPERAND_TARGET:
		return "target";
	case MR_OPERAND_BLOCK:
		return "block";
	case MR_OPERAND_FILE:
		return "file";
	case MR_OPERAND_NONE:
		break;
	}
	return "none";
}

static json_object *strings(const char *const *list)
{
	json_object *array = json_object_new_array();

	for (; list && *list; list++)
		json_object_array_add(array, text(*list));
	return array;
}

static json_object *options(const struct mr_opt *opts)
{
	json_object *list = json_object_new_array();

	for (; opts && opts->type != MR_OPT_END; opts++) {
		json_object *o = json_object_new_object();
		char letter[2] = { opts->letter, '\0' };

		json_object_object_add(o, "name", text(opts->name));
		json_object_object_add(o, "letter", text(opts->letter ? letter : NULL));
		json_object_object_add(o, "type", text(type_name(opts->type)));
		json_object_object_add(o, "arg", text(opts->arg));
		if (opts->choices)
			json_object_object_add(o, "choices", strings(opts->choices));
		json_object_object_add(o, "help", text(opts->help));
		json_object_array_add(list, o);
	}
	return list;
}

static const char *field_type(enum mr_field_type type)
{
	switch (type) {
	case MR_FIELD_U64:
	case MR_FIELD_S32:
	case MR_FIELD_PFN:
	case MR_FIELD_BYTES:
		return "number";
	case MR_FIELD_BOOL:
	case MR_FIELD_MAYBE:
		return "bool";
	case MR_FIELD_STRING:
	case MR_FIELD_WORD:
	case MR_FIELD_CHARS:
		return "string";
	case MR_FIELD_STRINGS:
		return "strings";
	case MR_FIELD_ERROR:
		return "error";
	case MR_FIELD_RECORD:
		return "record";
	case MR_FIELD_RECORDS:
		return "records";
	case MR_FIELD_END:
		break;
	}
	return "none";
}

/* Returns whether a number or bool may be null; NULL for text, whose types do not say. */
static json_object *field_nullable(const struct mr_field *f)
{
	switch (f->type) {
	case MR_FIELD_U64:
	case MR_FIELD_S32:
	case MR_FIELD_PFN:
	case MR_FIELD_BYTES:
		return json_object_new_boolean(f->nullable);
	case MR_FIELD_BOOL:
	case MR_FIELD_MAYBE:
		return json_object_new_boolean(f->type == MR_FIELD_MAYBE);
	default:
		return NULL;
	}
}

/* Lists the fields of records; @depth limits the recursion if a table refers to itself. */
static json_object *fields_json(const struct mr_field *f, unsigned int depth)
{
	json_object *list = json_object_new_array();

	for (; f->type != MR_FIELD_END; f++) {
		json_object *o = json_object_new_object();

		json_object_object_add(o, "name", text(f->name));
		json_object_object_add(o, "column", text(f->head));
		json_object_object_add(o, "type", text(field_type(f->type)));
		json_object_object_add(o, "nullable", field_nullable(f));
		json_object_object_add(o, "help", text(f->help));
		if (f->sub && depth)
			json_object_object_add(o, "fields", fields_json(f->sub, depth - 1));
		json_object_array_add(list, o);
	}
	return list;
}

static json_object *members(const struct mr_member *m)
{
	json_object *list = json_object_new_array();

	for (; m && m->fields; m++) {
		json_object *o = json_object_new_object();

		json_object_object_add(o, "name", text(m->name));
		json_object_object_add(o, "fields", fields_json(m->fields, 3));
		json_object_array_add(list, o);
	}
	return list;
}

static json_object *commands(const struct mr_cmd *const *cmds)
{
	json_object *list = json_object_new_array();

	for (; *cmds; cmds++) {
		const struct mr_cmd *c = *cmds;
		json_object *o = json_object_new_object();

		json_object_object_add(o, "name", text(c->name));
		json_object_object_add(o, "summary", text(c->summary));
		json_object_array_add(list, o);
		if (c->subs) {
			json_object_object_add(o, "commands", commands(c->subs));
			continue;
		}
		json_object_object_add(o, "synopsis", text(c->synopsis));
		json_object_object_add(o, "operand", text(operand_name(c->operand)));
		json_object_object_add(o, "words", strings(c->words));
		json_object_object_add(o, "dry_run",
				       json_object_new_boolean(c->flags & MR_CMD_DRYRUN));
		json_object_object_add(o, "options", options(c->opts));
		json_object_object_add(o, "members", members(c->members));
	}
	return list;
}

void mr_introspect(const struct mr_cmd *const *cmds, const struct mr_cmd *only)
{
	const struct mr_cmd *const one[] = { only, NULL };
	json_object *doc = json_object_new_object();

	json_object_object_add(doc, "version", text(MEMRAS_VERSION));
	json_object_object_add(doc, "options", options(mr_global_opts));
	json_object_object_add(doc, "commands", commands(only ? one : cmds));
	mr_doc_print(doc);
}
