// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/range/memtest.h"

#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "backend/device.h"
#include "backend/kpage.h"
#include "lib/inspect/poison.h"
#include "lib/page/retire.h"
#include "lib/range/pattern.h"
#include "lib/range/quarantine.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/grow.h"
#include "util/interrupt.h"

struct job {
	const struct mr_machine *m;
	struct mr_ranges parts;
	struct mr_ranges again;	/* what is left of parts in which a page broke */
	struct mr_memtest *test;
	mr_memtest_progress_fn progress;
	void *data;
	uint64_t before;	/* bytes of earlier parts */
	uint64_t total;
	struct mr_pattern_found found;	/* of the current part */
};

/* Finds the held pages of the spans. */
static int find_parts(struct job *job, const struct mr_span *spans, size_t nr)
{
	struct mr_ranges all;
	struct mr_kept kept = { 0 };
	int rc = mr_quarantine_pages(spans, nr, &all);

	if (!rc)
		rc = mr_kept_read(job->m, &all, &kept);
	if (!rc) {
		job->parts = kept.of[MR_HOLD_HELD];
		kept.of[MR_HOLD_HELD] = (struct mr_ranges){ 0 };
		job->test->pages = mr_ranges_pages(&job->parts);
	}
	mr_kept_free(&kept);
	mr_ranges_free(&all);
	return rc;
}

/*
 * A SIGBUS means that a page was taken away or is broken. The patterns hold no resources that
 * the jump out of them would lose.
 */
static sigjmp_buf bus_jump;
static char *volatile bus_address;

static void on_bus(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	bus_address = info->si_addr;
	siglongjmp(bus_jump, 1);
}

static bool on_progress(uint64_t done, uint64_t total, bool verify, void *data)
{
	struct job *job = data;

	(void)total, (void)verify;
	job->test->bytes = job->before + done;
	if (job->progress)
		job->progress(job->test->bytes, job->total, job->data);
	return mr_interrupted();
}

static int add_bad(struct job *job, const struct mr_memtest_bad *bad)
{
	struct mr_memtest *t = job->test;

	if (mr_make_room(t->bad, t->nr_bad, t->bad_room))
		return -ENOMEM;
	t->bad[t->nr_bad] = *bad;
	t->bad[t->nr_bad++].phys = mr_pfn_phys(job->m, bad->pfn);
	return 0;
}

static int add_found(struct job *job, const struct mr_range *part,
		     const struct mr_pattern_found *found)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < found->nr; i++) {
		const struct mr_pattern_bad *bad = &found->bad[i];

		rc = add_bad(job, &(struct mr_memtest_bad){
			.pfn = part->pfn + bad->page, .offset = bad->offset, .wrote = bad->wrote,
			.read = bad->read, .words = bad->words, .pattern = bad->pattern });
	}
	return rc;
}

/*
 * Adds the pages of @part that the kernel has poisoned as bad; with @again, adds the pages
 * between them to the next round. Returns the number of poisoned pages, or -errno.
 */
static int64_t add_broken(struct job *job, struct mr_range part, bool again)
{
	mr_autofree uint64_t *broken = NULL;
	uint64_t from = part.pfn;
	size_t nr = 0;
	int rc = mr_poison_list(job->m, part.pfn, part.nr, &broken, &nr);

	for (size_t i = 0; !rc && i < nr; i++) {
		rc = add_bad(job, &(struct mr_memtest_bad){ .pfn = broken[i],
							    .pattern = "machine-check" });
		if (!rc && again)
			rc = mr_ranges_add(&job->again, from, broken[i] - from);
		from = broken[i] + 1;
	}
	if (!rc && again && nr)
		rc = mr_ranges_add(&job->again, from, part.pfn + part.nr - from);
	return rc ? rc : (int64_t)nr;
}

static int explain(int rc, uint64_t pfn, struct mr_err *err)
{
	char object[24];

	snprintf(object, sizeof(object), "0x%" PRIx64, pfn);
	switch (rc) {
	case -EINTR:
		return mr_err_set(err, rc, "", "the test was interrupted; its pages are still held");
	case -EFAULT:
		return mr_err_set(err, rc, object, "the page was taken away during the test");
	case -ENOMEM:
		return mr_err_set(err, rc, "", "no memory for the report");
	default:
		return mr_err_set(err, rc, object, "the pages cannot be mapped");
	}
}

/* Returns the page of the SIGBUS, or the first page if the signal has no address. */
static uint64_t bus_pfn(const struct job *job, const struct mr_range *part, const char *mem)
{
	const uint64_t page = (uint64_t)(bus_address - mem) >> job->m->page_shift;

	return part->pfn + (page < part->nr ? page : 0);
}

