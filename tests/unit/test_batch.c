// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The pipeline over many pages, on a machine whose page flags are a file: an attempt sets
 * the flag there, or does not.
 */
#define _GNU_SOURCE
#include "lib/page/batch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/kpage.h"
#include "check.h"

#define PAGES 10000
#define REFUSED 7	/* this page cannot be migrated */
#define BUSY 11		/* this one is busy at the first attempts */
#define STUCK 13	/* ... this one forever */
#define LIAR 17		/* the kernel reports success for this one but does nothing, once */

struct world {
	int flags;
	unsigned int tries, tries_of_busy, tries_of_liar;
	uint64_t intents, last_intent, settled, done, already, refused, failed;
	bool ascending, touched_before_intent;
	int answer;		/* of intend() */
};

static void plan(const struct mr_snap *snap, const struct mr_spot *spot, void *data,
		 struct mr_plan *p)
{
	(void)data;
	*p = (struct mr_plan){ .step.action = MR_ACTION_SOFT, .step.via = MR_VIA_SYSFS,
			       .step.path = MR_PATH_MIGRATED };
	CHECK_INT(snap->pfn, spot->pfn);
	if (snap->poisoned) {
		p->step.action = MR_ACTION_NONE;
	} else if (snap->pfn == REFUSED) {
		p->step.action = MR_ACTION_REFUSE;
		mr_err_set(&p->err, -EBUSY, "7", "it cannot be moved");
	}
}

static int apply(const struct mr_snap *snap, const struct mr_step *step,
		 const struct mr_spot *spot, void *data, struct mr_err *err)
{
	const uint64_t poisoned = MR_KPF(KPF_HWPOISON);
	struct world *w = data;

	(void)step, (void)spot;
	w->tries++;
	if (!w->intents)
		w->touched_before_intent = true;
	if (snap->pfn == STUCK || (snap->pfn == BUSY && ++w->tries_of_busy < 4))
		return mr_err_set(err, -EBUSY, "", "it is busy");
	if (snap->pfn == LIAR && !w->tries_of_liar++)
		return 0;
	CHECK_INT(pwrite(w->flags, &poisoned, sizeof(poisoned),
			 (off_t)(snap->pfn * sizeof(poisoned))), sizeof(poisoned));
	return 0;
}

static int intend(const struct mr_intent *list, size_t nr, void *data, struct mr_err *err)
{
	struct world *w = data;

	w->intents = nr;
	w->ascending = true;
	for (size_t i = 1; i < nr; i++)
		w->ascending = w->ascending && list[i - 1].pfn < list[i].pfn;
	return w->answer ? mr_err_set(err, w->answer, "", "no list") : 0;
}

static void settled(const struct mr_result *r, void *data)
{
	struct world *w = data;

	w->settled++;
	w->done += r->outcome == MR_OUTCOME_DONE;
	w->already += r->outcome == MR_OUTCOME_ALREADY;
	w->refused += r->outcome == MR_OUTCOME_REFUSED;
	w->failed += r->outcome == MR_OUTCOME_FAILED;
	if (r->outcome == MR_OUTCOME_REFUSED)
		CHECK_HAS(r->err.reason, "cannot be moved");
	if (r->outcome == MR_OUTCOME_FAILED)
		CHECK_HAS(r->err.reason, "busy");
	if (r->outcome == MR_OUTCOME_DONE)
		CHECK_INT(r->attempts, r->pfn == BUSY ? 4 : r->pfn == LIAR ? 2 : 1);
	if (r->outcome == MR_OUTCOME_ALREADY)
		CHECK_INT(r->attempts, 0);
}

