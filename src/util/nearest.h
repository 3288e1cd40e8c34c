/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The word that was probably meant. */
#ifndef MR_UTIL_NEAREST_H
#define MR_UTIL_NEAREST_H

#include <stddef.h>

/*
 * The index of the word in @words[0..@nr) nearest to @word by edits (insert,
 * delete, replace, swap of neighbours), or -1 when none is near enough to be
 * worth saying.
 */
int mr_nearest(const char *word, const char *const *words, size_t nr);

#endif
