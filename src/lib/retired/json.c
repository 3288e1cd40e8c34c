// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The retired list as JSON, written and read entry by entry: as one json-c tree, a
 * million entries would take a gigabyte.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/retired/list.h"
#include "util/text.h"

#define RUN 4	/* entries from which on it pays to render what they have in common apart */

static void write_text(FILE *f, const char *text)
{
	json_object *o = text ? json_object_new_string(text) : NULL;

	mr_text_print(f, json_object_to_json_string_ext(o, JSON_C_TO_STRING_NOSLASHESCAPE),
		      MR_TEXT_JSON);
	json_object_put(o);
}

static void write_layout(FILE *f, const struct mr_memlayout *l)
{
	fputs("{\"boot\":", f);
	write_text(f, l->boot[0] ? l->boot : NULL);
	fputs(",\"ranges\":[", f);
	for (size_t i = 0; i < l->nr_ranges; i++)
		fprintf(f, "%s[%" PRIu64 ",%" PRIu64 "]", i ? "," : "", l->ranges[i].start,
			l->ranges[i].end);
	fputs("],\"dimms\":[", f);
	for (size_t i = 0; i < l->nr_dimms; i++) {
		fputs(i ? "," : "", f);
		write_text(f, l->dimms[i].text);
	}
	fputs("],\"dimm_sizes\":[", f);
	for (size_t i = 0; i < l->nr_dimms; i++)
		fprintf(f, "%s%" PRIu64, i ? "," : "", l->dimms[i].size);
	fputs("]}", f);
}

/* An entry from its node on: what the pages of one command have in common. */
static void write_tail(FILE *f, const struct mr_retlist *l, const struct mr_retired *r)
{
	char time[MR_TIME_TEXT], node[16] = "null";

	if (r->node >= 0)
		snprintf(node, sizeof(node), "%" PRId32, r->node);
	fprintf(f, ",\"node\":%s,\"cause\":", node);
	write_text(f, mr_retlist_text(l, r->cause));
	fprintf(f, ",\"time\":\"%s\",\"label\":", mr_time_text(r->time, time));
	write_text(f, mr_retlist_text(l, r->label));
	fprintf(f, ",\"state\":\"%s\",\"reason\":", r->pending ? "pending" : "retired");
	write_text(f, mr_retlist_text(l, r->reason));
	fputc('}', f);
}

/* Returns the end of the entries from @i on that have their tail in common. */
static size_t same_tails(const struct mr_retlist *l, size_t i)
{
	const struct mr_retired *a = &l->list[i], *b = a;

	do {
		b++;
	} while (++i < l->nr && a->node == b->node && a->cause == b->cause && a->time == b->time &&
		 a->label == b->label && a->pending == b->pending && a->reason == b->reason);
	return i;
}

/* Returns the tail of @r as a text, to be freed, or NULL. */
static char *tail_text(const struct mr_retlist *l, const struct mr_retired *r)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (f) {
		write_tail(f, l, r);
		if (!fclose(f))
			return text;
	}
	free(text);
	return NULL;
}

/* Writes the entries [@i, @end), whose tails are the same. */
static void write_run(FILE *f, const struct mr_retlist *l, size_t i, size_t end)
{
	/* Texts and times cost more than numbers. Without memory each is rendered again. */
	char *tail = end - i >= RUN ? tail_text(l, &l->list[i]) : NULL;

	for (; i < end && !ferror(f); i++) {
		const struct mr_retired *r = &l->list[i];

		fprintf(f, "%s{\"pfn\":%" PRIu64 ",\"phys\":%" PRIu64, i ? ",\n" : "\n", r->pfn,
			r->pfn << l->page_shift);
		if (tail)
			fputs(tail, f);
		else
			write_tail(f, l, r);
	}
	free(tail);
}

int mr_retlist_write_json(const struct mr_retlist *l, const char *head, FILE *f)
{
	fprintf(f, "{%s\"version\":%d,\"page_size\":%llu,\n\"layout\":", head, MR_RETLIST_VERSION,
		1ULL << l->page_shift);
	write_layout(f, &l->layout);
	fputs(",\n\"retired\":[", f);
	for (size_t i = 0, end; i < l->nr && !ferror(f); i = end) {
		end = same_tails(l, i);
		write_run(f, l, i, end);
	}
	if (!ferror(f))
		fputs("\n]}\n", f);
	return ferror(f) ? errno ? -errno : -EIO : 0;
}

/* The text left to read, and the parser of one value. */
struct text {
	const char *p, *end;
	struct json_tokener *tok;
	unsigned long entry;	/* being read, from 1; 0 before the first */
};

