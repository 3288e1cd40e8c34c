/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MR_CMDS_OWNERS_H
#define MR_CMDS_OWNERS_H

#include "cli/record.h"

/* Of a struct mr_owner. */
extern const struct mr_field mr_owner_fields[];

#endif
