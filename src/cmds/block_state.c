// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/device.h"
#include "cli/doc.h"
#include "cli/exit.h"
#include "cli/msg.h"
#include "cli/table.h"
#include "cmds/block.h"
#include "cmds/commands.h"
#include "lib/block/blockoffline.h"
#include "lib/block/blockonline.h"
#include "lib/block/blockwrite.h"
#include "lib/target/blocksel.h"
#include "report/begin.h"
#include "report/fields.h"
#include "report/progress.h"
#include "util/cleanup.h"
#include "util/interrupt.h"

struct row {
	struct mr_block_result r;
	const char *result, *via, *move_to, *pool;
	const struct mr_err *err;
	struct mr_records blockers, poison, quarantine;
};

static const struct mr_field poison_fields[] = {
	MR_FIELD(MR_FIELD_PFN, struct mr_block_poison, pfn, "pfn", "PFN", "page frame number"),
	MR_FIELD(MR_FIELD_PFN, struct mr_block_poison, phys, "phys", "PHYS",
		 "physical address, bytes"),
	MR_FIELD(MR_FIELD_WORD, struct mr_block_poison, state, "state", "STATE",
		 "what became of its poison", .words = mr_block_poison_names),
	{ 0 },
};

static const struct mr_field fields[] = {
	MR_FIELD(MR_FIELD_U64, struct row, r.block, "block", "BLOCK", "memory block",
		 .right = true),
	MR_FIELD(MR_FIELD_STRING, struct row, result, "result", "RESULT", "what became of it"),
	MR_FIELD(MR_FIELD_STRING, struct row, via, "via", "VIA", "what was called"),
	MR_FIELD(MR_FIELD_U64, struct row, r.attempts, "attempts", "PASSES", "passes over it",
		 .right = true),
	MR_FIELD(MR_FIELD_U64, struct row, r.elapsed_us, "elapsed_us", NULL, "microseconds"),
	MR_FIELD(MR_FIELD_U64, struct row, r.evacuated_pages, "evacuated_pages", "EVACUATED",
		 "pages claimed", .right = true),
	MR_FIELD(MR_FIELD_U64, struct row, r.poisoned_pages, "poisoned_pages", "POISONED",
		 "poisoned pages skipped", .right = true),
	MR_FIELD(MR_FIELD_STRING, struct row, move_to, "target_node", NULL,
		 "nodes that its pages went to: near or any"),
	MR_FIELD(MR_FIELD_STRING, struct row, pool, "pool", NULL,
		 "how the pool of its hugepages kept its size"),
	MR_FIELD(MR_FIELD_RECORDS, struct row, blockers, "blockers", NULL,
		 "what is in the way", .sub = mr_blocker_fields),
	MR_FIELD(MR_FIELD_RECORDS, struct row, poison, "poison", NULL,
		 "its poisoned pages", .sub = poison_fields),
	MR_FIELD(MR_FIELD_RECORDS, struct row, quarantine, "quarantine", NULL,
		 "quarantined ranges of the block", .sub = mr_quarantine_fields),
	MR_FIELD(MR_FIELD_ERROR, struct row, err, "error", NULL, "why not"),
	{ 0 },
};

struct state_args {
	uint64_t timeout_ms;
	uint64_t retries;
	bool force;
	const char *zone, *move_to;
};

#define COMMON_OPTS                                                                               \
	MR_DURATION("timeout", 't', struct state_args, timeout_ms,                                \
		    "give up on a block after so long (default 60s)"),                            \
	MR_FLAG("force", 'f', struct state_args, force,                                           \
		"go on with the next block when one fails")

static const struct mr_opt offline_opts[] = {
	COMMON_OPTS,
	MR_NUMBER("retries", 'r', struct state_args, retries, "N",
		  "pass over a busy block again so many times at most"),
	MR_CHOICE("target-node", 0, struct state_args, move_to, "WHICH", mr_move_to_choices,
		  "where its pages go: near, to its own node first, or any"),
	{ 0 },
};

