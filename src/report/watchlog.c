// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "report/watchlog.h"

#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "cli/doc.h"
#include "cli/msg.h"
#include "util/num.h"
#include "util/text.h"

#define READER_MS 1000	/* limit of the wait for the reader of stdout */

/* journalctl MESSAGE_ID=...: memras-watch(8) lists them. */
#define ID_PAGE_RETIRED		"28e61010ef0d4e9fb02f95cc489181c5"
#define ID_PAGE_FAILED		"e31338cb46894ac7806aeb496dd3dc8d"
#define ID_PAGE_PLANNED		"cde1de982a3e417f8846b8d1c0ceff36"
#define ID_PAGE_REFUSED		"99cff1357d27451d80396b4499ebef55"
#define ID_POOL_LOST		"1a79dc163f494864b4900ff999f6a632"
#define ID_POOL_RESTORED	"e5910c8fa66e48a08f22bbe373b2aacf"
#define ID_POOL_FAILED		"aec100dcd6a34c0388ce1ee9ec805671"

struct page_row {
	char time[MR_TIME_TEXT];
	const char *result, *cause, *label;
	uint64_t pfn, phys;
	int32_t node;
	const struct mr_err *err;
};

const struct mr_field mr_watch_page_fields[] = {
	MR_FIELD(MR_FIELD_CHARS, struct page_row, time, "time", NULL, "when it happened, UTC"),
	MR_FIELD(MR_FIELD_STRING, struct page_row, result, "result", NULL,
		 "retired, failed, planned or refused"),
	MR_FIELD(MR_FIELD_PFN, struct page_row, pfn, "pfn", NULL, "page frame number"),
	MR_FIELD(MR_FIELD_PFN, struct page_row, phys, "phys", NULL, "physical address, bytes"),
	MR_FIELD(MR_FIELD_S32, struct page_row, node, "node", NULL, "NUMA node", .nullable = true),
	MR_FIELD(MR_FIELD_STRING, struct page_row, cause, "cause", NULL, "why it was retired"),
	MR_FIELD(MR_FIELD_STRING, struct page_row, label, "label", NULL, "label of its DIMM"),
	MR_FIELD(MR_FIELD_ERROR, struct page_row, err, "error", NULL, "why it is not retired"),
	{ 0 },
};

struct pool_row {
	char time[MR_TIME_TEXT];
	const char *result;
	uint64_t size, before, after;
	int32_t node;
	const struct mr_err *err;
};

const struct mr_field mr_watch_pool_fields[] = {
	MR_FIELD(MR_FIELD_CHARS, struct pool_row, time, "time", NULL, "when it was noticed, UTC"),
	MR_FIELD(MR_FIELD_STRING, struct pool_row, result, "result", NULL,
		 "lost, planned, restored or failed"),
	MR_FIELD(MR_FIELD_BYTES, struct pool_row, size, "size", NULL, "of a hugepage, bytes"),
	MR_FIELD(MR_FIELD_S32, struct pool_row, node, "node", NULL, "NUMA node", .nullable = true),
	MR_FIELD(MR_FIELD_U64, struct pool_row, before, "before", NULL,
		 "hugepages of the pool before the page was retired"),
	MR_FIELD(MR_FIELD_U64, struct pool_row, after, "after", NULL, "hugepages of the pool now"),
	MR_FIELD(MR_FIELD_ERROR, struct pool_row, err, "error", NULL, "why it is not restored"),
	{ 0 },
};

/* Fields of a journal record, "NAME=value". */
struct record {
	struct iovec fields[12];
	int nr;
};

__attribute__((format(printf, 2, 3)))
static void add(struct record *r, const char *fmt, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n >= 0)
		r->fields[r->nr++] = (struct iovec){ text, (size_t)n };
}

/* Adds the fields that all records have, and writes the record. */
static void write_record(const struct mr_watchlog *log, struct record *r, const char *message,
			 const char *id, int priority, const char *result)
{
	add(r, "MESSAGE=%s", message);
	add(r, "MESSAGE_ID=%s", id);
	add(r, "PRIORITY=%d", priority);
	add(r, "SYSLOG_IDENTIFIER=memras-watch");
	add(r, "MEMRAS_RESULT=%s", result);
	mr_service_journal(log->service, r->fields, r->nr);
	for (int i = 0; i < r->nr; i++)
		free(r->fields[i].iov_base);
}

static json_object *new_line(const struct mr_watchlog *log)
{
	json_object *doc = mr_doc_new(log->run);

	json_object_object_add(doc, "dry_run", json_object_new_boolean(log->run->globals.dry_run));
	return doc;
}

