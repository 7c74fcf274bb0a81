/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a guest's claim of an address was refused, and that each is reported once only.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* In one table with their names and sentences. */
typedef enum {
    NM_MACVTAP_REFUSAL_HOST,        /* the host's own address */
    NM_MACVTAP_REFUSAL_GATEWAY,     /* a gateway in use */
    NM_MACVTAP_REFUSAL_DNS_SERVER,  /* a DNS server in use */
    NM_MACVTAP_REFUSAL_OFF_LINK,    /* outside the parent's on-link prefixes */
    NM_MACVTAP_REFUSAL_NOT_A_HOST,  /* network or broadcast address of such a prefix */
    NM_MACVTAP_REFUSAL_LAN_HOST,    /* a host on the LAN, or a stranger on the bridge, has it */
    NM_MACVTAP_REFUSAL_OTHER_GUEST, /* another guest has it and answers for it */
    NM_MACVTAP_REFUSAL_NOT_BRIDGE,  /* the guest's interface is not in mode bridge */
    NM_MACVTAP_REFUSAL_GUEST_FULL,  /* the guest has MAX_PER_GUEST addresses */
    NM_MACVTAP_REFUSAL_FULL,        /* all guests have MAX_ADDRESSES together */
    NM_MACVTAP_REFUSAL_TOO_MANY,    /* the guest's further refusals are not reported */
} NMMacvtapRefusalReason;
#define NM_MACVTAP_REFUSAL_LAST NM_MACVTAP_REFUSAL_TOO_MANY

typedef struct {
    NMMacvtapRefusalReason reason;
    char *guest;
    char *mac;
    char *address;
    char *holder; /* (nullable): MAC of the LAN host or name of the guest that has it */
} NMMacvtapRefusal;

void nm_macvtap_refusal_free(NMMacvtapRefusal *refusal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapRefusal, nm_macvtap_refusal_free)
const char *
nm_macvtap_refusal_reason_to_string(NMMacvtapRefusalReason reason); /* "lan-host", stable */
/* (transfer full): one sentence fragment for the log, without the reason's name. */
char *nm_macvtap_refusal_to_string(const NMMacvtapRefusal *refusal);

/*
 * What has been reported already. A refusal comes once for a MAC, an address and a reason, and at
 * most MAX_REPORTED times for a guest: a guest cannot fill the log.
 */
#define NM_MACVTAP_REFUSAL_MAX_REPORTED 64

typedef struct _NMMacvtapRefusals NMMacvtapRefusals;

NMMacvtapRefusals *nm_macvtap_refusals_new(void);
void nm_macvtap_refusals_free(NMMacvtapRefusals *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapRefusals, nm_macvtap_refusals_free)
/* @holder: (nullable) */
void nm_macvtap_refusals_add(NMMacvtapRefusals *self,
                             NMMacvtapRefusalReason reason,
                             const char *guest,
                             const char *mac,
                             const char *address,
                             const char *holder);
/* The guest has the address after all. */
void nm_macvtap_refusals_forget(NMMacvtapRefusals *self,
                                const char *guest,
                                const char *mac,
                                const char *address);
/* Guests that @guests (a set of names) lacks are forgotten. */
void nm_macvtap_refusals_retain(NMMacvtapRefusals *self, GHashTable *guests);
/* (transfer full) (element-type NMMacvtapRefusal): since the last call. */
GPtrArray *nm_macvtap_refusals_take(NMMacvtapRefusals *self);

G_END_DECLS
