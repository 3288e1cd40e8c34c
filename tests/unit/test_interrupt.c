// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/interrupt.h"

#include <signal.h>

#include "check.h"

int main(void)
{
	/* As nohup(1) and a shell's background job leave them. */
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	mr_interrupt_catch();
	raise(SIGHUP);
	raise(SIGINT);
	CHECK_INT(mr_interrupted(), 0);

	signal(SIGINT, SIG_DFL);
	mr_interrupt_catch();
	raise(SIGHUP);
	CHECK_INT(mr_interrupted(), 0);
	raise(SIGTERM);
	CHECK_INT(mr_interrupted(), SIGTERM);
	/* The first signal is reported. */
	raise(SIGINT);
	CHECK_INT(mr_interrupted(), SIGTERM);
	return CHECK_RESULT;
}
