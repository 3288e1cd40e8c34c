// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/madvise.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/pagemap.h"
#include "util/cleanup.h"

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101	/* <asm-generic/mman-common.h> */
#endif

static int same_page(uint64_t pfn, uint64_t where, void *data)
{
	(void)where;
	return pfn == *(uint64_t *)data ? 1 : -ESTALE;
}

int mr_madvise_offline(const struct mr_machine *m, const char *path, uint64_t offset, uint64_t pfn,
		       bool hard)
{
	mr_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	mr_autoclose int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t unit, start, absent = 0;
	unsigned char *map;
	struct stat st;
	int rc;

	if (fd < 0 || pagemap < 0 || fstat(fd, &st))
		return -errno;
	/* A hugetlbfs file is mapped in whole hugepages; st_blksize is their size. */
	unit = (uint64_t)st.st_blksize > mr_page_size(m) ? (uint64_t)st.st_blksize : mr_page_size(m);
	start = offset - offset % unit;
	map = mmap(NULL, unit, PROT_READ, MAP_SHARED | MAP_POPULATE | MAP_NORESERVE, fd,
		   (off_t)start);
	if (map == MAP_FAILED)
		return -errno;
	rc = mr_pagemap_walk(m, pagemap, (uintptr_t)map + (offset - start), 0, same_page, &pfn,
			     &absent);
	if (rc == 1)
		rc = madvise(map + (offset - start), mr_page_size(m),
			     hard ? MADV_HWPOISON : MADV_SOFT_OFFLINE) ? -errno : 0;
	else if (!rc)
		rc = -ESTALE;
	munmap(map, unit);
	return rc;
}
