// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes calls to /dev/memras from many threads, and keeps those that run new code of the
 * module (by KCOV, if the kernel has it and memras.ko is built with it). This program does
 * not judge the module: the kernel's own checks and the caller do.
 *
 * ioctlfuzz record FILE COMMAND...	adds the calls that COMMAND makes to FILE
 * ioctlfuzz run CALLS SECONDS FIRST-PFN PAGES MODULE [FILE]
 *	makes CALLS calls on the window of memory, starting with those in FILE, for at most
 *	SECONDS (0: no limit). MODULE is the file of memras.ko, which is unloaded and loaded
 *	again meanwhile.
 *
 * A process of the user nobody runs beside the threads, with descriptors that root opened;
 * none of its calls may succeed. Prints counts, and exits with 1 if one did.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include "fuzzcalls.h"

#define THREADS		6
#define CORPUS		4096
#define COVER		(64 << 10)	/* words of the trace of a thread */
#define EDGES		(1 << 16)	/* bits of the set of seen edges, by hash */
#define NOBODY		65534

#define KCOV_INIT_TRACE	_IOR('c', 1, unsigned long)
#define KCOV_ENABLE	_IO('c', 100)
#define KCOV_TRACE_PC	0

static struct program corpus[CORPUS];
static int nr_corpus;
static pthread_mutex_t corpus_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_uint seen[EDGES / 32];
static atomic_int edges;
static atomic_long calls_left;
static atomic_ulong calls_made, calls_done, unloads, kept_loaded;
static atomic_bool over;
static const char *module_path;
static atomic_ulong module_base;	/* changes when the module is loaded again */

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* ---- recording of calls, by ptrace(2) */

/* ARGS of ioctl(2) */
static void record_call(FILE *out, pid_t pid, const uint64_t *args)
{
	uint32_t cmd = (uint32_t)args[1];
	struct call c = { .cmd = cmd, .nr = _IOC_NR(cmd), .aim = 0x15 };
	struct iovec to = { c.words, sizeof(c.words) };
	struct iovec from = { (void *)(uintptr_t)args[2], _IOC_SIZE(cmd) };

	if (_IOC_TYPE(cmd) != MEMRAS_IOC)
		return;
	if (from.iov_len > to.iov_len)
		from.iov_len = to.iov_len;
	if (process_vm_readv(pid, &to, 1, &from, 1, 0) > 0)
		fwrite(&c, sizeof(c), 1, out);
}

static int record(const char *path, char **argv)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
	FILE *out = fopen(path, "a");
	pid_t first = fork(), pid;
	int status, result = 2;

	if (!out || first < 0)
		die(path);
	if (!first) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		execvp(argv[0], argv);
		die(argv[0]);
	}
	if (waitpid(first, &status, 0) < 0 || ptrace(PTRACE_SETOPTIONS, first, NULL, options) ||
	    ptrace(PTRACE_SYSCALL, first, NULL, NULL))
		die("ptrace");
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		struct __ptrace_syscall_info info;
		int sig = 0;

		if (!WIFSTOPPED(status)) {
			if (pid == first)
				result = WIFEXITED(status) ? WEXITSTATUS(status) : 2;
			continue;
		}
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) > 0 &&
			    info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == SYS_ioctl)
				record_call(out, pid, (const uint64_t *)info.entry.args);
		} else if (WSTOPSIG(status) != SIGTRAP && WSTOPSIG(status) != SIGSTOP) {
			sig = WSTOPSIG(status);
		}
		ptrace(PTRACE_SYSCALL, pid, NULL, (long)sig);
	}
	fclose(out);
	return result;
}

/* Makes a program of each recorded call and those after it */
static void read_corpus(const char *path)
{
	static struct call all[CORPUS];
	FILE *in = fopen(path, "r");
	size_t nr, i;

	if (!in)
		die(path);
	nr = fread(all, sizeof(all[0]), CORPUS, in);
	fclose(in);
	for (i = 0; i < nr && nr_corpus < CORPUS / 2; i++) {
		struct program *p = &corpus[nr_corpus++];

		p->nr = nr - i < PROGRAM - 1 ? (int)(nr - i) : PROGRAM - 1;
		p->calls[0] = (struct call){ .what = DO_OPEN, .aim = 1 };
		memcpy(p->calls + 1, all + i, (p->nr++) * sizeof(all[0]));
	}
	printf("%d programs from %zu recorded calls\n", nr_corpus, nr);
}

