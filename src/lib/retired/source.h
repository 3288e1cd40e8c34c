/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The source of an import, and how to read it. */
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
	bool phys;		/* plain numbers are byte addresses, not PFNs */
	uint64_t min_errors;	/* rasdaemon: ignore pages with fewer */
	int64_t since;		/* rasdaemon: ignore errors before this; seconds since 1970 */
	const char *cause;	/* NULL: that of the format */
	/* The end of this machine's memory, exclusive. 0 if unknown, or not to be checked. */
	uint64_t memory_end;
	/* Called with a note: on what was ignored, or may be misunderstood. */
	void (*note)(const char *text, void *data);
	/* Called for each malformed line, with its number in err->object. */
	void (*bad)(const struct mr_err *err, void *data);
	void *data;
};

#endif
