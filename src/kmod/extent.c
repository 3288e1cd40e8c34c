// SPDX-License-Identifier: GPL-2.0
/*
 * The tree of extents: what is held, or is to be held again.
 *
 * Here is which pages, of what state and whose. What that means for a page is
 * in hold.c, and what memory hotplug does to it in hotplug.c. memras_kmod.h has
 * the states that an extent goes through; all change under memras_mutex.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "compat/hotplug.h"
#include "memras_kmod.h"

static struct rb_root memras_extents = RB_ROOT;
static u64 memras_held_pages;
static u64 memras_kept_pages;
static u64 memras_claims;
static unsigned long memras_pins;
static unsigned long memras_block;	/* pages of a memory block, or 0 */

/*
 * Extents without a descriptor keep the module loaded: their pages need its
 * notifier. So do poisoned pages that are remembered. Only ever
 * called where something else keeps it too (an open descriptor, or the notifier
 * chain that unloading must wait for), and under memras_mutex.
 */
void memras_pin(void)
{
	if (!memras_pins++)
		__module_get(THIS_MODULE);
}

void memras_unpin(void)
{
	if (!--memras_pins)
		module_put(THIS_MODULE);
}

static bool extent_pins(const struct memras_extent *ext)
{
	return ext->state & (MEMRAS_EXT_KEPT | MEMRAS_EXT_DOOMED);
}

static void extent_count(const struct memras_extent *ext, long nr)
{
	if (ext->state & MEMRAS_EXT_DOOMED || memras_extent_new(ext))
		return;
	if (ext->state & MEMRAS_EXT_KEPT)
		memras_kept_pages += nr;
	else
		memras_held_pages += nr;
}

static void extent_set_nr(struct memras_extent *ext, unsigned long nr)
{
	extent_count(ext, (long)(nr - ext->nr));
	ext->nr = nr;
}

/* Change what an extent is, and with it what is counted and what pins the module */
void memras_extent_set_state(struct memras_extent *ext, unsigned int state)
{
	bool was_pinned = extent_pins(ext);

	extent_count(ext, -(long)ext->nr);
	ext->state = state;
	extent_count(ext, ext->nr);
	if (!was_pinned && extent_pins(ext))
		memras_pin();
	if (was_pinned && !extent_pins(ext))
		memras_unpin();
}

/* The extent after @ext, or NULL */
struct memras_extent *memras_extent_next(const struct memras_extent *ext)
{
	return rb_entry_safe(rb_next(&ext->node), struct memras_extent, node);
}

/**
 * memras_extent_first - the extent that holds a page, else the first after it
 * @pfn: the page
 *
 * Return: the extent, or NULL when there is none.
 */
struct memras_extent *memras_extent_first(unsigned long pfn)
{
	struct rb_node *node = memras_extents.rb_node;
	struct memras_extent *found = NULL;

	lockdep_assert_held(&memras_mutex);

	while (node) {
		struct memras_extent *ext = rb_entry(node, struct memras_extent, node);

		if (memras_extent_end(ext) > pfn) {
			found = ext;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	return found;
}

/**
 * memras_extent_of - the extent that has a page
 * @pfn: the page
 *
 * Return: the extent if the page is held or about to be, NULL if it is not, as
 * in LOST extents.
 */
struct memras_extent *memras_extent_of(unsigned long pfn)
{
	struct memras_extent *ext = memras_extent_first(pfn);

	if (!ext || ext->start > pfn)
		return NULL;
	if (ext->state & MEMRAS_EXT_LOST && !(ext->state & MEMRAS_EXT_CLAIMING))
		return NULL;
	return ext;
}

/* Add an extent, which may overlap none that is there */
void memras_extent_insert(struct memras_extent *new)
{
	struct rb_node **link = &memras_extents.rb_node, *parent = NULL;

	while (*link) {
		struct memras_extent *ext = rb_entry(*link, struct memras_extent, node);

		parent = *link;
		link = new->start < ext->start ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&new->node, parent, link);
	rb_insert_color(&new->node, &memras_extents);

	extent_count(new, new->nr);
	if (extent_pins(new))
		memras_pin();
}

/* Remove and free an extent; its pages have been dealt with */
void memras_extent_forget(struct memras_extent *ext)
{
	extent_count(ext, -(long)ext->nr);
	rb_erase(&ext->node, &memras_extents);
	if (extent_pins(ext))
		memras_unpin();
	kfree(ext);
}

/*
 * Split an extent before @at. It must not fail: a release and the notifier
 * cannot report it. Reclaim must not wait for a file system here, as the
 * notifier waits for memras_mutex: GFP_NOIO.
 */
static struct memras_extent *extent_split(struct memras_extent *ext, unsigned long at)
{
	struct memras_extent *right = kmalloc(sizeof(*right), GFP_NOIO | __GFP_NOFAIL);

	*right = *ext;
	right->start = at;
	right->nr = memras_extent_end(ext) - at;
	extent_set_nr(ext, at - ext->start);
	memras_extent_insert(right);
	return right;
}

/* Make what @ext has of @start to @end an extent of its own */
struct memras_extent *memras_extent_carve(struct memras_extent *ext, unsigned long start,
					  unsigned long end)
{
	if (start > ext->start)
		ext = extent_split(ext, start);
	if (end < memras_extent_end(ext))
		extent_split(ext, end);
	return ext;
}

/* Join an extent to the one before it, if they are alike and of one block */
void memras_extent_join(struct memras_extent *ext)
{
	struct memras_extent *prev;
	unsigned long nr = ext->nr;

	prev = rb_entry_safe(rb_prev(&ext->node), struct memras_extent, node);
	if (!prev || memras_extent_end(prev) != ext->start || prev->owner != ext->owner ||
	    prev->claim != ext->claim || prev->state != ext->state || prev->nid != ext->nid)
		return;
	if (memras_block && prev->start / memras_block != ext->start / memras_block)
		return;

	memras_extent_forget(ext);
	extent_set_nr(prev, prev->nr + nr);
}

/* A number to know the extents of one claim call by */
u64 memras_claim_number(void)
{
	lockdep_assert_held(&memras_mutex);
	return ++memras_claims;
}

void memras_extent_counts(u64 *held, u64 *kept)
{
	lockdep_assert_held(&memras_mutex);
	*held = memras_held_pages;
	*kept = memras_kept_pages;
}

void memras_extent_init(void)
{
	memras_block = memras_block_pages();
}

void memras_extent_exit(void)
{
	WARN_ON(!RB_EMPTY_ROOT(&memras_extents));
}