/* ---- coverage */

static void find_module(void)
{
	FILE *f = fopen("/proc/modules", "r");
	unsigned long base;
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "memras ", 7) && sscanf(strstr(line, " 0x"), "%lx", &base) == 1)
			module_base = base;
	if (f)
		fclose(f);
}

/* Starts coverage of this thread; NULL if the kernel has none */
static unsigned long *cover_begin(void)
{
	int fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	unsigned long *area;

	if (fd < 0)
		return NULL;
	if (ioctl(fd, KCOV_INIT_TRACE, COVER))
		die("KCOV_INIT_TRACE");
	area = mmap(NULL, COVER * sizeof(*area), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (area == MAP_FAILED || ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC))
		die("KCOV_ENABLE");
	return area;
}

/* Returns the number of new edges. An edge is a pair of successive places in the code */
static int cover_new(unsigned long *area)
{
	unsigned long n = __atomic_load_n(area, __ATOMIC_RELAXED), base = module_base, last = 0, i;
	int found = 0;

	for (i = 1; i <= n && i < COVER; i++) {
		unsigned long at = area[i] - base;
		unsigned long hash = (at ^ last * 31) * 0x9e3779b97f4a7c15 >> 48;
		unsigned int bit = 1U << hash % 32;

		last = at;
		if (!(atomic_fetch_or(&seen[hash / 32], bit) & bit))
			found++;
	}
	edges += found;
	return found;
}

/* ---- the threads */

static void next_program(struct thread *t, struct program *p)
{
	int i;

	pthread_mutex_lock(&corpus_lock);
	if (nr_corpus && !one_in(t, 5))
		*p = corpus[roll(t) % nr_corpus];
	else
		p->nr = 0;
	pthread_mutex_unlock(&corpus_lock);
	if (!p->nr)
		for (p->nr = 1 + roll(t) % PROGRAM, i = 0; i < p->nr; i++)
			make_call(t, &p->calls[i]);
	else if (!one_in(t, 10))
		for (i = roll(t) % 4; i >= 0; i--)
			change_call(t, &p->calls[roll(t) % p->nr]);
	if (p->nr < PROGRAM && one_in(t, 4))
		make_call(t, &p->calls[p->nr++]);
}

static void keep_program(struct thread *t, const struct program *p)
{
	pthread_mutex_lock(&corpus_lock);
	corpus[nr_corpus < CORPUS ? nr_corpus++ : (int)(roll(t) % CORPUS)] = *p;
	pthread_mutex_unlock(&corpus_lock);
}

static void thread_init(struct thread *t, uint64_t seed)
{
	*t = (struct thread){ .random = seed * 0x9e3779b97f4a7c15 | 1 };
	t->room = mmap(NULL, ROOM + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (t->room == MAP_FAILED || mprotect(t->room + ROOM, 4096, PROT_NONE) ||
	    pipe2(t->pipe, O_NONBLOCK | O_CLOEXEC))
		die("thread");
}

static void *fuzz(void *seed)
{
	unsigned long *area = cover_begin();
	struct program p;
	struct thread t;

	thread_init(&t, (uintptr_t)seed);
	while (atomic_load(&calls_left) > 0) {
		unsigned long before = t.calls, done = t.done;
		int i;

		next_program(&t, &p);
		if (area)
			__atomic_store_n(area, 0, __ATOMIC_RELAXED);
		for (i = 0; i < p.nr; i++)
			do_call(&t, &p.calls[i]);
		if (area && cover_new(area))
			keep_program(&t, &p);
		calls_left -= (long)(t.calls - before);
		calls_made += t.calls - before;
		calls_done += t.done - done;
	}
	return NULL;
}

/* Closes all descriptors and releases all claims under the threads, and reloads the module */
static void *unload(void *unused)
{
	while (!over) {
		struct memras_release all = { .nr_pages = UINT64_MAX, .flags = MEMRAS_RELEASE_KEPT };
		int fd = open("/dev/memras", O_RDWR | O_CLOEXEC);

		usleep(200000);
		if (fd >= 0) {
			ioctl(fd, MEMRAS_IOC_RELEASE, &all);
			close(fd);
		}
		for (fd = SLOT_FIRST; fd < SLOT_FIRST + SLOTS; fd++)
			close(fd);
		if (syscall(SYS_delete_module, "memras", O_NONBLOCK)) {
			kept_loaded++;
			continue;
		}
		unloads++;
		fd = open(module_path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
			die(module_path);
		close(fd);
		find_module();
	}
	return unused;
}

/* ---- the process of nobody */

/* Runs in its own process, with descriptors that root opened, until it is killed. */
static void nobody(void)
{
	struct thread t;
	int i;

	for (i = 0; i < SLOTS; i++) {
		int fd = open("/dev/memras", O_RDWR);

		if (fd < 0 || dup2(fd, SLOT_FIRST + i) < 0)
			_exit(0);		/* the module was just unloaded */
		close(fd);
	}
	if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
		die("nobody");
	thread_init(&t, 4711);
	for (;;) {
		struct call c;

		make_call(&t, &c);
		c.aim |= 0x10;
		/* It may close its own descriptors, but would have none left. */
		if (c.what == DO_CLOSE || c.what == DO_DUP)
			continue;
		if (do_call(&t, &c) >= 0) {
			printf("nobody was served: %d, call %#x\n", c.what, c.cmd);
			fflush(stdout);
			_exit(1);
		}
		if (t.calls % 1000 == 0)
			sched_yield();
	}
}

/* Runs it only for a while, as it keeps the module loaded. True if it failed. */
static bool nobody_for(unsigned int ms)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		die("fork");
	if (!pid)
		nobody();
	usleep(ms * 1000);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status);
}

