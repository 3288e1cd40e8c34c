// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/exit.h"

int mr_exit_of_error(const struct mr_err *err)
{
	switch (err->blame) {
	case MR_BLAME_NONE:
		return MR_EXIT_OK;
	case MR_BLAME_USAGE:
		return MR_EXIT_USAGE;
	case MR_BLAME_MACHINE:
		return MR_EXIT_MACHINE;
	case MR_BLAME_PERMISSION:
		return MR_EXIT_PERMISSION;
	case MR_BLAME_FAILED:
		break;
	}
	return MR_EXIT_FAILED;
}

int mr_exit_of_counts(size_t done, size_t not_done, const struct mr_err *last)
{
	if (!not_done)
		return MR_EXIT_OK;
	if (done)
		return MR_EXIT_PART;
	return last && last->code ? mr_exit_of_error(last) : MR_EXIT_FAILED;
}
