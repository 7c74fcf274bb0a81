/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest: its identity and its interfaces, read from the domain's XML, once for the persistent
 * definition and once for the running machine. Decides which interface counts as macvtap, not what
 * to change. Never writes a domain, so nothing in it is lost.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    NMM_NIC_OTHER,   /* bridge, hostdev, user, … */
    NMM_NIC_DIRECT,  /* macvtap on a lower device */
    NMM_NIC_NETWORK, /* on a libvirt network */
} NmmNicType;

typedef struct {
    NmmNicType type;
    char *network; /* (nullable): source network; may be set with DIRECT too (running guest) */
    char *lower;   /* (nullable): lower device of DIRECT */
    char *lower_altname; /* (nullable): the definition's name of @lower, if it is another name */
    char **lower_names;  /* (nullable): every name of @lower; NULL if the kernel does not have it */
    char *macvtap_mode;  /* (nullable): "bridge", "vepa", …; libvirt's default is vepa */
    char *mac;           /* (nullable): lower case */
    char *defined_mac;   /* (nullable): libvirt's, if the guest has changed it to @mac */
    char *alias;         /* (nullable): of a container, only if the interface is this project's */
    char *model;         /* (nullable) */
    char *target;        /* (nullable): host side device of a running guest ("vnet3", "macvtap0") */
    char *bridge;        /* (nullable): of an interface of type 'bridge' */
    gboolean unmanaged;  /* type='ethernet': @target was made by another program */
    gboolean gone;       /* the kernel does not have @target, on which the running guest depends */
    gboolean asleep;     /* the running guest's macvtap @target is down: libvirt does that while the
                            guest is paused, or is still arriving by migration */
    gboolean link_down;  /* <link state='down'/> */
    gboolean isolated;   /* <port isolated='yes'/> */
    char *xml;           /* (nullable): the whole <interface>, only if it is this project's */
} NmmNic;

/* One state of a guest: its persistent definition, or the running machine. */
typedef struct {
    GPtrArray *nics; /* (element-type NmmNic) */
} NmmGuestState;

/* What a guest can be resumed from: its managed save image, or a snapshot. */
typedef struct {
    char *snapshot;       /* (nullable): its name; NULL: the managed save image */
    NmmGuestState *state; /* (nullable): NULL if it cannot be read */
} NmmSavedState;

typedef struct {
    gatomicrefcount ref_count;
    char *uuid;
    char *name;
    gboolean container;    /* its devices are in its own network namespace */
    NmmGuestState *config; /* (nullable): NULL for a transient guest */
    NmmGuestState *live;   /* (nullable): NULL if the guest is not running */
    gboolean paused;       /* with @live */
    GPtrArray *saved;      /* (element-type NmmSavedState) */
} NmmGuest;

/* At least one of @config_xml, the inactive XML, and @live_xml. NMM_ERROR_BAD_XML, prefixed with
 * the guest's name if it is known. */
NmmGuest *nmm_guest_new_from_xml(const char *config_xml, const char *live_xml, GError **error);
/* The definition as a user writes it: without a UUID if there is none. NMM_ERROR_BAD_XML. */
NmmGuest *nmm_guest_new_from_definition(const char *xml, GError **error);
/* @snapshot: (nullable), as in NmmSavedState. @xml: (nullable): of the image, or <domainsnapshot>;
 * bad XML counts as NULL, unreadable. */
void nmm_guest_add_saved(NmmGuest *guest, const char *snapshot, const char *xml);
/* (nullable) (transfer none): the first that needs @network. One that cannot be read needs any. */
const NmmSavedState *nmm_guest_find_saved(const NmmGuest *guest, const char *network);
/* (transfer full): "the managed save image of guest 'web1'", translated. */
char *nmm_guest_describe_saved(const NmmGuest *guest, const NmmSavedState *saved);
/* Thread-safe, as is unref. */
NmmGuest *nmm_guest_ref(NmmGuest *guest);
void nmm_guest_unref(NmmGuest *guest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmGuest, nmm_guest_unref)

/* On a libvirt network, with the alias of the interfaces that this project attaches to it. */
gboolean nmm_nic_is_ours(const NmmNic *nic);
/* DIRECT, or on a network of @networks (element-type NmmNetwork) that forwards through macvtap; on
 * @parent (nullable: any). */
gboolean nmm_nic_is_macvtap(const NmmNic *nic, const char *parent, GPtrArray *networks);
/* "bridge", "vepa", …; of a macvtap interface. libvirt's default if there is none; a network sets
 * the mode of all its guests. */
const char *nmm_nic_get_macvtap_mode(const NmmNic *nic, GPtrArray *networks);
/* (nullable) (transfer none): the first for which nmm_nic_is_macvtap() is true. */
const NmmNic *
nmm_guest_state_find_macvtap(const NmmGuestState *state, const char *parent, GPtrArray *networks);

G_END_DECLS
