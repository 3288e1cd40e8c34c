// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/inspect/headroom.h"

#include <inttypes.h>

uint64_t mr_room_available(const struct mr_machine *m)
{
	static const char *const fields[] = { "MemAvailable", "SwapFree" };
	uint64_t bytes[2];

	if (mr_machine_meminfos(m, fields, 2, bytes) || bytes[0] == UINT64_MAX)
		return UINT64_MAX;
	return bytes[0] + (bytes[1] == UINT64_MAX ? 0 : bytes[1]);
}

int mr_room_check(uint64_t available, uint64_t need, const char *object, struct mr_err *err)
{
	if (need <= available)
		return 0;
	mr_err_set(err, -ENOMEM, object,
		   "the system would run out of memory: %" PRIu64 " MiB would go, and %"
		   PRIu64 " MiB are available", need >> 20, available >> 20);
	mr_err_hint(err, "nothing is changed; free some memory first");
	return -ENOMEM;
}
