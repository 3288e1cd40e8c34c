// SPDX-License-Identifier: GPL-2.0-or-later
/* Recording and looking up the zones of memory blocks. */
#define _GNU_SOURCE
#include "lib/block/zones.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static const char *is(const struct mr_zones *z, uint64_t id)
{
	const char *zone = mr_zones_last(z, id);

	return zone ? zone : "-";
}

static void blocks_that_are_online_tell_the_rest_is_kept(void)
{
	struct mr_block list[] = {
		{ .id = 1, .state = MR_BLOCK_ONLINE, .zones = { "DMA32" } },
		{ .id = 2, .state = MR_BLOCK_ONLINE, .zones = { "DMA32" } },
		{ .id = 3, .state = MR_BLOCK_ONLINE, .zones = { "None" } },
		{ .id = 32, .state = MR_BLOCK_OFFLINE, .zones = { "Normal", "Movable" } },
		{ .id = 33, .state = MR_BLOCK_OFFLINE, .zones = { "Movable" } },
		{ .id = 34, .state = MR_BLOCK_ONLINE, .zones = { "Normal" } },
		{ .id = 35, .state = MR_BLOCK_ONLINE },
	};
	const struct mr_blocks blocks = { list, sizeof(list) / sizeof(list[0]) };
	struct mr_zone_run old[] = { { 3, 3, "DMA32" }, { 32, 34, "Movable" },
				     { 90, 99, "Movable" } };
	const struct mr_zones before = { .list = old, .nr = 3 };
	struct mr_zones now;

	CHECK_INT(mr_zones_update(&before, &blocks, &now), 0);
	CHECK_STR(is(&now, 1), "DMA32");
	CHECK_STR(is(&now, 2), "DMA32");
	CHECK_STR(is(&now, 3), "-");	/* of several zones */
	CHECK_STR(is(&now, 32), "Movable");
	CHECK_STR(is(&now, 33), "Movable");
	CHECK_STR(is(&now, 34), "Normal");
	CHECK_STR(is(&now, 35), "-");
	CHECK_STR(is(&now, 95), "-");	/* the block does not exist any more */
	CHECK_INT(now.nr, 3);
	mr_zones_free(&now);
	CHECK_STR(is(NULL, 1), "-");
	CHECK_STR(is(&now, 1), "-");
}

/* Whatever the file contains, the zones read are sorted. */
static void the_file_is_read(void)
{
	static const char text[] = "1-2 DMA32\n7 Movable\nfoo\n5 Normal\n9-8 Normal\n10 Mars\n"
				   "12-14 movable trailing\n18446744073709551615 Normal";
	char top[] = "/tmp/unit-zones.XXXXXX", path[64];
	struct mr_machine m = { 0 };
	struct mr_zones z;
	FILE *f;

	CHECK(mkdtemp(top));
	CHECK_INT(mr_root_open(&m.root, top), 0);
	mr_zones_read(&m, &z);
	CHECK_INT(z.nr, 0);
	snprintf(path, sizeof(path), "%s/run", top);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/run/memras", top);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/run/memras/zones", top);
	f = fopen(path, "w");
	CHECK(f && fputs(text, f) >= 0 && !fclose(f));
	mr_zones_read(&m, &z);
	CHECK_STR(is(&z, 0), "-");
	CHECK_STR(is(&z, 2), "DMA32");
	CHECK_STR(is(&z, 5), "-");
	CHECK_STR(is(&z, 7), "Movable");
	CHECK_STR(is(&z, 9), "-");
	CHECK_STR(is(&z, 10), "-");
	CHECK_STR(is(&z, 13), "Movable");
	CHECK_STR(is(&z, UINT64_MAX), "Normal");
	mr_zones_free(&z);
	/* A captured machine is not written to. */
	CHECK_INT(mr_zones_remember(&m, &(struct mr_blocks){ 0 }), -EROFS);
	unlink(path);
	snprintf(path, sizeof(path), "%s/run/memras", top);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/run", top);
	rmdir(path);
	rmdir(top);
	mr_root_close(&m.root);
}

int main(void)
{
	blocks_that_are_online_tell_the_rest_is_kept();
	the_file_is_read();
	return CHECK_RESULT;
}
