/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The asking half of the chain: collects facts and leaves the judging to nmm-check.c. What
 * cannot be found out stays unknown, and nothing is changed.
 */

#include "config.h"

#include "nmm-check-collect.h"

#include <ifaddrs.h>
#include <net/if.h>

#include <glib/gi18n-lib.h>

#include "nmm-identity.h"
#include "nmm-orphans.h"
#include "nmm-neighbour-probe.h"
#include "nmm-served.h"
#include "nmm-check-collect-private.h"

#define FIREWALLD_TIMEOUT_MS 3000
/* Where libvirt puts a bridge whose network names no zone. */
#define DEFAULT_ZONE "libvirt"

typedef struct {
    const NmmWorld *world;
    struct ifaddrs *addresses;  /* (nullable): the host's */
    GDBusConnection *firewalld; /* (nullable): the system bus, where firewalld is on it */
    gboolean names;
    GHashTable *leases; /* "URI\nNETWORK" → GPtrArray of NmmLease (nullable) */
    GHashTable *zones;  /* bridge → zone */
    GPtrArray *facts;
} Survey;

static GDBusConnection *
find_firewalld(void)
{
    g_autoptr(GDBusConnection) bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, NULL);
    g_autoptr(GVariant) reply = NULL;
    gboolean has_owner = FALSE;

    if (!bus)
        return NULL;
    reply = g_dbus_connection_call_sync(bus,
                                        "org.freedesktop.DBus",
                                        "/org/freedesktop/DBus",
                                        "org.freedesktop.DBus",
                                        "NameHasOwner",
                                        g_variant_new("(s)", "org.fedoraproject.FirewallD1"),
                                        G_VARIANT_TYPE("(b)"),
                                        G_DBUS_CALL_FLAGS_NONE,
                                        FIREWALLD_TIMEOUT_MS,
                                        NULL,
                                        NULL);
    if (reply)
        g_variant_get(reply, "(b)", &has_owner);
    return has_owner ? g_steal_pointer(&bus) : NULL;
}

/* (nullable) (transfer none): "" where the bridge is in no zone, NULL where nobody tells. */
static const char *
get_zone(Survey *survey, const char *bridge)
{
    g_autoptr(GVariant) reply = NULL;
    char *zone = NULL;

    if (!survey->firewalld)
        return NULL;
    if (g_hash_table_contains(survey->zones, bridge))
        return g_hash_table_lookup(survey->zones, bridge);
    reply = g_dbus_connection_call_sync(survey->firewalld,
                                        "org.fedoraproject.FirewallD1",
                                        "/org/fedoraproject/FirewallD1",
                                        "org.fedoraproject.FirewallD1.zone",
                                        "getZoneOfInterface",
                                        g_variant_new("(s)", bridge),
                                        G_VARIANT_TYPE("(s)"),
                                        G_DBUS_CALL_FLAGS_NO_AUTO_START,
                                        FIREWALLD_TIMEOUT_MS,
                                        NULL,
                                        NULL);
    if (reply)
        g_variant_get(reply, "(s)", &zone);
    g_hash_table_replace(survey->zones, g_strdup(bridge), zone);
    return zone;
}

/**
 * nmm_survey_has_names:
 * @nsswitch: the text of /etc/nsswitch.conf
 *
 * Returns: whether its line for hosts has libnss-libvirt's module for names of guests.
 */
gboolean
nmm_survey_has_names(const char *nsswitch)
{
    g_auto(GStrv) lines = g_strsplit(nsswitch, "\n", -1);

    for (guint i = 0; lines[i]; i++) {
        char *comment = strchr(lines[i], '#');
        g_auto(GStrv) words = NULL;

        if (comment)
            *comment = '\0';
        words = g_strsplit_set(g_strstrip(lines[i]), " \t", -1);
        if (words[0] && g_str_equal(words[0], "hosts:") &&
            g_strv_contains((const char *const *)words, "libvirt_guest"))
            return TRUE;
    }
    return FALSE;
}

