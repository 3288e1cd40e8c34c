// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "cli/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/err.h"
#include "util/num.h"
#include "util/text.h"

static const void *member(const struct mr_field *f, const void *record)
{
	return (const char *)record + f->offset;
}

/* Returns the text of MR_FIELD_STRING or MR_FIELD_WORD, or NULL. */
static const char *string_of(const struct mr_field *f, const void *m)
{
	return f->type == MR_FIELD_WORD ? f->words[*(const unsigned int *)m] :
					  *(const char *const *)m;
}

static json_object *string_json(const char *s)
{
	return s ? json_object_new_string(s) : NULL;
}

static json_object *error_json(const struct mr_err *err)
{
	json_object *o;

	if (!err || !err->code)
		return NULL;
	o = json_object_new_object();
	json_object_object_add(o, "errno", json_object_new_string(mr_errno_name(err->code)));
	json_object_object_add(o, "reason", json_object_new_string(err->reason));
	json_object_object_add(o, "hint", err->hint[0] ? json_object_new_string(err->hint) : NULL);
	return o;
}

static json_object *strings_json(const char *const *list)
{
	json_object *a = json_object_new_array();

	for (; list && *list; list++)
		json_object_array_add(a, json_object_new_string(*list));
	return a;
}

static json_object *field_json(const struct mr_field *f, const void *record)
{
	const void *m = member(f, record);
	uint64_t u;
	int32_t s;

	switch (f->type) {
	case MR_FIELD_U64:
	case MR_FIELD_PFN:
	case MR_FIELD_BYTES:
		u = *(const uint64_t *)m;
		return f->nullable && u == UINT64_MAX ? NULL : json_object_new_uint64(u);
	case MR_FIELD_S32:
		s = *(const int32_t *)m;
		return f->nullable && s < 0 ? NULL : json_object_new_int(s);
	case MR_FIELD_BOOL:
		return json_object_new_boolean(*(const bool *)m);
	case MR_FIELD_MAYBE:
		return *(const int8_t *)m < 0 ? NULL : json_object_new_boolean(*(const int8_t *)m);
	case MR_FIELD_STRING:
	case MR_FIELD_WORD:
		return string_json(string_of(f, m));
	case MR_FIELD_CHARS:
		return *(const char *)m ? json_object_new_string(m) : NULL;
	case MR_FIELD_STRINGS:
		return strings_json(*(const char *const *const *)m);
	case MR_FIELD_ERROR:
		return error_json(*(struct mr_err *const *)m);
	case MR_FIELD_RECORD:
		m = *(const void *const *)m;
		return m ? mr_record_json(f->sub, m) : NULL;
	case MR_FIELD_RECORDS:
		return mr_records_json(f->sub, m);
	case MR_FIELD_END:
		break;
	}
	return NULL;
}

void mr_record_add(json_object *to, const struct mr_field *fields, const void *record)
{
	for (const struct mr_field *f = fields; f->type != MR_FIELD_END; f++)
		if (f->name)
			json_object_object_add(to, f->name, field_json(f, record));
}

json_object *mr_record_json(const struct mr_field *fields, const void *record)
{
	json_object *o = json_object_new_object();

	mr_record_add(o, fields, record);
	return o;
}

json_object *mr_records_json(const struct mr_field *fields, const struct mr_records *records)
{
	json_object *a;

	if (records->absent)
		return NULL;
	a = json_object_new_array();
	for (size_t i = 0; i < records->nr; i++)
		json_object_array_add(a, mr_record_json(fields, (const char *)records->list +
									i * records->size));
	return a;
}

static void write_u64(uint64_t v, FILE *f)
{
	char digits[20], *p = digits + sizeof(digits);

	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	fwrite(p, 1, (size_t)(digits + sizeof(digits) - p), f);
}

static void write_tree(json_object *value, FILE *f)
{
	mr_text_print(f, json_object_to_json_string_ext(value, JSON_C_TO_STRING_SPACED |
							       JSON_C_TO_STRING_NOSLASHESCAPE),
		      MR_TEXT_JSON);
	json_object_put(value);
}

/* Most strings are constants that need no escapes; json-c writes the others. */
static void write_string(const char *s, FILE *f)
{
	const char *p = s;

	while (*p >= ' ' && *p < 0x7f && *p != '"' && *p != '\\')
		p++;
	if (*p) {
		write_tree(json_object_new_string(s), f);
		return;
	}
	putc('"', f);
	fwrite(s, 1, (size_t)(p - s), f);
	putc('"', f);
}

