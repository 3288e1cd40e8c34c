// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/dmi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"

#define DMI_END	127
#define ROOM	((size_t)1 << 18)

int mr_dmi_each(const struct mr_machine *m, mr_dmi_fn fn, void *data)
{
	mr_autoclose int fd = mr_root_openf(&m->root, O_RDONLY, "sys/firmware/dmi/tables/DMI");
	mr_autofree unsigned char *table = fd >= 0 ? malloc(ROOM) : NULL;
	size_t len = 0, at = 0;
	ssize_t n = 1;
	int rc = 0;

	if (fd < 0)
		return fd;
	if (!table)
		return -ENOMEM;
	while (len < ROOM && n) {
		n = read(fd, table + len, ROOM - len);
		if (n < 0 && errno != EINTR)
			return -errno;
		len += n > 0 ? (size_t)n : 0;
	}
	/*
	 * Each structure: a header of 4 bytes, the formatted part, strings, and two NULs at
	 * the end.
	 */
	while (!rc && at + 4 <= len && table[at] != DMI_END) {
		size_t formatted = table[at + 1], s = at + formatted, end = s;
		struct mr_dmi one;

		if (formatted < 4)
			break;
		while (end + 1 < len && (table[end] || table[end + 1]))
			end++;
		if (end + 1 >= len)
			break;
		one = (struct mr_dmi){ .type = table[at], .formatted = table + at, .len = formatted,
				       .strings = (const char *)table + s,
				       .end = (const char *)table + end + 1 };
		rc = fn(&one, data);
		at = end + 2;
	}
	return rc;
}

const char *mr_dmi_string(const struct mr_dmi *d, unsigned int nr)
{
	const char *s = d->strings;

	while (nr > 1 && s < d->end && *s) {
		s += strnlen(s, (size_t)(d->end - s)) + 1;
		nr--;
	}
	return nr && s < d->end && memchr(s, '\0', (size_t)(d->end - s)) ? s : "";
}

bool mr_dmi_device_size(const struct mr_dmi *d, uint64_t *size)
{
	enum { SIZE = 0x0c, EXTENDED = 0x1c, UNKNOWN = 0xffff, LARGE = 0x7fff, KIB = 0x8000 };
	const unsigned char *p = d->formatted;
	const unsigned int word = d->len > SIZE + 1 ? p[SIZE] | p[SIZE + 1] << 8 : 0;

	*size = 0;
	if (word == LARGE && d->len >= EXTENDED + 4)
		*size = ((uint64_t)p[EXTENDED] | (uint64_t)p[EXTENDED + 1] << 8 |
			 (uint64_t)p[EXTENDED + 2] << 16 | (uint64_t)(p[EXTENDED + 3] & 0x7f) << 24)
			<< 20;
	else if (word != UNKNOWN && word != LARGE)
		*size = word & KIB ? (uint64_t)(word & ~KIB) << 10 : (uint64_t)word << 20;
	return word;
}

static int see_array(const struct mr_dmi *d, void *data)
{
	enum { USE = 0x05, USE_SYSTEM = 3, CORRECTION = 0x06, NONE = 3, PARITY = 4, LAST = 7 };
	int *ecc = data;

	if (d->type != MR_DMI_MEMORY_ARRAY || d->len <= CORRECTION ||
	    d->formatted[USE] != USE_SYSTEM)
		return 0;
	if (d->formatted[CORRECTION] > PARITY && d->formatted[CORRECTION] <= LAST)
		*ecc = 1;
	else if (*ecc < 0 && d->formatted[CORRECTION] == NONE)
		*ecc = 0;
	return 0;
}

int mr_dmi_memory_ecc(const struct mr_machine *m)
{
	int ecc = -ENODATA;
	int rc = mr_dmi_each(m, see_array, &ecc);

	return rc ? rc : ecc;
}
