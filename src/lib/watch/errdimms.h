/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DIMMs that corrected errors were counted on, as the firmware and EDAC know them: counts of
 * a DIMM that was replaced since say nothing about the new one, and page frame numbers may be
 * other memory then.
 */
#ifndef MR_LIB_WATCH_ERRDIMMS_H
#define MR_LIB_WATCH_ERRDIMMS_H

#include <stdbool.h>
#include <stdio.h>

#include "backend/memlayout.h"

struct mr_errdimms {
	struct mr_memlayout dmi;	/* locator, maker, serial number; empty if unknown */
	struct mr_memlayout edac;	/* controller, label, location; empty without a driver */
};

/* Reads the DIMMs of @m. Returns 0, or -ENOMEM with nothing read. */
int mr_errdimms_read(const struct mr_machine *m, struct mr_errdimms *dimms);

/* Reads what EDAC knows if that is not known yet: a driver may be loaded late. */
void mr_errdimms_read_edac(const struct mr_machine *m, struct mr_errdimms *dimms);
void mr_errdimms_free(struct mr_errdimms *dimms);

/* Writes a line for each DIMM, "dimm SIZE TEXT" or "edac SIZE TEXT". */
void mr_errdimms_write(const struct mr_errdimms *dimms, FILE *f);

/* Adds the DIMM of such a line. False if it is another line, or there is no memory for it. */
bool mr_errdimms_parse(struct mr_errdimms *dimms, const char *line);

/*
 * True, with the difference in @why (of @size bytes), if the DIMMs are known to be others. What
 * is known only @then or @now is no difference.
 */
bool mr_errdimms_differ(const struct mr_errdimms *then, const struct mr_errdimms *now, char *why,
			size_t size);

#endif
