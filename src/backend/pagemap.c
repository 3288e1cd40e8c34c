// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/pagemap.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/interrupt.h"

/* Documentation/admin-guide/mm/pagemap.rst */
#define PM_PRESENT	(1ULL << 63)
#define PM_PFN_MASK	((1ULL << 55) - 1)

#define BATCH 512

/*
 * In <linux/fs.h> since 6.7, "fs/proc/task_mmu: implement IOCTL to get and optionally
 * clear info about PTEs"; older headers lack it.
 */
#ifndef PAGEMAP_SCAN
struct page_region {
	uint64_t start, end, categories;
};
struct pm_scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define PAGEMAP_SCAN	_IOWR('f', 16, struct pm_scan_arg)
#define PAGE_IS_PRESENT	(1 << 3)
#endif

static uint64_t pages_of(const struct mr_machine *m, uint64_t start, uint64_t len)
{
	uint64_t last = start + (len ? len - 1 : 0);

	return (last >> m->page_shift) - (start >> m->page_shift) + 1;
}

int mr_pagemap_walk(const struct mr_machine *m, int pagemap, uint64_t vaddr, uint64_t len,
		    mr_pfn_fn fn, void *data, uint64_t *absent)
{
	uint64_t first = vaddr >> m->page_shift, nr = pages_of(m, vaddr, len);
	uint64_t entries[BATCH];

	while (nr) {
		size_t want = nr < BATCH ? nr : BATCH;
		ssize_t n;

		if (mr_interrupted())
			return -EINTR;
		if (first > INT64_MAX / sizeof(entries[0]))
			return -EFAULT;
		n = pread(pagemap, entries, want * sizeof(entries[0]),
			  (off_t)(first * sizeof(entries[0])));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n < (ssize_t)sizeof(entries[0]))
			return -EFAULT;
		n /= (ssize_t)sizeof(entries[0]);
		for (ssize_t i = 0; i < n; i++) {
			uint64_t pfn = entries[i] & PM_PFN_MASK;
			int rc;

			if (!(entries[i] & PM_PRESENT)) {
				(*absent)++;
				continue;
			}
			/* "If the caller lacks CAP_SYS_ADMIN, the PFN is zero." */
			if (!pfn)
				return -EPERM;
			rc = fn(pfn, (first + (uint64_t)i) << m->page_shift, data);
			if (rc)
				return rc;
		}
		first += (uint64_t)n;
		nr -= (uint64_t)n;
	}
	return 0;
}

int mr_pagemap_present(int pagemap, uint64_t start, uint64_t end, struct mr_stretch *found,
		       size_t *nr, uint64_t *next)
{
	struct page_region regions[64];
	struct pm_scan_arg arg = {
		.size = sizeof(arg), .start = start, .end = end, .vec = (uintptr_t)regions,
		.vec_len = *nr < 64 ? *nr : 64,
		.category_mask = PAGE_IS_PRESENT, .return_mask = PAGE_IS_PRESENT,
	};
	int n = ioctl(pagemap, PAGEMAP_SCAN, &arg);

	if (n < 0)
		return -errno;
	for (int i = 0; i < n; i++)
		found[i] = (struct mr_stretch){ regions[i].start, regions[i].end };
	*nr = (size_t)n;
	*next = arg.walk_end;
	return 0;
}

/* A walk of a process's mappings, which counts the pages found. */
struct process_walk {
	const struct mr_machine *m;
	int pagemap;
	mr_pfn_fn fn;
	void *data;
	uint64_t found;
};

static int count_found(uint64_t pfn, uint64_t vaddr, void *data)
{
	struct process_walk *w = data;

	w->found++;
	return w->fn(pfn, vaddr, w->data);
}

/* Uses PAGEMAP_SCAN if the kernel has it, as a mapping may be huge and sparse. */
static int walk_mapped(struct process_walk *w, uint64_t start, uint64_t end)
{
	struct mr_stretch found[16];
	uint64_t absent = 0;
	int rc = 0;

	while (!rc && start < end) {
		size_t nr = 16;

		if (mr_pagemap_present(w->pagemap, start, end, found, &nr, &start))
			return mr_pagemap_walk(w->m, w->pagemap, start, end - start, count_found,
					       w, &absent);
		for (size_t i = 0; !rc && i < nr; i++)
			rc = mr_pagemap_walk(w->m, w->pagemap, found[i].start,
					     found[i].end - found[i].start, count_found, w,
					     &absent);
	}
	return rc;
}

/* True if the pagemap of the process reaches the page of @vaddr. */
static bool reaches(const struct mr_machine *m, int pagemap, uint64_t vaddr)
{
	uint64_t entry, page = vaddr >> m->page_shift;

	return page <= INT64_MAX / sizeof(entry) &&
	       pread(pagemap, &entry, sizeof(entry), (off_t)(page * sizeof(entry))) ==
	       sizeof(entry);
}

