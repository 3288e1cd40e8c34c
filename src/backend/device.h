/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /dev/memras: one function for each call of src/uapi/memras.h. */
#ifndef MR_BACKEND_DEVICE_H
#define MR_BACKEND_DEVICE_H

#include <stdbool.h>

#include "backend/machine.h"

/*
 * Opens the device and reads its features. With @load, loads the module if there is no
 * device (tried once in a run). Returns 0, or -errno with @err set to the cause.
 */
int mr_device_open(struct mr_machine *m, bool load, struct mr_err *err);

/* Reports that --no-module excludes what is needed. Returns -EINVAL. */
int mr_device_unwanted(struct mr_err *err);

/*
 * Convert between features (MEMRAS_FEAT_*) and their names, as JSON and the module's
 * modinfo have them. @names gets the names of @features and a NULL at the end. @words are
 * separated by commas; unknown ones are ignored.
 */
#define MR_DEVICE_FEATURES 16
void mr_device_feature_names(uint64_t features, const char *names[MR_DEVICE_FEATURES]);
uint64_t mr_device_features_of(const char *words);

/*
 * Check that @features suffice to replace hugepages, or to quarantine ranges. Return 0,
 * or -EOPNOTSUPP with @err set.
 */
int mr_device_need_replace(uint64_t features, struct mr_err *err);
int mr_device_need_keep(uint64_t features, struct mr_err *err);

/* True if the device is open and has all of @features (MEMRAS_FEAT_*). */
bool mr_device_has(const struct mr_machine *m, uint64_t features);

/* All return 0, or -errno as src/uapi/memras.h says. */
int mr_device_describe(const struct mr_machine *m, struct memras_page *pages, uint32_t nr);
int mr_device_claim(const struct mr_machine *m, struct memras_claim *claim);
int mr_device_release(const struct mr_machine *m, struct memras_release *release);
int mr_device_keep(const struct mr_machine *m, struct memras_keep *keep);
int mr_device_hard_offline(const struct mr_machine *m, uint64_t pfn, uint32_t flags);
int mr_device_unpoison(const struct mr_machine *m, uint64_t pfn);

/*
 * Calls @fn for each run of pages of [@pfn, @pfn + @nr) that a scan for @kinds
 * (MEMRAS_KIND_MASK(), 0: all) with @flags (MEMRAS_SCAN_*) reports, ascending, until it
 * returns another value than 0, which is returned.
 */
int mr_device_scan(const struct mr_machine *m, uint64_t pfn, uint64_t nr, uint64_t kinds,
		   uint32_t flags, int (*fn)(const struct memras_run *run, void *data), void *data);

/* Lists all holds, ascending, in *@list (free() it) and *@nr. */
int mr_device_holds(const struct mr_machine *m, struct memras_hold **list, size_t *nr);

/*
 * Lists the pages of [@pfn, @pfn + @nr) that were poisoned when their block went offline,
 * ascending, in *@list (free() it) and *@count.
 */
int mr_device_recall(const struct mr_machine *m, uint64_t pfn, uint64_t nr,
		     struct memras_recalled **list, size_t *count);

/* Maps held pages, to be unmapped with munmap(); access to a page that is not held is SIGBUS. */
int mr_device_map(const struct mr_machine *m, uint64_t pfn, uint64_t nr, void **mem);

/*
 * Drains (mr_percpu_drain_lru()) and claims, up to @tries times while the claim fails
 * with -EBUSY. For a single range: with many ranges, drain once for all of them.
 */
int mr_device_claim_drained(const struct mr_machine *m, struct memras_claim *claim,
			    unsigned int tries);

#endif
