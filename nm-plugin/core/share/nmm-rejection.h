/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a guest's claim of an address was refused, and that each is reported once only.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* In one table with their names and sentences. */
typedef enum {
    NMM_REJECTION_HOST,        /* the host's own address */
    NMM_REJECTION_GATEWAY,     /* a gateway in use */
    NMM_REJECTION_DNS_SERVER,  /* a DNS server in use */
    NMM_REJECTION_OFF_LINK,    /* outside the parent's on-link prefixes */
    NMM_REJECTION_NOT_A_HOST,  /* network or broadcast address of such a prefix */
    NMM_REJECTION_LAN_HOST,    /* a host on the LAN, or a stranger on the bridge, has it */
    NMM_REJECTION_OTHER_GUEST, /* another guest has it and answers for it */
    NMM_REJECTION_NOT_BRIDGE,  /* the guest's interface is not in mode bridge */
    NMM_REJECTION_GUEST_FULL,  /* the guest has MAX_PER_GUEST addresses */
    NMM_REJECTION_FULL,        /* all guests have MAX_ADDRESSES together */
    NMM_REJECTION_TOO_MANY,    /* the guest's further refusals are not reported */
} NmmRejectionReason;
#define NMM_REJECTION_LAST NMM_REJECTION_TOO_MANY

typedef struct {
    NmmRejectionReason reason;
    char *guest;
    char *mac;
    char *address;
    char *holder; /* (nullable): MAC of the LAN host or name of the guest that has it */
} NmmRejection;

void nmm_rejection_free(NmmRejection *refusal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmRejection, nmm_rejection_free)
const char *nmm_rejection_reason_to_string(NmmRejectionReason reason); /* "lan-host", stable */
/* (transfer full): one sentence fragment for the log, without the reason's name. */
char *nmm_rejection_to_string(const NmmRejection *refusal);

/*
 * What has been reported already. A refusal comes once for a MAC, an address and a reason, and at
 * most MAX_REPORTED times for a guest: a guest cannot fill the log.
 */
#define NMM_REJECTION_MAX_REPORTED 64

typedef struct _NmmRejections NmmRejections;

NmmRejections *nmm_rejections_new(void);
void nmm_rejections_free(NmmRejections *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmRejections, nmm_rejections_free)
/* @holder: (nullable) */
void nmm_rejections_add(NmmRejections *self,
                        NmmRejectionReason reason,
                        const char *guest,
                        const char *mac,
                        const char *address,
                        const char *holder);
/* The guest has the address after all. */
void
nmm_rejections_forget(NmmRejections *self, const char *guest, const char *mac, const char *address);
/* Guests that @guests (a set of names) lacks are forgotten. */
void nmm_rejections_retain(NmmRejections *self, GHashTable *guests);
/* (transfer full) (element-type NmmRejection): since the last call. */
GPtrArray *nmm_rejections_take(NmmRejections *self);

G_END_DECLS
