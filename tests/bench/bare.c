// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The least that a program can do for the work of a row: open, read or write, close.
 *
 *	bare blocks DIR FILE...	read these files of each memory block below DIR
 *	bare retire <PFNS	write each PFN to soft_offline_page
 *	bare poison		count the poisoned pages in /proc/kpageflags
 *	bare runs PFN NR	print the runs of pages with equal flags and counts
 *	bare free NR		print the last NR free pages by number
 *	bare map PROCESSES MIB NR	processes that map so much and use NR pages of it; print
 *				these by number, and wait
 *	bare pagemap		read the pagemap of all mappings of all processes
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define SOFT_OFFLINE "/sys/devices/system/memory/soft_offline_page"
#define BUDDY	(1ULL << 10)	/* KPF_BUDDY */
#define PRESENT	(1ULL << 63)	/* in /proc/PID/pagemap */
#define PFN	((1ULL << 55) - 1)
#define HWPOISON (1ULL << 19)	/* KPF_HWPOISON */

static int blocks(const char *path, char **files)
{
	int top = open(path, O_RDONLY | O_DIRECTORY);
	DIR *dir = top < 0 ? NULL : fdopendir(top);
	struct dirent *d;
	size_t sum = 0;

	while (dir && (d = readdir(dir))) {
		if (strncmp(d->d_name, "memory", 6) || d->d_name[6] < '0' || d->d_name[6] > '9')
			continue;
		for (char **f = files; *f; f++) {
			char name[512], text[64];
			ssize_t n;
			int fd;

			snprintf(name, sizeof(name), "%s/%s", d->d_name, *f);
			fd = openat(top, name, O_RDONLY);
			n = read(fd, text, sizeof(text));
			if (n < 0)
				return 1;
			sum += (size_t)n;
			close(fd);
		}
	}
	printf("%zu bytes\n", sum);
	return !dir || !sum;
}

static int retire(void)
{
	char line[32], text[32];

	while (fgets(line, sizeof(line), stdin)) {
		int n = snprintf(text, sizeof(text), "%llu", strtoull(line, NULL, 0) << 12);
		int fd = open(SOFT_OFFLINE, O_WRONLY);

		if (write(fd, text, (size_t)n) != n)
			return 1;
		close(fd);
	}
	return 0;
}

static int poison(void)
{
	static uint64_t flags[8192];
	int fd = open("/proc/kpageflags", O_RDONLY);
	size_t found = 0;
	ssize_t n;

	while ((n = read(fd, flags, sizeof(flags))) > 0)
		for (size_t i = 0; i < (size_t)n / sizeof(flags[0]); i++)
			found += !!(flags[i] & HWPOISON);
	printf("%zu pages\n", found);
	return n < 0;
}

/* Prints as page-types -l does: a line for each run, with its flags in letters. */
static int runs(uint64_t pfn, size_t nr)
{
	static const char letters[] = "LERUDlASWIBMabHTGuXnxtz";
	uint64_t *flags = malloc(nr * sizeof(*flags)), *counts = malloc(nr * sizeof(*counts));
	int f = open("/proc/kpageflags", O_RDONLY), c = open("/proc/kpagecount", O_RDONLY);
	const ssize_t want = (ssize_t)(nr * sizeof(*flags));
	const off_t at = (off_t)(pfn * sizeof(*flags));

	if (!flags || !counts || pread(f, flags, (size_t)want, at) != want ||
	    pread(c, counts, (size_t)want, at) != want)
		return 1;
	for (size_t i = 0, n; i < nr; i += n) {
		char text[sizeof(letters)];

		for (n = 1; i + n < nr && flags[i + n] == flags[i] && counts[i + n] == counts[i];)
			n++;
		for (size_t b = 0; b < sizeof(letters); b++)
			text[b] = letters[b] && !(flags[i] >> b & 1) ? '_' : letters[b];
		printf("%llx\t%zx\t%s\t%llu\n", (unsigned long long)(pfn + i), n, text,
		       (unsigned long long)counts[i]);
	}
	return 0;
}

