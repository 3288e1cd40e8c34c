/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Limits how often something costly is done: a few times in a row without a pause, in the
 * long run only for a fixed share of the time.
 */
#ifndef MR_LIB_WATCH_PACE_H
#define MR_LIB_WATCH_PACE_H

#include <stdint.h>

#define MR_PACE_PAUSE	10	/* pause in the long run, in multiples of the duration */
#define MR_PACE_BURST	8	/* times in a row without a pause */

/* Starts as zeros. Times are of one clock, in microseconds. */
struct mr_pace {
	uint64_t paid_us;	/* end of the time that the work so far uses up */
	uint64_t after_us;	/* earliest time to do it again */
};

/* Accounts for work done from @begin_us to @end_us. */
static inline void mr_pace_did(struct mr_pace *pace, uint64_t begin_us, uint64_t end_us)
{
	const uint64_t cost = MR_PACE_PAUSE * (end_us - begin_us);

	pace->paid_us = (pace->paid_us > end_us ? pace->paid_us : end_us) + cost;
	pace->after_us = pace->paid_us > MR_PACE_BURST * cost ?
		pace->paid_us - MR_PACE_BURST * cost : 0;
}

#endif
