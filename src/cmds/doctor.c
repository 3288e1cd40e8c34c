// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include "cli/doc.h"
#include "cli/exit.h"
#include "cli/table.h"
#include "cmds/commands.h"
#include "lib/health/doctor.h"
#include "report/begin.h"

struct row {
	const char *name, *state;
	const char *detail, *object;
	char text[MR_DOCTOR_TEXT + 256];	/* the detail, or the reason of the error */
	const char *hint;
	const struct mr_err *err;
};

static const struct mr_field fields[] = {
	MR_FIELD(MR_FIELD_STRING, struct row, name, "capability", "CAPABILITY",
		 "what it is about"),
	MR_FIELD(MR_FIELD_STRING, struct row, state, "state", "STATE",
		 "ok, off, missing, denied, n/a or unknown"),
	MR_FIELD(MR_FIELD_STRING, struct row, detail, "detail", NULL, "how it works"),
	MR_FIELD(MR_FIELD_CHARS, struct row, text, NULL, "DETAIL", "how, or why not"),
	MR_FIELD(MR_FIELD_STRING, struct row, object, "object", NULL,
		 "what the error is about, if not the capability"),
	MR_FIELD(MR_FIELD_ERROR, struct row, err, "error", NULL, "why not, and how to get it"),
	{ 0 },
};

static const struct mr_field hint_fields[] = {
	MR_FIELD(MR_FIELD_STRING, struct row, name, NULL, "TO GET", "what it is about"),
	MR_FIELD(MR_FIELD_STRING, struct row, hint, NULL, "DO THIS", "the hint"),
	{ 0 },
};

struct retirer_row {
	const char *name, *state, *does;
	const char *const *shares;
	char with[80];			/* the same, as text */
};

static const struct mr_field retirer_fields[] = {
	MR_FIELD(MR_FIELD_STRING, struct retirer_row, name, "retirer", "RETIRES PAGES",
		 "who retires pages by itself"),
	MR_FIELD(MR_FIELD_STRING, struct retirer_row, state, "state", "STATE",
		 "active, off, absent or unknown"),
	MR_FIELD(MR_FIELD_STRING, struct retirer_row, does, "does", "WHAT IT DOES",
		 "what it does, or why it does nothing"),
	MR_FIELD(MR_FIELD_STRINGS, struct retirer_row, shares, "shares", NULL,
		 "who acts on the same errors, too"),
	MR_FIELD(MR_FIELD_CHARS, struct retirer_row, with, NULL, "SAME ERRORS AS",
		 "who acts on the same errors, too"),
	{ 0 },
};

struct module_row {
	bool present, loaded;
	int8_t loadable;
	const char *version, *path, *signer;
	const char *const *features;
};

static const struct mr_field module_fields[] = {
	MR_FIELD(MR_FIELD_BOOL, struct module_row, present, "present", NULL,
		 "there is a file for this kernel"),
	MR_FIELD(MR_FIELD_MAYBE, struct module_row, loadable, "loadable", NULL,
		 "whether this kernel would load it; null: only loading it shows"),
	MR_FIELD(MR_FIELD_BOOL, struct module_row, loaded, "loaded", NULL, "whether it is loaded"),
	MR_FIELD(MR_FIELD_STRING, struct module_row, version, "version", NULL, "of the file"),
	MR_FIELD(MR_FIELD_STRING, struct module_row, path, "path", NULL, "of the file"),
	MR_FIELD(MR_FIELD_STRING, struct module_row, signer, "signer", NULL, "who signed the file"),
	MR_FIELD(MR_FIELD_STRINGS, struct module_row, features, "features", NULL,
		 "what it can do here"),
	{ 0 },
};

struct policy_row {
	int8_t signatures, secure_boot;
	const char *lockdown;
	bool modules_disabled;
};

static const struct mr_field policy_fields[] = {
	MR_FIELD(MR_FIELD_MAYBE, struct policy_row, signatures, "signatures_enforced", NULL,
		 "whether modules must be signed; null: the kernel checks no signatures"),
	MR_FIELD(MR_FIELD_MAYBE, struct policy_row, secure_boot, "secure_boot", NULL,
		 "whether it is on; null if unknown"),
	MR_FIELD(MR_FIELD_STRING, struct policy_row, lockdown, "lockdown", NULL,
		 "none, integrity or confidentiality; null: absent or unknown"),
	MR_FIELD(MR_FIELD_BOOL, struct policy_row, modules_disabled, "modules_disabled", NULL,
		 "kernel.modules_disabled"),
	{ 0 },
};

struct doc_row {
	const char *release;
	struct mr_records capabilities, retirers;
	const void *module, *policy;
};

static const struct mr_field doc_fields[] = {
	MR_FIELD(MR_FIELD_STRING, struct doc_row, release, "kernel", NULL, "uname -r"),
	MR_FIELD(MR_FIELD_RECORDS, struct doc_row, capabilities, "capabilities", NULL,
		 "each with its verdict", .sub = fields),
	MR_FIELD(MR_FIELD_RECORDS, struct doc_row, retirers, "retirers", NULL,
		 "who retires pages by itself", .sub = retirer_fields),
	MR_FIELD(MR_FIELD_RECORD, struct doc_row, module, "module", NULL, "memras.ko",
		 .sub = module_fields),
	MR_FIELD(MR_FIELD_RECORD, struct doc_row, policy, "policy", NULL, "limits on loading modules",
		 .sub = policy_fields),
	{ 0 },
};

