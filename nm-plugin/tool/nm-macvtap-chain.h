/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The chain from a guest to its host, link by link: facts in, findings out. Pure; what the facts
 * are is found out in nm-macvtap-survey.c.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What is known of one guest on one network. Every string is owned, and NULL where unknown. */
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
    char *profile; /* id of the isolated profile that selects the guest */
    gboolean profile_active;

    char *network;
    char *mac; /* of the guest's interface on the network */
    char *alias;
    char *target; /* host side device of that interface */
    gboolean in_definition;
    gboolean plugged; /* in the running guest */
    gboolean link_down;

    gboolean network_exists;
    gboolean network_active;
    char *bridge;
    char *host_address; /* with prefix, as the network defines it */
    gboolean bridge_up;
    gboolean bridge_has_address;
    gboolean has_dhcp;

    gboolean firewalld; /* runs, and told the zone */
    char *zone;         /* of the bridge, "" for none */
    char *wanted_zone;

    char *address; /* of the guest: lease, or neighbour */
    gboolean answers;
    gboolean names; /* the host's resolver asks libvirt for guests' names */
} NMMacvtapFacts;

void nm_macvtap_facts_free(NMMacvtapFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapFacts, nm_macvtap_facts_free)

/* In the definition, but not in the running guest. */
gboolean nm_macvtap_facts_needs_restart(const NMMacvtapFacts *facts);

typedef enum {
    NM_MACVTAP_VERDICT_OK,
    NM_MACVTAP_VERDICT_HINT, /* does not break the chain, but is worth a word */
    NM_MACVTAP_VERDICT_BROKEN,
} NMMacvtapVerdict;

const char *nm_macvtap_verdict_to_string(NMMacvtapVerdict verdict); /* "broken", stable */

typedef struct {
    const char *step; /* "bridge", stable */
    NMMacvtapVerdict verdict;
    char *detail; /* translated */
    char *remedy; /* (nullable): a command to run */
} NMMacvtapFinding;

/* (transfer full) (element-type NMMacvtapFinding): in order, up to and with the first broken one.
 */
GPtrArray *nm_macvtap_chain_walk(const NMMacvtapFacts *facts);
/* (nullable) (transfer none): the broken one. */
const NMMacvtapFinding *nm_macvtap_chain_find_broken(const GPtrArray *findings);

/* (transfer full): @word as a shell takes it, quoted only where it must be. */
char *nm_macvtap_chain_quote(const char *word);

G_END_DECLS
