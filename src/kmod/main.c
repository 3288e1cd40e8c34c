// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/memras: permissions, the dispatch of calls, and the features of this build.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "compat/contig.h"
#include "compat/hotplug.h"
#include "compat/poison.h"
#include "memras_kmod.h"

/* Protects our records: see memras_kmod.h */
DEFINE_MUTEX(memras_mutex);

static u64 memras_features(void)
{
	u64 features = MEMRAS_FEAT_MEMMAP;

	if (MEMRAS_CAN_CLAIM)
		features |= MEMRAS_FEAT_CLAIM | MEMRAS_FEAT_KEEP;
	if (MEMRAS_CAN_CLAIM && MEMRAS_CAN_MAP)
		features |= MEMRAS_FEAT_MAP;
	if (MEMRAS_CAN_REPLACE)
		features |= MEMRAS_FEAT_REPLACE;
	if (MEMRAS_CAN_POISON)
		features |= MEMRAS_FEAT_HARD_OFFLINE | MEMRAS_FEAT_UNPOISON | MEMRAS_FEAT_RECALL;
	if (MEMRAS_CAN_POISON && MEMRAS_ONLINE_FORGETS_POISON)
		features |= MEMRAS_FEAT_REPOISON;
	if (MEMRAS_CAN_SIMULATE)
		features |= MEMRAS_FEAT_SIMULATED;
	if (!MEMRAS_OFFLINING_SUBTRACTS_ALL)
		features |= MEMRAS_FEAT_UNMANAGED;
	return features;
}

static long memras_ioctl_info(void __user *arg)
{
	struct memras_info info = {
		.abi = MEMRAS_ABI_VERSION,
		.page_shift = PAGE_SHIFT,
		.features = memras_features(),
		.block_pages = memras_block_pages(),
		.pageblock_pages = memras_contig_unit(),
		.version = MEMRAS_VERSION,
	};

	if (mutex_lock_killable(&memras_mutex))
		return -EINTR;
	memras_extent_counts(&info.held_pages, &info.kept_pages);
	mutex_unlock(&memras_mutex);

	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

/* True if the call changes anything, and so needs a descriptor open for writing */
static bool memras_ioctl_writes(unsigned int cmd)
{
	switch (cmd) {
	case MEMRAS_IOC_CLAIM:
	case MEMRAS_IOC_RELEASE:
	case MEMRAS_IOC_KEEP:
	case MEMRAS_IOC_OFFLINE:
	case MEMRAS_IOC_UNPOISON:
		return true;
	default:
		return false;
	}
}

static long memras_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct memras_owner *owner = file->private_data;
	void __user *uarg = (void __user *)arg;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (memras_ioctl_writes(cmd) && !(file->f_mode & FMODE_WRITE))
		return -EBADF;

	switch (cmd) {
	case MEMRAS_IOC_INFO:
		return memras_ioctl_info(uarg);
	case MEMRAS_IOC_DESCRIBE:
		return memras_ioctl_describe(owner, uarg);
	case MEMRAS_IOC_SCAN:
		return memras_ioctl_scan(owner, uarg);
	case MEMRAS_IOC_CLAIM:
		return memras_ioctl_claim(owner, uarg);
	case MEMRAS_IOC_RELEASE:
		return memras_ioctl_release(owner, uarg);
	case MEMRAS_IOC_HOLDS:
		return memras_ioctl_holds(owner, uarg);
	case MEMRAS_IOC_OFFLINE:
		return memras_ioctl_offline(owner, uarg);
	case MEMRAS_IOC_UNPOISON:
		return memras_ioctl_unpoison(owner, uarg);
	case MEMRAS_IOC_RECALL:
		return memras_ioctl_recall(owner, uarg);
	case MEMRAS_IOC_KEEP:
		return memras_ioctl_keep(owner, uarg);
	default:
		return -ENOTTY;
	}
}

static int memras_open(struct inode *inode, struct file *file)
{
	struct memras_owner *owner;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;

	owner = kzalloc(sizeof(*owner), GFP_KERNEL);
	if (!owner)
		return -ENOMEM;
	file->private_data = owner;
	return nonseekable_open(inode, file);
}

/* Called when the last reference to the descriptor is gone, also after a kill */
static int memras_release(struct inode *inode, struct file *file)
{
	struct memras_owner *owner = file->private_data;

	memras_map_close(owner);
	memras_hold_close(owner);
	kfree(owner);
	return 0;
}

static const struct file_operations memras_fops = {
	.owner		= THIS_MODULE,
	.open		= memras_open,
	.release	= memras_release,
	.unlocked_ioctl	= memras_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.mmap		= memras_mmap,
};

static struct miscdevice memras_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= MEMRAS_DEVICE,
	.mode	= 0600,
	.fops	= &memras_fops,
};

static int __init memras_init(void)
{
	int ret;

	memras_extent_init();
	ret = memras_hotplug_init();
	if (ret)
		return ret;

	ret = misc_register(&memras_misc);
	if (ret)
		goto err_hotplug;
	return 0;

err_hotplug:
	memras_hotplug_exit();
	return ret;
}

/* No descriptor is open and no quarantine exists: each pins the module */
static void __exit memras_exit(void)
{
	misc_deregister(&memras_misc);
	memras_hotplug_exit();
}

module_init(memras_init);
module_exit(memras_exit);

MODULE_DESCRIPTION("Memory RAS: claim, describe and retire pages for memras(8)");
MODULE_AUTHOR("The memras maintainers");
MODULE_LICENSE("GPL");
MODULE_VERSION(MEMRAS_VERSION);

/* The same as memras_features(), for readers of the file: modinfo -F feature */
MODULE_INFO(feature, "memmap");
#if MEMRAS_CAN_CLAIM
MODULE_INFO(feature, "claim");
MODULE_INFO(feature, "quarantine");
#if MEMRAS_CAN_MAP
MODULE_INFO(feature, "map");
#endif
#endif
#if MEMRAS_CAN_REPLACE
MODULE_INFO(feature, "replace-hugepage");
#endif
#if MEMRAS_CAN_POISON
MODULE_INFO(feature, "hard-offline");
MODULE_INFO(feature, "unpoison");
MODULE_INFO(feature, "recall-poison");
#if MEMRAS_ONLINE_FORGETS_POISON
MODULE_INFO(feature, "restore-poison");
#endif
#endif
#if MEMRAS_CAN_SIMULATE
MODULE_INFO(feature, "simulated");
#endif
#if !MEMRAS_OFFLINING_SUBTRACTS_ALL
MODULE_INFO(feature, "offline-unmanaged");
#endif