static const char *or_null(const char *text)
{
	return text[0] ? text : NULL;
}

static void print_json(const struct mr_run *run, const struct mr_doctor *d,
		       const struct mr_records *rows, const struct mr_records *retirers)
{
	const struct mr_module_state *s = &d->module;
	const char *features[MR_DEVICE_FEATURES];
	struct module_row module = { s->installed, s->loaded, d->loadable, or_null(s->version),
				     or_null(s->path), or_null(s->signer), features };
	struct policy_row policy = { d->trust.signatures, d->trust.secure_boot,
				     mr_lockdown_name(d->trust.lockdown),
				     d->trust.modules_disabled };
	struct doc_row row = { or_null(d->release), *rows, *retirers, d->module_known ? &module : NULL,
			       &policy };
	json_object *doc = mr_doc_new(run);

	mr_device_feature_names(d->features, features);
	mr_record_add(doc, doc_fields, &row);
	mr_doc_print(doc);
}

static int print_tables(const struct mr_records *rows, const struct mr_records *hints,
			const struct mr_records *retirers, struct mr_err *err)
{
	int rc = mr_table_print(fields, rows, NULL, err);

	if (!rc && hints->nr) {
		putchar('\n');
		rc = mr_table_print(hint_fields, hints, NULL, err);
	}
	if (!rc && retirers->nr) {
		putchar('\n');
		rc = mr_table_print(retirer_fields, retirers, NULL, err);
	}
	return rc;
}

static struct retirer_row make_retirer(const struct mr_retirer *r)
{
	struct retirer_row row = {
		.name = r->name, .state = mr_retirer_state_name(r->state), .does = r->does,
		.shares = r->shares,
	};
	size_t n = 0;

	for (size_t i = 0; r->shares[i] && n < sizeof(row.with); i++)
		n += (size_t)snprintf(row.with + n, sizeof(row.with) - n, "%s%s", i ? ", " : "",
				      r->shares[i]);
	return row;
}

static struct row make_row(const struct mr_capability *c)
{
	struct row row = {
		.name = c->name, .state = mr_verdict_name(c->verdict), .err = &c->err,
		.detail = or_null(c->detail), .object = or_null(c->err.object),
		.hint = or_null(c->err.hint),
	};

	snprintf(row.text, sizeof(row.text), "%s%s%s", c->err.object, row.object ? ": " : "",
		 c->err.code ? c->err.reason : c->detail);
	return row;
}

static int print(const struct mr_run *run, const struct mr_doctor *d, struct mr_err *err)
{
	struct row rows[MR_DOCTOR_CAPABILITIES], hints[MR_DOCTOR_CAPABILITIES];
	struct mr_records all = { rows, d->nr, sizeof(rows[0]), false };
	struct mr_records some = { hints, 0, sizeof(hints[0]), false };
	struct retirer_row retirers[MR_RETIRERS], present[MR_RETIRERS];
	struct mr_records known = { retirers, MR_RETIRERS, sizeof(retirers[0]), false };
	struct mr_records there = { present, 0, sizeof(present[0]), false };

	for (size_t i = 0; i < d->nr; i++) {
		rows[i] = make_row(&d->list[i]);
		if (rows[i].hint)
			hints[some.nr++] = rows[i];
	}
	for (size_t i = 0; i < MR_RETIRERS; i++) {
		retirers[i] = make_retirer(&d->retirers[i]);
		if (d->retirers[i].state != MR_RETIRER_ABSENT)
			present[there.nr++] = retirers[i];
	}
	if (run->globals.json)
		print_json(run, d, &all, &known);
	else if (!run->globals.quiet)
		return print_tables(&all, &some, &there, err);
	return 0;
}

static int doctor_run(struct mr_run *run, const void *args, int nr, char **words)
{
	const struct mr_err *worst;
	struct mr_doctor doctor;
	struct mr_err err = { 0 };
	struct mr_machine m;
	int rc, code;

	(void)args, (void)nr, (void)words;
	rc = mr_begin(run, &m, 0, &err);
	if (rc)
		return mr_end_error(run, &err);
	mr_doctor_examine(&m, run->globals.no_module, &doctor);
	worst = mr_doctor_worst(&doctor);
	code = worst ? mr_exit_of_error(worst) : MR_EXIT_OK;
	rc = print(run, &doctor, &err);
	mr_machine_close(&m);
	return rc ? mr_end_error(run, &err) : code;
}

static const struct mr_member members[] = {
	{ NULL, doc_fields },
	{ 0 },
};

const struct mr_cmd mr_cmd_doctor = {
	.name = "doctor",
	.summary = "show what works on this machine, what does not, and why",
	.details = "Changes nothing: nothing is loaded, mounted or written. The reasons are those that\n"
		   "the commands themselves would give. Exit status 0 if everything that applies to\n"
		   "this machine works, 3 if some of it is missing, off or forbidden, 4 if only the caller's\n"
		   "permissions are missing, for the command or to check it.",
	.members = members,
	.run = doctor_run,
};
