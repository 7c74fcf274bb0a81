/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network interface of the host as the kernel describes it: its kind and parent, the host's
 * addresses on it, and the neighbours behind it. Values only; nmm_links_read() fills them.
 */

#pragma once

#include "nmm-cidr.h"

G_BEGIN_DECLS

/* An entry of the kernel's neighbour table. */
typedef struct {
    NmmCidr address;    /* prefix 32 or 128 */
    char *mac;          /* lower case */
    gboolean permanent; /* set by a program, as mode share does; not learnt */
    gboolean routed;    /* the interface has a route to exactly this address */
    NmmCidr source;     /* of that route, prefix 32 or 128; with prefix 0 it has none */
    /* In ms, since the last change of the entry. The kernel does not count a repetition as a
     * change, so a permanent entry is as old as this value. For a learnt entry it is the time since
     * its last change of state. Time during which the machine was suspended is not included. */
    gint64 age_ms;
} NmmNeighbour;

typedef struct {
    char *name;
    char **altnames;    /* (nullable): its other names; each one names it everywhere */
    char *kind;         /* (nullable): "macvtap", "bridge", …; NULL for hardware */
    char *mac;          /* (nullable): lower case */
    char *parent;       /* (nullable): the interface below, in this network namespace */
    char *macvtap_mode; /* (nullable): of a macvtap or macvlan, as libvirt calls it: "bridge", … */
    char *profile_uuid; /* (nullable): from our mark: the profile whose host link it is */
    gboolean up;
    gboolean carrier;
    gboolean ethernet;
    gboolean wireless;
    char *master;          /* (nullable): the interface that it is a port of */
    char *master_kind;     /* (nullable) */
    char *passthrough;     /* (nullable): a macvtap or macvlan with exclusive use of it */
    guint n_ports;         /* of a bridge or bond */
    GArray *addresses;     /* (element-type NmmCidr): the host's, with their prefixes */
    GPtrArray *neighbours; /* (element-type NmmNeighbour): IPv4 first, link-local last */
} NmmLink;

NmmLink *nmm_link_new(const char *name);
/* @xml: of a node device of libvirt with the capability 'net': only name and @up, which is FALSE
 * without a carrier, too. NMM_ERROR_BAD_XML. */
NmmLink *nmm_link_new_from_xml(const char *xml, GError **error);
void nmm_link_free(NmmLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmLink, nmm_link_free)
/* @address: prefix 32 or 128; @mac: lower case. */
void nmm_link_add_neighbour(NmmLink *link,
                            const NmmCidr *address,
                            const char *mac,
                            gboolean permanent,
                            gint64 age_ms);

gboolean nmm_link_has_name(const NmmLink *link, const char *name);
/* (nullable) (transfer none): by any of its names. @links: (element-type NmmLink); @name:
 * (nullable). */
NmmLink *nmm_links_find(const GPtrArray *links, const char *name);
/* Whether a host link can be made on @name: nmm_parent_check_fit(). */
gboolean nmm_links_check_parent(const GPtrArray *links, const char *name, GError **error);
/* (nullable) (transfer none): the host's best address on it that is not link-local, IPv4 before
 * IPv6. */
const NmmCidr *nmm_link_get_address(const NmmLink *link);
gboolean nmm_link_has_address(const NmmLink *link, const NmmCidr *address);
/* Whether the interface @name, marked with the UUID @owner (nullable: not marked), is the host link
 * of @profile_uuid. NMM_ERROR_CONFLICT. */
gboolean
nmm_link_check_owner(const char *name, const char *owner, const char *profile_uuid, GError **error);

G_END_DECLS
