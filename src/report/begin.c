// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/begin.h"

#include "backend/device.h"
#include "cli/doc.h"
#include "cli/exit.h"
#include "cli/msg.h"
#include "lib/hugetlb/poolnote.h"
#include "util/interrupt.h"

/* Restores the size of pools that a killed memras left grown. */
static void repair(const struct mr_run *run, const struct mr_machine *m)
{
	struct mr_poolnote list[8];
	const size_t nr = mr_poolnote_repair(m, list, sizeof(list) / sizeof(list[0]));

	for (size_t i = 0; i < nr; i++)
		mr_msg_note(run, "a killed memras left the pool of %llu kB hugepages of node %d grown: "
			    "its size is restored", (unsigned long long)list[i].size >> 10,
			    list[i].node);
}

static int check(const struct mr_run *run, struct mr_machine *m, unsigned int needs,
		 struct mr_err *err)
{
	bool acts = (run->cmd->flags & MR_CMD_ACTS) && !run->globals.dry_run;
	const unsigned int module = MR_NEED_MODULE | MR_WANT_MODULE | MR_ASK_MODULE;
	bool want = (needs & module) && !run->globals.no_module && m->root.live;
	bool load = acts && !(needs & MR_ASK_MODULE);
	struct mr_err why = { 0 };
	int rc = 0;

	if (acts && !m->root.live) {
		mr_err_machine(err, -EROFS, run->globals.sysroot,
			       "a captured machine cannot be acted on");
		mr_err_hint(err, "--dry-run says what would be done");
		return -EROFS;
	}
	if (needs & MR_NEED_MEMORY_FAILURE)
		rc = mr_machine_need_memory_failure(m, err);
	if (!rc && (needs & MR_NEED_BLOCKS))
		rc = mr_machine_need_blocks(m, err);
	if (!rc && (needs & MR_NEED_MODULE) && run->globals.no_module)
		rc = mr_device_unwanted(err);
	if (!rc && m->root.live && (acts || (needs & MR_NEED_ADMIN)))
		rc = mr_machine_need_admin("", err);
	if (rc)
		return rc;
	if (want && mr_device_open(m, load, &why)) {
		if (needs & MR_NEED_MODULE) {
			*err = why;
			return why.code;
		}
		mr_msg_verbose(run, "doing without memras.ko: %s", why.reason);
	}
	if (acts) {
		mr_interrupt_catch();
		repair(run, m);
	}
	return 0;
}

int mr_begin(const struct mr_run *run, struct mr_machine *m, unsigned int needs,
	     struct mr_err *err)
{
	int rc = mr_machine_open(m, run->globals.sysroot, err);

	if (rc)
		return rc;
	rc = check(run, m, needs, err);
	if (rc)
		mr_machine_close(m);
	return rc;
}

json_object *mr_summary_json(const struct mr_summary *sum, const char *done)
{
	json_object *o = json_object_new_object();

	json_object_object_add(o, "requested", json_object_new_uint64(sum->requested));
	json_object_object_add(o, "planned", json_object_new_uint64(sum->planned));
	json_object_object_add(o, done, json_object_new_uint64(sum->done));
	json_object_object_add(o, "already", json_object_new_uint64(sum->already));
	json_object_object_add(o, "refused", json_object_new_uint64(sum->refused));
	json_object_object_add(o, "failed", json_object_new_uint64(sum->failed));
	return o;
}

int mr_end_error(const struct mr_run *run, const struct mr_err *err)
{
	mr_msg_error(run, err);
	if (run->json)
		mr_doc_print_error(run, err);
	return mr_exit_of_error(err);
}