static const struct mr_opt online_opts[] = {
	COMMON_OPTS,
	MR_CHOICE("zone", 'z', struct state_args, zone, "ZONE", mr_online_zone_choices,
		  "the zone it goes to: back to where it was, auto, movable or kernel"),
	{ 0 },
};

static const struct state_args state_defaults = {
	.timeout_ms = 60000, .retries = UINT64_MAX, .zone = "back",
};

struct watcher {
	struct mr_progress_line line;
	uint64_t page_size;
};

static void on_progress(const struct mr_progress *p, void *data)
{
	struct watcher *w = data;
	char what[40], waiting[160] = "";

	snprintf(what, sizeof(what), "memory%" PRIu64 " pages", p->block);
	if (p->by_kernel)
		snprintf(waiting, sizeof(waiting), "the kernel");
	else if (p->busy && p->obstacle)
		snprintf(waiting, sizeof(waiting), "%" PRIu64 " pageblock%s, 0x%" PRIx64 ": %s",
			 p->busy, p->busy == 1 ? "" : "s", p->obstacle->pfn, p->obstacle->reason);
	else if (p->busy)
		snprintf(waiting, sizeof(waiting), "%" PRIu64 " pageblock%s", p->busy,
			 p->busy == 1 ? "" : "s");
	mr_progress_show(&w->line, what, p->done, p->total, w->page_size, waiting);
}

static void print_json(struct mr_run *run, const struct mr_records *rows,
		       const struct mr_summary *sum, const char *done)
{
	json_object *doc = mr_doc_new(run), *o = json_object_new_object();

	json_object_object_add(doc, "dry_run", json_object_new_boolean(run->globals.dry_run));
	json_object_object_add(doc, "results", mr_records_json(fields, rows));
	json_object_object_add(o, "requested", json_object_new_uint64(sum->requested));
	json_object_object_add(o, "planned", json_object_new_uint64(sum->planned));
	json_object_object_add(o, done, json_object_new_uint64(sum->done));
	json_object_object_add(o, "already", json_object_new_uint64(sum->already));
	json_object_object_add(o, "failed", json_object_new_uint64(sum->failed));
	json_object_object_add(doc, "summary", o);
	mr_doc_print(doc);
}

static int print_tables(const struct mr_records *records, struct mr_err *err)
{
	const struct row *rows = records->list;
	int rc = mr_table_print(fields, records, NULL, err);

	for (size_t i = 0; !rc && i < records->nr; i++) {
		char block[24];

		snprintf(block, sizeof(block), "%" PRIu64, rows[i].r.block);
		rc = mr_blocker_print(block, &rows[i].blockers, err);
	}
	return rc;
}

/* Reports forgotten poison: bad memory would come back in use without a warning. */
static void tell_poison(const struct mr_run *run, const struct mr_block_result *r)
{
	uint64_t forgotten = 0, retired = 0;

	for (size_t i = 0; i < r->nr_poison; i++) {
		forgotten += r->poison[i].state == MR_BLOCK_POISON_NOT_REMEMBERED;
		retired += r->poison[i].state == MR_BLOCK_POISON_RETIRED;
	}
	if (forgotten && r->outcome == MR_OUTCOME_DONE)
		mr_msg_note(run, "memory%" PRIu64 ": %" PRIu64 " poisoned page%s, first 0x%" PRIx64
			    ", that without memras.ko kernels before 6.2 forget when it comes back",
			    r->block, forgotten, forgotten == 1 ? "" : "s", r->poison[0].pfn);
	if (retired)
		mr_msg_note(run, "memory%" PRIu64 ": %" PRIu64 " poisoned page%s retired again",
			    r->block, retired, retired == 1 ? " is" : "s are");
}

/*
 * Reports a pool that was grown first, or that shrank; the module's replacement needs no
 * report.
 */
static void tell_pool(const struct mr_run *run, const struct mr_block_result *r)
{
	if (r->outcome == MR_OUTCOME_PLANNED)
		return;
	if (r->pool == MR_POOL_GROWN)
		mr_msg_note(run, "memory%" PRIu64 ": the pool of its hugepages was grown first, and its size is restored",
			    r->block);
	else if (r->pool == MR_POOL_SHRUNK)
		mr_msg_note(run, "memory%" PRIu64 ": the pool of its hugepages is smaller now, and there is no room to grow it",
			    r->block);
}

