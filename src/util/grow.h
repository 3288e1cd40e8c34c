/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arrays that grow one item at a time. */
#ifndef MR_UTIL_GROW_H
#define MR_UTIL_GROW_H

#include <errno.h>
#include <stdlib.h>

/*
 * Returns @list, moved if needed, with room for one more than its @nr items of @size
 * bytes. *@room is the number of items that fit; it doubles. Returns NULL, with @list
 * unchanged, if there is no memory.
 */
static inline void *mr_grown(void *list, size_t nr, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : 16;

	if (nr < *room)
		return list;
	list = reallocarray(list, more, size);
	if (list)
		*room = more;
	return list;
}

/* Makes room for one more item in the array @list, in place. Returns 0 or -ENOMEM. */
#define mr_make_room(list, nr, room)                                                              \
	({                                                                                        \
		void *grown_ = mr_grown(list, nr, &(room), sizeof(*(list)));                      \
												  \
		if (grown_)                                                                       \
			(list) = grown_;                                                          \
		grown_ ? 0 : -ENOMEM;                                                             \
	})

#endif
