// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/watch/errpages.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/grow.h"
#include "util/num.h"
#include "util/replace.h"
#include "util/text.h"

#define HEAD "memras corrected errors 1\n"

void mr_errpages_free(struct mr_errpages *e)
{
	for (size_t i = 0; i < e->nr; i++)
		free(e->list[i].times);
	free(e->list);
	e->list = NULL;
	e->nr = e->room = e->nr_due = 0;
}

struct mr_errpage *mr_errpages_find(const struct mr_errpages *e, uint64_t pfn)
{
	size_t at = mr_u64_place(e->list, e->nr, sizeof(*e->list), pfn);

	return at < e->nr && e->list[at].pfn == pfn ? &e->list[at] : NULL;
}

struct mr_errpage *mr_errpages_due(const struct mr_errpages *e)
{
	for (size_t i = 0; e->nr_due && i < e->nr; i++)
		if (e->list[i].due)
			return &e->list[i];
	return NULL;
}

static int by_time(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* Drops many pages at once: in a storm of errors, each may be of another page. */
static void drop_oldest(struct mr_errpages *e)
{
	mr_autofree int64_t *times = malloc(e->nr * sizeof(*times));
	size_t open = 0, n = 0, drop;
	int64_t newest;

	for (size_t i = 0; times && i < e->nr; i++)
		if (!e->list[i].due)
			times[open++] = e->list[i].last;
	drop = open < MR_ERRPAGES_MAX / 4 ? open : MR_ERRPAGES_MAX / 4;
	if (!drop)
		return;
	qsort(times, open, sizeof(*times), by_time);
	newest = times[drop - 1];
	for (size_t i = 0; i < e->nr; i++) {
		if (drop && !e->list[i].due && e->list[i].last <= newest) {
			free(e->list[i].times);
			drop--;
		} else {
			e->list[n++] = e->list[i];
		}
	}
	e->nr = n;
}

static struct mr_errpage *find_or_add(struct mr_errpages *e, uint64_t pfn)
{
	struct mr_errpage *page = mr_errpages_find(e, pfn);
	int64_t *times;
	size_t at;

	if (page)
		return page;
	if (e->nr == MR_ERRPAGES_MAX)
		drop_oldest(e);
	if (e->nr == MR_ERRPAGES_MAX || mr_make_room(e->list, e->nr, e->room))
		return NULL;
	times = malloc((e->threshold + 1) * sizeof(*times));
	if (!times)
		return NULL;
	at = mr_u64_place(e->list, e->nr, sizeof(*e->list), pfn);
	page = &e->list[at];
	memmove(page + 1, page, (e->nr - at) * sizeof(*page));
	e->nr++;
	*page = (struct mr_errpage){ .pfn = pfn, .times = times };
	return page;
}

/* Removes the first @nr times of the page. */
static void drop_times(struct mr_errpage *page, size_t nr)
{
	page->nr -= nr;
	memmove(page->times, page->times + nr, page->nr * sizeof(*page->times));
}

static void set_due(struct mr_errpages *e, struct mr_errpage *page, bool due)
{
	e->nr_due += due;
	e->nr_due -= page->due;
	page->due = due;
}

static void add_time(struct mr_errpages *e, struct mr_errpage *page, int64_t time)
{
	size_t old = 0;

	while (old < page->nr && page->times[old] <= time - e->window_s)
		old++;
	/* Keep no more than the threshold. */
	if (!old && page->nr == e->threshold)
		old = 1;
	drop_times(page, old);
	page->times[page->nr++] = time;
	set_due(e, page, page->nr >= e->threshold && time >= page->rests);
}

int mr_errpages_add(struct mr_errpages *e, uint64_t pfn, uint64_t count, int64_t time,
		    const char *label)
{
	struct mr_errpage *page = find_or_add(e, pfn);

	if (!page)
		return -ENOMEM;
	if (label[0]) {
		snprintf(page->label, sizeof(page->label), "%s", label);
		mr_text_end_whole(page->label, sizeof(page->label));
	}
	page->last = time;
	if (count > e->threshold)
		count = e->threshold;
	for (; count; count--)
		add_time(e, page, time);
	e->changed = true;
	return 0;
}

void mr_errpages_reset(struct mr_errpages *e, struct mr_errpage *page)
{
	page->nr = 0;
	set_due(e, page, false);
	e->changed = true;
}

void mr_errpages_rest(struct mr_errpages *e, struct mr_errpage *page, int64_t time)
{
	mr_errpages_reset(e, page);
	page->rests = time + e->window_s;
}

static void read_line(struct mr_errpages *e, const char *line)
{
	uint64_t pfn, time;

	if (mr_num_scan(line, &line, &pfn))
		return;
	while (*line++ == ' ' && !mr_num_scan(line, &line, &time) && time <= INT64_MAX)
		if (mr_errpages_add(e, pfn, 1, (int64_t)time, ""))
			return;
}

static int read_file(struct mr_errpages *e, FILE *f, struct mr_errdimms *then)
{
	mr_autofree char *line = NULL;
	size_t room = 0;

	if (getline(&line, &room, f) < 0 || strcmp(line, HEAD))
		return -EBADMSG;
	while (getline(&line, &room, f) >= 0)
		if (!mr_errdimms_parse(then, line))
			read_line(e, line);
	return 0;
}

int mr_errpages_load(struct mr_errpages *e, int dir, const struct mr_errdimms *dimms,
		     struct mr_err *err)
{
	int fd = openat(dir, MR_ERRPAGES_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	mr_autofclose FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	struct mr_errdimms then = { 0 };
	char why[300];
	int rc = 0;

	if (fd >= 0 && !f)
		close(fd);
	if (!f || read_file(e, f, &then)) {
		mr_errdimms_free(&then);
		return 0;
	}
	if (mr_errdimms_differ(&then, dimms, why, sizeof(why))) {
		mr_errpages_free(e);
		rc = mr_err_set(err, -ESTALE, MR_ERRPAGES_FILE,
				"the counts of corrected errors are of other DIMMs, and begin anew: %s",
				why);
	}
	mr_errdimms_free(&then);
	e->changed = false;
	return rc;
}

struct file {
	const struct mr_errpages *pages;
	const struct mr_errdimms *dimms;
};

static int write_file(FILE *f, const void *data)
{
	const struct file *file = data;
	const struct mr_errpages *e = file->pages;

	fputs(HEAD, f);
	mr_errdimms_write(file->dimms, f);
	for (size_t i = 0; i < e->nr; i++) {
		const struct mr_errpage *page = &e->list[i];

		if (!page->nr)
			continue;
		fprintf(f, "0x%" PRIx64, page->pfn);
		for (size_t k = 0; k < page->nr; k++)
			fprintf(f, " %" PRId64, page->times[k]);
		putc('\n', f);
	}
	return ferror(f) ? -EIO : 0;
}

int mr_errpages_save(struct mr_errpages *e, int dir, const struct mr_errdimms *dimms,
		     struct mr_err *err)
{
	const struct file file = { e, dimms };
	/* Only root may read serial numbers of DIMMs. */
	int rc = mr_replace_file(dir, MR_ERRPAGES_FILE, 0600, write_file, &file);

	if (rc)
		return mr_err_set(err, rc, MR_ERRPAGES_FILE,
				  "the counts of corrected errors cannot be written");
	/* Make the rename durable, see fsync(2). */
	if (fsync(dir))
		return mr_err_set(err, -errno, MR_ERRPAGES_FILE,
				  "the counts of corrected errors are written, but may not last");
	e->changed = false;
	return 0;
}
