// SPDX-License-Identifier: GPL-2.0-or-later
#define _GNU_SOURCE
#include "backend/modules.h"

#include <libkmod.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "util/root.h"

static void quiet_log(void *data, int priority, const char *file, int line, const char *fn,
		      const char *format, va_list args)
{
	(void)data, (void)priority, (void)file, (void)line, (void)fn, (void)format, (void)args;
}

/* A context, or NULL: libkmod's own remarks are left out, ours say it better. */
static struct kmod_ctx *context(void)
{
	struct kmod_ctx *ctx = kmod_new(NULL, NULL);

	if (ctx)
		kmod_set_log_fn(ctx, quiet_log, NULL);
	return ctx;
}

static struct kmod_module *find(struct kmod_ctx *ctx, const char *name)
{
	struct kmod_module *mod = NULL;
	struct kmod_list *list = NULL;

	if (strchr(name, '/'))
		return kmod_module_new_from_path(ctx, name, &mod) ? NULL : mod;
	/* By lookup, as modprobe does, for aliases and built-in modules. */
	if (kmod_module_new_from_lookup(ctx, name, &list) || !list)
		return NULL;
	mod = kmod_module_get_module(list);
	kmod_module_unref_list(list);
	return mod;
}

static void read_info(struct kmod_module *mod, const char *key, char *buf, size_t size)
{
	struct kmod_list *list = NULL, *l;

	buf[0] = '\0';
	if (kmod_module_get_info(mod, &list) < 0)
		return;
	kmod_list_foreach(l, list)
		if (!strcmp(kmod_module_info_get_key(l), key))
			snprintf(buf, size, "%s", kmod_module_info_get_value(l));
	kmod_module_info_free_list(list);
}

static bool kernel_has_modules(void)
{
	return !access("/proc/modules", F_OK);
}

static int no_context(struct mr_err *err, const char *name)
{
	return mr_err_set(err, -ENOMEM, name, "libkmod cannot be set up");
}

int mr_modules_state(const char *name, struct mr_module_state *state, struct mr_err *err)
{
	struct kmod_ctx *ctx = context();
	struct kmod_module *mod, *live = NULL;

	*state = (struct mr_module_state){ .supported = kernel_has_modules(), .refcount = -1 };
	if (!ctx)
		return no_context(err, name);
	mod = find(ctx, name);
	if (mod && kmod_module_get_path(mod)) {
		state->installed = true;
		snprintf(state->path, sizeof(state->path), "%s", kmod_module_get_path(mod));
		read_info(mod, "version", state->version, sizeof(state->version));
		read_info(mod, "vermagic", state->vermagic, sizeof(state->vermagic));
	}
	if (state->supported && !kmod_module_new_from_name(ctx, name, &live)) {
		state->loaded = kmod_module_get_initstate(live) == KMOD_MODULE_LIVE;
		state->refcount = state->loaded ? kmod_module_get_refcnt(live) : -1;
	}
	kmod_module_unref(live);
	kmod_module_unref(mod);
	kmod_unref(ctx);
	return 0;
}

static bool locked_down(void)
{
	struct mr_root live;
	char text[96];
	bool yes;

	if (mr_root_open(&live, NULL))
		return false;
	yes = mr_root_read(&live, text, sizeof(text), "sys/kernel/security/lockdown") > 0 &&
	      !strstr(text, "[none]");
	mr_root_close(&live);
	return yes;
}

/* What init_module(2) means by its errno here, in words. */
static int explain_load(struct mr_err *err, int rc, const char *name, struct kmod_module *mod)
{
	char vermagic[128];
	struct utsname u;

	read_info(mod, "vermagic", vermagic, sizeof(vermagic));
	uname(&u);
	switch (-rc) {
	case ENOEXEC:
		mr_err_machine(err, rc, name, "the module was built for another kernel (%.*s, not %s)",
			       (int)strcspn(vermagic, " "), vermagic, u.release);
		mr_err_hint(err, "build it for this one: dkms autoinstall, or meson with its headers");
		return rc;
	case EKEYREJECTED:
	case ENOKEY:
		mr_err_machine(err, rc, name, "the kernel refuses the module's signature");
		mr_err_hint(err, "sign it with a key that the kernel trusts (mokutil --import)");
		return rc;
	case EPERM:
		if (locked_down()) {
			mr_err_machine(err, rc, name,
				       "lockdown lets only signed modules in, and this one is not");
			mr_err_hint(err, "sign it with a key that the kernel trusts");
			return rc;
		}
		mr_err_set(err, rc, name, "the caller may not load modules (CAP_SYS_MODULE)");
		return rc;
	case ENOENT:
		return mr_err_machine(err, rc, name, "this kernel lacks a symbol that the module needs");
	default:
		mr_err_set(err, rc, name, "the kernel did not take the module");
		mr_err_hint(err, "the kernel log says why (dmesg)");
		return rc;
	}
}

/* A context to load or unload by, where the kernel has modules at all. */
static int open_to_change(const char *name, struct kmod_ctx **ctx, struct mr_err *err)
{
	if (!kernel_has_modules())
		return mr_err_machine(err, -EOPNOTSUPP, name,
				      "this kernel has no loadable modules (CONFIG_MODULES)");
	*ctx = context();
	return *ctx ? 0 : no_context(err, name);
}

int mr_modules_load(const char *name, struct mr_err *err)
{
	struct kmod_ctx *ctx;
	struct kmod_module *mod;
	struct utsname u;
	int rc;

	rc = open_to_change(name, &ctx, err);
	if (rc)
		return rc;
	mod = find(ctx, name);
	if (!mod) {
		uname(&u);
		mr_err_machine(err, -ENOENT, name, "no such module is installed for kernel %s",
			       u.release);
		mr_err_hint(err, "install memras's module by DKMS, or name the file of one");
		kmod_unref(ctx);
		return -ENOENT;
	}
	rc = kmod_module_probe_insert_module(mod, 0, NULL, NULL, NULL, NULL);
	if (rc > 0)	/* blacklisted, in libkmod's own numbers */
		rc = -EPERM;
	if (rc == -EEXIST)
		rc = 0;
	if (rc)
		explain_load(err, rc, name, mod);
	kmod_module_unref(mod);
	kmod_unref(ctx);
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
	rc = kmod_module_new_from_name(ctx, name, &mod);
	if (!rc && kmod_module_get_initstate(mod) == KMOD_MODULE_LIVE)
		rc = kmod_module_remove_module(mod, 0);
	if (rc == -EAGAIN || rc == -EWOULDBLOCK || rc == -EBUSY)
		rc = mr_err_set(err, -EBUSY, name,
				"the module is in use: a quarantine holds pages, or memras runs");
	else if (rc)
		rc = mr_err_set(err, rc, name, "the module cannot be unloaded");
	kmod_module_unref(mod);
	kmod_unref(ctx);
	return rc;
}
