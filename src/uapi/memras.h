/* SPDX-License-Identifier: MIT */
/*
 * The ABI of /dev/memras, between memras(8) and memras.ko.
 *
 * The device has mode 0600 and requires CAP_SYS_ADMIN, at open and again at each
 * call: a descriptor that is passed on does not pass on the capability.
 *
 * Rules for every call, after Documentation/driver-api/ioctl.rst:
 *  - page frame numbers (pfn) and counts of pages are in pages of
 *    1 << memras_info.page_shift bytes; nothing here is in bytes;
 *  - a field named "reserved" and every undefined flag must be 0, else EINVAL;
 *  - a call that the module does not know fails with ENOTTY, one that it cannot do
 *    on this kernel (see features) with EOPNOTSUPP;
 *  - a pfn without online memory: ENXIO;
 *  - without CAP_SYS_ADMIN: EPERM;
 *  - CLAIM, RELEASE, KEEP, OFFLINE and UNPOISON on a descriptor that is not open
 *    for writing: EBADF;
 *  - a fatal signal ends every call with EINTR, with everything as before it.
 *    RELEASE, OFFLINE and UNPOISON, once begun, run to their end. CLAIM ends once
 *    the kernel stops waiting for the current page: a migration waits for the page
 *    lock and for writeback, and no signal ends that. A file system that does not
 *    answer can keep a page locked without limit. Only that claim waits then: other
 *    calls, the release of other claims and memory hotplug continue, except that
 *    the block of the claim stays online;
 *  - pointers are passed as __u64, so 32 and 64 bit callers are the same.
 * Structures never change; new calls get new ones. Callers check the features of
 * MEMRAS_IOC_INFO instead of comparing versions.
 */
#ifndef _UAPI_MEMRAS_H
#define _UAPI_MEMRAS_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define MEMRAS_ABI_VERSION	1
#define MEMRAS_DEVICE		"memras"	/* below /dev */

/* memras_info.features: what this module can do on this kernel */
#define MEMRAS_FEAT_CLAIM	 (1ULL << 0)	/* CLAIM, RELEASE, HOLDS */
#define MEMRAS_FEAT_REPLACE	 (1ULL << 1)	/* CLAIM replaces hugepages in the range */
#define MEMRAS_FEAT_HARD_OFFLINE (1ULL << 2)	/* OFFLINE */
#define MEMRAS_FEAT_SIMULATED	 (1ULL << 3)	/* OFFLINE knows MEMRAS_OFFLINE_SIMULATED */
#define MEMRAS_FEAT_UNPOISON	 (1ULL << 4)	/* UNPOISON */
#define MEMRAS_FEAT_KEEP	 (1ULL << 5)	/* KEEP */
#define MEMRAS_FEAT_RECALL	 (1ULL << 6)	/* RECALL */
#define MEMRAS_FEAT_REPOISON	 (1ULL << 7)	/* poison outlasts the offline of its block */
#define MEMRAS_FEAT_MAP		 (1ULL << 8)	/* mmap() */
#define MEMRAS_FEAT_MEMMAP	 (1ULL << 9)	/* MEMRAS_KIND_MEMMAP in reports and scans */
#define MEMRAS_FEAT_UNMANAGED	 (1ULL << 10)	/* offlining leaves held pages unmanaged */

/**
 * struct memras_info - the loaded module and its features
 * @abi: MEMRAS_ABI_VERSION of the module
 * @page_shift: log2 of the page size in bytes
 * @features: MEMRAS_FEAT_*
 * @block_pages: pages of one memory block (memory_block_size_bytes())
 * @pageblock_pages: the unit in which CLAIM works best: pages of one pageblock,
 *	on kernels before 6.1 of one block of the allocator's highest order
 * @held_pages: pages held now by claims of all open descriptors
 * @kept_pages: pages that quarantines hold, or will hold again
 * @version: the module's version, NUL-terminated
 * @reserved: 0
 */
struct memras_info {
	__u32 abi;
	__u32 page_shift;
	__u64 features;
	__u64 block_pages;
	__u64 pageblock_pages;
	__u64 held_pages;
	__u64 kept_pages;
	char version[32];
	__u64 reserved[4];
};

