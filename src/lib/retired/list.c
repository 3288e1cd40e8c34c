// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/retired/list.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/kpage.h"
#include "util/grow.h"
#include "util/num.h"

const char *mr_time_text(int64_t t, char *buf)
{
	time_t clock = (time_t)t;
	struct tm tm;

	if (!gmtime_r(&clock, &tm) || !strftime(buf, MR_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm))
		buf[0] = '\0';
	return buf;
}

int mr_time_parse(const char *text, int64_t *t)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

	if (!end || *end)
		return -EINVAL;
	*t = timegm(&tm);
	return 0;
}

/* Returns the bucket of @text, or the empty one where it belongs. */
static size_t bucket_of(const struct mr_retlist *l, const char *text)
{
	uint64_t hash = 0xcbf29ce484222325;	/* FNV-1a */
	size_t i;

	for (const char *p = text; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 0x100000001b3;
	for (i = hash & (l->nr_buckets - 1); l->buckets[i]; i = (i + 1) & (l->nr_buckets - 1))
		if (!strcmp(l->texts[l->buckets[i] - 1], text))
			break;
	return i;
}

/* Grows the table so that at least half of the buckets stay empty. */
static int make_buckets(struct mr_retlist *l)
{
	size_t nr = l->nr_buckets ? l->nr_buckets * 2 : 32;
	mr_text_id *more;

	if ((l->nr_texts + 1) * 2 <= l->nr_buckets)
		return 0;
	more = calloc(nr, sizeof(*more));
	if (!more)
		return -ENOMEM;
	free(l->buckets);
	l->buckets = more;
	l->nr_buckets = nr;
	for (size_t i = 0; i < l->nr_texts; i++)
		more[bucket_of(l, l->texts[i])] = (mr_text_id)(i + 1);
	return 0;
}

int mr_retlist_intern(struct mr_retlist *l, const char *text, mr_text_id *id)
{
	size_t bucket;
	char *copy;

	*id = 0;
	if (!text || !*text)
		return 0;
	if (make_buckets(l) || mr_make_room(l->texts, l->nr_texts, l->texts_room))
		return -ENOMEM;
	bucket = bucket_of(l, text);
	if (!l->buckets[bucket]) {
		copy = strdup(text);
		if (!copy)
			return -ENOMEM;
		l->texts[l->nr_texts++] = copy;
		l->buckets[bucket] = (mr_text_id)l->nr_texts;
	}
	*id = l->buckets[bucket];
	return 0;
}

const char *mr_retlist_text(const struct mr_retlist *l, mr_text_id id)
{
	return id ? l->texts[id - 1] : NULL;
}

int mr_retlist_reserve(struct mr_retlist *l, size_t room)
{
	struct mr_retired *more;

	if (room <= l->room)
		return 0;
	more = reallocarray(l->list, room, sizeof(*more));
	if (!more)
		return -ENOMEM;
	l->list = more;
	l->room = room;
	return 0;
}

int mr_retlist_add(struct mr_retlist *l, const struct mr_retired *entry)
{
	if (mr_make_room(l->list, l->nr, l->room))
		return -ENOMEM;
	l->list[l->nr++] = *entry;
	return 0;
}

/*
 * Of the entries of one page, what is retired comes first, with the cause for which it was
 * retired, whenever an import or another list says that it had errors; then the earliest.
 */
static int by_pfn_and_rank(const void *a, const void *b)
{
	const struct mr_retired *x = a, *y = b;
	int order = mr_u64_order(a, b);

	if (!order)
		order = x->pending - y->pending;
	return order ? order : x->time < y->time ? -1 : x->time > y->time;
}

static void combine(struct mr_retired *first, const struct mr_retired *later)
{
	if (!first->cause)
		first->cause = later->cause;
	if (!first->label)
		first->label = later->label;
	if (first->node < 0)
		first->node = later->node;
}

void mr_retlist_settle(struct mr_retlist *l)
{
	bool sorted = true;
	size_t n = 0;

	for (size_t i = 1; sorted && i < l->nr; i++)
		sorted = l->list[i - 1].pfn < l->list[i].pfn;
	if (sorted)
		return;
	qsort(l->list, l->nr, sizeof(*l->list), by_pfn_and_rank);
	for (size_t i = 1; i < l->nr; i++) {
		if (l->list[i].pfn == l->list[n].pfn)
			combine(&l->list[n], &l->list[i]);
		else
			l->list[++n] = l->list[i];
	}
	l->nr = n + 1;
}

struct mr_retired *mr_retlist_find(const struct mr_retlist *l, uint64_t pfn)
{
	struct mr_retired key = { .pfn = pfn };

	return l->nr ? bsearch(&key, l->list, l->nr, sizeof(key), mr_u64_order) : NULL;
}

size_t mr_retlist_forget(struct mr_retlist *l, struct mr_pfns *ranges, size_t nr)
{
	size_t n = 0, r = 0, had = l->nr;
	uint64_t reach = 0;	/* the last page of the ranges so far */
	bool any = false;

	if (nr)
		qsort(ranges, nr, sizeof(*ranges), mr_u64_order);
	for (size_t i = 0; i < had; i++) {
		const uint64_t pfn = l->list[i].pfn;

		for (; r < nr && ranges[r].pfn <= pfn; r++) {
			uint64_t last;

			if (!ranges[r].nr)
				continue;
			if (__builtin_add_overflow(ranges[r].pfn, ranges[r].nr - 1, &last))
				last = UINT64_MAX;
			reach = any && reach > last ? reach : last;
			any = true;
		}
		if (!any || pfn > reach)
			l->list[n++] = l->list[i];
	}
	l->nr = n;
	return had - n;
}

void mr_retlist_subtract(struct mr_retlist *l, const struct mr_retlist *other)
{
	size_t n = 0, o = 0;

	for (size_t i = 0; i < l->nr; i++) {
		while (o < other->nr && other->list[o].pfn < l->list[i].pfn)
			o++;
		if (o == other->nr || other->list[o].pfn != l->list[i].pfn)
			l->list[n++] = l->list[i];
	}
	l->nr = n;
}

void mr_retlist_refresh(struct mr_retlist *l, const struct mr_machine *m)
{
	for (size_t i = 0; i < l->nr; i++) {
		int poisoned = mr_kpage_poisoned(m, l->list[i].pfn);

		if (poisoned < 0 && poisoned != -ENXIO && poisoned != -ENODATA)
			continue;
		l->list[i].pending = poisoned != 1;
		if (poisoned == 1)
			l->list[i].reason = 0;
	}
}

size_t mr_retlist_pending(const struct mr_retlist *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->nr; i++)
		n += l->list[i].pending;
	return n;
}

int mr_retlist_fits(struct mr_retlist *l, const struct mr_machine *m, bool adopt,
		    struct mr_err *err)
{
	struct mr_memlayout now;
	char why[300];
	int rc = mr_memlayout_read(m, &now);

	if (rc)
		return mr_err_set(err, rc, l->path, "no memory for the memory layout");
	if (!l->nr || adopt || !mr_memlayout_differs(&l->layout, &now, why, sizeof(why))) {
		/* If the DIMMs cannot be read, keep those that the list has. */
		if (!now.nr_dimms && !adopt && l->nr) {
			now.dimms = l->layout.dimms;
			now.nr_dimms = l->layout.nr_dimms;
			l->layout.dimms = NULL;
			l->layout.nr_dimms = 0;
		}
		mr_memlayout_free(&l->layout);
		l->layout = now;
		return 0;
	}
	/* Nothing to compare: no objection. */
	rc = l->layout.nr_ranges || now.nr_ranges ? -ESTALE : 0;
	mr_memlayout_free(&now);
	if (rc) {
		mr_err_set(err, rc, l->path, "the list is of other memory: %s", why);
		mr_err_hint(err, "its page frame numbers may be other memory now; "
			    "see memras-retired(8)");
	}
	return rc;
}
