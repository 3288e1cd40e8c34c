// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * workload KIND PAGES [FILE] [--storm THREADS] [--list FILE] [--node N] [--in FIRST-LAST]:
 * memory of a given kind, with data that can be checked, for suites that retire its pages.
 * --node N takes it from a NUMA node, --in takes anonymous memory from these PFNs.
 *
 * Prints "PID VADDR PFN" for each 4 KiB page (to the --list, if given) and "ready N",
 * then answers lines on stdin:
 *	check	ok, or "bad VADDR" of the first wrong word, or "sigbus VADDR CODE"
 *	pfn	the pages again, as at the start
 *	within FIRST LAST	how many of them have PFNs FIRST to LAST
 *	touch	writes each page (with the same data); ok
 *	fill	writes memory that was only reserved (hugetlb-reserved); ok
 *	sync	syncs the file; ok
 *	pageout	swaps all of it out; ok
 *	halve	frees the second half of every 2 MiB, which is not checked any more; ok
 *	uring	pins all of it, as a buffer registered with io_uring; ok
 *	unuring	unpins it; ok
 *	spoil	changes one byte, to test that check fails; ok
 *	storm	how many pages the threads have touched so far
 *	quit	exits; so does the end of stdin
 *
 * With --storm, threads write all of it again and again and fault migrated pages back in.
 * They are niced, so that the test itself runs first. Static, so that it runs in any
 * guest.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* Hugepages are of 2 MiB, a size that each machine has, if not by default. */
#define HUGEPAGE_SIZE	(2UL << 20)
#define HUGETLB		(MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB)

enum unit { PAGE, HUGEPAGE, THP };
enum backing { NONE, MEMFD, MEMFD_HUGE, PATH, DEVICE };

struct kind {
	const char *name;
	int map;		/* flags for mmap() */
	enum backing backing;
	enum unit unit;		/* that address and size are multiples of */
	int advice;		/* madvise() before the first touch, or -1 */
	bool same;		/* all pages have the same bytes */
	bool reserved;		/* not touched before "fill" */
	int (*settle)(void);	/* after the first touch */
	const char *what;
};

static char *mem;
static size_t pages, page_size, thp_size;
static size_t align;			/* of address and size: that of the unit */
static int fd = -1;
static const char *list_path;
static const struct kind *kind;
static bool halved;
static int node = -1;
static uint64_t in_first, in_last;
static atomic_ulong touched;

static int settle_mlock(void)
{
	return mlock(mem, pages * page_size);
}

static int settle_sync(void)
{
	return fsync(fd);
}

/* A pipe's references keep the pages in place without being DMA pins. */
static int settle_pin(void)
{
	size_t i, per_pipe = 16;

	for (i = 0; i < pages; i += per_pipe) {
		size_t n = pages - i < per_pipe ? pages - i : per_pipe;
		struct iovec iov = { mem + i * page_size, n * page_size };
		int ends[2];

		if (pipe(ends) || vmsplice(ends[1], &iov, 1, 0) != (ssize_t)(n * page_size))
			return -1;
	}
	return 0;
}

static int write_word(const char *path, const char *word)
{
	int f = open(path, O_WRONLY), rc = -1;

	if (f >= 0) {
		rc = write(f, word, strlen(word)) < 0 ? -1 : 0;
		close(f);
	}
	return rc;
}

static uint64_t entry_of(size_t page);

/* Waits until ksmd has merged all pages into few. */
static int settle_ksm(void)
{
	int tries;

	if (write_word("/sys/kernel/mm/ksm/pages_to_scan", "10000") ||
	    write_word("/sys/kernel/mm/ksm/sleep_millisecs", "5") ||
	    write_word("/sys/kernel/mm/ksm/run", "1"))
		return -1;
	for (tries = 0; tries < 600; tries++) {
		size_t i, merged = 0;

		for (i = 1; i < pages; i++)
			merged += entry_of(i) == entry_of(i - 1);
		if (merged >= pages - 1 - pages / 128)
			return 0;
		usleep(50000);
	}
	errno = ETIMEDOUT;
	return -1;
}

