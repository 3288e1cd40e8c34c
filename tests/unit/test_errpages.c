// SPDX-License-Identifier: GPL-2.0-or-later
/* Counts of corrected errors: which pages are due, and what is saved. */
#define _GNU_SOURCE
#include "lib/watch/errpages.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "lib/watch/policy.h"

static void test_threshold(void)
{
	struct mr_errpages e = { .threshold = 2, .window_s = 3600 };
	struct mr_errpage *page;

	CHECK_INT(mr_errpages_add(&e, 7, 1, 1000, "A"), 0);
	CHECK_INT(mr_errpages_add(&e, 8, 1, 1001, "B"), 0);
	CHECK(!mr_errpages_due(&e));
	CHECK_INT(mr_errpages_add(&e, 8, 1, 4600, ""), 0);
	page = mr_errpages_due(&e);
	CHECK(page && page->pfn == 8 && !strcmp(page->label, "B"));
	/* After a reset, the count starts again. */
	if (page)
		mr_errpages_reset(&e, page);
	CHECK(!mr_errpages_due(&e));
	CHECK_INT(mr_errpages_add(&e, 8, 1, 4601, ""), 0);
	CHECK(!mr_errpages_due(&e));
	/* One event may stand for several errors. */
	CHECK_INT(mr_errpages_add(&e, 9, 5, 4602, ""), 0);
	page = mr_errpages_due(&e);
	CHECK(page && page->pfn == 9 && page->nr == 2);
	/* A page that could not be retired is left alone for the window. */
	if (page)
		mr_errpages_rest(&e, page, 5000);
	CHECK_INT(mr_errpages_add(&e, 9, 5, 8599, ""), 0);
	CHECK(!mr_errpages_due(&e));
	CHECK_INT(mr_errpages_add(&e, 9, 1, 8600, ""), 0);
	CHECK(mr_errpages_due(&e) != NULL);
	mr_errpages_free(&e);
}

static void test_window(void)
{
	struct mr_errpages e = { .threshold = 3, .window_s = 100 };

	/* Never three errors within 100 seconds, until the last one. */
	for (int i = 0; i < 20; i++) {
		CHECK_INT(mr_errpages_add(&e, 7, 1, 1000 + 50 * i, ""), 0);
		CHECK(!mr_errpages_due(&e));
	}
	CHECK_INT(mr_errpages_add(&e, 7, 1, 1999, ""), 0);
	CHECK(mr_errpages_due(&e));
	mr_errpages_free(&e);
}

static void test_bounds(void)
{
	struct mr_errpages e = { .threshold = 2, .window_s = 1000000 };
	const struct mr_errpage *page;

	/* The first page is due, and stays however many come. */
	CHECK_INT(mr_errpages_add(&e, 1, 2, 0, ""), 0);
	for (uint64_t i = 1; i < MR_ERRPAGES_MAX; i++)
		CHECK_INT(mr_errpages_add(&e, 2 * i, 1, (int64_t)i, ""), 0);
	CHECK_INT(e.nr, MR_ERRPAGES_MAX);
	CHECK(mr_errpages_find(&e, 2) != NULL);
	CHECK_INT(mr_errpages_add(&e, 3, 1, 100000, ""), 0);
	CHECK_INT(e.nr, MR_ERRPAGES_MAX - MR_ERRPAGES_MAX / 4 + 1);
	CHECK(!mr_errpages_find(&e, 2));
	CHECK(!mr_errpages_find(&e, MR_ERRPAGES_MAX / 4 * 2));
	CHECK(mr_errpages_find(&e, MR_ERRPAGES_MAX / 4 * 2 + 2) != NULL);
	page = mr_errpages_due(&e);
	CHECK(page && page->pfn == 1);
	/* Pages of the same second, each once: the bound holds. */
	for (uint64_t i = 0; i < 100000; i++)
		CHECK_INT(mr_errpages_add(&e, 100000 + i, 1, 100001, ""), 0);
	CHECK(e.nr <= MR_ERRPAGES_MAX);
	CHECK(mr_errpages_find(&e, 199999) != NULL);
	CHECK(mr_errpages_due(&e) && mr_errpages_due(&e)->pfn == 1);
	/* Without a threshold, only labels are kept. */
	mr_errpages_free(&e);
	e = (struct mr_errpages){ 0 };
	CHECK_INT(mr_errpages_add(&e, 7, 3, 1, "A"), 0);
	CHECK(!mr_errpages_due(&e));
	page = mr_errpages_find(&e, 7);
	CHECK(page && !strcmp(page->label, "A"));
	mr_errpages_free(&e);
}

