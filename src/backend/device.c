// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/device.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend/modules.h"
#include "backend/percpu.h"
#include "util/clock.h"

#define SCAN_RUNS 256	/* at most MEMRAS_SCAN_MAX_RUNS */
#define HOLDS_BATCH 256	/* at most MEMRAS_HOLDS_MAX, MEMRAS_RECALL_MAX */

static int call(const struct mr_machine *m, unsigned long request, void *arg)
{
	if (m->device < 0)
		return m->device;
	return ioctl(m->device, request, arg) ? -errno : 0;
}

static int open_error(int rc, struct mr_err *err)
{
	if (rc == -EACCES || rc == -EPERM) {
		mr_err_set(err, rc, "/dev/" MEMRAS_DEVICE, "the device is for root (CAP_SYS_ADMIN)");
		mr_err_hint(err, "run it with sudo");
		return rc;
	}
	return mr_err_machine(err, rc, "/dev/" MEMRAS_DEVICE, "the module's device cannot be opened");
}

int mr_device_open(struct mr_machine *m, bool load, struct mr_err *err)
{
	int rc;

	if (m->device >= 0)
		return 0;
	if (!m->root.live)
		return mr_err_machine(err, -ENODEV, "", "a captured machine has no module");
	m->device = mr_root_openf(&m->root, O_RDWR, "dev/" MEMRAS_DEVICE);
	if (m->device == -ENOENT && load && !m->load_tried) {
		m->load_tried = true;
		rc = mr_modules_load("memras", err);
		if (rc)
			return rc;
		m->device = mr_root_openf(&m->root, O_RDWR, "dev/" MEMRAS_DEVICE);
	}
	if (m->device < 0)
		return open_error(m->device, err);
	rc = call(m, MEMRAS_IOC_INFO, &m->info);
	if (!rc && m->info.abi != MEMRAS_ABI_VERSION)
		rc = -EPROTO;
	if (rc) {
		close(m->device);
		m->device = rc;
		mr_err_machine(err, rc, "memras", "the loaded module speaks another ABI than this tool");
		mr_err_hint(err, "unload it, and install the module that came with this memras");
	}
	return rc;
}

int mr_device_unwanted(struct mr_err *err)
{
	return mr_err_usage(err, -EINVAL, "--no-module", "this cannot be done without memras.ko");
}

/* src/kmod/main.c has the same names, in its modinfo. */
static const struct {
	uint64_t bit;
	const char *name;
} known[] = {
	{ MEMRAS_FEAT_CLAIM, "claim" },
	{ MEMRAS_FEAT_REPLACE, "replace-hugepage" },
	{ MEMRAS_FEAT_HARD_OFFLINE, "hard-offline" },
	{ MEMRAS_FEAT_SIMULATED, "simulated" },
	{ MEMRAS_FEAT_UNPOISON, "unpoison" },
	{ MEMRAS_FEAT_KEEP, "quarantine" },
	{ MEMRAS_FEAT_RECALL, "recall-poison" },
	{ MEMRAS_FEAT_MAP, "map" },
	{ MEMRAS_FEAT_REPOISON, "restore-poison" },
	{ MEMRAS_FEAT_MEMMAP, "memmap" },
	{ MEMRAS_FEAT_UNMANAGED, "offline-unmanaged" },
};
#define NR_FEATURES (sizeof(known) / sizeof(known[0]))
_Static_assert(NR_FEATURES < MR_DEVICE_FEATURES, "no room for all names and a NULL");

void mr_device_feature_names(uint64_t has, const char *names[MR_DEVICE_FEATURES])
{
	size_t n = 0;

	for (size_t i = 0; i < NR_FEATURES; i++)
		if (has & known[i].bit)
			names[n++] = known[i].name;
	names[n] = NULL;
}

uint64_t mr_device_features_of(const char *words)
{
	uint64_t has = 0;

	while (*words) {
		size_t len = strcspn(words, ",");

		for (size_t i = 0; i < NR_FEATURES; i++)
			if (strlen(known[i].name) == len &&
			    !strncmp(words, known[i].name, len))
				has |= known[i].bit;
		words += len + (words[len] == ',');
	}
	return has;
}

int mr_device_need_replace(uint64_t has, struct mr_err *err)
{
	if (has & MEMRAS_FEAT_REPLACE)
		return 0;
	mr_err_machine(err, -EOPNOTSUPP, "",
		       "this kernel cannot replace hugepages (alloc_contig_range() before 5.13)");
	mr_err_hint(err, "boot a newer one; offline --soft grows the pool first, and so keeps its size");
	return -EOPNOTSUPP;
}

int mr_device_need_keep(uint64_t has, struct mr_err *err)
{
	const uint64_t wanted = MEMRAS_FEAT_CLAIM | MEMRAS_FEAT_KEEP;

	if ((has & wanted) == wanted)
		return 0;
	mr_err_machine(err, -EOPNOTSUPP, "",
		       "this kernel cannot quarantine ranges (CONFIG_CONTIG_ALLOC)");
	mr_err_hint(err, "boot a kernel built with it");
	return -EOPNOTSUPP;
}

