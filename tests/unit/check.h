/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks that print the place of a failure and continue. */
#ifndef MR_TESTS_CHECK_H
#define MR_TESTS_CHECK_H

#include <stdio.h>
#include <string.h>

static int check_failed;
static int check_made;

#define CHECK(what)                                                                               \
	do {                                                                                      \
		check_made++;                                                                     \
		if (!(what)) {                                                                    \
			check_failed++;                                                           \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);        \
		}                                                                                 \
	} while (0)

#define CHECK_INT(got, want)                                                                      \
	do {                                                                                      \
		long long got_ = (long long)(got), want_ = (long long)(want);                     \
												  \
		check_made++;                                                                     \
		if (got_ != want_) {                                                              \
			check_failed++;                                                           \
			fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__,      \
				#got, got_, want_);                                               \
		}                                                                                 \
	} while (0)

#define CHECK_STR(got, want)                                                                      \
	do {                                                                                      \
		const char *got_ = (got), *want_ = (want);                                        \
												  \
		check_made++;                                                                     \
		if (!got_ || strcmp(got_, want_)) {                                               \
			check_failed++;                                                           \
			fprintf(stderr, "%s:%d: %s is '%s', not '%s'\n", __FILE__, __LINE__,      \
				#got, got_ ? got_ : "(null)", want_);                             \
		}                                                                                 \
	} while (0)

/* Checks that @got contains @text. */
#define CHECK_HAS(got, text)                                                                      \
	do {                                                                                      \
		const char *got_ = (got), *text_ = (text);                                        \
												  \
		check_made++;                                                                     \
		if (!strstr(got_, text_)) {                                                       \
			check_failed++;                                                           \
			fprintf(stderr, "%s:%d: '%s' does not say '%s'\n", __FILE__, __LINE__,    \
				got_, text_);                                                     \
		}                                                                                 \
	} while (0)

/* The exit status of main(): a program without checks fails as well. */
#define CHECK_RESULT (check_failed || !check_made)

#endif
