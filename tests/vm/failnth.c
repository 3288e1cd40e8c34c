// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * failnth FIRST-PFN PAGES: makes every call to /dev/memras, and fails each of its
 * allocations and copies in turn (/proc/self/fail-nth), until the call ends before the nth.
 * The window is a memory block with some MiB free at its start.
 *
 * A call that fails must leave everything as before, unless only its answer could not be
 * copied (EFAULT). After its effects are undone, everything must be as before it: total and
 * managed memory, PageOffline and poisoned pages, and what the module lists.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "memras.h"

#define PAGES_IN_USE	8
#define LOOKED_AT	2048		/* pages of the window; calls stay within them */
#define KPF_HWPOISON	19
#define KPF_OFFLINE	23

static uint64_t first, nr;
static int dev = -1, fail_nth, kpageflags;
static char *user;
static int failed;
static unsigned long injected;

/* ---- the state that must come back */

struct state {
	char zones[4096];		/* MemTotal, and the managed pages of each zone */
	uint64_t offline, poisoned;	/* pages of the window */
	uint64_t held, kept;
	struct memras_hold holds[64];
	uint32_t nr_holds;
};

static void lines_of(const char *path, const char *word, char *to, size_t room)
{
	FILE *f = fopen(path, "r");
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, word) && strlen(to) + strlen(line) < room)
			strcat(to, line);
	if (f)
		fclose(f);
}

static void look(struct state *s)
{
	static uint64_t flags[LOOKED_AT];
	struct memras_info info = { 0 };
	struct memras_holds holds = { .holds = (uintptr_t)s->holds, .nr = 64 };
	ssize_t got = pread(kpageflags, flags, sizeof(flags), first * 8);
	int fd = dev < 0 ? open("/dev/memras", O_RDONLY) : dev;

	memset(s, 0, sizeof(*s));
	lines_of("/proc/meminfo", "MemTotal", s->zones, sizeof(s->zones));
	lines_of("/proc/zoneinfo", "managed", s->zones, sizeof(s->zones));
	for (ssize_t i = 0; i < got / 8; i++) {
		s->offline += flags[i] >> KPF_OFFLINE & 1;
		s->poisoned += flags[i] >> KPF_HWPOISON & 1;
	}
	if (fd < 0 || ioctl(fd, MEMRAS_IOC_INFO, &info) || ioctl(fd, MEMRAS_IOC_HOLDS, &holds)) {
		perror("failnth: looking at it");
		exit(2);
	}
	s->held = info.held_pages;
	s->kept = info.kept_pages;
	s->nr_holds = holds.nr;
	/* the time of a claim is not compared */
	for (uint32_t i = 0; i < holds.nr; i++)
		s->holds[i].since = 0;
	if (fd != dev)
		close(fd);
}

static void compare(const char *what, unsigned int nth, const char *when, const struct state *was)
{
	static struct state is;

	/* Freed pages pass through per-cpu lists, but these values are exact at once. */
	look(&is);
	if (!memcmp(was, &is, sizeof(is)))
		return;
	fprintf(stderr, "failnth: %s, fault %u: %s, it is not as before: offline %llu -> %llu, "
		"poisoned %llu -> %llu, held %llu -> %llu, kept %llu -> %llu, %u -> %u holds\n%s->\n%s",
		what, nth, when, (unsigned long long)was->offline, (unsigned long long)is.offline,
		(unsigned long long)was->poisoned, (unsigned long long)is.poisoned,
		(unsigned long long)was->held, (unsigned long long)is.held,
		(unsigned long long)was->kept, (unsigned long long)is.kept,
		was->nr_holds, is.nr_holds, was->zones, is.zones);
	failed = 1;
}

/* ---- the calls; each returns -1 and errno, or 0 or more */

static int claim(uint64_t pfn, uint64_t pages, uint32_t flags)
{
	struct memras_claim arg = { .start_pfn = pfn, .nr_pages = pages, .flags = flags };

	return ioctl(dev, MEMRAS_IOC_CLAIM, &arg);
}

/* Freed pages are busy until the batches of all CPUs are drained, as move_pages() does */
static void drain(void)
{
	void *page = user;
	int node = 0, status;

	syscall(SYS_move_pages, 0, 1UL, &page, &node, &status, 2 /* MPOL_MF_MOVE */);
}

static void claim_surely(uint64_t pfn, uint64_t pages, uint32_t flags)
{
	for (int i = 0; claim(pfn, pages, flags); i++) {
		if (errno != EBUSY || i == 50) {
			perror("failnth: claim");
			exit(2);
		}
		drain();
	}
}

