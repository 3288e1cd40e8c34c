// SPDX-License-Identifier: GPL-2.0-or-later
/* The loop of claims, on a mock machine with pageblocks of 8 pages and its own clock. */
#define _GNU_SOURCE
#include "lib/range/claim.h"

#include <errno.h>
#include <stdlib.h>

#include "check.h"

#define UNIT	8
#define LARGEST	32
#define PAGES	128

static struct world {
	uint64_t now_us, interrupt_at_us;
	uint64_t free_at_us[PAGES];	/* when claims of the page begin to succeed */
	int rc[PAGES];			/* the result of a claim before that */
	bool held[PAGES], batched[PAGES], passed_over[PAGES], lasting[PAGES], whole_only[PAGES];
	unsigned int claims, drains, looks;
	struct mr_range first;		/* claim */
	uint64_t longest_pause_us;
} w;

static int claim(void *ctx, struct memras_claim *c)
{
	const uint64_t end = c->start_pfn + c->nr_pages;

	(void)ctx;
	CHECK(c->nr_pages && end <= PAGES);
	CHECK(c->flags & MEMRAS_CLAIM_ROUND);
	if (!w.claims++)
		w.first = (struct mr_range){ c->start_pfn, c->nr_pages };
	w.now_us += 10;
	for (uint64_t i = c->start_pfn; i < end; i++) {
		if (w.batched[i])
			return -EBUSY;
		if (w.whole_only[i] && c->nr_pages % UNIT)
			return -EBUSY;
		if (w.free_at_us[i] > w.now_us)
			return w.rc[i] ? w.rc[i] : -EBUSY;
	}
	/* Two zones, the second from page 64; no claim may span them. */
	if (c->start_pfn < 64 && end > 64)
		return -EINVAL;
	for (uint64_t i = c->start_pfn; i < end; i++) {
		c->claimed += !w.held[i];
		w.held[i] = true;
	}
	return 0;
}

static void drain(void *ctx)
{
	(void)ctx;
	w.drains++;
	memset(w.batched, 0, sizeof(w.batched));
}

static int look(void *ctx, uint64_t pfn, uint64_t nr, struct mr_blockers *out)
{
	(void)ctx;
	w.looks++;
	for (uint64_t i = pfn; i < pfn + nr; i++) {
		if (w.free_at_us[i] <= w.now_us)
			continue;
		if (!out->list)
			out->list = calloc(PAGES, sizeof(*out->list));
		if (!out->list)
			return -ENOMEM;
		out->list[out->nr++] = (struct mr_blocker){ .pfn = i, .pages = 1,
							    .lasting = w.lasting[i] };
		out->lasting |= w.lasting[i];
		out->pages++;
	}
	return 0;
}

static bool leave(void *data, uint64_t pfn, uint64_t nr, const struct mr_blockers *found)
{
	bool all = found->nr > 0;

	(void)data, (void)pfn, (void)nr;
	for (size_t i = 0; i < found->nr; i++)
		all &= w.passed_over[found->list[i].pfn];
	return all;
}

static int interrupted(void)
{
	return w.interrupt_at_us && w.now_us >= w.interrupt_at_us;
}

static uint64_t clock_us(void)
{
	return w.now_us;
}

static void sleep_us(uint64_t us)
{
	w.longest_pause_us = us > w.longest_pause_us ? us : w.longest_pause_us;
	w.now_us += us;
}

static const struct mr_claim_ops ops = {
	.claim = claim, .drain = drain, .look = look,
	.interrupted = interrupted, .clock_us = clock_us, .sleep_us = sleep_us,
};

static struct mr_claims c;

/* A machine where everything is free, and a loop with 10 seconds. */
static void begin(void)
{
	mr_blockers_free(&c.blockers);
	w = (struct world){ .now_us = 1 };
	c = (struct mr_claims){ .ops = &ops, .leave = leave, .unit = UNIT, .largest = LARGEST,
				.deadline_us = 10000000, .retries = UINT64_MAX };
}

static int run(uint64_t pfn, uint64_t nr)
{
	struct mr_range range = { pfn, nr };

	return mr_claims_run(&c, &(struct mr_ranges){ .list = &range, .nr = 1 });
}

