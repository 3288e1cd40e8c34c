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
#include "lib/page/retire.h"
#include "lib/range/pattern.h"
#include "lib/range/quarantine.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/interrupt.h"

#define RETIRE_TIMEOUT_MS 10000

struct job {
	const struct mr_machine *m;
	struct mr_ranges parts;
	struct mr_memtest *test;
	mr_memtest_progress_fn progress;
	void *data;
	uint64_t before;	/* bytes of the parts before this one */
	uint64_t total;
};

/* What is held of the spans. */
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
 * SIGBUS is how a page says that it is not ours any more, or that it is broken.
 * The patterns have nothing open that a jump out of them would leave behind but
 * the list of what they found.
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

static int add_bad(struct job *job, const struct mr_range *part, const struct mr_pattern_bad *bad,
		   size_t nr)
{
	struct mr_memtest *t = job->test;
	struct mr_memtest_bad *list = reallocarray(t->bad, t->nr_bad + nr + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	t->bad = list;
	for (size_t i = 0; i < nr; i++)
		list[t->nr_bad++] = (struct mr_memtest_bad){
			.pfn = part->pfn + bad[i].page,
			.phys = mr_pfn_phys(job->m, part->pfn + bad[i].page),
			.offset = bad[i].offset, .wrote = bad[i].wrote, .read = bad[i].read,
			.words = bad[i].words, .pattern = bad[i].pattern,
		};
	return 0;
}

static int explain(int rc, uint64_t pfn, struct mr_err *err)
{
	char object[24];

	snprintf(object, sizeof(object), "0x%" PRIx64, pfn);
	switch (rc) {
	case -EINTR:
		return mr_err_set(err, rc, "", "the test was interrupted; its pages are still held");
	case -EFAULT:
		return mr_err_set(err, rc, object,
				  "the page was taken away during the test, or the machine found an error in it");
	default:
		return mr_err_set(err, rc, object, "the pages cannot be mapped");
	}
}

static int test_part(struct job *job, const struct mr_range *part, struct mr_err *err)
{
	struct sigaction catch = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO }, old;
	struct mr_pattern p = {
		.pages = part->nr, .page_size = mr_page_size(job->m),
		.address = mr_pfn_phys(job->m, part->pfn), .seed = job->test->seed,
		.progress = on_progress, .progress_data = job,
	};
	struct mr_pattern_bad *volatile bad = NULL;
	struct mr_pattern_bad *found = NULL;
	void *mem;
	size_t n = 0;
	int rc = mr_device_map(job->m, part->pfn, part->nr, &mem);

	if (rc)
		return explain(rc, part->pfn, err);
	p.mem = mem;
	sigaction(SIGBUS, &catch, &old);
	if (sigsetjmp(bus_jump, 1)) {
		rc = explain(-EFAULT, part->pfn + ((uint64_t)(bus_address - (char *)mem) >>
						   job->m->page_shift), err);
	} else {
		rc = mr_pattern_run(&p, &found, &n);
		bad = found;
		if (rc)
			explain(rc, part->pfn, err);
		if (add_bad(job, part, bad, n))
			rc = mr_err_set(err, -ENOMEM, "", "no memory for the report");
	}
	sigaction(SIGBUS, &old, NULL);
	free(bad);
	munmap(mem, part->nr << job->m->page_shift);
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
		mr_err_set(err, rc, "", "what is held cannot be listed");
	all.pages = test->pages;
	job.total = mr_pattern_bytes(&all);
	for (size_t i = 0; !rc && i < job.parts.nr; i++) {
		rc = test_part(&job, &job.parts.list[i], err);
		job.before = test->bytes;
	}
	test->complete = !rc;
	test->elapsed_us = mr_clock_us() - start;
	mr_ranges_free(&job.parts);
	return rc;
}

size_t mr_memtest_retire(struct mr_machine *m, struct mr_memtest *test)
{
	struct mr_offline_policy policy = { .mode = MR_MODE_HARD, .via = MR_VIA_AUTO,
					    .timeout_ms = RETIRE_TIMEOUT_MS,
					    .retries = UINT64_MAX };
	size_t left = 0;

	for (size_t i = 0; i < test->nr_bad; i++) {
		struct memras_release release = { .start_pfn = test->bad[i].pfn, .nr_pages = 1,
						  .flags = MEMRAS_RELEASE_KEPT };
		struct mr_spot spot = { .pfn = test->bad[i].pfn };
		struct mr_result result = { 0 };

		mr_device_release(m, &release);
		policy.mode = MR_MODE_HARD;
		mr_retire_page(m, &spot, &policy, &result);
		if (mr_kpage_poisoned(m, spot.pfn) != 1) {
			result = (struct mr_result){ 0 };
			policy.mode = MR_MODE_SOFT;
			mr_retire_page(m, &spot, &policy, &result);
		}
		test->bad[i].retired = mr_kpage_poisoned(m, spot.pfn) == 1;
		left += !test->bad[i].retired;
	}
	return left;
}

void mr_memtest_free(struct mr_memtest *test)
{
	free(test->bad);
	*test = (struct mr_memtest){ 0 };
}
