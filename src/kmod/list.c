// SPDX-License-Identifier: GPL-2.0
/*
 * Lists that go to a user: copied with no lock held, by steps that each take
 * the locks they need.
 */
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "memras_kmod.h"

#define MEMRAS_LIST_STEP	256

/**
 * memras_list_copy - copy a list to a user
 * @to: where to, as the user gave it
 * @nr: how many records there is room for; out: how many there were
 * @size: of a record, in bytes
 * @fill: gives the next ones
 * @ctx: for @fill
 *
 * Return: 0, -ENOMEM, -EFAULT, or what @fill says.
 */
long memras_list_copy(u64 to, u32 *nr, size_t size, memras_list_fn fill, void *ctx)
{
	void __user *user = u64_to_user_ptr(to);
	u32 done = 0;
	void *buf;
	int got;

	buf = kmalloc_array(MEMRAS_LIST_STEP, size, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;

	do {
		got = fill(ctx, buf, min_t(u32, *nr - done, MEMRAS_LIST_STEP));
		if (got > 0 && copy_to_user(user + done * size, buf, got * size))
			got = -EFAULT;
		if (got > 0)
			done += got;
		cond_resched();
	} while (got > 0 && done < *nr);

	kfree(buf);
	*nr = done;
	return min(got, 0);
}
