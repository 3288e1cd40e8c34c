/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Strict parsing of numbers, sizes and durations. */
#ifndef MR_UTIL_NUM_H
#define MR_UTIL_NUM_H

#include <stddef.h>
#include <stdint.h>

/* Compares, for qsort() and bsearch(): ascending uint64_t, or structs that begin with one. */
int mr_u64_order(const void *a, const void *b);

/*
 * Returns the index of the first item not below @key in @list, @nr items of @size bytes
 * sorted by mr_u64_order(); @nr if all are below.
 */
size_t mr_u64_place(const void *list, size_t nr, size_t size, uint64_t key);

/*
 * Reads an unsigned number, decimal or (after 0x) hexadecimal, from @s and sets *@end
 * behind its last digit. Takes no sign, blank or octal. Returns 0, -EINVAL if there is no
 * digit, -ERANGE above 2^64 - 1.
 */
int mr_num_scan(const char *s, const char **end, uint64_t *value);

/*
 * As mr_num_scan(), with an optional suffix: one of K M G T (powers of 1024, either
 * case), which "iB" or "B" may follow. -ERANGE also if the suffix takes the value above
 * 2^64 - 1.
 */
int mr_size_scan(const char *s, const char **end, uint64_t *bytes);

/* Parse the whole of @s: -EINVAL for trailing characters. */
int mr_num_parse(const char *s, uint64_t *value);
int mr_size_parse(const char *s, uint64_t *bytes);

/*
 * Parses "500ms", "10s", "2m", "1h" or plain seconds into milliseconds. -ERANGE above
 * MR_DURATION_MAX, which in microseconds can still be added to the clock without
 * overflow.
 */
#define MR_DURATION_MAX (UINT64_MAX / 2 / 1000)
int mr_duration_parse(const char *s, uint64_t *ms);

/*
 * Formats @bytes with a unit letter and at most one decimal, as lsmem prints sizes:
 * 134217728 is "128M", 1536 is "1.5K". @buf needs MR_SIZE_TEXT bytes.
 */
#define MR_SIZE_TEXT 40
const char *mr_size_text(uint64_t bytes, char *buf);

#endif
