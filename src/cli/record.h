/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records and their fields. A record is a plain struct; its field table describes each
 * member once, for tables and JSON.
 */
#ifndef MR_CLI_RECORD_H
#define MR_CLI_RECORD_H

#include <json-c/json_object.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum mr_field_type {
	MR_FIELD_END = 0,
	MR_FIELD_U64,		/* uint64_t; UINT64_MAX is null if .nullable */
	MR_FIELD_S32,		/* int32_t; negative is null if .nullable */
	MR_FIELD_BOOL,		/* bool; yes or no in a table */
	MR_FIELD_MAYBE,		/* int8_t: 1, 0, or negative for null */
	MR_FIELD_STRING,	/* const char *; NULL is null */
	MR_FIELD_CHARS,		/* char[], "" is null */
	MR_FIELD_WORD,		/* an enum, the index of its word in .words; NULL is null */
	MR_FIELD_STRINGS,	/* const char *const *, NULL-terminated; joined in a table */
	MR_FIELD_PFN,		/* uint64_t; a number in JSON, hexadecimal in a table */
	MR_FIELD_BYTES,		/* uint64_t; a number in JSON, 128M in a table */
	MR_FIELD_ERROR,		/* struct mr_err *; an object in JSON, the reason in a table */
	MR_FIELD_RECORD,	/* void *, one record of .sub; JSON only; NULL is null */
	MR_FIELD_RECORDS,	/* struct mr_records; JSON only */
};

struct mr_field {
	const char *name;		/* in JSON; NULL: left out */
	const char *head;		/* in a table; NULL: left out */
	enum mr_field_type type;
	size_t offset;
	const struct mr_field *sub;	/* of nested records */
	const char *const *words;	/* of MR_FIELD_WORD */
	const char *help;		/* one line: meaning and unit */
	bool nullable;
	bool optional;			/* a table shows it only on request */
	bool right;			/* aligned to the right in a table */
	unsigned char width;		/* minimum width of its column in a table */
	char join;			/* separator of MR_FIELD_STRINGS; 0: a comma */
};

/* An array of records of one kind; a null list in JSON if .absent. */
struct mr_records {
	const void *list;
	size_t nr;
	size_t size;		/* of one */
	bool absent;		/* unknown, rather than empty */
};

#define MR_FIELD(kind, st, member, json, heading, text, ...)                                      \
	{                                                                                         \
		.name = json, .head = heading, .type = kind, .offset = offsetof(st, member),      \
		.help = text, ##__VA_ARGS__                                                       \
	}

/* Returns one record as a JSON object; NULL only without memory. */
json_object *mr_record_json(const struct mr_field *fields, const void *record);

/* Adds the fields of one record to the JSON object @to. */
void mr_record_add(json_object *to, const struct mr_field *fields, const void *record);

/*
 * Writes one record to @f as a JSON object on one line: as mr_record_json(), but without
 * building a tree, for long lists.
 */
void mr_record_write(const struct mr_field *fields, const void *record, FILE *f);

/* Returns all records as a JSON array, or NULL (JSON null) if absent. */
json_object *mr_records_json(const struct mr_field *fields, const struct mr_records *records);

/* Returns the text of one field as in a table, printable, malloc()ed; "" for null. */
char *mr_field_text(const struct mr_field *field, const void *record);

#endif
