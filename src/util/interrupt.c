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
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = mark };	/* no SA_RESTART */
	struct sigaction before;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (sigaction(signals[i], NULL, &before) || before.sa_handler != SIG_IGN)
			sigaction(signals[i], &sa, NULL);
}

int mr_interrupted(void)
{
	return caught;
}
