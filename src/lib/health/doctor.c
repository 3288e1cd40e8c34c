// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/health/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/block.h"
#include "backend/bootmem.h"
#include "backend/dmi.h"
#include "backend/edac.h"
#include "backend/guest.h"
#include "backend/hugepool.h"
#include "backend/pageattr.h"
#include "backend/tracing.h"
#include "lib/page/plan.h"
#include "lib/page/retire.h"
#include "util/cleanup.h"

#define MEMORY "sys/devices/system/memory"

/* An examination in progress: the machine, the report, and the state of the module. */
struct exam {
	struct mr_machine *m;
	struct mr_doctor *d;
	enum mr_verdict module;
	struct mr_err module_err;	/* why it is not available */
};

const char *mr_verdict_name(enum mr_verdict verdict)
{
	static const char *const names[] = {
		[MR_VERDICT_OK] = "ok",
		[MR_VERDICT_OFF] = "off",
		[MR_VERDICT_MISSING] = "missing",
		[MR_VERDICT_DENIED] = "denied",
		[MR_VERDICT_NONE] = "n/a",
		[MR_VERDICT_UNKNOWN] = "unknown",
	};

	return names[verdict];
}

static struct mr_capability *add(struct exam *e, const char *name, enum mr_verdict verdict)
{
	struct mr_capability *c = &e->d->list[e->d->nr++];

	*c = (struct mr_capability){ .name = name, .verdict = verdict };
	return c;
}

__attribute__((format(printf, 3, 4)))
static void works(struct exam *e, const char *name, const char *how, ...)
{
	struct mr_capability *c = add(e, name, MR_VERDICT_OK);
	va_list ap;

	va_start(ap, how);
	vsnprintf(c->detail, sizeof(c->detail), how, ap);
	va_end(ap);
}

static void fails(struct exam *e, const char *name, enum mr_verdict verdict,
		  const struct mr_err *err)
{
	struct mr_capability *c = add(e, name, verdict);

	c->err = *err;
	/* If it is unknown, the machine is not to blame. */
	if (verdict == MR_VERDICT_UNKNOWN)
		c->err.blame = MR_BLAME_PERMISSION;
}

/* Returns the verdict for a refusal, by its errno. */
static enum mr_verdict verdict_of(const struct mr_err *err)
{
	switch (-err->code) {
	case ENODATA:
		return MR_VERDICT_UNKNOWN;
	case EPERM:
	case EACCES:
	case EROFS:
	case EKEYREJECTED:
		return MR_VERDICT_DENIED;
	default:
		return MR_VERDICT_MISSING;
	}
}

static void refused(struct exam *e, const char *name, const struct mr_err *err)
{
	fails(e, name, verdict_of(err), err);
}

/* Checks the caller's permission, after everything else; a captured machine needs none. */
static bool may(struct exam *e, const char *name)
{
	struct mr_err err = { 0 };

	if (!e->m->root.live || !mr_machine_need_admin("", &err))
		return true;
	refused(e, name, &err);
	return false;
}

static bool may_write(struct exam *e, const char *name, const char *path)
{
	struct mr_err err = { 0 };
	int rc = e->m->root.live ? mr_root_writable(&e->m->root, "%s", path) : 0;

	if (rc == -EROFS) {
		mr_machine_read_only("", &err);
		refused(e, name, &err);
		return false;
	}
	if (!may(e, name))
		return false;
	if (rc) {
		mr_err_set(&err, rc, "", "the kernel does not permit it");
		refused(e, name, &err);
	}
	return !rc;
}

/* True if the module can do it; a lack of permission to load it does not count yet. */
static bool has_module(const struct exam *e, uint64_t features)
{
	return (e->module == MR_VERDICT_OK || e->module_err.blame == MR_BLAME_PERMISSION) &&
	       (e->d->features & features) == features;
}

static const char *by_module(const struct exam *e)
{
	return e->d->module.loaded ? "by memras.ko" : "by memras.ko, loaded on demand";
}

