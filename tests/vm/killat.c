// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * killat WHEN COMMAND...: runs a command and kills it (SIGKILL) as it enters a system
 * call, so that the moment does not depend on the load of the machine. WHEN is
 *
 *	N		its Nth; 0 never kills it
 *	FILE=TEXT	the first at which FILE reads TEXT; its children are killed first
 *	FILE!TEXT+N	its Nth from the first at which FILE does not read TEXT
 *
 * Prints the number of system calls begun. Exits with the command's status, or with 137.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what)
{
	perror(what);
	exit(125);
}

static int reads(const char *path, const char *text)
{
	char line[256] = "";
	FILE *f = fopen(path, "r");

	if (!f)
		return 0;
	if (fgets(line, sizeof(line), f))
		line[strcspn(line, "\n")] = '\0';
	fclose(f);
	return !strcmp(line, text);
}

/* Not by task/PID/children, which a kernel need not have (PROC_CHILDREN). */
static void kill_children(pid_t pid)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		char path[300];
		int child, parent;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		f = atoi(entry->d_name) ? fopen(path, "r") : NULL;
		if (f && fscanf(f, "%d (%*[^)]) %*c %d", &child, &parent) == 2 && parent == pid)
			kill(child, SIGKILL);
		if (f)
			fclose(f);
	}
	if (proc)
		closedir(proc);
}

int main(int argc, char **argv)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
	unsigned long nth = 0, calls = 0;
	char *text, *count = NULL;
	int unlike = 0;
	int status, signal = 0;
	int entering = 1;
	pid_t pid;

	if (argc < 3)
		return 125;
	text = strpbrk(argv[1], "=!");
	if (text) {
		unlike = *text == '!';
		*text++ = '\0';
		count = unlike ? strchr(text, '+') : NULL;
		if (count)
			*count++ = '\0';
	} else {
		nth = strtoul(argv[1], NULL, 0);
	}
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execvp(argv[2], argv + 2);
		fail(argv[2]);
	}
	if (waitpid(pid, &status, 0) < 0 || ptrace(PTRACE_SETOPTIONS, pid, NULL, options))
		fail("ptrace");
	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, NULL, (long)signal) && errno != ESRCH)
			fail("ptrace");
		if (waitpid(pid, &status, 0) < 0)
			fail("waitpid");
		if (!WIFSTOPPED(status))
			break;
		signal = 0;
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			calls += entering;
			if (entering && text && reads(argv[1], text) != unlike) {
				/* From here on it is a matter of counting. */
				nth = calls + (count ? strtoul(count, NULL, 0) - 1 : 0);
				text = NULL;
				if (!unlike)
					kill_children(pid);
			}
			if (entering && calls == nth)
				kill(pid, SIGKILL);
			entering = !entering;
		} else if (WSTOPSIG(status) != SIGTRAP) {
			signal = WSTOPSIG(status);
		}
	}
	printf("%lu\n", calls);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
