// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/rastrace.h"

#include <event-parse.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tracefs.h>
#include <unistd.h>

#include "backend/edac.h"
#include "backend/tracing.h"
#include "util/dl.h"
#include "util/interrupt.h"
#include "util/num.h"
#include "util/text.h"

#define LIBTRACEEVENT	"libtraceevent.so.1"
#define LIBTRACEFS	"libtracefs.so.1"

#define TRACEEVENT(X)                                                                     \
	X(tep_alloc) X(tep_free) X(tep_get_field_raw) X(tep_get_field_val)                \
	X(tep_is_local_bigendian)                                                         \
	X(tep_parse_event) X(tep_parse_header_page) X(tep_set_file_bigendian)
#define TRACEFS(X)                                                                        \
	X(tracefs_event_enable) X(tracefs_event_file_read) X(tracefs_follow_missed_events) \
	X(tracefs_instance_create) X(tracefs_instance_destroy) X(tracefs_instance_free)   \
	X(tracefs_instance_file_read) X(tracefs_instance_file_write)                      \
	X(tracefs_instances_walk) X(tracefs_iterate_raw_events)

TRACEEVENT(MR_DL_POINTER)
TRACEFS(MR_DL_POINTER)
MR_DL_NOTE_JSON("[{\"feature\":\"traceevent\",\"description\":\"causes of memory failures\","
		"\"priority\":\"recommended\",\"soname\":[\"" LIBTRACEEVENT "\"]},"
		"{\"feature\":\"tracefs\",\"description\":\"causes of memory failures\","
		"\"priority\":\"recommended\",\"soname\":[\"" LIBTRACEFS "\"]}]");

#define PREFIX		"memras-watch."
#define BUFFER_KIB	"64"		/* per CPU: some hundred events */
#define READ_MAX	16384		/* events of one read */
#define HW_EVENT_ERR_CORRECTED 0	/* include/linux/edac.h */
#define MCI_STATUS_ADDRV (1ULL << 58)	/* arch/x86/include/asm/mce.h */

/* The group of memory_failure_event depends on the kernel. */
static const struct {
	const char *group, *name;
} events[] = {
	{ "ras", "memory_failure_event" },
	{ "memory_failure", "memory_failure_event" },
	{ "mce", "mce_record" },
	{ "ras", "mc_event" },
};

static int load(struct mr_err *err)
{
	static const struct mr_dl_symbol traceevent[] = { TRACEEVENT(MR_DL_SYMBOL) { 0 } };
	static const struct mr_dl_symbol tracefs[] = { TRACEFS(MR_DL_SYMBOL) { 0 } };
	int rc = mr_dl_open(LIBTRACEEVENT, traceevent, err);

	return rc ? rc : mr_dl_open(LIBTRACEFS, tracefs, err);
}

static bool value(struct tep_event *event, struct tep_record *record, const char *name,
		  unsigned long long *v)
{
	return !sym_tep_get_field_val(NULL, event, name, record, v, 0);
}

/* include/ras/ras_event.h, mc_event */
static void heard_error(const struct mr_rastrace *t, struct tep_event *event,
			struct tep_record *record)
{
	unsigned long long type, count, addr, grain;
	char label[MR_EDAC_TEXT] = "";
	const char *text;
	int len = 0;

	if (!value(event, record, "error_type", &type) ||
	    !value(event, record, "error_count", &count) ||
	    !value(event, record, "address", &addr) || !value(event, record, "grain_bits", &grain))
		return;
	/* A driver that does not know the page reports 0. */
	if (type != HW_EVENT_ERR_CORRECTED || !(addr >> t->page_shift) || grain > t->page_shift)
		return;
	text = sym_tep_get_field_raw(NULL, event, "label", record, &len, 0);
	if (text && len > 0)
		snprintf(label, sizeof(label), "%.*s", len, text);
	mr_text_end_whole(label, sizeof(label));
	t->hooks->corrected(addr, count, label, t->hooks->data);
}

static int heard(struct tep_event *event, struct tep_record *record, int cpu, void *data)
{
	struct mr_rastrace *t = data;
	unsigned long long a, b;

	(void)cpu;
	t->heard++;
	if (!strcmp(event->name, "mce_record") && value(event, record, "addr", &a) &&
	    value(event, record, "status", &b) && (b & MCI_STATUS_ADDRV))
		t->hooks->machine_check(a, t->hooks->data);
	else if (!strcmp(event->name, "memory_failure_event") && value(event, record, "pfn", &a))
		t->hooks->memory_failure(a, t->hooks->data);
	else if (!strcmp(event->name, "mc_event"))
		heard_error(t, event, record);
	if (t->heard < READ_MAX && !mr_interrupted())
		return 0;
	t->hooks->lost(0, t->hooks->data);
	return 1;
}

