/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Error counts of memory controllers and DIMMs, as EDAC drivers report them
 * (Documentation/ABI/testing/sysfs-devices-edac).
 */
#ifndef MR_BACKEND_EDAC_H
#define MR_BACKEND_EDAC_H

#include <stddef.h>
#include <stdint.h>

#include "backend/machine.h"

#define MR_EDAC_TEXT 64

/*
 * A DIMM (or rank, or chip-select row where nothing finer is known), or the errors of a
 * controller that no DIMM is known for.
 */
struct mr_edac {
	char controller[16];		/* "mc0" */
	char dimm[16];			/* "dimm3", "rank3", "csrow3"; "": the controller's own counts */
	char label[MR_EDAC_TEXT];	/* as on the board; "": not told */
	char location[MR_EDAC_TEXT];	/* "channel 0 slot 1" */
	uint64_t size;			/* bytes; UINT64_MAX: not told */
	uint64_t ce, ue;		/* corrected, uncorrected errors since the driver was loaded */
};

/*
 * All of them, in the controllers' and DIMMs' order, in *@list (free() it).
 * After the DIMMs of a controller comes one entry for the errors that it could
 * assign to none, as ce_noinfo_count and ue_noinfo_count. None without EDAC:
 * 0, or -ENOMEM.
 */
int mr_edac_list(const struct mr_machine *m, struct mr_edac **list, size_t *nr);

/* The label of the machine's only DIMM, or "" where there are more or none. */
void mr_edac_only_label(const struct mr_machine *m, char label[MR_EDAC_TEXT]);

#endif
