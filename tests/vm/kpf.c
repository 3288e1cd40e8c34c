// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kpf get PFN...: the flags of pages by name, one page a line
 * kpf is FLAG PFN: exit status 0 if the page has the flag, 1 if not
 * kpf find FLAG [NOT-FLAG...] [below=PFN]: a page with FLAG and none of the others: the
 * middle one of the longest run of such pages, which is the likeliest to stay so
 * kpf count FLAG [NOT-FLAG...] [below=PFN]: the number of such pages
 *
 * Reads /proc/kpageflags, for suites to compare with memras.
 */
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK	8192

/* include/uapi/linux/kernel-page-flags.h, and beyond 31 the bits outside the uapi */
static const char *const names[64] = {
	"locked", "error", "referenced", "uptodate", "dirty", "lru", "active", "slab",
	"writeback", "reclaim", "buddy", "mmap", "anon", "swapcache", "swapbacked",
	"compound_head", "compound_tail", "huge", "unevictable", "hwpoison", "nopage", "ksm",
	"thp", "offline", "zero_page", "idle", "pgtable",
	[32] = "reserved", [33] = "mlocked", [37] = "uncached",
};

static void die(const char *what)
{
	fprintf(stderr, "kpf: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void usage(void)
{
	fputs("Usage: kpf get PFN... | is FLAG PFN | find|count FLAG [NOT-FLAG...] [below=PFN]\n", stderr);
	exit(2);
}

static uint64_t bit(const char *name)
{
	int i;

	for (i = 0; i < 64; i++)
		if (names[i] && !strcmp(names[i], name))
			return 1ULL << i;
	fprintf(stderr, "kpf: no flag \"%s\"\n", name);
	exit(2);
}

static uint64_t flags_of(int fd, const char *word)
{
	uint64_t flags;
	off_t pfn = strtoull(word, NULL, 0);

	if (pread(fd, &flags, sizeof(flags), pfn * sizeof(flags)) != sizeof(flags))
		die(word);
	return flags;
}

static int find(int fd, uint64_t want, uint64_t not, uint64_t below, int count)
{
	static uint64_t chunk[CHUNK];
	uint64_t pfn = 0, run = 0, longest = 0, end = 0, all = 0;
	ssize_t got, i;

	while ((got = read(fd, chunk, sizeof(chunk))) > 0) {
		for (i = 0; i < got / 8 && pfn < below; i++, pfn++) {
			run = (chunk[i] & want) == want && !(chunk[i] & not) ? run + 1 : 0;
			all += !!run;
			if (run && run >= longest) {
				longest = run;
				end = pfn;
			}
		}
	}
	if (count) {
		printf("%llu\n", (unsigned long long)all);
		return 0;
	}
	if (!longest)
		return 1;
	printf("0x%llx\n", (unsigned long long)(end - longest / 2));
	return 0;
}

int main(int argc, char **argv)
{
	int fd = open("/proc/kpageflags", O_RDONLY), i, k;
	uint64_t not = 0, below = UINT64_MAX;

	if (fd < 0)
		die("/proc/kpageflags");
	if (argc >= 3 && !strcmp(argv[1], "get")) {
		for (i = 2; i < argc; i++) {
			uint64_t flags = flags_of(fd, argv[i]);

			printf("%s", argv[i]);
			for (k = 0; k < 64; k++)
				if (names[k] && flags >> k & 1)
					printf(" %s", names[k]);
			putchar('\n');
		}
		return 0;
	}
	if (argc == 4 && !strcmp(argv[1], "is"))
		return !(flags_of(fd, argv[3]) & bit(argv[2]));
	if (argc >= 3 && (!strcmp(argv[1], "find") || !strcmp(argv[1], "count"))) {
		for (i = 3; i < argc; i++) {
			if (!strncmp(argv[i], "below=", 6))
				below = strtoull(argv[i] + 6, NULL, 0);
			else
				not |= bit(argv[i]);
		}
		return find(fd, bit(argv[2]), not, below, argv[1][0] == 'c');
	}
	usage();
}
