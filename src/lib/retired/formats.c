// SPDX-License-Identifier: GPL-2.0-or-later
/* Parses one line of text into pages, in all formats but logs. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/retired/import.h"
#include "lib/retired/reader.h"
#include "util/num.h"

#define BLANKS		" \t"
#define LARGE		(1ULL << 30)	/* bytes; larger ranges are rarely intended */
#define WINDOWS_SHIFT	12		/* badmemorylist has pages of 4 KiB */

static const char bad_memmap[] =
	"only memmap=SIZE$ADDR and memmap=SIZE!ADDR keep memory from being used";

static const char *beyond(struct mr_reader *r, uint64_t addr)
{
	snprintf(r->why, sizeof(r->why), "this machine has no memory at 0x%" PRIx64
		 ": its memory ends at 0x%" PRIx64, addr, r->import->memory_end - 1);
	return r->why;
}

static const char *add(struct mr_reader *r, uint64_t pfn, uint64_t nr, enum mr_list_format f)
{
	if (nr > MR_IMPORT_MAX_PAGES)
		return "more pages than a list may name";
	for (uint64_t i = 0; i < nr; i++) {
		int rc = mr_import_add(r->in, pfn + i, r->causes[f], r->label, r->now);

		if (rc == -ERANGE)
			return "more pages than a list may name";
		if (rc)
			return "no memory for it";
	}
	return NULL;
}

const char *mr_reader_add_pages(struct mr_reader *r, uint64_t pfn, uint64_t nr,
				enum mr_list_format format)
{
	const unsigned int shift = r->in->page_shift;
	const uint64_t last = UINT64_MAX >> shift, end = r->import->memory_end;

	if (pfn > last || nr - 1 > last - pfn)
		return "no page frame has that number";
	if (end && pfn + nr - 1 > (end - 1) >> shift) {
		r->hint = "is it an address (--phys), or the first of a pair (badram=)? --force takes it";
		return beyond(r, (pfn + nr - 1) << shift);
	}
	return add(r, pfn, nr, format);
}

const char *mr_reader_add_bytes(struct mr_reader *r, uint64_t addr, uint64_t len, bool clip,
				enum mr_list_format format)
{
	const unsigned int shift = r->in->page_shift;
	const uint64_t end = r->import->memory_end;
	uint64_t last;

	if (!len)
		return "the length is 0";
	if (__builtin_add_overflow(addr, len - 1, &last))
		return "the range ends past 2^64";
	if (end && last >= end) {
		if (!clip || addr >= end)
			return beyond(r, clip ? addr : last);
		last = end - 1;
	}
	return add(r, addr >> shift, (last >> shift) - (addr >> shift) + 1, format);
}

static const char *number(int rc, const char *otherwise)
{
	return rc == -ERANGE ? "it does not fit in 64 bits" : otherwise;
}

static const char *plain_word(struct mr_reader *r, const char *word)
{
	const char *p = word;
	uint64_t a, b = 1;
	int rc = mr_num_scan(p, &p, &a);

	if (rc)
		return number(rc, "not a page frame number, and no format that is known");
	if (*p == '-' || !strncmp(p, "..", 2)) {
		rc = mr_num_scan(p + (*p == '-' ? 1 : 2), &p, &b);
		if (rc)
			return number(rc, "the end of the range is not a number");
		if (!*p && b < a)
			return "the range runs backwards";
		b -= a - (b - a != UINT64_MAX);
	} else if (*p == '+') {
		rc = r->import->phys ? mr_size_scan(p + 1, &p, &b) : mr_num_scan(p + 1, &p, &b);
		if (rc)
			return number(rc, "the length is not a number");
	}
	if (*p)
		return "something is left over at its end";
	if (r->import->phys)
		return mr_reader_add_bytes(r, a, b, false, MR_FORMAT_PLAIN);
	return b ? mr_reader_add_pages(r, a, b, MR_FORMAT_PLAIN) : "the length is 0";
}

/* True for 16 or more ones from the highest bit on, if that is above bit 30. */
static bool is_mask(uint64_t v)
{
	return v >> 31 && __builtin_clzll(~(v << __builtin_clzll(v)) | 1) >= 16;
}