static const struct kind kinds[] = {
	{ "anon", MAP_PRIVATE | MAP_ANONYMOUS, NONE, PAGE, MADV_NOHUGEPAGE, false, false, NULL,
	  "anonymous" },
	{ "mlocked", MAP_PRIVATE | MAP_ANONYMOUS, NONE, PAGE, MADV_NOHUGEPAGE, false, false, settle_mlock,
	  "anonymous, locked" },
	{ "thp", MAP_PRIVATE | MAP_ANONYMOUS, NONE, THP, MADV_HUGEPAGE, false, false, NULL,
	  "transparent huge pages" },
	{ "ksm", MAP_PRIVATE | MAP_ANONYMOUS, NONE, PAGE, MADV_MERGEABLE, true, false, settle_ksm,
	  "anonymous, merged" },
	{ "pinned", MAP_PRIVATE | MAP_ANONYMOUS, NONE, PAGE, MADV_NOHUGEPAGE, false, false, settle_pin,
	  "anonymous, held by a pipe" },
	{ "shmem", MAP_SHARED | MAP_ANONYMOUS, NONE, PAGE, -1, false, false, NULL, "shared memory" },
	{ "memfd", MAP_SHARED, MEMFD, PAGE, -1, false, false, NULL, "file on tmpfs" },
	{ "file-dirty", MAP_SHARED, PATH, PAGE, -1, false, false, NULL, "FILE, not written back" },
	{ "file-clean", MAP_SHARED, PATH, PAGE, -1, false, false, settle_sync, "FILE, written back" },
	{ "hugetlb", MAP_PRIVATE | HUGETLB, NONE, HUGEPAGE, -1, false, false, NULL,
	  "hugepages, private" },
	{ "hugetlb-shared", MAP_SHARED | HUGETLB, NONE, HUGEPAGE, -1, false, false, NULL,
	  "hugepages, shared" },
	{ "hugetlb-reserved", MAP_PRIVATE | HUGETLB, NONE, HUGEPAGE, -1, false,
	  true, NULL, "hugepages, promised but not yet had" },
	{ "hugetlb-pinned", MAP_PRIVATE | HUGETLB, NONE, HUGEPAGE, -1, false, false,
	  settle_pin, "hugepages, held by a pipe" },
	{ "hugetlb-file", MAP_SHARED, MEMFD_HUGE, HUGEPAGE, -1, false, false, NULL, "file on hugetlbfs" },
	{ "dax", MAP_SHARED, DEVICE, HUGEPAGE, -1, false, false, NULL, "device memory of FILE, a DAX device" },
	{ NULL }
};

