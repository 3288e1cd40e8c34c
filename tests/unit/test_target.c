// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/target/target.h"

#include <stdlib.h>
#include <unistd.h>

#include "check.h"

static void good(const char *word, enum mr_target_type type, uint64_t start, uint64_t len,
		 pid_t pid, const char *path)
{
	struct mr_target t = { 0 };
	struct mr_err err = { 0 };

	CHECK_INT(mr_target_parse(word, &t, &err), 0);
	if (err.code) {
		fprintf(stderr, "  %s: %s\n", word, err.reason);
		return;
	}
	CHECK_INT(t.type, type);
	CHECK(t.start == start);
	CHECK(t.len == len);
	CHECK_INT(t.pid, pid);
	CHECK_STR(t.word, word);
	CHECK(mr_target_is_file(word) == !!path);
	if (path) {
		char *found = mr_target_path(word);

		CHECK_STR(found, path);
		free(found);
	}
}

/* Checks that a bad word is named and blamed, with @says in the reason. */
static void bad(const char *word, int code, const char *says)
{
	struct mr_target t = { .start = 42 };
	struct mr_err err = { 0 };

	CHECK_INT(mr_target_parse(word, &t, &err), code);
	CHECK_INT(err.blame, MR_BLAME_USAGE);
	CHECK_STR(err.object, word);
	CHECK_HAS(err.reason, says);
	CHECK(t.start == 42);
}

static void forms(void)
{
	good("107187", MR_TARGET_PFN, 107187, 1, 0, NULL);
	good("0x1a2b3", MR_TARGET_PFN, 0x1a2b3, 1, 0, NULL);
	good("0", MR_TARGET_PFN, 0, 1, 0, NULL);
	good("10-20", MR_TARGET_PFN, 10, 11, 0, NULL);
	good("0x10-0x10", MR_TARGET_PFN, 16, 1, 0, NULL);
	good("10+5", MR_TARGET_PFN, 10, 5, 0, NULL);
	good("0xffffffffffffffff", MR_TARGET_PFN, UINT64_MAX, 1, 0, NULL);
	good("phys:0x1a2b3000", MR_TARGET_PHYS, 0x1a2b3000, 0, 0, NULL);
	good("phys:4096+8K", MR_TARGET_PHYS, 4096, 8192, 0, NULL);
	good("pid:812@0x7f0000001000", MR_TARGET_PID, 0x7f0000001000, 0, 812, NULL);
	good("pid:1@4096+2M", MR_TARGET_PID, 4096, 2 << 20, 1, NULL);
	good("file:/etc/passwd", MR_TARGET_FILE, 0, 0, 0, "/etc/passwd");
	good("file:/a/b@4K", MR_TARGET_FILE, 4096, 0, 0, "/a/b");
	good("file:/a/b@0+16K", MR_TARGET_FILE, 0, 16384, 0, "/a/b");
	good("file:/a@b", MR_TARGET_FILE, 0, 0, 0, "/a@b");
	good("file:/a@12@0", MR_TARGET_FILE, 0, 0, 0, "/a@12");
	good("node:0", MR_TARGET_NODE, 0, 0, 0, NULL);
	good("node:12", MR_TARGET_NODE, 12, 0, 0, NULL);
}

static void bad_words(void)
{
	bad("", -EINVAL, "empty");
	bad("abc", -EINVAL, "not a page frame number");
	bad("-5", -EINVAL, "not a page frame number");
	bad("1a2b3", -EINVAL, "'a2b3' is left over");
	bad("12 ", -EINVAL, "left over");
	bad("18446744073709551616", -ERANGE, "64 bits");
	bad("0x10000000000000000", -ERANGE, "64 bits");
	bad("20-10", -EINVAL, "backwards");
	bad("10-", -EINVAL, "end of the range");
	bad("10-x", -EINVAL, "end of the range");
	bad("10-20-30", -EINVAL, "left over");
	bad("10+0", -EINVAL, "0 pages");
	bad("10+", -EINVAL, "number of pages");
	bad("10+5K", -EINVAL, "left over");
	bad("0xffffffffffffffff+2", -ERANGE, "2^64");
	bad("0-18446744073709551615", -ERANGE, "2^64");
	bad("phys:", -EINVAL, "physical address");
	bad("phys:zz", -EINVAL, "physical address");
	bad("phys:4096+0", -EINVAL, "length is 0");
	bad("phys:4096+4Q", -EINVAL, "left over");
	bad("phys:0xffffffffffffffff+2", -ERANGE, "2^64");
	bad("pid:", -EINVAL, "process id");
	bad("pid:12", -EINVAL, "'@'");
	bad("pid:0@0", -ERANGE, "no process");
	bad("pid:4294967296@0", -ERANGE, "no process");
	bad("pid:12@", -EINVAL, "virtual address");
	bad("pid:12@0x1000junk", -EINVAL, "left over");
	bad("pid:12@0x1000+0", -EINVAL, "length is 0");
	bad("file:", -EINVAL, "path is missing");
	bad("file:@12", -EINVAL, "path is missing");
	bad("file:/a@12x", -EINVAL, "left over");
	bad("file:/a@0+", -EINVAL, "the length");
	bad("node:", -EINVAL, "the node");
	bad("node:x", -EINVAL, "the node");
	bad("node:1x", -EINVAL, "left over");
	bad("node:4294967296", -ERANGE, "no node");
	bad("block:7", -EINVAL, "not a page frame number");
}