/* True for ADDR,MASK without badram=, which could also be two PFNs. */
static bool is_pair(const char *p)
{
	uint64_t a, b;

	return !mr_num_scan(p, &p, &a) && *p == ',' && !mr_num_scan(p + 1, &p, &b) && is_mask(b);
}

static const char *plain_line(struct mr_reader *r, char *p)
{
	const char *why = NULL;
	char *save = NULL;

	if (r->import->format == MR_FORMAT_AUTO && is_pair(p)) {
		r->hint = "put badram= before it, or give --format badram; --format plain takes pages";
		return "it may be an address with its mask, or two page frame numbers";
	}
	for (char *w = strtok_r(p, ", \t", &save); w && !why; w = strtok_r(NULL, ", \t", &save))
		why = plain_word(r, w);
	return why;
}

/*
 * Adds one ADDR,MASK: all addresses that equal ADDR in the bits set in MASK. The width of
 * a mask depends on the tool: 32 bits, the size of the memory, or 63 bits. If ADDR has no
 * bit above the mask, the bits there count as set.
 */
static const char *add_masked(struct mr_reader *r, uint64_t addr, uint64_t mask)
{
	const unsigned int shift = r->in->page_shift;
	const uint64_t end = r->import->memory_end;
	uint64_t open, sub = 0, above, taken = 0;
	const char *why = NULL;

	if (!mask)
		return "the mask covers more pages than a list may name";
	above = ~(UINT64_MAX >> __builtin_clzll(mask));
	if (!(addr & above))
		mask |= above;
	open = ~mask >> shift;
	if ((uint64_t)__builtin_popcountll(open) > 24)
		return "the mask covers more pages than a list may name";
	/* All subsets of the open bits, in order. */
	do {
		const uint64_t pfn = (addr >> shift & ~open) | sub;

		if (!end || pfn <= (end - 1) >> shift) {
			why = add(r, pfn, 1, MR_FORMAT_BADRAM);
			taken++;
		}
		sub = (sub - open) & open;
	} while (!why && sub);
	return why || taken ? why : beyond(r, addr & mask);
}

/* Parses ADDR,MASK,ADDR,MASK..., with optional quotes and a trailing comma. */
static const char *badram_pairs(struct mr_reader *r, const char *p)
{
	const char quote = *p == '"' || *p == '\'' ? *p++ : '\0';
	const char *why = NULL;

	do {
		uint64_t addr, mask;

		p += strspn(p, BLANKS);
		if (mr_num_scan(p, &p, &addr))
			return "an address is not a number";
		if (*p != ',')
			return "an address has no mask";
		p += 1 + strspn(p + 1, BLANKS);
		if (mr_num_scan(p, &p, &mask))
			return "a mask is not a number";
		why = add_masked(r, addr, mask);
		if (!why && *p == ',')
			p += 1 + strspn(p + 1, BLANKS);
		else
			break;
	} while (*p && *p != quote);
	if (why)
		return why;
	if (quote && *p++ != quote)
		return "the quote is not closed";
	return *p ? "something is left over at its end" : NULL;
}

static const char *memmap_word(struct mr_reader *r, const char *p)
{
	const char *why = NULL;

	do {
		uint64_t addr, size;
		int rc = mr_size_scan(p, &p, &size);

		if (rc)
			return number(rc, bad_memmap);
		p += strspn(p, "\\");		/* GRUB's file needs the dollar escaped */
		if (*p != '$' && *p != '!')
			return bad_memmap;
		rc = mr_size_scan(p + 1, &p, &addr);
		if (rc)
			return number(rc, "an address is not a number");
		if (size >= LARGE && r->import->note) {
			char note[160];

			snprintf(note, sizeof(note), "line %lu: memmap= names %" PRIu64
				 " GiB from 0x%" PRIx64 " on: are size and address in their places?",
				 r->line, size >> 30, addr);
			r->import->note(note, r->import->data);
		}
		why = mr_reader_add_bytes(r, addr, size, true, MR_FORMAT_MEMMAP);
	} while (!why && *p == ',' && *++p);
	return why ? why : *p ? "something is left over at its end" : NULL;
}

