// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/range/quarantineplan.h"

#include "lib/inspect/headroom.h"

/*
 * Finds the pages to claim: not those held, nor those away, which are claimed when their block
 * comes online. Lost pages are wanted.
 */
static int find_wanted(const struct mr_quarantine_snap *snap, struct mr_quarantine_plan *plan)
{
	struct mr_ranges not_held = { 0 };
	int rc = mr_ranges_subtract(&snap->all, &snap->kept.of[MR_HOLD_HELD], &not_held);

	if (!rc)
		rc = mr_ranges_subtract(&not_held, &snap->kept.of[MR_HOLD_AWAY], &plan->want);
	if (!rc)
		rc = mr_ranges_subtract(&plan->want, &snap->kept.of[MR_HOLD_LOST], &plan->fresh);
	mr_ranges_free(&not_held);
	return rc;
}

static int any_offline(const struct mr_quarantine_snap *snap, const struct mr_ranges *want,
		       bool *any)
{
	struct mr_ranges both = { 0 };
	int rc = mr_ranges_intersect(want, &snap->offline, &both);

	*any = both.nr;
	mr_ranges_free(&both);
	return rc;
}

int mr_quarantine_plan_add(const struct mr_quarantine_snap *snap, const char *object,
			   struct mr_quarantine_plan *plan)
{
	bool offline;
	int rc;

	*plan = (struct mr_quarantine_plan){ .action = MR_QUARANTINE_CLAIM };
	rc = find_wanted(snap, plan);
	if (!rc)
		rc = any_offline(snap, &plan->want, &offline);
	if (rc)
		return rc;
	if (!plan->want.nr) {
		plan->action = MR_QUARANTINE_NOTHING;
	} else if (offline) {
		plan->action = MR_QUARANTINE_REFUSE;
		mr_err_set(&plan->err, -ENXIO, object, "its memory block is offline");
		mr_err_hint(&plan->err, "memras block online brings it back");
	} else if (mr_room_check(snap->available, mr_ranges_pages(&plan->want) << snap->page_shift,
				 object, &plan->err)) {
		plan->action = MR_QUARANTINE_REFUSE;
	} else if (snap->lasting) {
		plan->action = MR_QUARANTINE_BLOCKED;
	}
	return 0;
}

void mr_quarantine_plan_release(const struct mr_quarantine_snap *snap,
				struct mr_quarantine_plan *plan)
{
	*plan = (struct mr_quarantine_plan){ .action = MR_QUARANTINE_NOTHING };
	for (size_t s = 0; s < MR_HOLD_STATES; s++)
		if (snap->kept.of[s].nr)
			plan->action = MR_QUARANTINE_RELEASE;
}

void mr_quarantine_plan_free(struct mr_quarantine_plan *plan)
{
	mr_ranges_free(&plan->want);
	mr_ranges_free(&plan->fresh);
}
