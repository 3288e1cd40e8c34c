// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/nearest.h"

#include "check.h"

int main(void)
{
	static const char *const words[] = { "status", "offline", "unpoison", "block", "online" };
	const size_t nr = sizeof(words) / sizeof(words[0]);

	CHECK_INT(mr_nearest("ofline", words, nr), 1);
	CHECK_INT(mr_nearest("offlien", words, nr), 1);
	CHECK_INT(mr_nearest("blok", words, nr), 3);
	CHECK_INT(mr_nearest("onlin", words, nr), 4);
	CHECK_INT(mr_nearest("stat", words, nr), 0);
	CHECK_INT(mr_nearest("un", words, nr), 2);
	CHECK_INT(mr_nearest("zebra", words, nr), -1);
	CHECK_INT(mr_nearest("", words, nr), -1);
	CHECK_INT(mr_nearest("x", words, nr), -1);
	CHECK_INT(mr_nearest("averyveryveryveryveryveryveryveryverylongword", words, nr), -1);
	CHECK_INT(mr_nearest("offline", words, 0), -1);
	return CHECK_RESULT;
}
