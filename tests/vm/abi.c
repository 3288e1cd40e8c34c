// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Checks how /dev/memras answers callers other than memras(8). A check prints nothing and
 * succeeds, or prints what is wrong.
 *
 * abi readonly PFN: an fd that is not open for writing changes nothing
 * abi map PFN: PFN is in quarantine; how it can and cannot be mapped
 * abi leaving PFN: the block of PFN is on its way offline, so PFN can be neither poisoned
 *	nor unpoisoned
 * abi ends: ranges at the end of the number space
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memras.h"

static int failed;
static long page_size;

/* Checks that @rc and errno are as wanted: 0, or -1 and the error @want. */
static void want(const char *what, long rc, int want)
{
	int got = rc < 0 ? errno : 0;

	if (got == want)
		return;
	fprintf(stderr, "abi: %s: %s, want %s\n", what, strerror(got), strerror(want));
	failed = 1;
}

static long map(int fd, uint64_t pfn, int prot, int flags, void **at)
{
	*at = mmap(NULL, page_size, prot, flags, fd, (off_t)pfn * page_size);
	return *at == MAP_FAILED ? -1 : 0;
}

static void readonly(int fd, uint64_t pfn)
{
	struct memras_claim claim = { .start_pfn = pfn, .nr_pages = 1 };
	struct memras_release release = { .start_pfn = pfn, .nr_pages = 1,
					  .flags = MEMRAS_RELEASE_KEPT };
	struct memras_keep keep = { .start_pfn = pfn, .nr_pages = 1 };
	struct memras_poison poison = { .pfn = pfn };
	struct memras_info info;
	void *at;

	want("CLAIM", ioctl(fd, MEMRAS_IOC_CLAIM, &claim), EBADF);
	want("RELEASE", ioctl(fd, MEMRAS_IOC_RELEASE, &release), EBADF);
	want("KEEP", ioctl(fd, MEMRAS_IOC_KEEP, &keep), EBADF);
	want("OFFLINE", ioctl(fd, MEMRAS_IOC_OFFLINE, &poison), EBADF);
	want("UNPOISON", ioctl(fd, MEMRAS_IOC_UNPOISON, &poison), EBADF);
	want("INFO", ioctl(fd, MEMRAS_IOC_INFO, &info), 0);
	want("shared mapping", map(fd, pfn, PROT_READ, MAP_SHARED, &at), EACCES);
}

static void leaving(int fd, uint64_t pfn)
{
	struct memras_poison poison = { .pfn = pfn };
	struct memras_page page = { .pfn = pfn };
	struct memras_describe describe = { .pages = (uintptr_t)&page, .nr = 1 };

	want("DESCRIBE", ioctl(fd, MEMRAS_IOC_DESCRIBE, &describe), 0);
	if (!(page.flags & MEMRAS_PAGE_ISOLATED)) {
		fprintf(stderr, "abi: its block is not on its way offline\n");
		failed = 1;
		return;
	}
	want("UNPOISON", ioctl(fd, MEMRAS_IOC_UNPOISON, &poison), EBUSY);
	want("OFFLINE", ioctl(fd, MEMRAS_IOC_OFFLINE, &poison), EBUSY);
}

static void mapped(int fd, uint64_t pfn)
{
	volatile uint64_t *words;
	void *at;

	want("private mapping", map(fd, pfn, PROT_READ, MAP_PRIVATE, &at), EINVAL);
	want("executable mapping", map(fd, pfn, PROT_READ | PROT_EXEC, MAP_SHARED, &at), EPERM);
	want("shared mapping", map(fd, pfn, PROT_READ | PROT_WRITE, MAP_SHARED, &at), 0);
	if (failed)
		return;
	words = at;
	words[7] = 0x6d656d726173;
	want("mprotect to executable", mprotect(at, page_size, PROT_READ | PROT_EXEC), EACCES);
	want("mprotect to read-only", mprotect(at, page_size, PROT_READ), 0);
	if (words[7] != 0x6d656d726173) {
		fputs("abi: what was written is not there\n", stderr);
		failed = 1;
	}
}

static void ends(int fd)
{
	struct memras_claim claim = { .start_pfn = UINT64_MAX - 1000, .nr_pages = 1000 };
	struct memras_claim wraps = { .start_pfn = UINT64_MAX - 1000, .nr_pages = 1001 };
	struct memras_scan scan = { .start_pfn = UINT64_MAX - 1000, .nr_pages = 1000,
				    .nr_runs = 1, .runs = (uintptr_t)&(struct memras_run){ 0 } };

	want("CLAIM of the last pages", ioctl(fd, MEMRAS_IOC_CLAIM, &claim), ENXIO);
	if (claim.fail_pfn != claim.start_pfn) {
		fprintf(stderr, "abi: CLAIM failed at %#llx\n", (unsigned long long)claim.fail_pfn);
		failed = 1;
	}
	want("CLAIM beyond them", ioctl(fd, MEMRAS_IOC_CLAIM, &wraps), EINVAL);
	want("SCAN of the last pages", ioctl(fd, MEMRAS_IOC_SCAN, &scan), 0);
	if (scan.found || scan.next_pfn != UINT64_MAX) {
		fprintf(stderr, "abi: SCAN found %llu pages, next %#llx\n",
			(unsigned long long)scan.found, (unsigned long long)scan.next_pfn);
		failed = 1;
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	uint64_t pfn = argc > 2 ? strtoull(argv[2], NULL, 0) : 0;
	int fd = open("/dev/memras", !strcmp(what, "readonly") ? O_RDONLY : O_RDWR);

	page_size = sysconf(_SC_PAGESIZE);
	if (fd < 0) {
		perror("abi: /dev/memras");
		return 1;
	}
	if (!strcmp(what, "readonly"))
		readonly(fd, pfn);
	else if (!strcmp(what, "map"))
		mapped(fd, pfn);
	else if (!strcmp(what, "leaving"))
		leaving(fd, pfn);
	else if (!strcmp(what, "ends"))
		ends(fd);
	else
		return 2;
	return failed;
}