/* Makes a machine of PAGES pages, none of them poisoned. */
static void make(char *dir, struct mr_machine *m, struct world *w)
{
	const uint64_t flags = MR_KPF(KPF_LRU) | MR_KPF(KPF_ANON);
	struct mr_err err;
	char path[64];

	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/proc", dir);
	CHECK_INT(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/proc/kpageflags", dir);
	*w = (struct world){ .flags = open(path, O_RDWR | O_CREAT, 0600) };
	for (uint64_t i = 0; i < PAGES; i++)
		CHECK_INT(write(w->flags, &flags, sizeof(flags)), sizeof(flags));
	CHECK_INT(mr_machine_open(m, dir, &err), 0);
}

static void unmake(const char *dir, struct mr_machine *m, struct world *w)
{
	char path[64];

	mr_machine_close(m);
	close(w->flags);
	snprintf(path, sizeof(path), "%s/proc/kpageflags", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/proc", dir);
	rmdir(path);
	rmdir(dir);
}

static int run(struct mr_machine *m, struct world *w, struct mr_span *list, size_t nr,
	       bool dry_run)
{
	const struct mr_batch_way way = { .poisons = true, .dry_run = dry_run, .timeout_ms = 300,
					  .retries = UINT64_MAX, .plan = plan, .apply = apply,
					  .data = w };
	const struct mr_batch_hooks hooks = { .intend = intend, .settled = settled, .data = w };
	struct mr_spans spans = { .list = list, .nr = nr };
	struct mr_err err = { 0 };

	for (size_t i = 0; i < nr; i++)
		spans.pages += list[i].nr;
	return mr_batch_run(m, &spans, &way, &hooks, &err);
}

static void all_of_a_machine(void)
{
	char dir[] = "/tmp/memras-batch-XXXXXX";
	struct mr_span all[] = { { .pfn = 0, .nr = PAGES } };
	struct mr_machine m;
	struct world w;

	make(dir, &m, &w);
	CHECK_INT(run(&m, &w, all, 1, true), 0);
	CHECK_INT(w.tries, 0);
	CHECK_INT(w.intents, 0);
	CHECK_INT(w.settled, PAGES);

	w.settled = 0;
	w.refused = 0;
	CHECK_INT(run(&m, &w, all, 1, false), 0);
	CHECK(!w.touched_before_intent);
	CHECK_INT(w.intents, PAGES - 1);
	CHECK(w.ascending);
	CHECK_INT(w.settled, PAGES);
	CHECK_INT(w.done, PAGES - 2);
	CHECK_INT(w.refused, 1);
	CHECK_INT(w.failed, 1);

	/* Again: all but these two are retired already, and one is tried again. */
	w.tries = 0;
	CHECK_INT(run(&m, &w, all, 1, false), 0);
	CHECK_INT(w.already, PAGES - 2);
	CHECK(w.tries > 1);
	unmake(dir, &m, &w);
}

static void pages_named_twice(void)
{
	char dir[] = "/tmp/memras-batch-XXXXXX";
	struct mr_span twice[] = { { .pfn = 900, .nr = 3 }, { .pfn = 901, .nr = 1 },
				   { .pfn = 5, .nr = 1 }, { .pfn = 5, .nr = 1 },
				   { .pfn = 5, .nr = 1 } };
	struct mr_machine m;
	struct world w;

	make(dir, &m, &w);
	CHECK_INT(run(&m, &w, twice, 5, false), 0);
	CHECK_INT(w.intents, 4);
	CHECK_INT(w.tries, 4);
	CHECK_INT(w.done, 4);
	CHECK_INT(w.already, 3);
	unmake(dir, &m, &w);
}

static void a_list_that_cannot_be_written(void)
{
	char dir[] = "/tmp/memras-batch-XXXXXX";
	struct mr_span some[] = { { .pfn = 100, .nr = 10 } };
	struct mr_machine m;
	struct world w;

	make(dir, &m, &w);
	w.answer = -ENOSPC;
	CHECK_INT(run(&m, &w, some, 1, false), -ENOSPC);
	CHECK_INT(w.tries, 0);
	CHECK_INT(w.settled, 0);
	unmake(dir, &m, &w);
}

int main(void)
{
	all_of_a_machine();
	pages_named_twice();
	a_list_that_cannot_be_written();
	return CHECK_RESULT;
}