bool mr_device_has(const struct mr_machine *m, uint64_t features)
{
	return m->device >= 0 && (m->info.features & features) == features;
}

int mr_device_describe(const struct mr_machine *m, struct memras_page *pages, uint32_t nr)
{
	struct memras_describe d = { .pages = (uintptr_t)pages, .nr = nr };

	return call(m, MEMRAS_IOC_DESCRIBE, &d);
}

int mr_device_scan(const struct mr_machine *m, uint64_t pfn, uint64_t nr, uint64_t kinds,
		   uint32_t flags, int (*fn)(const struct memras_run *run, void *data), void *data)
{
	struct memras_run runs[SCAN_RUNS];
	const uint64_t end = pfn + nr;
	int rc = 0;

	while (!rc && pfn < end) {
		struct memras_scan scan = {
			.start_pfn = pfn, .nr_pages = end - pfn, .kinds = kinds, .flags = flags,
			.runs = (uintptr_t)runs, .nr_runs = SCAN_RUNS,
		};

		rc = call(m, MEMRAS_IOC_SCAN, &scan);
		for (uint32_t i = 0; !rc && i < scan.nr_runs; i++)
			rc = fn(&runs[i], data);
		pfn = scan.next_pfn;
	}
	return rc;
}

int mr_device_claim(const struct mr_machine *m, struct memras_claim *claim)
{
	return call(m, MEMRAS_IOC_CLAIM, claim);
}

int mr_device_release(const struct mr_machine *m, struct memras_release *release)
{
	return call(m, MEMRAS_IOC_RELEASE, release);
}

int mr_device_keep(const struct mr_machine *m, struct memras_keep *keep)
{
	return call(m, MEMRAS_IOC_KEEP, keep);
}

int mr_device_holds(const struct mr_machine *m, struct memras_hold **list, size_t *nr)
{
	struct memras_holds holds = { 0 };
	struct memras_hold *all = NULL;
	size_t n = 0;

	while (holds.start_pfn != UINT64_MAX) {
		struct memras_hold *more = reallocarray(all, n + HOLDS_BATCH, sizeof(*more));
		int rc = -ENOMEM;

		if (more) {
			all = more;
			holds.holds = (uintptr_t)(all + n);
			holds.nr = HOLDS_BATCH;
			rc = call(m, MEMRAS_IOC_HOLDS, &holds);
		}
		if (rc) {
			free(all);
			return rc;
		}
		n += holds.nr;
	}
	*list = all;
	*nr = n;
	return 0;
}

int mr_device_recall(const struct mr_machine *m, uint64_t pfn, uint64_t nr,
		     struct memras_recalled **list, size_t *count)
{
	struct memras_recall r = { .next_pfn = pfn };
	struct memras_recalled *all = NULL;
	size_t n = 0;

	*list = NULL;
	*count = 0;
	while (r.next_pfn < pfn + nr) {
		struct memras_recalled *more = reallocarray(all, n + HOLDS_BATCH, sizeof(*more));
		int rc = -ENOMEM;

		if (more) {
			all = more;
			r = (struct memras_recall){ .start_pfn = r.next_pfn,
						    .nr_pages = pfn + nr - r.next_pfn,
						    .pages = (uintptr_t)(all + n),
						    .nr = HOLDS_BATCH };
			rc = call(m, MEMRAS_IOC_RECALL, &r);
		}
		if (rc) {
			free(all);
			return rc;
		}
		n += r.nr;
	}
	*list = all;
	*count = n;
	return 0;
}

int mr_device_map(const struct mr_machine *m, uint64_t pfn, uint64_t nr, void **mem)
{
	if (m->device < 0)
		return m->device;
	*mem = mmap(NULL, nr << m->page_shift, PROT_READ | PROT_WRITE, MAP_SHARED, m->device,
		    (off_t)mr_pfn_phys(m, pfn));
	return *mem == MAP_FAILED ? -errno : 0;
}

int mr_device_hard_offline(const struct mr_machine *m, uint64_t pfn, uint32_t flags)
{
	struct memras_poison p = { .pfn = pfn, .flags = flags };

	return call(m, MEMRAS_IOC_OFFLINE, &p);
}

int mr_device_unpoison(const struct mr_machine *m, uint64_t pfn)
{
	struct memras_poison p = { .pfn = pfn };

	return call(m, MEMRAS_IOC_UNPOISON, &p);
}

int mr_device_claim_drained(const struct mr_machine *m, struct memras_claim *claim,
			    unsigned int tries)
{
	int rc = -EBUSY;

	for (unsigned int i = 0; i < tries && rc == -EBUSY; i++) {
		if (i)
			mr_clock_sleep_us(1000ULL << (i < 6 ? i : 6));
		mr_percpu_drain_lru();
		rc = mr_device_claim(m, claim);
	}
	return rc;
}
