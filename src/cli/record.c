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

/*
 * Records are written by the hundred thousand, in pieces of some bytes: they are put together
 * here, since a call of stdio for each piece takes longer than all else.
 */
struct sink {
	FILE *f;
	size_t nr;
	char buf[2048];
};

static void flush(struct sink *to)
{
	fwrite(to->buf, 1, to->nr, to->f);
	to->nr = 0;
}

static inline void put(struct sink *to, const char *text, size_t len)
{
	if (len > sizeof(to->buf) - to->nr)
		flush(to);
	if (len > sizeof(to->buf)) {
		fwrite(text, 1, len, to->f);
		return;
	}
	memcpy(to->buf + to->nr, text, len);
	to->nr += len;
}

#define put_const(to, text)	put(to, text, sizeof(text) - 1)

static void put_u64(struct sink *to, uint64_t v)
{
	char digits[20], *p = digits + sizeof(digits);

	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	put(to, p, (size_t)(digits + sizeof(digits) - p));
}

/* A truth below 0 is unknown. */
static void put_truth(struct sink *to, int truth)
{
	if (truth < 0)
		put_const(to, "null");
	else if (truth)
		put_const(to, "true");
	else
		put_const(to, "false");
}

static void put_tree(struct sink *to, json_object *value)
{
	flush(to);
	mr_text_print(to->f, json_object_to_json_string_ext(value, JSON_C_TO_STRING_SPACED |
								   JSON_C_TO_STRING_NOSLASHESCAPE),
		      MR_TEXT_JSON);
	json_object_put(value);
}

/* Most strings are constants that need no escapes; json-c writes the others. */
static void put_string(struct sink *to, const char *s)
{
	const char *p = s;

	if (!s) {
		put_const(to, "null");
		return;
	}
	while (*p >= ' ' && *p < 0x7f && *p != '"' && *p != '\\')
		p++;
	if (*p) {
		put_tree(to, json_object_new_string(s));
		return;
	}
	put_const(to, "\"");
	put(to, s, (size_t)(p - s));
	put_const(to, "\"");
}

static void put_strings(struct sink *to, const char *const *list)
{
	if (!list || !*list) {
		put_const(to, "[]");
		return;
	}
	put_const(to, "[ ");
	put_string(to, *list);
	while (*++list) {
		put_const(to, ", ");
		put_string(to, *list);
	}
	put_const(to, " ]");
}

/* As error_json() */
static void put_error(struct sink *to, const struct mr_err *err)
{
	if (!err || !err->code) {
		put_const(to, "null");
		return;
	}
	put_const(to, "{ \"errno\": ");
	put_string(to, mr_errno_name(err->code));
	put_const(to, ", \"reason\": ");
	put_string(to, err->reason);
	put_const(to, ", \"hint\": ");
	put_string(to, err->hint[0] ? err->hint : NULL);
	put_const(to, " }");
}

static void put_field(struct sink *to, const struct mr_field *field, const void *record)
{
	const void *m = member(field, record);

	switch (field->type) {
	case MR_FIELD_U64:
	case MR_FIELD_PFN:
	case MR_FIELD_BYTES:
		if (field->nullable && *(const uint64_t *)m == UINT64_MAX)
			put_const(to, "null");
		else
			put_u64(to, *(const uint64_t *)m);
		break;
	case MR_FIELD_S32:
		if (*(const int32_t *)m < 0)
			put_tree(to, field_json(field, record));
		else
			put_u64(to, (uint64_t)*(const int32_t *)m);
		break;
	case MR_FIELD_BOOL:
		put_truth(to, *(const bool *)m);
		break;
	case MR_FIELD_MAYBE:
		put_truth(to, *(const int8_t *)m);
		break;
	case MR_FIELD_STRING:
	case MR_FIELD_WORD:
		put_string(to, string_of(field, m));
		break;
	case MR_FIELD_STRINGS:
		put_strings(to, *(const char *const *const *)m);
		break;
	case MR_FIELD_ERROR:
		put_error(to, *(struct mr_err *const *)m);
		break;
	default:
		put_tree(to, field_json(field, record));
		break;
	}
}

void mr_record_write(const struct mr_field *fields, const void *record, FILE *f)
{
	struct sink to;
	bool first = true;

	to.f = f;
	to.nr = 0;
	for (const struct mr_field *field = fields; field->type != MR_FIELD_END; field++) {
		if (!field->name)
			continue;
		put(&to, first ? "{ " : ", ", 2);
		put_string(&to, field->name);
		put_const(&to, ": ");
		put_field(&to, field, record);
		first = false;
	}
	put_const(&to, " }");
	flush(&to);
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
