// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/page/plan.h"

#include <inttypes.h>
#include <stdio.h>

#include "backend/kpage.h"

static void refuse(struct mr_plan *plan, const struct mr_snap *s, int code, const char *reason)
{
	char pfn[24];

	snprintf(pfn, sizeof(pfn), "0x%" PRIx64, s->pfn);
	plan->step.action = MR_ACTION_REFUSE;
	plan->step.path = MR_PATH_NONE;
	mr_err_set(&plan->err, code, pfn, "%s", reason);
}

/* Refuses pages that neither soft nor hard offline can retire. True if it refused. */
static bool refuse_always(const struct mr_snap *s, const struct mr_offline_policy *policy,
			  struct mr_plan *plan)
{
	if (s->kind == MR_KIND_NONE) {
		refuse(plan, s, -ENXIO, s->block_state == MR_BLOCK_OFFLINE ?
		       "its memory block is offline" : "no memory is there");
		if (s->block_state == MR_BLOCK_OFFLINE)
			mr_err_hint(&plan->err, "memras block online %" PRIu64 " brings it back",
				    s->block);
	} else if (s->held && policy->held) {
		return false;
	} else if (s->held) {
		refuse(plan, s, -EBUSY, "memras itself holds the page");
		mr_err_hint(&plan->err, "release it first");
	} else if (s->kind == MEMRAS_KIND_OFFLINE) {
		refuse(plan, s, -EBUSY,
		       "page is logically offline (PageOffline): a driver or balloon owns it");
	} else if (s->kind == MEMRAS_KIND_DEVICE) {
		char why[160];

		/* memory_failure() reports "recovered", but the next fault maps the page again. */
		snprintf(why, sizeof(why), "page is device memory%s%s%s, which the kernel cannot retire: its driver manages it",
			 s->device ? " (" : "", s->device ? s->device : "",
			 s->device ? ")" : "");
		refuse(plan, s, -EOPNOTSUPP, why);
		mr_err_hint(&plan->err, "ndctl list --media-errors lists bad persistent memory");
	} else {
		return false;
	}
	return true;
}

static void plan_hard(const struct mr_snap *s, const struct mr_offline_policy *policy,
		      const struct mr_ability *ability, struct mr_plan *plan)
{
	bool clean_file = s->kind == MEMRAS_KIND_FILE && !(s->flags & MR_KPF(KPF_DIRTY)) &&
			  !(s->flags & MR_KPF(KPF_WRITEBACK));
	bool in_use = s->kind != MEMRAS_KIND_FREE && s->kind != MEMRAS_KIND_HUGETLB_FREE &&
		      !(clean_file && s->mapcount <= 0);

	plan->step.action = MR_ACTION_HARD;
	plan->step.path = s->kind == MEMRAS_KIND_FREE ? MR_PATH_BUDDY :
		     clean_file ? MR_PATH_INVALIDATED : in_use ? MR_PATH_KILLED : MR_PATH_NONE;
	if (in_use && !policy->force) {
		char why[160];

		if (s->mapcount > 0)
			snprintf(why, sizeof(why),
				 "page is in use (%s, mapped %d times): hard offline would hit its users",
				 mr_kind_text(s->kind), s->mapcount);
		else
			snprintf(why, sizeof(why),
				 "page is in use (%s): hard offline would lose what is on it",
				 mr_kind_text(s->kind));
		refuse(plan, s, -EBUSY, why);
		mr_err_hint(&plan->err, "--soft moves the data first; --force retires the page anyway");
		return;
	}
	if (policy->via == MR_VIA_MODULE && mr_snap_is_hugetlb(s)) {
		refuse(plan, s, -EOPNOTSUPP,
		       "page is in a hugepage, which the module does not break up");
		mr_err_hint(&plan->err, "memras hugepage replace frees it first");
		return;
	}
	if (policy->via == MR_VIA_MODULE && !ability->module_offline) {
		refuse(plan, s, -EOPNOTSUPP, "memras.ko is not loaded, or cannot hard-offline on this kernel");
		return;
	}
	plan->step.via = policy->via == MR_VIA_AUTO ? MR_VIA_SYSFS : policy->via;
}

static enum mr_path soft_path(const struct mr_snap *s)
{
	switch (s->kind) {
	case MEMRAS_KIND_FREE:
		return MR_PATH_BUDDY;
	case MEMRAS_KIND_FILE:
		/* soft_offline_in_use_page() invalidates clean unmapped pages */
		if (s->mapcount <= 0 && !(s->flags & (MR_KPF(KPF_DIRTY) | MR_KPF(KPF_WRITEBACK))))
			return MR_PATH_INVALIDATED;
		return MR_PATH_MIGRATED;
	case MEMRAS_KIND_THP:
		return MR_PATH_SPLIT;
	case MEMRAS_KIND_HUGETLB_FREE:
		return MR_PATH_HUGEPAGE_REPLACED;
	case MEMRAS_KIND_HUGETLB:
		return MR_PATH_HUGEPAGE_MIGRATED;
	default:
		return MR_PATH_MIGRATED;
	}
}

