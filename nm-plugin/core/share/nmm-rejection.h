/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a guest's or peer's claim of an address was rejected, and which rejections were reported.
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
    NMM_REJECTION_LAN_HOST,    /* a LAN host has it */
    NMM_REJECTION_OTHER_GUEST, /* another guest has it and replies for it */
    NMM_REJECTION_NOT_BRIDGE,  /* the guest's interface is not in mode bridge */
    NMM_REJECTION_GUEST_FULL,  /* the guest has NMM_ROUTING_MAX_PER_GUEST addresses */
    NMM_REJECTION_FULL,        /* all guests together have NMM_ROUTING_MAX_ADDRESSES */
    NMM_REJECTION_TOO_MANY,    /* further rejections of the guest are not reported */
} NmmRejectionReason;
#define NMM_REJECTION_LAST NMM_REJECTION_TOO_MANY

typedef struct {
    NmmRejectionReason reason;
    char *guest; /* (nullable): NULL: a macvlan peer, which has only its MAC */
    char *mac;
    char *address;
    char *holder; /* (nullable): MAC of the LAN host or peer, or name of the guest, that has it */
} NmmRejection;

/* @guest, @holder: (nullable) */
NmmRejection *nmm_rejection_new(NmmRejectionReason reason,
                                const char *guest,
                                const char *mac,
                                const char *address,
                                const char *holder);
void nmm_rejection_free(NmmRejection *rejection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmRejection, nmm_rejection_free)
const char *nmm_rejection_reason_to_string(NmmRejectionReason reason); /* "lan-host", stable */
/* Whether only the host's configuration is the reason. */
gboolean nmm_rejection_is_by_host(NmmRejectionReason reason);
/* (nullable): the vpn.data key that lifts it. */
const char *nmm_rejection_get_key(NmmRejectionReason reason);
/* (transfer full): a fragment for the log, without the reason's name. */
char *nmm_rejection_to_string(const NmmRejection *rejection);

/* For one guest, so that it cannot flood the log. */
#define NMM_REJECTION_MAX_REPORTED 64

/* The rejections that were reported. */
typedef struct _NmmRejections NmmRejections;

NmmRejections *nmm_rejections_new(void);
void nmm_rejections_free(NmmRejections *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmRejections, nmm_rejections_free)
/* (transfer full) (nullable): the rejection to report; NULL if one with the same MAC, address and
 * reason was reported before, or too many of the guest. @guest, @holder: (nullable). */
NmmRejection *nmm_rejections_add(NmmRejections *self,
                                 NmmRejectionReason reason,
                                 const char *guest,
                                 const char *mac,
                                 const char *address,
                                 const char *holder);
/* The guest has the address after all. @guest: (nullable) */
void
nmm_rejections_forget(NmmRejections *self, const char *guest, const char *mac, const char *address);
/* Forgets guests and peers that are not in @guests (a set of names and MACs). */
void nmm_rejections_retain(NmmRejections *self, GHashTable *guests);

G_END_DECLS