static void print_json(const struct mr_watchlog *log, const char *name,
		       const struct mr_field *fields, const void *row)
{
	json_object *doc = new_line(log);

	json_object_object_add(doc, name, mr_record_json(fields, row));
	mr_doc_print_line(doc);
}

/*
 * True if stdout takes a line, which is shorter than PIPE_BUF: a reader that stops must not stop
 * the watch.
 */
static bool may_print(struct mr_watchlog *log)
{
	struct pollfd fd = { .fd = STDOUT_FILENO, .events = POLLOUT };

	if (log->patient || poll(&fd, 1, log->stuck ? 0 : READER_MS)) {
		log->stuck = false;
		return true;
	}
	if (!log->stuck)
		mr_msg_note(log->run, "the reader of the output takes nothing: pages are recorded, and not printed");
	log->stuck = true;
	log->unprinted++;
	return false;
}

/* Ends the watch if the reader is gone. Clears other errors: a full disk may have room later. */
static void look_at_output(struct mr_watchlog *log)
{
	if (!ferror(stdout))
		return;
	log->gone = errno == EPIPE;
	if (!log->gone)
		clearerr(stdout);
}

static void print_line(const struct mr_watchlog *log, const char *time, const char *message)
{
	if (log->run->globals.quiet)
		return;
	mr_msg_line("%s %s", time, message);
	fflush(stdout);
}

static void page_message(const struct page_row *row, char *buf, size_t size)
{
	char node[24] = "";

	if (row->node >= 0)
		snprintf(node, sizeof(node), ", node %" PRId32, row->node);
	snprintf(buf, size, "%s 0x%" PRIx64 " (address 0x%" PRIx64 "%s%s%s), cause %s%s%s",
		 row->result, row->pfn, row->phys, node, row->label ? ", DIMM " : "",
		 row->label ? row->label : "", row->cause ? row->cause : "unknown",
		 row->err->code ? ": " : "", row->err->reason);
	mr_text_end_whole(buf, size);
}

static void journal_page(const struct mr_watchlog *log, const struct page_row *row,
			 enum mr_watch_result result, const char *message)
{
	static const struct {
		const char *id;
		int priority;
	} kinds[] = {
		[MR_WATCH_RETIRED] = { ID_PAGE_RETIRED, LOG_WARNING },
		[MR_WATCH_FAILED] = { ID_PAGE_FAILED, LOG_ERR },
		[MR_WATCH_PLANNED] = { ID_PAGE_PLANNED, LOG_NOTICE },
		[MR_WATCH_REFUSED] = { ID_PAGE_REFUSED, LOG_CRIT },
	};
	struct record r = { 0 };

	add(&r, "MEMRAS_PFN=0x%" PRIx64, row->pfn);
	add(&r, "MEMRAS_PHYS=0x%" PRIx64, row->phys);
	add(&r, "MEMRAS_NODE=%" PRId32, row->node);
	add(&r, "MEMRAS_CAUSE=%s", row->cause ? row->cause : "unknown");
	if (row->label)
		add(&r, "MEMRAS_DIMM=%s", row->label);
	write_record(log, &r, message, kinds[result].id, kinds[result].priority, row->result);
}

__attribute__((format(printf, 2, 3)))
static void set(struct mr_hook_run *run, const char *fmt, ...)
{
	size_t n = 0;
	va_list args;

	while (run->env[n])
		n++;
	va_start(args, fmt);
	if (n + 1 >= MR_HOOK_VARIABLES || vasprintf(&run->env[n], fmt, args) < 0)
		run->env[n] = NULL;
	va_end(args);
}

/* Queues the program. Its variables are named as in rasdaemon's triggers, if those have them. */
static void run_hook(const struct mr_watchlog *log, const struct page_row *row)
{
	const char *path = getenv("PATH");
	struct mr_hook_run run = { 0 };

	if (!log->hook->program || log->run->globals.dry_run)
		return;
	set(&run, "PATH=%s", path ? path : "/usr/sbin:/usr/bin:/sbin:/bin");
	set(&run, "TIMESTAMP=%s", row->time);
	set(&run, "PFN=0x%" PRIx64, row->pfn);
	set(&run, "ADDRESS=0x%" PRIx64, row->phys);
	set(&run, "LABEL=%s", row->label ? row->label : "");
	set(&run, "ACTION_RESULT=%s", row->err->code ? "Failed" : "Recovered");
	set(&run, "MEMRAS_RESULT=%s", row->result);
	set(&run, "MEMRAS_CAUSE=%s", row->cause ? row->cause : "unknown");
	set(&run, "MEMRAS_NODE=%" PRId32, row->node);
	mr_hook_add(log->hook, &run);
}

