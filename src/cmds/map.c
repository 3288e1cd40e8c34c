// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/doc.h"
#include "cli/exit.h"
#include "cli/msg.h"
#include "cli/record.h"
#include "cmds/commands.h"
#include "lib/block/map.h"
#include "lib/hugetlb/hugepage.h"
#include "lib/inspect/poison.h"
#include "lib/range/holds.h"
#include "lib/target/blocksel.h"
#include "report/begin.h"
#include "report/map.h"
#include "util/cleanup.h"
#include "util/num.h"

#define LINES 16		/* fits a terminal of 24 lines */
#define SVG_COLUMNS 80

struct map_args {
	bool svg, ascii, hugepages;
	uint64_t width;
	const char *cell;
};

static const struct mr_opt map_opts[] = {
	MR_FLAG("svg", 0, struct map_args, svg, "print a picture as SVG"),
	MR_FLAG("hugepages", 0, struct map_args, hugepages,
		"mark hugepages; this reads the flags of every page"),
	MR_STRING("cell", 'c', struct map_args, cell, "SIZE",
		  "memory that a cell stands for, a power of two (default: what fits)"),
	MR_NUMBER("width", 'w', struct map_args, width, "COLUMNS",
		  "draw for so many columns (default: those of the terminal, or 80)"),
	MR_FLAG("ascii", 0, struct map_args, ascii, "draw with ASCII characters only"),
	{ 0 },
};

static const struct mr_field cell_fields[] = {
	MR_FIELD(MR_FIELD_PFN, struct mr_map_cell, start, "start", NULL, "physical address, bytes"),
	MR_FIELD(MR_FIELD_U64, struct mr_map_cell, present, "present", NULL,
		 "bytes that memory blocks cover"),
	MR_FIELD(MR_FIELD_U64, struct mr_map_cell, online, "online", NULL,
		 "bytes of these that are online"),
	MR_FIELD(MR_FIELD_STRING, struct mr_map_cell, zone, "zone", NULL,
		 "zone of what is online; None for several"),
	MR_FIELD(MR_FIELD_S32, struct mr_map_cell, node, "node", NULL, "NUMA node",
		 .nullable = true),
	MR_FIELD(MR_FIELD_U64, struct mr_map_cell, poisoned, "poisoned", NULL, "poisoned pages"),
	MR_FIELD(MR_FIELD_U64, struct mr_map_cell, quarantined, "quarantined", NULL,
		 "pages in quarantine"),
	MR_FIELD(MR_FIELD_U64, struct mr_map_cell, hugepages, "hugepages", NULL,
		 "pages in hugepages; 0 without --hugepages"),
	{ 0 },
};

