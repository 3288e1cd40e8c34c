/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When something costly may be done again: at once after a few times, and for long no more
 * often than so that it takes its share of a CPU.
 */
#ifndef MR_LIB_WATCH_PACE_H
#define MR_LIB_WATCH_PACE_H

#include <stdint.h>

#define MR_PACE_PAUSE	10	/* in the long run it rests so many times as long as it takes, */
#define MR_PACE_BURST	8	/* ... after so many times that it need not */

/* All zeros at the beginning; times are of one clock, in microseconds. */
struct mr_pace {
	uint64_t paid_us;	/* what was done so far takes up the time until then */
	uint64_t after_us;	/* when it may be done again */
};

/* It was done from @begin_us until @end_us. */
static inline void mr_pace_did(struct mr_pace *pace, uint64_t begin_us, uint64_t end_us)
{
	const uint64_t cost = MR_PACE_PAUSE * (end_us - begin_us);

	pace->paid_us = (pace->paid_us > end_us ? pace->paid_us : end_us) + cost;
	pace->after_us = pace->paid_us > MR_PACE_BURST * cost ?
		pace->paid_us - MR_PACE_BURST * cost : 0;
}

#endif
