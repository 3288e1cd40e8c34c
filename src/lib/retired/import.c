// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/retired/import.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/cleanup.h"
#include "util/num.h"

#define SQLITE_MAGIC	"SQLite format 3"
/* The list has four digits for a year. */
#define YEAR_0		(-62167219200)
#define YEAR_10000	253402300800
#define SETTLE_FROM	65536		/* entries from which doubles are dropped before growing */

int mr_time_scan(const char *text, int64_t *t)
{
	static const char *const forms[] = {
		"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M",
		"%Y-%m-%d",
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = { 0 };
		const char *end = strptime(text, forms[i], &tm);
		int hours = 0, minutes = 0, n = 0;
		char sign[2] = "+";

		if (!end)
			continue;
		end += strspn(end, " ");
		if (*end == 'Z')
			end++;
		else if (sscanf(end, "%1[+-]%2d%2d%n", sign, &hours, &minutes, &n) == 3)
			end += n;
		if (*end)
			continue;
		*t = timegm(&tm) - (sign[0] == '-' ? -1 : 1) * (hours * 60 + minutes) * 60;
		return *t >= YEAR_0 && *t < YEAR_10000 ? 0 : -EINVAL;
	}
	return -EINVAL;
}

int mr_import_add(struct mr_retlist *in, uint64_t pfn, mr_text_id cause, mr_text_id label,
		  int64_t t)
{
	const struct mr_retired entry = {
		.pfn = pfn, .time = t, .cause = cause, .label = label, .node = -1, .pending = true,
	};

	/*
	 * When it is full, what is there twice goes; unless that makes much room it grows all
	 * the same, so that sorting costs no more than the entries that came since.
	 */
	if (in->nr == in->room && in->room >= SETTLE_FROM) {
		mr_retlist_settle(in);
		if (in->nr >= MR_IMPORT_MAX_PAGES)
			return -ERANGE;
		if (in->nr > in->room / 2 && mr_retlist_reserve(in, in->room * 2))
			return -ENOMEM;
	}
	return mr_retlist_add(in, &entry);
}

/* The file that is read, and what its lines are of. */
struct reader {
	struct mr_retlist *in;
	const struct mr_import *import;
	const char *name;
	unsigned long line;
	uint64_t bad;		/* lines */
	mr_text_id causes[MR_FORMAT_RASDAEMON + 1];
	int64_t now;
};

/* What is wrong with a word: a constant text, or NULL. */
typedef const char *(*word_fn)(struct reader *r, const char *word);

static const char *add_pages(struct reader *r, uint64_t pfn, uint64_t nr, enum mr_list_format f)
{
	const uint64_t last = UINT64_MAX >> r->in->page_shift;

	if (pfn > last || nr - 1 > last - pfn)
		return "no page frame has that number";
	if (nr > MR_IMPORT_MAX_PAGES)
		return "more pages than a list may name";
	for (uint64_t i = 0; i < nr; i++) {
		int rc = mr_import_add(r->in, pfn + i, r->causes[f], 0, r->now);

		if (rc == -ERANGE)
			return "more pages than a list may name";
		if (rc)
			return "no memory for it";
	}
	return NULL;
}

/* The pages that [@addr, @addr + @len) touches. */
static const char *add_bytes(struct reader *r, uint64_t addr, uint64_t len, enum mr_list_format f)
{
	const unsigned int shift = r->in->page_shift;
	uint64_t last;

	if (!len)
		return "the length is 0";
	if (__builtin_add_overflow(addr, len - 1, &last))
		return "the range ends past 2^64";
	return add_pages(r, addr >> shift, (last >> shift) - (addr >> shift) + 1, f);
}

static const char *plain_word(struct reader *r, const char *word)
{
	const char *p = word;
	uint64_t a, b;

	switch (mr_num_scan(p, &p, &a)) {
	case 0:
		break;
	case -ERANGE:
		return "it does not fit in 64 bits";
	default:
		return "not a number";
	}
	if (*p == '-') {
		if (mr_num_scan(p + 1, &p, &b))
			return "the end of the range is not a number";
		if (b < a)
			return "the range runs backwards";
		b -= a - (b - a != UINT64_MAX);
	} else if (*p == '+') {
		if (r->import->phys ? mr_size_scan(p + 1, &p, &b) : mr_num_scan(p + 1, &p, &b))
			return "the length is not a number";
	} else {
		b = 1;
	}
	if (*p)
		return "something is left over at its end";
	if (r->import->phys)
		return add_bytes(r, a, b, MR_FORMAT_PLAIN);
	return b ? add_pages(r, a, b, MR_FORMAT_PLAIN) : "the length is 0";
}

