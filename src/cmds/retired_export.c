// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/doc.h"
#include "cli/exit.h"
#include "cmds/retired.h"
#include "lib/retired/badram.h"
#include "report/begin.h"
#include "report/retnotes.h"
#include "util/cleanup.h"

struct export_args {
	const char *format;	/* NULL if not given */
};

static const char *const formats[] = { "plain", "json", "badram", "memmap", NULL };

static const struct mr_opt export_opts[] = {
	MR_CHOICE("format", 0, struct export_args, format, "FORMAT", formats,
		  "plain, json, badram or memmap (default plain)"),
	{ 0 },
};

static int print_json(const struct mr_run *run, const struct mr_retlist *list)
{
	char head[128];

	snprintf(head, sizeof(head), "\"schema\":%d,\"command\":\"%s\",", MR_DOC_SCHEMA, run->name);
	return mr_retlist_write_json(list, head, stdout);
}

static void print_plain(const struct mr_retlist *list)
{
	for (size_t i = 0; i < list->nr; i++)
		printf("0x%" PRIx64 "\n", list->list[i].pfn);
}

static void print_memmap(const struct mr_retlist *list)
{
	for (size_t i = 0, n; i < list->nr; i += n) {
		for (n = 1; i + n < list->nr && list->list[i + n].pfn == list->list[i].pfn + n;)
			n++;
		printf("memmap=%lluK$0x%" PRIx64 "\n",
		       ((unsigned long long)n << list->page_shift) / 1024,
		       list->list[i].pfn << list->page_shift);
	}
}

/*
 * GRUB 2.06 searches for the first page of a mask in a region by bisection over 64 bits
 * (grub-core/mmap/mmap.c, badram_iter()). If the highest value is below the region, its
 * sum overflows and the loop never ends. With bit 63 open this cannot happen.
 */
#define MASK_BITS	(UINT64_MAX >> 1)

/*
 * Returns the number of pages below bit 63. No physical address has it; only a bad import
 * could.
 */
static size_t below_bit_63(const struct mr_retlist *list)
{
	size_t nr = list->nr;

	while (nr && list->list[nr - 1].pfn > MASK_BITS >> list->page_shift)
		nr--;
	return nr;
}

/*
 * GRUB's lexer aborts the boot at a word of 8192 bytes (YYLMAX, "token too large"), and
 * it sorts all regions again, by a bubble sort, for each region added.
 */
#define GRUB_WORD	8191
#define GRUB_REGIONS	512

/* Returns the number of regions that GRUB makes of a mask: consecutive pages are one. */
static uint64_t regions_of(uint64_t open)
{
	int scattered = __builtin_popcountll(open & (open + 1));

	return scattered < 32 ? 1ULL << scattered : UINT64_MAX / 2;
}

static int print_masks(const struct mr_retlist *list, const struct mr_badram *masks, size_t nr,
		       struct mr_err *err)
{
	mr_autofree char *line = malloc(GRUB_WORD + 1);
	uint64_t regions = 0;
	size_t len = 0;

	if (!line)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		/* Print all digits of the mask: GRUB reads a shorter one differently. */
		len += (size_t)snprintf(line + len, GRUB_WORD + 1 - len,
					"%s0x%" PRIx64 ",0x%016" PRIx64, i ? "," : "",
					masks[i].pfn << list->page_shift,
					(~masks[i].open << list->page_shift) & MASK_BITS);
		regions += regions_of(masks[i].open);
		if (len <= GRUB_WORD && regions <= GRUB_REGIONS)
			continue;
		mr_err_set(err, -E2BIG, list->path,
			   "GRUB does not boot with so many ranges of pages; nothing is printed");
		mr_err_hint(err, "\"memras retired restore\" retires them after each boot");
		return -E2BIG;
	}
	printf("GRUB_BADRAM=\"%s\"\n", line);
	return 0;
}

static int print_badram(const struct mr_retlist *list, struct mr_err *err)
{
	mr_autofree uint64_t *pfns = calloc(list->nr + 1, sizeof(*pfns));
	mr_autofree struct mr_badram *masks = NULL;
	size_t nr;

	if (!pfns)
		return -ENOMEM;
	for (size_t i = 0; i < list->nr; i++)
		pfns[i] = list->list[i].pfn;
	if (mr_badram_merge(pfns, below_bit_63(list), &masks, &nr))
		return -ENOMEM;
	return nr ? print_masks(list, masks, nr, err) : 0;
}

static int export_run(struct mr_run *run, const void *pargs, int nr, char **words)
{
	const struct export_args *args = pargs;
	const char *format = args->format ? args->format : run->globals.json ? "json" : "plain";
	struct mr_retlist list;
	struct mr_err err = { 0 };
	struct mr_machine m;
	int rc;

	(void)nr, (void)words;
	if (run->globals.json && strcmp(format, "json")) {
		mr_err_usage(&err, -EINVAL, "", "only one of --json or --format %s can be given",
			     format);
		return mr_end_error(run, &err);
	}
	rc = mr_retired_begin(run, 0, false, &m, &list, &err);
	if (rc)
		return mr_end_error(run, &err);
	if (!strcmp(format, "json"))
		rc = print_json(run, &list);
	else if (!strcmp(format, "badram"))
		rc = print_badram(&list, &err);
	else if (!strcmp(format, "memmap"))
		print_memmap(&list);
	else
		print_plain(&list);
	if (rc && !err.code)
		mr_err_set(&err, rc, list.path, "the list cannot be printed");
	mr_retired_end(&m, &list);
	return rc ? mr_end_error(run, &err) : MR_EXIT_OK;
}

const struct mr_cmd mr_cmd_retired_export = {
	.name = "export",
	.summary = "print the list for another tool, or as it is",
	.details = "plain has a page frame number a line; badram is GRUB's GRUB_BADRAM and memmap the\n"
		   "kernel's memmap=SIZE$ADDR, which keep the memory from being used from boot on;\n"
		   "json is the whole list, and what --json prints: no other goes with --json.",
	.opts = export_opts,
	.args_size = sizeof(struct export_args),
	.run = export_run,
};
