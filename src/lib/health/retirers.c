// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "lib/health/retirers.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "backend/mounts.h"
#include "util/cleanup.h"
#include "util/num.h"

/* Errors that a retirer acts on; two retirers of the same errors act twice. */
#define ERRORS_CPU	(1U << 0)	/* corrected, from MCA banks or EDAC drivers */
#define ERRORS_FIRMWARE	(1U << 1)
#define ERRORS_FATAL	(1U << 2)	/* uncorrected */

#define MAX_COMMAND 512

enum { CEC, GHES, FMPM, RASDAEMON, MCELOG, WATCH };

static const struct {
	const char *name;
	unsigned int errors;
} known[MR_RETIRERS] = {
	[CEC] = { "cec", ERRORS_CPU },
	[GHES] = { "ghes", ERRORS_FIRMWARE },
	[FMPM] = { "fmpm", ERRORS_FATAL },
	[RASDAEMON] = { "rasdaemon", ERRORS_CPU },
	[MCELOG] = { "mcelog", ERRORS_CPU },
	[WATCH] = { "memras-watch", ERRORS_CPU },
};

const char *mr_retirer_state_name(enum mr_retirer_state state)
{
	static const char *const names[] = {
		[MR_RETIRER_ACTIVE] = "active",
		[MR_RETIRER_OFF] = "off",
		[MR_RETIRER_ABSENT] = "absent",
		[MR_RETIRER_UNKNOWN] = "unknown",
	};

	return names[state];
}

__attribute__((format(printf, 3, 4)))
static void set(struct mr_retirer *r, enum mr_retirer_state state, const char *fmt, ...)
{
	va_list args;

	r->state = state;
	va_start(args, fmt);
	vsnprintf(r->does, sizeof(r->does), fmt, args);
	va_end(args);
}

/* True if @word is on the kernel's command line. */
static bool booted_with(const struct mr_machine *m, const char *word)
{
	char line[4096], *rest = line, *p;

	if (mr_root_read(&m->root, line, sizeof(line), "proc/cmdline") < 0)
		return false;
	while ((p = strsep(&rest, " ")))
		if (!strcmp(p, word))
			return true;
	return false;
}

/* drivers/ras/cec.c */
static void find_cec(const struct mr_machine *m, struct mr_retirer *r)
{
	mr_autofree char *debugfs = mr_mounts_find(&m->root, "debugfs", NULL);
	uint64_t threshold;
	int there;

	if (booted_with(m, "ras=cec_disable")) {
		set(r, MR_RETIRER_OFF, "turned off by ras=cec_disable");
		return;
	}
	if (!debugfs) {
		set(r, MR_RETIRER_UNKNOWN, "debugfs is not mounted");
		return;
	}
	there = mr_root_openf(&m->root, O_RDONLY | O_DIRECTORY, "%s/ras", debugfs + 1);
	if (there >= 0) {
		close(there);
	} else if (there != -ENOENT) {
		set(r, MR_RETIRER_UNKNOWN, "only root can read debugfs");
		return;
	}
	if (!mr_root_exists(&m->root, "%s/ras/cec", debugfs + 1))
		set(r, MR_RETIRER_ABSENT, "this kernel or processor has none");
	else if (mr_root_read_u64(&m->root, 10, &threshold, "%s/ras/cec/action_threshold",
				  debugfs + 1))
		set(r, MR_RETIRER_ACTIVE, "soft offlines a page that has too many corrected "
		    "errors; others do not see the errors that it takes");
	else
		set(r, MR_RETIRER_ACTIVE, "soft offlines a page at %llu corrected errors; "
		    "others do not see the errors that it takes", (unsigned long long)threshold);
}