/*
 * The kind of a page, found without a reference to it: it may have changed by
 * the time it is read. Hardware poison is a flag, not a kind, as a poisoned
 * page keeps its kind.
 */
enum memras_kind {
	MEMRAS_KIND_UNKNOWN = 0,	/* in use by the kernel, in an unknown way */
	MEMRAS_KIND_FREE = 1,		/* in the buddy allocator */
	MEMRAS_KIND_ANON = 2,
	MEMRAS_KIND_FILE = 3,		/* page cache of a file with storage */
	MEMRAS_KIND_SHMEM = 4,		/* swap-backed page cache: tmpfs, memfd, shm */
	MEMRAS_KIND_THP = 5,		/* in a transparent huge page, anonymous or not */
	MEMRAS_KIND_HUGETLB = 6,	/* in a hugetlb page in use */
	MEMRAS_KIND_HUGETLB_FREE = 7,	/* in a free hugetlb page of a pool */
	MEMRAS_KIND_GIGANTIC = 8,	/* in a hugetlb page too big for the buddy */
	MEMRAS_KIND_SLAB = 9,
	MEMRAS_KIND_PGTABLE = 10,
	MEMRAS_KIND_RESERVED = 11,	/* PageReserved: boot memory, firmware, kernel text */
	MEMRAS_KIND_OFFLINE = 12,	/* PageOffline: owned by a driver, held or ballooned */
	MEMRAS_KIND_DEVICE = 13,	/* ZONE_DEVICE */
	MEMRAS_KIND_MOVABLE = 14,	/* not on the LRU, but a driver can migrate it */
	MEMRAS_KIND_MEMMAP = 15,	/* MEMRAS_FEAT_MEMMAP: memmap of its own memory block */
};
#define MEMRAS_KIND_MASK(kind)	(1ULL << (kind))

/* memras_page.flags */
#define MEMRAS_PAGE_HWPOISON	(1U << 0)
#define MEMRAS_PAGE_HELD	(1U << 1)	/* held by a claim of this module */
#define MEMRAS_PAGE_KEPT	(1U << 2)	/* ... and that claim is a quarantine */
#define MEMRAS_PAGE_ISOLATED	(1U << 3)	/* its pageblock is MIGRATE_ISOLATE */
#define MEMRAS_PAGE_LRU		(1U << 4)
#define MEMRAS_PAGE_MLOCKED	(1U << 5)
#define MEMRAS_PAGE_DMA_PINNED	(1U << 6)	/* pin_user_pages(), judged by the refcount */
#define MEMRAS_PAGE_DIRTY	(1U << 7)
#define MEMRAS_PAGE_WRITEBACK	(1U << 8)

/**
 * struct memras_page - description of a page
 * @pfn: in: the page asked for
 * @head_pfn: the first page of the compound page that it is in, else @pfn
 * @kind: enum memras_kind
 * @flags: MEMRAS_PAGE_*
 * @refcount: references to the whole (compound) page
 * @mapcount: page tables that map it, or any part of its compound page
 * @extra_refs: references that page tables, page cache, swap cache and private
 *	data do not account for; if it stays above 0, the page is pinned
 * @order: log2 of the pages of its compound or free page
 * @node: NUMA node
 * @error: 0, or why nothing is known: ENXIO for a pfn without online memory
 * @reserved: 0
 * @zone: name of its zone, NUL-terminated
 */
struct memras_page {
	__u64 pfn;
	__u64 head_pfn;
	__u32 kind;
	__u32 flags;
	__s32 refcount;
	__s32 mapcount;
	__s32 extra_refs;
	__u32 order;
	__s32 node;
	__u32 error;
	__u64 reserved;
	char zone[16];
};

/**
 * struct memras_describe - describe pages, in any order, by number
 * @pages: in: address of an array of struct memras_page with @pfn set and
 *	the rest 0; out: the same, filled in
 * @nr: in: its length, 1 to MEMRAS_DESCRIBE_MAX
 * @flags: 0
 * @reserved: 0
 *
 * A pfn without memory is reported in its own @error and does not fail the call.
 */
