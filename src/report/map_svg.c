// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>

#include "report/map.h"
#include "util/num.h"

/* Pixels. */
#define CELL_WIDTH	9U
#define LINE_HEIGHT	18U
#define CELL_HEIGHT	14U
#define LEFT		130U	/* x of the first cell, behind the address */
#define MARGIN		12U
#define LEGEND_WIDTH	130U

/* Returns the height of the picture: the lines, the headings of nodes and the legend. */
static unsigned int height(const struct mr_map *map, unsigned int per_line)
{
	struct mr_map_line line = { 0 };
	unsigned int in_a_row = per_line * CELL_WIDTH / LEGEND_WIDTH;
	unsigned int lines = 4 + (MR_MAP_LOOKS - 1) / in_a_row;

	while (mr_map_next_line(map, per_line, &line))
		lines += 1 + 2 * (line.new_node && line.cells->node >= 0) + (line.gap != 0);
	return lines * LINE_HEIGHT + 2 * MARGIN;
}

static void rect(unsigned int x, unsigned int y, unsigned int width, enum mr_map_look look)
{
	printf("<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" fill=\"%s\">", x, y, width,
	       CELL_HEIGHT, mr_map_styles[look].fill);
}

static void text(unsigned int x, unsigned int y, const char *what)
{
	printf("<text x=\"%u\" y=\"%u\">%s</text>\n", x, y + CELL_HEIGHT - 3, what);
}

/* Draws each run of cells of one look as one rectangle, with a tooltip. */
static void draw_line(const struct mr_map *map, const struct mr_map_line *line, unsigned int y,
		      bool *seen)
{
	char address[24];

	snprintf(address, sizeof(address), "0x%012" PRIx64, line->start);
	text(MARGIN, y, address);
	for (size_t i = 0, n; i < line->nr; i += n) {
		const struct mr_map_cell *c = &line->cells[i];
		enum mr_map_look look = mr_map_look(c);
		uint64_t poisoned = 0;

		n = mr_map_run(map, line, i);
		for (size_t k = 0; k < n; k++)
			poisoned += c[k].poisoned;
		rect((unsigned int)(LEFT + (c->start - line->start) / map->cell_size * CELL_WIDTH),
		     y, (unsigned int)n * CELL_WIDTH - 1, look);
		printf("<title>0x%" PRIx64 "-0x%" PRIx64 " %s", c->start,
		       c->start + n * map->cell_size - 1, mr_map_styles[look].name);
		if (poisoned)
			printf(": %" PRIu64 " page%s", poisoned, poisoned == 1 ? "" : "s");
		puts("</title></rect>");
		seen[look] = true;
	}
}

static void draw_legend(unsigned int y, unsigned int right, const bool *seen)
{
	unsigned int x = LEFT;

	for (int i = 0; i < MR_MAP_LOOKS; i++) {
		if (!seen[i])
			continue;
		if (x + LEGEND_WIDTH > right) {
			x = LEFT;
			y += LINE_HEIGHT;
		}
		rect(x, y, CELL_WIDTH, (enum mr_map_look)i);
		puts("</rect>");
		text(x + CELL_WIDTH + 5, y, mr_map_styles[i].name);
		x += LEGEND_WIDTH;
	}
}

void mr_map_print_svg(const struct mr_map *map, const struct mr_map_title *title,
		      unsigned int per_line)
{
	bool seen[MR_MAP_LOOKS] = { false };
	struct mr_map_line line = { 0 };
	unsigned int y = MARGIN;
	char buf[MR_MAP_TITLE_TEXT];

	printf("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\""
	       " font-family=\"monospace\" font-size=\"12\">\n",
	       LEFT + per_line * CELL_WIDTH + MARGIN, height(map, per_line));
	puts("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>");
	mr_map_title_text(map, title, buf);
	text(MARGIN, y, buf);
	y += 2 * LINE_HEIGHT;
	while (mr_map_next_line(map, per_line, &line)) {
		if (line.new_node && line.cells->node >= 0) {
			snprintf(buf, sizeof(buf), "node %d", line.cells->node);
			y += y > MARGIN + 2 * LINE_HEIGHT ? LINE_HEIGHT : 0;
			text(MARGIN, y, buf);
			y += LINE_HEIGHT;
		}
		if (line.gap) {
			char size[MR_SIZE_TEXT];

			snprintf(buf, sizeof(buf), "(%s without memory)",
				 mr_size_text(line.gap, size));
			text(LEFT, y, buf);
			y += LINE_HEIGHT;
		}
		draw_line(map, &line, y, seen);
		y += LINE_HEIGHT;
	}
	draw_legend(y + LINE_HEIGHT, LEFT + per_line * CELL_WIDTH, seen);
	puts("</svg>");
}