static void die(const char *what)
{
	printf("failed: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void usage(int status)
{
	const struct kind *k;

	puts("Usage: workload KIND PAGES [FILE] [--storm THREADS] [--list FILE] [--node N] [--in FIRST-LAST]\n");
	for (k = kinds; k->name; k++)
		printf("  %-16s %s\n", k->name, k->what);
	exit(status);
}

static uint64_t word_at(size_t page, size_t i)
{
	uint64_t x = (kind->same ? 0 : page * (page_size / sizeof(uint64_t))) + i + 1;

	/* splitmix64: no two words are equal, and none is a pattern of reset memory */
	x *= 0x9e3779b97f4a7c15;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	return x ^ (x >> 27);
}

static void bind_to_node(void *at, size_t size)
{
	if (node >= 0 && syscall(SYS_mbind, at, size, 2 /* MPOL_BIND */,
				 &(unsigned long){ 1UL << node }, 64UL, 0))
		die("mbind");
}

static size_t read_thp_size(void)
{
	FILE *in = fopen("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "r");
	size_t size = HUGEPAGE_SIZE;

	if (in) {
		if (fscanf(in, "%zu", &size) != 1)
			die("hpage_pmd_size");
		fclose(in);
	}
	return size;
}

static void map(const char *path)
{
	size_t size = pages * page_size, around = size + align;
	char *room;

	switch (kind->backing) {
	case NONE:
		break;
	case MEMFD:
		fd = memfd_create("workload", 0);
		break;
	case MEMFD_HUGE:
		fd = memfd_create("workload", MFD_HUGETLB | MFD_HUGE_2MB);
		break;
	case PATH:
		if (!path)
			usage(2);
		fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
		break;
	case DEVICE:
		if (!path)
			usage(2);
		fd = open(path, O_RDWR);
		break;
	}
	if (kind->backing != NONE && (fd < 0 || (kind->backing != DEVICE && ftruncate(fd, size))))
		die("file");
	room = mmap(NULL, around, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED)
		die("mmap");
	mem = (char *)(((uintptr_t)room + align - 1) & ~(align - 1));
	munmap(room, around);
	mem = mmap(mem, size, PROT_READ | PROT_WRITE, kind->map, fd, 0);
	if (mem == MAP_FAILED)
		die("mmap");
	if (kind->advice >= 0 && madvise(mem, size, kind->advice) && kind->advice != MADV_NOHUGEPAGE)
		die("madvise");
	bind_to_node(mem, size);
}

static void fill(void)
{
	size_t page, i;

	for (page = 0; page < pages; page++)
		for (i = 0; i < page_size / sizeof(uint64_t); i++)
			((uint64_t *)(mem + page * page_size))[i] = word_at(page, i);
}

static void entries(const char *addr, uint64_t *pfns, size_t nr)
{
	static int pagemap = -1;
	const ssize_t size = nr * sizeof(*pfns);

	if (pagemap < 0)
		pagemap = open("/proc/self/pagemap", O_RDONLY);
	if (pread(pagemap, pfns, size, (uintptr_t)addr / page_size * sizeof(*pfns)) != size)
		die("pagemap");
	for (; nr--; pfns++)
		*pfns = *pfns >> 63 ? *pfns & ((1ULL << 55) - 1) : 0;
}

static uint64_t entry_of(size_t page)
{
	uint64_t pfn;

	entries(mem + page * page_size, &pfn, 1);
	return pfn;
}

/*
 * Takes all memory but 64 MiB, as needed: moves the pages with a wanted PFN into place until
 * there are enough, and frees the others.
 */
static void choose(void)
{
	const size_t most = (sysconf(_SC_AVPHYS_PAGES) - (64 << 20) / page_size) / 512 * 512;
	char *from = mmap(NULL, most * page_size, PROT_READ | PROT_WRITE, kind->map, -1, 0);
	uint64_t pfns[512];
	size_t page = 0, i;

	if (from == MAP_FAILED || madvise(from, most * page_size, MADV_NOHUGEPAGE))
		die("room to choose from");
	bind_to_node(from, most * page_size);
	for (i = 0; i < most && page < pages; i++) {
		if (i % 512 == 0) {
			for (size_t k = i; k < i + 512; k++)
				from[k * page_size] = 1;
			entries(from + i * page_size, pfns, 512);
		}
		if (pfns[i % 512] < in_first || pfns[i % 512] > in_last)
			continue;
		if (mremap(from + i * page_size, page_size, page_size, MREMAP_MAYMOVE | MREMAP_FIXED,
			   mem + page++ * page_size) == MAP_FAILED)
			die("mremap");
	}
	if (munmap(from, most * page_size) || page < pages)
		die("not all pages could be had there");
}

static void print_pages(void)
{
	FILE *list = list_path ? fopen(list_path, "w") : stdout;
	size_t page;

	if (!list)
		die(list_path);
	for (page = 0; page < pages; page++)
		fprintf(list, "%d %p 0x%llx\n", getpid(), (void *)(mem + page * page_size),
			(unsigned long long)entry_of(page));
	if (list != stdout)
		fclose(list);
	printf("ready %zu\n", pages);
}

static size_t count_within(uint64_t first, uint64_t last)
{
	size_t page, found = 0;

	for (page = 0; page < pages; page++) {
		uint64_t pfn = entry_of(page);

		found += pfn && pfn >= first && pfn <= last;
	}
	return found;
}

static sigjmp_buf sigbus_jump;
static volatile sig_atomic_t sigbus_code;
static void *volatile sigbus_at;

static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	sigbus_code = info->si_code;
	sigbus_at = info->si_addr;
	siglongjmp(sigbus_jump, 1);
}

static bool given_up(size_t page)
{
	return halved && page * page_size % thp_size >= thp_size / 2;
}

static int halve(void)
{
	size_t at;

	for (at = thp_size / 2; at < pages * page_size; at += thp_size)
		if (madvise(mem + at, thp_size / 2, MADV_DONTNEED))
			return -1;
	halved = true;
	return 0;
}

static void check(void)
{
	size_t page, i;

	/* Only for this thread: a hit on a storm's thread ends the process. */
	struct sigaction catch = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO }, old;

	sigaction(SIGBUS, &catch, &old);
	if (sigsetjmp(sigbus_jump, 1)) {
		printf("sigbus %p %d\n",
		       (void *)((uintptr_t)sigbus_at & ~(page_size - 1)), (int)sigbus_code);
		goto out;
	}
	for (page = 0; page < pages; page++) {
		volatile uint64_t *word = (uint64_t *)(mem + page * page_size);

		for (i = 0; i < page_size / sizeof(uint64_t) && !given_up(page); i++) {
			if (word[i] != word_at(page, i)) {
				printf("bad %p\n", (void *)&word[i]);
				goto out;
			}
		}
	}
	puts("ok");
out:
	sigaction(SIGBUS, &old, NULL);
}

static void touch(void)
{
	size_t page;

	for (page = 0; page < pages; page++) {
		volatile uint64_t *word = (uint64_t *)(mem + page * page_size);

		word[0] = word_at(page, 0);
		atomic_fetch_add_explicit(&touched, 1, memory_order_relaxed);
	}
}

static void *storm(void *unused)
{
	/* Of this thread only: Linux's interpretation of PRIO_PROCESS */
	setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 10);
	for (;;)
		touch();
	return unused;
}

