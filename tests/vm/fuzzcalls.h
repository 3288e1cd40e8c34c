/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls to /dev/memras as data, for ioctlfuzz.c: generated, changed, recorded and made.
 *
 * The effects of a call on the guest are bounded here, not by chance: claims stay within a
 * window of memory, and only pages of the fuzzer's own, which it never touches again, are
 * poisoned.
 */
#ifndef FUZZCALLS_H
#define FUZZCALLS_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memras.h"

#define SLOTS		8		/* descriptors that all threads share, ... */
#define SLOT_FIRST	200		/* ... from this number on, which nothing else uses */
#define PROGRAM		6		/* calls that belong together */
#define ARENA		64		/* pages that may be poisoned */
#define ROOM		(64 << 10)	/* bytes for lists that calls return */

enum { DO_IOCTL, DO_OPEN, DO_CLOSE, DO_DUP, DO_MAP, DO_KINDS };

struct call {
	uint8_t what;			/* DO_* */
	uint8_t slot;
	uint8_t aim;			/* which of the words are made to fit, see fit() */
	uint8_t nr;			/* of the ioctl, as in _IOC_NR() */
	uint32_t cmd;
	uint64_t words[10];		/* its argument */
};

struct program {
	int nr;
	struct call calls[PROGRAM];
};

struct thread {
	uint64_t random;
	char *room;			/* ROOM bytes before an inaccessible page */
	int pipe[2];
	unsigned long calls, done;	/* made, and those that returned 0 or more */
};

static const uint32_t cmds[] = {
	MEMRAS_IOC_INFO, MEMRAS_IOC_DESCRIBE, MEMRAS_IOC_SCAN, MEMRAS_IOC_CLAIM,
	MEMRAS_IOC_RELEASE, MEMRAS_IOC_HOLDS, MEMRAS_IOC_OFFLINE, MEMRAS_IOC_UNPOISON,
	MEMRAS_IOC_KEEP, MEMRAS_IOC_RECALL,
};
#define CMDS (sizeof(cmds) / sizeof(cmds[0]))

static uint64_t window_pfn, window_nr;	/* what may be claimed */
static char *arena;

static uint64_t roll(struct thread *t)
{
	t->random ^= t->random << 13;
	t->random ^= t->random >> 7;
	t->random ^= t->random << 17;
	return t->random;
}

static bool one_in(struct thread *t, unsigned int n)
{
	return roll(t) % n == 0;
}

static uint64_t some_pfn(struct thread *t)
{
	static const uint64_t odd[] = { 0, 1, UINT64_MAX, UINT64_MAX >> 12, 1ULL << 40, 1ULL << 52 };
	uint64_t in = window_pfn + roll(t) % window_nr;

	switch (roll(t) % 16) {
	case 0:
		return odd[roll(t) % (sizeof(odd) / sizeof(odd[0]))];
	case 1:
		return roll(t);
	case 2:
		return window_pfn + window_nr - roll(t) % 1024;
	case 3 ... 9:
		return in - in % 512;
	default:
		return in;
	}
}

static uint64_t some_nr(struct thread *t)
{
	static const uint64_t odd[] = { 0, 32768, 65536, MEMRAS_CLAIM_MAX, MEMRAS_CLAIM_MAX + 1,
					MEMRAS_SCAN_MAX, UINT64_MAX };

	switch (roll(t) % 16) {
	case 0:
		return odd[roll(t) % (sizeof(odd) / sizeof(odd[0]))];
	case 1 ... 4:
		return 512 * (1 + roll(t) % 8);
	case 5:
		return 4096 * (1 + roll(t) % 4);
	default:
		return 1 + roll(t) % 600;
	}
}