static int corrupt(const struct text *t, const struct mr_retlist *l, const char *what,
		   struct mr_err *err)
{
	if (t->entry)
		mr_err_set(err, -EBADMSG, l->path, "corrupt: entry %lu: %s", t->entry, what);
	else
		mr_err_set(err, -EBADMSG, l->path, "corrupt: %s", what);
	mr_err_hint(err, "nothing is changed; move it away to begin a new list");
	return -EBADMSG;
}

static char peek(struct text *t)
{
	while (t->p < t->end && isspace((unsigned char)*t->p))
		t->p++;
	return t->p < t->end ? *t->p : '\0';
}

static bool take(struct text *t, char c)
{
	if (peek(t) != c)
		return false;
	t->p++;
	return true;
}

/* Parses one value; NULL with *@ok false if there is none (null is a value). */
static json_object *value(struct text *t, bool *ok)
{
	size_t len = (size_t)(t->end - t->p);
	json_object *o;

	json_tokener_reset(t->tok);
	o = json_tokener_parse_ex(t->tok, t->p, len > INT_MAX ? INT_MAX : (int)len);
	*ok = json_tokener_get_error(t->tok) == json_tokener_success;
	t->p += json_tokener_get_parse_end(t->tok);
	return o;
}

static bool get_u64(json_object *o, const char *key, uint64_t *v)
{
	json_object *member;

	if (!json_object_object_get_ex(o, key, &member) ||
	    !json_object_is_type(member, json_type_int))
		return false;
	if (json_object_get_int64(member) < 0)
		return false;
	*v = json_object_get_uint64(member);
	return true;
}

/* Reads an optional string; null counts as absent. */
static int get_text(struct mr_retlist *l, json_object *o, const char *key, mr_text_id *id)
{
	json_object *member = NULL;

	json_object_object_get_ex(o, key, &member);
	if (member && !json_object_is_type(member, json_type_string))
		return -EINVAL;
	return mr_retlist_intern(l, member ? json_object_get_string(member) : NULL, id);
}

static int read_entry(struct mr_retlist *l, struct text *t, json_object *o, struct mr_err *err)
{
	struct mr_retired r = { .node = -1 };
	json_object *member = NULL;
	const char *state;
	uint64_t phys, node;

	if (!json_object_is_type(o, json_type_object))
		return corrupt(t, l, "not an object", err);
	/* Use the address: a PFN depends on the page size. */
	if (!get_u64(o, "phys", &phys))
		return corrupt(t, l, "\"phys\" is not an address", err);
	r.pfn = phys >> l->page_shift;
	if (get_u64(o, "node", &node) && node <= INT32_MAX)
		r.node = (int32_t)node;
	if (!json_object_object_get_ex(o, "time", &member) ||
	    !json_object_is_type(member, json_type_string) ||
	    mr_time_parse(json_object_get_string(member), &r.time))
		return corrupt(t, l, "\"time\" is not like 2026-11-21T04:41:46Z", err);
	if (!json_object_object_get_ex(o, "state", &member) ||
	    !json_object_is_type(member, json_type_string))
		return corrupt(t, l, "\"state\" is missing", err);
	state = json_object_get_string(member);
	r.pending = !strcmp(state, "pending");
	if (!r.pending && strcmp(state, "retired"))
		return corrupt(t, l, "\"state\" is neither retired nor pending", err);
	if (get_text(l, o, "cause", &r.cause) || get_text(l, o, "label", &r.label) ||
	    get_text(l, o, "reason", &r.reason))
		return corrupt(t, l, "\"cause\", \"label\" or \"reason\" is not a string", err);
	return mr_retlist_add(l, &r) ? mr_err_set(err, -ENOMEM, l->path, "no memory for the list") : 0;
}

static int read_entries(struct mr_retlist *l, struct text *t, struct mr_err *err)
{
	int rc = 0;

	if (!take(t, '['))
		return corrupt(t, l, "\"retired\" is not an array", err);
	if (take(t, ']'))
		return 0;
	do {
		json_object *o;
		bool ok;

		t->entry++;
		peek(t);
		o = value(t, &ok);
		rc = ok ? read_entry(l, t, o, err) : corrupt(t, l, "no JSON, or cut short", err);
		json_object_put(o);
	} while (!rc && take(t, ','));
	if (!rc && !take(t, ']'))
		rc = corrupt(t, l, "cut short behind it", err);
	t->entry = 0;
	return rc;
}

