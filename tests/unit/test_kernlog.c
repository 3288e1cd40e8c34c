// SPDX-License-Identifier: GPL-2.0-or-later
/* Pages in lines of the kernel log, and how long a page stays suspect. */
#include <string.h>

#include "check.h"
#include "lib/watch/suspects.h"

static struct mr_kernlog parsed(const char *line)
{
	struct mr_kernlog log = { 0 };

	CHECK(mr_kernlog_parse(line, 12, &log));
	return log;
}

static void test_lines(void)
{
	struct mr_kernlog log = parsed("RAS: Soft-offlining pfn: 0x8209");

	CHECK(log.pfn == 0x8209 && log.claims && log.blames && log.cause == MR_CAUSE_CEC);
	CHECK(!log.why);
	log = parsed("Memory failure: 0x1a2b3: recovery action for dirty LRU page: Recovered");
	CHECK(log.pfn == 0x1a2b3 && log.claims && !log.blames);
	CHECK(!strcmp(log.why, "recovery action for dirty LRU page: Recovered"));
	log = parsed("soft offline: 0x8209: unhandlable page");
	CHECK(log.pfn == 0x8209 && !log.claims && !strcmp(log.why, "unhandlable page"));
	log = parsed("Memory failure: 0x4f7f: unhandlable page.");
	CHECK(log.pfn == 0x4f7f && !log.claims && !strcmp(log.why, "unhandlable page."));
	log = parsed("Memory failure: soft offline: 0x8209: page already poisoned");
	CHECK(log.pfn == 0x8209 && !log.claims);
	log = parsed("{1}[Hardware Error]:  physical_address: 0x0000000012345040");
	CHECK(log.pfn == 0x12345 && !log.claims && log.blames && log.cause == MR_CAUSE_FIRMWARE);
	log = parsed("mce: [Hardware Error]: TSC 0 ADDR 7a3c000 MISC 8c");
	CHECK(log.pfn == 0x7a3c && !log.claims && log.cause == MR_CAUSE_MACHINE_CHECK);
}

static void test_other_lines(void)
{
	static const char *const others[] = {
		"", "Memory failure: ", "RAS: Soft-offlining pfn: ", "RAS: Soft-offlining pfn: -1",
		"RAS: Soft-offlining pfn:  0x8209",
		"a device has ADDR 7a3c000", "x physical_address: 0x1000",
		"RAS: Soft-offlining pfn: 0xfffffffffffffffff",
	};
	struct mr_kernlog log;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		CHECK(!mr_kernlog_parse(others[i], 12, &log));
}

static void test_suspects(void)
{
	struct mr_suspects s;
	struct mr_kernlog log = { .pfn = 7, .claims = true, .blames = true, .cause = MR_CAUSE_CEC };

	CHECK(!mr_suspects_init(&s));
	mr_suspects_hear(&s, &log, 100, 5);
	mr_suspects_hear(&s, &log, 101, 6);
	CHECK(s.nr == 1 && s.list[0].until_us == 5 && s.list[0].time == 100);
	CHECK(mr_suspects_error(&s, 7)->time == 101 && !mr_suspects_error(&s, 8));
	/* A reason alone does not make a page suspect. */
	log = (struct mr_kernlog){ .pfn = 3, .why = "busy" };
	mr_suspects_hear(&s, &log, 102, 7);
	CHECK(s.nr == 1);
	log.pfn = 7;
	mr_suspects_hear(&s, &log, 102, 7);
	CHECK(!strcmp(s.list[0].why, "busy") && s.list[0].until_us == 5);
	log = (struct mr_kernlog){ .pfn = 3, .claims = true };
	mr_suspects_hear(&s, &log, 103, 8);
	CHECK(s.nr == 2 && s.list[0].pfn == 3 && s.list[1].pfn == 7);
	mr_suspects_drop(&s, 0);
	CHECK(s.nr == 1 && s.list[0].pfn == 7 && !s.overrun);
	mr_suspects_free(&s);
}

/* The machine check is logged after the line about its handling. */
static void test_cause_of_one_error(void)
{
	static const struct mr_kernlog machine_check = {
		.pfn = 7, .blames = true, .cause = MR_CAUSE_MACHINE_CHECK,
	}, cec = {
		.pfn = 7, .claims = true, .blames = true, .cause = MR_CAUSE_CEC,
	};
	struct mr_suspects s;

	CHECK(!mr_suspects_init(&s));
	mr_suspects_hear(&s, &machine_check, 100, 1);
	CHECK(mr_suspects_error(&s, 7)->cause == MR_CAUSE_MACHINE_CHECK);
	mr_suspects_hear(&s, &cec, 110, 1);
	CHECK(mr_suspects_error(&s, 7)->cause == MR_CAUSE_CEC);
	mr_suspects_hear(&s, &machine_check, 111, 1);
	CHECK(mr_suspects_error(&s, 7)->cause == MR_CAUSE_CEC);
	mr_suspects_hear(&s, &machine_check, 200, 1);
	CHECK(mr_suspects_error(&s, 7)->cause == MR_CAUSE_MACHINE_CHECK);
	mr_suspects_free(&s);
}

static void test_bounds(void)
{
	struct mr_kernlog log = { .claims = true, .blames = true, .cause = MR_CAUSE_FIRMWARE };
	struct mr_suspects s;

	CHECK(!mr_suspects_init(&s));
	for (log.pfn = 3 * MR_SUSPECTS_MAX; log.pfn; log.pfn--)
		mr_suspects_hear(&s, &log, 1, 1);
	CHECK(s.nr == MR_SUSPECTS_MAX && s.overrun);
	for (size_t i = 1; i < s.nr; i++)
		CHECK(s.list[i - 1].pfn < s.list[i].pfn);
	CHECK(mr_suspects_error(&s, 1) && mr_suspects_error(&s, MR_ERRORS_MAX));
	CHECK(!mr_suspects_error(&s, MR_ERRORS_MAX + 1));
	mr_suspects_free(&s);
}

int main(void)
{
	test_lines();
	test_other_lines();
	test_suspects();
	test_cause_of_one_error();
	test_bounds();
	return CHECK_RESULT;
}