/* In a dry run the owners are not known yet: find them once for all blocks. */
static void show_blockers(const struct mr_machine *m, struct row *rows, size_t nr, bool dry_run)
{
	mr_autofree struct mr_blockers **found = calloc(nr + 1, sizeof(*found));

	for (size_t i = 0; found && i < nr; i++)
		found[i] = &rows[i].r.blockers;
	if (found && dry_run)
		mr_blockers_find_owners(m, found, nr);
	for (size_t i = 0; i < nr; i++)
		rows[i].blockers = mr_blocker_rows(&rows[i].r.blockers);
}

/*
 * Records the zones before any block goes offline, so that they are known even if memras
 * is killed. The kernel chooses the zone of blocks without a record.
 */
static void remember_zones(const struct mr_run *run, const struct mr_machine *m,
			   const struct mr_blocks *blocks)
{
	int rc = mr_zones_remember(m, blocks);

	if (rc)
		mr_msg_note(run, "/run/memras/zones cannot be written (%s): block online needs --zone",
			    strerror(-rc));
}

static int change_blocks(struct mr_run *run, const struct state_args *args, int nr, char **words,
			 enum mr_blocksel_use use)
{
	bool offline = use == MR_BLOCKSEL_OFFLINE;
	const char *done = offline ? "offlined" : "onlined";
	mr_autofree const struct mr_block **chosen = NULL;
	mr_autofree struct row *rows = NULL;
	struct mr_summary sum = { 0 };
	struct mr_blocks blocks = { 0 };
	struct mr_zones zones = { 0 };
	struct mr_block_writer writer = { 0 };
	uint64_t going = 0;
	struct mr_records records;
	struct mr_err err = { 0 };
	struct mr_machine m;
	struct watcher watcher;
	/* The zone decides the order of offlining, and is remembered. */
	unsigned int want = MR_BLOCK_WANT_STATE |
			    (offline ? MR_BLOCK_WANT_NODE | MR_BLOCK_WANT_ZONES |
				       MR_BLOCK_WANT_PERMANENT : 0);
	size_t nr_chosen, n = 0;
	int rc;

	/* Report wrong selectors before opening the machine. */
	for (int i = 0; i < nr; i++) {
		struct mr_blocksel sel;

		if (mr_blocksel_parse(words[i], &sel, &err))
			return mr_end_error(run, &err);
		if (sel.type == MR_BLOCKSEL_NODE)
			want |= MR_BLOCK_WANT_NODE;
	}
	rc = mr_begin(run, &m, MR_NEED_BLOCKS | (offline ? MR_WANT_MODULE : 0), &err);
	if (rc)
		return mr_end_error(run, &err);
	/*
	 * If the module is loaded, it has a record of poisoned pages; loading it now would
	 * be too late.
	 */
	if (!offline && !run->globals.no_module)
		mr_device_open(&m, false, &(struct mr_err){ 0 });
	rc = mr_block_list_of(&m, want, &blocks, &err);
	if (!rc && offline)
		rc = mr_blocks_need_removable(&m, &blocks, &err);
	if (!rc)
		rc = mr_blocksel_choose(&blocks, nr, words, use, &chosen, &nr_chosen, &err);
	if (!rc) {
		rows = calloc(nr_chosen + 1, sizeof(*rows));
		if (!rows)
			rc = mr_err_set(&err, -ENOMEM, "", "no memory for the report");
	}
	if (rc) {
		mr_blocks_free(&blocks);
		mr_machine_close(&m);
		return mr_end_error(run, &err);
	}

