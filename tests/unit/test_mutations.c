// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The retired list and the formats of imports, with bytes changed at random: each input
 * is either refused with a reason, or read to a sorted list, which after writing reads
 * back the same. The sanitizers find memory errors. The changes are the same each time,
 * as many as fit into the time.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "lib/retired/import.h"

#define PART (CLOCKS_PER_SEC / 4)	/* of the CPU, for each of the formats */
#define ROUNDS	20000
#define MAX	65536

static const char list[] =
	"{\"version\":1,\"page_size\":4096,\n\"layout\":{\"boot\":\"b1f0\",\"ranges\":[[0,655360],"
	"[1048576,4294967296]],\"dimms\":[\"DIMM_A1 Maker 5\"]},\n\"retired\":[\n"
	"{\"pfn\":5,\"phys\":20480,\"node\":0,\"cause\":\"a \\\"test\\\"\",\"time\":"
	"\"2026-11-21T04:41:46Z\",\"label\":null,\"state\":\"retired\",\"reason\":null},\n"
	"{\"pfn\":9,\"phys\":36864,\"node\":null,\"cause\":null,\"time\":\"2026-11-21T04:41:47Z\","
	"\"label\":\"DIMM_A1\",\"state\":\"pending\",\"reason\":\"busy\"}\n]}\n";
static const char plain[] =
	"# a list\n5 7,9\n0x20-0x24\t40+3 # more\n\nbadram=0x1000,0xfffff000,0x8000,0xffffe000\n"
	"GRUB_BADRAM=\"0x40000,0xfffffffffffff000\"\nmemmap=8K$0x20000\n"
	"memmap=4K\\$0x30123 memmap=4K$0x50000,4K$0x60000\r\n";

static const char *const words[] = {
	"\"", "\\", "\\u0000", "\\ud800", "{", "}", "[", "]", ",", ":", "#", "-", "+", "$", "=", "0x",
	"0", "null", "true", "1e999", "-1", "18446744073709551615", "18446744073709551616", "badram=",
	"memmap=", "K", "T", "\n", "\r", "\t", " ", "\xff", "\xc3", "%s", "\"version\":2,",
	"\"retired\":[],", "9999-12-31T23:59:59Z",
};

/* xorshift64*: the same numbers on every machine. */
static uint64_t state;

static uint64_t draw(uint64_t bound)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 0x2545f4914f6cdd1d) % bound;
}

/* Makes one change to @text, which has room for MAX. Returns the new length. */
static size_t change(char *text, size_t len)
{
	size_t at = draw(len + 1), n = draw(16) + 1, from;
	const char *word;

	switch (draw(6)) {
	case 0:
		if (at < len)
			text[at] = (char)(text[at] ^ (1 << draw(8)));
		return len;
	case 1:
		if (at < len)
			text[at] = (char)draw(256);
		return len;
	case 2:				/* cut out, or cut off */
		n = draw(8) ? n : len;
		n = n < len - at ? n : len - at;
		memmove(text + at, text + at + n, len - at - n);
		return len - n;
	case 3:				/* repeat */
		from = draw(len + 1);
		n = n < len - from ? n : len - from;
		if (len + n > MAX)
			return len;
		memmove(text + at + n, text + at, len - at);
		/* The bytes behind @at have moved. */
		memmove(text + at, text + (from < at ? from : from + n < len ? from + n : from), n);
		return len + n;
	default:
		word = words[draw(sizeof(words) / sizeof(words[0]))];
		n = strlen(word);
		if (len + n > MAX)
			return len;
		memmove(text + at + n, text + at, len - at);
		memcpy(text + at, word, n);
		return len + n;
	}
}

static struct mr_retlist empty(void)
{
	return (struct mr_retlist){ .page_shift = 12, .dir = -1, .lock = -1, .path = "the list" };
}

/* Parses a copy of exactly that size, so that a read past the end is found. */
static int parse(struct mr_retlist *l, const char *text, size_t len, struct mr_err *err)
{
	char *copy = malloc(len ? len : 1);
	int rc;

	memcpy(copy, text, len);
	rc = mr_retlist_parse_json(l, copy, len, err);
	free(copy);
	return rc;
}

static void check_read_back(const struct mr_retlist *l)
{
	struct mr_retlist again = empty();
	struct mr_err err = { 0 };
	char *text = NULL;
	size_t len = 0, same = 0;
	FILE *f = open_memstream(&text, &len);

	again.page_shift = l->page_shift;
	CHECK_INT(mr_retlist_write_json(l, "", f), 0);
	fclose(f);
	CHECK_INT(parse(&again, text, len, &err), 0);
	CHECK_INT(again.nr, l->nr);
	for (size_t i = 0; i < l->nr && again.nr == l->nr; i++) {
		const struct mr_retired *a = &l->list[i], *b = &again.list[i];

		same += a->pfn == b->pfn && a->time == b->time && a->node == b->node &&
			a->pending == b->pending && (i == 0 || l->list[i - 1].pfn < a->pfn);
	}
	CHECK_INT(same, l->nr);
	mr_retlist_close(&again);
	free(text);
}

