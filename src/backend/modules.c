// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/modules.h"

#include <libkmod.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "backend/machine.h"
#include "backend/trust.h"
#include "util/dl.h"

#define WITNESSES 8	/* loaded modules to compare with */

#define LIBKMOD "libkmod.so.2"
#define FUNCTIONS(X)                                                                              \
	X(kmod_list_next) X(kmod_module_get_info) X(kmod_module_get_initstate)                    \
	X(kmod_module_get_module) X(kmod_module_get_name) X(kmod_module_get_path)                 \
	X(kmod_module_get_refcnt) X(kmod_module_get_versions)                                     \
	X(kmod_module_info_free_list) X(kmod_module_info_get_key)                                 \
	X(kmod_module_info_get_value) X(kmod_module_new_from_loaded)                              \
	X(kmod_module_new_from_lookup) X(kmod_module_new_from_name)                               \
	X(kmod_module_new_from_path) X(kmod_module_probe_insert_module)                           \
	X(kmod_module_remove_module) X(kmod_module_unref) X(kmod_module_unref_list)               \
	X(kmod_module_version_get_crc) X(kmod_module_version_get_symbol)                          \
	X(kmod_module_versions_free_list) X(kmod_new) X(kmod_set_log_fn) X(kmod_unref)

FUNCTIONS(MR_DL_POINTER)
MR_DL_NOTE("kmod", "loading and inspecting kernel modules", "recommended", LIBKMOD);

/* As kmod_list_foreach(), which would need the library at link time. */
#define for_each(item, list)                                                                      \
	for ((item) = (list); (item); (item) = sym_kmod_list_next(list, item))

static void quiet_log(void *data, int priority, const char *file, int line, const char *fn,
		      const char *format, va_list args)
{
	(void)data, (void)priority, (void)file, (void)line, (void)fn, (void)format, (void)args;
}

/*
 * Opens a context in *@ctx with libkmod's own messages turned off; memras reports errors
 * itself.
 */
static int open_context(const char *name, struct kmod_ctx **ctx, struct mr_err *err)
{
	static const struct mr_dl_symbol symbols[] = { FUNCTIONS(MR_DL_SYMBOL) { 0 } };
	int rc = mr_dl_open(LIBKMOD, symbols, err);

	if (rc)
		return rc;
	*ctx = sym_kmod_new(NULL, NULL);
	if (!*ctx)
		return mr_err_set(err, -ENOMEM, name, "libkmod cannot be set up");
	sym_kmod_set_log_fn(*ctx, quiet_log, NULL);
	return 0;
}

static struct kmod_module *find(struct kmod_ctx *ctx, const char *name)
{
	struct kmod_module *mod = NULL;
	struct kmod_list *list = NULL;

	if (strchr(name, '/'))
		return sym_kmod_module_new_from_path(ctx, name, &mod) ? NULL : mod;
	/* By lookup, as modprobe does, for aliases and built-in modules. */
	if (sym_kmod_module_new_from_lookup(ctx, name, &list) || !list)
		return NULL;
	mod = sym_kmod_module_get_module(list);
	sym_kmod_module_unref_list(list);
	return mod;
}

/* Reads the value of @key; several are joined by commas. */
static void read_info(struct kmod_module *mod, const char *key, char *buf, size_t size)
{
	struct kmod_list *list = NULL, *l;

	size_t n = 0;

	buf[0] = '\0';
	if (sym_kmod_module_get_info(mod, &list) < 0)
		return;
	for_each(l, list) {
		if (strcmp(sym_kmod_module_info_get_key(l), key) || n + 1 >= size)
			continue;
		n += (size_t)snprintf(buf + n, size - n, "%s%s", n ? "," : "",
				      sym_kmod_module_info_get_value(l));
	}
	sym_kmod_module_info_free_list(list);
}

static bool kernel_has_modules(void)
{
	return !access("/proc/modules", F_OK);
}

int mr_modules_state(const char *name, struct mr_module_state *state, struct mr_err *err)
{
	struct kmod_module *mod, *live = NULL;
	struct kmod_ctx *ctx;
	int rc = open_context(name, &ctx, err);

	*state = (struct mr_module_state){ .supported = kernel_has_modules(), .refcount = -1 };
	if (rc)
		return rc;
	mod = find(ctx, name);
	if (mod && sym_kmod_module_get_path(mod)) {
		state->installed = true;
		snprintf(state->path, sizeof(state->path), "%s", sym_kmod_module_get_path(mod));
		read_info(mod, "version", state->version, sizeof(state->version));
		read_info(mod, "vermagic", state->vermagic, sizeof(state->vermagic));
		read_info(mod, "signer", state->signer, sizeof(state->signer));
		read_info(mod, "feature", state->features, sizeof(state->features));
	}
	if (state->supported && !sym_kmod_module_new_from_name(ctx, name, &live)) {
		state->loaded = sym_kmod_module_get_initstate(live) == KMOD_MODULE_LIVE;
		state->refcount = state->loaded ? sym_kmod_module_get_refcnt(live) : -1;
	}
	sym_kmod_module_unref(live);
	sym_kmod_module_unref(mod);
	sym_kmod_unref(ctx);
	return 0;
}

