// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/trust.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "backend/mounts.h"
#include "util/cleanup.h"

static const char *const names[] = {
	[MR_LOCKDOWN_NONE] = "none",
	[MR_LOCKDOWN_INTEGRITY] = "integrity",
	[MR_LOCKDOWN_CONFIDENTIALITY] = "confidentiality",
};

const char *mr_lockdown_name(enum mr_lockdown lockdown)
{
	return names[lockdown];
}

int mr_lockdown_untold(struct mr_err *err, const char *object)
{
	mr_err_set(err, -ENODATA, object,
		   "the lockdown state is unknown: securityfs is not mounted");
	mr_err_hint(err, "mount -t securityfs securityfs /sys/kernel/security");
	return -ENODATA;
}

/* "none [integrity] confidentiality": security/lockdown/lockdown.c, lockdown_read() */
static enum mr_lockdown read_lockdown(const struct mr_root *root)
{
	mr_autofree char *mounted = NULL;
	char text[96], *word, *end;

	if (mr_root_read(root, text, sizeof(text), "sys/kernel/security/lockdown") < 0) {
		mounted = mr_mounts_find(root, "securityfs", NULL);
		return !mounted && mr_mounts_known(root, "securityfs") == 1 ? MR_LOCKDOWN_UNKNOWN :
									     MR_LOCKDOWN_ABSENT;
	}
	word = strchr(text, '[');
	end = word ? strchr(word, ']') : NULL;
	if (!end)
		return MR_LOCKDOWN_UNKNOWN;
	*end = '\0';
	for (size_t i = MR_LOCKDOWN_NONE; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(word + 1, names[i]))
			return (enum mr_lockdown)i;
	return MR_LOCKDOWN_UNKNOWN;
}

/* 4 bytes of attributes, then the variable itself: Documentation/filesystems/efivarfs.rst */
static int8_t read_secure_boot(const struct mr_root *root)
{
	mr_autoclose int fd = mr_root_openf(root, O_RDONLY,
		"sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c");
	unsigned char var[5];

	if (fd >= 0)
		return read(fd, var, sizeof(var)) == sizeof(var) ? var[4] == 1 : -1;
	/* Without EFI there is no Secure Boot. */
	return mr_root_exists(root, "sys/firmware") && !mr_root_exists(root, "sys/firmware/efi") ?
	       0 : -1;
}

void mr_trust_read(const struct mr_root *root, struct mr_trust *t)
{
	uint64_t disabled;
	char yes[4];

	*t = (struct mr_trust){ .lockdown = read_lockdown(root), .signatures = -1,
				.secure_boot = read_secure_boot(root) };
	if (mr_root_read(root, yes, sizeof(yes), "sys/module/module/parameters/sig_enforce") > 0)
		t->signatures = yes[0] == 'Y';
	t->modules_disabled = !mr_root_read_u64(root, 10, &disabled,
						"proc/sys/kernel/modules_disabled") && disabled;
}

/* Where DKMS has the certificate of the key that it signs with: on Ubuntu, elsewhere. */
static const char *dkms_certificate(void)
{
	static const char *const paths[] = { "/var/lib/shim-signed/mok/MOK.der",
					     "/var/lib/dkms/mok.pub" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (!access(paths[i], F_OK))
			return paths[i];
	return NULL;
}

void mr_trust_hint(struct mr_err *err, const struct mr_trust *trust, bool is_signed)
{
	const char *file = dkms_certificate();

	/* What the owner enrolls is for the shim of Secure Boot. */
	if (trust->secure_boot != 1)
		mr_err_hint(err, "sign it with a key that the kernel trusts");
	else if (!file)
		mr_err_hint(err, "sign it with a key of your own, as dkms does, and enroll that: mokutil --import CERTIFICATE, then reboot");
	else if (is_signed)
		mr_err_hint(err, "enroll its key: mokutil --import %s, then reboot and choose \"Enroll MOK\"",
			    file);
	else
		mr_err_hint(err, "dkms signs what it builds: dkms install --force memras/%s, then mokutil --import %s, and reboot",
			    MEMRAS_VERSION, file);
}
