// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/watch/errdimms.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backend/edac.h"
#include "util/cleanup.h"
#include "util/num.h"

#define DIMM "dimm "
#define EDAC "edac "

void mr_errdimms_read_edac(const struct mr_machine *m, struct mr_errdimms *d)
{
	mr_autofree struct mr_edac *list = NULL;
	size_t nr;

	if (d->edac.nr_dimms || mr_edac_list(m, &list, &nr))
		return;
	for (size_t i = 0; i < nr; i++) {
		char text[2 * MR_EDAC_TEXT + 40];

		if (!list[i].dimm[0])
			continue;
		snprintf(text, sizeof(text), "%s/%s %s (%s)", list[i].controller, list[i].dimm,
			 list[i].label, list[i].location);
		/* Half of the DIMMs would look like a difference. */
		if (mr_memlayout_add_dimm(&d->edac, text,
					  list[i].size == UINT64_MAX ? 0 : list[i].size)) {
			mr_memlayout_free(&d->edac);
			return;
		}
	}
}

int mr_errdimms_read(const struct mr_machine *m, struct mr_errdimms *d)
{
	int rc;

	*d = (struct mr_errdimms){ 0 };
	rc = mr_memlayout_read(m, &d->dmi);
	if (!rc)
		mr_errdimms_read_edac(m, d);
	return rc;
}

void mr_errdimms_free(struct mr_errdimms *d)
{
	mr_memlayout_free(&d->dmi);
	mr_memlayout_free(&d->edac);
}

/* Writes one line for each, as a text of the firmware may have any character. */
static void write_dimms(const struct mr_memlayout *l, const char *kind, FILE *f)
{
	for (size_t i = 0; i < l->nr_dimms; i++) {
		fprintf(f, "%s%" PRIu64 " ", kind, l->dimms[i].size);
		for (const char *p = l->dimms[i].text; *p; p++)
			putc((unsigned char)*p < ' ' ? '?' : *p, f);
		putc('\n', f);
	}
}

void mr_errdimms_write(const struct mr_errdimms *d, FILE *f)
{
	write_dimms(&d->dmi, DIMM, f);
	write_dimms(&d->edac, EDAC, f);
}

bool mr_errdimms_parse(struct mr_errdimms *d, const char *line)
{
	const bool edac = !strncmp(line, EDAC, strlen(EDAC));
	mr_autofree char *text = NULL;
	const char *rest;
	uint64_t size;

	if ((!edac && strncmp(line, DIMM, strlen(DIMM))) ||
	    mr_num_scan(line + strlen(DIMM), &rest, &size) || *rest++ != ' ')
		return false;
	text = strndup(rest, strcspn(rest, "\n"));
	return text && !mr_memlayout_add_dimm(edac ? &d->edac : &d->dmi, text, size);
}

/* The labels of EDAC are of the slots: only a slot or a size can differ. */
static bool edac_differs(const struct mr_memlayout *then, const struct mr_memlayout *now,
			 char *why, size_t size)
{
	if (!then->nr_dimms || !now->nr_dimms)
		return false;
	if (then->nr_dimms != now->nr_dimms) {
		snprintf(why, size, "EDAC had %zu DIMMs and has now %zu", then->nr_dimms,
			 now->nr_dimms);
		return true;
	}
	for (size_t i = 0; i < now->nr_dimms; i++) {
		const struct mr_dimm *a = &then->dimms[i], *b = &now->dimms[i];

		if (a->size == b->size && !strcmp(a->text, b->text))
			continue;
		snprintf(why, size, "a DIMM was '%.80s' of %" PRIu64 " MiB and is now '%.80s' of %"
			 PRIu64 " MiB", a->text, a->size >> 20, b->text, b->size >> 20);
		return true;
	}
	return false;
}

bool mr_errdimms_differ(const struct mr_errdimms *then, const struct mr_errdimms *now, char *why,
			size_t size)
{
	return mr_memlayout_dimms_differ(&then->dmi, &now->dmi, why, size) ||
	       edac_differs(&then->edac, &now->edac, why, size);
}