static int test_part(struct job *job, struct mr_range part, struct mr_err *err)
{
	struct sigaction catch = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO }, old;
	struct mr_pattern p = {
		.pages = part.nr, .page_size = mr_page_size(job->m),
		.address = mr_pfn_phys(job->m, part.pfn), .seed = job->test->seed,
		.progress = on_progress, .progress_data = job,
	};
	volatile bool bus = false;
	int64_t broken;
	void *mem;
	int rc = mr_device_map(job->m, part.pfn, part.nr, &mem);

	if (rc)
		return explain(rc, part.pfn, err);
	p.mem = mem;
	sigaction(SIGBUS, &catch, &old);
	if (!sigsetjmp(bus_jump, 1))
		rc = mr_pattern_run(&p, &job->found);
	else
		bus = true;
	sigaction(SIGBUS, &old, NULL);
	munmap(mem, part.nr << job->m->page_shift);
	if (add_found(job, &part, &job->found))
		rc = -ENOMEM;
	mr_pattern_found_free(&job->found);
	broken = add_broken(job, part, bus);
	if (broken < 0)
		rc = (int)broken;
	else if (bus && !broken)
		return explain(-EFAULT, bus_pfn(job, &part, mem), err);
	if (rc)
		explain(rc, part.pfn, err);
	return rc;
}

static int by_pfn(const void *pa, const void *pb)
{
	const struct mr_memtest_bad *a = pa, *b = pb;

	if (a->pfn != b->pfn)
		return a->pfn > b->pfn ? 1 : -1;
	/* A pattern's finding says more than a machine check. */
	return !a->words - !b->words;
}

/* Keeps each bad page once: a page that is tested again may be found again. */
static void merge_bad(struct mr_memtest *t)
{
	size_t n = 0;

	if (t->nr_bad)
		qsort(t->bad, t->nr_bad, sizeof(*t->bad), by_pfn);
	for (size_t i = 0; i < t->nr_bad; i++) {
		if (n && t->bad[n - 1].pfn == t->bad[i].pfn)
			t->bad[n - 1].words += t->bad[i].words;
		else
			t->bad[n++] = t->bad[i];
	}
	t->nr_bad = n;
}

/* Tests all parts, also after a part was taken away (-EFAULT). */
static int test_parts(struct job *job, int rc, struct mr_err *err)
{
	for (size_t i = 0; (!rc || rc == -EFAULT) && i < job->parts.nr; i++) {
		struct mr_err why;
		int part_rc = test_part(job, job->parts.list[i], &why);

		job->before = job->test->bytes;
		if (part_rc && (!rc || part_rc != -EFAULT))
			*err = why;
		if (part_rc)
			rc = part_rc;
	}
	return rc;
}

int mr_memtest_run(const struct mr_machine *m, const struct mr_span *spans, size_t nr,
		   mr_memtest_progress_fn progress, void *data, struct mr_memtest *test,
		   struct mr_err *err)
{
	const uint64_t start = mr_clock_us();
	struct job job = { .m = m, .test = test, .progress = progress, .data = data };
	struct mr_pattern all = { .page_size = mr_page_size(m) };
	int rc;

	*test = (struct mr_memtest){ .seed = test->seed };
	if (!mr_device_has(m, MEMRAS_FEAT_MAP))
		return mr_err_machine(err, -EOPNOTSUPP, "", "the module cannot map pages here");
	rc = find_parts(&job, spans, nr);
	if (rc)
		mr_err_set(err, rc, "", "the held pages cannot be listed");
	all.pages = test->pages;
	job.total = mr_pattern_bytes(&all);
	while (job.parts.nr && (!rc || rc == -EFAULT)) {
		rc = test_parts(&job, rc, err);
		mr_ranges_free(&job.parts);
		job.parts = job.again;
		job.again = (struct mr_ranges){ 0 };
		all.pages = mr_ranges_pages(&job.parts);
		job.total = job.before + mr_pattern_bytes(&all);
	}
	merge_bad(test);
	test->complete = !rc;
	test->elapsed_us = mr_clock_us() - start;
	mr_ranges_free(&job.parts);
	return rc;
}

/*
 * A page that is poisoned while held is not freed on release, so no allocator sees it. A page
 * that cannot be poisoned stays held.
 */
size_t mr_memtest_retire(struct mr_machine *m, struct mr_memtest *test)
{
	const struct mr_offline_policy policy = {
		.mode = MR_MODE_HARD, .via = MR_VIA_SYSFS, .force = true, .held = true,
	};
	size_t left = 0;

	for (size_t i = 0; i < test->nr_bad; i++) {
		struct memras_release release = { .start_pfn = test->bad[i].pfn, .nr_pages = 1,
						  .flags = MEMRAS_RELEASE_KEPT };
		struct mr_spot spot = { .pfn = test->bad[i].pfn };
		struct mr_result result;

		mr_retire_page(m, &spot, &policy, &result);
		test->bad[i].retired = mr_kpage_poisoned(m, spot.pfn) == 1;
		if (test->bad[i].retired)
			mr_device_release(m, &release);
		else
			left++;
	}
	return left;
}

void mr_memtest_free(struct mr_memtest *test)
{
	free(test->bad);
	*test = (struct mr_memtest){ 0 };
}
