// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/guest.h"

#include <string.h>

#include "util/cleanup.h"

#define TREE "proc/device-tree"
#define DMI "sys/class/dmi/id"

/* Vendors and products of virtual machines, by the beginnings of their names. */
static const struct {
	const char *vendor, *product;
} names[] = {
	{ "QEMU", "" },
	{ "KVM", "" },
	{ "Red Hat", "KVM" },
	{ "OpenStack", "" },
	{ "Xen", "" },
	{ "VMware", "" },
	{ "Parallels", "" },
	{ "BHYVE", "" },
	{ "Google", "Google Compute Engine" },
	{ "Microsoft Corporation", "Virtual Machine" },
	{ "Apple Inc.", "Apple Virtualization" },
};

static bool begins(const char *text, const char *word)
{
	return !strncmp(text, word, strlen(word));
}

static bool by_firmware(const struct mr_machine *m)
{
	char vendor[64], product[64];

	if (mr_root_read(&m->root, vendor, sizeof(vendor), DMI "/sys_vendor") < 0)
		return false;
	if (mr_root_read(&m->root, product, sizeof(product), DMI "/product_name") < 0)
		product[0] = '\0';
	/* The products are named by the type of instance: "c7g.large", "c7g.metal". */
	if (!strcmp(vendor, "Amazon EC2"))
		return product[0] && !strstr(product, ".metal");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (begins(vendor, names[i].vendor) && begins(product, names[i].product))
			return true;
	return false;
}

static bool by_tree(const struct mr_machine *m)
{
	mr_autoclosedir DIR *dir = NULL;
	struct dirent *d;

	if (mr_root_exists(&m->root, TREE "/hypervisor") > 0)
		return true;
	if (mr_root_opendir(&m->root, &dir, TREE))
		return false;
	while ((d = readdir(dir)))
		if (begins(d->d_name, "fw-cfg@"))
			return true;
	return false;
}

bool mr_machine_is_guest(const struct mr_machine *m)
{
	mr_autofree char *line = NULL;

	if (!mr_root_find_line(&m->root, "flags", &line, "proc/cpuinfo"))
		return strstr(line, " hypervisor");
	return by_tree(m) || by_firmware(m);
}
