// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/target/target.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/grow.h"
#include "util/input.h"
#include "util/num.h"

/* Reports a number that cannot be parsed. */
static int bad_number(struct mr_err *err, int rc, const char *word, const char *what)
{
	if (rc == -ERANGE)
		return mr_err_usage(err, -ERANGE, word, "%s does not fit in 64 bits", what);
	return mr_err_usage(err, -EINVAL, word, "%s is not a number", what);
}

static int trailing(struct mr_err *err, const char *word, const char *rest)
{
	return mr_err_usage(err, -EINVAL, word, "'%s' is left over at the end", rest);
}

/* Parses "+LEN" at *@p, or nothing; refuses a length of 0. */
static int scan_length(const char **p, uint64_t start, uint64_t *len, const char *word,
		       struct mr_err *err)
{
	uint64_t last;
	int rc;

	*len = 0;
	if (**p != '+')
		return 0;
	rc = mr_size_scan(*p + 1, p, len);
	if (rc)
		return bad_number(err, rc, word, "the length");
	if (!*len)
		return mr_err_usage(err, -EINVAL, word, "the length is 0");
	if (__builtin_add_overflow(start, *len - 1, &last))
		return mr_err_usage(err, -ERANGE, word, "the range ends past 2^64");
	return 0;
}

static int parse_pfn(const char *word, struct mr_target *t, struct mr_err *err)
{
	const char *p;
	uint64_t b;
	int rc;

	rc = mr_num_scan(word, &p, &t->start);
	if (rc == -EINVAL)
		return mr_err_usage(err, rc, word, "not a page frame number or another target");
	if (rc)
		return bad_number(err, rc, word, "the page frame number");
	t->len = 1;
	if (*p == '-') {
		rc = mr_num_scan(p + 1, &p, &b);
		if (rc)
			return bad_number(err, rc, word, "the end of the range");
		if (b < t->start)
			return mr_err_usage(err, -EINVAL, word, "the range runs backwards");
		if (b - t->start == UINT64_MAX)
			return mr_err_usage(err, -ERANGE, word, "the range ends past 2^64");
		t->len = b - t->start + 1;
	} else if (*p == '+') {
		rc = mr_num_scan(p + 1, &p, &t->len);
		if (rc)
			return bad_number(err, rc, word, "the number of pages");
		if (!t->len)
			return mr_err_usage(err, -EINVAL, word, "a range of 0 pages");
		if (__builtin_add_overflow(t->start, t->len - 1, &b))
			return mr_err_usage(err, -ERANGE, word, "the range ends past 2^64");
	}
	return *p ? trailing(err, word, p) : 0;
}

static int parse_phys(const char *word, const char *p, struct mr_target *t, struct mr_err *err)
{
	int rc = mr_num_scan(p, &p, &t->start);

	if (rc)
		return bad_number(err, rc, word, "the physical address");
	rc = scan_length(&p, t->start, &t->len, word, err);
	if (rc)
		return rc;
	return *p ? trailing(err, word, p) : 0;
}

static int parse_pid(const char *word, const char *p, struct mr_target *t, struct mr_err *err)
{
	uint64_t pid;
	int rc = mr_num_scan(p, &p, &pid);

	if (rc)
		return bad_number(err, rc, word, "the process id");
	if (!pid || pid > INT_MAX)
		return mr_err_usage(err, -ERANGE, word, "no process has that id");
	if (*p != '@')
		return mr_err_usage(err, -EINVAL, word, "'@' and a virtual address are missing");
	rc = mr_num_scan(p + 1, &p, &t->start);
	if (rc)
		return bad_number(err, rc, word, "the virtual address");
	rc = scan_length(&p, t->start, &t->len, word, err);
	if (rc)
		return rc;
	t->pid = (pid_t)pid;
	return *p ? trailing(err, word, p) : 0;
}

/* The last "@" begins an offset if a digit follows; for a path that ends so, add "@0". */
static int parse_file(const char *word, const char *p, struct mr_target *t, struct mr_err *err)
{
	const char *at = strrchr(p, '@');
	size_t len;
	int rc;

	if (at && (at[1] < '0' || at[1] > '9'))
		at = NULL;
	len = at ? (size_t)(at - p) : strlen(p);
	if (!len)
		return mr_err_usage(err, -EINVAL, word, "the path is missing");
	if (len >= PATH_MAX)
		return mr_err_usage(err, -ENAMETOOLONG, word, "the path is too long");
	if (at) {
		const char *q;

		rc = mr_size_scan(at + 1, &q, &t->start);
		if (rc)
			return bad_number(err, rc, word, "the offset");
		rc = scan_length(&q, t->start, &t->len, word, err);
		if (rc)
			return rc;
		if (*q)
			return trailing(err, word, q);
	}
	t->path_len = len;
	return 0;
}

static int parse_node(const char *word, const char *p, struct mr_target *t, struct mr_err *err)
{
	int rc = mr_num_parse(p, &t->start);

	if (rc == -EINVAL && mr_num_scan(p, &p, &t->start) == 0)
		return trailing(err, word, p);
	if (rc)
		return bad_number(err, rc, word, "the node");
	if (t->start > INT_MAX)
		return mr_err_usage(err, -ERANGE, word, "no node has that number");
	return 0;
}

