/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers, sizes and durations as people write them, strictly. */
#ifndef MR_UTIL_NUM_H
#define MR_UTIL_NUM_H

#include <stddef.h>
#include <stdint.h>

/* For qsort() and bsearch(): ascending uint64_t, or structs that begin with one. */
int mr_u64_order(const void *a, const void *b);

/*
 * In @list, @nr items of @size bytes in that order: the index of the first that is not
 * below @key, @nr if all are.
 */
size_t mr_u64_place(const void *list, size_t nr, size_t size, uint64_t key);

/*
 * Reads an unsigned number, decimal or (after 0x) hexadecimal, from @s and
 * sets *@end behind its last digit. No sign, no blank, no octal.
 * Returns 0, -EINVAL when no digit is there, -ERANGE past 2^64 - 1.
 */
int mr_num_scan(const char *s, const char **end, uint64_t *value);

/*
 * As mr_num_scan(), then one of K M G T (powers of 1024, either case), which
 * may carry "iB" or "B". -ERANGE also when the suffix takes it past 2^64 - 1.
 */
int mr_size_scan(const char *s, const char **end, uint64_t *bytes);

/* The whole of @s, nothing behind it: -EINVAL for trailing characters. */
int mr_num_parse(const char *s, uint64_t *value);
int mr_size_parse(const char *s, uint64_t *bytes);

/*
 * "500ms", "10s", "2m", or plain seconds, into milliseconds. -ERANGE past
 * MR_DURATION_MAX, up to which a time in microseconds can be added to a clock's.
 */
#define MR_DURATION_MAX (UINT64_MAX / 2 / 1000)
int mr_duration_parse(const char *s, uint64_t *ms);

/*
 * The shortest exact form of @bytes with a unit letter, as lsmem prints sizes:
 * 134217728 is "128M", 1536 is "1.5K". @buf needs MR_SIZE_TEXT bytes.
 */
#define MR_SIZE_TEXT 40
const char *mr_size_text(uint64_t bytes, char *buf);

#endif
