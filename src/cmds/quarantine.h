/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tells of quarantines. */
#ifndef MR_CMDS_QUARANTINE_H
#define MR_CMDS_QUARANTINE_H

#include "cli/record.h"

/* Of a struct mr_quarantine. */
extern const struct mr_field mr_quarantine_fields[];

#endif
