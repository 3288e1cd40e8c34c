/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine that a command works on: the root of its files, its page size, and fds that
 * are opened once and shared.
 */
#ifndef MR_BACKEND_MACHINE_H
#define MR_BACKEND_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/iomem.h"
#include "uapi/memras.h"
#include "util/err.h"
#include "util/root.h"

struct mr_machine {
	struct mr_root root;
	unsigned int page_shift;
	uint64_t block_size;		/* bytes of a memory block; 0: no block interface */
	int kpageflags;			/* fd of /proc/kpage*, or -errno of open(2) */
	int kpagecount;
	int device;			/* /dev/memras, or -errno of opening it */
	struct memras_info info;	/* of the module, if device >= 0 */
	bool load_tried;		/* loading the module was tried in this run */
	struct mr_iomem_list devices;	/* for mr_iomem_device() */
};

/*
 * Opens the machine below @sysroot (NULL: this one). -errno with @err set if that
 * directory cannot be opened; other missing files are reported by their users.
 */
int mr_machine_open(struct mr_machine *m, const char *sysroot, struct mr_err *err);
void mr_machine_close(struct mr_machine *m);

static inline uint64_t mr_page_size(const struct mr_machine *m)
{
	return 1ULL << m->page_shift;
}

static inline uint64_t mr_pfn_phys(const struct mr_machine *m, uint64_t pfn)
{
	return pfn << m->page_shift;
}

/* Returns the pages of a memory block; 0 without a block interface. */
static inline uint64_t mr_block_pages(const struct mr_machine *m)
{
	return m->block_size >> m->page_shift;
}

/* True if this process has the capability (CAP_*) in its effective set. */
bool mr_machine_capable(int capability);

/*
 * Returns 0 if this process has CAP_SYS_ADMIN, which all changes need; else -EPERM with
 * @err set, about @object.
 */
int mr_machine_need_admin(const char *object, struct mr_err *err);

/*
 * Returns 0 if the kernel has memory failure handling (CONFIG_MEMORY_FAILURE: the
 * attribute memory/soft_offline_page exists); else -EOPNOTSUPP.
 */
int mr_machine_need_memory_failure(const struct mr_machine *m, struct mr_err *err);

/* Returns 0 if the kernel has memory blocks; else -ENODEV. */
int mr_machine_need_blocks(const struct mr_machine *m, struct mr_err *err);

/* Reports that /sys is read-only, as in most containers. Returns -EROFS. */
int mr_machine_read_only(const char *object, struct mr_err *err);

/* Reads the field @field of /proc/meminfo, in bytes; -ENOENT if there is no such field. */
int mr_machine_meminfo(const struct mr_machine *m, const char *field, uint64_t *bytes);
/* Reads @nr fields in one pass; a field that does not exist is UINT64_MAX. 0 or -errno. */
int mr_machine_meminfos(const struct mr_machine *m, const char *const *fields, size_t nr,
			uint64_t *bytes);

#endif
