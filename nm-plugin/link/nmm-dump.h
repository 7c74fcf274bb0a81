/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table of the kernel's as it was at one moment. For this layer alone.
 */

#pragma once

#include "nmm-netlink.h"

G_BEGIN_DECLS

typedef enum {
    NMM_DUMP_LINKS,
    NMM_DUMP_ADDRESSES,
    NMM_DUMP_NEIGHBOURS,
    NMM_DUMP_ROUTES,
} NmmDumpTable;

#define NMM_DUMP_LAST NMM_DUMP_ROUTES

/* How often a table is read that changes all the while. */
#define NMM_DUMP_TRIES 32

/* (transfer full) (element-type nl_msg): what the kernel said, for what libnl's objects lack. */
GPtrArray *nmm_dump_messages(NmmNlSock *sock, NmmDumpTable table, GError **error);
/* (transfer full): the same as libnl's objects. */
NmmNlCache *nmm_dump_cache(NmmNlSock *sock, NmmDumpTable table, GError **error);

G_END_DECLS
