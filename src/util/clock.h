/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The monotonic clock. */
#ifndef MR_UTIL_CLOCK_H
#define MR_UTIL_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Returns the microseconds of the monotonic clock. */
static inline uint64_t mr_clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* Sleeps; a signal ends it early, so that an interrupted wait stops at once. */
static inline void mr_clock_sleep_us(uint64_t us)
{
	struct timespec ts = {
		.tv_sec = (time_t)(us / 1000000),
		.tv_nsec = (long)(us % 1000000) * 1000,
	};

	nanosleep(&ts, NULL);
}

#endif
