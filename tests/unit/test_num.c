// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/num.h"

#include <errno.h>

#include "check.h"

struct num_case {
	const char *text;
	int rc;
	uint64_t value;
};

static void parse_all(int (*parse)(const char *text, uint64_t *value),
		      const struct num_case *cases, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		uint64_t v = 0;
		int rc = parse(cases[i].text, &v);

		if (rc != cases[i].rc || (!rc && v != cases[i].value))
			fprintf(stderr, "'%s':\n", cases[i].text);
		CHECK_INT(rc, cases[i].rc);
		if (!cases[i].rc)
			CHECK(v == cases[i].value);
	}
}

static void numbers(void)
{
	static const struct num_case cases[] = {
		{ "0", 0, 0 },
		{ "107187", 0, 107187 },
		{ "0x1a2b3", 0, 0x1a2b3 },
		{ "0X1A2B3", 0, 0x1a2b3 },
		{ "010", 0, 10 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "0xffffffffffffffff", 0, UINT64_MAX },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "0x10000000000000000", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "0x", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1a2b3", -EINVAL, 0 },
		{ "0x12g", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
	};

	parse_all(mr_num_parse, cases, sizeof(cases) / sizeof(cases[0]));
}

static void sizes(void)
{
	static const struct num_case cases[] = {
		{ "4096", 0, 4096 },
		{ "4K", 0, 4096 },
		{ "4k", 0, 4096 },
		{ "4KiB", 0, 4096 },
		{ "4KB", 0, 4096 },
		{ "128M", 0, 128ULL << 20 },
		{ "1G", 0, 1ULL << 30 },
		{ "2T", 0, 2ULL << 40 },
		{ "0x10K", 0, 16384 },
		{ "16777216T", -ERANGE, 0 },
		{ "16777215T", 0, 16777215ULL << 40 },
		{ "4P", -EINVAL, 0 },
		{ "4Kx", -EINVAL, 0 },
		{ "K", -EINVAL, 0 },
	};

	parse_all(mr_size_parse, cases, sizeof(cases) / sizeof(cases[0]));
}

static void durations(void)
{
	static const struct num_case cases[] = {
		{ "10", 0, 10000 },
		{ "10s", 0, 10000 },
		{ "500ms", 0, 500 },
		{ "2m", 0, 120000 },
		{ "1h", 0, 3600000 },
		{ "1d", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "18446744073709551615h", -ERANGE, 0 },
	};

	parse_all(mr_duration_parse, cases, sizeof(cases) / sizeof(cases[0]));
}

static void texts(void)
{
	char buf[MR_SIZE_TEXT];

	CHECK_STR(mr_size_text(0, buf), "0B");
	CHECK_STR(mr_size_text(1023, buf), "1023B");
	CHECK_STR(mr_size_text(4096, buf), "4K");
	CHECK_STR(mr_size_text(1536, buf), "1.5K");
	CHECK_STR(mr_size_text(134217728, buf), "128M");
	CHECK_STR(mr_size_text((2ULL << 30) + (512 << 20), buf), "2.5G");
	CHECK_STR(mr_size_text((1ULL << 20) - 1, buf), "1024K");
	CHECK_STR(mr_size_text(UINT64_MAX, buf), "16E");
}

static void longest_duration(void)
{
	uint64_t ms = 7;

	CHECK_INT(mr_duration_parse("9223372036854775ms", &ms), 0);
	CHECK(ms == MR_DURATION_MAX);
	CHECK_INT(mr_duration_parse("9223372036854776ms", &ms), -ERANGE);
	CHECK_INT(mr_duration_parse("18446744073709552ms", &ms), -ERANGE);
	CHECK_INT(mr_duration_parse("18446744073709551615h", &ms), -ERANGE);
	CHECK(ms == MR_DURATION_MAX);
}

int main(void)
{
	longest_duration();
	numbers();
	sizes();
	durations();
	texts();
	return CHECK_RESULT;
}
