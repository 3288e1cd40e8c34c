/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notifications to systemd and records for its journal: sd_notify(3), sd_journal_sendv(3). */
#ifndef MR_BACKEND_SERVICE_H
#define MR_BACKEND_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "util/err.h"

struct mr_service {
	bool notified;		/* the service manager expects notifications (Type=notify) */
	bool journal;		/* stdout goes to the journal */
	uint64_t watchdog_us;	/* interval of the watchdog; 0: none */
};

/*
 * Detects from the environment whether this is a service, and only then opens libsystemd.
 * Returns 0, or -ELIBACC with @err set, and @service as for no service.
 */
int mr_service_open(struct mr_service *service, struct mr_err *err);

/* Sends @state ("READY=1") to the service manager, if there is one. */
void mr_service_notify(const struct mr_service *service, const char *state);

/* Writes one record of fields "NAME=value"; -ENOTCONN if not service->journal. 0 or -errno. */
int mr_service_journal(const struct mr_service *service, const struct iovec *fields, int nr);

#endif
