/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /dev/memras: the calls of src/uapi/memras.h, one function each. */
#ifndef MR_BACKEND_DEVICE_H
#define MR_BACKEND_DEVICE_H

#include <stdbool.h>

#include "backend/machine.h"

/*
 * Opens the device, loading the module when @load and it is not there (tried
 * once in a run), and asks it what it can do. 0, or -errno with @err saying
 * what stands in the way.
 */
int mr_device_open(struct mr_machine *m, bool load, struct mr_err *err);

/* Says that --no-module leaves out what is needed: -EINVAL. */
int mr_device_unwanted(struct mr_err *err);

/*
 * Features (MEMRAS_FEAT_*) and their names, as JSON and the module's file have
 * them. The names of @features go to @names, which has room for all of them and
 * a NULL; the other way words are parted by commas, unknown ones left out.
 */
#define MR_DEVICE_FEATURES 16
void mr_device_feature_names(uint64_t features, const char *names[MR_DEVICE_FEATURES]);
uint64_t mr_device_features_of(const char *words);

/*
 * Whether @features have what the replacement of hugepages needs, or what
 * putting ranges aside needs: 0, or -EOPNOTSUPP with @err set.
 */
int mr_device_need_replace(uint64_t features, struct mr_err *err);
int mr_device_need_keep(uint64_t features, struct mr_err *err);

/* Whether it is open and has all of @features (MEMRAS_FEAT_*). */
bool mr_device_has(const struct mr_machine *m, uint64_t features);

/* All return 0 or -errno as the header says. */
int mr_device_describe(const struct mr_machine *m, struct memras_page *pages, uint32_t nr);
int mr_device_scan(const struct mr_machine *m, struct memras_scan *scan);
int mr_device_claim(const struct mr_machine *m, struct memras_claim *claim);
int mr_device_release(const struct mr_machine *m, struct memras_release *release);
int mr_device_keep(const struct mr_machine *m, struct memras_keep *keep);
int mr_device_hard_offline(const struct mr_machine *m, uint64_t pfn, uint32_t flags);
int mr_device_unpoison(const struct mr_machine *m, uint64_t pfn);

/* All that is held, ascending, into *@list (free() it) and *@nr. */
int mr_device_holds(const struct mr_machine *m, struct memras_hold **list, size_t *nr);

/*
 * The pages of [@pfn, @pfn + @nr) that were poisoned when their block went
 * offline, ascending, into *@list (free() it) and *@count.
 */
int mr_device_recall(const struct mr_machine *m, uint64_t pfn, uint64_t nr,
		     struct memras_recalled **list, size_t *count);

/* Maps pages that are held, to be munmap()ed; touching what is not held is SIGBUS. */
int mr_device_map(const struct mr_machine *m, uint64_t pfn, uint64_t nr, void **mem);

/*
 * Drains (mr_percpu_drain_lru()) and claims; where the range is passing busy,
 * again, @tries times in all. For one range: who has many drains once for all of them.
 */
int mr_device_claim_drained(const struct mr_machine *m, struct memras_claim *claim,
			    unsigned int tries);

#endif
