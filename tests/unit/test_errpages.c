// SPDX-License-Identifier: GPL-2.0-or-later
/* Counts of corrected errors: which pages are due, and what is saved. */
#define _GNU_SOURCE
#include "lib/watch/errpages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "lib/watch/policy.h"
#include "lib/watch/record.h"
#include "util/lock.h"

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
	const struct mr_errdimms none = { 0 };
	struct mr_err err;
	int file;

	CHECK_INT(mr_errpages_add(&e, 0x1234, 1, 1000, "A"), 0);
	CHECK(e.changed);
	CHECK_INT(mr_errpages_save(&e, fd, &none, &err), 0);
	CHECK(!e.changed);
	CHECK_INT(mr_errpages_load(&back, fd, &none, &err), 0);
	CHECK_INT(back.nr, 1);
	CHECK(!back.changed && !mr_errpages_due(&back));
	CHECK_INT(mr_errpages_add(&back, 0x1234, 1, 1050, ""), 0);
	CHECK(mr_errpages_due(&back));
	mr_errpages_free(&back);

	/* A file without the head line is ignored; of a damaged file, the good parts are read. */
	file = openat(fd, MR_ERRPAGES_FILE, O_WRONLY | O_TRUNC);
	CHECK_INT(write(file, "0x1 5\n", 6), 6);
	CHECK_INT(mr_errpages_load(&back, fd, &none, &err), 0);
	CHECK_INT(back.nr, 0);
	CHECK_INT(pwrite(file, damaged, strlen(damaged), 0), (int)strlen(damaged));
	CHECK_INT(mr_errpages_load(&back, fd, &none, &err), 0);
	CHECK_INT(back.nr, 2);
	mr_errpages_free(&back);
	mr_errpages_free(&e);
	unlinkat(fd, MR_ERRPAGES_FILE, 0);
	close(file);
	close(fd);
	rmdir(dir);
}

static void add_dimms(struct mr_errdimms *d, const char *serial, uint64_t size, const char *label)
{
	*d = (struct mr_errdimms){ 0 };
	if (serial)
		CHECK_INT(mr_memlayout_add_dimm(&d->dmi, serial, size), 0);
	if (label)
		CHECK_INT(mr_memlayout_add_dimm(&d->edac, label, size), 0);
}

/* Saves counts on the DIMMs @then, and returns how many pages are loaded on the DIMMs @now. */
static size_t kept(int fd, struct mr_errdimms *then, struct mr_errdimms *now)
{
	struct mr_errpages e = { .threshold = 2, .window_s = 100 };
	struct mr_errpages back = { .threshold = 2, .window_s = 100 };
	struct mr_err err = { 0 };
	size_t nr;
	int rc;

	CHECK_INT(mr_errpages_add(&e, 0x1234, 1, 1000, "A"), 0);
	CHECK_INT(mr_errpages_save(&e, fd, then, &err), 0);
	rc = mr_errpages_load(&back, fd, now, &err);
	nr = back.nr;
	CHECK_INT(rc, nr ? 0 : -ESTALE);
	CHECK(nr || strstr(err.reason, "are of other DIMMs, and begin anew: "));
	mr_errpages_free(&e);
	mr_errpages_free(&back);
	mr_errdimms_free(then);
	mr_errdimms_free(now);
	return nr;
}

static void test_swap(void)
{
	static const struct {
		const char *then, *then_label, *now, *now_label;
		uint64_t then_size, now_size;
		size_t kept;
	} cases[] = {
		{ "A1 ACME 1234A", "mc0/dimm0 A (0)", "A1 ACME 1234A", "mc0/dimm0 A (0)", 1 << 30, 1 << 30, 1 },
		/* Another serial number, another size */
		{ "A1 ACME 1234A", NULL, "A1 ACME 1234B", NULL, 1 << 30, 1 << 30, 0 },
		{ "A1 ACME None", NULL, "A1 ACME None", NULL, 1 << 30, 2 << 20, 0 },
		{ NULL, "mc0/dimm0 A (0)", NULL, "mc0/dimm0 A (0)", 1 << 30, 1 << 20, 0 },
		/* Another slot */
		{ NULL, "mc0/dimm0 A (0)", NULL, "mc0/dimm1 B (1)", 1 << 30, 1 << 30, 0 },
		/* No serial number, no driver yet, nothing known: no reason to drop the counts */
		{ "A1 ACME None", NULL, "A1 ACME None", NULL, 1 << 30, 1 << 30, 1 },
		{ "A1 ACME 1234A", "mc0/dimm0 A (0)", "A1 ACME 1234A", NULL, 1 << 30, 1 << 30, 1 },
		{ NULL, NULL, "A1 ACME 1234A", "mc0/dimm0 A (0)", 0, 1 << 30, 1 },
		/* A text with a line feed */
		{ "A1 AC\nME 1234A", NULL, "A1 AC\nME 1234A", NULL, 1 << 30, 1 << 30, 1 },
	};
	char dir[] = "/tmp/errpages.XXXXXX";
	int fd = mkdtemp(dir) ? open(dir, O_RDONLY | O_DIRECTORY) : -1;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mr_errdimms then, now;

		add_dimms(&then, cases[i].then, cases[i].then_size, cases[i].then_label);
		add_dimms(&now, cases[i].now, cases[i].now_size, cases[i].now_label);
		CHECK_INT(kept(fd, &then, &now), cases[i].kept);
	}
	unlinkat(fd, MR_ERRPAGES_FILE, 0);
	close(fd);
	rmdir(dir);
}

