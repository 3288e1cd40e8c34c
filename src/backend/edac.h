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
 * A DIMM (or rank, or chip-select row on older kernels), or the errors of a controller
 * that it could not assign to a DIMM.
 */
struct mr_edac {
	char controller[16];		/* "mc0" */
	char dimm[16];			/* "dimm3", "rank3", "csrow3"; "": of the controller */
	char label[MR_EDAC_TEXT];	/* as on the board; "" if unknown */
	char location[MR_EDAC_TEXT];	/* "channel 0 slot 1" */
	uint64_t size;			/* bytes; UINT64_MAX if unknown */
	uint64_t ce, ue;		/* corrected, uncorrected errors since driver load */
};

/*
 * Lists all of them, sorted by controller and DIMM, in *@list (free() it). After the
 * DIMMs of a controller comes one entry for its errors without a DIMM (ce_noinfo_count,
 * ue_noinfo_count). The list is empty without EDAC. Returns 0 or -ENOMEM.
 */
int mr_edac_list(const struct mr_machine *m, struct mr_edac **list, size_t *nr);

/* Returns the label of the machine's only DIMM; "" if there are several or none. */
void mr_edac_only_label(const struct mr_machine *m, char label[MR_EDAC_TEXT]);

#endif
