// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "backend/device.h"
#include "backend/modules.h"
#include "cli/doc.h"
#include "cli/exit.h"
#include "cli/msg.h"
#include "cli/table.h"
#include "cmds/commands.h"
#include "report/begin.h"

#define MODULE "memras"

struct row {
	bool supported, installed, loaded;
	int32_t refcount;
	const char *path, *version, *vermagic;
	uint64_t abi;
	const char *const *features;
};

static const struct mr_field fields[] = {
	MR_FIELD(MR_FIELD_BOOL, struct row, supported, "supported", "SUPPORTED",
		 "whether the kernel has loadable modules"),
	MR_FIELD(MR_FIELD_BOOL, struct row, installed, "installed", "INSTALLED",
		 "whether there is a file for this kernel"),
	MR_FIELD(MR_FIELD_BOOL, struct row, loaded, "loaded", "LOADED", "whether it is loaded"),
	MR_FIELD(MR_FIELD_U64, struct row, abi, "abi", "ABI", "version of the ABI it speaks",
		 .nullable = true),
	MR_FIELD(MR_FIELD_S32, struct row, refcount, "refcount", "USED", "reference count",
		 .nullable = true),
	MR_FIELD(MR_FIELD_STRING, struct row, version, "version", "VERSION", "of the file"),
	MR_FIELD(MR_FIELD_STRING, struct row, vermagic, "vermagic", NULL,
		 "the kernel that the file was built for"),
	MR_FIELD(MR_FIELD_STRINGS, struct row, features, "features", NULL,
		 "what it can do on this kernel; of the file if it is not loaded"),
	MR_FIELD(MR_FIELD_STRING, struct row, path, "path", "PATH", "of the file"),
	{ 0 },
};

static int print_state(struct mr_run *run, const struct mr_machine *m, struct mr_err *err)
{
	const char *features[MR_DEVICE_FEATURES];
	struct mr_module_state st;
	struct row row;
	struct mr_records one = { &row, 1, sizeof(row), false };
	int rc = mr_modules_state(MODULE, &st, err);

	if (rc)
		return rc;
	row = (struct row){
		.supported = st.supported, .installed = st.installed, .loaded = st.loaded,
		.refcount = st.refcount,
		.path = st.path[0] ? st.path : NULL,
		.version = st.version[0] ? st.version : NULL,
		.vermagic = st.vermagic[0] ? st.vermagic : NULL,
		.abi = m->device >= 0 ? m->info.abi : UINT64_MAX,
		.features = features,
	};
	mr_device_feature_names(m->device >= 0 ? m->info.features :
				mr_device_features_of(st.features), features);
	if (run->globals.json) {
		json_object *doc = mr_doc_new(run);

		json_object_object_add(doc, "dry_run",
				       json_object_new_boolean(run->globals.dry_run));
		json_object_object_add(doc, "module", mr_record_json(fields, &row));
		mr_doc_print(doc);
		return 0;
	}
	return run->globals.quiet ? 0 : mr_table_print(fields, &one, NULL, err);
}

/* As mr_begin(), but for the running machine only. */
static int begin(const struct mr_run *run, struct mr_machine *m, unsigned int needs,
		 struct mr_err *err)
{
	if (run->globals.sysroot)
		return mr_err_usage(err, -EINVAL, "--sysroot", "a captured machine has no modules");
	return mr_begin(run, m, needs, err);
}

static int status_run(struct mr_run *run, const void *args, int nr, char **words)
{
	struct mr_err err = { 0 };
	struct mr_machine m;
	int rc;

	(void)args, (void)nr, (void)words;
	rc = begin(run, &m, MR_WANT_MODULE, &err);
	if (!rc) {
		rc = print_state(run, &m, &err);
		mr_machine_close(&m);
	}
	return rc ? mr_end_error(run, &err) : MR_EXIT_OK;
}

static int load_run(struct mr_run *run, const void *args, int nr, char **words)
{
	struct mr_err err = { 0 };
	struct mr_machine m;
	int rc;

	(void)args;
	rc = begin(run, &m, 0, &err);
	if (rc)
		return mr_end_error(run, &err);
	if (!run->globals.dry_run) {
		rc = mr_modules_load(nr ? words[0] : MODULE, &err);
		if (!rc)
			rc = mr_device_open(&m, false, &err);
	}
	if (!rc)
		rc = print_state(run, &m, &err);
	mr_machine_close(&m);
	return rc ? mr_end_error(run, &err) : MR_EXIT_OK;
}

/* Hints at a quarantine, which outlives the process that made it and keeps the module in use. */
static void name_quarantine(struct mr_machine *m, struct mr_err *err)
{
	struct mr_err ignored = { 0 };

	if (!mr_device_open(m, false, &ignored) && m->info.kept_pages)
		mr_err_hint(err, "%llu pages are in quarantine: memras quarantine release all",
			    (unsigned long long)m->info.kept_pages);
}

static int unload_run(struct mr_run *run, const void *args, int nr, char **words)
{
	struct mr_err err = { 0 };
	struct mr_machine m;
	int rc;

	(void)args, (void)nr, (void)words;
	rc = begin(run, &m, 0, &err);
	if (rc)
		return mr_end_error(run, &err);
	if (!run->globals.dry_run)
		rc = mr_modules_unload(MODULE, &err);
	if (rc == -EBUSY)
		name_quarantine(&m, &err);
	if (!rc)
		rc = print_state(run, &m, &err);
	mr_machine_close(&m);
	return rc ? mr_end_error(run, &err) : MR_EXIT_OK;
}

static const struct mr_member members[] = {
	{ "module", fields },
	{ 0 },
};

static const struct mr_cmd module_status = {
	.name = "status",
	.summary = "show whether memras.ko is installed, loaded and fits this kernel",
	.members = members,
	.run = status_run,
};

static const struct mr_cmd module_load = {
	.name = "load",
	.synopsis = "[FILE]",
	.operand = MR_OPERAND_FILE,
	.max_operands = 1,
	.summary = "load memras.ko",
	.details = "From where modprobe(8) finds it, or from FILE (a path with a slash).",
	.flags = MR_CMD_DRYRUN | MR_CMD_ACTS,
	.members = members,
	.run = load_run,
};

static const struct mr_cmd module_unload = {
	.name = "unload",
	.summary = "unload memras.ko",
	.flags = MR_CMD_DRYRUN | MR_CMD_ACTS,
	.members = members,
	.run = unload_run,
};

static const struct mr_cmd *const subs[] = { &module_status, &module_load, &module_unload, NULL };

const struct mr_cmd mr_cmd_module = {
	.name = "module",
	.summary = "load and unload the kernel module, and show its state",
	.subs = subs,
};