static int release(uint64_t pfn, uint64_t pages, uint32_t flags)
{
	struct memras_release arg = { .start_pfn = pfn, .nr_pages = pages, .flags = flags };

	return ioctl(dev, MEMRAS_IOC_RELEASE, &arg);
}

static int poison(unsigned long cmd, uint64_t pfn)
{
	struct memras_poison arg = { .pfn = pfn };

	if (cmd == MEMRAS_IOC_OFFLINE)
		arg.flags = MEMRAS_OFFLINE_SIMULATED;
	return ioctl(dev, cmd, &arg);
}

static int call_open(void)
{
	int fd = open("/dev/memras", O_RDWR);

	return fd < 0 ? -1 : close(fd);
}

static int call_info(void)
{
	struct memras_info info;

	return ioctl(dev, MEMRAS_IOC_INFO, &info);
}

static int call_describe(void)
{
	static struct memras_page pages[300];
	struct memras_describe arg = { .pages = (uintptr_t)pages, .nr = 300 };

	memset(pages, 0, sizeof(pages));
	for (int i = 0; i < 300; i++)
		pages[i].pfn = first + i * 3;
	return ioctl(dev, MEMRAS_IOC_DESCRIBE, &arg);
}

static int call_scan(void)
{
	static struct memras_run runs[2000];
	struct memras_scan arg = { .start_pfn = first, .nr_pages = nr, .runs = (uintptr_t)runs,
				   .nr_runs = 2000 };

	return ioctl(dev, MEMRAS_IOC_SCAN, &arg);
}

static int call_holds(void)
{
	static struct memras_hold holds[64];
	struct memras_holds arg = { .holds = (uintptr_t)holds, .nr = 64 };

	return ioctl(dev, MEMRAS_IOC_HOLDS, &arg);
}

static int call_recall(void)
{
	static struct memras_recalled pages[64];
	struct memras_recall arg = { .nr_pages = UINT64_MAX, .pages = (uintptr_t)pages, .nr = 64 };

	return ioctl(dev, MEMRAS_IOC_RECALL, &arg);
}

static int call_keep(void)
{
	struct memras_keep arg = { .start_pfn = first + 100, .nr_pages = 200 };

	return ioctl(dev, MEMRAS_IOC_KEEP, &arg);
}

static int call_claim(void) { return claim(first, 1024, 0); }
static int call_claim_kept(void) { return claim(first + 512, 300, MEMRAS_CLAIM_KEEP); }
static int call_claim_round(void) { return claim(first, 1024, MEMRAS_CLAIM_ROUND); }
static int call_release(void) { return release(first + 100, 200, 0); }
static int call_release_kept(void) { return release(first + 100, 50, MEMRAS_RELEASE_KEPT); }
static int call_offline(void) { return poison(MEMRAS_IOC_OFFLINE, first + 700); }
static int call_unpoison(void) { return poison(MEMRAS_IOC_UNPOISON, first + 700); }

static uint64_t pfn_of(const void *at)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (pread(fd, &entry, 8, (uintptr_t)at / 4096 * 8) != 8)
		entry = 0;
	close(fd);
	return entry & ((1ULL << 55) - 1);
}

static uint64_t in_use_pfn;

/* Our own pages are migrated out of the way */
static int call_claim_used(void) { return claim(in_use_pfn, 1, 0); }

/* Writes to a pipe, so that an inaccessible page is an error, not a signal */
static int call_touch(void)
{
	char *at = mmap(NULL, 16 * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, dev,
			(off_t)(first * 4096));
	int ends[2], rc = -1;

	if (at == MAP_FAILED)
		return -1;
	if (!pipe(ends)) {
		rc = 0;
		for (int i = 0; i < 16 && !rc; i++)
			rc = write(ends[1], at + i * 4096, 1) == 1 ? 0 : -1;
		close(ends[0]);
		close(ends[1]);
	}
	munmap(at, 16 * 4096);
	return rc;
}

/* Takes the block offline or online, by its state in sysfs */
static int call_state(const char *word)
{
	char path[96];
	int fd, rc;

	snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%llu/state",
		 (unsigned long long)(first / nr));
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -1;
	rc = write(fd, word, strlen(word)) < 0 ? -1 : 0;
	close(fd);
	return rc;
}

static int call_block_offline(void) { return call_state("offline"); }

/* ---- setup and undo */

static void set_holds(void)
{
	claim_surely(first, 512, 0);
	claim_surely(first + 1024, 100, 0);
}