/*
 * One ADDR,MASK: all addresses that equal ADDR in the bits that MASK has set. Masks are
 * written as wide as the tool that made them thinks addresses are: 32 bits, the size of
 * the memory, 63. Where nothing of ADDR is above the mask, the bits there count as set.
 */
static const char *add_masked(struct reader *r, uint64_t addr, uint64_t mask)
{
	const unsigned int shift = r->in->page_shift;
	uint64_t open, sub = 0, above;
	const char *why;

	if (!mask)
		return "the mask covers more pages than a list may name";
	above = ~(UINT64_MAX >> __builtin_clzll(mask));
	if (!(addr & above))
		mask |= above;
	open = ~mask >> shift;
	if ((uint64_t)__builtin_popcountll(open) > 24)
		return "the mask covers more pages than a list may name";
	addr >>= shift;
	/* Every subset of the open bits, in order. */
	do {
		why = add_pages(r, (addr & ~open) | sub, 1, MR_FORMAT_BADRAM);
		sub = (sub - open) & open;
	} while (!why && sub);
	return why;
}

static const char *badram_line(struct reader *r, char *p)
{
	const char *why = NULL, *q;
	size_t len = strlen(p);

	/* GRUB_BADRAM="..." has quotes. */
	if (*p == '"' && len > 1 && p[len - 1] == '"') {
		p[len - 1] = '\0';
		p++;
	}
	q = p;
	do {
		uint64_t addr, mask;

		q += strspn(q, " \t");
		if (mr_num_scan(q, &q, &addr))
			return "an address is not a number";
		if (*q != ',')
			return "an address has no mask";
		q += 1 + strspn(q + 1, " \t");
		if (mr_num_scan(q, &q, &mask))
			return "a mask is not a number";
		why = add_masked(r, addr, mask);
	} while (!why && *q == ',' && q++);
	return why ? why : *q ? "something is left over at its end" : NULL;
}

static const char *memmap_line(struct reader *r, const char *q)
{
	const char *why = NULL;

	do {
		uint64_t addr, size;

		if (mr_size_scan(q, &q, &size))
			return "a size is not one";
		q += strspn(q, "\\");		/* as GRUB's file wants the dollar */
		if (*q != '$')
			return "only SIZE$ADDR keeps memory from being used";
		if (mr_size_scan(q + 1, &q, &addr))
			return "an address is not a number";
		why = add_bytes(r, addr, size, MR_FORMAT_MEMMAP);
	} while (!why && *q == ',' && q++);
	return why ? why : *q ? "something is left over at its end" : NULL;
}

static bool starts(char **p, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(*p, prefix, len))
		return false;
	*p += len;
	return true;
}

static bool takes(const struct reader *r, enum mr_list_format f)
{
	return r->import->format == MR_FORMAT_AUTO || r->import->format == f;
}

/* One line without its comment and the blanks around it. NULL: it is right. */
static const char *one_line(struct reader *r, char *p)
{
	const char *why = NULL;
	char *save = NULL;

	if (!*p)
		return NULL;
	if (takes(r, MR_FORMAT_BADRAM) &&
	    (starts(&p, "badram=") || starts(&p, "GRUB_BADRAM=") || starts(&p, "badram ")))
		return badram_line(r, p);
	if (takes(r, MR_FORMAT_MEMMAP) && !strncmp(p, "memmap=", 7)) {
		for (char *w = strtok_r(p, " \t", &save); w && !why; w = strtok_r(NULL, " \t", &save))
			why = starts(&w, "memmap=") ? memmap_line(r, w) : "not a memmap=SIZE$ADDR";
		return why;
	}
	if (!takes(r, MR_FORMAT_PLAIN))
		return r->import->format == MR_FORMAT_BADRAM ? "not a badram=ADDR,MASK,..." :
							       "not a memmap=SIZE$ADDR";
	for (char *w = strtok_r(p, ", \t", &save); w && !why; w = strtok_r(NULL, ", \t", &save))
		why = plain_word(r, w);
	return why;
}

static void tell_bad(struct reader *r, const char *line, const char *why)
{
	struct mr_err err = { 0 };

	r->bad++;
	mr_err_usage(&err, -EINVAL, "", "%s", why);
	snprintf(err.object, sizeof(err.object), "%.60s:%lu: %.60s", r->name, r->line, line);
	if (r->import->bad)
		r->import->bad(&err, r->import->data);
}

