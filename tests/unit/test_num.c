// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/num.h"

#include <errno.h>

#include "check.h"

static void numbers(void)
{
	const struct {
		const char *text;
		int rc;
		uint64_t value;
	} cases[] = {
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

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t v = 0;

		CHECK_INT(mr_num_parse(cases[i].text, &v), cases[i].rc);
		if (!cases[i].rc)
			CHECK(v == cases[i].value);
	}
}

static void sizes(void)
{
	const struct {
		const char *text;
		int rc;
		uint64_t value;
	} cases[] = {
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

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t v = 0;

		CHECK_INT(mr_size_parse(cases[i].text, &v), cases[i].rc);
		if (!cases[i].rc)
			CHECK(v == cases[i].value);
	}
}

static void durations(void)
{
	uint64_t ms = 0;

	CHECK(!mr_duration_parse("10", &ms) && ms == 10000);
	CHECK(!mr_duration_parse("10s", &ms) && ms == 10000);
	CHECK(!mr_duration_parse("500ms", &ms) && ms == 500);
	CHECK(!mr_duration_parse("2m", &ms) && ms == 120000);
	CHECK(!mr_duration_parse("1h", &ms) && ms == 3600000);
	CHECK_INT(mr_duration_parse("1d", &ms), -EINVAL);
	CHECK_INT(mr_duration_parse("", &ms), -EINVAL);
	CHECK_INT(mr_duration_parse("18446744073709551615h", &ms), -ERANGE);
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

int main(void)
{
	numbers();
	sizes();
	durations();
	texts();
	return CHECK_RESULT;
}
