// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/num.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int digit_value(char c, unsigned int base)
{
	int v;

	if (c >= '0' && c <= '9')
		v = c - '0';
	else if (c >= 'a' && c <= 'f')
		v = c - 'a' + 10;
	else if (c >= 'A' && c <= 'F')
		v = c - 'A' + 10;
	else
		return -1;
	return v < (int)base ? v : -1;
}

int mr_num_scan(const char *s, const char **end, uint64_t *value)
{
	unsigned int base = 10;
	uint64_t v = 0;
	int d;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		base = 16;
		s += 2;
	}
	if (digit_value(*s, base) < 0)
		return -EINVAL;
	for (; (d = digit_value(*s, base)) >= 0; s++) {
		if (__builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)d, &v))
			return -ERANGE;
	}
	*end = s;
	*value = v;
	return 0;
}

int mr_size_scan(const char *s, const char **end, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	const char *unit;
	uint64_t v;
	int rc;

	rc = mr_num_scan(s, &s, &v);
	if (rc)
		return rc;
	unit = *s ? strchr(units, toupper((unsigned char)*s)) : NULL;
	if (unit) {
		if (__builtin_mul_overflow(v, 1ULL << (10 * (unit - units + 1)), &v))
			return -ERANGE;
		s++;
		if (s[0] == 'i' && s[1] == 'B')
			s += 2;
		else if (s[0] == 'B')
			s++;
	}
	*end = s;
	*bytes = v;
	return 0;
}

int mr_num_parse(const char *s, uint64_t *value)
{
	const char *end;
	int rc = mr_num_scan(s, &end, value);

	return rc ? rc : *end ? -EINVAL : 0;
}

int mr_size_parse(const char *s, uint64_t *bytes)
{
	const char *end;
	int rc = mr_size_scan(s, &end, bytes);

	return rc ? rc : *end ? -EINVAL : 0;
}

int mr_duration_parse(const char *s, uint64_t *ms)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = { { "", 1000 }, { "s", 1000 }, { "ms", 1 }, { "m", 60000 }, { "h", 3600000 } };
	const char *end;
	uint64_t v;
	int rc;

	rc = mr_num_scan(s, &end, &v);
	if (rc)
		return rc;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].unit))
			continue;
		if (__builtin_mul_overflow(v, units[i].ms, &v) || v > MR_DURATION_MAX)
			return -ERANGE;
		*ms = v;
		return 0;
	}
	return -EINVAL;
}

const char *mr_size_text(uint64_t bytes, char *buf)
{
	static const char units[] = "BKMGTPE";
	unsigned int u = 0;

	while (u + 1 < sizeof(units) - 1 && bytes >> (10 * (u + 1)))
		u++;
	if (u == 0) {
		snprintf(buf, MR_SIZE_TEXT, "%" PRIu64 "B", bytes);
	} else {
		/* One decimal, rounded; none if it is 0. */
		uint64_t whole = bytes >> (10 * u);
		uint64_t rest = bytes & ((1ULL << (10 * u)) - 1);
		uint64_t tenth = ((rest >> (10 * (u - 1))) * 10 + 512) / 1024;

		if (tenth == 10) {
			whole++;
			tenth = 0;
		}
		if (tenth)
			snprintf(buf, MR_SIZE_TEXT, "%" PRIu64 ".%" PRIu64 "%c", whole, tenth,
				 units[u]);
		else
			snprintf(buf, MR_SIZE_TEXT, "%" PRIu64 "%c", whole, units[u]);
	}
	return buf;
}

int mr_u64_order(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x > y ? 1 : x < y ? -1 : 0;
}

size_t mr_u64_place(const void *list, size_t nr, size_t size, uint64_t key)
{
	size_t from = 0, to = nr;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (mr_u64_order((const char *)list + middle * size, &key) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}