static int read_layout(struct mr_retlist *l, json_object *o)
{
	json_object *ranges = NULL, *dimms = NULL, *sizes = NULL, *boot;
	int rc = 0;

	json_object_object_get_ex(o, "ranges", &ranges);
	json_object_object_get_ex(o, "dimms", &dimms);
	json_object_object_get_ex(o, "dimm_sizes", &sizes);	/* since 0.2 */
	if (!json_object_is_type(ranges, json_type_array) ||
	    !json_object_is_type(dimms, json_type_array) ||
	    (sizes && (!json_object_is_type(sizes, json_type_array) ||
		       json_object_array_length(sizes) != json_object_array_length(dimms))))
		return -EINVAL;
	mr_memlayout_free(&l->layout);
	if (json_object_object_get_ex(o, "boot", &boot) && boot)
		snprintf(l->layout.boot, sizeof(l->layout.boot), "%s", json_object_get_string(boot));
	mr_text_end_whole(l->layout.boot, sizeof(l->layout.boot));
	for (size_t i = 0; !rc && i < json_object_array_length(ranges); i++) {
		json_object *r = json_object_array_get_idx(ranges, i);

		if (!json_object_is_type(r, json_type_array) || json_object_array_length(r) != 2)
			return -EINVAL;
		rc = mr_memlayout_add_range(&l->layout,
					    json_object_get_uint64(json_object_array_get_idx(r, 0)),
					    json_object_get_uint64(json_object_array_get_idx(r, 1)));
	}
	for (size_t i = 0; !rc && i < json_object_array_length(dimms); i++) {
		const char *text = json_object_get_string(json_object_array_get_idx(dimms, i));

		rc = text ? mr_memlayout_add_dimm(&l->layout, text, sizes ? json_object_get_uint64(
				json_object_array_get_idx(sizes, i)) : 0) : -EINVAL;
	}
	mr_memlayout_settle(&l->layout);
	return rc;
}

static int check_version(struct mr_retlist *l, const struct text *t, json_object *o,
			 struct mr_err *err)
{
	if (!json_object_is_type(o, json_type_int) || json_object_get_int64(o) < 1)
		return corrupt(t, l, "\"version\" is not a number", err);
	if (json_object_get_int64(o) == MR_RETLIST_VERSION)
		return 0;
	mr_err_set(err, -EPROTONOSUPPORT, l->path,
		   "the list has version %" PRId64 ", but this memras supports version %d",
		   json_object_get_int64(o), MR_RETLIST_VERSION);
	mr_err_hint(err, "nothing is changed; a later memras wrote it and can read it");
	return -EPROTONOSUPPORT;
}

/* Reads one member of the top-level object. */
static int read_member(struct mr_retlist *l, struct text *t, bool *versioned, bool *listed,
		       struct mr_err *err)
{
	json_object *key, *o;
	const char *name;
	bool ok;
	int rc = 0;

	if (peek(t) != '"')
		return corrupt(t, l, "no JSON, or cut short", err);
	key = value(t, &ok);
	if (!ok || !take(t, ':')) {
		json_object_put(key);
		return corrupt(t, l, "no JSON, or cut short", err);
	}
	name = json_object_get_string(key);
	if (!strcmp(name, "retired")) {
		/* The version must come first, so that no list of another version is read. */
		rc = !*versioned ? corrupt(t, l, "no \"version\" before \"retired\"", err) :
				   read_entries(l, t, err);
		*listed = true;
	} else {
		peek(t);
		o = value(t, &ok);
		if (!ok) {
			rc = corrupt(t, l, "no JSON, or cut short", err);
		} else if (!strcmp(name, "version")) {
			rc = check_version(l, t, o, err);
			*versioned = true;
		} else if (!strcmp(name, "layout") && read_layout(l, o)) {
			rc = corrupt(t, l, "\"layout\" is invalid", err);
		}
		json_object_put(o);
	}
	json_object_put(key);
	return rc;
}

int mr_retlist_parse_json(struct mr_retlist *l, const char *text, size_t len, struct mr_err *err)
{
	struct text t = { text, text + len, json_tokener_new(), 0 };
	bool versioned = false, listed = false;
	int rc = 0;

	if (!t.tok)
		return mr_err_set(err, -ENOMEM, l->path, "no memory for the list");
	if (!take(&t, '{'))
		rc = corrupt(&t, l, "not a JSON object", err);
	do
		rc = rc ? rc : read_member(l, &t, &versioned, &listed, err);
	while (!rc && take(&t, ','));
	if (!rc && !take(&t, '}'))
		rc = corrupt(&t, l, "cut short", err);
	if (!rc && peek(&t))
		rc = corrupt(&t, l, "something follows its end", err);
	if (!rc && !(versioned && listed))
		rc = corrupt(&t, l, "\"version\" or \"retired\" is missing", err);
	json_tokener_free(t.tok);
	return rc;
}