/* Writes a list file with @text; returns its path, to be unlinked. */
static const char *list_file(const char *text)
{
	static char path[] = "/tmp/memras-unit-XXXXXX";
	int fd;

	strcpy(path + sizeof(path) - 7, "XXXXXX");
	fd = mkstemp(path);
	CHECK(fd >= 0);
	CHECK_INT(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	return path;
}

static void lists(void)
{
	struct mr_targets t;
	struct mr_err err = { 0 };
	char one[] = "1", range[] = "2-3", node[] = "node:0";
	char *operands[] = { one, range }, *nodes[] = { node };
	const uint64_t starts[] = { 1, 0x10, 0x11, 0x12, 20, 0x1000 }, lens[] = { 1, 1, 1, 1, 11, 0 };
	struct mr_target target = { 0 };
	const char *path;

	CHECK_INT(mr_targets_read(&t, 2, operands, NULL, 0, &err), 0);
	CHECK_INT(t.nr, 2);
	mr_targets_free(&t);

	path = list_file("# retired\n0x10, 0x11\t0x12\n\n20-30 # a range\r\nphys:0x1000\n");
	CHECK_INT(mr_targets_read(&t, 1, operands, path, 0, &err), 0);
	CHECK_INT(t.nr, 6);
	for (size_t i = 0; i < 6; i++) {
		CHECK(mr_targets_next(&t, &target));
		CHECK_INT(target.start, starts[i]);
		CHECK_INT(target.len, lens[i]);
	}
	CHECK(!mr_targets_next(&t, &target));
	CHECK_STR(target.word, "phys:0x1000");
	mr_targets_free(&t);
	unlink(path);

	path = list_file("1\n2\n3 4x 5\n");
	CHECK_INT(mr_targets_read(&t, 0, NULL, path, 0, &err), -EINVAL);
	CHECK_INT(t.nr, 0);
	CHECK_HAS(err.object, ":3: 4x");
	unlink(path);

	path = list_file("# nothing\n\n");
	CHECK_INT(mr_targets_read(&t, 0, NULL, path, 0, &err), -EINVAL);
	CHECK_HAS(err.reason, "no target");
	unlink(path);

	CHECK_INT(mr_targets_read(&t, 0, NULL, "/nonexistent/list", 0, &err), -ENOENT);
	CHECK_INT(err.blame, MR_BLAME_FAILED);
	CHECK_INT(mr_targets_read(&t, 0, NULL, NULL, 0, &err), -EINVAL);
	CHECK_INT(mr_targets_read(&t, 1, nodes, NULL, MR_TARGETS_NO_NODES, &err),
		  -EINVAL);
	CHECK_HAS(err.reason, "whole node");
	CHECK_INT(mr_targets_read(&t, 1, nodes, NULL, 0, &err), 0);
	mr_targets_free(&t);
}

static void pages_named(void)
{
	char *words[] = { (char *)"5", (char *)"0x10+0x20", (char *)"phys:0x1000+8K", (char *)"node:0" };
	char *most[] = { (char *)"0+0xffffffffffffffff", (char *)"1-5" };
	struct mr_targets targets;
	struct mr_err err = { 0 };

	CHECK_INT(mr_targets_read(&targets, 4, words, NULL, 0, &err), 0);
	CHECK_INT(mr_targets_pages(&targets, 12), 35);
	mr_targets_free(&targets);
	CHECK_INT(mr_targets_read(&targets, 2, most, NULL, 0, &err), 0);
	CHECK(mr_targets_pages(&targets, 12) == UINT64_MAX);
	mr_targets_free(&targets);
}

int main(void)
{
	pages_named();
	forms();
	bad_words();
	lists();
	return CHECK_RESULT;
}
