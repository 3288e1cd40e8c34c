// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/target/blocksel.h"

#include <stdlib.h>

#include "check.h"

#define MIB (1ULL << 20)

/* Blocks 0-3 on node 0 (Normal), 8-11 on node 1 (Movable, 11 offline); 4-7 are a hole. */
static struct mr_block list[] = {
	{ .id = 0, .state = MR_BLOCK_ONLINE, .node = 0, .zones = { "Normal" } },
	{ .id = 1, .state = MR_BLOCK_ONLINE, .node = 0, .zones = { "Normal" } },
	{ .id = 2, .state = MR_BLOCK_ONLINE, .node = 0, .zones = { "Normal" } },
	{ .id = 3, .state = MR_BLOCK_OFFLINE, .node = 0, .zones = { "Normal", "Movable" } },
	{ .id = 8, .state = MR_BLOCK_ONLINE, .node = 1, .zones = { "Movable" } },
	{ .id = 9, .state = MR_BLOCK_ONLINE, .node = 1, .zones = { "Movable" } },
	{ .id = 10, .state = MR_BLOCK_ONLINE, .node = 1, .zones = { "Movable" } },
	{ .id = 11, .state = MR_BLOCK_OFFLINE, .node = 1, .zones = { "Normal", "Movable" } },
};
static struct mr_blocks blocks = { list, sizeof(list) / sizeof(list[0]) };

/* Returns the chosen ids as text, "2 1 0", or the errno. */
static const char *choose(const char *words, enum mr_blocksel_use use)
{
	static char text[320];
	char copy[128], *word[8], *save = NULL;
	const struct mr_block **chosen;
	struct mr_err err = { 0 };
	size_t nr_chosen, n = 0;
	int nr = 0, rc;

	snprintf(copy, sizeof(copy), "%s", words);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		word[nr++] = w;
	rc = mr_blocksel_choose(&blocks, nr, word, use, &chosen, &nr_chosen, &err);
	if (rc) {
		snprintf(text, sizeof(text), "%s: %s", mr_errno_name(rc), err.reason);
		return text;
	}
	text[0] = '\0';
	for (size_t i = 0; i < nr_chosen; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%llu", n ? " " : "",
				      (unsigned long long)chosen[i]->id);
	free(chosen);
	return text;
}

static void bad(const char *word, const char *says)
{
	struct mr_blocksel sel;
	struct mr_err err = { 0 };

	CHECK(mr_blocksel_parse(word, &sel, &err) < 0);
	CHECK_INT(err.blame, MR_BLAME_USAGE);
	CHECK_STR(err.object, word);
	CHECK_HAS(err.reason, says);
}

int main(void)
{
	for (size_t i = 0; i < blocks.nr; i++) {
		list[i].size = 128 * MIB;
		list[i].start = list[i].id * list[i].size;
	}

	CHECK_STR(choose("", MR_BLOCKSEL_LIST), "0 1 2 3 8 9 10 11");
	CHECK_STR(choose("all", MR_BLOCKSEL_LIST), "0 1 2 3 8 9 10 11");
	CHECK_STR(choose("2", MR_BLOCKSEL_LIST), "2");
	CHECK_STR(choose("memory2", MR_BLOCKSEL_LIST), "2");
	CHECK_STR(choose("0x8", MR_BLOCKSEL_LIST), "8");
	CHECK_STR(choose("1-3", MR_BLOCKSEL_LIST), "1 2 3");
	CHECK_STR(choose("3 1 1-2", MR_BLOCKSEL_LIST), "1 2 3");
	CHECK_STR(choose("node:1", MR_BLOCKSEL_LIST), "8 9 10 11");
	CHECK_STR(choose("phys:0", MR_BLOCKSEL_LIST), "0");
	CHECK_STR(choose("phys:0x8000000", MR_BLOCKSEL_LIST), "1");
	CHECK_STR(choose("phys:0x7ffffff+2", MR_BLOCKSEL_LIST), "0 1");
	CHECK_STR(choose("phys:0+256M", MR_BLOCKSEL_LIST), "0 1");

	/* Offline: movable zones first, highest first; otherwise in the order of the list. */
	CHECK_STR(choose("0-2 8-10", MR_BLOCKSEL_OFFLINE), "10 9 8 2 1 0");
	CHECK_STR(choose("size:256M", MR_BLOCKSEL_OFFLINE), "10 9");
	CHECK_STR(choose("size:200M", MR_BLOCKSEL_OFFLINE), "10 9");
	CHECK_STR(choose("size:128M", MR_BLOCKSEL_ONLINE), "3");
	CHECK_STR(choose("size:256M", MR_BLOCKSEL_ONLINE), "3 11");

	CHECK_HAS(choose("7", MR_BLOCKSEL_LIST), "ENOENT: no such memory block");
	CHECK_HAS(choose("2-8", MR_BLOCKSEL_LIST), "ENOENT: only 3 of these");
	CHECK_HAS(choose("node:5", MR_BLOCKSEL_LIST), "ENOENT");
	CHECK_HAS(choose("phys:0x20000000", MR_BLOCKSEL_LIST), "ENOENT");
	CHECK_HAS(choose("size:1G", MR_BLOCKSEL_ONLINE), "ENOENT: only 256M of it is offline");
	CHECK_HAS(choose("size:1G", MR_BLOCKSEL_LIST), "EINVAL");

	/* Boot memory that never goes is chosen by name only. */
	blocks.list[0].permanent = blocks.list[1].permanent = blocks.list[2].permanent = true;
	CHECK_STR(choose("size:256M", MR_BLOCKSEL_OFFLINE), "10 9");
	CHECK_STR(choose("0", MR_BLOCKSEL_OFFLINE), "0");
	CHECK_HAS(choose("size:1G", MR_BLOCKSEL_OFFLINE), "can go offline, more would be boot");

	bad("", "empty");
	bad("x", "the block");
	bad("7x", "the block");
	bad("memory", "the block");
	bad("memory_failure", "the block");
	bad("9-7", "backwards");
	bad("7-", "the block");
	bad("18446744073709551616", "out of range");
	bad("phys:", "physical address");
	bad("phys:1x", "physical address");
	bad("phys:1+0", "length is 0");
	bad("phys:0xffffffffffffffff+2", "out of range");
	bad("node:x", "the node");
	bad("size:", "the size");
	bad("size:0", "size of 0");
	bad("size:4Q", "the size");
	bad("ALL", "the block");
	return CHECK_RESULT;
}
