/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is imported from, and how it is read. */
#ifndef MR_LIB_RETIRED_SOURCE_H
#define MR_LIB_RETIRED_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "util/err.h"

enum mr_list_format {
	MR_FORMAT_AUTO,
	MR_FORMAT_PLAIN,
	MR_FORMAT_BADRAM,
	MR_FORMAT_MEMMAP,
	MR_FORMAT_LOG,
	MR_FORMAT_BCDEDIT,
	MR_FORMAT_JSON,
	MR_FORMAT_RASDAEMON,
	MR_FORMATS
};

struct mr_import {
	enum mr_list_format format;
	bool phys;		/* plain numbers are byte addresses, not page frame numbers */
	uint64_t min_errors;	/* rasdaemon: pages with fewer are left out */
	int64_t since;		/* rasdaemon: errors before this are not counted; seconds */
	const char *cause;	/* NULL: the format's own */
	/*
	 * The first byte behind the memory of this machine: no page is beyond. 0: not known,
	 * or not to be asked.
	 */
	uint64_t memory_end;
	/* Called with a remark on what was read: what was left out, or may be meant otherwise. */
	void (*note)(const char *text, void *data);
	/* Called for each malformed line, with its number in err->object. */
	void (*bad)(const struct mr_err *err, void *data);
	void *data;
};

#endif