/* Replaces that of the C library: of a directory it fails on request. */
static bool dir_sync_fails;

int fsync(int fd)
{
	struct stat st;

	if (dir_sync_fails && !fstat(fd, &st) && S_ISDIR(st.st_mode)) {
		errno = EIO;
		return -1;
	}
	return fdatasync(fd);
}

static void test_unsynced(void)
{
	struct mr_errpages e = { .threshold = 2, .window_s = 100 };
	const struct mr_errdimms none = { 0 };
	char dir[] = "/tmp/errpages.XXXXXX";
	int fd = mkdtemp(dir) ? open(dir, O_RDONLY | O_DIRECTORY) : -1;
	struct mr_err err = { 0 };

	CHECK_INT(mr_errpages_add(&e, 0x1234, 1, 1000, ""), 0);
	dir_sync_fails = true;
	CHECK_INT(mr_errpages_save(&e, fd, &none, &err), -EIO);
	CHECK(strstr(err.reason, "are written, but may not last"));
	CHECK(e.changed);
	dir_sync_fails = false;
	CHECK_INT(mr_errpages_save(&e, fd, &none, &err), 0);
	CHECK(!e.changed);
	mr_errpages_free(&e);
	unlinkat(fd, MR_ERRPAGES_FILE, 0);
	close(fd);
	rmdir(dir);
}

/* Holds the lock of the list by another open file, until the end of this program. */
static int lock_elsewhere(int dir)
{
	int fd = mr_lock_open(dir, "retired.lock");

	return fd < 0 ? fd : mr_lock_take(fd, 0, false);
}

static void found(const struct mr_retlist *list, const struct mr_retired *entry, void *data)
{
	(void)list;
	*(uint64_t *)data += entry->pfn;
}

/* A machine without DIMMs, and a list that only its recorder touches. */
static void test_recorder(void)
{
	char dir[] = "/tmp/errpages.XXXXXX", state[80];
	struct mr_errpages e = { .threshold = 2, .window_s = 100 };
	struct mr_founds founds = { .list = calloc(1, sizeof(*founds.list)), .nr = 1, .room = 1 };
	const struct mr_errdimms none = { 0 };
	uint64_t told = 0;
	struct mr_recorder r = { .state_dir = state, .recorded = found, .data = &told };
	struct mr_err err = { 0 };
	struct mr_machine m;
	int fd, file;

	CHECK(mkdtemp(dir) && founds.list);
	if (!founds.list)
		return;
	snprintf(state, sizeof(state), "%s/state", dir);
	CHECK_INT(mr_machine_open(&m, dir, &err), 0);
	r.m = &m;
	/* The pages are on the list, whether the sync of its directory fails or not: told once. */
	founds.list[0] = (struct mr_found){ .pfn = 0x1234, .time = 1000, .node = -1 };
	dir_sync_fails = true;
	CHECK_INT(mr_recorder_run(&r, &founds, &err), -EIO);
	CHECK(strstr(err.reason, "is written, but may not last"));
	CHECK_INT(told, 0x1234);
	CHECK_INT(founds.nr, 0);
	dir_sync_fails = false;
	founds.nr = 1;
	CHECK_INT(mr_recorder_run(&r, &founds, &err), 0);
	CHECK_INT(told, 0x1234);

	/* Saving counts does not read the list, be it damaged. */
	fd = open(state, O_RDONLY | O_DIRECTORY);
	file = openat(fd, "retired.json", O_WRONLY | O_TRUNC);
	CHECK_INT(write(file, "{", 1), 1);
	CHECK(mr_recorder_open(&r, &err) < 0);
	CHECK_INT(mr_errpages_add(&e, 0x1234, 1, 1000, ""), 0);
	CHECK_INT(mr_recorder_save_errors(&r, &e, &none, &err), 0);
	mr_errpages_free(&e);
	CHECK_INT(mr_recorder_load_errors(&r, &e, &none, &err), 0);
	CHECK_INT(e.nr, 1);
	/* ... but waits for its lock. */
	CHECK_INT(lock_elsewhere(fd), 0);
	e.changed = true;
	CHECK_INT(mr_recorder_save_errors(&r, &e, &none, &err), -EBUSY);
	CHECK(e.changed);
	mr_errpages_free(&e);
	free(founds.list);
	close(file);
	unlinkat(fd, "retired.json", 0);
	unlinkat(fd, "retired.lock", 0);
	unlinkat(fd, MR_ERRPAGES_FILE, 0);
	close(fd);
	rmdir(state);
	rmdir(dir);
	mr_machine_close(&m);
}

static void test_policy(void)
{
	struct mr_watch_policy p = { .budget = 5 };
	struct mr_err err;

	CHECK_INT(mr_watch_policy_parse("retire=2/24h,restore-pool", &p, &err), 0);
	CHECK(p.restore_pools && !p.retry);
	CHECK_INT(p.errors, 2);
	CHECK_INT(p.window_s, 86400);
	CHECK_INT(mr_watch_policy_parse("restore-pool", &p, &err), 0);
	CHECK(p.restore_pools && !p.errors);
	CHECK_INT(mr_watch_policy_parse("retry,restore-pool", &p, &err), 0);
	CHECK(p.restore_pools && p.retry && !p.errors);
	CHECK_INT(mr_watch_policy_parse(NULL, &p, &err), 0);
	CHECK(!p.restore_pools && !p.retry && !p.errors);
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
	test_swap();
	test_unsynced();
	test_recorder();
	test_policy();
	return CHECK_RESULT;
}
