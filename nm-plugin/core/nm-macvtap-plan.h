/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan of mode isolated: what is wanted (profile, purpose) against what is (guests, networks,
 * subnets in use) gives an ordered list of edits, each with its reason, and a report on each guest.
 * Carrying the plan out and planning again gives an empty plan; where a running guest has to let an
 * interface go first (LIVE NIC_DETACH), what follows from that is planned once it has.
 */

#pragma once

#include "nm-macvtap-guest.h"
#include "nm-macvtap-network.h"

G_BEGIN_DECLS

typedef enum {
    NM_MACVTAP_PURPOSE_UP,    /* the profile is being activated, or is active */
    NM_MACVTAP_PURPOSE_DOWN,  /* it is being deactivated: on-disconnect decides */
    NM_MACVTAP_PURPOSE_PURGE, /* the profile is gone: take everything of ours out (cleanup) */
} NMMacvtapPurpose;

typedef enum {
    NM_MACVTAP_SCOPE_CONFIG, /* the persistent definition */
    NM_MACVTAP_SCOPE_LIVE,   /* the running guest */
} NMMacvtapScope;

/* In the order in which a plan lists them; one table in nm-macvtap-plan.c names them. */
typedef enum {
    NM_MACVTAP_EDIT_NETWORK_DEFINE,
    NM_MACVTAP_EDIT_NETWORK_AUTOSTART,
    NM_MACVTAP_EDIT_NETWORK_START,
    NM_MACVTAP_EDIT_NIC_DETACH, /* by alias */
    NM_MACVTAP_EDIT_NIC_ATTACH,
    NM_MACVTAP_EDIT_NIC_UPDATE, /* link state, port isolation, model (CONFIG only) */
    NM_MACVTAP_EDIT_NETWORK_DESTROY,
    NM_MACVTAP_EDIT_NETWORK_UNDEFINE,
} NMMacvtapEditKind;

typedef struct {
    NMMacvtapEditKind kind;
    NMMacvtapScope scope; /* NIC edits */
    char *guest_uuid;     /* (nullable): NIC edits */
    char *guest_name;     /* (nullable): NIC edits */
    char *network;        /* always: the network's name */
    char *alias;          /* (nullable): NIC edits */
    char *xml;            /* (nullable): NETWORK_DEFINE, NIC_ATTACH, NIC_UPDATE */
    char *reason;         /* translated sentence fragment for `plan` and the log */
} NMMacvtapEdit;

typedef enum {
    NM_MACVTAP_GUEST_NOT_MACVTAP, /* nothing to do with it */
    NM_MACVTAP_GUEST_NOT_SELECTED,
    NM_MACVTAP_GUEST_SERVED,         /* interface present (or planned) wherever it is wanted */
    NM_MACVTAP_GUEST_SERVED_BY_USER, /* through an interface that the user made */
    NM_MACVTAP_GUEST_SHUT_OFF,       /* in the definition; the guest does not run */
    NM_MACVTAP_GUEST_NEEDS_RESTART,  /* in the definition, not in the running guest */
} NMMacvtapGuestStatus;

typedef struct {
    NMMacvtapGuest *guest;
    NMMacvtapGuestStatus status;
    char *mac; /* (nullable): of the interface on the network */
} NMMacvtapGuestReport;

typedef struct {
    NMMacvtapCidr address; /* the host's on the network, existing or planned */
    gboolean has_address6;
    NMMacvtapCidr address6;
    char *bridge;       /* (nullable): of an existing network */
    GPtrArray *edits;   /* (element-type NMMacvtapEdit): network edits, then by guest */
    GPtrArray *reports; /* (element-type NMMacvtapGuestReport), in the order observed */
    GPtrArray *notes;   /* (element-type utf8): warnings for the log, translated */
} NMMacvtapPlan;

/* What was observed; everything borrowed. */
typedef struct {
    GPtrArray *guests;       /* (element-type NMMacvtapGuest) */
    GPtrArray *networks;     /* (element-type NMMacvtapNetwork): all of them */
    GPtrArray *used;         /* (element-type NMMacvtapUsedSubnet): routes and NM profiles; libvirt
                                networks are taken from @networks */
    const char *host_id;     /* machine id, for address6=auto */
    gboolean guests_partial; /* @guests are only those that changed: never remove the network */
} NMMacvtapObserved;

/*
 * Errors: NM_MACVTAP_ERROR_CONFLICT: the network forwards, has no IPv4 address, differs from a key
 * that the profile sets, or the subnet overlaps (message names the other side and the remedy).
 */
NMMacvtapPlan *nm_macvtap_plan_isolated(const NMMacvtapProfile *profile,
                                        NMMacvtapPurpose purpose,
                                        const NMMacvtapObserved *observed,
                                        GError **error);
void nm_macvtap_plan_free(NMMacvtapPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapPlan, nm_macvtap_plan_free)

const char *nm_macvtap_edit_kind_to_string(NMMacvtapEditKind kind); /* "nic-attach", stable */
const char *
nm_macvtap_guest_status_to_string(NMMacvtapGuestStatus status); /* "needs-restart", stable */

G_END_DECLS
