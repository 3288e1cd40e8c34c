/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a service says to systemd and its journal: sd_notify(3), sd_journal_sendv(3). */
#ifndef MR_BACKEND_SERVICE_H
#define MR_BACKEND_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "util/err.h"

struct mr_service {
	bool notified;		/* the service manager waits for news (Type=notify) */
	bool journal;		/* stdout is the journal's */
	uint64_t watchdog_us;	/* it wants a sign of life so often; 0: none */
};

/*
 * Finds out by the environment whether this is a service, and opens libsystemd only then.
 * 0, or -ELIBACC with @err set: @service is as of no service then.
 */
int mr_service_open(struct mr_service *service, struct mr_err *err);

/* Says @state ("READY=1") to the service manager, if there is one. */
void mr_service_notify(const struct mr_service *service, const char *state);

/* Writes one record with the fields "NAME=value"; only where service->journal. 0 or -errno. */
int mr_service_journal(const struct mr_service *service, const struct iovec *fields, int nr);

#endif
