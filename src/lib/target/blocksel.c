// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/target/blocksel.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/num.h"

static int bad(struct mr_err *err, int rc, const char *word, const char *what)
{
	if (rc == -ERANGE)
		return mr_err_usage(err, rc, word, "%s is out of range", what);
	return mr_err_usage(err, -EINVAL, word, "%s is not understood", what);
}

static int parse_phys(const char *word, const char *p, struct mr_blocksel *sel, struct mr_err *err)
{
	uint64_t len = 1;
	int rc = mr_num_scan(p, &p, &sel->first);

	if (!rc && *p == '+')
		rc = mr_size_scan(p + 1, &p, &len);
	if (!rc && !len)
		return mr_err_usage(err, -EINVAL, word, "the length is 0");
	if (!rc && *p)
		rc = -EINVAL;
	if (!rc && __builtin_add_overflow(sel->first, len - 1, &sel->last))
		rc = -ERANGE;
	sel->type = MR_BLOCKSEL_PHYS;
	return rc ? bad(err, rc, word, "the physical address") : 0;
}

static int parse_range(const char *word, struct mr_blocksel *sel, struct mr_err *err)
{
	const char *p = word;
	int rc;

	if (!strncmp(p, "memory", 6))
		p += 6;
	rc = mr_num_scan(p, &p, &sel->first);
	sel->last = sel->first;
	if (!rc && *p == '-')
		rc = mr_num_scan(p + 1, &p, &sel->last);
	if (!rc && *p)
		rc = -EINVAL;
	if (rc)
		return bad(err, rc, word, "the block");
	if (sel->last < sel->first)
		return mr_err_usage(err, -EINVAL, word, "the range runs backwards");
	sel->type = MR_BLOCKSEL_RANGE;
	return 0;
}

int mr_blocksel_parse(const char *word, struct mr_blocksel *sel, struct mr_err *err)
{
	int rc;

	*sel = (struct mr_blocksel){ .word = word };
	if (!*word)
		return mr_err_usage(err, -EINVAL, word, "an empty selector");
	if (!strcmp(word, "all")) {
		sel->type = MR_BLOCKSEL_ALL;
		return 0;
	}
	if (!strncmp(word, "phys:", 5))
		return parse_phys(word, word + 5, sel, err);
	if (!strncmp(word, "node:", 5)) {
		sel->type = MR_BLOCKSEL_NODE;
		rc = mr_num_parse(word + 5, &sel->first);
		if (!rc && sel->first > INT_MAX)
			rc = -ERANGE;
		return rc ? bad(err, rc, word, "the node") : 0;
	}
	if (!strncmp(word, "size:", 5)) {
		sel->type = MR_BLOCKSEL_SIZE;
		rc = mr_size_parse(word + 5, &sel->bytes);
		if (!rc && !sel->bytes)
			return mr_err_usage(err, -EINVAL, word, "a size of 0");
		return rc ? bad(err, rc, word, "the size") : 0;
	}
	return parse_range(word, sel, err);
}

/* Sorts so that offlining begins where it is likeliest to work: see mr_blocksel_use. */
static int by_offline_order(const void *pa, const void *pb)
{
	const struct mr_block *a = *(const struct mr_block *const *)pa;
	const struct mr_block *b = *(const struct mr_block *const *)pb;
	bool ma = mr_block_in_zone(a, "Movable"), mb = mr_block_in_zone(b, "Movable");

	if (ma != mb)
		return ma ? -1 : 1;
	return a->id < b->id ? 1 : a->id > b->id ? -1 : 0;
}

static int by_id(const void *pa, const void *pb)
{
	const struct mr_block *a = *(const struct mr_block *const *)pa;
	const struct mr_block *b = *(const struct mr_block *const *)pb;

	return a->id > b->id ? 1 : a->id < b->id ? -1 : 0;
}

static bool matches(const struct mr_blocksel *sel, const struct mr_block *b)
{
	switch (sel->type) {
	case MR_BLOCKSEL_ALL:
		return true;
	case MR_BLOCKSEL_RANGE:
		return b->id >= sel->first && b->id <= sel->last;
	case MR_BLOCKSEL_NODE:
		return b->node >= 0 && (uint64_t)b->node == sel->first;
	case MR_BLOCKSEL_PHYS:
		return b->start <= sel->last && b->start + b->size - 1 >= sel->first;
	case MR_BLOCKSEL_SIZE:
		break;
	}
	return false;
}