	if (!offline)
		mr_zones_read(&m, &zones);
	else if (!run->globals.dry_run)
		remember_zones(run, &m, &blocks);
	watcher.page_size = mr_page_size(&m);
	for (; n < nr_chosen && !mr_interrupted(); n++) {
		struct mr_block_policy policy = {
			.timeout_ms = args->timeout_ms, .retries = args->retries,
			.dry_run = run->globals.dry_run, .going = going,
			.move_to = mr_move_to_of(args->move_to),
			.zone = mr_online_zone_of(args->zone), .zones = &zones,
			.writer = &writer,
			.progress = on_progress, .progress_data = &watcher,
		};
		struct mr_block_result *r = &rows[n].r;

		mr_progress_start(&watcher.line, run);
		if (offline)
			mr_block_offline(&m, chosen[n], &policy, r);
		else
			mr_block_online(&m, chosen[n], &policy, r);
		mr_progress_end(&watcher.line);
		going += r->going;
		rows[n].via = mr_via_name(r->via);
		rows[n].move_to = r->move_to == MR_MOVE_DEFAULT ? NULL :
				  mr_move_to_choices[r->move_to - MR_MOVE_NEAR];
		rows[n].pool = mr_pool_way_name(r->pool);
		rows[n].result = mr_outcome_name(r->outcome, done);
		rows[n].err = &r->err;
		rows[n].poison = (struct mr_records){ r->poison, r->nr_poison, sizeof(*r->poison),
						      false };
		rows[n].quarantine = (struct mr_records){ r->quarantine, r->nr_quarantine,
							  sizeof(*r->quarantine), false };
		tell_poison(run, r);
		tell_pool(run, r);
		mr_summary_add(&sum, r->outcome, &r->err);
		if (r->err.code)
			mr_msg_error(run, &r->err);
		if (r->outcome == MR_OUTCOME_FAILED && !args->force) {
			n++;
			break;
		}
	}
	mr_block_writer_end(&writer);

	show_blockers(&m, rows, n, run->globals.dry_run);
	records = (struct mr_records){ rows, n, sizeof(*rows), false };
	/* Blocks that were not reached count as not done. */
	rc = mr_exit_of_counts(sum.done + sum.already + sum.planned, sum.failed + nr_chosen - n,
			       &sum.last);
	sum.requested = nr_chosen;
	if (run->globals.json)
		print_json(run, &records, &sum, done);
	else if (!run->globals.quiet && print_tables(&records, &err))
		rc = mr_end_error(run, &err);
	for (size_t i = 0; i < n; i++) {
		free((void *)rows[i].blockers.list);
		mr_block_result_free(&rows[i].r);
	}
	mr_zones_free(&zones);
	mr_blocks_free(&blocks);
	mr_machine_close(&m);
	return rc;
}

static int offline_run(struct mr_run *run, const void *args, int nr, char **words)
{
	return change_blocks(run, args, nr, words, MR_BLOCKSEL_OFFLINE);
}

static int online_run(struct mr_run *run, const void *args, int nr, char **words)
{
	return change_blocks(run, args, nr, words, MR_BLOCKSEL_ONLINE);
}

static const struct mr_member members[] = {
	{ "results", fields },
	{ 0 },
};

const struct mr_cmd mr_cmd_block_offline = {
	.name = "offline",
	.synopsis = "SELECTOR...",
	.operand = MR_OPERAND_BLOCK,
	.min_operands = 1,
	.max_operands = -1,
	.summary = "take memory blocks offline, or say what is in the way",
	.details = "With memras.ko a block in use is emptied first, in large pieces and at last pageblock by\n"
		   "pageblock: that shows how far it is, stops with everything given back, and names the\n"
		   "pages in the way.",
	.opts = offline_opts,
	.defaults = &state_defaults,
	.args_size = sizeof(struct state_args),
	.flags = MR_CMD_DRYRUN | MR_CMD_ACTS,
	.members = members,
	.run = offline_run,
};

const struct mr_cmd mr_cmd_block_online = {
	.name = "online",
	.synopsis = "SELECTOR...",
	.operand = MR_OPERAND_BLOCK,
	.min_operands = 1,
	.max_operands = -1,
	.summary = "bring memory blocks online",
	.opts = online_opts,
	.defaults = &state_defaults,
	.args_size = sizeof(struct state_args),
	.flags = MR_CMD_DRYRUN | MR_CMD_ACTS,
	.members = members,
	.run = online_run,
};