static gboolean
read_names(void)
{
    g_autofree char *text = NULL;

    return g_file_get_contents("/etc/nsswitch.conf", &text, NULL, NULL) &&
           nmm_survey_has_names(text);
}

static gboolean
has_bridge(const Survey *survey, const char *bridge)
{
    for (const struct ifaddrs *a = survey->addresses; a; a = a->ifa_next) {
        if (g_str_equal(a->ifa_name, bridge))
            return (a->ifa_flags & IFF_UP) != 0;
    }
    return FALSE;
}

static gboolean
has_address(const Survey *survey, const char *bridge, const NmmCidr *wanted)
{
    for (const struct ifaddrs *a = survey->addresses; a; a = a->ifa_next) {
        g_autoptr(GSocketAddress) native = NULL;
        GInetAddress *inet;

        if (!g_str_equal(a->ifa_name, bridge) || !a->ifa_addr ||
            a->ifa_addr->sa_family != (wanted->family == G_SOCKET_FAMILY_IPV4 ? AF_INET : AF_INET6))
            continue;
        native = g_socket_address_new_from_native(a->ifa_addr, sizeof(struct sockaddr_in6));
        inet = g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(native));
        if (memcmp(g_inet_address_to_bytes(inet),
                   wanted->bytes,
                   g_inet_address_get_native_size(inet)) == 0)
            return TRUE;
    }
    return FALSE;
}

static void
add_network_facts(Survey *survey, NmmWorldHost *host, NmmCheckInput *facts)
{
    NmmNetwork *network = facts->network ? nmm_network_find(host->networks, facts->network) : NULL;
    const NmmCidr *address;
    const char *zone;

    if (!network)
        return;
    facts->network_exists = TRUE;
    facts->network_active = network->active;
    facts->bridge = g_strdup(network->bridge);
    facts->has_dhcp = network->ranges->len > 0;
    facts->wanted_zone = g_strdup(network->zone ? network->zone : DEFAULT_ZONE);
    address = nmm_network_get_address(network, G_SOCKET_FAMILY_IPV4);
    if (address)
        facts->host_address = nmm_cidr_to_string(address);
    if (!network->bridge)
        return;
    facts->bridge_left = nmm_orphans_is_bridge_left(survey->world, network);
    facts->bridge_up = has_bridge(survey, network->bridge);
    facts->bridge_has_address = address && has_address(survey, network->bridge, address);
    zone = get_zone(survey, network->bridge);
    facts->firewalld = zone != NULL;
    facts->zone = g_strdup(zone);
}

/* (nullable): one on @network; with NULL for that, one of ours. */
static const NmmNic *
find_nic(const NmmGuestState *state, const char *network)
{
    for (guint i = 0; state && i < state->nics->len; i++) {
        const NmmNic *nic = g_ptr_array_index(state->nics, i);

        if (nic->type != NMM_NIC_NETWORK)
            continue;
        if (network ? g_strcmp0(nic->network, network) == 0 : nmm_identity_is_our_alias(nic->alias))
            return nic;
    }
    return NULL;
}

static void
add_nic_facts(const NmmGuest *guest, NmmCheckInput *facts)
{
    const NmmNic *live = find_nic(guest->live, facts->network);
    const NmmNic *config = find_nic(guest->config, facts->network);
    const NmmNic *nic = live ? live : config;

    facts->in_definition = config != NULL;
    facts->plugged = live != NULL;
    if (!nic)
        return;
    facts->link_down = live && live->link_down;
    facts->mac = g_strdup(nic->mac);
    facts->alias = g_strdup(nic->alias);
    facts->target = g_strdup(nic->target);
    if (!facts->network)
        facts->network = g_strdup(nic->network);
}

