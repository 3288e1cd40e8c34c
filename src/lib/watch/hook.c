// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/watch/hook.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/clock.h"

#define POLL_US 20000

int mr_hook_open(struct mr_hook *h, const char *program, uint64_t timeout_us, struct mr_err *err)
{
	*h = (struct mr_hook){ .program = program, .timeout_us = timeout_us };
	if (!program)
		return 0;
	if (program[0] != '/')
		return mr_err_usage(err, -EINVAL, program, "--exec wants an absolute path");
	if (access(program, X_OK))
		return mr_err_usage(err, -errno, program, "--exec cannot run it");
	return 0;
}

static void free_run(struct mr_hook_run *run)
{
	for (size_t i = 0; i < MR_HOOK_VARIABLES && run->env[i]; i++)
		free(run->env[i]);
	*run = (struct mr_hook_run){ 0 };
}

void mr_hook_add(struct mr_hook *h, struct mr_hook_run *run)
{
	if (h->program && h->nr < MR_HOOK_WAITING) {
		h->queue[(h->first + h->nr++) % MR_HOOK_WAITING] = *run;
		return;
	}
	h->dropped += h->program != NULL;
	free_run(run);
}

/* Runs the program in its own process group, so that it can be killed with its children. */
static void run_child(const struct mr_hook *h, char **env)
{
	char *const argv[] = { (char *)h->program, NULL };
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Its output is not part of ours: send it to stderr. */
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		_exit(127);
	execve(h->program, argv, env);
	_exit(127);
}

static void begin(struct mr_hook *h)
{
	struct mr_hook_run *run = &h->queue[h->first];
	pid_t child = fork();

	if (!child)
		run_child(h, run->env);
	free_run(run);
	h->first = (h->first + 1) % MR_HOOK_WAITING;
	h->nr--;
	if (child < 0) {
		h->failed++;
		return;
	}
	setpgid(child, child);
	h->child = child;
	h->killed = false;
	h->until_us = mr_clock_us() + h->timeout_us;
}

/* True if the program has ended. Kills it if its time is up. */
static bool is_over(struct mr_hook *h)
{
	int status;
	pid_t pid = waitpid(h->child, &status, WNOHANG);

	if (pid == h->child || (pid < 0 && errno != EINTR)) {
		h->failed += pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status);
		h->child = 0;
		return true;
	}
	if (!h->killed && mr_clock_us() >= h->until_us) {
		kill(-h->child, SIGKILL);
		h->killed = true;
	}
	return false;
}

bool mr_hook_step(struct mr_hook *h)
{
	if (h->child && !is_over(h))
		return true;
	if (h->nr)
		begin(h);
	return h->child || h->nr;
}

void mr_hook_close(struct mr_hook *h)
{
	while (h->child && !is_over(h))
		mr_clock_sleep_us(POLL_US);
	for (; h->nr; h->nr--, h->first = (h->first + 1) % MR_HOOK_WAITING)
		free_run(&h->queue[h->first]);
}
