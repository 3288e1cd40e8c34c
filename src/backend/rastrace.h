/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the kernel's trace events of machine checks, memory errors and memory failures, in a
 * trace instance of our own (Documentation/trace/ftrace.rst, "Instances"), which does not disturb
 * other tracing.
 */
#ifndef MR_BACKEND_RASTRACE_H
#define MR_BACKEND_RASTRACE_H

#include <stdint.h>

#include "backend/machine.h"

struct tep_handle;
struct tracefs_instance;

struct mr_rastrace_hooks {
	/* mce_record of an error with an address, in bytes. */
	void (*machine_check)(uint64_t addr, void *data);
	/* memory_failure_event, of any result. */
	void (*memory_failure)(uint64_t pfn, void *data);
	/*
	 * mc_event of @count corrected errors at @addr, in bytes, of the DIMM @label ("" if
	 * unknown). Skips events without an address, or with one coarser than a page.
	 */
	void (*corrected)(uint64_t addr, uint64_t count, const char *label, void *data);
	/* @nr events (0 if unknown) were overwritten before they were read. */
	void (*lost)(uint64_t nr, void *data);
	void *data;
};

struct mr_rastrace {
	struct tep_handle *tep;			/* NULL if not open */
	struct tracefs_instance *instance;
	const struct mr_rastrace_hooks *hooks;
	unsigned int page_shift;
	uint64_t heard;				/* events of the current read */
};

/*
 * Makes the instance "memras-watch.PID", and removes those of killed processes. Returns
 * 0, or -errno with @err set: as mr_tracing_events(), or -ELIBACC without the libraries.
 */
int mr_rastrace_open(struct mr_rastrace *trace, const struct mr_machine *m,
		     const struct mr_rastrace_hooks *hooks, struct mr_err *err);

/*
 * Calls the hooks for the events since the last call, up to a bound, and until a signal of
 * mr_interrupt_catch(): events can come faster than they are handled. What the library has read
 * by then is reported as lost. Does not wait. Returns the number of events.
 */
uint64_t mr_rastrace_read(struct mr_rastrace *trace);

/* Removes the instance. */
void mr_rastrace_close(struct mr_rastrace *trace);

#endif
