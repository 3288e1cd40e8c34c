// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of other tools; the first byte chooses the requested format. */
#include "fuzz.h"

#include "lib/retired/import.h"

static void ignore(const struct mr_err *err, void *data)
{
	(void)data;
	fuzz_check_error(err->code, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mr_import import = { .bad = ignore, .min_errors = 1, .since = INT64_MIN };
	struct mr_retlist in = { .page_shift = 12, .dir = -1, .lock = -1 };
	struct mr_err err = { 0 };
	int rc;

	if (!size)
		return 0;
	import.format = (enum mr_list_format)(data[0] % (MR_FORMAT_RASDAEMON + 1));
	import.phys = data[0] & 0x80;
	rc = mr_import_read(&in, fuzz_file("import", data + 1, size - 1), &import, &err);
	fuzz_check_error(rc, &err);
	PROMISE(in.nr <= MR_IMPORT_MAX_PAGES);
	mr_retlist_close(&in);
	return 0;
}