static GPtrArray *
get_leases(Survey *survey, NmmWorldHost *host, const char *network)
{
    g_autofree char *key = g_strdup_printf("%s\n%s", host->uri, network);
    g_autoptr(GError) error = NULL;
    GPtrArray *leases;

    if (g_hash_table_contains(survey->leases, key))
        return g_hash_table_lookup(survey->leases, key);
    leases = nmm_hypervisor_list_leases(host->hypervisor, network, &error);
    if (!leases)
        g_debug("leases of network '%s': %s", network, error->message);
    g_hash_table_replace(survey->leases, g_steal_pointer(&key), leases);
    return leases;
}

/* A lease says most; a guest with an address set by hand shows up among the neighbours. */
static void
add_address_fact(Survey *survey, NmmWorldHost *host, NmmCheckInput *facts)
{
    GPtrArray *leases;

    if (!facts->network_active || !facts->mac || !facts->plugged)
        return;
    leases = get_leases(survey, host, facts->network);
    for (guint i = 0; leases && i < leases->len && !facts->address; i++) {
        const NmmLease *lease = g_ptr_array_index(leases, i);

        if (g_ascii_strcasecmp(lease->mac, facts->mac) == 0 && !strchr(lease->address, ':'))
            facts->address = g_strdup(lease->address);
    }
    if (!facts->address && facts->bridge)
        facts->address = nmm_neighbour_lookup(facts->bridge, facts->mac, NULL);
}

static void
add_isolated_facts(Survey *survey, NmmWorldHost *host, const NmmGuest *guest, NmmCheckInput *facts)
{
    add_nic_facts(guest, facts);
    add_network_facts(survey, host, facts);
    add_address_fact(survey, host, facts);
}

/* What every mode asks. @profile: (nullable) */
NmmCheckInput *
nmm_survey_new_facts(const NmmWorld *world,
                     const NmmWorldHost *host,
                     const NmmGuest *guest,
                     const NmmWorldProfile *profile)
{
    NmmCheckInput *facts = g_new0(NmmCheckInput, 1);
    const NmmNic *macvtap = nmm_served_find_nic(profile, host, guest);

    facts->guest = g_strdup(guest->name);
    facts->guest_uuid = g_strdup(guest->uuid);
    facts->uri = g_strdup(host->uri);
    facts->exists = TRUE;
    facts->running = guest->live != NULL;
    facts->transient = guest->config == NULL;
    facts->is_macvtap = macvtap != NULL;
    if (macvtap) {
        facts->lower = g_strdup(macvtap->lower);
        facts->macvtap_mode = g_strdup(nmm_nic_get_macvtap_mode(macvtap, host->networks));
    }
    facts->nm_answers = world->nm_problem == NULL;
    if (profile) {
        facts->profile = g_strdup(profile->id);
        facts->profile_active = g_str_equal(profile->state, "active");
        facts->mode = profile->profile->mode;
    }
    return facts;
}

/* @profile: (nullable) */
static void
add_facts(Survey *survey, NmmWorldHost *host, const NmmGuest *guest, const NmmWorldProfile *profile)
{
    NmmCheckInput *facts = nmm_survey_new_facts(survey->world, host, guest, profile);

    facts->names = survey->names;
    if (facts->mode == NMM_MODE_ISOLATED) {
        facts->network = profile ? g_strdup(profile->profile->network) : NULL;
        add_isolated_facts(survey, host, guest, facts);
    } else {
        nmm_survey_add_link_facts(survey->world, host, guest, profile, facts);
    }
    g_ptr_array_add(survey->facts, facts);
}

/* What somebody has made comes before what is only offered. */
static gboolean
is_better(const NmmWorldProfile *profile, const NmmWorldProfile *than)
{
    return !than || (than->offered && !profile->offered);
}

