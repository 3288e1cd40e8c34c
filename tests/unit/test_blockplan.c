// SPDX-License-Identifier: GPL-2.0-or-later
/* Plans for memory blocks that are to go offline or online. */
#include "lib/block/blockplan.h"

#include <errno.h>
#include <string.h>

#include "check.h"

#define FIRST	32768
#define PAGES	32768
#define UNIT	512

static struct mr_block_snap snap;
static struct mr_block_plan plan;
static struct mr_hugepage hugepage;
static enum mr_move_to move_to;

/* A free block of 128 MiB, a module with all features, and plenty of memory elsewhere. */
static void begin(void)
{
	mr_ranges_free(&snap.skipped);
	move_to = MR_MOVE_DEFAULT;
	snap = (struct mr_block_snap){
		.id = 1, .all = { FIRST, PAGES }, .state = MR_BLOCK_ONLINE, .page_shift = 12,
		.pageblock = UNIT, .claims = true, .replaces = true, .seen = true, .few = true,
		.available = 1ULL << 40,
	};
	hugepage = (struct mr_hugepage){ .pfn = FIRST + 1024, .size = 2 << 20, .state = MR_HUGEPAGE_FREE };
}

static enum mr_block_action offline(void)
{
	mr_block_plan_free(&plan);
	CHECK_INT(mr_block_plan_offline(&snap, move_to, 0, &plan), 0);
	return plan.action;
}

static void what_is_offline_is_so_already(void)
{
	begin();
	snap.state = MR_BLOCK_OFFLINE;
	snap.available = 0;
	CHECK_INT(offline(), MR_BLOCK_NOTHING);
}

static void boot_memory_of_arm64_is_refused_before_it_is_looked_at(void)
{
	begin();
	snap.permanent = true;
	snap.seen = snap.few = false;
	CHECK_INT(offline(), MR_BLOCK_REFUSE);
	CHECK_INT(plan.err.code, -EOPNOTSUPP);
	CHECK_INT(plan.err.blame, MR_BLAME_MACHINE);
	CHECK(strstr(plan.err.reason, "boot memory"));
	CHECK_INT(plan.want.nr, 0);
	/* Without the module too, where the kernel would refuse after it has migrated. */
	snap.claims = snap.replaces = false;
	CHECK_INT(offline(), MR_BLOCK_REFUSE);
}

static void what_is_free_goes_at_once(void)
{
	begin();
	CHECK_INT(offline(), MR_BLOCK_WRITE);
	CHECK_STR(plan.word, "offline");
	/* If the block comes into use, all of it is claimed. */
	CHECK(plan.want.nr == 1 && plan.want.list[0].pfn == FIRST && plan.want.list[0].nr == PAGES);
	/* The kernel skips these, and poisoned and held pages. */
	snap.of_kind[MEMRAS_KIND_OFFLINE] = 5;
	snap.of_kind[MEMRAS_KIND_MEMMAP] = 512;
	snap.out_of_use = 7;
	CHECK_INT(offline(), MR_BLOCK_WRITE);
	/* A block that could not be scanned is not known to be free. */
	snap.seen = false;
	CHECK_INT(offline(), MR_BLOCK_EVACUATE);
	/* The kernel migrates a few movable pages itself. */
	begin();
	snap.of_kind[MEMRAS_KIND_ANON] = 10;
	snap.of_kind[MEMRAS_KIND_FILE] = 10;
	CHECK_INT(offline(), MR_BLOCK_WRITE);
}

static void what_is_in_use_is_evacuated(void)
{
	static const uint32_t movable[] = {
		MEMRAS_KIND_ANON, MEMRAS_KIND_FILE, MEMRAS_KIND_SHMEM, MEMRAS_KIND_THP,
		MEMRAS_KIND_HUGETLB, MEMRAS_KIND_HUGETLB_FREE, MEMRAS_KIND_MOVABLE,
		MEMRAS_KIND_UNKNOWN,
	};

	for (size_t i = 0; i < sizeof(movable) / sizeof(movable[0]); i++) {
		begin();
		snap.few = false;
		snap.of_kind[movable[i]] = 1;
		CHECK_INT(offline(), MR_BLOCK_EVACUATE);
	}
	/* Even a single one: hugepages need their pool kept, an unknown use may be permanent. */
	for (size_t i = 0; i < sizeof(movable) / sizeof(movable[0]); i++) {
		bool never = movable[i] == MEMRAS_KIND_HUGETLB || movable[i] == MEMRAS_KIND_UNKNOWN ||
			     movable[i] == MEMRAS_KIND_HUGETLB_FREE;

		begin();
		snap.of_kind[movable[i]] = 1;
		CHECK_INT(offline(), never ? MR_BLOCK_EVACUATE : MR_BLOCK_WRITE);
	}
}