int mr_pagemap_process(const struct mr_machine *m, pid_t pid, uint64_t vaddr, uint64_t len,
		       mr_pfn_fn fn, void *data, uint64_t *absent)
{
	const uint64_t mask = mr_page_size(m) - 1, first = vaddr & ~mask;
	const uint64_t last = (vaddr + (len ? len - 1 : 0)) | mask;
	struct process_walk w = { .m = m, .fn = fn, .data = data };
	mr_autoclose int fd = mr_root_openf(&m->root, O_RDONLY, "proc/%d/pagemap", (int)pid);
	mr_autofree char *line = NULL;
	mr_autofclose FILE *maps = NULL;
	uint64_t start, end;
	size_t room = 0;
	int rc;

	*absent = 0;
	if (fd == -ENOENT)
		return -ESRCH;
	if (fd < 0)
		return fd;
	rc = mr_root_fopen(&m->root, &maps, "proc/%d/maps", (int)pid);
	if (rc)
		return rc == -ENOENT ? -ESRCH : rc;
	if (!reaches(m, fd, last))
		return -EFAULT;
	w.pagemap = fd;
	while (!rc && getline(&line, &room, maps) >= 0) {
		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &start, &end) != 2 || end <= first ||
		    start > last)
			continue;
		rc = walk_mapped(&w, start > first ? start : first,
				 end - 1 < last ? end : last + 1);
	}
	*absent = pages_of(m, vaddr, len) - w.found;
	return rc;
}

/*
 * Maps the page at @addr into our page table. process_vm_readv(2) reads it, as a read of
 * our own would be a SIGBUS if the file was just truncated. A kernel may have been built
 * without that (CROSS_MEMORY_ATTACH).
 */
static bool touch(const struct mr_machine *m, unsigned char *addr)
{
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22	/* since 5.14 */
#endif
	unsigned char byte;
	struct iovec local = { &byte, 1 }, remote = { addr, 1 };

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1 ||
	       (errno == ENOSYS && !madvise(addr, 1UL << m->page_shift, MADV_POPULATE_READ));
}

/* A page of the file that is mapped into this process. */
struct mapped {
	mr_pfn_fn fn;
	void *data;
	uint64_t offset;
};

static int found_mapped(uint64_t pfn, uint64_t vaddr, void *data)
{
	struct mapped *at = data;

	(void)vaddr;
	return at->fn(pfn, at->offset, at->data);
}

/* Walks the resident pages of one mapped stretch, which begins at byte @offset of the file. */
static int walk_mapping(const struct mr_machine *m, int pagemap, unsigned char *map, uint64_t nr,
			uint64_t offset, mr_pfn_fn fn, void *data, uint64_t *absent)
{
	mr_autofree unsigned char *resident = malloc(nr);

	if (!resident)
		return -ENOMEM;
	if (mincore(map, nr << m->page_shift, resident))
		return -errno;
	for (uint64_t i = 0; i < nr; i++) {
		unsigned char *addr = map + (i << m->page_shift);
		struct mapped at = { fn, data, offset + (i << m->page_shift) };
		int rc;

		if (i % BATCH == 0 && mr_interrupted())
			return -EINTR;
		if (!(resident[i] & 1) || !touch(m, addr)) {
			(*absent)++;
			continue;
		}
		rc = mr_pagemap_walk(m, pagemap, (uintptr_t)addr, 0, found_mapped, &at, absent);
		if (rc)
			return rc;
	}
	return 0;
}

/*
 * Returns the number of pages in the page cache for @len bytes from @offset.
 * cachestat(2), since 6.5; -ENOSYS before, -EOPNOTSUPP for hugetlbfs.
 */
static int64_t cached_pages(int fd, uint64_t offset, uint64_t len)
{
#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif
	const uint64_t range[2] = { offset, len };
	uint64_t counts[5] = { 0 };	/* pages in the cache, dirty pages, and so on */

	return syscall(SYS_cachestat, fd, range, counts, 0) ? -errno : (int64_t)counts[0];
}

/*
 * True if no page of the stretch is in memory. Before cachestat(2), only a hole of a
 * sparse file is known to have none.
 */
static bool nothing_cached(int fd, uint64_t offset, uint64_t len)
{
	int64_t cached = cached_pages(fd, offset, len);
	off_t data;

	if (cached != -ENOSYS)
		return cached == 0;
	data = lseek(fd, (off_t)offset, SEEK_DATA);
	return data < 0 ? errno == ENXIO : (uint64_t)data >= offset + len;
}

int mr_pagemap_file(const struct mr_machine *m, const char *path, uint64_t offset, uint64_t len,
		    mr_pfn_fn fn, void *data, uint64_t *absent)
{
	/* Map files in stretches, so that a huge one needs little room. */
	const uint64_t stretch = 1ULL << 20;	/* pages */
	mr_autoclose int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	mr_autoclose int pagemap = -1;
	struct stat st;
	uint64_t first, nr;

	*absent = 0;
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENODEV;
	if (offset >= (uint64_t)st.st_size)
		return -EFAULT;
	if (!len || len > (uint64_t)st.st_size - offset)
		len = (uint64_t)st.st_size - offset;
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (pagemap < 0)
		return -errno;
	first = offset >> m->page_shift;
	nr = pages_of(m, offset, len);
	while (nr) {
		uint64_t n = nr < stretch ? nr : stretch;
		unsigned char *map;
		int rc;

		if (mr_interrupted())
			return -EINTR;
		if (nothing_cached(fd, first << m->page_shift, n << m->page_shift)) {
			*absent += n;
			first += n;
			nr -= n;
			continue;
		}
		/* A walk of a hugetlbfs file must not reserve hugepages for it. */
		map = mmap(NULL, n << m->page_shift, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd,
			   (off_t)(first << m->page_shift));
		if (map == MAP_FAILED)
			return -errno;
		/* No read-ahead: count only what is resident. */
		madvise(map, n << m->page_shift, MADV_RANDOM);
		rc = walk_mapping(m, pagemap, map, n, first << m->page_shift, fn, data, absent);
		munmap(map, n << m->page_shift);
		if (rc)
			return rc;
		first += n;
		nr -= n;
	}
	return 0;
}
