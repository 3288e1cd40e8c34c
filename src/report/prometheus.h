/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The status for node_exporter's textfile collector. */
#ifndef MR_REPORT_PROMETHEUS_H
#define MR_REPORT_PROMETHEUS_H

#include "lib/health/retirers.h"
#include "lib/health/status.h"

/* Prints to stdout, in the text exposition format 0.0.4; unknown values have no sample. */
void mr_prometheus_print(const struct mr_status *st, const struct mr_retirer retirers[MR_RETIRERS]);

#endif