static struct mr_trust trust_of_kernel(void)
{
	struct mr_trust trust = { .signatures = -1, .secure_boot = -1 };
	struct mr_root live;

	if (!mr_root_open(&live, NULL)) {
		mr_trust_read(&live, &trust);
		mr_root_close(&live);
	}
	return trust;
}

static int not_installed(struct mr_err *err, const char *name)
{
	struct utsname u;

	uname(&u);
	mr_err_machine(err, -ENOENT, name, "no such module is installed for kernel %s", u.release);
	mr_err_hint(err, strcmp(name, "memras") && !strchr(name, '/') ?
		    "it is one of the kernel's own: install those" :
		    "install memras's module by DKMS, or name the file of one");
	return -ENOENT;
}

static int other_kernel(struct mr_err *err, const char *name, struct kmod_module *mod)
{
	char vermagic[128];
	struct utsname u;

	read_info(mod, "vermagic", vermagic, sizeof(vermagic));
	uname(&u);
	mr_err_machine(err, -ENOEXEC, name, "the module was built for another kernel (%.*s, not %s)",
		       (int)strcspn(vermagic, " "), vermagic, u.release);
	mr_err_hint(err, "build it for this one: dkms autoinstall, or meson with its headers");
	return -ENOEXEC;
}

static int other_symbol(struct mr_err *err, const char *name, const char *symbol)
{
	/* load_module() checks this one before all others. */
	int rc = strcmp(symbol, "module_layout") ? -EINVAL : -ENOEXEC;

	mr_err_machine(err, rc, name,
		       "the module was built for another kernel: it disagrees about the symbol %s",
		       symbol);
	mr_err_hint(err, "build it for this one: dkms autoinstall, or meson with its headers");
	return rc;
}

static int bad_signature(struct mr_err *err, int rc, const char *name,
			 const struct mr_trust *trust, bool is_signed)
{
	mr_err_machine(err, rc, name, is_signed ? "the kernel refuses the module's signature" :
						  "the kernel refuses the module's signature: it has none");
	mr_trust_hint(err, trust, is_signed);
	return rc;
}

static int locked_out(struct mr_err *err, const char *name, const struct mr_trust *trust,
		      bool is_signed)
{
	mr_err_machine(err, -EPERM, name, is_signed ?
		       "lockdown lets only signed modules in, and no key that the kernel trusts signed this one" :
		       "lockdown lets only signed modules in, and this one is not");
	mr_trust_hint(err, trust, is_signed);
	return -EPERM;
}

static int turned_off(struct mr_err *err, const char *name)
{
	mr_err_machine(err, -EPERM, name,
		       "loading modules is turned off until the next boot (kernel.modules_disabled)");
	mr_err_hint(err, "reboot, and load it before that is set");
	return -EPERM;
}

static int may_not(struct mr_err *err, const char *name)
{
	return mr_err_set(err, -EPERM, name, "the caller may not load modules (CAP_SYS_MODULE)");
}

/* The result of comparing a module with loaded ones. */
struct witness {
	size_t nr;		/* in-tree modules that were compared with */
	size_t agree;		/* ... of these, built for the same kernel */
	char symbol[64];	/* the first symbol with another version, or "" */
	bool trusts_key;	/* a loaded module is signed with the same key */
};

/* kernel/module/main.c, module_flags_taint(): O out of tree, F forced in, E unsigned */
static bool tainted(struct kmod_module *mod, const char *flags)
{
	struct mr_root live;
	char text[16];
	bool yes;

	if (mr_root_open(&live, NULL))
		return true;
	yes = mr_root_read(&live, text, sizeof(text), "sys/module/%s/taint",
			   sym_kmod_module_get_name(mod)) < 0 || strpbrk(text, flags);
	mr_root_close(&live);
	return yes;
}