static int missed(struct tep_event *event, struct tep_record *record, int cpu, void *data)
{
	const struct mr_rastrace *t = data;

	(void)event, (void)cpu;
	t->hooks->lost(record->missed_events > 0 ? (uint64_t)record->missed_events : 0,
		       t->hooks->data);
	return 0;
}

/* Removes the instance of a killed process: events would still be traced into its buffer. */
static int remove_leftover(const char *name, void *data)
{
	struct tracefs_instance *instance;
	uint64_t pid;

	(void)data;
	if (strncmp(name, PREFIX, strlen(PREFIX)) || mr_num_parse(name + strlen(PREFIX), &pid) ||
	    (pid <= INT32_MAX && (pid_t)pid != getpid() && (!kill((pid_t)pid, 0) || errno != ESRCH)))
		return 0;
	instance = sym_tracefs_instance_create(name);
	if (instance) {
		sym_tracefs_instance_destroy(instance);
		sym_tracefs_instance_free(instance);
	}
	return 0;
}

/*
 * Reads the formats of our events. The library's own function would also read all symbols
 * of the kernel, 8 MB, which takes seconds.
 */
static struct tep_handle *read_formats(void)
{
	struct tep_handle *tep = sym_tep_alloc();
	char *text;
	int size;

	if (!tep)
		return NULL;
	sym_tep_set_file_bigendian(tep, sym_tep_is_local_bigendian(tep) ? TEP_BIG_ENDIAN :
				   TEP_LITTLE_ENDIAN);
	text = sym_tracefs_instance_file_read(NULL, "events/header_page", &size);
	if (text)
		sym_tep_parse_header_page(tep, text, (unsigned long)size, sizeof(long));
	free(text);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		text = sym_tracefs_event_file_read(NULL, events[i].group, events[i].name, "format",
						   &size);
		if (text)
			sym_tep_parse_event(tep, text, (unsigned long)size, events[i].group);
		free(text);
	}
	return tep;
}

static int enable(struct mr_rastrace *t, struct mr_err *err)
{
	char name[32];
	bool any = false;

	snprintf(name, sizeof(name), PREFIX "%d", (int)getpid());
	t->instance = sym_tracefs_instance_create(name);
	if (!t->instance)
		return mr_err_set(err, errno ? -errno : -EIO, name,
				  "the trace instance cannot be made");
	t->tep = read_formats();
	if (!t->tep)
		return mr_err_set(err, errno ? -errno : -EIO, name,
				  "the formats of trace events cannot be read");
	sym_tracefs_instance_file_write(t->instance, "buffer_size_kb", BUFFER_KIB);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		any |= !sym_tracefs_event_enable(t->instance, events[i].group, events[i].name);
	if (!any)
		return mr_err_set(err, -EIO, name, "no trace event can be enabled");
	sym_tracefs_follow_missed_events(t->instance, missed, t);
	return 0;
}

int mr_rastrace_open(struct mr_rastrace *t, const struct mr_machine *m,
		     const struct mr_rastrace_hooks *hooks, struct mr_err *err)
{
	char found[160];
	int rc;

	*t = (struct mr_rastrace){ .hooks = hooks, .page_shift = m->page_shift };
	/* Find tracefs first: the library would mount it. */
	rc = mr_tracing_events(m, found, sizeof(found), err);
	if (!rc)
		rc = load(err);
	if (rc)
		return rc;
	sym_tracefs_instances_walk(remove_leftover, NULL);
	rc = enable(t, err);
	if (rc)
		mr_rastrace_close(t);
	return rc;
}

uint64_t mr_rastrace_read(struct mr_rastrace *t)
{
	t->heard = 0;
	if (t->tep)
		sym_tracefs_iterate_raw_events(t->tep, t->instance, NULL, 0, heard, t);
	return t->heard;
}

void mr_rastrace_close(struct mr_rastrace *t)
{
	if (t->tep)
		sym_tep_free(t->tep);
	if (t->instance) {
		sym_tracefs_instance_destroy(t->instance);
		sym_tracefs_instance_free(t->instance);
	}
	*t = (struct mr_rastrace){ 0 };
}
