// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/watch/suspects.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/num.h"
#include "util/text.h"

#define SAME_ERROR_S 10

int mr_suspects_init(struct mr_suspects *s)
{
	*s = (struct mr_suspects){
		.list = calloc(MR_SUSPECTS_MAX, sizeof(*s->list)),
		.room = MR_SUSPECTS_MAX,
		.errors = calloc(MR_ERRORS_MAX, sizeof(*s->errors)),
	};
	return s->list && s->errors ? 0 : -ENOMEM;
}

void mr_suspects_free(struct mr_suspects *s)
{
	free(s->list);
	free(s->errors);
	*s = (struct mr_suspects){ 0 };
}

static void set_why(char *to, const char *why)
{
	if (!why)
		return;
	snprintf(to, MR_WATCH_WHY, "%s", why);
	mr_text_end_whole(to, MR_WATCH_WHY);
}

/* Returns the index of @pfn in the list, or where to insert it. */
static size_t place_of(const struct mr_suspects *s, uint64_t pfn)
{
	return mr_u64_place(s->list, s->nr, sizeof(*s->list), pfn);
}

static struct mr_suspect *find(const struct mr_suspects *s, uint64_t pfn)
{
	size_t at = place_of(s, pfn);

	return at < s->nr && s->list[at].pfn == pfn ? &s->list[at] : NULL;
}

static struct mr_suspect *find_or_add(struct mr_suspects *s, uint64_t pfn)
{
	size_t at = place_of(s, pfn);

	if (at < s->nr && s->list[at].pfn == pfn)
		return &s->list[at];
	if (s->nr == s->room) {
		s->overrun = true;
		return NULL;
	}
	memmove(&s->list[at + 1], &s->list[at], (s->nr - at) * sizeof(*s->list));
	s->nr++;
	s->list[at] = (struct mr_suspect){ .pfn = pfn };
	return &s->list[at];
}

/* Records an error. A repeated one replaces the last, and takes no more room. */
static void note_error(struct mr_suspects *s, const struct mr_kernlog *log, int64_t time)
{
	struct mr_error_seen *last = s->nr_errors ?
		&s->errors[(s->nr_errors - 1) % MR_ERRORS_MAX] : NULL;

	if (!last || last->pfn != log->pfn || last->cause != log->cause)
		last = &s->errors[s->nr_errors++ % MR_ERRORS_MAX];
	*last = (struct mr_error_seen){ .pfn = log->pfn, .time = time, .cause = log->cause };
}

void mr_suspects_hear(struct mr_suspects *s, const struct mr_kernlog *log, int64_t time,
		      uint64_t until_us)
{
	struct mr_suspect *suspect;

	if (log->blames)
		note_error(s, log, time);
	suspect = log->claims ? find_or_add(s, log->pfn) : find(s, log->pfn);
	if (!suspect)
		return;
	if (!suspect->until_us) {
		suspect->time = time;
		suspect->until_us = until_us;
	}
	set_why(suspect->why, log->why);
}

void mr_suspects_drop(struct mr_suspects *s, size_t index)
{
	s->nr--;
	memmove(&s->list[index], &s->list[index + 1], (s->nr - index) * sizeof(*s->list));
}

const struct mr_error_seen *mr_suspects_error(const struct mr_suspects *s, uint64_t pfn)
{
	const size_t kept = s->nr_errors < MR_ERRORS_MAX ? s->nr_errors : MR_ERRORS_MAX;
	const struct mr_error_seen *last = NULL;

	for (size_t i = 1; i <= kept; i++) {
		const struct mr_error_seen *e = &s->errors[(s->nr_errors - i) % MR_ERRORS_MAX];

		if (e->pfn != pfn)
			continue;
		if (!last)
			last = e;
		/* The machine check that made the collector act is logged after its action. */
		if (e->cause == MR_CAUSE_MACHINE_CHECK && last == e)
			continue;
		return last->time - e->time <= SAME_ERROR_S ? e : last;
	}
	return last;
}