static void make_call(struct thread *t, struct call *c)
{
	*c = (struct call){ .slot = roll(t) % SLOTS, .aim = roll(t) };
	switch (roll(t) % 24) {
	case 0:
		c->what = DO_OPEN;
		break;
	case 1:
		c->what = DO_CLOSE;
		break;
	case 2:
		c->what = DO_DUP;
		break;
	case 3 ... 4:
		c->what = DO_MAP;
		c->words[0] = some_pfn(t);
		c->words[1] = 1 + roll(t) % 8;
		break;
	default:
		c->what = DO_IOCTL;
		c->cmd = cmds[roll(t) % CMDS];
		if (one_in(t, 64))
			c->cmd = roll(t);
		else if (one_in(t, 64))
			c->cmd ^= 1U << roll(t) % 32;
		c->nr = _IOC_NR(c->cmd);
		c->words[0] = some_pfn(t);
		c->words[1] = some_nr(t);
		break;
	}
	if (one_in(t, 8))
		c->words[roll(t) % 10] = one_in(t, 2) ? roll(t) : 1ULL << roll(t) % 64;
}

static void change_call(struct thread *t, struct call *c)
{
	switch (roll(t) % 8) {
	case 0:
		c->words[roll(t) % 10] ^= 1ULL << roll(t) % 64;
		break;
	case 1:
		c->words[roll(t) % 10] = roll(t);
		break;
	case 2:
		c->words[0] = some_pfn(t);
		break;
	case 3:
		c->words[1] = some_nr(t);
		break;
	case 4:
		c->words[roll(t) % 2] += roll(t) % 65 - 32;
		break;
	case 5:
		c->slot = roll(t) % SLOTS;
		break;
	case 6:
		c->aim = roll(t);
		break;
	default:
		make_call(t, c);
	}
}

static uint64_t pfn_of(const void *at)
{
	static int pagemap = -1;
	uint64_t entry = 0;

	if (pagemap < 0)
		pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (pread(pagemap, &entry, 8, (uintptr_t)at / 4096 * 8) != 8 || !(entry >> 63))
		return 0;
	return entry & ((1ULL << 55) - 1);
}

/* Returns the PFN of a random page of the arena, or replaces a poisoned one and returns 0 */
static uint64_t victim(struct thread *t)
{
	char *at = arena + roll(t) % ARENA * 4096;

	if (!pfn_of(at)) {
		mmap(at, 4096, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0);
		return 0;
	}
	return pfn_of(at);
}

/* Moves a range into the window, if need be shorter; leaves one that is refused anyhow */
static void keep_within(__u64 *pfn, __u64 *nr)
{
	if (!*nr || *nr > MEMRAS_CLAIM_MAX || *pfn + *nr < *pfn)
		return;
	if (*nr > window_nr / 2)
		*nr = 1 + *nr % (window_nr / 2);
	if (*pfn < window_pfn || *pfn >= window_pfn + window_nr - *nr)
		*pfn = window_pfn + *pfn % (window_nr - *nr);
}