/* Facts for each profile that is not down; where all are, for the first; or for none at all. */
static void
add_guest(Survey *survey, NmmWorldHost *host, const NmmGuest *guest)
{
    const NmmWorldProfile *first = NULL;
    gboolean found = FALSE;

    for (guint i = 0; i < survey->world->profiles->len; i++) {
        const NmmWorldProfile *profile = g_ptr_array_index(survey->world->profiles, i);

        if (!nmm_served_has(profile, host, guest))
            continue;
        if (!g_str_equal(profile->state, "down")) {
            add_facts(survey, host, guest, profile);
            found = TRUE;
        } else if (is_better(profile, first)) {
            first = profile;
        }
    }
    if (!found)
        add_facts(survey, host, guest, first);
}

/* All guests behind one bridge are asked at once. */
static void
probe_bridge(GPtrArray *all_facts, const char *bridge)
{
    g_autoptr(GPtrArray) addresses = g_ptr_array_new();
    g_autoptr(GHashTable) answered = NULL;
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < all_facts->len; i++) {
        const NmmCheckInput *facts = g_ptr_array_index(all_facts, i);

        if (g_strcmp0(facts->bridge, bridge) == 0 && facts->address)
            g_ptr_array_add(addresses, facts->address);
    }
    g_ptr_array_add(addresses, NULL);
    answered = nmm_neighbour_probe(
        bridge, (const char *const *)addresses->pdata, nmm_survey_get_patience(), &error);
    if (!answered) {
        g_debug("%s: %s", bridge, error->message);
        return;
    }
    for (guint i = 0; i < all_facts->len; i++) {
        NmmCheckInput *facts = g_ptr_array_index(all_facts, i);
        const char *mac = facts->address && g_strcmp0(facts->bridge, bridge) == 0
                              ? g_hash_table_lookup(answered, facts->address)
                              : NULL;

        /* Somebody else with the guest's address is not the guest. */
        facts->answers = facts->answers || (mac && g_ascii_strcasecmp(mac, facts->mac) == 0);
    }
}

static void
probe_all(GPtrArray *all_facts)
{
    g_autoptr(GHashTable) done = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < all_facts->len; i++) {
        const NmmCheckInput *facts = g_ptr_array_index(all_facts, i);

        if (facts->address && facts->bridge && g_hash_table_add(done, facts->bridge))
            probe_bridge(all_facts, facts->bridge);
    }
}

static void
leases_free(gpointer data)
{
    if (data)
        g_ptr_array_unref(data);
}

/**
 * nmm_survey:
 * @world: what was read of NetworkManager and libvirt
 * @guest: (nullable): name or UUID of one guest, macvtap or not; NULL for every macvtap guest
 *
 * Blocks for some seconds where guests do not answer.
 *
 * Returns: (transfer full) (element-type NmmCheckInput): by libvirt and guest, in their order.
 */
GPtrArray *
nmm_survey(const NmmWorld *world, const char *guest)
{
    Survey survey = {.world = world};
    g_autoptr(GHashTable) leases =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, leases_free);
    g_autoptr(GHashTable) zones = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GDBusConnection) firewalld = find_firewalld();

    survey.leases = leases;
    survey.zones = zones;
    survey.firewalld = firewalld;
    survey.names = read_names();
    survey.facts = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_check_input_free);
    if (getifaddrs(&survey.addresses) < 0)
        survey.addresses = NULL;

    for (guint h = 0; h < world->hosts->len; h++) {
        NmmWorldHost *host = g_ptr_array_index(world->hosts, h);

        for (guint g = 0; g < host->guests->len; g++) {
            const NmmGuest *candidate = g_ptr_array_index(host->guests, g);

            if (guest ? g_str_equal(candidate->name, guest) || g_str_equal(candidate->uuid, guest)
                      : nmm_served_find_nic(NULL, host, candidate) != NULL)
                add_guest(&survey, host, candidate);
        }
    }
    probe_all(survey.facts);
    nmm_survey_ask_links(survey.facts);
    g_clear_pointer(&survey.addresses, freeifaddrs);
    return survey.facts;
}