/* With symbol versions the release is not compared: same_magic() of the kernel. */
static bool same_magic(const char *a, const char *b, bool versions)
{
	if (versions) {
		a += strcspn(a, " ");
		b += strcspn(b, " ");
	}
	return !strcmp(a, b);
}

static void compare_versions(struct kmod_list *ours, struct kmod_list *theirs, struct witness *w)
{
	struct kmod_list *a, *b;

	for_each(a, ours) {
		const char *symbol = sym_kmod_module_version_get_symbol(a);

		for_each(b, theirs)
			if (!w->symbol[0] &&
			    sym_kmod_module_version_get_crc(a) != sym_kmod_module_version_get_crc(b) &&
			    !strcmp(symbol, sym_kmod_module_version_get_symbol(b)))
				snprintf(w->symbol, sizeof(w->symbol), "%s", symbol);
	}
}

static void ask_witness(struct kmod_module *mod, struct kmod_list *versions,
			struct kmod_module *other, struct witness *w)
{
	struct kmod_list *theirs = NULL;
	char ours[128], magic[128];

	read_info(mod, "vermagic", ours, sizeof(ours));
	read_info(other, "vermagic", magic, sizeof(magic));
	if (!magic[0])
		return;
	if (sym_kmod_module_get_versions(other, &theirs) < 0)
		theirs = NULL;
	w->nr++;
	w->agree += same_magic(ours, magic, versions && theirs);
	compare_versions(versions, theirs, w);
	sym_kmod_module_versions_free_list(theirs);
}

/* Compares @mod with the loaded modules. @key: the signature's key to look for, "" for none. */
static void ask_witnesses(struct kmod_ctx *ctx, struct kmod_module *mod, const char *key,
			  struct witness *w)
{
	struct kmod_list *loaded = NULL, *versions = NULL, *l;

	*w = (struct witness){ 0 };
	if (sym_kmod_module_get_versions(mod, &versions) < 0)
		versions = NULL;
	if (sym_kmod_module_new_from_loaded(ctx, &loaded) < 0)
		loaded = NULL;
	for_each(l, loaded) {
		struct kmod_module *other = sym_kmod_module_get_module(l);
		char signer[128] = "";

		if (sym_kmod_module_get_path(other)) {
			if (w->nr < WITNESSES && !tainted(other, "OF"))
				ask_witness(mod, versions, other, w);
			if (key[0] && !w->trusts_key && !tainted(other, "EF"))
				read_info(other, "sig_key", signer, sizeof(signer));
			w->trusts_key |= key[0] && !strcmp(key, signer);
		}
		sym_kmod_module_unref(other);
	}
	sym_kmod_module_unref_list(loaded);
	/* No module to compare with: compare the release. */
	if (!w->nr) {
		char vermagic[128];
		struct utsname u;

		read_info(mod, "vermagic", vermagic, sizeof(vermagic));
		vermagic[strcspn(vermagic, " ")] = '\0';
		uname(&u);
		w->nr = 1;
		w->agree = versions || !strcmp(vermagic, u.release);
	}
	sym_kmod_module_versions_free_list(versions);
}

/* Checks in the order of the kernel: kernel/module/main.c, load_module() */
static int check(struct kmod_ctx *ctx, struct kmod_module *mod, const char *name,
		 struct mr_err *err)
{
	struct mr_trust trust = trust_of_kernel();
	bool enforced = trust.signatures == 1 || trust.lockdown > MR_LOCKDOWN_NONE;
	char signer[96], key[128];
	struct witness w;

	if (trust.modules_disabled)
		return turned_off(err, name);
	read_info(mod, "signer", signer, sizeof(signer));
	read_info(mod, "sig_key", key, sizeof(key));
	if (!key[0] && trust.signatures == 1)
		return bad_signature(err, -EKEYREJECTED, name, &trust, false);
	if (!key[0] && trust.lockdown > MR_LOCKDOWN_NONE)
		return locked_out(err, name, &trust, false);
	if (!key[0] && trust.lockdown == MR_LOCKDOWN_UNKNOWN)
		return mr_lockdown_untold(err, name);
	ask_witnesses(ctx, mod, enforced ? key : "", &w);
	if (!w.agree)
		return other_kernel(err, name, mod);
	if (w.symbol[0])
		return other_symbol(err, name, w.symbol);
	if (!mr_machine_capable(CAP_SYS_MODULE))
		return may_not(err, name);
	if (enforced && !w.trusts_key) {
		mr_err_set(err, -ENODATA, name,
			   "it is signed by %s; only loading it shows whether the kernel trusts that key",
			   signer[0] ? signer : "someone");
		mr_err_hint(err, "%s%s", strcmp(name, "memras") ? "modprobe " : "memras module load",
			    strcmp(name, "memras") ? name : "");
		return -ENODATA;
	}
	return 0;
}