static void soft_offline(struct exam *e)
{
	const char *name = "soft-offline";
	struct mr_err err = { 0 };

	if (mr_machine_need_memory_failure(e->m, &err)) {
		refused(e, name, &err);
	} else if (!mr_pageattr_soft_offline_enabled(e->m)) {
		mr_plan_soft_off("", &err);
		fails(e, name, MR_VERDICT_OFF, &err);
	} else if (may_write(e, name, MEMORY "/soft_offline_page")) {
		works(e, name, "by sysfs, and by madvise for files");
	}
}

static void hard_offline(struct exam *e)
{
	const char *name = "hard-offline";
	struct mr_err err = { 0 };

	if (mr_machine_need_memory_failure(e->m, &err))
		refused(e, name, &err);
	else if (may_write(e, name, MEMORY "/hard_offline_page"))
		works(e, name, "by sysfs%s",
		      has_module(e, MEMRAS_FEAT_HARD_OFFLINE) ? ", or by memras.ko" : "");
}

/* Without the module, or for a caller who may use debugfs but not the module. */
static void unpoison_by_debugfs(struct exam *e, const char *name)
{
	struct mr_err err = { 0 };
	int rc = mr_pageattr_need_unpoison(e->m, &err);

	if (rc && err.blame != MR_BLAME_PERMISSION)
		refused(e, name, &err);
	else if (!may(e, name))
		return;
	else if (rc)
		refused(e, name, &err);
	else
		works(e, name, "by hwpoison-inject and debugfs");
}

static void unpoison(struct exam *e)
{
	const char *name = "unpoison";
	struct mr_err err = { 0 };

	if (mr_machine_need_memory_failure(e->m, &err)) {
		refused(e, name, &err);
	} else if (mr_pageattr_machine_checked(e->m)) {
		mr_plan_unpoison_off(has_module(e, MEMRAS_FEAT_SIMULATED), "", &err);
		fails(e, name, MR_VERDICT_OFF, &err);
	} else if (!has_module(e, MEMRAS_FEAT_UNPOISON)) {
		unpoison_by_debugfs(e, name);
	} else if (may(e, name)) {
		if (e->module == MR_VERDICT_OK)
			works(e, name, "%s", by_module(e));
		else
			unpoison_by_debugfs(e, name);
	}
}

/* True if the module is available; else reports that for @name. */
static bool module_verdict(struct exam *e, const char *name)
{
	if (has_module(e, 0) && !may(e, name))
		return false;
	if (e->module != MR_VERDICT_OK)
		fails(e, name, e->module, &e->module_err);
	return e->module == MR_VERDICT_OK;
}

/* Reports a capability that only the module has; @need checks its features. */
static void needs_module(struct exam *e, const char *name,
			 int (*need)(uint64_t features, struct mr_err *err))
{
	struct mr_err err = { 0 };

	/* Report missing features of the kernel before missing permissions. */
	if (has_module(e, 0) && need(e->d->features, &err))
		refused(e, name, &err);
	else if (module_verdict(e, name))
		works(e, name, "%s", by_module(e));
}

static void hugepage_replacement(struct exam *e)
{
	const char *name = "hugepage-replacement";
	struct mr_err err = { 0 };

	if (mr_hugepool_need(e->m, &err))
		refused(e, name, &err);
	else
		needs_module(e, name, mr_device_need_replace);
}

