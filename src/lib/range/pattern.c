// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/range/pattern.h"

#include <errno.h>
#include <stdlib.h>

#include "util/grow.h"

#define STRETCH		(1UL << 20)	/* bytes between calls of progress() */
#define CACHE_LINE	64		/* bytes; flushes larger lines more than once */

enum kind { SOLID, WALKING, ADDRESS, RANDOM };

static const char *const names[] = {
	[SOLID] = "solid", [WALKING] = "walking", [ADDRESS] = "address", [RANDOM] = "random",
};

struct step {
	enum kind kind;
	unsigned int shift;	/* of the walking bit */
	uint64_t value;		/* of the solid word */
	bool inverted;
};

struct run {
	const struct mr_pattern *p;
	struct mr_pattern_found *found;
	uint64_t done, total;
};

/* 2 solids, 64 places of a walking bit, address, random; each also inverted */
#define STEPS (2 * (2 + 64 + 1 + 1))

static struct step step_of(unsigned int i)
{
	unsigned int n = i / 2;
	struct step s = { .inverted = i & 1 };

	if (n < 2) {
		s.kind = SOLID;
		s.value = n ? 0x5555555555555555 : 0;
	} else if (n < 66) {
		s.kind = WALKING;
		s.shift = n - 2;
	} else {
		s.kind = n == 66 ? ADDRESS : RANDOM;
	}
	return s;
}

/* splitmix64: computes a word from its index, so that reading back needs no copy. */
static uint64_t random_word(uint64_t x)
{
	x *= 0x9e3779b97f4a7c15;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

/* Inlined for each kind: what is computed for each word decides how fast a test is. */
static inline __attribute__((always_inline)) uint64_t word_of(const struct mr_pattern *p,
							      const struct step *s,
							      enum kind kind, size_t i)
{
	switch (kind) {
	case SOLID:
		return s->value;
	case WALKING:
		return 1ULL << ((i + s->shift) % 64);
	case ADDRESS:
		return p->address + i * sizeof(uint64_t);
	case RANDOM:
		return random_word(p->seed + i + 1);
	}
	return 0;
}

/*
 * Flushes the written words from the cache, because reading them there says nothing about the
 * memory. On x86 and arm64 the cache lines are written back and dropped; elsewhere only what no
 * longer fits the cache is read from memory.
 */
static void flush(const volatile uint64_t *mem, size_t bytes)
{
#ifdef __x86_64__
	for (size_t i = 0; i < bytes; i += CACHE_LINE)
		__builtin_ia32_clflush((const char *)mem + i);
	__builtin_ia32_mfence();
#elif defined(__aarch64__)
	uint64_t ctr;
	size_t line;

	/* CTR_EL0.DminLine: the smallest line of all data caches, as a power of two of words. */
	__asm__("mrs %0, ctr_el0" : "=r"(ctr));
	line = 4UL << ((ctr >> 16) & 0xf);
	/* To the point of coherency. The kernel lets user space do so (SCTLR_EL1.UCI). */
	for (size_t i = 0; i < bytes; i += line)
		__asm__ volatile("dc civac, %0" : : "r"((const volatile char *)mem + i) : "memory");
	__asm__ volatile("dsb sy" : : : "memory");
#else
	(void)mem, (void)bytes;
	__sync_synchronize();
#endif
}

static int found(struct run *r, const struct step *s, size_t i, uint64_t wrote, uint64_t read)
{
	const size_t words = r->p->page_size / sizeof(wrote), page = i / words;
	struct mr_pattern_found *f = r->found;

	if (!f->slot)
		f->slot = calloc(r->p->pages, sizeof(*f->slot));
	if (!f->slot || mr_make_room(f->bad, f->nr, f->room))
		return -ENOMEM;
	if (f->slot[page]) {
		f->bad[f->slot[page] - 1].words++;
		return 0;
	}
	f->bad[f->nr++] = (struct mr_pattern_bad){
		.page = page, .offset = i % words * sizeof(wrote), .wrote = wrote,
		.read = read, .words = 1, .pattern = names[s->kind],
	};
	f->slot[page] = (uint32_t)f->nr;
	return 0;
}

/* The buffer is volatile: each word is stored and loaded exactly once. */
static inline __attribute__((always_inline)) int stretch_of(struct run *r, const struct step *step,
							    enum kind kind, bool verify,
							    size_t from, size_t to)
{
	const struct mr_pattern p = *r->p;
	const struct step s = *step;
	const uint64_t flip = s.inverted ? ~0ULL : 0;

	for (size_t i = from; i < to; i++) {
		uint64_t want = word_of(&p, &s, kind, i) ^ flip, have;

		if (!verify) {
			p.mem[i] = want;
			continue;
		}
		have = p.mem[i];
		if (have != want && found(r, step, i, want, have))
			return -ENOMEM;
	}
	return 0;
}

static int stretch(struct run *r, const struct step *s, bool verify, size_t from, size_t to)
{
	switch (s->kind) {
	/* 66 of 68 patterns are of these two: one loop to write, one to verify, for each. */
	case SOLID:
		return verify ? stretch_of(r, s, SOLID, true, from, to) :
				stretch_of(r, s, SOLID, false, from, to);
	case WALKING:
		return verify ? stretch_of(r, s, WALKING, true, from, to) :
				stretch_of(r, s, WALKING, false, from, to);
	case ADDRESS:
		return stretch_of(r, s, ADDRESS, verify, from, to);
	case RANDOM:
		return stretch_of(r, s, RANDOM, verify, from, to);
	}
	return 0;
}

/* Writes the whole buffer, or compares it if @verify. */
static int sweep(struct run *r, const struct step *s, bool verify)
{
	const struct mr_pattern *p = r->p;
	const size_t all = p->pages * p->page_size / sizeof(*p->mem);
	const size_t most = STRETCH / sizeof(*p->mem);

	for (size_t from = 0; from < all; from += most) {
		size_t to = all - from < most ? all : from + most;

		if (stretch(r, s, verify, from, to))
			return -ENOMEM;
		if (!verify)
			flush(p->mem + from, (to - from) * sizeof(*p->mem));
		r->done += (to - from) * sizeof(*p->mem);
		if (p->progress && p->progress(r->done, r->total, verify, p->progress_data))
			return -EINTR;
	}
	return 0;
}

static int by_page(const void *pa, const void *pb)
{
	const struct mr_pattern_bad *a = pa, *b = pb;

	return a->page > b->page ? 1 : a->page < b->page ? -1 : 0;
}

uint64_t mr_pattern_bytes(const struct mr_pattern *p)
{
	return 2ULL * STEPS * p->pages * p->page_size;
}

int mr_pattern_run(const struct mr_pattern *p, struct mr_pattern_found *found)
{
	struct run r = { .p = p, .found = found, .total = mr_pattern_bytes(p) };
	int rc = 0;

	for (unsigned int i = 0; !rc && i < STEPS; i++) {
		struct step s = step_of(i);

		rc = sweep(&r, &s, false);
		if (!rc)
			rc = sweep(&r, &s, true);
	}
	if (found->nr)
		qsort(found->bad, found->nr, sizeof(*found->bad), by_page);
	return rc;
}

void mr_pattern_found_free(struct mr_pattern_found *found)
{
	free(found->bad);
	free(found->slot);
	*found = (struct mr_pattern_found){ 0 };
}
