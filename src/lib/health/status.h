/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of the machine's memory, mostly without a scan of it. */
#ifndef MR_LIB_HEALTH_STATUS_H
#define MR_LIB_HEALTH_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/device.h"
#include "backend/edac.h"
#include "backend/hugepool.h"
#include "backend/machine.h"
#include "backend/mounts.h"
#include "lib/inspect/poison.h"
#include "lib/range/holds.h"

#define MR_STATUS_FEATURES 16

/* /sys/devices/system/node/nodeN/memory_failure, since 6.3 */
struct mr_failure_counts {
	uint64_t total, recovered, ignored, failed, delayed;
};

struct mr_node_status {
	int32_t node;
	bool has_failures;
	struct mr_failure_counts failures;
};

/* Machine check interrupts since boot, over all CPUs: lines of /proc/interrupts. */
struct mr_machine_checks {
	uint64_t exceptions;		/* MCE */
	uint64_t polls;			/* MCP */
	uint64_t thresholds;		/* THR; UINT64_MAX if this machine has none */
	uint64_t deferred;		/* DFR; likewise */
};

struct mr_status {
	uint64_t hardware_corrupted;	/* bytes; UINT64_MAX if the kernel does not count */
	uint64_t budget;		/* limit of poisoned memory, bytes; UINT64_MAX if none */
	bool budget_used;		/* the budget has no room for one more page */
	uint64_t total;			/* MemTotal, bytes */
	uint64_t block_size;		/* bytes; UINT64_MAX: no block interface */
	uint64_t online, offline;	/* bytes */
	uint64_t blocks_online, blocks_offline;
	uint64_t going, blocks_going;	/* those of the offline ones that are going offline */

	struct mr_node_status *nodes;
	size_t nr_nodes;
	struct mr_hugepool *pools;
	size_t nr_pools;
	struct mr_edac *edac;
	size_t nr_edac;
	bool has_machine_checks;
	struct mr_machine_checks machine_checks;
	bool has_retired;		/* the retired list could be read */
	uint64_t retired, pending;	/* all entries, and those not retired now */
	struct mr_err retired_err;	/* why not */
	struct mr_hugetlbfs *mounts;
	int nr_mounts;

	bool module_loaded;
	char module_version[32];
	uint64_t module_abi;		/* UINT64_MAX if the device is not open */
	const char *module_features[MR_DEVICE_FEATURES];	/* NULL-terminated */

	bool quarantines_known;		/* the caller may list them */
	struct mr_quarantine *quarantines;
	size_t nr_quarantines;

	char release[80];		/* uname -r, or the captured one */
	const char *kernel_features[MR_STATUS_FEATURES];

	bool pages_listed;
	struct mr_poisoned *poisoned;
	size_t nr_poisoned;
};

/* Problems, with the words of the JSON output. */
#define MR_STATUS_PROBLEMS	6
enum mr_status_problem {
	MR_PROBLEM_POISONED,		/* memory is poisoned */
	MR_PROBLEM_UNCORRECTED,		/* EDAC counts errors that were not corrected */
	MR_PROBLEM_MACHINE_CHECKS,	/* the CPU raised machine check exceptions */
	MR_PROBLEM_PENDING,		/* pages of the retired list are in use again */
	MR_PROBLEM_RETIRED_LIST,	/* the retired list cannot be read */
	MR_PROBLEM_BUDGET,		/* the budget is used up: watch retires no more pages */
};

/* "poisoned", "uncorrected-errors", "machine-checks", "pending-pages", "retired-list", "budget" */
const char *mr_status_problem_name(enum mr_status_problem problem);

/* Lists the problems, in this order. Returns how many. */
size_t mr_status_problems(const struct mr_status *st,
			  enum mr_status_problem problems[MR_STATUS_PROBLEMS]);

/* Sums the errors over all memory controllers. */
void mr_status_errors(const struct mr_status *st, uint64_t *corrected, uint64_t *uncorrected);

/*
 * Reads everything, with the retired list from @state_dir (NULL: the default). With
 * @pages also finds the poisoned pages: by the module's scan, else by page flags (root
 * only). Unreadable values stay unknown; -errno with @err set only if @pages fails.
 */
int mr_status_read(const struct mr_machine *m, const char *state_dir, bool pages,
		   struct mr_status *st, struct mr_err *err);
void mr_status_free(struct mr_status *st);

#endif
