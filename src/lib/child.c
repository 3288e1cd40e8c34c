// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/child.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t mr_child_fork(const struct mr_machine *m)
{
	sigset_t all, before;
	pid_t child;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	child = fork();
	if (child) {
		int rc = child < 0 ? -errno : 0;

		sigprocmask(SIG_SETMASK, &before, NULL);
		return rc ? rc : child;
	}
	if (m->device >= 0)
		close(m->device);
	return 0;
}

int mr_child_wait(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : MR_CHILD_KILLED;
}