static void block_hotplug(struct exam *e)
{
	const char *name = "block-hotplug";
	struct mr_blocks blocks = { 0 };
	struct mr_err err = { 0 };
	size_t permanent = 0;
	char path[64] = "";

	if (mr_block_list(e->m, &blocks, &err) || mr_blocks_need_removable(e->m, &blocks, &err)) {
		refused(e, name, &err);
		mr_blocks_free(&blocks);
		return;
	}
	for (size_t i = 0; i < blocks.nr; i++)
		permanent += blocks.list[i].permanent;
	if (blocks.nr)
		snprintf(path, sizeof(path), MEMORY "/memory%llu/state",
			 (unsigned long long)blocks.list[0].id);
	if (permanent && permanent == blocks.nr) {
		mr_err_machine(&err, -EOPNOTSUPP, "", "all of it is " MR_BOOTMEM_REASON);
		refused(e, name, &err);
	} else if (may_write(e, name, path)) {
		if (permanent)
			works(e, name, "%zu of %zu blocks; the others are " MR_BOOTMEM_REASON,
			      blocks.nr - permanent, blocks.nr);
		else
			works(e, name, has_module(e, MEMRAS_FEAT_CLAIM) ?
			      "evacuated by memras.ko, then by sysfs" :
			      "by sysfs; with limits, as memras.ko is missing");
	}
	mr_blocks_free(&blocks);
}

/* Finds the module as a command would: loaded, or to be loaded. */
static void find_module(struct exam *e, bool no_module)
{
	struct mr_doctor *d = e->d;
	struct mr_err *err = &e->module_err;
	int rc;

	d->loadable = -1;
	if (!e->m->root.live) {
		mr_device_open(e->m, false, err);
		e->module = MR_VERDICT_NONE;
		return;
	}
	rc = mr_modules_state("memras", &d->module, err);
	d->module_known = !rc;
	if (!rc && d->module.loaded) {
		d->loadable = 1;
		/*
		 * Features of the file, in case the device cannot be opened to ask the
		 * loaded module.
		 */
		d->features = mr_device_features_of(d->module.features);
		if (!no_module)
			rc = mr_device_open(e->m, false, err);
		if (e->m->device >= 0)
			d->features = e->m->info.features;
	} else if (!rc) {
		rc = mr_modules_check("memras", err);
		d->loadable = rc == -ENODATA ? -1 : !rc || err->blame == MR_BLAME_PERMISSION;
		d->features = mr_device_features_of(d->module.features);
	}
	e->module = rc ? verdict_of(err) : MR_VERDICT_OK;
}

static void module(struct exam *e)
{
	const struct mr_module_state *s = &e->d->module;
	const char *name = "module";

	if (!module_verdict(e, name))
		return;
	if (s->loaded)
		works(e, name, "loaded, version %s",
		      e->m->device >= 0 ? e->m->info.version : s->version);
	else
		works(e, name, "version %s, loaded when it is needed", s->version);
}

/* Reports the refusal of the module here, under the policy that caused it. */
static bool module_refused(struct exam *e, const char *name, int code)
{
	if (e->module_err.code != code || e->module_err.blame != MR_BLAME_MACHINE)
		return false;
	refused(e, name, &e->module_err);
	return true;
}

static void signing(struct exam *e)
{
	const struct mr_trust *t = &e->d->trust;
	const char *signer = e->d->module.signer;
	const char *name = "signing";

	if (module_refused(e, name, -EKEYREJECTED))
		return;
	if (t->signatures < 0)
		works(e, name, "this kernel checks no signatures of modules");
	else
		works(e, name, "%s%s%s; Secure Boot %s", t->signatures ?
		      "modules must be signed" : "modules need not be signed",
		      signer[0] ? ", this one is by " : "", signer,
		      t->secure_boot < 0 ? "is unknown" : t->secure_boot ? "is on" : "is off");
}

static void lockdown(struct exam *e)
{
	const struct mr_trust *t = &e->d->trust;
	const char *name = "lockdown";
	struct mr_err err = { 0 };

	if (t->lockdown == MR_LOCKDOWN_UNKNOWN) {
		mr_lockdown_untold(&err, "");
		refused(e, name, &err);
	} else if (t->lockdown == MR_LOCKDOWN_ABSENT) {
		works(e, name, "this kernel has none");
	} else if (t->lockdown == MR_LOCKDOWN_NONE || t->modules_disabled ||
		   !module_refused(e, name, -EPERM)) {
		works(e, name, "%s", mr_lockdown_name(t->lockdown));
	}
}

