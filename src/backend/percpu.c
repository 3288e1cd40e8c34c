// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/percpu.h"

#include <limits.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* More than twice what the per-cpu lists of a zone hold, 6 batches of 63 pages. */
#define PAGES 1024

#define LONG_BITS (sizeof(unsigned long) * CHAR_BIT)
#define MAX_NODES 1024

/* Allocates pages of the node, and frees them in the order of allocation. */
static void churn(int32_t node)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), size = PAGES * page;
	unsigned long nodes[MAX_NODES / LONG_BITS] = { 0 };
	char *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		return;
	madvise(mem, size, MADV_NOHUGEPAGE);
	if (node >= 0 && node < MAX_NODES) {
		nodes[(size_t)node / LONG_BITS] |= 1UL << (size_t)node % LONG_BITS;
		syscall(SYS_mbind, mem, size, MPOL_PREFERRED, nodes, MAX_NODES, 0);
	}
	for (size_t at = 0; at < size; at += page)
		((volatile char *)mem)[at] = 1;
	munmap(mem, size);
}

void mr_percpu_drain_lru(void)
{
	static char own[64];
	void *page = own;
	unsigned int node = 0;
	int status, target;

	*(volatile char *)own = 1;
	syscall(SYS_getcpu, NULL, &node, NULL);
	target = (int)node;
	syscall(SYS_move_pages, 0, 1UL, &page, &target, &status, MPOL_MF_MOVE);
}

void mr_percpu_drain_free(int32_t node)
{
	const size_t cpus = (size_t)sysconf(_SC_NPROCESSORS_CONF);
	cpu_set_t before, one;

	if (sched_getaffinity(0, sizeof(before), &before))
		return;
	for (size_t cpu = 0; cpu < cpus && cpu < CPU_SETSIZE; cpu++) {
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		if (!sched_setaffinity(0, sizeof(one), &one))
			churn(node);
	}
	sched_setaffinity(0, sizeof(before), &before);
}