static void what_cannot_be_moved_blocks(void)
{
	static const uint32_t fixed[] = { MEMRAS_KIND_SLAB, MEMRAS_KIND_PGTABLE,
					  MEMRAS_KIND_RESERVED, MEMRAS_KIND_GIGANTIC,
					  MEMRAS_KIND_DEVICE };

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		begin();
		snap.of_kind[fixed[i]] = 1;
		snap.of_kind[MEMRAS_KIND_ANON] = 1000;
		CHECK_INT(offline(), MR_BLOCK_BLOCKED);
	}
}

/* Page flags show less than the kernel knows: let it decide. */
static void without_the_module_the_kernel_is_asked(void)
{
	begin();
	snap.claims = snap.replaces = false;
	snap.pageblock = 0;
	CHECK_INT(offline(), MR_BLOCK_KERNEL);
	snap.of_kind[MEMRAS_KIND_SLAB] = 1;
	CHECK_INT(offline(), MR_BLOCK_KERNEL);
	CHECK_INT(plan.want.nr, 0);
}

static void of_several_nodes_its_own_is_the_first(void)
{
	begin();
	snap.other_nodes = true;
	/* Nothing moves. */
	CHECK_INT(offline(), MR_BLOCK_WRITE);
	snap.of_kind[MEMRAS_KIND_ANON] = 1;
	CHECK_INT(offline(), MR_BLOCK_EVACUATE);
	CHECK_INT(plan.move_to, MR_MOVE_NEAR);
	move_to = MR_MOVE_NEAR;
	CHECK_INT(offline(), MR_BLOCK_EVACUATE);
	snap.claims = false;
	CHECK_INT(offline(), MR_BLOCK_REFUSE);
	CHECK_INT(plan.err.code, -EOPNOTSUPP);
	/* By default the kernel may move pages to other nodes. */
	move_to = MR_MOVE_DEFAULT;
	CHECK_INT(offline(), MR_BLOCK_KERNEL);
	CHECK_INT(plan.move_to, MR_MOVE_ANY);
	move_to = MR_MOVE_NEAR;
	snap.other_nodes = false;
	CHECK_INT(offline(), MR_BLOCK_KERNEL);
	CHECK_INT(plan.move_to, MR_MOVE_DEFAULT);
}

static void all_of_them_are_the_kernels_choice(void)
{
	begin();
	move_to = MR_MOVE_ANY;
	snap.of_kind[MEMRAS_KIND_ANON] = 10000;
	snap.few = false;
	CHECK_INT(offline(), MR_BLOCK_EVACUATE);
	snap.other_nodes = true;
	CHECK_INT(offline(), MR_BLOCK_KERNEL);
	CHECK_INT(plan.move_to, MR_MOVE_ANY);
	/* Hugepages that the kernel would dissolve are claimed instead. */
	snap.of_kind[MEMRAS_KIND_HUGETLB] = 512;
	snap.hugepages = &hugepage;
	snap.nr_hugepages = 1;
	CHECK_INT(offline(), MR_BLOCK_EVACUATE);
	snap.nr_hugepages = 0;
	snap.hugepages = NULL;
	snap.of_kind[MEMRAS_KIND_SLAB] = 1;
	CHECK_INT(offline(), MR_BLOCK_BLOCKED);
}

static void there_must_be_room_for_what_goes(void)
{
	begin();
	snap.available = (uint64_t)PAGES << 12;
	CHECK_INT(offline(), MR_BLOCK_WRITE);
	snap.available--;
	CHECK_INT(offline(), MR_BLOCK_REFUSE);
	CHECK_INT(plan.err.code, -ENOMEM);
	CHECK_STR(plan.err.object, "memory1");
	/* Pages that are not in use now are not lost. */
	snap.of_kind[MEMRAS_KIND_OFFLINE] = 1;
	CHECK_INT(offline(), MR_BLOCK_WRITE);
	snap.of_kind[MEMRAS_KIND_OFFLINE] = 0;
	snap.out_of_use = 1;
	CHECK_INT(offline(), MR_BLOCK_WRITE);
	/* Nor without the module. */
	snap.claims = false;
	snap.available -= 4096;
	CHECK_INT(offline(), MR_BLOCK_REFUSE);
	snap.available = UINT64_MAX;
	CHECK_INT(offline(), MR_BLOCK_KERNEL);
}

static void blocks_of_one_request_need_room_together(void)
{
	const uint64_t size = (uint64_t)PAGES << 12;

	begin();
	snap.available = 2 * size;
	mr_block_plan_free(&plan);
	CHECK_INT(mr_block_plan_offline(&snap, move_to, size, &plan), 0);
	CHECK_INT(plan.action, MR_BLOCK_WRITE);
	mr_block_plan_free(&plan);
	CHECK_INT(mr_block_plan_offline(&snap, move_to, size + 1, &plan), 0);
	CHECK_INT(plan.action, MR_BLOCK_REFUSE);
	mr_block_plan_free(&plan);
	CHECK_INT(mr_block_plan_offline(&snap, move_to, 3 * size, &plan), 0);
	CHECK_INT(plan.action, MR_BLOCK_REFUSE);
}