void mr_watchlog_page(const struct mr_watch_event *event, void *data)
{
	static const char *const results[] = {
		[MR_WATCH_RETIRED] = "retired",
		[MR_WATCH_FAILED] = "failed",
		[MR_WATCH_PLANNED] = "planned",
		[MR_WATCH_REFUSED] = "refused",
	};
	struct mr_watchlog *log = data;
	struct page_row row = {
		.pfn = event->pfn, .phys = event->phys, .node = event->node,
		.result = results[event->result],
		.cause = event->cause, .label = event->label, .err = &event->err,
	};
	char message[640];

	log->pages[event->result]++;
	mr_time_text(event->time, row.time);
	page_message(&row, message, sizeof(message));
	if (log->service->journal && !log->run->json)
		journal_page(log, &row, event->result, message);
	else if (!may_print(log))
		;
	else if (log->run->json)
		print_json(log, "page", mr_watch_page_fields, &row);
	else
		print_line(log, row.time, message);
	look_at_output(log);
	run_hook(log, &row);
}

static const char *pool_result(const struct mr_watchlog *log, const struct mr_pool_event *event)
{
	if (event->restored)
		return "restored";
	if (!log->restores)
		return "lost";
	return log->run->globals.dry_run ? "planned" : "failed";
}

static void pool_message(const struct pool_row *row, char *buf, size_t size)
{
	char bytes[MR_SIZE_TEXT], node[32] = "";

	if (row->node >= 0)
		snprintf(node, sizeof(node), " of node %" PRId32, row->node);
	snprintf(buf, size, "%s pool of %s hugepages%s, %" PRIu64 " before, %" PRIu64 " now%s%s",
		 row->result, mr_size_text(row->size, bytes), node, row->before, row->after,
		 row->err->code ? ": " : "", row->err->reason);
	mr_text_end_whole(buf, size);
}

static void journal_pool(const struct mr_watchlog *log, const struct pool_row *row, bool restored,
			 const char *message)
{
	const char *id = row->err->code ? ID_POOL_FAILED : restored ? ID_POOL_RESTORED : ID_POOL_LOST;
	struct record r = { 0 };

	add(&r, "MEMRAS_POOL_SIZE=%" PRIu64, row->size);
	add(&r, "MEMRAS_POOL_BEFORE=%" PRIu64, row->before);
	add(&r, "MEMRAS_POOL_AFTER=%" PRIu64, row->after);
	add(&r, "MEMRAS_NODE=%" PRId32, row->node);
	write_record(log, &r, message, id, row->err->code ? LOG_ERR : restored ? LOG_NOTICE :
		     LOG_WARNING, row->result);
}

void mr_watchlog_pool(const struct mr_pool_event *event, void *data)
{
	struct mr_watchlog *log = data;
	struct pool_row row = {
		.result = pool_result(log, event), .size = event->size, .node = event->node,
		.before = event->before, .after = event->after, .err = &event->err,
	};
	char message[480];

	log->pools += event->restored;
	mr_time_text(time(NULL), row.time);
	pool_message(&row, message, sizeof(message));
	if (log->service->journal && !log->run->json)
		journal_pool(log, &row, event->restored, message);
	else if (!may_print(log))
		;
	else if (log->run->json)
		print_json(log, "pool", mr_watch_pool_fields, &row);
	else
		print_line(log, row.time, message);
	look_at_output(log);
}

void mr_watchlog_trouble(const struct mr_err *err, void *data)
{
	const struct mr_watchlog *log = data;

	mr_msg_error(log->run, err);
}

void mr_watchlog_end(struct mr_watchlog *log, const struct mr_watch *watch)
{
	json_object *doc, *sum;

	if (!log->run->json || !may_print(log))
		return;
	doc = new_line(log);
	sum = json_object_new_object();
	json_object_object_add(sum, "retired",
			       json_object_new_uint64(log->pages[MR_WATCH_RETIRED]));
	json_object_object_add(sum, "failed", json_object_new_uint64(log->pages[MR_WATCH_FAILED]));
	json_object_object_add(sum, "planned",
			       json_object_new_uint64(log->pages[MR_WATCH_PLANNED]));
	json_object_object_add(sum, "refused",
			       json_object_new_uint64(log->pages[MR_WATCH_REFUSED]));
	json_object_object_add(sum, "corrected_errors",
			       json_object_new_uint64(watch->actor.heard));
	json_object_object_add(sum, "events_lost", json_object_new_uint64(watch->events_lost));
	json_object_object_add(sum, "pools_restored", json_object_new_uint64(log->pools));
	json_object_object_add(sum, "unprinted", json_object_new_uint64(log->unprinted));
	json_object_object_add(sum, "log_overruns", json_object_new_uint64(watch->lost));
	json_object_object_add(doc, "summary", sum);
	mr_doc_print_line(doc);
}