static int free_pages(size_t nr)
{
	size_t chunk = 8192;
	uint64_t *flags = malloc(chunk * sizeof(*flags)), *last = calloc(nr, sizeof(*last)), pfn = 0;
	int fd = open("/proc/kpageflags", O_RDONLY);
	size_t found = 0;
	ssize_t n;

	if (!flags || !last || !nr)
		return 1;
	while ((n = read(fd, flags, chunk * sizeof(*flags))) > 0)
		for (size_t i = 0; i < (size_t)n / sizeof(*flags); i++, pfn++)
			if (flags[i] & BUDDY)
				last[found++ % nr] = pfn;
	for (size_t i = 0; found >= nr && i < nr; i++)
		printf("%llu\n", (unsigned long long)last[(found + i) % nr]);
	return found < nr;
}

/* One process: uses @nr pages of its mapping, evenly spread, and prints their numbers. */
static void map_one(size_t bytes, size_t nr)
{
	char *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (mem == MAP_FAILED || madvise(mem, bytes, MADV_NOHUGEPAGE))
		exit(1);
	for (size_t i = 0; i < nr; i++) {
		char *page = mem + bytes / nr * i / 4096 * 4096;
		uint64_t entry;

		*page = 1;
		if (pread(fd, &entry, sizeof(entry), (off_t)((uintptr_t)page / 4096 * 8)) !=
		    sizeof(entry))
			exit(1);
		printf("%llu\n", (unsigned long long)(entry & PFN));
	}
	fflush(stdout);
}

static int map(size_t processes, size_t mib, size_t nr)
{
	for (size_t i = 0; i < processes; i++) {
		pid_t child = fork();

		if (child < 0)
			return 1;
		if (!child) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			map_one(mib << 20, nr);
			pause();
		}
	}
	pause();
	return 0;
}

/* Counts the pages of the mapping that a line of /proc/PID/maps is about. */
static size_t present(int pagemap, const char *line)
{
	static uint64_t entries[8192];
	unsigned long long start, end;
	size_t found = 0;

	if (sscanf(line, "%llx-%llx", &start, &end) != 2)
		return 0;
	while (start < end) {
		size_t want = (end - start) / 4096 * sizeof(entries[0]);
		ssize_t n = pread(pagemap, entries, want < sizeof(entries) ? want : sizeof(entries),
				  (off_t)(start / 4096 * sizeof(entries[0])));

		if (n <= 0)
			break;
		for (size_t i = 0; i < (size_t)n / sizeof(entries[0]); i++)
			found += !!(entries[i] & PRESENT);
		start += (size_t)n / sizeof(entries[0]) * 4096;
	}
	return found;
}

static int pagemap(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	size_t found = 0;

	while (dir && (d = readdir(dir))) {
		char name[300], line[512];
		FILE *maps;
		int fd;

		if (d->d_name[0] < '0' || d->d_name[0] > '9')
			continue;
		snprintf(name, sizeof(name), "/proc/%s/maps", d->d_name);
		maps = fopen(name, "r");
		snprintf(name, sizeof(name), "/proc/%s/pagemap", d->d_name);
		fd = open(name, O_RDONLY);
		while (maps && fgets(line, sizeof(line), maps))
			found += present(fd, line);
		if (maps)
			fclose(maps);
		close(fd);
	}
	printf("%zu pages\n", found);
	return !found;
}

int main(int argc, char **argv)
{
	if (argc > 3 && !strcmp(argv[1], "blocks"))
		return blocks(argv[2], argv + 3);
	if (argc == 2 && !strcmp(argv[1], "retire"))
		return retire();
	if (argc == 2 && !strcmp(argv[1], "poison"))
		return poison();
	if (argc == 4 && !strcmp(argv[1], "runs"))
		return runs(strtoull(argv[2], NULL, 0), strtoull(argv[3], NULL, 0));
	if (argc == 3 && !strcmp(argv[1], "free"))
		return free_pages(strtoull(argv[2], NULL, 0));
	if (argc == 5 && !strcmp(argv[1], "map"))
		return map(strtoull(argv[2], NULL, 0), strtoull(argv[3], NULL, 0),
			   strtoull(argv[4], NULL, 0));
	if (argc == 2 && !strcmp(argv[1], "pagemap"))
		return pagemap();
	fputs("usage: bare blocks DIR FILE... | retire | poison | runs PFN NR | free NR |\n"
	      "       map PROCESSES MIB NR | pagemap\n", stderr);
	return 2;
}
