// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/nearest.h"

#include <string.h>

#define WORD_MAX 40

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int m = a < b ? a : b;

	return m < c ? m : c;
}

/* Returns the optimal string alignment distance; WORD_MAX for words longer than that. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int d[WORD_MAX + 1][WORD_MAX + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (la > WORD_MAX || lb > WORD_MAX)
		return WORD_MAX;
	for (size_t i = 0; i <= la; i++)
		d[i][0] = (unsigned int)i;
	for (size_t j = 0; j <= lb; j++)
		d[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= la; i++) {
		for (size_t j = 1; j <= lb; j++) {
			unsigned int cost = a[i - 1] != b[j - 1];

			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	}
	return d[la][lb];
}

int mr_nearest(const char *word, const char *const *words, size_t nr)
{
	unsigned int best = 3;	/* three edits are more than a typing error */
	int found = -1;

	for (size_t i = 0; i < nr; i++) {
		unsigned int d = distance(word, words[i]);
		size_t len = strlen(words[i]);

		/* Short words must share at least half of their letters. */
		if (d < best && d * 2 <= len) {
			best = d;
			found = (int)i;
		}
	}
	/* "off" for "offline": a prefix gives a hint, but is never taken as the word. */
	for (size_t i = 0; found < 0 && i < nr; i++)
		if (strlen(word) >= 2 && !strncmp(word, words[i], strlen(word)))
			found = (int)i;
	return found;
}