static void test_kept(void)
{
	struct mr_errpages e = { .threshold = 2, .window_s = 100 };
	struct mr_errpages back = { .threshold = 2, .window_s = 100 };
	static const char damaged[] =
		"memras corrected errors 1\n0x1 5 99999999999999999999\njunk\n0x2 6";
	char dir[] = "/tmp/errpages.XXXXXX";
	int fd = mkdtemp(dir) ? open(dir, O_RDONLY | O_DIRECTORY) : -1;
	int file;

	CHECK_INT(mr_errpages_add(&e, 0x1234, 1, 1000, "A"), 0);
	CHECK(e.changed);
	CHECK_INT(mr_errpages_save(&e, fd), 0);
	CHECK(!e.changed);
	mr_errpages_load(&back, fd);
	CHECK_INT(back.nr, 1);
	CHECK(!back.changed && !mr_errpages_due(&back));
	CHECK_INT(mr_errpages_add(&back, 0x1234, 1, 1050, ""), 0);
	CHECK(mr_errpages_due(&back));
	mr_errpages_free(&back);

	/* A file without the head line is ignored; of a damaged file, the good parts are read. */
	file = openat(fd, MR_ERRPAGES_FILE, O_WRONLY | O_TRUNC);
	CHECK_INT(write(file, "0x1 5\n", 6), 6);
	mr_errpages_load(&back, fd);
	CHECK_INT(back.nr, 0);
	CHECK_INT(pwrite(file, damaged, strlen(damaged), 0), (int)strlen(damaged));
	mr_errpages_load(&back, fd);
	CHECK_INT(back.nr, 2);
	mr_errpages_free(&back);
	mr_errpages_free(&e);
	unlinkat(fd, MR_ERRPAGES_FILE, 0);
	close(file);
	close(fd);
	rmdir(dir);
}

static void test_policy(void)
{
	struct mr_watch_policy p = { .budget = 5 };
	struct mr_err err;

	CHECK_INT(mr_watch_policy_parse("retire=2/24h,restore-pool", &p, &err), 0);
	CHECK(p.restore_pools);
	CHECK_INT(p.errors, 2);
	CHECK_INT(p.window_s, 86400);
	CHECK_INT(mr_watch_policy_parse("restore-pool", &p, &err), 0);
	CHECK(p.restore_pools && !p.errors);
	CHECK_INT(mr_watch_policy_parse(NULL, &p, &err), 0);
	CHECK(!p.restore_pools && !p.errors);
	CHECK_INT(p.budget, 5);
	CHECK_INT(mr_watch_policy_parse("", &p, &err), -EINVAL);
	CHECK_INT(mr_watch_policy_parse("restore-pool,", &p, &err), -EINVAL);
	CHECK_INT(mr_watch_policy_parse("retire=2", &p, &err), -EINVAL);
	CHECK_INT(mr_watch_policy_parse("retire=2/", &p, &err), -EINVAL);
	CHECK_INT(mr_watch_policy_parse("retire=2/5x", &p, &err), -EINVAL);
	CHECK_INT(mr_watch_policy_parse("retire=0/24h", &p, &err), -ERANGE);
	CHECK_INT(mr_watch_policy_parse("retire=101/24h", &p, &err), -ERANGE);
	CHECK_INT(mr_watch_policy_parse("retire=2/10ms", &p, &err), -ERANGE);
}

int main(void)
{
	test_threshold();
	test_window();
	test_bounds();
	test_kept();
	test_policy();
	return CHECK_RESULT;
}
