// SPDX-License-Identifier: GPL-2.0-or-later
/* A list of targets, as for --from. */
#include "fuzz.h"

#include "lib/target/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mr_targets targets;
	struct mr_err err = { 0 };
	int rc = mr_targets_read(&targets, 0, NULL, fuzz_file("list", data, size), 0, &err);

	fuzz_check_error(rc, &err);
	PROMISE(rc ? !targets.nr : targets.nr > 0);
	/* A NUL byte never ends a line early. */
	PROMISE(rc || !memchr(data, 0, size));
	mr_targets_free(&targets);
	return 0;
}
