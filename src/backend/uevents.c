// SPDX-License-Identifier: GPL-2.0-or-later
#include "backend/uevents.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "util/dl.h"
#include "util/num.h"

#define LIBUDEV	"libudev.so.1"
#define BLOCK	"memory"	/* subsystem, and begin of the names of its devices */

/*
 * libudev(3): declared here rather than by its header, so that a build does not need it. These
 * functions are part of the library's stable interface.
 */
struct udev;
struct udev_device;
struct udev *udev_new(void);
struct udev *udev_unref(struct udev *udev);
struct udev_monitor *udev_monitor_new_from_netlink(struct udev *udev, const char *name);
struct udev_monitor *udev_monitor_unref(struct udev_monitor *monitor);
int udev_monitor_filter_add_match_subsystem_devtype(struct udev_monitor *monitor,
						    const char *subsystem, const char *devtype);
int udev_monitor_enable_receiving(struct udev_monitor *monitor);
struct udev_device *udev_monitor_receive_device(struct udev_monitor *monitor);
struct udev_device *udev_device_unref(struct udev_device *device);
const char *udev_device_get_action(struct udev_device *device);
const char *udev_device_get_sysname(struct udev_device *device);

#define FUNCTIONS(X)                                                                      \
	X(udev_new) X(udev_unref) X(udev_monitor_new_from_netlink) X(udev_monitor_unref)  \
	X(udev_monitor_filter_add_match_subsystem_devtype) X(udev_monitor_enable_receiving) \
	X(udev_monitor_receive_device) X(udev_device_unref) X(udev_device_get_action)     \
	X(udev_device_get_sysname)

FUNCTIONS(MR_DL_POINTER)
MR_DL_NOTE("udev", "memory blocks that come online", "suggested", LIBUDEV);

/* Returns 0 or -errno. The monitor keeps @udev. */
static int listen_to(struct mr_uevents *events, struct udev *udev)
{
	/* drivers/base/memory.c: device_online() sends KOBJ_ONLINE. */
	events->monitor = sym_udev_monitor_new_from_netlink(udev, "kernel");
	if (!events->monitor)
		return errno ? -errno : -EIO;
	if (sym_udev_monitor_filter_add_match_subsystem_devtype(events->monitor, BLOCK, NULL) < 0 ||
	    sym_udev_monitor_enable_receiving(events->monitor) < 0)
		return errno ? -errno : -EIO;
	return 0;
}

int mr_uevents_open(struct mr_uevents *events, struct mr_err *err)
{
	static const struct mr_dl_symbol symbols[] = { FUNCTIONS(MR_DL_SYMBOL) { 0 } };
	struct udev *udev;
	int rc;

	*events = (struct mr_uevents){ 0 };
	rc = mr_dl_open(LIBUDEV, symbols, err);
	if (rc)
		return rc;
	errno = 0;
	udev = sym_udev_new();
	rc = udev ? listen_to(events, udev) : -ENOMEM;
	if (udev)
		sym_udev_unref(udev);
	if (!rc)
		return 0;
	mr_uevents_close(events);
	return mr_err_set(err, rc, "", "the kernel's events of memory blocks cannot be heard");
}

void mr_uevents_close(struct mr_uevents *events)
{
	if (events->monitor)
		sym_udev_monitor_unref(events->monitor);
	events->monitor = NULL;
}

void mr_uevents_read(struct mr_uevents *events, void (*online)(uint64_t block, void *data),
		     void *data)
{
	struct udev_device *device;

	while (events->monitor && (device = sym_udev_monitor_receive_device(events->monitor))) {
		const char *action = sym_udev_device_get_action(device);
		const char *name = sym_udev_device_get_sysname(device);
		uint64_t block;

		if (action && !strcmp(action, "online") && name &&
		    !strncmp(name, BLOCK, strlen(BLOCK)) &&
		    !mr_num_parse(name + strlen(BLOCK), &block))
			online(block, data);
		sym_udev_device_unref(device);
	}
}
