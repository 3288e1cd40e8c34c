/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MR_CMDS_HUGEPAGE_H
#define MR_CMDS_HUGEPAGE_H

#include "cli/record.h"

/* Of a struct mr_hugepool. */
extern const struct mr_field mr_pool_fields[];

#endif
