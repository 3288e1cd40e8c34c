// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/kmsg.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/num.h"

#define FACILITY(prefix) ((prefix) >> 3)	/* 0: the kernel; not for programs */

int mr_kmsg_open(const struct mr_machine *m)
{
	return mr_root_openf(&m->root, O_RDONLY | O_NONBLOCK, "dev/kmsg");
}

/* "PREFIX,SEQUENCE,MICROSECONDS,FLAGS[,...];TEXT" and further lines " KEY=VALUE". */
static int parse(const char *buf, struct mr_kmsg_record *r)
{
	uint64_t prefix, sequence, us;
	const char *p, *text = strchr(buf, ';');

	if (!text || mr_num_scan(buf, &p, &prefix) || *p++ != ',' ||
	    mr_num_scan(p, &p, &sequence) || *p++ != ',' || mr_num_scan(p, &p, &us))
		return 0;
	if (FACILITY(prefix))
		return 0;
	text++;
	snprintf(r->text, sizeof(r->text), "%.*s", (int)strcspn(text, "\n"), text);
	r->time = (int64_t)time(NULL) - (int64_t)(mr_clock_us() - us) / 1000000;
	return 1;
}

int mr_kmsg_read(int fd, struct mr_kmsg_record *record)
{
	char buf[8192];		/* the size that dev-kmsg requires of a reader */
	ssize_t n;

	do {
		n = read(fd, buf, sizeof(buf) - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		if (!n)
			return 0;
		buf[n] = '\0';
	} while (n < 0 || !parse(buf, record));
	return 1;
}