void mr_plan_soft_off(const char *object, struct mr_err *err)
{
	mr_err_set(err, -EOPNOTSUPP, object, "soft offline is turned off on this machine");
	mr_err_hint(err, "sysctl vm.enable_soft_offline=1 turns it on");
}

static void plan_soft(const struct mr_snap *s, const struct mr_offline_policy *policy,
		      const struct mr_ability *ability, struct mr_plan *plan)
{
	char why[160];

	plan->step.action = MR_ACTION_SOFT;
	plan->step.via = policy->via == MR_VIA_AUTO ? MR_VIA_SYSFS : policy->via;
	plan->step.path = soft_path(s);
	if (!ability->soft_enabled) {
		refuse(plan, s, -EOPNOTSUPP, "");
		mr_plan_soft_off(plan->err.object, &plan->err);
		return;
	}
	if (policy->via == MR_VIA_MODULE) {
		refuse(plan, s, -EOPNOTSUPP,
		       "a module cannot soft-offline: the kernel offers it only to sysfs and madvise");
		return;
	}
	switch (s->kind) {
	case MEMRAS_KIND_SLAB:
	case MEMRAS_KIND_PGTABLE:
	case MEMRAS_KIND_RESERVED:
	case MEMRAS_KIND_MEMMAP:
		snprintf(why, sizeof(why), "page is %s, which cannot be moved",
			 mr_kind_text(s->kind));
		refuse(plan, s, -EBUSY, why);
		return;
	case MEMRAS_KIND_GIGANTIC:
		if (policy->dissolve)
			return;
		refuse(plan, s, -EBUSY,
		       "page is in a gigantic hugepage, which can be dissolved but not replaced");
		mr_err_hint(&plan->err, "--dissolve gives up the whole hugepage; it may not come back before a reboot");
		return;
	case MEMRAS_KIND_HUGETLB:
	case MEMRAS_KIND_HUGETLB_FREE:
		if (!policy->dissolve)
			plan->step.keep = ability->replace ? MR_KEEP_REPLACE : MR_KEEP_GROW;
		return;
	default:
		return;
	}
}

void mr_plan_offline(const struct mr_snap *snap, const struct mr_offline_policy *policy,
		     const struct mr_ability *ability, struct mr_plan *plan)
{
	*plan = (struct mr_plan){ .step.path = MR_PATH_NONE };
	/* The flag of device memory means bad, not out of use. */
	if (snap->poisoned && snap->kind != MEMRAS_KIND_DEVICE) {
		plan->step.action = MR_ACTION_NONE;
		return;
	}
	if (refuse_always(snap, policy, plan))
		return;
	if (policy->via == MR_VIA_MADVISE && !ability->mapped_file) {
		refuse(plan, snap, -EOPNOTSUPP, "madvise reaches only what memras itself can map");
		mr_err_hint(&plan->err, "name the page by file:PATH@OFFSET, or leave out --via");
		return;
	}
	if (policy->mode == MR_MODE_HARD)
		plan_hard(snap, policy, ability, plan);
	else
		plan_soft(snap, policy, ability, plan);
}

void mr_plan_unpoison_off(bool told, const char *object, struct mr_err *err)
{
	mr_err_machine(err, -EOPNOTSUPP, object, told ?
		       "a real memory error was handled since boot, and unpoison is off" :
		       "a real memory error may be behind the poison, and unpoison is off");
	mr_err_hint(err, told ?
		    "only a reboot brings it back (memory_failure() since 5.19)" :
		    "this kernel had a machine check; only a reboot brings it back");
}

void mr_plan_unpoison(const struct mr_snap *s, const struct mr_ability *ability,
		      struct mr_plan *plan)
{
	*plan = (struct mr_plan){ .step.path = MR_PATH_NONE };
	if (s->kind == MEMRAS_KIND_DEVICE) {
		refuse(plan, s, -EOPNOTSUPP,
		       "page is device memory: only its driver can clear the poison");
		mr_err_hint(&plan->err, "ndctl clear-errors does so for persistent memory");
	} else if (s->kind == MR_KIND_NONE) {
		refuse(plan, s, -ENXIO, s->block_state == MR_BLOCK_OFFLINE ?
		       "its memory block is offline" : "no memory is there");
	} else if (!s->poisoned) {
		plan->step.action = MR_ACTION_NONE;
	} else if (!ability->unpoison_safe) {
		refuse(plan, s, -EOPNOTSUPP, "");
		mr_plan_unpoison_off(false, plan->err.object, &plan->err);
	} else {
		plan->step.action = MR_ACTION_UNPOISON;
		plan->step.via = ability->module_unpoison ? MR_VIA_MODULE : MR_VIA_DEBUGFS;
	}
}
