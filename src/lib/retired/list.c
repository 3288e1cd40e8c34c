// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/retired/list.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "backend/kpage.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/grow.h"
#include "util/interrupt.h"

#define STATE_DIR	"var/lib/memras"
#define NAME		"retired.json"
#define TEMPORARY	"retired.json.new"
#define LOCK		"retired.lock"
#define LOCK_WAIT_US	30000000

const char *mr_time_text(int64_t t, char *buf)
{
	time_t clock = (time_t)t;
	struct tm tm;

	if (!gmtime_r(&clock, &tm) || !strftime(buf, MR_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm))
		buf[0] = '\0';
	return buf;
}

int mr_time_parse(const char *text, int64_t *t)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

	if (!end || *end)
		return -EINVAL;
	*t = timegm(&tm);
	return 0;
}

int mr_retlist_intern(struct mr_retlist *l, const char *text, mr_text_id *id)
{
	char **more;

	*id = 0;
	if (!text || !*text)
		return 0;
	/* The last ones first: an import has runs of the same. */
	for (size_t i = l->nr_texts; i > 0; i--)
		if (!strcmp(l->texts[i - 1], text)) {
			*id = (mr_text_id)i;
			return 0;
		}
	more = reallocarray(l->texts, l->nr_texts + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	l->texts = more;
	more[l->nr_texts] = strdup(text);
	if (!more[l->nr_texts])
		return -ENOMEM;
	*id = (mr_text_id)++l->nr_texts;
	return 0;
}

const char *mr_retlist_text(const struct mr_retlist *l, mr_text_id id)
{
	return id ? l->texts[id - 1] : NULL;
}

int mr_retlist_add(struct mr_retlist *l, const struct mr_retired *entry)
{
	if (mr_make_room(l->list, l->nr, l->room))
		return -ENOMEM;
	l->list[l->nr++] = *entry;
	return 0;
}

static int by_pfn(const void *a, const void *b)
{
	const struct mr_retired *x = a, *y = b;

	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

/* Of one page, what was written down first comes first. */
static int by_pfn_and_time(const void *a, const void *b)
{
	const struct mr_retired *x = a, *y = b;
	int order = by_pfn(a, b);

	return order ? order : x->time < y->time ? -1 : x->time > y->time;
}

static void combine(struct mr_retired *first, const struct mr_retired *later)
{
	if (!later->pending) {
		first->pending = false;
		first->reason = 0;
	}
	if (!first->cause)
		first->cause = later->cause;
	if (!first->label)
		first->label = later->label;
	if (first->node < 0)
		first->node = later->node;
}

void mr_retlist_settle(struct mr_retlist *l)
{
	bool sorted = true;
	size_t n = 0;

	for (size_t i = 1; sorted && i < l->nr; i++)
		sorted = l->list[i - 1].pfn < l->list[i].pfn;
	if (sorted)
		return;
	qsort(l->list, l->nr, sizeof(*l->list), by_pfn_and_time);
	for (size_t i = 1; i < l->nr; i++) {
		if (l->list[i].pfn == l->list[n].pfn)
			combine(&l->list[n], &l->list[i]);
		else
			l->list[++n] = l->list[i];
	}
	l->nr = n + 1;
}

struct mr_retired *mr_retlist_find(const struct mr_retlist *l, uint64_t pfn)
{
	struct mr_retired key = { .pfn = pfn };

	return l->nr ? bsearch(&key, l->list, l->nr, sizeof(key), by_pfn) : NULL;
}

size_t mr_retlist_forget(struct mr_retlist *l, uint64_t pfn, uint64_t nr)
{
	size_t n = 0, had = l->nr;

	for (size_t i = 0; i < had; i++)
		if (l->list[i].pfn < pfn || l->list[i].pfn - pfn >= nr)
			l->list[n++] = l->list[i];
	l->nr = n;
	return had - n;
}

void mr_retlist_subtract(struct mr_retlist *l, const struct mr_retlist *other)
{
	size_t n = 0;

	for (size_t i = 0; i < l->nr; i++)
		if (!mr_retlist_find(other, l->list[i].pfn))
			l->list[n++] = l->list[i];
	l->nr = n;
}

void mr_retlist_refresh(struct mr_retlist *l, const struct mr_machine *m)
{
	for (size_t i = 0; i < l->nr; i++) {
		int poisoned = mr_kpage_poisoned(m, l->list[i].pfn);

		if (poisoned < 0 && poisoned != -ENXIO && poisoned != -ENODATA)
			continue;
		l->list[i].pending = poisoned != 1;
		if (poisoned == 1)
			l->list[i].reason = 0;
	}
}

size_t mr_retlist_pending(const struct mr_retlist *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->nr; i++)
		n += l->list[i].pending;
	return n;
}

int mr_retlist_fits(struct mr_retlist *l, const struct mr_machine *m, bool adopt,
		    struct mr_err *err)
{
	struct mr_memlayout now;
	char why[200];
	int rc = mr_memlayout_read(m, &now);

	if (rc)
		return mr_err_set(err, rc, l->path, "no memory for the memory layout");
	if (!l->nr || adopt || !mr_memlayout_differs(&l->layout, &now, why, sizeof(why))) {
		mr_memlayout_free(&l->layout);
		l->layout = now;
		return 0;
	}
	/* Where nothing can be compared there is nothing to object to either. */
	if (!l->layout.nr_ranges && !now.nr_ranges) {
		mr_memlayout_free(&now);
		return 0;
	}
	mr_memlayout_free(&now);
	mr_err_set(err, -ESTALE, l->path, "the list is of another memory layout: %s", why);
	mr_err_hint(err, "its page frame numbers may be other memory now; see memras-retired(8)");
	return -ESTALE;
}

/* A folder that is not there yet is made for a writer. */
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

static int take_lock(struct mr_retlist *l, struct mr_err *err)
{
	const uint64_t end = mr_clock_us() + LOCK_WAIT_US;

	l->lock = openat(l->dir, LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (l->lock < 0)
		return mr_err_set(err, -errno, l->path, "its lock cannot be made");
	while (flock(l->lock, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return mr_err_set(err, -errno, l->path, "cannot lock it");
		if (mr_clock_us() >= end)
			return mr_err_set(err, -EBUSY, l->path, "another memras is changing it");
		mr_clock_sleep_us(10000);
	}
	return 0;
}

static int load(struct mr_retlist *l, struct mr_err *err)
{
	mr_autoclose int fd = openat(l->dir, NAME, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *text;
	int rc;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st))
		return mr_err_set(err, -errno, l->path, "the list cannot be read");
	l->found = true;
	if (!S_ISREG(st.st_mode) || !st.st_size) {
		mr_err_set(err, -EBADMSG, l->path, "the list is empty or no file at all");
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

int mr_retlist_open(struct mr_retlist *l, const struct mr_machine *m, const char *state_dir,
		    unsigned int flags, struct mr_err *err)
{
	const bool write = flags & MR_RETLIST_WRITE;
	int rc;

	*l = (struct mr_retlist){ .page_shift = m->page_shift, .dir = -1, .lock = -1 };
	rc = open_dir(l, m, state_dir, write, err);
	if (!rc && write)
		rc = take_lock(l, err);
	if (!rc && l->dir >= 0)
		rc = load(l, err);
	if (rc)
		mr_retlist_close(l);
	else
		mr_retlist_settle(l);
	return rc;
}

static int write_temporary(struct mr_retlist *l)
{
	int fd = openat(l->dir, TEMPORARY, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
			0644);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
	int rc;

	if (!f) {
		rc = -errno;
		if (fd >= 0)
			close(fd);
		return rc;
	}
	rc = mr_retlist_write_json(l, "", f);
	if (!rc && (fflush(f) || fsync(fd)))
		rc = -errno;
	if (fclose(f) && !rc)
		rc = -errno;
	return rc;
}

int mr_retlist_save(struct mr_retlist *l, struct mr_err *err)
{
	int rc = write_temporary(l);

	if (!rc && renameat(l->dir, TEMPORARY, l->dir, NAME))
		rc = -errno;
	if (rc) {
		unlinkat(l->dir, TEMPORARY, 0);
		return mr_err_set(err, rc, l->path, "the list cannot be written; the old one stays");
	}
	/* The new name must last too: see fsync(2). */
	if (fsync(l->dir))
		return mr_err_set(err, -errno, l->path, "the list is written, but may not last");
	return 0;
}

void mr_retlist_close(struct mr_retlist *l)
{
	for (size_t i = 0; i < l->nr_texts; i++)
		free(l->texts[i]);
	free(l->texts);
	free(l->list);
	mr_memlayout_free(&l->layout);
	if (l->lock >= 0)
		close(l->lock);
	if (l->dir >= 0)
		close(l->dir);
	*l = (struct mr_retlist){ .dir = -1, .lock = -1 };
}