/* ---- */

static void leave_nothing(void)
{
	struct memras_release all = { .nr_pages = UINT64_MAX, .flags = MEMRAS_RELEASE_KEPT };
	static struct memras_run runs[4096];
	int fd;

	for (fd = SLOT_FIRST; fd < SLOT_FIRST + SLOTS; fd++)
		close(fd);
	fd = open("/dev/memras", O_RDWR);
	if (fd < 0)
		die("/dev/memras");
	ioctl(fd, MEMRAS_IOC_RELEASE, &all);
	munmap(arena, ARENA * 4096);
	for (int i = 0; i < 4096; i++) {
		struct memras_scan scan = { .nr_pages = 1 << 23, .runs = (uintptr_t)runs,
					    .nr_runs = 4096, .flags = MEMRAS_SCAN_POISONED };

		if (ioctl(fd, MEMRAS_IOC_SCAN, &scan) || !scan.nr_runs)
			break;
		for (uint64_t k = 0; k < scan.nr_runs; k++)
			for (uint64_t pfn = runs[k].pfn; pfn < runs[k].pfn + runs[k].nr; pfn++) {
				struct memras_poison poison = { .pfn = pfn };

				ioctl(fd, MEMRAS_IOC_UNPOISON, &poison);
			}
	}
	close(fd);
}

static int run(char **argv)
{
	pthread_t threads[THREADS], unloader;
	bool failed = false;
	time_t end = 0;
	uintptr_t i;

	calls_left = atol(argv[0]);
	if (atoi(argv[1]))
		end = time(NULL) + atoi(argv[1]);
	window_pfn = strtoull(argv[2], NULL, 0);
	window_nr = strtoull(argv[3], NULL, 0);
	module_path = argv[4];
	if (argv[5])
		read_corpus(argv[5]);
	arena = mmap(NULL, ARENA * 4096, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (!window_nr || arena == MAP_FAILED)
		die("arena");
	pfn_of(arena);
	find_module();
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, fuzz, (void *)(i + 1)))
			die("thread");
	if (pthread_create(&unloader, NULL, unload, NULL))
		die("thread");
	while (calls_left > 0) {
		failed |= nobody_for(300);
		sleep(3);
		if (end && time(NULL) >= end)
			calls_left = 0;
	}
	over = true;
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_join(unloader, NULL);
	leave_nothing();
	printf("%lu calls, %lu answered; %d edges, %d programs kept; unloaded %lu times, refused %lu\n",
	       calls_made, calls_done, edges, nr_corpus, unloads, kept_loaded);
	return failed;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 3 && !strcmp(argv[1], "record"))
		return record(argv[2], argv + 3);
	if (argc > 6 && !strcmp(argv[1], "run"))
		return run(argv + 2);
	fputs("ioctlfuzz record FILE COMMAND... | run CALLS SECONDS FIRST-PFN PAGES MODULE [FILE]\n", stderr);
	return 2;
}
