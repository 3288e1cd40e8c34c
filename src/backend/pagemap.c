// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/pagemap.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "util/cleanup.h"
#include "util/interrupt.h"

/* Documentation/admin-guide/mm/pagemap.rst */
#define PM_PRESENT	(1ULL << 63)
#define PM_PFN_MASK	((1ULL << 55) - 1)

#define BATCH 512

/*
 * Of <linux/fs.h> since 6.7, "fs/proc/task_mmu: implement IOCTL to get and
 * optionally clear info about PTEs"; older headers do not have it.
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

int mr_pagemap_present(int pagemap, uint64_t start, uint64_t end, uint64_t *from, uint64_t *to)
{
	struct page_region region = { 0 };
	struct pm_scan_arg arg = {
		.size = sizeof(arg), .start = start, .end = end,
		.vec = (uintptr_t)&region, .vec_len = 1,
		.category_mask = PAGE_IS_PRESENT, .return_mask = PAGE_IS_PRESENT,
	};
	int n = ioctl(pagemap, PAGEMAP_SCAN, &arg);

	if (n < 0)
		return -errno;
	*from = n ? region.start : end;
	*to = n ? region.end : end;
	return 0;
}

int mr_pagemap_process(const struct mr_machine *m, pid_t pid, uint64_t vaddr, uint64_t len,
		       mr_pfn_fn fn, void *data, uint64_t *absent)
{
	mr_autoclose int fd = mr_root_openf(&m->root, O_RDONLY, "proc/%d/pagemap", (int)pid);

	*absent = 0;
	if (fd == -ENOENT)
		return -ESRCH;
	if (fd < 0)
		return fd;
	return mr_pagemap_walk(m, fd, vaddr, len, fn, data, absent);
}

/*
 * Maps the page at @addr into our page table. The kernel reads it for us, as
 * reading it ourselves would be a SIGBUS if the file was just truncated.
 */
static bool touch(unsigned char *addr)
{
	unsigned char byte;
	struct iovec local = { &byte, 1 }, remote = { addr, 1 };

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1;
}

/* A page of the file that is mapped at some address of ours. */
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

/* Looks at the resident pages of one mapped stretch, which begins at byte @offset. */
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
		if (!(resident[i] & 1) || !touch(addr)) {
			(*absent)++;
			continue;
		}
		rc = mr_pagemap_walk(m, pagemap, (uintptr_t)addr, 0, found_mapped, &at, absent);
		if (rc)
			return rc;
	}
	return 0;
}

int mr_pagemap_file(const struct mr_machine *m, const char *path, uint64_t offset, uint64_t len,
		    mr_pfn_fn fn, void *data, uint64_t *absent)
{
	/* Files are mapped in stretches, so that a huge one needs little room. */
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

		/* Looking at a hugetlbfs file must not reserve hugepages for it. */
		map = mmap(NULL, n << m->page_shift, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd,
			   (off_t)(first << m->page_shift));
		if (map == MAP_FAILED)
			return -errno;
		/* No read-ahead: only what is there already counts. */
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
