/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chain from a guest to its host, link by link: facts in, findings out. Pure; what the facts
 * are is found out in nmm-check-collect.c.
 */

#pragma once

#include <glib.h>

#include "nmm-profile.h"

G_BEGIN_DECLS

/* Where a guest was heard on a host link. */
typedef struct {
    char *address;
    gint64 since; /* Unix time in s, 0 where nobody knows: it is the guest's, without a break */
    char *source; /* (nullable): the host's address on the way to it, where there is a route */
    gboolean answers;
} NmmCheckAddress;

/* What is known of one guest and one profile. Every string is owned, and NULL where unknown. */
typedef struct {
    char *guest; /* its name, or what the user called it where it does not exist */
    char *guest_uuid;
    char *uri; /* of the libvirt it was found at */
    gboolean exists;
    gboolean running;
    gboolean transient; /* without a persistent definition */

    gboolean is_macvtap;
    char *lower; /* lower device; NULL where a libvirt network chooses it */
    char *macvtap_mode;

    gboolean nm_answers;
    char *profile; /* id of the profile that selects the guest */
    gboolean profile_active;
    NmmMode mode; /* the profile's; isolated without one */

    /* the guest's interface: isolated, on the network; share and move, the macvtap one */
    char *mac;
    char *alias;
    char *target; /* host side device of that interface */
    gboolean in_definition;
    gboolean plugged; /* in the running guest */
    gboolean link_down;

    /* isolated */
    char *network;
    gboolean network_exists;
    gboolean network_active;
    char *bridge;
    gboolean bridge_left; /* nobody's any more, and in the way of the network */
    gboolean bridge_up;
    gboolean bridge_has_address;
    gboolean has_dhcp;

    gboolean firewalld; /* runs, and told the zone */
    char *zone;         /* of the bridge, "" for none */
    char *wanted_zone;

    /* share, move */
    gboolean definition_is_bridge; /* the definition says mode bridge, whatever runs now */
    char *parent;                  /* the profile's lower device */
    char *parent_problem;
    gboolean parent_carrier;
    char *link;         /* the host link's name */
    char *link_problem; /* it is missing, or somebody else's */
    gboolean link_up;
    GPtrArray *addresses; /* (element-type NmmCheckAddress), NULL for none */

    char *host_address; /* with prefix */
    char *address;      /* of the guest: lease, neighbour, or the best of @addresses */
    gint64 since;       /* of @address, as above */
    gboolean routed;    /* share: the host's route to @address is there */
    gboolean answers;
    gboolean unasked; /* who runs the tool may not ask: that it does not answer says nothing */
    gboolean names;   /* the host's resolver asks libvirt for guests' names */
} NmmCheckInput;

void nmm_check_input_free(NmmCheckInput *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmCheckInput, nmm_check_input_free)

/* In the definition, but not in the running guest. */
gboolean nmm_check_input_needs_restart(const NmmCheckInput *facts);
/* It answers, or all that can be said without asking it speaks for it. */
gboolean nmm_check_input_is_reachable(const NmmCheckInput *facts);
/* @source: (nullable) */
void nmm_check_input_add_address(NmmCheckInput *facts,
                                 const char *address,
                                 gint64 since,
                                 const char *source);
/* Takes over the best of @addresses: one that answers, else the first. */
void nmm_check_input_choose_address(NmmCheckInput *facts);

typedef enum {
    NMM_CHECK_OK,
    NMM_CHECK_HINT,    /* does not break the chain, but is worth a word */
    NMM_CHECK_WAITING, /* goes no further yet, and nothing is wrong with it */
    NMM_CHECK_BROKEN,
} NmmCheckVerdict;

const char *nmm_check_verdict_to_string(NmmCheckVerdict verdict); /* "broken", stable */

typedef struct {
    const char *step; /* "bridge", stable */
    NmmCheckVerdict verdict;
    char *detail; /* translated */
    char *remedy; /* (nullable): a command to run */
} NmmCheckResult;

/* (transfer full) (element-type NmmCheckResult): in order, up to and with the first that does
 * not hold. */
GPtrArray *nmm_check_walk(const NmmCheckInput *facts);
/* (nullable) (transfer none): the broken one. */
const NmmCheckResult *nmm_check_find_broken(const GPtrArray *findings);
/* (nullable) (transfer none): the one at which it ends early, broken or waiting. */
const NmmCheckResult *nmm_check_find_end(const GPtrArray *findings);

/* (transfer full): @word as a shell takes it, quoted only where it must be. */
char *nmm_check_quote(const char *word);

G_END_DECLS