static int ring = -1;

static int pin_for_device(void)
{
	struct io_uring_params params = { 0 };
	struct iovec all = { mem, pages * page_size };

	ring = syscall(SYS_io_uring_setup, 1, &params);
	if (ring < 0)
		return -1;
	return syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &all, 1);
}

static void answer(const char *line)
{
	unsigned long first, last;

	if (!strcmp(line, "check")) {
		check();
	} else if (!strcmp(line, "pfn")) {
		print_pages();
	} else if (sscanf(line, "within %lu %lu", &first, &last) == 2) {
		printf("%zu\n", count_within(first, last));
	} else if (!strcmp(line, "touch")) {
		touch();
		puts("ok");
	} else if (!strcmp(line, "fill")) {
		fill();
		puts("ok");
	} else if (!strcmp(line, "sync")) {
		puts(fd >= 0 && !fsync(fd) ? "ok" : "failed");
	} else if (!strcmp(line, "pageout")) {
		puts(madvise(mem, pages * page_size, MADV_PAGEOUT) ? strerror(errno) : "ok");
	} else if (!strcmp(line, "halve")) {
		puts(halve() ? strerror(errno) : "ok");
	} else if (!strcmp(line, "uring")) {
		puts(pin_for_device() ? strerror(errno) : "ok");
	} else if (!strcmp(line, "unuring")) {
		puts(close(ring) ? strerror(errno) : "ok");
	} else if (!strcmp(line, "spoil")) {
		mem[(pages - 1) * page_size + 17] ^= 1;
		puts("ok");
	} else if (!strcmp(line, "storm")) {
		printf("%lu\n", atomic_load(&touched));
	} else if (!strcmp(line, "quit")) {
		exit(0);
	} else {
		printf("unknown: %s\n", line);
	}
}

int main(int argc, char **argv)
{
	const char *path = NULL;
	int i, threads = 0;
	char line[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && !strcmp(argv[1], "--help"))
		usage(0);
	if (argc < 3)
		usage(2);
	for (kind = kinds; kind->name && strcmp(kind->name, argv[1]); kind++)
		;
	pages = strtoul(argv[2], NULL, 0);
	page_size = sysconf(_SC_PAGESIZE);
	thp_size = read_thp_size();
	if (!kind->name)
		usage(2);
	align = kind->unit == PAGE ? page_size : kind->unit == THP ? thp_size : HUGEPAGE_SIZE;
	if (!pages || pages * page_size % align)
		usage(2);
	for (i = 3; i < argc; i++) {
		if (!strcmp(argv[i], "--storm") && i + 1 < argc)
			threads = atoi(argv[++i]);
		else if (!strcmp(argv[i], "--list") && i + 1 < argc)
			list_path = argv[++i];
		else if (!strcmp(argv[i], "--node") && i + 1 < argc)
			node = atoi(argv[++i]);
		else if (!strcmp(argv[i], "--in") && i + 1 < argc)
			sscanf(argv[++i], "%lu-%lu", &in_first, &in_last);
		else
			path = argv[i];
	}

	map(path);
	if (in_last)
		choose();
	if (!kind->reserved)
		fill();
	if (kind->settle && kind->settle())
		die(kind->name);
	while (threads--) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, storm, NULL))
			die("thread");
	}
	print_pages();
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = 0;
		answer(line);
	}
	return 0;
}