static void hugepages_are_replaced_or_their_pool_is_grown(void)
{
	begin();
	CHECK_INT(offline(), MR_BLOCK_WRITE);
	CHECK_INT(plan.pool, MR_POOL_NONE);
	snap.hugepages = &hugepage;
	snap.nr_hugepages = 1;
	snap.of_kind[MEMRAS_KIND_HUGETLB_FREE] = 512;
	CHECK_INT(offline(), MR_BLOCK_EVACUATE);
	CHECK_INT(plan.pool, MR_POOL_REPLACED);
	CHECK_INT(mr_ranges_pages(&plan.want), PAGES);
	/* Hugepages that the module cannot replace are left to the kernel. */
	snap.replaces = false;
	CHECK_INT(offline(), MR_BLOCK_EVACUATE);
	CHECK_INT(plan.pool, MR_POOL_GROWN);
	CHECK_INT(mr_ranges_pages(&plan.want), PAGES - 512);
	CHECK(plan.want.nr == 2 && plan.want.list[0].nr == 1024);
	snap.claims = false;
	CHECK_INT(offline(), MR_BLOCK_KERNEL);
	CHECK_INT(plan.pool, MR_POOL_GROWN);
	/* The pool is not kept for hugepages that cannot be migrated. */
	hugepage.poisoned = true;
	CHECK_INT(offline(), MR_BLOCK_KERNEL);
	CHECK_INT(plan.pool, MR_POOL_NONE);
	hugepage.poisoned = false;
	hugepage.gigantic = true;
	CHECK_INT(offline(), MR_BLOCK_KERNEL);
	CHECK_INT(plan.pool, MR_POOL_NONE);
}

static void what_the_kernel_skips_is_not_claimed(void)
{
	begin();
	snap.of_kind[MEMRAS_KIND_OFFLINE] = 2;
	snap.of_kind[MEMRAS_KIND_ANON] = 5000;
	snap.few = false;
	mr_ranges_add(&snap.skipped, FIRST + 3, 1);
	mr_ranges_add(&snap.skipped, FIRST + 2 * UNIT - 1, 2);
	CHECK_INT(offline(), MR_BLOCK_EVACUATE);
	CHECK_INT(mr_ranges_pages(&plan.want), PAGES - 3 * UNIT);
	CHECK(plan.want.nr == 1 && plan.want.list[0].pfn == FIRST + 3 * UNIT);
}

static const char *online(enum mr_online_zone zone, const char *last)
{
	mr_block_plan_online(MR_BLOCK_OFFLINE, zone, last, &plan);
	CHECK_INT(plan.action, MR_BLOCK_WRITE);
	return plan.word;
}

static void blocks_go_back_to_where_they_were(void)
{
	mr_block_plan_free(&plan);
	CHECK_STR(online(MR_ONLINE_BACK, "Movable"), "online_movable");
	CHECK_STR(online(MR_ONLINE_BACK, "Normal"), "online_kernel");
	CHECK_STR(online(MR_ONLINE_BACK, "DMA32"), "online_kernel");
	CHECK_STR(online(MR_ONLINE_BACK, NULL), "online");
	/* An option overrides it. */
	CHECK_STR(online(MR_ONLINE_AUTO, "Movable"), "online");
	CHECK_STR(online(MR_ONLINE_KERNEL, "Movable"), "online_kernel");
	CHECK_STR(online(MR_ONLINE_MOVABLE, "Normal"), "online_movable");
	CHECK_INT(plan.zone, MR_ONLINE_MOVABLE);
	mr_block_plan_online(MR_BLOCK_ONLINE, MR_ONLINE_MOVABLE, "Normal", &plan);
	CHECK_INT(plan.action, MR_BLOCK_NOTHING);
	for (int i = 0; mr_online_zone_choices[i]; i++)
		CHECK_INT(mr_online_zone_of(mr_online_zone_choices[i]), i);
}

int main(void)
{
	what_is_offline_is_so_already();
	boot_memory_of_arm64_is_refused_before_it_is_looked_at();
	what_is_free_goes_at_once();
	what_is_in_use_is_evacuated();
	what_cannot_be_moved_blocks();
	without_the_module_the_kernel_is_asked();
	of_several_nodes_its_own_is_the_first();
	all_of_them_are_the_kernels_choice();
	there_must_be_room_for_what_goes();
	blocks_of_one_request_need_room_together();
	hugepages_are_replaced_or_their_pool_is_grown();
	what_the_kernel_skips_is_not_claimed();
	blocks_go_back_to_where_they_were();
	mr_ranges_free(&snap.skipped);
	mr_block_plan_free(&plan);
	return CHECK_RESULT;
}
