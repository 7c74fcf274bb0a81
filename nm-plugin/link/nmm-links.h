/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel has of every network interface, read once: its kind and its place, the host's
 * addresses on it, and who is known at which address behind it. Changes nothing, sends nothing, and
 * needs no right.
 */

#pragma once

#include "nmm-subnet.h"

G_BEGIN_DECLS

/* Somebody whom the kernel knows on an interface. */
typedef struct {
    NmmCidr address;    /* prefix 32 or 128 */
    char *mac;          /* lower case */
    gboolean permanent; /* put there by somebody, as mode share does; not learnt */
    gboolean routed;    /* a route to this address alone goes out of the interface */
    NmmCidr source;     /* of that route, prefix 32 or 128; with prefix 0 it has none */
    /* In ms: since the entry is as it is. One that is permanent is that old: the kernel does not
     * count a repetition. Of one that was learnt it is the time since its last change of state.
     * The time that the machine has slept is not in it. */
    gint64 age_ms;
} NmmNeighbour;

typedef struct {
    char *name;
    char *kind;         /* (nullable): "macvtap", "bridge", … */
    char *mac;          /* (nullable): lower case */
    char *parent;       /* (nullable): the interface below, in this network namespace */
    char *profile_uuid; /* (nullable): whose host link it is, from our mark */
    gboolean up;
    gboolean carrier;
    gboolean ethernet;
    gboolean wireless;
    char *master;        /* (nullable): the interface that it is a port of */
    char *master_kind;   /* (nullable) */
    char *passthrough;   /* (nullable): a macvtap or macvlan that holds it alone */
    guint n_ports;       /* of a bridge or bond */
    GArray *addresses;   /* (element-type NmmCidr): the host's, with their prefixes */
    GPtrArray *stations; /* (element-type NmmNeighbour): IPv4 first, link-local last */
} NmmLink;

/* A link without addresses and stations, for those who make one by hand. */
NmmLink *nmm_link_new(const char *name);
void nmm_link_free(NmmLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmLink, nmm_link_free)
void nmm_link_add_neighbour(NmmLink *link,
                            const NmmCidr *address,
                            const char *mac,
                            gboolean permanent,
                            gint64 age_ms);

/* (transfer full) (element-type NmmLink): of the calling thread's network namespace. @sysfs:
 * "/sys" but in tests. NMM_ERROR_FAILED. */
GPtrArray *nmm_links_read(const char *sysfs, GError **error);
/* (nullable) (transfer none). @name: (nullable). */
NmmLink *nmm_links_find(const GPtrArray *links, const char *name);
/* Whether a host link can be made on it: the errors of nmm_hostlink_check_parent(). */
gboolean nmm_links_check_parent(const GPtrArray *links, const char *name, GError **error);

/* The first address that others than neighbours can use, IPv4 before IPv6. (nullable) (transfer
 * none). */
const NmmCidr *nmm_link_get_address(const NmmLink *link);

G_END_DECLS