/* drivers/acpi/apei/{hest,ghes}.c; the module has no parameter that can be read. */
static void find_ghes(const struct mr_machine *m, struct mr_retirer *r)
{
	if (!mr_root_exists(&m->root, "sys/firmware/acpi/tables/HEST"))
		set(r, MR_RETIRER_ABSENT, "the firmware reports no errors");
	else if (mr_root_exists(&m->root, "sys/bus/platform/drivers/GHES"))
		set(r, MR_RETIRER_ACTIVE, "soft offlines a page when the firmware reports that it "
		    "had too many corrected errors");
	else if (booted_with(m, "hest_disable"))
		set(r, MR_RETIRER_OFF, "turned off by hest_disable");
	else if (booted_with(m, "ghes.disable") || booted_with(m, "ghes.disable=1") ||
		 booted_with(m, "ghes.disable=Y") || booted_with(m, "ghes.disable=y"))
		set(r, MR_RETIRER_OFF, "turned off by ghes.disable");
	else
		set(r, MR_RETIRER_ABSENT, "this kernel does not take the firmware's errors");
}

/* drivers/ras/amd/fmpm.c */
static void find_fmpm(const struct mr_machine *m, struct mr_retirer *r)
{
	if (mr_root_exists(&m->root, "sys/module/fmpm"))
		set(r, MR_RETIRER_ACTIVE, "retires the pages of an uncorrected error, and again "
		    "at each boot");
	else
		set(r, MR_RETIRER_ABSENT, "not loaded");
}

/* Reads the last "NAME=VALUE" or "NAME = VALUE" of @path, without quotes. False if none. */
static bool setting(const struct mr_machine *m, const char *path, const char *name, char *value,
		    size_t size)
{
	mr_autofclose FILE *f = NULL;
	mr_autofree char *line = NULL;
	bool found = false;
	size_t room = 0;

	mr_root_fopen(&m->root, &f, "%s", path);
	while (f && getline(&line, &room, f) >= 0) {
		const char *p = line + strspn(line, " \t");

		if (strncmp(p, name, strlen(name)))
			continue;
		p += strlen(name);
		p += strspn(p, " \t");
		if (*p++ != '=')
			continue;
		p += strspn(p, " \t\"'");
		snprintf(value, size, "%.*s", (int)strcspn(p, "\"'\n#"), p);
		for (size_t n = strlen(value); n && isspace((unsigned char)value[n - 1]); n--)
			value[n - 1] = '\0';
		found = true;
	}
	return found;
}

/* Reads the setting from the first of @paths (NULL-terminated) that has it; else @otherwise. */
static void setting_of(const struct mr_machine *m, const char *const *paths, const char *name,
		       const char *otherwise, char *value, size_t size)
{
	for (; *paths; paths++)
		if (setting(m, *paths, name, value, size))
			return;
	snprintf(value, size, "%s", otherwise);
}

static void set_daemon(struct mr_retirer *r, const char *action, const char *threshold,
		       const char *cycle)
{
	if (!strcmp(action, "off") || !strcmp(action, "account"))
		set(r, MR_RETIRER_OFF, "runs, and retires no page (\"%s\")", action);
	else
		set(r, MR_RETIRER_ACTIVE, "offlines a page (\"%s\") at %s corrected errors%s%s",
		    action, threshold, cycle[0] ? " within " : "", cycle);
}

/* rasdaemon's ras-page-isolation.c */
static void find_rasdaemon(const struct mr_machine *m, struct mr_retirer *r)
{
	static const char *const paths[] = {
		"etc/sysconfig/rasdaemon", "etc/default/rasdaemon", NULL
	};
	char action[32], threshold[16], cycle[16];

	setting_of(m, paths, "PAGE_CE_ACTION", "soft", action, sizeof(action));
	setting_of(m, paths, "PAGE_CE_THRESHOLD", "50", threshold, sizeof(threshold));
	setting_of(m, paths, "PAGE_CE_REFRESH_CYCLE", "24h", cycle, sizeof(cycle));
	set_daemon(r, action, threshold, cycle);
}

