// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/inspect/headroom.h"

#include <inttypes.h>

#include "backend/kpage.h"

static int count(uint64_t pfn, uint64_t flags, void *pages)
{
	const uint64_t gone = MR_KPF(KPF_NOPAGE) | MR_KPF(KPF_HWPOISON) | MR_KPF(KPF_OFFLINE) |
			      MR_KPF(MR_KPF_RESERVED);

	(void)pfn;
	*(uint64_t *)pages += !(flags & gone);
	return 0;
}

uint64_t mr_room_pages(const struct mr_machine *m, uint64_t pfn, uint64_t nr)
{
	uint64_t pages = 0;

	return mr_kpage_walk(m, pfn, nr, count, &pages) ? nr : pages;
}

int mr_room_need(const struct mr_machine *m, uint64_t pages, const char *object,
		 struct mr_err *err)
{
	const uint64_t need = pages << m->page_shift;
	uint64_t available, swap = 0;

	if (mr_machine_meminfo(m, "MemAvailable", &available))
		return 0;
	mr_machine_meminfo(m, "SwapFree", &swap);
	if (need <= available + swap)
		return 0;
	mr_err_set(err, -ENOMEM, object,
		   "the system would run out of memory: %" PRIu64 " MiB of it are to go, and %"
		   PRIu64 " MiB are available", need >> 20, (available + swap) >> 20);
	mr_err_hint(err, "nothing is changed; free some memory first");
	return -ENOMEM;
}
