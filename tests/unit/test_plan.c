// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/page/plan.h"

#include "backend/kpage.h"
#include "check.h"

static const struct mr_ability able = { .replace = true, .module_offline = true,
					.soft_enabled = true };

static struct mr_plan plan_of(struct mr_snap snap, struct mr_offline_policy policy,
			      struct mr_ability ability)
{
	struct mr_plan plan;

	snap.pfn = 0x1234;
	if (mr_snap_is_hugetlb(&snap) && !snap.huge_pages)
		snap.huge_pages = 512;
	mr_plan_offline(&snap, &policy, &ability, &plan);
	return plan;
}

static void soft(struct mr_snap snap, enum mr_action action, const char *path, const char *says)
{
	struct mr_plan p = plan_of(snap, (struct mr_offline_policy){ .mode = MR_MODE_SOFT }, able);

	CHECK_INT(p.step.action, action);
	CHECK_STR(mr_path_name(p.step.path), path);
	CHECK_HAS(p.err.reason, says);
	if (action == MR_ACTION_REFUSE)
		CHECK_STR(p.err.object, "0x1234");
}

static void soft_plans(void)
{
	soft((struct mr_snap){ .kind = MEMRAS_KIND_FREE }, MR_ACTION_SOFT, "taken-off-buddy", "");
	soft((struct mr_snap){ .kind = MEMRAS_KIND_FILE }, MR_ACTION_SOFT, "invalidated", "");
	soft((struct mr_snap){ .kind = MEMRAS_KIND_FILE, .mapcount = 1 }, MR_ACTION_SOFT,
	     "migrated", "");
	soft((struct mr_snap){ .kind = MEMRAS_KIND_FILE, .flags = MR_KPF(KPF_DIRTY) },
	     MR_ACTION_SOFT, "migrated", "");
	soft((struct mr_snap){ .kind = MEMRAS_KIND_ANON, .mapcount = 1 }, MR_ACTION_SOFT,
	     "migrated", "");
	soft((struct mr_snap){ .kind = MEMRAS_KIND_SHMEM }, MR_ACTION_SOFT, "migrated", "");
	soft((struct mr_snap){ .kind = MEMRAS_KIND_THP }, MR_ACTION_SOFT, "split-migrated", "");
	soft((struct mr_snap){ .kind = MEMRAS_KIND_HUGETLB }, MR_ACTION_SOFT, "hugepage-migrated",
	     "");
	soft((struct mr_snap){ .kind = MEMRAS_KIND_HUGETLB_FREE }, MR_ACTION_SOFT,
	     "hugepage-replaced", "");
	soft((struct mr_snap){ .kind = MEMRAS_KIND_UNKNOWN }, MR_ACTION_SOFT, "migrated", "");
	soft((struct mr_snap){ .kind = MEMRAS_KIND_ANON, .poisoned = true }, MR_ACTION_NONE, "none",
	     "");
	soft((struct mr_snap){ .kind = MEMRAS_KIND_SLAB }, MR_ACTION_REFUSE, "none", "slab");
	soft((struct mr_snap){ .kind = MEMRAS_KIND_PGTABLE }, MR_ACTION_REFUSE, "none",
	     "page table");
	soft((struct mr_snap){ .kind = MEMRAS_KIND_RESERVED }, MR_ACTION_REFUSE, "none",
	     "reserved");
	soft((struct mr_snap){ .kind = MEMRAS_KIND_GIGANTIC }, MR_ACTION_REFUSE, "none",
	     "gigantic");
	soft((struct mr_snap){ .kind = MEMRAS_KIND_OFFLINE }, MR_ACTION_REFUSE, "none",
	     "PageOffline");
	soft((struct mr_snap){ .kind = MEMRAS_KIND_OFFLINE, .held = true }, MR_ACTION_REFUSE,
	     "none", "memras itself");
	soft((struct mr_snap){ .kind = MEMRAS_KIND_DEVICE, .device = "dax0.0" }, MR_ACTION_REFUSE,
	     "none", "device memory (dax0.0)");
	soft((struct mr_snap){ .kind = MEMRAS_KIND_DEVICE, .poisoned = true }, MR_ACTION_REFUSE,
	     "none", "device memory,");
	soft((struct mr_snap){ .kind = MR_KIND_NONE }, MR_ACTION_REFUSE, "none", "no memory");
	soft((struct mr_snap){ .kind = MR_KIND_NONE, .block_state = MR_BLOCK_OFFLINE },
	     MR_ACTION_REFUSE, "none", "block is offline");
}

static void ways_to_keep_a_pool(void)
{
	struct mr_snap huge = { .kind = MEMRAS_KIND_HUGETLB };
	struct mr_snap gigantic = { .kind = MEMRAS_KIND_GIGANTIC };
	struct mr_offline_policy keep = { .mode = MR_MODE_SOFT };
	struct mr_offline_policy dissolve = { .mode = MR_MODE_SOFT, .dissolve = true };
	struct mr_ability no_module = { .soft_enabled = true };

	CHECK_INT(plan_of(huge, keep, able).step.keep, MR_KEEP_REPLACE);
	CHECK_INT(plan_of(huge, keep, no_module).step.keep, MR_KEEP_GROW);
	CHECK_INT(plan_of(huge, dissolve, able).step.keep, MR_KEEP_NONE);
	CHECK_INT(plan_of(gigantic, dissolve, able).step.action, MR_ACTION_SOFT);
}