/* mcelog.conf(5) */
static void find_mcelog(const struct mr_machine *m, struct mr_retirer *r)
{
	static const char *const paths[] = { "etc/mcelog/mcelog.conf", "etc/mcelog.conf", NULL };
	char action[32], threshold[32];

	setting_of(m, paths, "memory-ce-action", "soft", action, sizeof(action));
	setting_of(m, paths, "memory-ce-threshold", "10 / 24h", threshold, sizeof(threshold));
	set_daemon(r, action, threshold, "");
}

/* Finds the policy in @words, which end with NUL each, as in /proc/PID/cmdline. */
static void find_watch(const char *words, size_t size, struct mr_retirer *r)
{
	for (const char *p = words; p < words + size; p += strlen(p) + 1) {
		const char *policy = strstr(p, "retire=");

		if (!policy)
			continue;
		set(r, MR_RETIRER_ACTIVE, "soft offlines a page at so many corrected errors (%.*s)",
		    (int)strcspn(policy, ","), policy);
		return;
	}
	set(r, MR_RETIRER_OFF, "runs, and retires no page by itself (no --act retire)");
}

static void look_at(const struct mr_machine *m, uint64_t pid, struct mr_retirer list[MR_RETIRERS])
{
	char name[32], words[MAX_COMMAND] = "";
	ssize_t n;
	int fd;

	if (mr_root_read(&m->root, name, sizeof(name), "proc/%llu/comm",
			 (unsigned long long)pid) < 0)
		return;
	if (!strcmp(name, "rasdaemon"))
		find_rasdaemon(m, &list[RASDAEMON]);
	else if (!strcmp(name, "mcelog"))
		find_mcelog(m, &list[MCELOG]);
	if (strcmp(name, "memras"))
		return;
	fd = mr_root_openf(&m->root, O_RDONLY, "proc/%llu/cmdline", (unsigned long long)pid);
	n = fd < 0 ? -1 : read(fd, words, sizeof(words) - 1);
	if (fd >= 0)
		close(fd);
	/* If there are several watches, one that retires pages counts. */
	if (n > 0 && memmem(words, (size_t)n, "\0watch", 7) &&
	    list[WATCH].state != MR_RETIRER_ACTIVE)
		find_watch(words, (size_t)n, &list[WATCH]);
}

static void find_daemons(const struct mr_machine *m, struct mr_retirer list[MR_RETIRERS])
{
	mr_autoclosedir DIR *dir = NULL;
	struct dirent *d;
	uint64_t pid;

	for (size_t i = RASDAEMON; i < MR_RETIRERS; i++)
		set(&list[i], MR_RETIRER_ABSENT, "does not run");
	if (mr_root_opendir(&m->root, &dir, "proc"))
		return;
	while ((d = readdir(dir)))
		if (!mr_num_parse(d->d_name, &pid))
			look_at(m, pid, list);
}

void mr_retirers_find(const struct mr_machine *m, struct mr_retirer list[MR_RETIRERS])
{
	for (size_t i = 0; i < MR_RETIRERS; i++)
		list[i] = (struct mr_retirer){ .name = known[i].name };
	find_cec(m, &list[CEC]);
	find_ghes(m, &list[GHES]);
	find_fmpm(m, &list[FMPM]);
	find_daemons(m, list);
	for (size_t i = 0; i < MR_RETIRERS; i++) {
		size_t n = 0;

		for (size_t k = 0; k < MR_RETIRERS; k++)
			if (k != i && list[i].state == MR_RETIRER_ACTIVE &&
			    list[k].state == MR_RETIRER_ACTIVE && known[i].errors & known[k].errors)
				list[i].shares[n++] = list[k].name;
	}
}

bool mr_retirers_watched(const struct mr_retirer list[MR_RETIRERS])
{
	return list[WATCH].state == MR_RETIRER_ACTIVE || list[WATCH].state == MR_RETIRER_OFF;
}
