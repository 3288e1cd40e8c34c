// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/result.h"

void mr_summary_add(struct mr_summary *sum, enum mr_outcome outcome, const struct mr_err *err)
{
	sum->requested++;
	switch (outcome) {
	case MR_OUTCOME_PLANNED:
		sum->planned++;
		return;
	case MR_OUTCOME_DONE:
		sum->done++;
		return;
	case MR_OUTCOME_ALREADY:
		sum->already++;
		return;
	case MR_OUTCOME_REFUSED:
		sum->refused++;
		break;
	case MR_OUTCOME_FAILED:
		sum->failed++;
		break;
	}
	sum->last = *err;
}

const char *mr_outcome_name(enum mr_outcome outcome, const char *done)
{
	switch (outcome) {
	case MR_OUTCOME_PLANNED:
		return "planned";
	case MR_OUTCOME_DONE:
		return done;
	case MR_OUTCOME_ALREADY:
		return "already";
	case MR_OUTCOME_REFUSED:
		return "refused";
	case MR_OUTCOME_FAILED:
		break;
	}
	return "failed";
}
