// SPDX-License-Identifier: GPL-2.0-or-later
/* The pace of scans of all memory. */
#include "check.h"
#include "lib/watch/pace.h"

#define SECOND 1000000ULL

static void test_burst(void)
{
	struct mr_pace pace = { 0 };
	uint64_t now = 1000 * SECOND;
	int n = 0;

	/* A burst of scans of one second each at once, then one every ten seconds. */
	while (pace.after_us <= now) {
		mr_pace_did(&pace, now, now + SECOND);
		now += SECOND;
		n++;
	}
	CHECK_INT(n, MR_PACE_BURST + 1);
	now = pace.after_us;
	mr_pace_did(&pace, now, now + SECOND);
	CHECK_INT(pace.after_us - now, MR_PACE_PAUSE * SECOND);
	/* A scan waits for its share of the time. */
	for (int i = 0; i < 20; i++) {
		now = pace.after_us;
		mr_pace_did(&pace, now, now + SECOND / 2);
	}
	CHECK_INT(pace.after_us - now, MR_PACE_PAUSE * SECOND / 2);
}

static void test_rest(void)
{
	struct mr_pace pace = { 0 };

	for (int i = 0; i < 20; i++)
		mr_pace_did(&pace, pace.after_us, pace.after_us + SECOND);
	/* Unused time is saved up, but for one burst only. */
	mr_pace_did(&pace, 5000 * SECOND, 5001 * SECOND);
	CHECK(pace.after_us < 5000 * SECOND);
	CHECK_INT(pace.paid_us, 5011 * SECOND);
}

int main(void)
{
	test_burst();
	test_rest();
	return CHECK_RESULT;
}
