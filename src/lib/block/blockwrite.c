// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/block/blockwrite.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/child.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/interrupt.h"

/*
 * Intervals of checks on the child. The end of the child and a signal end the longer one,
 * unless the signal comes between the check for it and the wait.
 */
#define LOOK_MS		100
#define NO_PIDFD_LOOK_MS 2

static int look_ms(const struct pollfd *child, bool ended, uint64_t deadline_us)
{
	const uint64_t now = mr_clock_us();

	if (child->fd < 0)
		return NO_PIDFD_LOOK_MS;
	if (ended || now + LOOK_MS * 1000 <= deadline_us)
		return LOOK_MS;
	return now < deadline_us ? (int)((deadline_us - now) / 1000) + 1 : 0;
}

int mr_block_write(const struct mr_machine *m, const struct mr_block *b, const char *word,
		   const struct mr_block_policy *policy, uint64_t deadline_us, uint64_t done)
{
	const struct mr_progress progress = { .block = b->id, .done = done, .by_kernel = true,
					      .total = b->size >> m->page_shift };
	mr_autoclose int end = -1;
	const pid_t parent = getpid();
	struct pollfd ended_fd;
	int status = 0, ended = 0;
	pid_t child;

	child = mr_child_fork(m);
	if (child < 0)
		return child;
	if (!child) {
		/* If the parent is killed, its request must not go on. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(EINTR);
		_exit(-mr_block_write_state(m, b->id, word) & 0xff);
	}
	end = (int)syscall(SYS_pidfd_open, child, 0);
	ended_fd = (struct pollfd){ .fd = end, .events = POLLIN };
	while (waitpid(child, &status, WNOHANG) == 0) {
		if (!ended && mr_interrupted())
			ended = -EINTR;
		else if (!ended && mr_clock_us() >= deadline_us)
			ended = -ETIMEDOUT;
		if (ended)
			kill(child, SIGKILL);
		if (policy->progress)
			policy->progress(&progress, policy->progress_data);
		/* Without a pidfd this only sleeps. */
		poll(&ended_fd, 1, look_ms(&ended_fd, ended, deadline_us));
	}
	if (WIFEXITED(status))
		return -WEXITSTATUS(status);
	return ended ? ended : -EINTR;
}

enum mr_block_state mr_block_state_now(const struct mr_machine *m, uint64_t id)
{
	enum mr_block_state state = MR_BLOCK_UNKNOWN;

	mr_block_read_state(m, id, &state);
	return state;
}

void mr_block_name(char name[MR_BLOCK_NAME], uint64_t id)
{
	snprintf(name, MR_BLOCK_NAME, "memory%" PRIu64, id);
}
