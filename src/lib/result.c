// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/result.h"

#include <string.h>

void mr_summary_add(struct mr_summary *sum, enum mr_outcome outcome, const struct mr_err *err)
{
	sum->requested++;
	switch (outcome) {
	case MR_OUTCOME_PLANNED:
		sum->planned++;
		return;
	case MR_OUTCOME_DONE:
		sum->done++;
		return;
	case MR_OUTCOME_ALREADY:
		sum->already++;
		return;
	case MR_OUTCOME_REFUSED:
		sum->refused++;
		break;
	case MR_OUTCOME_FAILED:
		sum->failed++;
		break;
	}
	sum->last = *err;
}

static const char *const outcome_names[] = {
	[MR_OUTCOME_PLANNED] = "planned",
	[MR_OUTCOME_ALREADY] = "already",
	[MR_OUTCOME_REFUSED] = "refused",
	[MR_OUTCOME_FAILED] = "failed",
};

const char *mr_outcome_name(enum mr_outcome outcome, const char *done)
{
	return outcome == MR_OUTCOME_DONE ? done : outcome_names[outcome];
}

static const char *const path_names[] = {
	[MR_PATH_NONE] = "none",
	[MR_PATH_BUDDY] = "taken-off-buddy",
	[MR_PATH_INVALIDATED] = "invalidated",
	[MR_PATH_MIGRATED] = "migrated",
	[MR_PATH_SPLIT] = "split-migrated",
	[MR_PATH_HUGEPAGE_REPLACED] = "hugepage-replaced",
	[MR_PATH_HUGEPAGE_MIGRATED] = "hugepage-migrated",
	[MR_PATH_KILLED] = "killed",
};

const char *mr_path_name(enum mr_path path)
{
	return path_names[path];
}

const char *const mr_via_choices[] = {
	[MR_VIA_AUTO] = "auto",
	[MR_VIA_SYSFS] = "sysfs",
	[MR_VIA_MADVISE] = "madvise",
	[MR_VIA_MODULE] = "module",
	NULL
};

#define VIA_DEBUGFS "debugfs"

const char *mr_via_name(enum mr_via via)
{
	if (via == MR_VIA_AUTO)
		return NULL;
	return via == MR_VIA_DEBUGFS ? VIA_DEBUGFS : mr_via_choices[via];
}

enum mr_via mr_via_of(const char *word)
{
	for (enum mr_via via = MR_VIA_AUTO; mr_via_choices[via]; via++)
		if (!strcmp(mr_via_choices[via], word))
			return via;
	return MR_VIA_AUTO;
}

static const char *const pool_way_names[] = {
	[MR_POOL_REPLACED] = "replaced",
	[MR_POOL_GROWN] = "grown",
	[MR_POOL_SHRUNK] = "shrunk",
};

const char *mr_pool_way_name(enum mr_pool_way way)
{
	return pool_way_names[way];
}
