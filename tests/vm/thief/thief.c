// SPDX-License-Identifier: GPL-2.0
/*
 * Takes pages of a memory block before memras.ko can. For tests in guests only.
 *
 * When a memory block comes online, its pages are free before the notifiers are called;
 * that of memras.ko claims quarantines again. Another user rarely takes one of these pages
 * before that, for an unmovable use, and a test cannot provoke it. The notifier of this
 * module runs first, takes a range, and keeps it until the module is removed.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/memory.h>
#include <linux/module.h>
#include <linux/notifier.h>

#include "compat/contig.h"

static unsigned long first_pfn;
module_param(first_pfn, ulong, 0444);
MODULE_PARM_DESC(first_pfn, "the first page to take when its memory block comes online");

static unsigned long nr_pages = 1;
module_param(nr_pages, ulong, 0444);
MODULE_PARM_DESC(nr_pages, "how many pages, of one pageblock");

/* Written only by the notifier, which runs under the hotplug lock */
static bool taken;
module_param(taken, bool, 0444);
MODULE_PARM_DESC(taken, "read-only: whether they were taken");

static int thief_memory_notify(struct notifier_block *nb, unsigned long action, void *data)
{
	const struct memory_notify *arg = data;
	int ret;

	/* compare, never mask: see compat/hotplug.h of memras.ko */
	if (action != MEM_ONLINE || taken || first_pfn < arg->start_pfn ||
	    first_pfn + nr_pages > arg->start_pfn + arg->nr_pages)
		return NOTIFY_OK;

	ret = memras_contig_alloc(first_pfn, first_pfn + nr_pages);
	if (ret)
		pr_warn("%lu pages from %#lx cannot be taken (error %d)\n", nr_pages, first_pfn,
			ret);
	taken = !ret;
	return NOTIFY_OK;
}

static struct notifier_block thief_memory_nb = {
	.notifier_call = thief_memory_notify,
	.priority = INT_MAX,		/* the highest runs first; memras.ko's is 0 */
};

static int __init thief_init(void)
{
	taken = false;
	return register_memory_notifier(&thief_memory_nb);
}

static void __exit thief_exit(void)
{
	unregister_memory_notifier(&thief_memory_nb);
	if (taken)
		memras_contig_free(first_pfn, nr_pages);
}

module_init(thief_init);
module_exit(thief_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Fake of a driver that takes pages as their memory block comes online");
