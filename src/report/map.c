// SPDX-License-Identifier: GPL-2.0-or-later
/* The look of a map in any form, and the map as text. */
#include "report/map.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "util/num.h"

#define ADDRESS_COLUMNS 15	/* "0x3fffffffffff " */
#define LEAST_PER_LINE	16
#define MOST_PER_LINE	1024

const struct mr_map_style mr_map_styles[MR_MAP_LOOKS] = {
	[MR_MAP_HOLE] = { "none here", ".", "·", "90", "#ffffff" },
	[MR_MAP_OFFLINE] = { "offline", "-", "░", "90", "#d0d0d0" },
	[MR_MAP_PARTLY] = { "partly offline", "/", "╱", "37", "#a8a8a8" },
	[MR_MAP_DMA] = { "DMA", "d", "▖", "35", "#c9b6e4" },
	[MR_MAP_DMA32] = { "DMA32", "D", "▒", "35", "#b39ddb" },
	[MR_MAP_NORMAL] = { "Normal", "N", "█", "34", "#64a0dc" },
	[MR_MAP_MOVABLE] = { "Movable", "M", "▓", "32", "#7cc47f" },
	[MR_MAP_OTHER] = { "other zones", "+", "╬", "36", "#80c8c8" },
	[MR_MAP_HUGEPAGES] = { "hugepages", "H", "■", "36", "#2f8f8f" },
	[MR_MAP_QUARANTINED] = { "in quarantine", "Q", "◆", "33", "#f0a830" },
	[MR_MAP_POISONED] = { "poisoned", "!", "!", "1;31", "#d02020" },
};

enum mr_map_look mr_map_look(const struct mr_map_cell *c)
{
	static const enum mr_map_look zones[] = { MR_MAP_DMA, MR_MAP_DMA32, MR_MAP_NORMAL,
						  MR_MAP_MOVABLE };

	if (c->poisoned)
		return MR_MAP_POISONED;
	if (c->quarantined)
		return MR_MAP_QUARANTINED;
	if (!c->present)
		return MR_MAP_HOLE;
	if (!c->online)
		return MR_MAP_OFFLINE;
	if (c->online < c->present)
		return MR_MAP_PARTLY;
	if (c->hugepages)
		return MR_MAP_HUGEPAGES;
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		if (!strcmp(c->zone, mr_map_styles[zones[i]].name))
			return zones[i];
	return MR_MAP_OTHER;
}

void mr_map_title_text(const struct mr_map *map, const struct mr_map_title *title, char *buf)
{
	char size[MR_SIZE_TEXT], block[MR_SIZE_TEXT], cell[MR_SIZE_TEXT];

	snprintf(buf, MR_MAP_TITLE_TEXT, "%s in %" PRIu64 " block%s of %s, %s a cell",
		 mr_size_text(title->present, size), title->blocks, title->blocks == 1 ? "" : "s",
		 mr_size_text(title->block_size, block), mr_size_text(map->cell_size, cell));
}

bool mr_map_next_line(const struct mr_map *map, unsigned int per_line, struct mr_map_line *line)
{
	const uint64_t size = map->cell_size * per_line;
	size_t at = line->cells ? (size_t)(line->cells - map->cells) + line->nr : 0;
	const struct mr_map_cell *c = &map->cells[at];
	uint64_t end = at ? c[-1].start + map->cell_size : 0;

	if (at >= map->nr)
		return false;
	/* Lines without memory are left out and shown as one gap. */
	line->gap = c->start / size > (end ? end - 1 : 0) / size + (at != 0) ? c->start - end : 0;
	line->new_node = !line->cells || c->node != line->cells->node;
	line->cells = c;
	line->start = c->start - c->start % size;
	line->nr = 0;
	while (at + line->nr < map->nr && c[line->nr].start - line->start < size &&
	       c[line->nr].node == c->node)
		line->nr++;
	return true;
}

size_t mr_map_run(const struct mr_map *map, const struct mr_map_line *line, size_t i)
{
	const struct mr_map_cell *c = &line->cells[i];
	size_t n = 1;

	while (i + n < line->nr && c[n].start == c->start + n * map->cell_size &&
	       mr_map_look(&c[n]) == mr_map_look(c))
		n++;
	return n;
}

unsigned int mr_map_per_line(unsigned int columns)
{
	unsigned int n = LEAST_PER_LINE;

	while (n < MOST_PER_LINE && n * 2 + ADDRESS_COLUMNS <= columns)
		n *= 2;
	return n;
}

/* Prints @nr cells of one look. */
static void put(enum mr_map_look look, size_t nr, const struct mr_map_page *page)
{
	const struct mr_map_style *style = &mr_map_styles[look];

	if (page->color && nr)
		printf("\033[%sm", style->sgr);
	for (size_t i = 0; i < nr; i++)
		fputs(page->unicode ? style->unicode : style->ascii, stdout);
	if (page->color && nr)
		fputs("\033[0m", stdout);
}

static void print_line(const struct mr_map *map, const struct mr_map_line *line,
		       const struct mr_map_page *page, bool *seen)
{
	uint64_t at = line->start;

	printf("0x%012" PRIx64 " ", line->start);
	for (size_t i = 0, n; i < line->nr; i += n) {
		const struct mr_map_cell *c = &line->cells[i];
		size_t holes = (c->start - at) / map->cell_size;

		n = mr_map_run(map, line, i);
		put(MR_MAP_HOLE, holes, page);
		put(mr_map_look(c), n, page);
		seen[MR_MAP_HOLE] |= holes != 0;
		seen[mr_map_look(c)] = true;
		at = c->start + n * map->cell_size;
	}
	putchar('\n');
}

void mr_map_print_text(const struct mr_map *map, const struct mr_map_title *title,
		       const struct mr_map_page *page)
{
	bool seen[MR_MAP_LOOKS] = { false };
	struct mr_map_line line = { 0 };
	char text[MR_MAP_TITLE_TEXT], gap[MR_SIZE_TEXT];
	const char *between = "";

	mr_map_title_text(map, title, text);
	puts(text);
	while (mr_map_next_line(map, page->per_line, &line)) {
		if (line.new_node && line.cells->node >= 0)
			printf("\nnode %d\n", line.cells->node);
		else if (line.new_node)
			putchar('\n');
		if (line.gap)
			printf("%*s(%s without memory)\n", ADDRESS_COLUMNS, "",
			       mr_size_text(line.gap, gap));
		print_line(map, &line, page, seen);
	}
	putchar('\n');
	for (int i = 0; i < MR_MAP_LOOKS; i++) {
		if (!seen[i])
			continue;
		fputs(between, stdout);
		put((enum mr_map_look)i, 1, page);
		printf(" %s", mr_map_styles[i].name);
		between = "  ";
	}
	putchar('\n');
}
