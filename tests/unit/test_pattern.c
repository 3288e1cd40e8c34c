// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/range/pattern.h"

#include <errno.h>
#include <stdlib.h>

#include "check.h"

#define PAGES 300	/* more than a MiB, so that a run has several stretches */
#define PAGE 4096

/* A fake fault: changes words between the engine's write and read. */
struct fake {
	uint64_t *mem;
	size_t word;
	uint64_t stuck_high, stuck_low;
	uint64_t last_done;
	uint64_t calls, stop_after;
};

static bool interfere(uint64_t done, uint64_t total, bool verify, void *data)
{
	struct fake *f = data;

	CHECK(done > f->last_done && done <= total);
	f->last_done = done;
	if (!verify)
		f->mem[f->word] = (f->mem[f->word] | f->stuck_high) & ~f->stuck_low;
	return ++f->calls == f->stop_after;
}

static int run(struct fake *f, struct mr_pattern_bad **bad, size_t *nr)
{
	struct mr_pattern_found found = { 0 };
	struct mr_pattern p = {
		.pages = PAGES, .page_size = PAGE, .address = 0x123400000, .seed = 42,
		.progress = interfere, .progress_data = f,
	};
	int rc;

	f->mem = aligned_alloc(PAGE, (size_t)PAGES * PAGE);
	p.mem = f->mem;
	rc = mr_pattern_run(&p, &found);
	*bad = found.bad;
	*nr = found.nr;
	free(found.slot);
	if (!rc)
		CHECK_INT(f->last_done, mr_pattern_bytes(&p));
	free(f->mem);
	return rc;
}

static void good_memory(void)
{
	struct fake f = { 0 };
	struct mr_pattern_bad *bad;
	size_t nr;

	CHECK_INT(run(&f, &bad, &nr), 0);
	CHECK_INT(nr, 0);
	free(bad);
}

static void one_stuck_bit(uint64_t high, uint64_t low)
{
	struct fake f = { .word = 7 * PAGE / 8 + 3, .stuck_high = high, .stuck_low = low };
	struct mr_pattern_bad *bad;
	size_t nr;

	CHECK_INT(run(&f, &bad, &nr), 0);
	CHECK_INT(nr, 1);
	if (nr == 1) {
		CHECK_INT(bad->page, 7);
		CHECK_INT(bad->offset, 24);
		CHECK_INT(bad->wrote ^ bad->read, high | low);
		/* About half of all steps write the other value there. */
		CHECK(bad->words > 50 && bad->words < 90);
	}
	free(bad);
}

static void ended_on_its_way(void)
{
	struct fake f = { .stuck_high = 1, .stop_after = 7 };
	struct mr_pattern_bad *bad;
	size_t nr;

	CHECK_INT(run(&f, &bad, &nr), -EINTR);
	CHECK_INT(nr, 1);
	free(bad);
}

int main(void)
{
	good_memory();
	for (int bit = 0; bit < 64; bit += 21) {
		one_stuck_bit(1ULL << bit, 0);
		one_stuck_bit(0, 1ULL << bit);
	}
	ended_on_its_way();
	return CHECK_RESULT;
}