static unsigned int held(void)
{
	unsigned int n = 0;

	for (size_t i = 0; i < PAGES; i++)
		n += w.held[i];
	return n;
}

static void what_is_free_goes_in_large_pieces(void)
{
	begin();
	CHECK_INT(run(32, 32), 0);
	CHECK_INT(w.claims, 1);
	CHECK_INT(w.drains, 0);
	CHECK_INT(w.looks, 0);
	CHECK_INT(c.attempts, 1);
	CHECK_INT(c.claimed, 32);

	/* Cut at multiples of the large pieces, wherever the range begins. */
	begin();
	CHECK_INT(run(3, 61), 0);
	CHECK_INT(w.claims, 2);
	CHECK(w.first.pfn == 3 && w.first.nr == 29);
	CHECK_INT(held(), 61);
}

static void what_waits_in_batches_is_drained_once(void)
{
	begin();
	w.batched[3] = w.batched[40] = true;
	CHECK_INT(run(0, 64), 0);
	CHECK_INT(w.drains, 1);
	CHECK_INT(w.claims, 3);
	CHECK_INT(c.attempts, 1);
}

static void what_is_busy_is_halved(void)
{
	begin();
	w.free_at_us[13] = UINT64_MAX;
	c.retries = 0;
	CHECK_INT(run(0, 32), -EBUSY);
	CHECK_INT(held(), 24);
	CHECK(w.held[7] && !w.held[8] && !w.held[15] && w.held[16]);
	CHECK_INT(c.claimed, 24);
	CHECK_INT(c.blockers.nr, 1);
	CHECK(c.blockers.nr == 1 && c.blockers.list[0].pfn == 13);
	CHECK_INT(c.attempts, 1);
	/* The whole, again after draining, 0-15, 0-7, 8-15, 16-31 */
	CHECK_INT(w.claims, 6);
}

/* One pass over the first @nr pages, of which @busy is busy, with a least piece. */
static void pass_with_least(uint64_t least, uint64_t nr, uint64_t busy)
{
	begin();
	c.least = least;
	w.free_at_us[busy] = UINT64_MAX;
	c.retries = 0;
	CHECK_INT(run(0, nr), -EBUSY);
}

/* Hugepages that are smaller than a pageblock go one by one. */
static void what_is_busy_is_halved_down_to_a_least_piece(void)
{
	pass_with_least(2, 32, 13);
	CHECK_INT(held(), 30);
	CHECK(w.held[11] && !w.held[12] && !w.held[13] && w.held[14]);
	CHECK_INT(c.attempts, 1);
	/* An odd end is a piece of its own. */
	pass_with_least(2, 7, 6);
	CHECK_INT(held(), 6);
	/* What is as large as a pageblock, or larger, changes nothing. */
	pass_with_least(UNIT, 32, 13);
	CHECK_INT(held(), 24);
}

static void halves_begin_at_pageblocks(void)
{
	begin();
	w.free_at_us[16] = UINT64_MAX;
	c.retries = 0;
	CHECK_INT(run(5, 14), -EBUSY);
	for (uint64_t i = 0; i < 24; i++)
		CHECK_INT(w.held[i], i >= 5 && i < 16);
}

static void busy_ones_are_tried_until_they_are_free(void)
{
	begin();
	w.free_at_us[50] = 1000000;
	CHECK_INT(run(32, 32), 0);
	CHECK_INT(held(), 32);
	CHECK(c.attempts > 5 && c.attempts < 40);
	CHECK_INT(w.drains, c.attempts);
	CHECK_INT(w.longest_pause_us, MR_CLAIM_PAUSE_US);
	CHECK_INT(c.blockers.nr, 0);
	CHECK(!c.blockers.list);
}

static void the_deadline_ends_it(void)
{
	begin();
	w.free_at_us[50] = UINT64_MAX;
	CHECK_INT(run(32, 32), -ETIMEDOUT);
	CHECK(w.now_us <= c.deadline_us);
	CHECK_INT(c.blockers.nr, 1);
	begin();
	w.free_at_us[50] = UINT64_MAX;
	w.rc[50] = -ENOMEM;
	CHECK_INT(run(32, 32), -ENOMEM);
	/* No claim begins after it. */
	begin();
	c.deadline_us = 11;
	CHECK_INT(run(0, 64), -ETIMEDOUT);
	CHECK_INT(w.claims, 1);
}

