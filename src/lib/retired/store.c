// SPDX-License-Identifier: GPL-2.0-or-later
/* The retired list on disk: its directory, its lock, reading and replacing it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "lib/retired/list.h"
#include "util/cleanup.h"
#include "util/lock.h"
#include "util/replace.h"

#define STATE_DIR	"var/lib/memras"
#define NAME		"retired.json"
#define LOCK		"retired.lock"
#define LOCK_WAIT_LEAST_MS	1000

/* Opens the directory of the list; creates it for a writer. */
static int open_dir(struct mr_retlist *l, const struct mr_machine *m, const char *state_dir,
		    bool write, struct mr_err *err)
{
	const char *dir = state_dir ? state_dir : "/" STATE_DIR;

	snprintf(l->path, sizeof(l->path), "%s/" NAME, dir);
	if (!state_dir && !m->root.live) {
		if (write) {
			mr_err_machine(err, -EROFS, l->path, "a captured machine's list is not changed");
			mr_err_hint(err, "--state-dir DIR works on a list of your own");
			return -EROFS;
		}
		l->dir = mr_root_openf(&m->root, O_RDONLY | O_DIRECTORY, STATE_DIR);
	} else {
		if (write && !state_dir) {
			mkdir("/var", 0755);
			mkdir("/var/lib", 0755);
		}
		if (write && mkdir(dir, 0755) && errno != EEXIST)
			return mr_err_set(err, -errno, dir, "the folder of the list cannot be made");
		l->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (l->dir < 0)
			l->dir = -errno;
	}
	if (l->dir == -ENOENT && !write)
		return 0;
	return l->dir < 0 ? mr_err_set(err, l->dir, dir, "the folder of the list cannot be opened") : 0;
}

static int open_lock(struct mr_retlist *l, struct mr_err *err)
{
	l->lock = mr_lock_open(l->dir, LOCK);
	if (l->lock == -EBADMSG)
		return mr_err_set(err, l->lock, l->path, "its lock (" LOCK ") is not a regular file");
	if (l->lock == -EPERM)
		return mr_err_set(err, l->lock, l->path, "its lock (" LOCK ") belongs to another user, or has a second link");
	return l->lock < 0 ? mr_err_set(err, l->lock, l->path, "its lock cannot be opened") : 0;
}

static int take_lock(struct mr_retlist *l, uint64_t wait_ms, bool despite_signal,
		     struct mr_err *err)
{
	int rc = open_lock(l, err);

	if (rc)
		return rc;
	rc = mr_lock_take(l->lock, wait_ms < LOCK_WAIT_LEAST_MS ? LOCK_WAIT_LEAST_MS : wait_ms,
			  despite_signal);
	if (rc == -EINTR)
		return mr_err_set(err, rc, l->path, "interrupted while another memras is changing it");
	if (rc == -EBUSY)
		return mr_err_set(err, rc, l->path, "another memras is changing it");
	return rc ? mr_err_set(err, rc, l->path, "its lock cannot be taken") : 0;
}

static int load(struct mr_retlist *l, struct mr_err *err)
{
	/* O_NONBLOCK: open(2) of a FIFO would wait for a writer. */
	mr_autoclose int fd = openat(l->dir, NAME, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	void *text;
	int rc;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st))
		return mr_err_set(err, -errno, l->path, "the list cannot be read");
	l->found = true;
	if (!S_ISREG(st.st_mode) || !st.st_size) {
		mr_err_set(err, -EBADMSG, l->path, S_ISREG(st.st_mode) ? "the list is empty" :
			   S_ISDIR(st.st_mode) ? "the list is a directory, not a file" :
			   S_ISFIFO(st.st_mode) ? "the list is a FIFO, not a file" :
			   "the list is not a regular file");
		mr_err_hint(err, "nothing is changed; move it away to begin a new one");
		return -EBADMSG;
	}
	text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return mr_err_set(err, -errno, l->path, "the list cannot be read");
	rc = mr_retlist_parse_json(l, text, (size_t)st.st_size, err);
	munmap(text, (size_t)st.st_size);
	return rc;
}

int mr_retlist_open_dir(struct mr_retlist *l, const struct mr_machine *m,
			const char *state_dir, unsigned int flags, uint64_t wait_ms,
			struct mr_err *err)
{
	const bool write = flags & MR_RETLIST_WRITE;
	int rc;

	*l = (struct mr_retlist){ .page_shift = m->page_shift, .dir = -1, .lock = -1 };
	rc = open_dir(l, m, state_dir, write, err);
	if (!rc && write)
		rc = take_lock(l, wait_ms, flags & MR_RETLIST_LAST, err);
	if (rc)
		mr_retlist_close(l);
	return rc;
}

int mr_retlist_open_within(struct mr_retlist *l, const struct mr_machine *m,
			   const char *state_dir, unsigned int flags, uint64_t wait_ms,
			   struct mr_err *err)
{
	int rc = mr_retlist_open_dir(l, m, state_dir, flags, wait_ms, err);

	if (rc)
		return rc;
	if (l->dir >= 0)
		rc = load(l, err);
	if (rc)
		mr_retlist_close(l);
	else
		mr_retlist_settle(l);
	return rc;
}

int mr_retlist_open(struct mr_retlist *l, const struct mr_machine *m, const char *state_dir,
		    unsigned int flags, struct mr_err *err)
{
	return mr_retlist_open_within(l, m, state_dir, flags, MR_RETLIST_WAIT_MS, err);
}

static int write_list(FILE *f, const void *list)
{
	return mr_retlist_write_json(list, "", f);
}

int mr_retlist_save(struct mr_retlist *l, struct mr_err *err)
{
	/*
	 * The list has serial numbers of DIMMs and physical addresses, which only root may
	 * read.
	 */
	int rc = mr_replace_file(l->dir, NAME, 0600, write_list, l);

	if (rc)
		return mr_err_set(err, rc, l->path, "the list cannot be written; the old one stays");
	l->replaced = true;
	/* Make the rename durable, see fsync(2). */
	if (fsync(l->dir))
		return mr_err_set(err, -errno, l->path, "the list is written, but may not last");
	return 0;
}

void mr_retlist_close(struct mr_retlist *l)
{
	for (size_t i = 0; i < l->nr_texts; i++)
		free(l->texts[i]);
	free(l->texts);
	free(l->buckets);
	free(l->list);
	mr_memlayout_free(&l->layout);
	if (l->lock >= 0)
		mr_lock_release(l->lock);
	if (l->dir >= 0)
		close(l->dir);
	*l = (struct mr_retlist){ .dir = -1, .lock = -1 };
}