/* Sets pointers and counts of an argument, so that most calls get past its checks */
static void fit(struct thread *t, const struct call *c, void *arg)
{
	const bool sane = c->aim & 7;	/* flags and reserved members too */
	char *room = c->aim & 0x70 ? t->room :
		     c->aim & 8 ? t->room + ROOM - 100 : (char *)(uintptr_t)c->words[9];
	struct memras_describe *describe = arg;
	struct memras_release *release = arg;
	struct memras_recall *recall = arg;
	struct memras_poison *poison = arg;
	struct memras_claim *claim = arg;
	struct memras_holds *holds = arg;
	struct memras_scan *scan = arg;
	struct memras_keep *keep = arg;

	switch (c->nr) {
	case _IOC_NR(MEMRAS_IOC_DESCRIBE):
		for (uint64_t i = 0; i < ROOM / sizeof(struct memras_page); i++)
			((struct memras_page *)t->room)[i] = (struct memras_page){
				.pfn = c->words[0] + i * (1 + c->words[1] % 700) };
		describe->pages = (uintptr_t)room;
		if (sane)
			*describe = (struct memras_describe){ .pages = (uintptr_t)room,
							      .nr = 1 + c->words[1] % 800 };
		break;
	case _IOC_NR(MEMRAS_IOC_SCAN):
		scan->runs = (uintptr_t)room;
		if (sane) {
			scan->nr_runs = 1 + scan->nr_runs % 2600;
			scan->flags &= MEMRAS_SCAN_POISONED;
			scan->reserved[0] = scan->reserved[1] = 0;
		}
		break;
	case _IOC_NR(MEMRAS_IOC_CLAIM):
		keep_within(&claim->start_pfn, &claim->nr_pages);
		if (sane) {
			claim->flags = c->aim >> 3 & (MEMRAS_CLAIM_ROUND | MEMRAS_CLAIM_KEEP);
			claim->reserved0 = claim->reserved[0] = claim->reserved[1] = 0;
		}
		break;
	case _IOC_NR(MEMRAS_IOC_RELEASE):
		if (sane) {
			release->flags = c->aim >> 3 & MEMRAS_RELEASE_KEPT;
			release->reserved0 = release->reserved[0] = release->reserved[1] = 0;
			release->nr_pages += !release->nr_pages;
		}
		break;
	case _IOC_NR(MEMRAS_IOC_KEEP):
		if (sane) {
			keep->flags = keep->reserved0 = keep->reserved[0] = keep->reserved[1] = 0;
			keep->nr_pages += !keep->nr_pages;
		}
		break;
	case _IOC_NR(MEMRAS_IOC_HOLDS):
		holds->holds = (uintptr_t)room;
		if (sane) {
			holds->nr = 1 + holds->nr % 1900;
			holds->flags = holds->reserved[0] = holds->reserved[1] = 0;
		}
		break;
	case _IOC_NR(MEMRAS_IOC_RECALL):
		recall->pages = (uintptr_t)room;
		if (sane) {
			recall->nr = 1 + recall->nr % 4000;
			recall->flags = recall->reserved[0] = recall->reserved[1] = 0;
		}
		break;
	case _IOC_NR(MEMRAS_IOC_OFFLINE):
		/* A real error would disable unpoison until the next boot. */
		poison->pfn = c->aim & 8 ? victim(t) : ~0ULL - poison->pfn % 4096;
		poison->flags |= MEMRAS_OFFLINE_SIMULATED;
		if (sane)
			*poison = (struct memras_poison){ .pfn = poison->pfn,
							  .flags = MEMRAS_OFFLINE_SIMULATED };
		break;
	case _IOC_NR(MEMRAS_IOC_UNPOISON):
		if (sane)
			*poison = (struct memras_poison){ .pfn = poison->pfn };
		break;
	}
}

/* Lets the kernel read the pages, so that an inaccessible page is EFAULT, not a signal */
static long touch(struct thread *t, int fd, uint64_t pfn, uint64_t nr)
{
	char byte, *at = mmap(NULL, nr * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			      (off_t)(pfn * 4096));
	long rc = -1;

	if (at == MAP_FAILED)
		return -1;
	for (uint64_t i = 0; i < nr; i++) {
		if (write(t->pipe[1], at + i * 4096, 1) != 1)
			continue;
		rc = read(t->pipe[0], &byte, 1);
		/* ... and write to them */
		if (rc == 1 && write(t->pipe[1], &byte, 1) == 1)
			rc = read(t->pipe[0], at + i * 4096, 1);
		if (rc != 1)
			while (read(t->pipe[0], &byte, 1) == 1)
				;
	}
	munmap(at, nr * 4096);
	return rc;
}

static long do_call(struct thread *t, const struct call *c)
{
	uint64_t arg[16] = { 0 };
	int fd = SLOT_FIRST + c->slot % SLOTS, other;
	long rc = -1;

	t->calls++;
	switch (c->what) {
	case DO_OPEN:
		other = open("/dev/memras", (c->aim & 3 ? O_RDWR : O_RDONLY) | O_CLOEXEC);
		if (other >= 0) {
			rc = dup2(other, fd);
			close(other);
		}
		break;
	case DO_CLOSE:
		rc = close(fd);
		break;
	case DO_DUP:
		rc = dup2(fd, SLOT_FIRST + c->aim % SLOTS);
		break;
	case DO_MAP:
		rc = touch(t, fd, c->words[0], 1 + c->words[1] % 8);
		break;
	default:
		memcpy(arg, c->words, sizeof(c->words));
		fit(t, c, arg);
		rc = ioctl(fd, c->cmd, c->aim == 0xff ? (void *)(uintptr_t)c->words[2] : arg);
	}
	t->done += rc >= 0;
	return rc;
}

#endif