#define FILE_PREFIX "file:"

static const struct form {
	const char *prefix;
	enum mr_target_type type;
	int (*parse)(const char *word, const char *p, struct mr_target *t, struct mr_err *err);
} forms[] = {
	{ "phys:", MR_TARGET_PHYS, parse_phys },
	{ "pid:", MR_TARGET_PID, parse_pid },
	{ FILE_PREFIX, MR_TARGET_FILE, parse_file },
	{ "node:", MR_TARGET_NODE, parse_node },
};

int mr_target_parse(const char *word, struct mr_target *target, struct mr_err *err)
{
	struct mr_target t = { .word = word, .type = MR_TARGET_PFN };
	const struct form *form = NULL;
	int rc;

	if (!*word)
		return mr_err_usage(err, -EINVAL, word, "an empty target");
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (!strncmp(word, forms[i].prefix, strlen(forms[i].prefix)))
			form = &forms[i];
	if (form) {
		t.type = form->type;
		rc = form->parse(word, word + strlen(form->prefix), &t, err);
	} else {
		rc = parse_pfn(word, &t, err);
	}
	if (!rc)
		*target = t;
	return rc;
}

bool mr_target_is_file(const char *word)
{
	return word && !strncmp(word, FILE_PREFIX, strlen(FILE_PREFIX));
}

char *mr_target_path(const char *word)
{
	struct mr_err ignored = { 0 };
	struct mr_target t;

	if (mr_target_parse(word, &t, &ignored))
		return NULL;
	return strndup(word + strlen(FILE_PREFIX), t.path_len);
}

static int add(struct mr_targets *targets, const char *word, unsigned int flags,
	       struct mr_err *err)
{
	const size_t size = strlen(word) + 1;
	struct mr_target t;
	int rc;

	rc = mr_target_parse(word, &t, err);
	if (rc)
		return rc;
	while (targets->room - targets->len < size) {
		char *words = mr_grown(targets->words, targets->room, &targets->room, 1);

		if (!words)
			return mr_err_set(err, -ENOMEM, word, "no memory for the targets");
		targets->words = words;
	}
	memcpy(targets->words + targets->len, word, size);
	targets->len += size;
	targets->nr++;
	if (t.type == MR_TARGET_NODE && (flags & MR_TARGETS_NO_NODES))
		return mr_err_usage(err, -EINVAL, word, "this command takes pages, not a whole node");
	return 0;
}

/* Adds the position in the list to the word in @err. */
static void name_place(struct mr_err *err, const char *name, unsigned long line)
{
	char word[sizeof(err->object)];

	memcpy(word, err->object, sizeof(word));
	snprintf(err->object, sizeof(err->object), "%.60s:%lu: %.60s", name, line, word);
}

static int read_line(struct mr_targets *targets, char *line, unsigned int flags,
		     struct mr_err *err)
{
	static const char between[] = ", \t\r\v\f";
	char *save = NULL;

	line[strcspn(line, "#")] = '\0';
	for (char *w = strtok_r(line, between, &save); w; w = strtok_r(NULL, between, &save)) {
		int rc = add(targets, w, flags, err);

		if (rc)
			return rc;
	}
	return 0;
}

static int read_file(struct mr_targets *targets, const char *path, unsigned int flags,
		     struct mr_err *err)
{
	struct mr_input in;
	char *line;
	int rc = mr_input_open(&in, path, err);

	while (!rc && (rc = mr_input_line(&in, &line, err)) > 0) {
		rc = read_line(targets, line, flags, err);
		if (rc)
			name_place(err, in.name, in.line);
	}
	mr_input_close(&in);
	return rc;
}

int mr_targets_read(struct mr_targets *targets, int nr, char *const *operands, const char *from,
		    unsigned int flags, struct mr_err *err)
{
	int rc = 0;

	*targets = (struct mr_targets){ 0 };
	for (int i = 0; !rc && i < nr; i++)
		rc = strcmp(operands[i], "-") ? add(targets, operands[i], flags, err) :
						read_file(targets, "-", flags, err);
	if (!rc && from)
		rc = read_file(targets, from, flags, err);
	if (!rc && !targets->nr)
		rc = mr_err_usage(err, -EINVAL, from ? from : "", "no target is named");
	if (rc)
		mr_targets_free(targets);
	return rc;
}

bool mr_targets_next(const struct mr_targets *targets, struct mr_target *target)
{
	const char *word = target->word ? target->word + strlen(target->word) + 1 : targets->words;
	struct mr_err ignored = { 0 };

	/* The word was checked when it was added. */
	return word != targets->words + targets->len && !mr_target_parse(word, target, &ignored);
}

uint64_t mr_targets_pages(const struct mr_targets *targets, unsigned int page_shift)
{
	struct mr_target t = { 0 };
	uint64_t pages = 0;

	while (mr_targets_next(targets, &t)) {
		uint64_t nr = t.type == MR_TARGET_PFN ? t.len :
			      t.type == MR_TARGET_PHYS ? t.len >> page_shift : 0;

		if (__builtin_add_overflow(pages, nr, &pages))
			return UINT64_MAX;
	}
	return pages;
}

void mr_targets_free(struct mr_targets *targets)
{
	free(targets->words);
	*targets = (struct mr_targets){ 0 };
}
