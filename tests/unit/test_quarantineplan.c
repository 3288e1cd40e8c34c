// SPDX-License-Identifier: GPL-2.0-or-later
/* Plans for adding pages to a quarantine and for releasing it. */
#include "lib/range/quarantineplan.h"

#include <errno.h>

#include "check.h"

static struct mr_quarantine_snap snap;
static struct mr_quarantine_plan plan;

/* Targets are pages 100 to 199, on a machine with plenty of memory. */
static void begin(void)
{
	mr_ranges_free(&snap.all);
	mr_ranges_free(&snap.offline);
	mr_kept_free(&snap.kept);
	snap = (struct mr_quarantine_snap){ .available = 1 << 30, .page_shift = 12 };
	mr_ranges_add(&snap.all, 100, 100);
}

static enum mr_quarantine_action add(void)
{
	mr_quarantine_plan_free(&plan);
	CHECK_INT(mr_quarantine_plan_add(&snap, "100+100", &plan), 0);
	return plan.action;
}

static bool is(const struct mr_ranges *r, uint64_t pfn, uint64_t nr)
{
	return r->nr == 1 && r->list[0].pfn == pfn && r->list[0].nr == nr;
}

static void what_is_not_held_is_claimed(void)
{
	begin();
	CHECK_INT(add(), MR_QUARANTINE_CLAIM);
	CHECK(is(&plan.want, 100, 100) && is(&plan.fresh, 100, 100));
	mr_ranges_add(&snap.kept.of[MR_HOLD_HELD], 100, 30);
	mr_ranges_add(&snap.kept.of[MR_HOLD_AWAY], 180, 20);
	CHECK_INT(add(), MR_QUARANTINE_CLAIM);
	CHECK(is(&plan.want, 130, 50) && is(&plan.fresh, 130, 50));
}

static void what_is_held_or_away_is_so_already(void)
{
	begin();
	mr_ranges_add(&snap.kept.of[MR_HOLD_HELD], 100, 60);
	mr_ranges_add(&snap.kept.of[MR_HOLD_AWAY], 160, 40);
	CHECK_INT(add(), MR_QUARANTINE_NOTHING);
	/* Even if there is no other memory; pages that are away are in an offline block. */
	mr_ranges_add(&snap.offline, 160, 40);
	snap.available = 0;
	snap.lasting = true;
	CHECK_INT(add(), MR_QUARANTINE_NOTHING);
}

/* It is claimed again, but not to be given back on failure. */
static void what_is_lost_is_wanted_but_not_fresh(void)
{
	begin();
	mr_ranges_add(&snap.kept.of[MR_HOLD_HELD], 100, 50);
	mr_ranges_add(&snap.kept.of[MR_HOLD_LOST], 150, 20);
	CHECK_INT(add(), MR_QUARANTINE_CLAIM);
	CHECK(is(&plan.want, 150, 50) && is(&plan.fresh, 170, 30));
}

static void an_offline_block_is_refused(void)
{
	begin();
	mr_ranges_add(&snap.offline, 0, 128);
	CHECK_INT(add(), MR_QUARANTINE_REFUSE);
	CHECK_INT(plan.err.code, -ENXIO);
	CHECK_HAS(plan.err.reason, "offline");
	/* Not if all pages that are wanted are online. */
	mr_ranges_add(&snap.kept.of[MR_HOLD_AWAY], 100, 28);
	CHECK_INT(add(), MR_QUARANTINE_CLAIM);
}

static void there_must_be_room_for_what_is_wanted(void)
{
	begin();
	snap.available = 100 << 12;
	CHECK_INT(add(), MR_QUARANTINE_CLAIM);
	snap.available--;
	CHECK_INT(add(), MR_QUARANTINE_REFUSE);
	CHECK_INT(plan.err.code, -ENOMEM);
	mr_ranges_add(&snap.kept.of[MR_HOLD_HELD], 100, 1);
	CHECK_INT(add(), MR_QUARANTINE_CLAIM);
}

static void a_lasting_blocker_blocks(void)
{
	begin();
	snap.lasting = true;
	CHECK_INT(add(), MR_QUARANTINE_BLOCKED);
	CHECK(is(&plan.want, 100, 100));
}

static void anything_in_quarantine_is_released(void)
{
	for (size_t s = 0; s < MR_HOLD_STATES; s++) {
		struct mr_quarantine_plan p;

		begin();
		mr_quarantine_plan_release(&snap, &p);
		CHECK_INT(p.action, MR_QUARANTINE_NOTHING);
		mr_ranges_add(&snap.kept.of[s], 110, 1);
		mr_quarantine_plan_release(&snap, &p);
		CHECK_INT(p.action, MR_QUARANTINE_RELEASE);
	}
}

int main(void)
{
	what_is_not_held_is_claimed();
	what_is_held_or_away_is_so_already();
	what_is_lost_is_wanted_but_not_fresh();
	an_offline_block_is_refused();
	there_must_be_room_for_what_is_wanted();
	a_lasting_blocker_blocks();
	anything_in_quarantine_is_released();
	begin();
	mr_ranges_free(&snap.all);
	mr_quarantine_plan_free(&plan);
	return CHECK_RESULT;
}
