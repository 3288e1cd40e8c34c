// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether retired pages are the cause of a smaller hugepage pool. */
#include "check.h"
#include "lib/watch/pools.h"

#define SECOND 1000000ULL

static void test_loss_and_page(void)
{
	struct mr_pool_seen seen = { .persistent = 8 };

	CHECK_INT(mr_pool_judge(&seen, 8, 1), MR_POOL_AS_IS);
	/* The pool may shrink before or after the page is found. */
	CHECK_INT(mr_pool_judge(&seen, 7, 1 * SECOND), MR_POOL_WAIT);
	seen.pages = 1;
	CHECK_INT(mr_pool_judge(&seen, 7, 2 * SECOND), MR_POOL_LOST);
	seen = (struct mr_pool_seen){ .persistent = 8, .pages = 1 };
	CHECK_INT(mr_pool_judge(&seen, 8, 1 * SECOND), MR_POOL_WAIT);
	CHECK_INT(mr_pool_judge(&seen, 7, 2 * SECOND), MR_POOL_LOST);
	CHECK_INT(seen.persistent, 8);
}

static void test_others(void)
{
	struct mr_pool_seen seen = { .persistent = 8 };

	/* No page, or fewer pages than hugepages: an administrator shrank it. */
	CHECK_INT(mr_pool_judge(&seen, 7, 1 * SECOND), MR_POOL_WAIT);
	CHECK_INT(mr_pool_judge(&seen, 7, 3 * SECOND - 1), MR_POOL_WAIT);
	CHECK_INT(mr_pool_judge(&seen, 7, 3 * SECOND), MR_POOL_AS_IS);
	CHECK_INT(seen.persistent, 7);
	seen.pages = 2;
	CHECK_INT(mr_pool_judge(&seen, 4, 4 * SECOND), MR_POOL_WAIT);
	CHECK_INT(mr_pool_judge(&seen, 4, 6 * SECOND), MR_POOL_AS_IS);
	CHECK_INT(seen.persistent, 4);
	CHECK_INT(seen.pages, 0);
	/* A page outside hugepages is ignored; a pool that grows sets the new size. */
	seen.pages = 1;
	CHECK_INT(mr_pool_judge(&seen, 4, 7 * SECOND), MR_POOL_WAIT);
	CHECK_INT(mr_pool_judge(&seen, 4, 9 * SECOND), MR_POOL_AS_IS);
	CHECK_INT(mr_pool_judge(&seen, 3, 9 * SECOND), MR_POOL_WAIT);
	CHECK_INT(mr_pool_judge(&seen, 12, 9 * SECOND), MR_POOL_AS_IS);
	CHECK_INT(seen.persistent, 12);
	CHECK_INT(seen.until_us, 0);
}

static void test_pages(void)
{
	struct mr_pool_seen list[] = { { .node = 0 }, { .node = 1 } };
	struct mr_watch_pools pools = { .list = list, .nr = 2 };

	/* The log reports the page, and then a scan finds it again. */
	mr_watch_pools_page(&pools, 0, 0);
	mr_watch_pools_page(&pools, 0, 0);
	mr_watch_pools_page(&pools, 7, 1);
	mr_watch_pools_page(&pools, 8, -1);
	CHECK_INT(list[0].pages, 2);
	CHECK_INT(list[1].pages, 2);
}

int main(void)
{
	test_pages();
	test_loss_and_page();
	test_others();
	return CHECK_RESULT;
}
