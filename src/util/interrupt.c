// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "util/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t caught;

static void mark(int sig)
{
	if (!caught)
		caught = sig;
}

void mr_interrupt_catch(void)
{
	struct sigaction sa = { .sa_handler = mark };	/* no SA_RESTART */

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

int mr_interrupted(void)
{
	return caught;
}