static int read_lines(struct reader *r, FILE *f, struct mr_err *err)
{
	mr_autofree char *line = NULL, *whole = NULL;
	size_t room = 0, whole_room = 0;
	ssize_t len;

	while ((len = getline(&line, &room, f)) >= 0) {
		const char *why;
		char *p = line, *end;

		r->line++;
		if (strlen(line) != (size_t)len) {
			tell_bad(r, line, "there is a NUL byte in it");
			continue;
		}
		line[strcspn(line, "#")] = '\0';
		p += strspn(p, " \t");
		end = p + strlen(p);
		while (end > p && isspace((unsigned char)end[-1]))
			*--end = '\0';
		/* Parsing cuts the line up, and it may be told afterwards. */
		if (whole_room < strlen(p) + 1) {
			free(whole);
			whole_room = strlen(p) + 128;
			whole = malloc(whole_room);
			if (!whole)
				return mr_err_set(err, -ENOMEM, r->name, "no memory for a line");
		}
		memcpy(whole, p, strlen(p) + 1);
		why = one_line(r, p);
		if (why)
			tell_bad(r, whole, why);
	}
	if (ferror(f))
		return mr_err_set(err, -errno, r->name, "the list cannot be read");
	if (!r->bad)
		return 0;
	mr_err_usage(err, -EINVAL, r->name, "%" PRIu64 " malformed line%s; nothing is imported",
		     r->bad, r->bad == 1 ? "" : "s");
	return -EINVAL;
}

static int read_json(struct mr_retlist *in, FILE *f, const struct mr_import *import,
		     struct mr_err *err)
{
	mr_autofree char *text = NULL;
	size_t len = 0, room = 0;
	mr_text_id cause;
	int rc;

	do {
		if (len == room) {
			char *more = realloc(text, room = room ? room * 2 : 1 << 16);

			if (!more)
				return mr_err_set(err, -ENOMEM, in->path, "no memory for the list");
			text = more;
		}
		len += fread(text + len, 1, room - len, f);
	} while (!feof(f) && !ferror(f));
	if (ferror(f))
		return mr_err_set(err, -errno, in->path, "the list cannot be read");
	rc = mr_retlist_parse_json(in, text, len, err);
	if (rc || mr_retlist_intern(in, import->cause, &cause))
		return rc ? rc : -ENOMEM;
	for (size_t i = 0; i < in->nr; i++) {
		in->list[i].pending = true;
		if (cause)
			in->list[i].cause = cause;
	}
	return 0;
}

static int read_file(struct mr_retlist *in, const char *file, FILE *f,
		     const struct mr_import *import, struct mr_err *err)
{
	static const char *const causes[] = {
		[MR_FORMAT_PLAIN] = "import",
		[MR_FORMAT_BADRAM] = "memory test",
		[MR_FORMAT_MEMMAP] = "memmap",
	};
	struct reader r = { .in = in, .import = import, .name = in->path, .now = time(NULL) };
	int c = getc(f);

	/* "S" begins no other format, and a database needs its file. */
	if (import->format == MR_FORMAT_RASDAEMON || (import->format == MR_FORMAT_AUTO && c == 'S')) {
		if (strcmp(file, "-"))
			return mr_rasdb_read(in, file, import, err);
		mr_err_usage(err, -EINVAL, file, "a database cannot be read from standard input");
		return -EINVAL;
	}
	if (c != EOF)
		ungetc(c, f);
	if (import->format == MR_FORMAT_JSON || (import->format == MR_FORMAT_AUTO && c == '{'))
		return read_json(in, f, import, err);
	for (size_t i = MR_FORMAT_PLAIN; i <= MR_FORMAT_MEMMAP; i++)
		if (mr_retlist_intern(in, import->cause ? import->cause : causes[i], &r.causes[i]))
			return mr_err_set(err, -ENOMEM, in->path, "no memory for the list");
	return read_lines(&r, f, err);
}

int mr_import_read(struct mr_retlist *in, const char *file, const struct mr_import *import,
		   struct mr_err *err)
{
	mr_autofclose FILE *opened = strcmp(file, "-") ? fopen(file, "re") : NULL;
	int rc;

	snprintf(in->path, sizeof(in->path), "%s", strcmp(file, "-") ? file : "standard input");
	if (!opened && strcmp(file, "-"))
		return mr_err_set(err, -errno, file, "the list cannot be opened");
	rc = read_file(in, file, opened ? opened : stdin, import, err);
	if (!rc)
		mr_retlist_settle(in);
	return rc;
}