static void set_kept(void) { claim_surely(first, 512, MEMRAS_CLAIM_KEEP); }

static void set_mixed(void)
{
	claim_surely(first + 100, 200, MEMRAS_CLAIM_KEEP);
	poison(MEMRAS_IOC_OFFLINE, first + 700);
}

static void set_block(void)
{
	claim_surely(first + 100, 200, MEMRAS_CLAIM_KEEP);
	claim_surely(first + 1024, 100, 0);
}

static void set_poison(void) { poison(MEMRAS_IOC_OFFLINE, first + 700); }
static void set_none(void) { }

static void set_used(void)
{
	/* the last page of ours in the window, wherever the others are */
	memset(user, 1, PAGES_IN_USE * 4096);
	in_use_pfn = pfn_of(user);
}

static void undo(void)
{
	if (call_state("online_movable") && errno != EINVAL)
		perror("failnth: online");
	release(0, UINT64_MAX, 0);
	release(0, UINT64_MAX, MEMRAS_RELEASE_KEPT);
	poison(MEMRAS_IOC_UNPOISON, first + 700);
}

static const struct test {
	const char *name;
	void (*set)(void);
	int (*call)(void);
} tests[] = {
	{ "open", set_none, call_open },
	{ "INFO", set_holds, call_info },
	{ "DESCRIBE", set_mixed, call_describe },
	{ "SCAN", set_mixed, call_scan },
	{ "HOLDS", set_mixed, call_holds },
	{ "RECALL", set_mixed, call_recall },
	{ "CLAIM", set_none, call_claim },
	{ "CLAIM for a quarantine", set_none, call_claim_kept },
	{ "CLAIM round what is held and poisoned", set_mixed, call_claim_round },
	{ "CLAIM of a page in use", set_used, call_claim_used },
	{ "KEEP", set_holds, call_keep },
	{ "RELEASE", set_holds, call_release },
	{ "RELEASE of a quarantine", set_kept, call_release_kept },
	{ "OFFLINE", set_none, call_offline },
	{ "UNPOISON", set_poison, call_unpoison },
	{ "mmap", set_holds, call_touch },
	{ "offlining of the block", set_block, call_block_offline },
};

static void arm(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	/* To cancel a fault may be what it comes to. */
	if (pwrite(fail_nth, text, len, 0) != len && (nth || errno != EFAULT)) {
		perror("failnth: /proc/self/fail-nth");
		exit(2);
	}
}

/* True if the fault was injected; otherwise cancels it */
static bool came(void)
{
	char text[16] = "";

	/* If the read fails, it got the fault itself. */
	if (pread(fail_nth, text, sizeof(text) - 1, 0) < 0)
		return false;
	if (!atoi(text))
		return true;
	arm(0);
	return false;
}

static void try(const struct test *test)
{
	static struct state before, set;
	unsigned int nth, busy = 0, answers[2] = { 0, 0 };
	bool again = true;

	look(&before);
	for (nth = 1; again && nth < 100000; nth++) {
		bool fault;
		int rc, err;

		test->set();
		drain();
		look(&set);
		arm(nth);
		rc = test->call();
		err = errno;
		fault = came();
		injected += fault;
		answers[rc >= 0] += fault;
		again = fault;
		if (rc < 0 && err != EFAULT)
			compare(test->name, nth, "it failed, but", &set);
		if (rc < 0 && !fault) {
			/* as above, or another process just looked at a page */
			again = err == EBUSY && busy++ < 50;
			if (!again) {
				fprintf(stderr, "failnth: %s fails without a fault: %s\n", test->name,
					strerror(err));
				failed = 1;
			}
			nth -= again;
		}
		undo();
		compare(test->name, nth, "when it was undone", &before);
		if (failed)
			return;
	}
	printf("%s: %u faults, %u failed, %u did not\n", test->name, answers[0] + answers[1], answers[0],
	       answers[1]);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	first = strtoull(argv[1], NULL, 0);
	nr = strtoull(argv[2], NULL, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	fail_nth = open("/proc/self/fail-nth", O_RDWR);
	kpageflags = open("/proc/kpageflags", O_RDONLY);
	dev = open("/dev/memras", O_RDWR);
	user = mmap(NULL, PAGES_IN_USE * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fail_nth < 0 || kpageflags < 0 || dev < 0 || user == MAP_FAILED || nr < LOOKED_AT) {
		perror("failnth");
		return 2;
	}
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]) && !failed; i++)
		try(&tests[i]);
	printf("%lu faults in all\n", injected);
	return failed;
}