/* Chooses from @order blocks that are not in the wanted state yet, up to @sel->bytes. */
static int choose_size(const struct mr_blocksel *sel, const struct mr_block **order, size_t nr,
		       enum mr_blocksel_use use, const struct mr_block **chosen, size_t *nr_chosen,
		       struct mr_err *err)
{
	uint64_t left = sel->bytes;
	bool permanent = false;

	if (use == MR_BLOCKSEL_LIST)
		return mr_err_usage(err, -EINVAL, sel->word, "a size chooses only to offline or online");
	for (size_t i = 0; i < nr && left; i++) {
		bool online = order[i]->state == MR_BLOCK_ONLINE;

		if (online != (use == MR_BLOCKSEL_OFFLINE))
			continue;
		if (online && order[i]->permanent) {
			permanent = true;
			continue;
		}
		chosen[(*nr_chosen)++] = order[i];
		left -= left < order[i]->size ? left : order[i]->size;
	}
	if (left) {
		char text[MR_SIZE_TEXT];

		return mr_err_set(err, -ENOENT, sel->word, "only %s of it %s",
				  mr_size_text(sel->bytes - left, text),
				  permanent ? "can go offline, more would be boot memory" :
				  use == MR_BLOCKSEL_OFFLINE ? "is online" : "is offline");
	}
	return 0;
}

/*
 * Checks that the selector found blocks. A range must exist completely: "7-12" on a
 * machine that ends at 10 is probably a mistake.
 */
static int check_found(const struct mr_blocksel *sel, size_t found, struct mr_err *err)
{
	if (!found)
		return mr_err_set(err, -ENOENT, sel->word, "no such memory block");
	if (sel->type == MR_BLOCKSEL_RANGE && found != sel->last - sel->first + 1)
		return mr_err_set(err, -ENOENT, sel->word, "only %zu of these memory blocks exist",
				  found);
	return 0;
}

int mr_blocksel_choose(const struct mr_blocks *blocks, int nr, char *const *words,
		       enum mr_blocksel_use use, const struct mr_block ***chosen,
		       size_t *nr_chosen, struct mr_err *err)
{
	mr_autofree const struct mr_block **order = calloc(blocks->nr + 1, sizeof(*order));
	const struct mr_block **out;
	size_t room = (blocks->nr + 1) * (size_t)(nr ? nr : 1);
	size_t n = 0, kept = 0;
	int rc = 0;

	out = calloc(room, sizeof(const struct mr_block *));
	if (!order || !out) {
		free(out);
		return mr_err_set(err, -ENOMEM, "", "no memory for the blocks");
	}
	for (size_t i = 0; i < blocks->nr; i++)
		order[i] = &blocks->list[i];
	qsort(order, blocks->nr, sizeof(const struct mr_block *),
	      use == MR_BLOCKSEL_OFFLINE ? by_offline_order : by_id);

	for (int w = 0; !rc && w < (nr ? nr : 1); w++) {
		struct mr_blocksel sel = { .type = MR_BLOCKSEL_ALL };
		size_t before = n;

		if (nr)
			rc = mr_blocksel_parse(words[w], &sel, err);
		if (rc)
			break;
		if (sel.type == MR_BLOCKSEL_SIZE) {
			rc = choose_size(&sel, order, blocks->nr, use, out, &n, err);
			continue;
		}
		for (size_t i = 0; i < blocks->nr; i++)
			if (matches(&sel, order[i]))
				out[n++] = order[i];
		if (nr)
			rc = check_found(&sel, n - before, err);
	}
	if (rc) {
		free(out);
		return rc;
	}
	/* Each block once, in the order of its use. */
	qsort(out, n, sizeof(const struct mr_block *),
	      use == MR_BLOCKSEL_OFFLINE ? by_offline_order : by_id);
	for (size_t i = 0; i < n; i++)
		if (!kept || out[kept - 1] != out[i])
			out[kept++] = out[i];
	*chosen = out;
	*nr_chosen = kept;
	return 0;
}
