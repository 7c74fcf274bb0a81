/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-peers.h"

#include <glib/gi18n-lib.h>

#include "nmm-commands.h"
#include "nmm-keys.h"
#include "nmm-neighbour-probe.h"

#define PROBE_MS 3000

typedef struct {
    const NmmHostProfile *profile;
    const NmmLink *link;
    const NmmNeighbour *neighbour;
} Peer;

/* (nullable) (transfer none): the host link of an active profile that serves peers. */
static const NmmLink *
find_link(const NmmHostState *state, const NmmHostProfile *profile)
{
    if (profile->state != NMM_ACTIVE_UP || !profile->profile || !profile->profile->peers ||
        !nmm_mode_get_info(profile->profile->mode)->routes_guests)
        return NULL;
    return nmm_host_state_find_host_link(state, profile, NULL);
}

static gboolean
is_guest(const GPtrArray *inputs, const char *mac)
{
    for (guint i = 0; i < inputs->len; i++) {
        const NmmCheckInput *input = g_ptr_array_index(inputs, i);

        if (input->guest.mac && g_ascii_strcasecmp(input->guest.mac, mac) == 0)
            return TRUE;
    }
    return FALSE;
}

/* (transfer full) (element-type Peer) */
static GArray *
list_peers(const NmmHostState *state, const GPtrArray *inputs)
{
    GArray *peers = g_array_new(FALSE, FALSE, sizeof(Peer));

    for (guint i = 0; i < state->profiles->len; i++) {
        const NmmHostProfile *profile = g_ptr_array_index(state->profiles, i);
        const NmmLink *link = find_link(state, profile);

        for (guint n = 0; link && n < link->neighbours->len; n++) {
            const Peer peer = {profile, link, g_ptr_array_index(link->neighbours, n)};

            if (peer.neighbour->permanent && !is_guest(inputs, peer.neighbour->mac))
                g_array_append_val(peers, peer);
        }
    }
    return peers;
}

/* status */

static const NmmReportColumn columns[] = {
    {N_("PEER"), "mac"},
    {N_("PROFILE"), "profile"},
    {N_("OVER"), "link"},
    {N_("ADDRESS"), "address"},
    {NULL},
};

static void
set_peer(JsonObject *json, const Peer *peer)
{
    g_autofree char *address = nmm_cidr_address_to_string(&peer->neighbour->address);
    g_autoptr(GDateTime) since = g_date_time_new_from_unix_utc(g_get_real_time() / G_USEC_PER_SEC -
                                                               peer->neighbour->age_ms / 1000);
    g_autofree char *text = g_date_time_format_iso8601(since);

    nmm_json_set_string(json, "mac", peer->neighbour->mac);
    nmm_json_set_string(json, "profile", peer->profile->id);
    nmm_json_set_string(json, "link", peer->link->name);
    nmm_json_set_string(json, "address", address);
    nmm_json_set_string(json, "since", text);
}

void
nmm_peers_add_to_report(NmmReport *report, const NmmHostState *state, const GPtrArray *inputs)
{
    g_autoptr(GArray) peers = list_peers(state, inputs);
    JsonArray *array = nmm_json_set_array(report->json, "peers");

    for (guint i = 0; i < peers->len; i++)
        set_peer(nmm_json_add_object(array), &g_array_index(peers, Peer, i));
    if (peers->len > 0)
        nmm_report_add_table(report, "peers", columns);
}

/* check */

typedef struct {
    NmmReport *report;
    const NmmHostState *state;
    const NmmCidr *cidr;
    char *address;
} Check;

/* (nullable): an active profile that serves peers at the address. */
static const NmmHostProfile *
find_profile(const Check *self)
{
    for (guint i = 0; i < self->state->profiles->len; i++) {
        const NmmHostProfile *profile = g_ptr_array_index(self->state->profiles, i);
        const GArray *prefixes = find_link(self->state, profile) ? profile->profile->peers : NULL;

        for (guint p = 0; prefixes && p < prefixes->len; p++) {
            if (nmm_cidr_overlaps(&g_array_index(prefixes, NmmCidr, p), self->cidr))
                return profile;
        }
    }
    return NULL;
}

