// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#define SD_JOURNAL_SUPPRESS_LOCATION
#include "backend/service.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "util/dl.h"

#define LIBSYSTEMD "libsystemd.so.0"
#define FUNCTIONS(X) X(sd_journal_sendv) X(sd_notify) X(sd_watchdog_enabled)

FUNCTIONS(MR_DL_POINTER)
MR_DL_NOTE("systemd", "watching as a service", "recommended", LIBSYSTEMD);

/* True if @fd is the stream to the journal: its device and inode, as in systemd.exec(5). */
static bool is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uint64_t device, inode;
	struct stat st;

	return stream && sscanf(stream, "%" SCNu64 ":%" SCNu64, &device, &inode) == 2 &&
	       !fstat(fd, &st) && st.st_dev == device && st.st_ino == inode;
}

int mr_service_open(struct mr_service *s, struct mr_err *err)
{
	static const struct mr_dl_symbol symbols[] = { FUNCTIONS(MR_DL_SYMBOL) { 0 } };
	const bool notified = getenv("NOTIFY_SOCKET"), journal = is_journal(STDOUT_FILENO);
	int rc;

	*s = (struct mr_service){ 0 };
	if (!notified && !journal)
		return 0;
	rc = mr_dl_open(LIBSYSTEMD, symbols, err);
	if (rc)
		return rc;
	s->notified = notified;
	s->journal = journal;
	if (sym_sd_watchdog_enabled(0, &s->watchdog_us) <= 0)
		s->watchdog_us = 0;
	return 0;
}

void mr_service_notify(const struct mr_service *s, const char *state)
{
	if (s->notified)
		sym_sd_notify(0, state);
}

int mr_service_journal(const struct mr_service *s, const struct iovec *fields, int nr)
{
	return s->journal ? sym_sd_journal_sendv(fields, nr) : -ENOTCONN;
}
