/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Suggestions for mistyped words. */
#ifndef MR_UTIL_NEAREST_H
#define MR_UTIL_NEAREST_H

#include <stddef.h>

/*
 * Returns the index of the word in @words[0..@nr) nearest to @word by edits (insert,
 * delete, replace, swap of neighbours), else of one that begins with @word, or -1 if none
 * is near enough.
 */
int mr_nearest(const char *word, const char *const *words, size_t nr);

#endif