/* (nullable): the refusal of the address that the service reports. */
static const NmmProblem *
find_refusal(const Check *self, const NmmHostProfile *profile)
{
    for (guint i = 0; profile->status && i < profile->status->problems->len; i++) {
        const NmmProblem *problem = g_ptr_array_index(profile->status->problems, i);

        if (problem->kind == NMM_PROBLEM_REFUSED_ADDRESS &&
            g_strcmp0(problem->address, self->address) == 0)
            return problem;
    }
    return NULL;
}

static const Peer *
find_peer(const Check *self, const GArray *peers)
{
    for (guint i = 0; i < peers->len; i++) {
        const Peer *peer = &g_array_index(peers, Peer, i);

        if (nmm_cidr_equal_address(&peer->neighbour->address, self->cidr))
            return peer;
    }
    return NULL;
}

static gboolean
answers(const Check *self, const Peer *peer)
{
    const char *const addresses[] = {self->address, NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(GHashTable) replies =
        nmm_neighbour_probe(peer->link->name, addresses, PROBE_MS, &error);

    if (!replies)
        g_debug("%s: %s", peer->link->name, error->message);
    return replies && g_hash_table_contains(replies, self->address);
}

/* @broken: (nullable): the step. @detail: (transfer full) */
static void
conclude(Check *self, const char *broken, char *detail)
{
    nmm_json_set_string(self->report->json, "broken", broken);
    nmm_json_set_string(self->report->json, "detail", detail);
    nmm_report_add_text(self->report, "%s\n", detail);
    if (broken)
        nmm_report_set_code(self->report, NMM_EXIT_PROBLEM);
    g_free(detail);
}

static void
check_profile(Check *self, const NmmHostProfile *profile)
{
    const NmmProblem *refusal = profile ? find_refusal(self, profile) : NULL;

    if (!profile)
        conclude(self,
                 "profile",
                 g_strdup_printf(_("No guest has the address '%s', and no active profile serves "
                                   "macvlan peers there; add it to the key '%s' of a profile of "
                                   "mode 'share'."),
                                 self->address,
                                 NMM_KEY_PEERS));
    else if (refusal)
        conclude(self, "service", g_strdup_printf("%s.", refusal->message));
    else
        conclude(self,
                 "address",
                 g_strdup_printf(_("The service has found no guest and no macvlan peer with the "
                                   "address '%s'; start it, or look whether its interface on '%s' "
                                   "is of macvlan mode 'bridge'."),
                                 self->address,
                                 profile->parent));
}

static void
check_peer(Check *self, const Peer *peer)
{
    set_peer(self->report->json, peer);
    if (answers(self, peer))
        conclude(self,
                 NULL,
                 g_strdup_printf(_("The macvlan peer '%s' answers the host at %s."),
                                 peer->neighbour->mac,
                                 self->address));
    else
        conclude(self,
                 "neighbour",
                 g_strdup_printf(_("The macvlan peer '%s' does not answer the host at %s; look "
                                   "whether its interface has this address and is up."),
                                 peer->neighbour->mac,
                                 self->address));
}

NmmReport *
nmm_peers_check(const NmmHostState *state, const GPtrArray *inputs, const NmmCidr *address)
{
    g_autofree char *text = nmm_cidr_address_to_string(address);
    Check self = {nmm_report_new(), state, address, text};
    g_autoptr(GArray) peers = list_peers(state, inputs);
    const Peer *peer = find_peer(&self, peers);

    nmm_json_set_string(self.report->json, "address", text);
    if (peer)
        check_peer(&self, peer);
    else
        check_profile(&self, find_profile(&self));
    return self.report;
}
