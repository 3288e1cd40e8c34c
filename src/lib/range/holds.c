// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/range/holds.h"

#include <stdlib.h>
#include <time.h>

#include "backend/device.h"
#include "util/cleanup.h"

const char *const mr_hold_state_names[MR_HOLD_STATES] = {
	[MR_HOLD_HELD] = "held",
	[MR_HOLD_AWAY] = "away",
	[MR_HOLD_LOST] = "lost",
};

static enum mr_hold_state state_of(const struct memras_hold *h)
{
	return h->flags & MEMRAS_HOLD_AWAY ? MR_HOLD_AWAY :
	       h->flags & MEMRAS_HOLD_LOST ? MR_HOLD_LOST : MR_HOLD_HELD;
}

int mr_quarantine_list(const struct mr_machine *m, uint64_t pfn, uint64_t pages,
		       struct mr_quarantine **list, size_t *nr, struct mr_err *err)
{
	mr_autofree struct memras_hold *holds = NULL;
	struct mr_quarantine *out;
	const struct memras_hold *last = NULL;
	size_t n, kept = 0;
	int rc;

	*list = NULL;
	*nr = 0;
	if (m->device == -ENOENT || !mr_device_has(m, MEMRAS_FEAT_CLAIM))
		return 0;
	rc = mr_device_holds(m, &holds, &n);
	if (rc)
		return mr_err_set(err, rc, "", "the held pages cannot be listed");
	out = calloc(n + 1, sizeof(*out));
	if (!out)
		return mr_err_set(err, -ENOMEM, "", "no memory for the list");
	for (size_t i = 0; i < n; i++) {
		const struct memras_hold *h = &holds[i];
		time_t since = (time_t)h->since;
		struct mr_quarantine *q;
		struct tm tm;

		if (!(h->flags & MEMRAS_HOLD_KEPT) || h->pfn < pfn || h->pfn - pfn >= pages)
			continue;
		/* The module keeps blocks apart; users see one range. */
		if (last && last->pfn + last->nr == h->pfn && last->since == h->since &&
		    last->node == h->node && last->flags == h->flags) {
			q = &out[kept - 1];
		} else {
			q = &out[kept++];
			*q = (struct mr_quarantine){ .pfn = h->pfn, .phys = mr_pfn_phys(m, h->pfn),
						     .node = h->node, .state = state_of(h) };
			strftime(q->since, sizeof(q->since), "%Y-%m-%dT%H:%M:%SZ",
				 gmtime_r(&since, &tm));
		}
		q->pages += h->nr;
		if (q->state == MR_HOLD_HELD)
			q->held += h->nr;
		last = h;
	}
	*list = out;
	*nr = kept;
	return 0;
}

int mr_kept_read(const struct mr_machine *m, const struct mr_ranges *all, struct mr_kept *kept)
{
	mr_autofree struct memras_hold *holds = NULL;
	struct mr_kept found = { 0 };
	size_t n = 0;
	int rc = m->device < 0 ? 0 : mr_device_holds(m, &holds, &n);

	*kept = (struct mr_kept){ 0 };
	for (size_t i = 0; !rc && i < n; i++)
		if (holds[i].flags & MEMRAS_HOLD_KEPT)
			rc = mr_ranges_add(&found.of[state_of(&holds[i])], holds[i].pfn,
					   holds[i].nr);
	for (size_t s = 0; !rc && s < MR_HOLD_STATES; s++)
		rc = mr_ranges_intersect(all, &found.of[s], &kept->of[s]);
	mr_kept_free(&found);
	return rc;
}

void mr_kept_free(struct mr_kept *kept)
{
	for (size_t s = 0; s < MR_HOLD_STATES; s++)
		mr_ranges_free(&kept->of[s]);
}
