// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/block/blockwrite.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/child.h"
#include "util/clock.h"
#include "util/interrupt.h"

/* Interval of checks on the writer. Its answer, its end and most signals come sooner. */
#define LOOK_MS 100

struct request {
	uint64_t block;
	char word[24];		/* what to write to its state */
};

/* The child: writes what the parent asks for, and answers with the error. */
static void serve(const struct mr_machine *m, int fd)
{
	struct request ask;

	while (recv(fd, &ask, sizeof(ask), 0) == (ssize_t)sizeof(ask)) {
		int rc = mr_block_write_state(m, ask.block, ask.word);

		if (send(fd, &rc, sizeof(rc), MSG_NOSIGNAL) < 0)
			return;
	}
}

static int start(const struct mr_machine *m, struct mr_block_writer *w)
{
	const pid_t parent = getpid();
	int ends[2];

	if (w->pid)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	w->pid = mr_child_fork(m);
	if (!w->pid) {
		/* If the parent is killed, its request must not go on. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ends[0]);
		if (getppid() == parent)
			serve(m, ends[1]);
		_exit(0);
	}
	close(ends[1]);
	if (w->pid < 0) {
		int rc = (int)w->pid;

		close(ends[0]);
		w->pid = 0;
		return rc;
	}
	w->fd = ends[0];
	return 0;
}

void mr_block_writer_end(struct mr_block_writer *writer)
{
	if (!writer->pid)
		return;
	kill(writer->pid, SIGKILL);
	mr_child_wait(writer->pid);
	close(writer->fd);
	*writer = (struct mr_block_writer){ 0 };
}

int mr_block_write(const struct mr_machine *m, const struct mr_block *b, const char *word,
		   const struct mr_block_policy *policy, uint64_t deadline_us, uint64_t done)
{
	const struct mr_progress progress = { .block = b->id, .done = done, .by_kernel = true,
					      .total = b->size >> m->page_shift };
	struct mr_block_writer *w = policy->writer;
	struct request ask = { .block = b->id };
	struct pollfd answer;
	int ended = 0, rc;
	bool answered;

	rc = start(m, w);
	if (rc)
		return rc;
	snprintf(ask.word, sizeof(ask.word), "%s", word);
	send(w->fd, &ask, sizeof(ask), MSG_NOSIGNAL);
	answer = (struct pollfd){ .fd = w->fd, .events = POLLIN };
	do {
		const uint64_t now = mr_clock_us();
		const uint64_t left_ms = now < deadline_us ? (deadline_us - now) / 1000 + 1 : 0;

		if (!ended && mr_interrupted())
			ended = -EINTR;
		else if (!ended && !left_ms)
			ended = -ETIMEDOUT;
		if (ended)
			kill(w->pid, SIGKILL);
		if (policy->progress)
			policy->progress(&progress, policy->progress_data);
		/* A writer that was killed ends when the kernel's pass does. */
		rc = poll(&answer, 1, ended || left_ms > LOOK_MS ? LOOK_MS : (int)left_ms);
	} while (rc <= 0);
	answered = recv(w->fd, &rc, sizeof(rc), 0) == (ssize_t)sizeof(rc);
	if (ended || !answered)
		mr_block_writer_end(w);
	return answered ? rc : ended ? ended : -EINTR;
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
