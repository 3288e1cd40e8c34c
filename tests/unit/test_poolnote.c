// SPDX-License-Identifier: GPL-2.0-or-later
/* Restoring a pool that was grown, from its note. */
#include "lib/hugetlb/poolnote.h"

#include "check.h"

#define STAYS	UINT64_MAX

static void for_a_page(void)
{
	struct mr_poolnote n = { .persistent = 8, .most = 1, .pfn = 0x1234 };

	CHECK_INT(mr_poolnote_target(&n, 9, false), 8);
	CHECK_INT(mr_poolnote_target(&n, 8, false), STAYS);
	/* The retired page took a hugepage with it, and the added one replaces it. */
	CHECK_INT(mr_poolnote_target(&n, 8, true), STAYS);
	CHECK_INT(mr_poolnote_target(&n, 9, true), STAYS);
	/* A size that an administrator set meanwhile stays. */
	CHECK_INT(mr_poolnote_target(&n, 20, false), STAYS);
	CHECK_INT(mr_poolnote_target(&n, 10, false), STAYS);
	CHECK_INT(mr_poolnote_target(&n, 4, false), STAYS);
	/* Surplus hugepages, which became persistent, become surplus again. */
	n.surplus = 2;
	CHECK_INT(mr_poolnote_target(&n, 11, false), 8);
	CHECK_INT(mr_poolnote_target(&n, 10, true), 8);
	CHECK_INT(mr_poolnote_target(&n, 11, true), STAYS);
	CHECK_INT(mr_poolnote_target(&n, 12, false), STAYS);
}

static void for_a_block(void)
{
	struct mr_poolnote n = { .persistent = 8, .most = 6, .pfn = MR_POOLNOTE_NO_PFN };

	CHECK_INT(mr_poolnote_target(&n, 8, false), STAYS);
	CHECK_INT(mr_poolnote_target(&n, 14, false), 8);
	CHECK_INT(mr_poolnote_target(&n, 9, false), 8);
	CHECK_INT(mr_poolnote_target(&n, 5, false), 8);
	CHECK_INT(mr_poolnote_target(&n, 20, false), 14);
	CHECK_INT(mr_poolnote_target(&n, 1, false), 7);
	n.surplus = 2;
	CHECK_INT(mr_poolnote_target(&n, 16, false), 8);
	CHECK_INT(mr_poolnote_target(&n, 17, false), 9);
}

static void text(void)
{
	struct mr_poolnote n = { 2 << 20, -1, UINT64_MAX, 3, 4, MR_POOLNOTE_NO_PFN }, back;
	static const char *const bad[] = {
		"", "\n", "1 2 3 4 5\n", "1 2 3 4 5 6", "1 2 3 4 5 6\n7", "1 2 3 4 5 6 7\n",
		"1 -2 3 4 5 6\n", "x 2 3 4 5 6\n", "1  2 3 4 5 6\n",
	};
	char buf[MR_POOLNOTE_TEXT];

	mr_poolnote_text(&n, buf);
	CHECK(mr_poolnote_parse(buf, &back));
	CHECK_INT(back.size, 2 << 20);
	CHECK_INT(back.node, -1);
	CHECK(back.persistent == UINT64_MAX && back.pfn == MR_POOLNOTE_NO_PFN);
	CHECK(back.surplus == 3 && back.most == 4);
	CHECK(mr_poolnote_parse("1 2 3 4 5 6\n", &back));
	CHECK(back.node == 2 && back.pfn == 6);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(!mr_poolnote_parse(bad[i], &back));
}

int main(void)
{
	for_a_page();
	for_a_block();
	text();
	return CHECK_RESULT;
}