static void edac(struct exam *e)
{
	mr_autofree struct mr_edac *list = NULL;
	const char *name = "edac";
	struct mr_err err = { 0 };
	size_t nr = 0, controllers = 0;
	int ecc;

	mr_edac_list(e->m, &list, &nr);
	for (size_t i = 0; i < nr; i++)
		controllers += !list[i].dimm[0];
	if (controllers) {
		works(e, name, "%zu controller%s, %zu DIMM%s", controllers,
		      controllers == 1 ? "" : "s", nr - controllers,
		      nr - controllers == 1 ? "" : "s");
		return;
	}
	ecc = mr_machine_is_guest(e->m) ? -ENOENT : mr_dmi_memory_ecc(e->m);
	if (ecc == -EACCES || ecc == -EPERM) {
		mr_err_set(&err, ecc, "", "only root can read whether this memory has ECC");
		mr_err_hint(&err, "run it with sudo");
		fails(e, name, MR_VERDICT_UNKNOWN, &err);
	} else if (ecc == 1) {
		mr_err_machine(&err, -ENODEV, "", "%s",
			       mr_root_exists(&e->m->root, "sys/devices/system/edac") ?
			       "the memory has ECC, but no driver reports its errors" :
			       "the memory has ECC, but this kernel does not report its errors (CONFIG_EDAC)");
		mr_err_hint(&err, "load the EDAC driver of this machine (drivers/edac), or ghes_edac");
		refused(e, name, &err);
	} else {
		mr_err_machine(&err, -ENODEV, "", mr_machine_is_guest(e->m) ?
			       "a virtual machine: its host counts the errors of memory" :
			       ecc == 0 ? "this memory has no error correction" :
			       "no memory controller reports errors");
		fails(e, name, MR_VERDICT_NONE, &err);
	}
}

static void tracing(struct exam *e)
{
	char events[MR_DOCTOR_TEXT];
	struct mr_err err = { 0 };
	int rc = mr_tracing_events(e->m, events, sizeof(events), &err);

	if (!rc)
		works(e, "tracing", "%s", events);
	else
		fails(e, "tracing", rc == -ENODEV ? MR_VERDICT_OFF :
		      rc == -EACCES ? MR_VERDICT_UNKNOWN : verdict_of(&err), &err);
}

void mr_doctor_examine(struct mr_machine *m, bool no_module, struct mr_doctor *d)
{
	struct exam e = { .m = m, .d = d }, own;

	*d = (struct mr_doctor){ 0 };
	mr_trust_read(&m->root, &d->trust);
	if (mr_root_read(&m->root, d->release, sizeof(d->release), "proc/sys/kernel/osrelease") < 0)
		d->release[0] = '\0';
	mr_retirers_find(m, d->retirers);
	find_module(&e, no_module);
	own = e;
	if (no_module && m->root.live) {
		/*
		 * The module is off for the capabilities; the rows about the module itself
		 * still show it.
		 */
		e.module = MR_VERDICT_OFF;
		mr_device_unwanted(&e.module_err);
		e.module_err.blame = MR_BLAME_MACHINE;
	}
	soft_offline(&e);
	hard_offline(&e);
	unpoison(&e);
	hugepage_replacement(&e);
	block_hotplug(&e);
	needs_module(&e, "quarantine", mr_device_need_keep);
	module(&own);
	signing(&own);
	lockdown(&own);
	edac(&own);
	tracing(&own);
}

const struct mr_err *mr_doctor_worst(const struct mr_doctor *d)
{
	const struct mr_err *rights = NULL;

	for (size_t i = 0; i < d->nr; i++) {
		const struct mr_capability *c = &d->list[i];

		if (c->verdict == MR_VERDICT_OK || c->verdict == MR_VERDICT_NONE)
			continue;
		if (c->err.blame != MR_BLAME_PERMISSION)
			return &c->err;
		if (!rights)
			rights = &c->err;
	}
	return rights;
}
