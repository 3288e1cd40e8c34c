/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records and their fields. A record is a plain struct; its field table says
 * once what each member is called, and tables and JSON are both made from it.
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
	MR_FIELD_U64,		/* uint64_t; UINT64_MAX is null when .nullable */
	MR_FIELD_S32,		/* int32_t; below 0 is null when .nullable */
	MR_FIELD_BOOL,		/* bool; in a table yes or no */
	MR_FIELD_MAYBE,		/* int8_t: 1, 0, or below 0 for null */
	MR_FIELD_STRING,	/* const char *; NULL is null */
	MR_FIELD_CHARS,		/* char[], "" is null */
	MR_FIELD_WORD,		/* an enum, of whose values .words has the words; NULL is null */
	MR_FIELD_STRINGS,	/* const char *const *, NULL-terminated; comma in a table */
	MR_FIELD_PFN,		/* uint64_t; a number in JSON, hexadecimal in a table */
	MR_FIELD_BYTES,		/* uint64_t; a number in JSON, 128M in a table */
	MR_FIELD_ERROR,		/* struct mr_err *; an object in JSON, the reason in a table */
	MR_FIELD_RECORD,	/* void *, one record of .sub; JSON only; NULL is null */
	MR_FIELD_RECORDS,	/* struct mr_records; JSON only */
};

struct mr_field {
	const char *name;		/* in JSON; NULL: not there */
	const char *head;		/* in a table; NULL: not there */
	enum mr_field_type type;
	size_t offset;
	const struct mr_field *sub;	/* of nested records */
	const char *const *words;	/* of MR_FIELD_WORD */
	const char *help;		/* one line: what it is, and its unit */
	bool nullable;
	bool optional;			/* a table shows it only when asked for */
	bool right;			/* numbers line up on the right in a table */
	unsigned char width;		/* of its column in a table at least */
	char join;			/* between the words of MR_FIELD_STRINGS; 0: a comma */
};

/* Records of one kind in an array. A null JSON list when .list is NULL and .absent. */
struct mr_records {
	const void *list;
	size_t nr;
	size_t size;		/* of one */
	bool absent;		/* not known, rather than none */
};

#define MR_FIELD(kind, st, member, json, heading, text, ...)                                      \
	{                                                                                         \
		.name = json, .head = heading, .type = kind, .offset = offsetof(st, member),      \
		.help = text, ##__VA_ARGS__                                                       \
	}

/* One record as a JSON object; never NULL short of memory. */
json_object *mr_record_json(const struct mr_field *fields, const void *record);

/* Adds the fields of one record to the JSON object @to. */
void mr_record_add(json_object *to, const struct mr_field *fields, const void *record);

/*
 * Writes one record to @f as a JSON object in one line: what mr_record_json() holds,
 * without a tree, for lists that are long.
 */
void mr_record_write(const struct mr_field *fields, const void *record, FILE *f);

/* All of them as a JSON array, or NULL (JSON null) when absent. */
json_object *mr_records_json(const struct mr_field *fields, const struct mr_records *records);

/* The text of one field as a table shows it, fit for a line, malloc()ed, "" for null. */
char *mr_field_text(const struct mr_field *field, const void *record);

#endif