static void retries_end_it(void)
{
	begin();
	w.free_at_us[50] = UINT64_MAX;
	c.retries = 4;
	CHECK_INT(run(32, 32), -EBUSY);
	CHECK_INT(c.attempts, 5);
}

static void a_lasting_blocker_ends_it(void)
{
	begin();
	w.free_at_us[50] = UINT64_MAX;
	w.lasting[50] = true;
	CHECK_INT(run(32, 32), -EBUSY);
	CHECK_INT(c.attempts, MR_CLAIM_LOOKS);
	CHECK(c.blockers.lasting);
}

static void a_signal_ends_it(void)
{
	begin();
	w.free_at_us[50] = UINT64_MAX;
	w.interrupt_at_us = 50000;
	CHECK_INT(run(32, 32), -EINTR);
	CHECK(w.now_us < 500000);
	/* Even if the last claim succeeded. */
	begin();
	w.interrupt_at_us = 5;
	CHECK_INT(run(32, 32), -EINTR);
}

static void other_errors_end_it_at_once(void)
{
	begin();
	w.free_at_us[34] = UINT64_MAX;
	w.rc[34] = -ENXIO;
	CHECK_INT(run(32, 32), -ENXIO);
	CHECK_INT(w.claims, 1);
	CHECK_INT(held(), 0);
}

/* The halves of a range may be in different zones. */
static void zones_are_claimed_by_themselves(void)
{
	begin();
	c.largest = PAGES;
	CHECK_INT(run(0, PAGES), 0);
	CHECK_INT(held(), PAGES);
	CHECK_INT(w.claims, 3);
}

static void what_may_be_left_is_left(void)
{
	begin();
	w.free_at_us[50] = w.free_at_us[51] = w.free_at_us[60] = UINT64_MAX;
	w.passed_over[50] = w.passed_over[51] = w.passed_over[60] = true;
	CHECK_INT(run(32, 32), 0);
	CHECK_INT(c.attempts, 1);
	CHECK_INT(held(), 16);
	begin();
	w.free_at_us[50] = w.free_at_us[51] = UINT64_MAX;
	w.passed_over[50] = true;
	CHECK_INT(run(32, 32), -ETIMEDOUT);
	/* Not if other pages were not reached. */
	begin();
	w.free_at_us[50] = UINT64_MAX;
	w.passed_over[50] = true;
	c.deadline_us = 11;
	CHECK_INT(run(32, 32), -ETIMEDOUT);
}

static void parts_of_pageblocks_are_claimed_around(void)
{
	begin();
	memset(w.whole_only, true, sizeof(w.whole_only));
	c.around = true;
	CHECK_INT(run(34, 3), 0);
	CHECK_INT(held(), 8);
	CHECK(w.held[32] && w.held[39]);
	begin();
	memset(w.whole_only, true, sizeof(w.whole_only));
	c.retries = 0;
	CHECK_INT(run(34, 3), -EBUSY);
	CHECK_INT(held(), 0);
	/* The blocker may be outside the wanted range then. */
	begin();
	w.whole_only[34] = true;
	w.free_at_us[38] = UINT64_MAX;
	w.lasting[38] = true;
	c.around = true;
	CHECK_INT(run(34, 3), -EBUSY);
	CHECK(c.blockers.nr == 1 && c.blockers.list[0].pfn == 38 && c.blockers.around);
	w.lasting[38] = false;
	CHECK_INT(run(34, 3), -ETIMEDOUT);
}

int main(void)
{
	what_is_free_goes_in_large_pieces();
	what_waits_in_batches_is_drained_once();
	what_is_busy_is_halved();
	what_is_busy_is_halved_down_to_a_least_piece();
	halves_begin_at_pageblocks();
	busy_ones_are_tried_until_they_are_free();
	the_deadline_ends_it();
	retries_end_it();
	a_lasting_blocker_ends_it();
	a_signal_ends_it();
	other_errors_end_it_at_once();
	zones_are_claimed_by_themselves();
	what_may_be_left_is_left();
	parts_of_pageblocks_are_claimed_around();
	mr_blockers_free(&c.blockers);
	return CHECK_RESULT;
}