static int read_list(const char *text, size_t len, const char *file, struct mr_retlist *l,
		     struct mr_err *err)
{
	int rc = parse(l, text, len, err);

	(void)file;
	if (!rc)
		mr_retlist_settle(l);
	return rc;
}

static void count_bad(const struct mr_err *err, void *data)
{
	CHECK(err->reason[0]);
	(*(int *)data)++;
}

static int import(const char *text, size_t len, const char *file, enum mr_list_format format,
		  struct mr_retlist *l, struct mr_err *err)
{
	int bad = 0, rc, fd = open(file, O_WRONLY | O_TRUNC | O_CLOEXEC);
	const struct mr_import how = { .format = format, .min_errors = 1, .since = INT64_MIN,
				       .phys = draw(2), .bad = count_bad, .data = &bad };

	CHECK_INT(write(fd, text, len), len);
	close(fd);
	rc = mr_import_read(l, file, &how, err);
	/* A NUL byte ends the reading, also after malformed lines. */
	CHECK(!bad || rc == -EINVAL || rc == -EBADMSG);
	return rc;
}

/* With at most 256 pages: with one digit less, a mask may cover millions. */
static int read_lines(const char *text, size_t len, const char *file, struct mr_retlist *l,
		      struct mr_err *err)
{
	l->page_shift = 56;
	return import(text, len, file, MR_FORMAT_AUTO, l, err);
}

static int read_database(const char *text, size_t len, const char *file, struct mr_retlist *l,
			 struct mr_err *err)
{
	return import(text, len, file, MR_FORMAT_RASDAEMON, l, err);
}

typedef int (*read_fn)(const char *text, size_t len, const char *file, struct mr_retlist *l,
		       struct mr_err *err);

static void try_all(const char *what, const char *seed, size_t len, const char *file, read_fn read)
{
	const clock_t end = clock() + PART;
	int taken = 0, refused = 0;
	static char text[MAX];

	state = 0x9e3779b97f4a7c15;
	for (int round = 0; round < ROUNDS && clock() < end; round++) {
		struct mr_retlist l = empty();
		struct mr_err err = { 0 };
		size_t n = len;

		memcpy(text, seed, len);
		/* The first round has no change. */
		for (uint64_t k = round ? draw(3) + 1 : 0; k; k--)
			n = change(text, n);
		if (read(text, n, file, &l, &err)) {
			refused++;
			CHECK(err.code < 0 && err.reason[0]);
		} else {
			taken++;
			check_read_back(&l);
		}
		mr_retlist_close(&l);
		if (check_failed) {
			fprintf(stderr, "%s, round %d: %.*s\n", what, round, (int)n, text);
			return;
		}
	}
	printf("%s: %d read, %d refused\n", what, taken, refused);
	CHECK(taken);
	CHECK(refused);
}

static size_t make_database(const char *file, char *db, size_t room)
{
	sqlite3 *made;
	ssize_t len;
	int fd;

	unlink(file);
	CHECK_INT(sqlite3_open(file, &made), SQLITE_OK);
	CHECK_INT(sqlite3_exec(made,
		"PRAGMA page_size = 512; CREATE TABLE mc_event (timestamp TEXT, err_count INTEGER,"
		" label TEXT, address INTEGER);"
		"INSERT INTO mc_event VALUES ('2026-01-05 10:00:00 +0000', 3, 'DIMM_A1', 20480),"
		" ('2026-03-05 10:00:00 +0100', 4, 'DIMM_A1', 20544), ('x', -1, NULL, 'y');"
		"CREATE TABLE memory_failure_event (timestamp TEXT, pfn TEXT);"
		"INSERT INTO memory_failure_event VALUES ('2026-03-05 10:00:00 +0000', '0x1234')",
		NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(made);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	len = read(fd, db, room);
	close(fd);
	CHECK(len > 512 && (size_t)len < room);
	return (size_t)len;
}

int main(void)
{
	static char db[MAX / 2];
	char file[] = "/tmp/memras-mutations.XXXXXX";
	int fd = mkstemp(file);
	size_t len;

	CHECK(fd >= 0);
	close(fd);
	try_all("list", list, sizeof(list) - 1, file, read_list);
	try_all("import of a list", list, sizeof(list) - 1, file, read_lines);
	try_all("import of lines", plain, sizeof(plain) - 1, file, read_lines);
	len = make_database(file, db, sizeof(db));
	try_all("import of a database", db, len, file, read_database);
	unlink(file);
	return CHECK_RESULT;
}
