// SPDX-License-Identifier: GPL-2.0-or-later
/* Programs run for events: one at a time, limited in number and time. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "lib/watch/hook.h"
#include "util/clock.h"

static void add(struct mr_hook *h)
{
	struct mr_hook_run run = { 0 };

	run.env[0] = strdup("NAME=value");
	mr_hook_add(h, &run);
}

static void run_all(struct mr_hook *h)
{
	while (mr_hook_step(h))
		mr_clock_sleep_us(2000);
}

static void test_programs(void)
{
	struct mr_err err = { 0 };
	struct mr_hook h;

	CHECK_INT(mr_hook_open(&h, "true", 1, &err), -EINVAL);
	CHECK_INT(mr_hook_open(&h, "/nowhere/hook", 1, &err), -ENOENT);
	CHECK_INT(mr_hook_open(&h, NULL, 1, &err), 0);
	add(&h);
	CHECK(!mr_hook_step(&h));
	CHECK_INT(h.dropped, 0);
	mr_hook_close(&h);

	CHECK_INT(mr_hook_open(&h, "/bin/true", 10000000, &err), 0);
	add(&h);
	add(&h);
	run_all(&h);
	CHECK_INT(h.failed, 0);
	mr_hook_close(&h);

	CHECK_INT(mr_hook_open(&h, "/bin/false", 10000000, &err), 0);
	add(&h);
	run_all(&h);
	CHECK_INT(h.failed, 1);
	mr_hook_close(&h);
}

static void test_bounds(void)
{
	struct mr_err err = { 0 };
	struct mr_hook h;
	uint64_t begin = mr_clock_us();

	/* yes never ends by itself. */
	CHECK_INT(mr_hook_open(&h, "/usr/bin/yes", 100000, &err), 0);
	add(&h);
	run_all(&h);
	CHECK_INT(h.failed, 1);
	CHECK(h.killed && mr_clock_us() - begin < 20000000);
	for (int i = 0; i < MR_HOOK_WAITING + 3; i++)
		add(&h);
	CHECK_INT(h.nr, MR_HOOK_WAITING);
	CHECK_INT(h.dropped, 3);
	mr_hook_step(&h);
	CHECK_INT(h.nr, MR_HOOK_WAITING - 1);
	mr_hook_close(&h);
	CHECK_INT(h.nr, 0);
	CHECK_INT(h.child, 0);
}

int main(void)
{
	/* Discard what yes prints there. */
	CHECK(freopen("/dev/null", "w", stderr) != NULL);
	test_programs();
	test_bounds();
	return CHECK_RESULT;
}