/* Explains the errno of init_module(2). */
static int explain_load(struct mr_err *err, int rc, const char *name, struct kmod_ctx *ctx,
			struct kmod_module *mod)
{
	struct mr_trust trust = trust_of_kernel();
	struct mr_err why = { 0 };
	char key[128];

	read_info(mod, "sig_key", key, sizeof(key));
	if (check(ctx, mod, name, &why) == rc) {
		*err = why;
		return rc;
	}
	switch (-rc) {
	case ENOEXEC:
		return other_kernel(err, name, mod);
	case EKEYREJECTED:
	case ENOKEY:
		return bad_signature(err, rc, name, &trust, key[0]);
	case EPERM:
		if (trust.lockdown > MR_LOCKDOWN_NONE && key[0] && mr_machine_capable(CAP_SYS_MODULE))
			return locked_out(err, name, &trust, true);
		mr_err_machine(err, rc, name,
			       "the kernel lets nobody load it: lockdown, or a security policy");
		mr_err_hint(err, "the kernel log says why (dmesg)");
		return rc;
	case ENOENT:
		return mr_err_machine(err, rc, name, "this kernel lacks a symbol that the module needs");
	default:
		mr_err_set(err, rc, name, "the kernel did not take the module");
		mr_err_hint(err, "the kernel log says why (dmesg)");
		return rc;
	}
}

/* Opens a context for loading or unloading, if the kernel has modules at all. */
static int open_to_change(const char *name, struct kmod_ctx **ctx, struct mr_err *err)
{
	if (!kernel_has_modules()) {
		mr_err_machine(err, -EOPNOTSUPP, name,
			       "this kernel has no loadable modules (CONFIG_MODULES)");
		mr_err_hint(err, "boot a kernel built with it");
		return -EOPNOTSUPP;
	}
	return open_context(name, ctx, err);
}

/* As open_to_change(), and finds the module, which must exist. */
static int open_to_load(const char *name, struct kmod_ctx **ctx, struct kmod_module **mod,
			struct mr_err *err)
{
	int rc = open_to_change(name, ctx, err);

	if (rc)
		return rc;
	*mod = find(*ctx, name);
	if (*mod)
		return 0;
	sym_kmod_unref(*ctx);
	return not_installed(err, name);
}

int mr_modules_load(const char *name, struct mr_err *err)
{
	struct kmod_module *mod;
	struct kmod_ctx *ctx;
	int rc = open_to_load(name, &ctx, &mod, err);

	if (rc)
		return rc;
	rc = sym_kmod_module_probe_insert_module(mod, 0, NULL, NULL, NULL, NULL);
	if (rc > 0)	/* blacklisted, as libkmod reports it */
		rc = -EPERM;
	if (rc == -EEXIST)
		rc = 0;
	if (rc)
		explain_load(err, rc, name, ctx, mod);
	sym_kmod_module_unref(mod);
	sym_kmod_unref(ctx);
	return rc;
}

int mr_modules_check(const char *name, struct mr_err *err)
{
	struct kmod_module *mod;
	struct kmod_ctx *ctx;
	int rc = open_to_load(name, &ctx, &mod, err), state;

	if (rc)
		return rc;
	state = sym_kmod_module_get_initstate(mod);
	if (state != KMOD_MODULE_LIVE && state != KMOD_MODULE_BUILTIN)
		rc = check(ctx, mod, name, err);
	sym_kmod_module_unref(mod);
	sym_kmod_unref(ctx);
	return rc;
}

int mr_modules_unload(const char *name, struct mr_err *err)
{
	struct kmod_ctx *ctx;
	struct kmod_module *mod = NULL;
	int rc;

	rc = open_to_change(name, &ctx, err);
	if (rc)
		return rc;
	rc = sym_kmod_module_new_from_name(ctx, name, &mod);
	if (!rc && sym_kmod_module_get_initstate(mod) == KMOD_MODULE_LIVE)
		rc = sym_kmod_module_remove_module(mod, 0);
	if (rc == -EAGAIN || rc == -EWOULDBLOCK || rc == -EBUSY)
		rc = mr_err_set(err, -EBUSY, name,
				"the module is in use: a quarantine holds pages, or memras runs");
	else if (rc)
		rc = mr_err_set(err, rc, name, "the module cannot be unloaded");
	sym_kmod_module_unref(mod);
	sym_kmod_unref(ctx);
	return rc;
}
