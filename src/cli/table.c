// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "cli/table.h"

#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/cleanup.h"

#define COLUMNS_MAX 32

struct columns {
	const struct mr_field *field[COLUMNS_MAX];
	size_t nr;
};

struct mr_table {
	struct libscols_table *table;
	struct columns cols;
	bool bytes;
};

static const struct mr_field *find_head(const struct mr_field *fields, const char *head, size_t len)
{
	for (; fields->type != MR_FIELD_END; fields++)
		if (fields->head && strlen(fields->head) == len &&
		    !strncasecmp(fields->head, head, len))
			return fields;
	return NULL;
}

static int unknown_column(const struct mr_field *fields, const char *word, size_t len,
			  struct mr_err *err)
{
	char list[200] = "";
	char bad[48];

	snprintf(bad, sizeof(bad), "%.*s", (int)len, word);
	for (; fields->type != MR_FIELD_END; fields++) {
		size_t n = strlen(list);

		if (fields->head)
			snprintf(list + n, sizeof(list) - n, "%s%s", n ? ", " : "", fields->head);
	}
	mr_err_usage(err, -EINVAL, bad, "no such column");
	mr_err_hint(err, "the columns are %s", list);
	return -EINVAL;
}

static int choose(const struct mr_field *fields, const struct mr_layout *layout,
		  struct columns *cols, struct mr_err *err)
{
	const char *p = layout->columns;

	cols->nr = 0;
	if (!p) {
		for (; fields->type != MR_FIELD_END; fields++)
			if (fields->head && (layout->all || !fields->optional) &&
			    cols->nr < COLUMNS_MAX)
				cols->field[cols->nr++] = fields;
		return 0;
	}
	for (;;) {
		size_t len = strcspn(p, ",");
		const struct mr_field *f = find_head(fields, p, len);

		if (!f)
			return unknown_column(fields, p, len, err);
		if (cols->nr < COLUMNS_MAX)
			cols->field[cols->nr++] = f;
		if (!p[len])
			return 0;
		p += len + 1;
	}
}

static char *cell_text(const struct mr_field *f, const void *record, bool bytes)
{
	char *text = NULL;

	if (f->type == MR_FIELD_BYTES && bytes) {
		uint64_t v = *(const uint64_t *)((const char *)record + f->offset);

		return asprintf(&text, "%" PRIu64, v) < 0 ? NULL : text;
	}
	return mr_field_text(f, record);
}

static int new_column(struct libscols_table *table, const struct mr_field *f)
{
	struct libscols_column *col = scols_table_new_column(table, f->head, f->width,
							     f->right ? SCOLS_FL_RIGHT : 0);

	/* mr_field_text() has escaped the text already. */
	return col ? scols_column_set_safechars(col, "\\") : -ENOMEM;
}

static int no_memory(struct mr_err *err)
{
	return mr_err_set(err, -ENOMEM, "", "no memory for the table");
}

static int make_table(struct mr_table *t, const struct mr_layout *layout)
{
	/* libsmartcols escapes characters that the locale cannot show. */
	setlocale(LC_CTYPE, "");
	scols_init_debug(0);
	t->table = scols_new_table();
	if (!t->table)
		return -ENOMEM;
	t->bytes = layout->bytes;
	scols_table_enable_raw(t->table, layout->raw);
	scols_table_enable_export(t->table, layout->pairs);
	scols_table_enable_noheadings(t->table, layout->no_headings);
	for (size_t i = 0; i < t->cols.nr; i++)
		if (new_column(t->table, t->cols.field[i]))
			return -ENOMEM;
	return 0;
}

int mr_table_open(const struct mr_field *fields, const struct mr_layout *layout,
		  struct mr_table **table, struct mr_err *err)
{
	static const struct mr_layout plain;
	struct mr_table *t = calloc(1, sizeof(*t));
	int rc;

	*table = NULL;
	if (!t)
		return no_memory(err);
	if (!layout)
		layout = &plain;
	rc = choose(fields, layout, &t->cols, err);
	if (!rc && make_table(t, layout))
		rc = no_memory(err);
	if (rc)
		mr_table_close(t);
	else
		*table = t;
	return rc;
}

bool mr_table_shows(const struct mr_table *t, const char *head)
{
	for (size_t i = 0; i < t->cols.nr; i++)
		if (!strcmp(t->cols.field[i]->head, head))
			return true;
	return false;
}

int mr_table_add(struct mr_table *t, const void *record, struct mr_err *err)
{
	struct libscols_line *line = scols_table_new_line(t->table, NULL);

	if (!line)
		return no_memory(err);
	for (size_t i = 0; i < t->cols.nr; i++) {
		char *text = cell_text(t->cols.field[i], record, t->bytes);

		if (!text || scols_line_refer_data(line, i, text))
			return no_memory(err);
	}
	return 0;
}

void mr_table_print_all(const struct mr_table *t)
{
	scols_print_table(t->table);
}

void mr_table_close(struct mr_table *t)
{
	if (t)
		scols_unref_table(t->table);
	free(t);
}

int mr_table_print(const struct mr_field *fields, const struct mr_records *records,
		   const struct mr_layout *layout, struct mr_err *err)
{
	struct mr_table *t;
	int rc = mr_table_open(fields, layout, &t, err);

	for (size_t i = 0; !rc && i < records->nr; i++)
		rc = mr_table_add(t, (const char *)records->list + i * records->size, err);
	if (!rc)
		mr_table_print_all(t);
	mr_table_close(t);
	return rc;
}