struct memras_describe {
	__u64 pages;
	__u32 nr;
	__u32 flags;
	__u64 reserved[2];
};
#define MEMRAS_DESCRIBE_MAX	4096

/**
 * struct memras_run - neighbouring pages of one kind
 * @pfn: the first page
 * @nr: number of pages
 * @kind: enum memras_kind
 * @flags: those of MEMRAS_PAGE_HWPOISON, _HELD and _KEPT that all of them have
 */
struct memras_run {
	__u64 pfn;
	__u64 nr;
	__u32 kind;
	__u32 flags;
};

/* memras_scan.flags */
#define MEMRAS_SCAN_POISONED	(1U << 0)	/* only pages with hardware poison */

/**
 * struct memras_scan - find the pages of some kinds in a range
 * @start_pfn: in: the first page
 * @nr_pages: in: number of pages to scan, 1 to MEMRAS_SCAN_MAX; holes are skipped
 * @kinds: in: MEMRAS_KIND_MASK() of the kinds wanted, 0 for all
 * @runs: in: address of an array of struct memras_run
 * @nr_runs: in: its length, 1 to MEMRAS_SCAN_MAX_RUNS; out: number of runs filled in
 * @flags: in: MEMRAS_SCAN_*
 * @next_pfn: out: where to continue; @start_pfn + @nr_pages at the end
 * @found: out: pages in the runs
 * @reserved: 0
 */
struct memras_scan {
	__u64 start_pfn;
	__u64 nr_pages;
	__u64 kinds;
	__u64 runs;
	__u32 nr_runs;
	__u32 flags;
	__u64 next_pfn;
	__u64 found;
	__u64 reserved[2];
};
#define MEMRAS_SCAN_MAX		(1ULL << 32)
#define MEMRAS_SCAN_MAX_RUNS	65536

/* memras_claim.flags */
#define MEMRAS_CLAIM_ROUND	(1U << 0)	/* skip poisoned pages and pages already held */
#define MEMRAS_CLAIM_KEEP	(1U << 1)	/* a quarantine: outlives the descriptor */

/**
 * struct memras_claim - take a range from the page allocator and hold it
 * @start_pfn: in: the first page
 * @nr_pages: in: number of pages, 1 to MEMRAS_CLAIM_MAX; all in one zone
 * @flags: in: MEMRAS_CLAIM_*
 * @reserved0: 0
 * @claimed: out: pages held by this call
 * @poisoned: out: poisoned pages skipped
 * @already: out: pages skipped because they are already held
 * @fail_pfn: out, on EBUSY or ENOMEM: start of the part that could not be claimed;
 *	on EEXIST, EHWPOISON, ENXIO and EINVAL for a second zone: the page
 * @reserved: 0
 *
 * Pages in use are migrated away, free pages are taken, and hugetlb pages are
 * replaced in their pool on their node (MEMRAS_FEAT_REPLACE). On any error, none
 * of the range is held. Held pages are PageOffline and not managed, do not block
 * the offline of their memory block, and return to the page allocator when the
 * descriptor is closed, for whatever reason. Those of a quarantine stay until
 * RELEASE, and are taken again when their block comes back online.
 *
 * A claim over pages that a quarantine has lost (MEMRAS_HOLD_LOST) takes them again
 * for the quarantine, and counts them as @already; they stay taken if it fails.
 *
 * A claim of several pageblocks, up to a memory block, is made at once: it isolates
 * and drains only once. It is busy if any page of it is: claim halves then, down to
 * a pageblock, or a hugepage that is smaller.
 *
 * EBUSY: a page in the range cannot be moved, or not now; another claim is at work
 * there; or the block is going offline or online. A range that was just freed may
 * be refused while its pages are on per-cpu lists: drain these (move_pages(2) on
 * a page of the caller does) and call again.
 * ENOMEM: no memory to move to; a gigantic page; no memory on its node to replace
 * a hugepage. EEXIST: already held, without MEMRAS_CLAIM_ROUND.
 * EHWPOISON: a poisoned page, without MEMRAS_CLAIM_ROUND.
 */
