/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine that is worked on: where its files are, how big its pages are,
 * and the handles that are opened once and used by all.
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
	int kpageflags;			/* /proc/kpage*, or -errno of opening them */
	int kpagecount;
	int device;			/* /dev/memras, or -errno of opening it */
	struct memras_info info;	/* of the module, when device >= 0 */
	bool load_tried;		/* loading the module was tried in this run */
	struct mr_iomem_list devices;	/* for mr_iomem_device() */
};

/*
 * Opens the machine below @sysroot (NULL: this one). -errno with @err set when
 * the folder cannot be opened; whatever else is missing shows where it is used.
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

/* Pages of a memory block; 0 without a block interface. */
static inline uint64_t mr_block_pages(const struct mr_machine *m)
{
	return m->block_size >> m->page_shift;
}

/* Whether this process has a capability (CAP_*) now. */
bool mr_machine_capable(int capability);

/*
 * 0 when this process has CAP_SYS_ADMIN, which every change here needs; else
 * -EPERM with @err saying so about @object.
 */
int mr_machine_need_admin(const char *object, struct mr_err *err);

/*
 * 0 when the kernel has memory failure handling (CONFIG_MEMORY_FAILURE: the
 * attribute memory/soft_offline_page is there); else -EOPNOTSUPP.
 */
int mr_machine_need_memory_failure(const struct mr_machine *m, struct mr_err *err);

/* 0 when the kernel has memory blocks; else -ENODEV. */
int mr_machine_need_blocks(const struct mr_machine *m, struct mr_err *err);

/* Says that nothing below /sys can be written here, as in most containers. -EROFS. */
int mr_machine_read_only(const char *object, struct mr_err *err);

/* /proc/meminfo's @field in bytes; -ENOENT when it has none such. */
int mr_machine_meminfo(const struct mr_machine *m, const char *field, uint64_t *bytes);

#endif