static void write_strings(const char *const *list, FILE *f)
{
	const char *between = "[ ";

	for (; list && *list; list++, between = ", ") {
		fputs(between, f);
		write_string(*list, f);
	}
	fputs(*between == '[' ? "[]" : " ]", f);
}

static void write_field(const struct mr_field *field, const void *record, FILE *f)
{
	const void *m = member(field, record);
	const char *s;

	switch (field->type) {
	case MR_FIELD_U64:
	case MR_FIELD_PFN:
	case MR_FIELD_BYTES:
		if (field->nullable && *(const uint64_t *)m == UINT64_MAX)
			fputs("null", f);
		else
			write_u64(*(const uint64_t *)m, f);
		break;
	case MR_FIELD_S32:
		if (*(const int32_t *)m < 0)
			write_tree(field_json(field, record), f);
		else
			write_u64((uint64_t)*(const int32_t *)m, f);
		break;
	case MR_FIELD_BOOL:
		fputs(*(const bool *)m ? "true" : "false", f);
		break;
	case MR_FIELD_STRING:
	case MR_FIELD_WORD:
		s = string_of(field, m);
		if (s)
			write_string(s, f);
		else
			fputs("null", f);
		break;
	case MR_FIELD_STRINGS:
		write_strings(*(const char *const *const *)m, f);
		break;
	default:
		write_tree(field_json(field, record), f);
		break;
	}
}

void mr_record_write(const struct mr_field *fields, const void *record, FILE *f)
{
	const char *between = "{ ";

	for (const struct mr_field *field = fields; field->type != MR_FIELD_END; field++) {
		if (!field->name)
			continue;
		fputs(between, f);
		write_string(field->name, f);
		fputs(": ", f);
		write_field(field, record, f);
		between = ", ";
	}
	fputs(" }", f);
}

/* As mr_text_line(), and frees @text. */
static char *line_of(char *text)
{
	char *line = text ? mr_text_line(text) : NULL;

	free(text);
	return line;
}

static char *strings_text(const char *const *list, char join)
{
	const char between[] = { join ? join : ',', '\0' };
	char *text = strdup("");

	for (; text && list && *list; list++) {
		char *more;

		if (asprintf(&more, "%s%s%s", text, *text ? between : "", *list) < 0)
			more = NULL;
		free(text);
		text = more;
	}
	return text;
}

char *mr_field_text(const struct mr_field *f, const void *record)
{
	const void *m = member(f, record);
	const struct mr_err *err;
	char size[MR_SIZE_TEXT];
	const char *s = NULL;
	char *text = NULL;
	uint64_t u;
	int rc = 0;

	switch (f->type) {
	case MR_FIELD_U64:
	case MR_FIELD_PFN:
	case MR_FIELD_BYTES:
		u = *(const uint64_t *)m;
		if (f->nullable && u == UINT64_MAX)
			break;
		if (f->type == MR_FIELD_BYTES)
			s = mr_size_text(u, size);
		else
			rc = asprintf(&text, f->type == MR_FIELD_PFN ? "0x%" PRIx64 : "%" PRIu64,
				      u);
		break;
	case MR_FIELD_S32:
		if (!f->nullable || *(const int32_t *)m >= 0)
			rc = asprintf(&text, "%" PRId32, *(const int32_t *)m);
		break;
	case MR_FIELD_BOOL:
		s = *(const bool *)m ? "yes" : "no";
		break;
	case MR_FIELD_MAYBE:
		if (*(const int8_t *)m >= 0)
			s = *(const int8_t *)m ? "yes" : "no";
		break;
	case MR_FIELD_STRING:
	case MR_FIELD_WORD:
		s = string_of(f, m);
		break;
	case MR_FIELD_CHARS:
		s = m;
		break;
	case MR_FIELD_STRINGS:
		return line_of(strings_text(*(const char *const *const *)m, f->join));
	case MR_FIELD_ERROR:
		err = *(struct mr_err *const *)m;
		s = err && err->code ? err->reason : NULL;
		break;
	case MR_FIELD_RECORD:
	case MR_FIELD_RECORDS:
	case MR_FIELD_END:
		break;
	}
	if (rc < 0)
		return NULL;
	return text ? text : mr_text_line(s ? s : "");
}
