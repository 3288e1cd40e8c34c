// SPDX-License-Identifier: GPL-2.0-or-later
#include "report/prometheus.h"

#include <inttypes.h>
#include <stdio.h>

#include "util/text.h"

static void family(const char *name, const char *type, const char *help)
{
	printf("# HELP memras_%s %s\n# TYPE memras_%s %s\n", name, help, name, type);
}

static void print_label(const char *name, const char *value)
{
	printf("%s=\"", name);
	mr_text_print(stdout, value, MR_TEXT_LABEL);
	putchar('"');
}

static void gauge(const char *name, const char *help, uint64_t value)
{
	if (value == UINT64_MAX)
		return;
	family(name, "gauge", help);
	printf("memras_%s %" PRIu64 "\n", name, value);
}

static void print_failures(const struct mr_status *st)
{
	bool any = false;

	for (size_t i = 0; i < st->nr_nodes; i++) {
		const struct mr_failure_counts *f = &st->nodes[i].failures;
		const struct {
			const char *name;
			uint64_t value;
		} counts[] = {
			{ "recovered", f->recovered },
			{ "ignored", f->ignored },
			{ "failed", f->failed },
			{ "delayed", f->delayed },
		};

		if (!st->nodes[i].has_failures)
			continue;
		if (!any)
			family("memory_failures_total", "counter",
			       "Memory failures that the kernel handled.");
		any = true;
		for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++)
			printf("memras_memory_failures_total{node=\"%d\",result=\"%s\"} %" PRIu64 "\n",
			       st->nodes[i].node, counts[k].name, counts[k].value);
	}
}

static void print_pools(const struct mr_status *st, const char *name, const char *help,
			size_t offset)
{
	if (st->nr_pools)
		family(name, "gauge", help);
	for (size_t i = 0; i < st->nr_pools; i++) {
		const struct mr_hugepool *p = &st->pools[i];

		printf("memras_%s{size=\"%" PRIu64 "\"", name, p->size);
		if (p->node >= 0)
			printf(",node=\"%d\"", p->node);
		printf("} %" PRIu64 "\n", *(const uint64_t *)((const char *)p + offset));
	}
}

static void print_edac(const struct mr_status *st, const char *name, const char *help,
		       size_t offset)
{
	if (st->nr_edac)
		family(name, "counter", help);
	for (size_t i = 0; i < st->nr_edac; i++) {
		const struct mr_edac *e = &st->edac[i];

		printf("memras_%s{", name);
		print_label("controller", e->controller);
		putchar(',');
		print_label("dimm", e->dimm[0] ? e->dimm : "unknown");
		putchar(',');
		print_label("label", e->label);
		printf("} %" PRIu64 "\n", *(const uint64_t *)((const char *)e + offset));
	}
}

static void print_machine_checks(const struct mr_status *st)
{
	const struct mr_machine_checks *c = &st->machine_checks;
	const struct {
		const char *name;
		uint64_t value;
	} counts[] = {
		{ "exception", c->exceptions },
		{ "poll", c->polls },
		{ "threshold", c->thresholds },
		{ "deferred", c->deferred },
	};

	if (!st->has_machine_checks)
		return;
	family("machine_checks_total", "counter", "Machine check interrupts since boot.");
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		if (counts[i].value != UINT64_MAX)
			printf("memras_machine_checks_total{kind=\"%s\"} %" PRIu64 "\n",
			       counts[i].name, counts[i].value);
}

static void print_retirers(const struct mr_retirer retirers[MR_RETIRERS])
{
	family("retirer_active", "gauge", "Whether this part of the kernel or daemon retires pages.");
	for (size_t i = 0; i < MR_RETIRERS; i++)
		if (retirers[i].state != MR_RETIRER_UNKNOWN)
			printf("memras_retirer_active{retirer=\"%s\"} %d\n", retirers[i].name,
			       retirers[i].state == MR_RETIRER_ACTIVE);
	gauge("watch_running", "Whether memras watch verifies and records retired pages.",
	      mr_retirers_watched(retirers));
}

static void print_blocks(const struct mr_status *st)
{
	const struct {
		const char *state;
		uint64_t blocks, bytes;
	} counts[] = {
		{ "online", st->blocks_online, st->online },
		{ "offline", st->blocks_offline - st->blocks_going, st->offline - st->going },
		{ "going-offline", st->blocks_going, st->going },
	};
	const size_t nr = sizeof(counts) / sizeof(counts[0]);

	if (st->block_size == UINT64_MAX)
		return;
	family("memory_blocks", "gauge", "Memory blocks by state.");
	for (size_t i = 0; i < nr; i++)
		printf("memras_memory_blocks{state=\"%s\"} %" PRIu64 "\n", counts[i].state,
		       counts[i].blocks);
	family("memory_blocks_bytes", "gauge", "Size of the memory blocks by state.");
	for (size_t i = 0; i < nr; i++)
		printf("memras_memory_blocks_bytes{state=\"%s\"} %" PRIu64 "\n", counts[i].state,
		       counts[i].bytes);
}

void mr_prometheus_print(const struct mr_status *st, const struct mr_retirer retirers[MR_RETIRERS])
{
	gauge("hardware_corrupted_bytes", "Poisoned memory as the kernel counts it.",
	      st->hardware_corrupted);
	gauge("budget_bytes", "Poisoned memory up to which memras watch retires pages.", st->budget);
	if (st->pages_listed)
		gauge("poisoned_pages", "Pages whose poison flag was read.", st->nr_poisoned);
	print_failures(st);
	print_edac(st, "edac_corrected_errors_total", "Memory errors that ECC corrected.",
		   offsetof(struct mr_edac, ce));
	print_edac(st, "edac_uncorrected_errors_total", "Memory errors that ECC could not correct.",
		   offsetof(struct mr_edac, ue));
	print_machine_checks(st);
	gauge("retired_pages", "Pages on the retired list.",
	      st->has_retired ? st->retired : UINT64_MAX);
	gauge("retired_pending_pages", "Pages on the retired list that are not retired now.",
	      st->has_retired ? st->pending : UINT64_MAX);
	print_retirers(retirers);
	gauge("memory_bytes", "MemTotal.", st->total);
	print_blocks(st);
	print_pools(st, "hugepages", "Hugepages in the pool.", offsetof(struct mr_hugepool, total));
	print_pools(st, "hugepages_free", "Free hugepages in the pool.",
		    offsetof(struct mr_hugepool, free));
	print_pools(st, "hugepages_surplus", "Surplus hugepages in the pool.",
		    offsetof(struct mr_hugepool, surplus));
	gauge("module_loaded", "Whether memras.ko is loaded.", st->module_loaded);
}
