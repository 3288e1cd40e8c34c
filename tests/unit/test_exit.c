// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/exit.h"

#include "check.h"

int main(void)
{
	struct mr_err err = { 0 };

	CHECK_INT(mr_exit_of_error(&err), 0);
	mr_err_set(&err, -EBUSY, "7", "busy");
	CHECK_INT(mr_exit_of_error(&err), 1);
	mr_err_usage(&err, -EINVAL, "x", "wrong");
	CHECK_INT(mr_exit_of_error(&err), 2);
	mr_err_set(&err, -EOPNOTSUPP, "", "no");
	CHECK_INT(mr_exit_of_error(&err), 3);
	mr_err_machine(&err, -ENOENT, "", "no");
	CHECK_INT(mr_exit_of_error(&err), 3);
	mr_err_set(&err, -EPERM, "", "no");
	CHECK_INT(mr_exit_of_error(&err), 4);
	mr_err_set(&err, -EACCES, "", "no");
	CHECK_INT(mr_exit_of_error(&err), 4);

	CHECK_INT(mr_exit_of_counts(3, 0, NULL), 0);
	CHECK_INT(mr_exit_of_counts(0, 0, NULL), 0);
	CHECK_INT(mr_exit_of_counts(2, 1, &err), 64);
	CHECK_INT(mr_exit_of_counts(0, 1, &err), 4);
	CHECK_INT(mr_exit_of_counts(0, 1, NULL), 1);

	/* @object may point into the error that is replaced. */
	mr_err_set(&err, -EIO, "0x10", "first");
	mr_err_hint(&err, "a hint");
	mr_err_set(&err, -EBUSY, err.object, "second");
	CHECK_STR(err.object, "0x10");
	CHECK_STR(err.reason, "second");
	CHECK_STR(err.hint, "");
	CHECK_STR(mr_errno_name(-EBUSY), "EBUSY");
	CHECK_STR(mr_errno_name(EHWPOISON), "EHWPOISON");
	CHECK_STR(mr_errno_name(100000), "EUNKNOWN");
	return CHECK_RESULT;
}
