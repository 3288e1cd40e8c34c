// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/hugetlb/poolnote.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/kpage.h"
#include "backend/rundir.h"
#include "util/cleanup.h"
#include "util/lock.h"
#include "util/num.h"

#define PREFIX "hugepages-"

uint64_t mr_poolnote_target(const struct mr_poolnote *note, uint64_t has, bool poisoned)
{
	const uint64_t before = note->persistent;

	if (note->pfn != MR_POOLNOTE_NO_PFN) {
		/* The hugepage around the page is gone; the one that the pool grew by replaces it. */
		const uint64_t ours = note->surplus + (poisoned ? 0 : note->most);

		return has > before && has - before <= ours ? before : UINT64_MAX;
	}
	if (has > before)
		return has - before > note->most + note->surplus ?
		       has - note->most - note->surplus : before;
	if (has < before)
		return before - has > note->most ? has + note->most : before;
	return UINT64_MAX;
}

void mr_poolnote_settle(const struct mr_machine *m, const struct mr_poolnote *note)
{
	struct mr_hugepool now;
	uint64_t target, got;

	if (mr_hugepool_read(m, note->size, note->node, &now))
		return;
	target = mr_poolnote_target(note, now.total - now.surplus,
				    note->pfn != MR_POOLNOTE_NO_PFN &&
				    mr_kpage_poisoned(m, note->pfn) == 1);
	if (target != UINT64_MAX)
		mr_hugepool_resize(m, note->size, note->node, target, &got);
}

void mr_poolnote_text(const struct mr_poolnote *note, char text[MR_POOLNOTE_TEXT])
{
	snprintf(text, MR_POOLNOTE_TEXT, "%" PRIu64 " %" PRId32 " %" PRIu64 " %" PRIu64 " %" PRIu64
		 " %" PRIu64 "\n", note->size, note->node, note->persistent, note->surplus,
		 note->most, note->pfn);
}

bool mr_poolnote_parse(const char *text, struct mr_poolnote *note)
{
	uint64_t numbers[6];

	/* The node is -1 if the kernel has no per-node pools. */
	for (size_t i = 0; i < 6; i++) {
		if (i == 1 && !strncmp(text, "-1", 2)) {
			numbers[i] = UINT32_MAX;
			text += 2;
		} else if (mr_num_scan(text, &text, &numbers[i])) {
			return false;
		}
		if (*text++ != (i < 5 ? ' ' : '\n'))
			return false;
	}
	*note = (struct mr_poolnote){
		.size = numbers[0], .node = (int32_t)numbers[1], .persistent = numbers[2],
		.surplus = numbers[3], .most = numbers[4], .pfn = numbers[5],
	};
	return !*text;
}

/* Reads the note in @fd; false if there is none. */
static bool read_note(int fd, struct mr_poolnote *note)
{
	char text[MR_POOLNOTE_TEXT];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return false;
	text[n] = '\0';
	return mr_poolnote_parse(text, note);
}

void mr_poolnote_write(int fd, const struct mr_poolnote *note)
{
	char text[MR_POOLNOTE_TEXT];
	ssize_t n;

	mr_poolnote_text(note, text);
	mr_poolnote_clear(fd);
	n = pwrite(fd, text, strlen(text), 0);
	if (n < (ssize_t)strlen(text))
		mr_poolnote_clear(fd);
}

void mr_poolnote_clear(int fd)
{
	while (ftruncate(fd, 0) && errno == EINTR)
		;
}

static bool repair(const struct mr_machine *m, int fd, struct mr_poolnote *note)
{
	const bool found = read_note(fd, note);

	if (found)
		mr_poolnote_settle(m, note);
	mr_poolnote_clear(fd);
	return found;
}

int mr_poolnote_lock(const struct mr_machine *m, uint64_t size, uint64_t wait_ms)
{
	mr_autoclose int dir = mr_rundir_open(m, true);
	struct mr_poolnote left;
	char name[48];
	int fd, rc;

	if (dir < 0)
		return dir;
	snprintf(name, sizeof(name), PREFIX "%" PRIu64 "kB", size >> 10);
	fd = mr_lock_open(dir, name);
	if (fd < 0)
		return fd;
	rc = mr_lock_take(fd, wait_ms, false);
	if (rc) {
		close(fd);
		return rc;
	}
	repair(m, fd, &left);
	return fd;
}

size_t mr_poolnote_repair(const struct mr_machine *m, struct mr_poolnote *list, size_t room)
{
	int dir = mr_rundir_open(m, false);
	mr_autoclosedir DIR *files = dir < 0 ? NULL : fdopendir(dir);
	struct dirent *d;
	size_t nr = 0;

	if (dir >= 0 && !files)
		close(dir);
	while (files && nr < room && (d = readdir(files))) {
		mr_autoclose int fd = strncmp(d->d_name, PREFIX, strlen(PREFIX)) ? -1 :
				      mr_lock_open(dirfd(files), d->d_name);

		if (fd >= 0 && !mr_lock_take(fd, 0, false) && repair(m, fd, &list[nr]))
			nr++;
	}
	return nr;
}
