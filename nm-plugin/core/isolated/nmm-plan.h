/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan of mode isolated: compares profile and purpose with the guests, networks and subnets
 * that exist, and lists the edits to make, in order and each with its reason, and the status of
 * each guest. Changes nothing. After a plan was carried out, the next plan is empty, unless a
 * running guest must first release an interface (LIVE NIC_DETACH); then the next plan continues.
 */

#pragma once

#include "nmm-guest.h"
#include "nmm-network.h"
#include "nmm-subnet.h"

G_BEGIN_DECLS

typedef enum {
    NMM_PURPOSE_UP,    /* the profile is being activated, or is active */
    NMM_PURPOSE_UNDO,  /* its activation failed: back to what it found */
    NMM_PURPOSE_DOWN,  /* it is being deactivated: on-disconnect decides */
    NMM_PURPOSE_PURGE, /* the profile is gone: remove everything it made (cleanup) */
} NmmPurpose;

typedef enum {
    NMM_SCOPE_CONFIG, /* the persistent definition */
    NMM_SCOPE_LIVE,   /* the running guest */
} NmmScope;

/* In the order in which a plan lists them. */
typedef enum {
    NMM_EDIT_NETWORK_DEFINE,
    NMM_EDIT_NETWORK_AUTOSTART,
    NMM_EDIT_NETWORK_START,
    NMM_EDIT_NIC_DETACH, /* by alias, or by its node if it has an xml */
    NMM_EDIT_NIC_ATTACH,
    NMM_EDIT_NIC_UPDATE, /* link state, port isolation, model (CONFIG only) */
    NMM_EDIT_NETWORK_DESTROY,
    NMM_EDIT_NETWORK_NO_AUTOSTART,
    NMM_EDIT_NETWORK_UNDEFINE,
} NmmEditKind;

typedef struct {
    NmmEditKind kind;
    NmmScope scope;   /* NIC edits */
    char *guest_uuid; /* (nullable): NIC edits */
    char *guest_name; /* (nullable): NIC edits */
    char *network;    /* the network's name */
    char *alias;      /* (nullable): NIC edits */
    char *xml;        /* (nullable): NETWORK_DEFINE, NIC_ATTACH, NIC_UPDATE, and NIC_DETACH of a
                         container, which releases it at once */
    char *reason;     /* translated sentence fragment for `plan` and the log */
} NmmEdit;

typedef enum {
    NMM_GUEST_NOT_MACVTAP, /* without macvtap interface */
    NMM_GUEST_NOT_SELECTED,
    NMM_GUEST_SERVED,         /* has the profile's interface, or will */
    NMM_GUEST_SERVED_BY_USER, /* has an interface that the user made */
    NMM_GUEST_SHUT_OFF,       /* in the definition; the guest is not running */
    NMM_GUEST_NEEDS_RESTART,  /* in the definition, not in the running guest */
} NmmGuestStatus;

typedef struct {
    NmmGuest *guest;
    NmmGuestStatus status;
    char *mac; /* (nullable): of the interface on the network */
} NmmGuestReport;

typedef struct {
    NmmCidr address; /* the host's on the network, existing or planned */
    gboolean has_address6;
    NmmCidr address6;
    char *bridge;       /* (nullable): of an existing network */
    char *adopted;      /* (nullable): translated, if this project did not make the network */
    GPtrArray *edits;   /* (element-type NmmEdit): network edits, then by guest */
    GPtrArray *reports; /* (element-type NmmGuestReport), in the order observed */
    GPtrArray *notes;   /* (element-type utf8): warnings for the log, translated */
} NmmPlan;

/* The state of the host; everything borrowed. */
typedef struct {
    GPtrArray *guests;        /* (element-type NmmGuest) */
    GPtrArray *networks;      /* (element-type NmmNetwork): all of them */
    GPtrArray *used;          /* (element-type NmmUsedSubnet): routes and NM profiles; libvirt
                                 networks are taken from @networks */
    const char *host_id;      /* machine id, for address6=auto */
    gboolean activating;      /* NMM_PURPOSE_UP: the profile is not active yet */
    gboolean guests_partial;  /* @guests are only those that changed: never remove the network */
    GHashTable *arrived;      /* (nullable) (element-type utf8): UUIDs of guests that have just
                                 arrived by migration: their link goes down, and the next plan sets
                                 it up again, so that they ask this host for an address */
    GPtrArray *guests_before; /* (nullable): with NMM_PURPOSE_UNDO, as the activation found them */
    GPtrArray *networks_before; /* (nullable): likewise */
} NmmObserved;

/*
 * Errors, only with NMM_PURPOSE_UP: NMM_ERROR_CONFLICT: the network forwards, has no IPv4 address,
 * has other guests (only if @activating, and if the profile has no key network),
 * differs from a key that the profile sets, or the subnet overlaps another; NMM_ERROR_BAD_PROFILE:
 * the DHCP range does not fit the address.
 */
NmmPlan *nmm_plan_isolated(const NmmProfile *profile,
                           NmmPurpose purpose,
                           const NmmObserved *observed,
                           GError **error);
void nmm_plan_free(NmmPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmPlan, nmm_plan_free)

const char *nmm_scope_to_string(NmmScope scope);               /* "config", stable */
const char *nmm_edit_kind_to_string(NmmEditKind kind);         /* "nic-attach", stable */
const char *nmm_guest_status_to_string(NmmGuestStatus status); /* "needs-restart", stable */

G_END_DECLS
