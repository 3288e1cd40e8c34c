// SPDX-License-Identifier: GPL-2.0-or-later
#include "util/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define INVALID UINT32_MAX

/*
 * Returns the length in bytes of the character at @s and the character in *@c; 1 and
 * INVALID for a byte that begins none (RFC 3629: no overlong form, no surrogate).
 */
static size_t next(const unsigned char *s, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = s[0] < 0x80 ? 1 : s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 :
		     s[0] < 0xf8 ? 4 : 0;

	*c = len > 1 ? s[0] & (0xffU >> (len + 1)) : s[0];
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80) {
			len = 0;
			break;
		}
		*c = *c << 6 | (s[i] & 0x3f);
	}
	if (!len || *c < least[len] || *c > 0x10ffff || (*c >= 0xd800 && *c < 0xe000)) {
		*c = INVALID;
		return 1;
	}
	return len;
}

/* True for controls, line separators, and characters that reorder or hide the text around them. */
static bool harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xe0000 && c < 0xe1000);
}

static void print_bytes(FILE *to, const unsigned char *s, size_t len, enum mr_text_form form)
{
	for (size_t i = 0; i < len; i++)
		fprintf(to, form == MR_TEXT_LABEL ? "\\\\x%02x" : "\\x%02x", s[i]);
}

static void print_json(FILE *to, const unsigned char *s, size_t len, uint32_t c)
{
	if (c == INVALID)
		fputs("\357\277\275", to);
	else if (c < 0x20)
		fwrite(s, 1, len, to);	/* newlines of the document itself */
	else if (c < 0x10000)
		fprintf(to, "\\u%04x", c);
	else
		fprintf(to, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
			0xdc00 + ((c - 0x10000) & 0x3ff));
}

/* True if the character at @s is written unchanged. */
static bool plain(const unsigned char *s, uint32_t c, enum mr_text_form form)
{
	if (c == INVALID || harmful(c))
		return false;
	if (form == MR_TEXT_LABEL)
		return c != '\\' && c != '"';
	return form != MR_TEXT_LINE || c != '\\' || s[1] != 'x';
}

void mr_text_print(FILE *to, const char *text, enum mr_text_form form)
{
	const unsigned char *s = (const unsigned char *)text, *from = s;

	while (*s) {
		uint32_t c;
		size_t len = next(s, &c);

		if (!plain(s, c, form)) {
			fwrite(from, 1, (size_t)(s - from), to);
			from = s + len;
			if (form == MR_TEXT_JSON)
				print_json(to, s, len, c);
			else if (form == MR_TEXT_LABEL && (c == '"' || (c == '\\' && s[1] != 'x')))
				fprintf(to, "\\%c", (int)c);
			else
				print_bytes(to, s, len, form);
		}
		s += len;
	}
	fwrite(from, 1, (size_t)(s - from), to);
}

char *mr_text_line(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	char *line = NULL;
	size_t size = 0;
	FILE *f;
	uint32_t c;

	while (*s) {
		size_t len = next(s, &c);

		if (!plain(s, c, MR_TEXT_LINE))
			break;
		s += len;
	}
	if (!*s)
		return strdup(text);
	f = open_memstream(&line, &size);
	if (!f)
		return NULL;
	mr_text_print(f, text, MR_TEXT_LINE);
	if (fclose(f)) {
		free(line);
		return NULL;
	}
	return line;
}

void mr_text_end_whole(char *text, size_t size)
{
	size_t len = strlen(text), back = 1;
	uint32_t c;

	if (!len || len + 1 < size)
		return;

	/* Go back to the first byte of the last character, at most three bytes before. */
	while (back < len && back < 4 && ((unsigned char)text[len - back] & 0xc0) == 0x80)
		back++;
	if ((unsigned char)text[len - back] >= 0xc0 &&
	    next((unsigned char *)text + len - back, &c) == 1)
		text[len - back] = '\0';
}
