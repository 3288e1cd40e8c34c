// SPDX-License-Identifier: GPL-2.0
/*
 * Finding the pages of some kinds in a range, as runs.
 *
 * A scan goes in steps. In a step memras_mutex is held and runs are gathered in
 * a buffer; between steps the buffer is copied to the caller, and others may
 * take the mutex.
 */
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat/hotplug.h"
#include "memras_kmod.h"

/* A step ends after so many pages looked at, or when so many runs are gathered */
#define MEMRAS_SCAN_PAGES	32768UL
#define MEMRAS_SCAN_RUNS	256

#define MEMRAS_KINDS_ALL	(MEMRAS_KIND_MASK(MEMRAS_KIND_MEMMAP + 1) - 1)

/**
 * struct scan - a scan on its way
 * @pfn: the next page to look at
 * @end: the first after the last
 * @kinds: kinds wanted
 * @poisoned: only poisoned pages
 * @room: how many more runs the caller has room for, less those in @buf
 * @found: pages in the runs
 * @nr: runs in @buf; the last of them may still grow
 * @buf: runs gathered
 */
struct scan {
	unsigned long pfn;
	unsigned long end;
	u64 kinds;
	bool poisoned;
	u32 room;
	u64 found;
	u32 nr;
	struct memras_run buf[MEMRAS_SCAN_RUNS];
};

/* Add pages to the last run, or begin another. False if there is no room. */
static bool scan_add(struct scan *s, unsigned long nr, u32 kind, u32 flags)
{
	struct memras_run *run = s->nr ? &s->buf[s->nr - 1] : NULL;

	if (run && run->pfn + run->nr == s->pfn && run->kind == kind && run->flags == flags) {
		run->nr += nr;
	} else {
		if (!s->room || s->nr == MEMRAS_SCAN_RUNS)
			return false;
		s->buf[s->nr++] = (struct memras_run) {
			.pfn = s->pfn,
			.nr = nr,
			.kind = kind,
			.flags = flags,
		};
		s->room--;
	}
	s->found += nr;
	return true;
}

static void scan_step(struct scan *s)
{
	struct memras_extent *ext = memras_extent_first(s->pfn);
	unsigned long seen = 0, nr;

	for (; s->pfn < s->end && seen < MEMRAS_SCAN_PAGES; s->pfn += min(nr, s->end - s->pfn)) {
		struct page *page = pfn_to_online_page(s->pfn);
		u32 kind, flags = 0;
		bool poisoned;

		if (!(++seen % 1024))
			cond_resched();
		if (!page) {
			nr = memras_next_online_candidate(s->pfn) - s->pfn;
			continue;
		}
		nr = 1;
		if (s->poisoned && !PageHWPoison(page))
			continue;

		kind = memras_page_kind(s->pfn, page, &nr, &poisoned);
		nr = min(nr, s->end - s->pfn);
		if (!(s->kinds & MEMRAS_KIND_MASK(kind)) || (s->poisoned && !poisoned))
			continue;

		if (poisoned)
			flags |= MEMRAS_PAGE_HWPOISON;
		if (kind == MEMRAS_KIND_OFFLINE) {
			if (ext && memras_extent_end(ext) <= s->pfn)
				ext = memras_extent_first(s->pfn);
			if (ext && ext->start <= s->pfn && memras_extent_holds(ext))
				flags |= MEMRAS_PAGE_HELD |
					 (ext->state & MEMRAS_EXT_KEPT ? MEMRAS_PAGE_KEPT : 0);
		}
		if (!scan_add(s, nr, kind, flags))
			return;
	}
}

/*
 * Hand over the runs gathered. Unless it is the end, the last one is kept back:
 * the next step may add to it.
 */
static int scan_flush(struct scan *s, struct memras_run __user *runs, u32 *done, bool last)
{
	u32 nr = s->nr;

	if (nr && !last)
		nr--;
	if (copy_to_user(runs + *done, s->buf, nr * sizeof(*s->buf)))
		return -EFAULT;
	*done += nr;
	if (nr)
		s->buf[0] = s->buf[s->nr - 1];
	s->nr -= nr;
	return 0;
}

long memras_ioctl_scan(struct memras_owner *owner, void __user *uarg)
{
	struct memras_run __user *runs;
	struct memras_scan arg;
	struct scan *s;
	u32 done = 0;
	int ret;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (arg.flags & ~MEMRAS_SCAN_POISONED || arg.kinds & ~MEMRAS_KINDS_ALL || !arg.nr_runs ||
	    arg.nr_runs > MEMRAS_SCAN_MAX_RUNS || arg.reserved[0] || arg.reserved[1])
		return -EINVAL;

	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	ret = memras_range_end(arg.start_pfn, arg.nr_pages, MEMRAS_SCAN_MAX, &s->end);
	if (ret)
		goto out;
	s->pfn = arg.start_pfn;
	s->kinds = arg.kinds ?: MEMRAS_KINDS_ALL;
	s->poisoned = arg.flags & MEMRAS_SCAN_POISONED;
	s->room = arg.nr_runs;
	runs = u64_to_user_ptr(arg.runs);

	for (;;) {
		unsigned long before = s->pfn;

		ret = -EINTR;
		if (fatal_signal_pending(current) || mutex_lock_killable(&memras_mutex))
			goto out;
		scan_step(s);
		mutex_unlock(&memras_mutex);

		/* the caller's room is used up, and what comes does not fit the last run */
		if (s->pfn >= s->end || (!s->room && s->pfn == before))
			break;
		ret = scan_flush(s, runs, &done, false);
		if (ret)
			goto out;
		cond_resched();
	}
	ret = scan_flush(s, runs, &done, true);
	if (ret)
		goto out;

	arg.nr_runs = done;
	arg.next_pfn = s->pfn;
	arg.found = s->found;
	ret = copy_to_user(uarg, &arg, sizeof(arg)) ? -EFAULT : 0;
out:
	kfree(s);
	return ret;
}
