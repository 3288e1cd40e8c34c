// SPDX-License-Identifier: GPL-2.0-or-later
/* Parses lines of logs that report bad memory. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "lib/retired/import.h"
#include "lib/retired/reader.h"
#include "util/num.h"

/* Reads a hexadecimal number at *@p, with or without 0x, and moves *@p behind it. */
static bool hex(const char **p, uint64_t *v)
{
	char *end;

	if (!strncmp(*p, "0x", 2))
		*p += 2;
	if (!strspn(*p, "0123456789abcdefABCDEF"))
		return false;
	errno = 0;
	*v = strtoull(*p, &end, 16);
	*p = end;
	return !errno;
}

/* Reads the hexadecimal number after @name in @line. */
static bool field(const char *line, const char *name, uint64_t *v)
{
	const char *p = strstr(line, name);

	if (!p)
		return false;
	p += strlen(name);
	return hex(&p, v);
}

/* Reads the DIMM of "... error on LABEL (channel:...", if EDAC knows it. */
static int read_label(struct mr_reader *r, const char *line)
{
	const char *from = strstr(line, " on "), *to = from ? strstr(from, " (") : NULL;
	char label[128];

	if (!to)
		return 0;
	from += strlen(" on ");
	snprintf(label, sizeof(label), "%.*s", (int)(to - from), from);
	return mr_retlist_intern(r->in, mr_label_known(label) ? label : NULL, &r->label);
}

/*
 * edac_mc_handle_error() of the kernel: page:0x1a2b3 offset:0x40 grain:32, in the logging
 * machine's pages.
 */
static const char *edac_line(struct mr_reader *r, const char *line)
{
	const char *p = strstr(line, " grain:");
	uint64_t page, offset, grain = 1;

	if (!field(line, "page:0x", &page) || !field(line, " offset:0x", &offset))
		return "EDAC's line is cut short";
	if (p && mr_num_scan(p + strlen(" grain:"), &p, &grain))
		return "EDAC's line is cut short";
	/* No address, or one that may be in any of several pages. */
	if ((!page && !offset) || grain > 1ULL << r->in->page_shift) {
		r->nowhere++;
		return NULL;
	}
	if (read_label(r, line))
		return "no memory for it";
	return mr_reader_add_pages(r, page, 1, MR_FORMAT_LOG);
}

/* Texts before a PFN, or an address, in hexadecimal. */
static const struct {
	const char *text;
	bool address;
} marks[] = {
	/* mm/memory-failure.c, drivers/ras/cec.c, mm/madvise.c */
	{ "Memory failure: 0x", false },
	{ "soft offline: 0x", false },
	{ "Soft-offlining pfn: 0x", false },
	{ "Soft offlining pfn 0x", false },
	{ "Injecting memory failure for pfn 0x", false },
	/* mcelog: page.c */
	{ "Offlining page ", true },
	{ "Corrected memory errors on page ", true },
};

static const char *marked_line(struct mr_reader *r, const char *p, bool address)
{
	uint64_t v;

	if (!hex(&p, &v))
		return "the number of the page is missing";
	return address ? mr_reader_add_bytes(r, v, 1, false, MR_FORMAT_LOG) :
			 mr_reader_add_pages(r, v, 1, MR_FORMAT_LOG);
}

/*
 * Finds the address in a line of PassMark's MemTest86: "..., Address: 252A019F8,
 * Expected: ...", hexadecimal without 0x.
 */
static const char *passmark_address(const char *line)
{
	static const char name[] = "Address: ";
	const char *p = strstr(line, name);

	if (!p || (p != line && !strstr(line, "Test:") && !strstr(line, "MEM ERROR")))
		return NULL;
	return p + strlen(name);
}

bool mr_log_line(struct mr_reader *r, const char *line, const char **why)
{
	const char *p;

	*why = NULL;
	if (strstr(line, "EDAC ") && strstr(line, "page:0x")) {
		*why = edac_line(r, line);
		return true;
	}
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		p = strcasestr(line, marks[i].text);
		if (!p)
			continue;
		*why = marked_line(r, p + strlen(marks[i].text) -
				   (marks[i].address ? 0 : strlen("0x")), marks[i].address);
		return true;
	}
	p = passmark_address(line);
	if (p)
		*why = marked_line(r, p, true);
	return p;
}