/* Returns the value of "NAME=..." in a word, after optional quotes or VARIABLE=; else NULL. */
static char *value_in(char *word, const char *name)
{
	char *p = strstr(word, name);

	if (!p || (p != word && !strchr("\"'=", p[-1])))
		return NULL;
	return p + strlen(name);
}

static bool has_word(const char *line, const char *name)
{
	const char *p = line;

	while ((p = strstr(p, name))) {
		if (p == line || strchr(" \t\"'=", p[-1]))
			return true;
		p++;
	}
	return false;
}

/*
 * Parses a kernel command line, from /proc/cmdline or a boot loader's file: only words
 * that take memory away count.
 */
static const char *command_line(struct mr_reader *r, char *line)
{
	const char *why = NULL;
	char *save = NULL;

	for (char *w = strtok_r(line, BLANKS, &save); w && !why; w = strtok_r(NULL, BLANKS, &save)) {
		char *p = value_in(w, "memmap=");

		if (p) {
			p[strcspn(p, "\"'")] = '\0';
			why = memmap_word(r, p);
		} else if ((p = value_in(w, "badram="))) {
			p[strcspn(p, "\"'")] = '\0';
			why = badram_pairs(r, p);
		} else if (*w >= '0' && *w <= '9') {
			why = "a number beside memmap=";
		}
	}
	return why;
}

/* Parses badmemorylist 0x1234 0x5678, as bcdedit prints and accepts it. */
static const char *windows_line(struct mr_reader *r, char *line)
{
	const char *why = NULL;
	char *save = NULL, *p = strcasestr(line, "badmemorylist") + strlen("badmemorylist");

	if (!p[strspn(p, BLANKS)])
		return "badmemorylist names no page";
	for (char *w = strtok_r(p, ", \t", &save); w && !why; w = strtok_r(NULL, ", \t", &save)) {
		uint64_t pfn;

		if (mr_num_parse(w, &pfn) || pfn > UINT64_MAX >> WINDOWS_SHIFT)
			return "badmemorylist has something that is no page frame number";
		why = mr_reader_add_bytes(r, pfn << WINDOWS_SHIFT, 1ULL << WINDOWS_SHIFT, false,
					  MR_FORMAT_BCDEDIT);
	}
	return why;
}

static bool starts(char **p, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(*p, prefix, len))
		return false;
	*p += len;
	return true;
}

static bool takes(const struct mr_reader *r, enum mr_list_format f)
{
	return r->import->format == MR_FORMAT_AUTO || r->import->format == f;
}

const char *mr_format_line(struct mr_reader *r, char *p)
{
	static const char *const wanted[MR_FORMATS] = {
		[MR_FORMAT_BADRAM] = "not a badram=ADDR,MASK,...",
		[MR_FORMAT_MEMMAP] = "no memmap=SIZE$ADDR in it",
		[MR_FORMAT_BCDEDIT] = "no badmemorylist in it",
	};
	const char *why = NULL;
	char *end;

	/* Try logs first: their labels contain "#", which begins a comment elsewhere. */
	if (*p != '#' && takes(r, MR_FORMAT_LOG) && mr_log_line(r, p, &why))
		return why;
	p[strcspn(p, "#")] = '\0';
	for (end = p + strlen(p); end > p && strchr(BLANKS, end[-1]);)
		*--end = '\0';
	if (!*p)
		return NULL;
	if (r->import->format == MR_FORMAT_LOG) {
		r->other++;
		return NULL;
	}
	if (takes(r, MR_FORMAT_BADRAM)) {
		if (starts(&p, "badram=") || starts(&p, "GRUB_BADRAM=") || starts(&p, "badram "))
			return badram_pairs(r, p + strspn(p, BLANKS));
		if (r->import->format == MR_FORMAT_BADRAM && *p >= '0' && *p <= '9')
			return badram_pairs(r, p);
	}
	if ((takes(r, MR_FORMAT_MEMMAP) && has_word(p, "memmap=")) ||
	    (takes(r, MR_FORMAT_BADRAM) && has_word(p, "badram=")))
		return command_line(r, p);
	if (takes(r, MR_FORMAT_BCDEDIT) && strcasestr(p, "badmemorylist"))
		return windows_line(r, p);
	return takes(r, MR_FORMAT_PLAIN) ? plain_line(r, p) : wanted[r->import->format];
}
