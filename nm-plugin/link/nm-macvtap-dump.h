/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table of the kernel's as it was at one moment. For this layer alone.
 */

#pragma once

#include "nm-macvtap-netlink.h"

G_BEGIN_DECLS

typedef enum {
    NM_MACVTAP_DUMP_LINKS,
    NM_MACVTAP_DUMP_ADDRESSES,
    NM_MACVTAP_DUMP_NEIGHBOURS,
    NM_MACVTAP_DUMP_ROUTES,
} NMMacvtapDumpTable;

#define NM_MACVTAP_DUMP_LAST NM_MACVTAP_DUMP_ROUTES

/* How often a table is read that changes all the while. */
#define NM_MACVTAP_DUMP_TRIES 32

/* (transfer full) (element-type nl_msg): what the kernel said, for what libnl's objects lack. */
GPtrArray *
nm_macvtap_dump_messages(NMMacvtapNlSock *sock, NMMacvtapDumpTable table, GError **error);
/* (transfer full): the same as libnl's objects. */
NMMacvtapNlCache *
nm_macvtap_dump_cache(NMMacvtapNlSock *sock, NMMacvtapDumpTable table, GError **error);

G_END_DECLS
