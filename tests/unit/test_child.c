// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/child.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "check.h"

static int wait_for(const struct mr_machine *m, int status, int sig)
{
	pid_t child = mr_child_fork(m);

	CHECK(child >= 0);
	if (!child) {
		if (sig)
			raise(sig);
		_exit(fcntl(m->device, F_GETFD) < 0 ? status : 99);
	}
	return mr_child_wait(child);
}

int main(void)
{
	const struct mr_machine m = { .device = open("/dev/null", O_RDONLY) };
	sigset_t before, after;

	sigprocmask(SIG_BLOCK, NULL, &before);
	CHECK_INT(wait_for(&m, 0, 0), 0);
	CHECK_INT(wait_for(&m, 13, 0), 13);
	/* A signal that ends the parent does not reach the child. */
	CHECK_INT(wait_for(&m, 7, SIGTERM), 7);
	CHECK_INT(wait_for(&m, 0, SIGKILL), MR_CHILD_KILLED);
	CHECK(fcntl(m.device, F_GETFD) >= 0);
	sigprocmask(SIG_BLOCK, NULL, &after);
	CHECK(!sigismember(&after, SIGINT) && !sigismember(&before, SIGINT));

	/* The child's status is lost: that must not count as success. */
	signal(SIGCHLD, SIG_IGN);
	CHECK_INT(wait_for(&m, 0, 0), -ECHILD);
	return CHECK_RESULT;
}
