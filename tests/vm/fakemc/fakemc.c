// SPDX-License-Identifier: GPL-2.0
/*
 * A memory controller with two DIMMs, FAKE_A0 and FAKE_B0, whose errors are written to
 * /sys/module/fakemc/parameters/error. For tests in guests only.
 *
 * QEMU has no machine with a memory controller that a driver of the kernel reads errors
 * from. This one is registered with the kernel's own EDAC core, so the trace event,
 * counters and labels are those of a real machine.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/edac.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/sched.h>

#define NR_DIMMS 2

/*
 * Declarations of drivers/edac/edac_mc.h, which packages of headers lack. Unchanged from
 * 5.10 to 7.3. With CONFIG_MODVERSIONS, a different type would keep this module from being
 * loaded.
 */
struct mem_ctl_info *edac_mc_alloc(unsigned int mc_num, unsigned int n_layers,
				   struct edac_mc_layer *layers, unsigned int sz_pvt);
void edac_mc_free(struct mem_ctl_info *mci);
int edac_mc_add_mc_with_groups(struct mem_ctl_info *mci, const struct attribute_group **groups);
struct mem_ctl_info *edac_mc_del_mc(struct device *dev);
void edac_mc_handle_error(const enum hw_event_mc_err_type type, struct mem_ctl_info *mci,
			  const u16 error_count, const unsigned long page_frame_number,
			  const unsigned long offset_in_page, const unsigned long syndrome,
			  const int top_layer, const int mid_layer, const int low_layer,
			  const char *msg, const char *other_detail);

static struct platform_device *pdev;
static struct mem_ctl_info *mci;
static DEFINE_MUTEX(error_mutex);	/* the EDAC core has one error descriptor */

/* "ce|ue PFN DIMM [COUNT [TIMES]]": TIMES reports of COUNT errors each */
static int fakemc_set_error(const char *val, const struct kernel_param *kp)
{
	unsigned int dimm, count = 1, times = 1, i;
	unsigned long pfn;
	char kind;

	if (sscanf(val, "%ce %lx %u %u %u", &kind, &pfn, &dimm, &count, &times) < 3 ||
	    (kind != 'c' && kind != 'u') || dimm >= NR_DIMMS || count > U16_MAX)
		return -EINVAL;

	mutex_lock(&error_mutex);
	for (i = 0; i < times; i++) {
		edac_mc_handle_error(kind == 'c' ? HW_EVENT_ERR_CORRECTED :
				     HW_EVENT_ERR_UNCORRECTED, mci, count, pfn, 0x40, 0, dimm, 0,
				     -1, "memory read error", "");
		cond_resched();
	}
	mutex_unlock(&error_mutex);
	return 0;
}

static const struct kernel_param_ops fakemc_error_ops = {
	.set = fakemc_set_error,
};
module_param_cb(error, &fakemc_error_ops, NULL, 0200);
MODULE_PARM_DESC(error, "report errors: ce|ue PFN DIMM [COUNT [TIMES]]");

static int __init fakemc_init(void)
{
	struct edac_mc_layer layers[] = {
		{ .type = EDAC_MC_LAYER_CHANNEL, .size = NR_DIMMS, .is_virt_csrow = false },
		{ .type = EDAC_MC_LAYER_SLOT, .size = 1, .is_virt_csrow = true },
	};
	unsigned int i;
	int ret;

	pdev = platform_device_register_simple(KBUILD_MODNAME, -1, NULL, 0);
	if (IS_ERR(pdev))
		return PTR_ERR(pdev);

	mci = edac_mc_alloc(0, ARRAY_SIZE(layers), layers, 0);
	if (!mci) {
		ret = -ENOMEM;
		goto out_device;
	}
	mci->pdev = &pdev->dev;
	mci->mod_name = KBUILD_MODNAME;
	mci->ctl_name = "fake";
	mci->dev_name = "fake";
	mci->mtype_cap = MEM_FLAG_DDR4;
	mci->edac_ctl_cap = EDAC_FLAG_SECDED;
	mci->edac_cap = EDAC_FLAG_SECDED;
	mci->scrub_mode = SCRUB_NONE;
	for (i = 0; i < NR_DIMMS; i++) {
		struct dimm_info *dimm = edac_get_dimm(mci, i, 0, 0);

		snprintf(dimm->label, sizeof(dimm->label), "FAKE_%c0", 'A' + i);
		dimm->nr_pages = totalram_pages() / NR_DIMMS;
		dimm->grain = 64;
		dimm->dtype = DEV_X8;
		dimm->mtype = MEM_DDR4;
		dimm->edac_mode = EDAC_SECDED;
	}
	ret = edac_mc_add_mc_with_groups(mci, NULL);
	if (!ret)
		return 0;

	edac_mc_free(mci);
out_device:
	platform_device_unregister(pdev);
	return ret;
}

static void __exit fakemc_exit(void)
{
	edac_mc_del_mc(&pdev->dev);
	edac_mc_free(mci);
	platform_device_unregister(pdev);
}

module_init(fakemc_init);
module_exit(fakemc_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Memory controller whose errors are made up");