struct memras_claim {
	__u64 start_pfn;
	__u64 nr_pages;
	__u32 flags;
	__u32 reserved0;
	__u64 claimed;
	__u64 poisoned;
	__u64 already;
	__u64 fail_pfn;
	__u64 reserved[2];
};
#define MEMRAS_CLAIM_MAX	(1ULL << 24)

/**
 * struct memras_keep - make claims of this descriptor a quarantine
 * @start_pfn: in: the first page
 * @nr_pages: in: number of pages, not 0; pages that this descriptor does not hold
 *	are skipped
 * @flags: 0
 * @reserved0: 0
 * @kept: out: pages that became a quarantine
 * @reserved: 0
 *
 * Makes several claims outlive the descriptor in one step: a caller that dies
 * before it leaves nothing held, one that dies after it leaves all. ENOENT:
 * nothing in the range was held by this descriptor.
 */
struct memras_keep {
	__u64 start_pfn;
	__u64 nr_pages;
	__u32 flags;
	__u32 reserved0;
	__u64 kept;
	__u64 reserved[2];
};

/* memras_release.flags */
#define MEMRAS_RELEASE_KEPT	(1U << 0)	/* quarantines, instead of own claims */

/**
 * struct memras_release - give pages back to the page allocator
 * @start_pfn: in: the first page
 * @nr_pages: in: number of pages, not 0; pages that are not held are skipped
 * @flags: in: MEMRAS_RELEASE_*
 * @reserved0: 0
 * @released: out: pages given back
 * @poisoned: out: pages that were poisoned while held; they stay retired
 * @away: out: pages of quarantines that were forgotten, as their block is offline
 *	or they are lost
 * @reserved: 0
 *
 * Pages of a block that is just going offline count as released; if the offline
 * fails, they go back to the page allocator then.
 *
 * ENOENT: nothing in the range was held by this descriptor (or quarantined).
 */
struct memras_release {
	__u64 start_pfn;
	__u64 nr_pages;
	__u32 flags;
	__u32 reserved0;
	__u64 released;
	__u64 poisoned;
	__u64 away;
	__u64 reserved[2];
};

/*
 * mmap() of the device (MEMRAS_FEAT_MAP)
 *
 * Pages that this descriptor or a quarantine holds can be mapped, shared, to be
 * read and written at the speed of memory: the offset is the physical address,
 * pfn << page_shift. A range may be mapped before it is held; each page is checked
 * at its first access. Access to a page that is not held is SIGBUS, also after it
 * was released or its block went offline. A mapping keeps the descriptor open, and
 * with it the claims. EINVAL for a private mapping, EACCES for a descriptor that
 * is not open for reading and writing, EPERM for an executable mapping, and in a
 * kernel that is locked down, as the old contents of the pages can be read.
 * mprotect() does not make it executable.
 */

/* memras_hold.flags */
#define MEMRAS_HOLD_KEPT	(1U << 0)	/* a quarantine */
#define MEMRAS_HOLD_OWN		(1U << 1)	/* claimed by this descriptor */
#define MEMRAS_HOLD_AWAY	(1U << 2)	/* its block is offline; to be taken again */
#define MEMRAS_HOLD_LOST	(1U << 3)	/* its block came back and its pages could not be taken */

/**
 * struct memras_hold - a held range
 * @pfn: the first page
 * @nr: number of pages
 * @since: time of the claim, in seconds since the epoch
 * @node: NUMA node
 * @flags: MEMRAS_HOLD_*
 */
struct memras_hold {
	__u64 pfn;
	__u64 nr;
	__u64 since;
	__s32 node;
	__u32 flags;
};

/**
 * struct memras_holds - list held ranges, ascending
 * @start_pfn: in: the first page; out: where to continue, ~0 at the end
 * @holds: in: address of an array of struct memras_hold
 * @nr: in: its length, 1 to MEMRAS_HOLDS_MAX; out: number filled in
 * @flags: 0
 * @reserved: 0
 */
struct memras_holds {
	__u64 start_pfn;
	__u64 holds;
	__u32 nr;
	__u32 flags;
	__u64 reserved[2];
};
#define MEMRAS_HOLDS_MAX	65536