static unsigned int columns(const struct map_args *args)
{
	struct winsize size;

	if (args->width)
		return args->width < 65536 ? (unsigned int)args->width : 65536;
	if (args->svg || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		return SVG_COLUMNS;
	return size.ws_col;
}

static int read_cell_size(const struct map_args *args, unsigned int page_shift, uint64_t *size,
			  struct mr_err *err)
{
	*size = 0;
	if (!args->cell)
		return 0;
	if (mr_size_parse(args->cell, size) || *size < 1ULL << page_shift || (*size & (*size - 1)))
		return mr_err_usage(err, -EINVAL, args->cell,
				    "not a power of two of a page or more");
	return 0;
}

static int grow(struct mr_map_mark **list, size_t *nr, size_t more)
{
	struct mr_map_mark *grown = reallocarray(*list, *nr + more + 1, sizeof(**list));

	if (!grown)
		return -ENOMEM;
	*list = grown;
	return 0;
}

/* Marks poisoned pages. Needs the flags of every page, unless HardwareCorrupted is 0. */
static int mark_poisoned(const struct mr_run *run, const struct mr_machine *m,
			 struct mr_map_mark **list, size_t *nr)
{
	mr_autofree struct mr_poisoned *found = NULL;
	uint64_t corrupted;
	struct mr_err err = { 0 };
	size_t n;

	if (!mr_machine_meminfo(m, "HardwareCorrupted", &corrupted) && !corrupted)
		return 0;
	if (mr_poison_find(m, &found, &n, &err)) {
		mr_msg_note(run, "poisoned pages are not marked: %s", err.reason);
		return 0;
	}
	if (grow(list, nr, n))
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		(*list)[(*nr)++] = (struct mr_map_mark){ found[i].pfn, 1 };
	return 0;
}

static int mark_quarantined(const struct mr_run *run, const struct mr_machine *m,
			    struct mr_map_mark **list, size_t *nr)
{
	mr_autofree struct mr_quarantine *found = NULL;
	struct mr_err err = { 0 };
	size_t n;

	if (mr_quarantine_list(m, 0, UINT64_MAX, &found, &n, &err)) {
		mr_msg_note(run, "quarantines are not marked: %s", err.reason);
		return 0;
	}
	if (grow(list, nr, n))
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		(*list)[(*nr)++] = (struct mr_map_mark){ found[i].pfn, found[i].pages };
	return 0;
}

static int mark_hugepages(const struct mr_run *run, const struct mr_machine *m,
			  const struct mr_block *const *blocks, size_t nr_blocks,
			  struct mr_map_mark **list, size_t *nr)
{
	for (size_t b = 0; b < nr_blocks; b++) {
		mr_autofree struct mr_hugepage *found = NULL;
		struct mr_err err = { 0 };
		size_t n = 0;

		if (blocks[b]->state != MR_BLOCK_ONLINE)
			continue;
		if (mr_hugepage_list(m, blocks[b]->start >> m->page_shift, mr_block_pages(m),
				     &found, &n, &err)) {
			mr_msg_note(run, "hugepages are not marked: %s", err.reason);
			return 0;
		}
		if (grow(list, nr, n))
			return -ENOMEM;
		for (size_t i = 0; i < n; i++) {
			const struct mr_map_mark *last = *nr ? &(*list)[*nr - 1] : NULL;

			/* A hugepage that spans blocks is found in each of them. */
			if (!last || last->pfn < found[i].pfn)
				(*list)[(*nr)++] = (struct mr_map_mark){
					found[i].pfn, found[i].size >> m->page_shift };
		}
	}
	return 0;
}

static void print(const struct mr_run *run, const struct map_args *args, const struct mr_map *map,
		  const struct mr_map_title *title, unsigned int per_line)
{
	struct mr_map_page page = { .per_line = per_line };
	struct mr_records cells = { map->cells, map->nr, sizeof(*map->cells), false };
	json_object *doc;

	if (run->globals.json) {
		doc = mr_doc_new(run);
		json_object_object_add(doc, "cell_size", json_object_new_uint64(map->cell_size));
		json_object_object_add(doc, "cells", mr_records_json(cell_fields, &cells));
		mr_doc_print(doc);
	} else if (args->svg) {
		mr_map_print_svg(map, title, per_line);
	} else {
		page.color = mr_msg_colored(run, STDOUT_FILENO);
		page.unicode = !args->ascii && isatty(STDOUT_FILENO) &&
			       setlocale(LC_CTYPE, "") && !strcmp(nl_langinfo(CODESET), "UTF-8");
		mr_map_print_text(map, title, &page);
	}
}

static int draw(const struct mr_run *run, const struct map_args *args, const struct mr_machine *m,
		const struct mr_block *const *blocks, size_t nr, uint64_t cell_size,
		struct mr_err *err)
{
	mr_autofree struct mr_map_mark *poisoned = NULL, *quarantined = NULL, *hugepages = NULL;
	const unsigned int per_line = mr_map_per_line(columns(args));
	struct mr_map_title title = { .blocks = nr, .block_size = m->block_size };
	struct mr_map_known known = { 0 };
	struct mr_map map;
	int rc;

	rc = mark_poisoned(run, m, &poisoned, &known.poisoned.nr);
	if (!rc)
		rc = mark_quarantined(run, m, &quarantined, &known.quarantined.nr);
	if (!rc && args->hugepages)
		rc = mark_hugepages(run, m, blocks, nr, &hugepages, &known.hugepages.nr);
	if (rc)
		return mr_err_set(err, rc, "", "no memory for the map");
	known.poisoned.list = poisoned;
	known.quarantined.list = quarantined;
	known.hugepages.list = hugepages;
	if (!cell_size)
		cell_size = mr_map_cell_size(blocks, nr, per_line, (size_t)LINES * per_line);
	if (cell_size < mr_page_size(m))
		cell_size = mr_page_size(m);
	rc = mr_map_make(blocks, nr, m->page_shift, cell_size, &known, &map, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < nr; i++)
		title.present += blocks[i]->size;
	print(run, args, &map, &title, per_line);
	mr_map_free(&map);
	return 0;
}

static int map_run(struct mr_run *run, const void *pargs, int nr, char **words)
{
	const struct map_args *args = pargs;
	mr_autofree const struct mr_block **chosen = NULL;
	struct mr_blocks blocks = { 0 };
	struct mr_err err = { 0 };
	struct mr_machine m;
	uint64_t cell_size;
	size_t nr_chosen;
	int rc;

	rc = mr_begin(run, &m, MR_NEED_BLOCKS | MR_ASK_MODULE, &err);
	if (rc)
		return mr_end_error(run, &err);
	rc = read_cell_size(args, m.page_shift, &cell_size, &err);
	if (!rc)
		rc = mr_block_list(&m, &blocks, &err);
	if (!rc)
		rc = mr_blocksel_choose(&blocks, nr, words, MR_BLOCKSEL_LIST, &chosen, &nr_chosen,
					&err);
	if (!rc)
		rc = draw(run, args, &m, chosen, nr_chosen, cell_size, &err);
	mr_blocks_free(&blocks);
	mr_machine_close(&m);
	return rc ? mr_end_error(run, &err) : MR_EXIT_OK;
}

static const struct mr_member members[] = {
	{ "cells", cell_fields },
	{ 0 },
};

const struct mr_cmd mr_cmd_map = {
	.name = "map",
	.synopsis = "[SELECTOR...]",
	.operand = MR_OPERAND_BLOCK,
	.max_operands = -1,
	.summary = "draw physical memory: blocks, zones, nodes, poison, quarantines",
	.details = "A cell stands for a memory block or a part of one, or for several where they\n"
		   "would not fit. What is poisoned is shown before all else.",
	.opts = map_opts,
	.exclusive = "svg|ascii",
	.args_size = sizeof(struct map_args),
	.members = members,
	.run = map_run,
};
