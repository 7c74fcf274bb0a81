/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest as the plan sees it: its identity and its interfaces, read from the domain's XML, once
 * for the persistent definition and once for the running machine. Nothing here writes a domain:
 * what a guest's definition holds besides interfaces is never looked at, so it cannot be lost.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    NM_MACVTAP_NIC_OTHER,   /* bridge, hostdev, user, … */
    NM_MACVTAP_NIC_DIRECT,  /* macvtap on a lower device */
    NM_MACVTAP_NIC_NETWORK, /* on a libvirt network */
} NMMacvtapNicType;

typedef struct {
    NMMacvtapNicType type;
    char *network;      /* (nullable): source network; may be set with DIRECT too (running guest) */
    char *lower;        /* (nullable): lower device of DIRECT */
    char *macvtap_mode; /* (nullable): "bridge", "vepa", … as written; libvirt's default is vepa */
    char *mac;          /* (nullable): lower case */
    char *alias;        /* (nullable) */
    char *model;        /* (nullable) */
    char *target;       /* (nullable): host side device of a running guest ("vnet3", "macvtap0") */
    gboolean link_down; /* <link state='down'/> */
    gboolean isolated;  /* <port isolated='yes'/> */
} NMMacvtapNic;

/* One state of a guest: its persistent definition, or the running machine. */
typedef struct {
    GPtrArray *nics; /* (element-type NMMacvtapNic) */
} NMMacvtapGuestState;

typedef struct {
    gatomicrefcount ref_count;
    char *uuid;
    char *name;
    NMMacvtapGuestState *config; /* (nullable): NULL for a transient guest */
    NMMacvtapGuestState *live;   /* (nullable): NULL for a guest that does not run */
} NMMacvtapGuest;

/*
 * @config_xml: (nullable): the inactive XML; @live_xml: (nullable): the live XML; at least one.
 * Errors: NM_MACVTAP_ERROR_BAD_XML, prefixed with the guest's name where that much could be read.
 */
NMMacvtapGuest *
nm_macvtap_guest_new_from_xml(const char *config_xml, const char *live_xml, GError **error);
NMMacvtapGuest *nm_macvtap_guest_ref(NMMacvtapGuest *guest);
void nm_macvtap_guest_unref(NMMacvtapGuest *guest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapGuest, nm_macvtap_guest_unref)

/* DIRECT, or on a network of @networks (element-type NMMacvtapNetwork) that forwards through
 * macvtap; on @parent where that is given. */
gboolean
nm_macvtap_nic_is_macvtap(const NMMacvtapNic *nic, const char *parent, GPtrArray *networks);
/* "bridge", "vepa", …; of a macvtap interface. */
const char *nm_macvtap_nic_get_macvtap_mode(const NMMacvtapNic *nic, GPtrArray *networks);

/*
 * The first macvtap interface of a state: DIRECT, or on a network of @networks (element-type
 * NMMacvtapNetwork) that forwards through macvtap; on @parent where that is given.
 * Returns: (nullable) (transfer none).
 */
const NMMacvtapNic *nm_macvtap_guest_state_find_macvtap(const NMMacvtapGuestState *state,
                                                        const char *parent,
                                                        GPtrArray *networks);

/* <interface type='network'> with the given properties, as libvirt's device calls take it. */
typedef struct {
    const char *network;
    const char *mac;
    const char *alias;
    const char *model; /* (nullable): NULL writes none */
    gboolean isolated;
    gboolean link_down;
} NMMacvtapNicSpec;

char *nm_macvtap_nic_spec_to_xml(const NMMacvtapNicSpec *spec);

G_END_DECLS