static void hard_plans(void)
{
	struct mr_offline_policy hard = { .mode = MR_MODE_HARD };
	struct mr_offline_policy force = { .mode = MR_MODE_HARD, .force = true };
	struct mr_offline_policy module = { .mode = MR_MODE_HARD, .via = MR_VIA_MODULE,
					    .force = true };
	struct mr_snap free_page = { .kind = MEMRAS_KIND_FREE };
	struct mr_snap anon = { .kind = MEMRAS_KIND_ANON, .mapcount = 2 };
	struct mr_snap clean = { .kind = MEMRAS_KIND_FILE };
	struct mr_snap huge = { .kind = MEMRAS_KIND_HUGETLB };
	struct mr_ability none = { .soft_enabled = true };

	CHECK_INT(plan_of(free_page, hard, able).step.action, MR_ACTION_HARD);
	CHECK_STR(mr_path_name(plan_of(free_page, hard, able).step.path), "taken-off-buddy");
	CHECK_STR(mr_path_name(plan_of(clean, hard, able).step.path), "invalidated");
	CHECK_INT(plan_of(anon, hard, able).step.action, MR_ACTION_REFUSE);
	CHECK_HAS(plan_of(anon, hard, able).err.reason, "mapped 2 times");
	CHECK_HAS(plan_of(anon, hard, able).err.hint, "--force");
	anon.mapcount = 0;
	CHECK_HAS(plan_of(anon, hard, able).err.reason, "lose what is on it");
	CHECK_STR(mr_path_name(plan_of(anon, force, able).step.path), "killed");
	CHECK_INT(plan_of(anon, force, able).step.via, MR_VIA_SYSFS);
	CHECK_INT(plan_of(anon, module, able).step.via, MR_VIA_MODULE);
	CHECK_INT(plan_of(anon, module, none).step.action, MR_ACTION_REFUSE);
	CHECK_INT(plan_of(huge, module, able).step.action, MR_ACTION_REFUSE);
}

static void switches(void)
{
	struct mr_snap anon = { .kind = MEMRAS_KIND_ANON };
	struct mr_ability off = { .replace = true };
	struct mr_offline_policy soft_policy = { .mode = MR_MODE_SOFT };
	struct mr_offline_policy by_module = { .mode = MR_MODE_SOFT, .via = MR_VIA_MODULE };
	struct mr_plan p = plan_of(anon, soft_policy, off);

	CHECK_INT(p.step.action, MR_ACTION_REFUSE);
	CHECK_INT(p.err.blame, MR_BLAME_MACHINE);
	CHECK_HAS(p.err.hint, "vm.enable_soft_offline=1");
	CHECK_INT(plan_of(anon, by_module, able).step.action, MR_ACTION_REFUSE);
}

static struct mr_plan unpoison_plan(struct mr_snap snap, struct mr_ability ability)
{
	struct mr_plan plan;

	snap.pfn = 0x1234;
	mr_plan_unpoison(&snap, &ability, &plan);
	return plan;
}

static void unpoison_plans(void)
{
	struct mr_ability safe = { .unpoison_safe = true }, unsafe = { 0 };
	struct mr_ability module = { .unpoison_safe = true, .module_unpoison = true };
	struct mr_snap poisoned = { .kind = MEMRAS_KIND_UNKNOWN, .poisoned = true };
	struct mr_snap fine = { .kind = MEMRAS_KIND_ANON };
	struct mr_snap device = { .kind = MEMRAS_KIND_DEVICE, .poisoned = true };
	struct mr_snap none = { .kind = MR_KIND_NONE, .block_state = MR_BLOCK_OFFLINE };

	CHECK_INT(unpoison_plan(poisoned, safe).step.action, MR_ACTION_UNPOISON);
	CHECK_INT(unpoison_plan(poisoned, safe).step.via, MR_VIA_DEBUGFS);
	CHECK_INT(unpoison_plan(poisoned, module).step.via, MR_VIA_MODULE);
	CHECK_INT(unpoison_plan(poisoned, unsafe).step.action, MR_ACTION_REFUSE);
	CHECK_HAS(unpoison_plan(poisoned, unsafe).err.reason, "real memory error");
	CHECK_INT(unpoison_plan(fine, unsafe).step.action, MR_ACTION_NONE);
	CHECK_INT(unpoison_plan(device, safe).step.action, MR_ACTION_REFUSE);
	CHECK_HAS(unpoison_plan(device, safe).err.reason, "device memory");
	CHECK_INT(unpoison_plan(none, safe).step.action, MR_ACTION_REFUSE);
	CHECK_HAS(unpoison_plan(none, safe).err.reason, "block is offline");
}

/* The words of --via, in both directions. */
static void words(void)
{
	for (enum mr_via via = MR_VIA_AUTO; mr_via_choices[via]; via++)
		CHECK_INT(mr_via_of(mr_via_choices[via]), via);
	CHECK(!mr_via_name(MR_VIA_AUTO));
	CHECK_STR(mr_via_name(MR_VIA_MODULE), "module");
	CHECK_STR(mr_via_name(MR_VIA_DEBUGFS), "debugfs");
	CHECK(!mr_pool_way_name(MR_POOL_NONE));
}

int main(void)
{
	soft_plans();
	ways_to_keep_a_pool();
	hard_plans();
	switches();
	unpoison_plans();
	words();
	return CHECK_RESULT;
}