/* memras_poison.flags, for OFFLINE only */
#define MEMRAS_OFFLINE_SIMULATED (1U << 0)	/* no real error: unpoison remains possible */

/**
 * struct memras_poison - hard-offline a page, or take hardware poison from it
 * @pfn: in: the page
 * @flags: in: for OFFLINE MEMRAS_OFFLINE_SIMULATED, if MEMRAS_FEAT_SIMULATED is set
 *	(memory_failure() before 5.19 has no such flag); 0 for UNPOISON
 * @reserved0: 0
 * @reserved: 0
 *
 * Errors are those of memory_failure() and unpoison_memory(); and EBUSY for a page
 * that a claim holds (the kernel would flag it and return EBUSY), for one in
 * a pageblock that a claim is at work on, and for one whose block is going offline
 * or online.
 * OFFLINE kills the users of a page that cannot be moved; a return of 0 means that
 * the kernel handled the page, not that the flag is set: read it back. Before 5.17,
 * UNPOISON is EBUSY for a poisoned page that the page allocator has lost: the
 * kernel would only clear its flag.
 */
struct memras_poison {
	__u64 pfn;
	__u32 flags;
	__u32 reserved0;
	__u64 reserved[2];
};

/* memras_recalled.flags */
#define MEMRAS_RECALLED_AWAY	(1U << 0)	/* its block is offline */
#define MEMRAS_RECALLED_LOST	(1U << 1)	/* its block is online, and it is not poisoned */

/**
 * struct memras_recalled - a page that was poisoned when its block went offline
 * @pfn: the page
 * @flags: one of MEMRAS_RECALLED_*
 * @reserved: 0
 */
struct memras_recalled {
	__u64 pfn;
	__u32 flags;
	__u32 reserved;
};

/**
 * struct memras_recall - list poisoned pages of offline blocks, ascending
 * @start_pfn: in: the first page
 * @nr_pages: in: number of pages to look at, not 0
 * @pages: in: address of an array of struct memras_recalled
 * @nr: in: its length, 1 to MEMRAS_RECALL_MAX; out: number filled in
 * @flags: 0
 * @next_pfn: out: where to continue; @start_pfn + @nr_pages at the end
 * @reserved: 0
 *
 * Only pages that went offline while the module was loaded are known. Kernels
 * before 6.2 forget the poison when such a block comes back. There the module
 * (MEMRAS_FEAT_REPOISON) takes the pages out again and flags them before the write
 * of "online" returns, whichever process writes it, and stays loaded until then.
 * Pages that it could not take are LOST: retire them by other means. Later kernels
 * do not bring the block back (EHWPOISON).
 */
struct memras_recall {
	__u64 start_pfn;
	__u64 nr_pages;
	__u64 pages;
	__u32 nr;
	__u32 flags;
	__u64 next_pfn;
	__u64 reserved[2];
};
#define MEMRAS_RECALL_MAX	65536

#define MEMRAS_IOC		0xb9
#define MEMRAS_IOC_INFO		_IOR(MEMRAS_IOC, 0, struct memras_info)
#define MEMRAS_IOC_DESCRIBE	_IOW(MEMRAS_IOC, 1, struct memras_describe)
#define MEMRAS_IOC_SCAN		_IOWR(MEMRAS_IOC, 2, struct memras_scan)
#define MEMRAS_IOC_CLAIM	_IOWR(MEMRAS_IOC, 3, struct memras_claim)
#define MEMRAS_IOC_RELEASE	_IOWR(MEMRAS_IOC, 4, struct memras_release)
#define MEMRAS_IOC_HOLDS	_IOWR(MEMRAS_IOC, 5, struct memras_holds)
#define MEMRAS_IOC_OFFLINE	_IOW(MEMRAS_IOC, 6, struct memras_poison)
#define MEMRAS_IOC_UNPOISON	_IOW(MEMRAS_IOC, 7, struct memras_poison)
#define MEMRAS_IOC_KEEP		_IOWR(MEMRAS_IOC, 8, struct memras_keep)
#define MEMRAS_IOC_RECALL	_IOWR(MEMRAS_IOC, 9, struct memras_recall)

#endif /* _UAPI_MEMRAS_H */
