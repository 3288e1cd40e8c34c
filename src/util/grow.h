/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists that grow by one at a time. */
#ifndef MR_UTIL_GROW_H
#define MR_UTIL_GROW_H

#include <errno.h>
#include <stdlib.h>

/*
 * @list, or what it has become: with room for one behind its @nr items of @size bytes.
 * *@room is for how many there is room; it doubles. NULL without memory: all is as it was.
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

/* Makes room for one more in the array @list, in place. 0 or -ENOMEM. */
#define mr_make_room(list, nr, room)                                                              \
	({                                                                                        \
		void *grown_ = mr_grown(list, nr, &(room), sizeof(*(list)));                      \
												  \
		if (grown_)                                                                       \
			(list) = grown_;                                                          \
		grown_ ? 0 : -ENOMEM;                                                             \
	})

#endif
