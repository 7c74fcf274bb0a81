/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts about guests on host links. Mode share leaves all there is to know in the kernel: a
 * permanent neighbour entry and a route for each address. In mode move the host is a neighbour like
 * any other, and knows whom it has spoken to.
 */

#include "config.h"

#include "nmm-check-collect-private.h"

#include <unistd.h>

#include "nmm-neighbour-monitor.h"
#include "nmm-neighbour-probe.h"
#include "nmm-served.h"
#include "nmm-check-collect.h"

/* The kernel gives up on a neighbour after 3 s; what it knew before may only root have asked again
 * at once, see nmm_neighbour_probe(). */
#define PATIENCE_ROOT_MS 3500
#define PATIENCE_USER_MS 9000

/* Of mode share's own questions, which go to one guest each and cost nobody anything. */
#define ASK_TIMES       5
#define ASK_INTERVAL_MS 300

/* Mode share's datagrams to guests that cannot be asked: those that answer do so at once. */
#define REFUSAL_TIMEOUT_MS 1000

/**
 * nmm_survey_get_patience:
 *
 * Returns: in ms, how long neighbours are waited for
 */
guint
nmm_survey_get_patience(void)
{
    return geteuid() == 0 ? PATIENCE_ROOT_MS : PATIENCE_USER_MS;
}

/* The guest's interface on the profile's lower device. */
static void
add_nic_facts(const NmmWorldHost *host,
              const NmmGuest *guest,
              const NmmWorldProfile *profile,
              NmmCheckInput *facts)
{
    const NmmNic *nic = nmm_served_find_nic(profile, host, guest);
    const NmmGuest definition = {.config = guest->config};
    const NmmNic *config = nmm_served_find_nic(profile, host, &definition);

    facts->in_definition = config != NULL;
    facts->definition_is_bridge =
        config && g_str_equal(nmm_nic_get_macvtap_mode(config, host->networks), "bridge");
    facts->plugged = guest->live && nic && g_ptr_array_find(guest->live->nics, nic, NULL);
    if (!nic)
        return;
    facts->link_down = facts->plugged && nic->link_down;
    facts->mac = g_strdup(nic->mac);
    facts->alias = g_strdup(nic->alias);
    facts->target = g_strdup(nic->target);
}

static void
add_place_facts(const NmmWorld *world, const NmmWorldProfile *profile, NmmCheckInput *facts)
{
    const NmmLink *parent = nmm_links_find(world->links, profile->parent);
    const NmmCidr *address = nmm_world_get_host_address(world, profile);

    facts->parent = g_strdup(profile->parent);
    facts->parent_problem =
        g_strdup(profile->parent_problem ? profile->parent_problem : world->links_problem);
    facts->parent_carrier = parent && parent->carrier;
    facts->link = g_strdup(profile->link);
    facts->host_address = address ? nmm_cidr_to_string(address) : NULL;
}

/* The age is the kernel's, who does not count the time that the machine has slept. */
static void
add_station(const NmmNeighbour *station, NmmCheckInput *facts)
{
    g_autofree char *address = nmm_cidr_address_to_string(&station->address);
    g_autofree char *source =
        station->source.prefix > 0 ? nmm_cidr_address_to_string(&station->source) : NULL;
    gint64 since = g_get_real_time() / G_USEC_PER_SEC - station->age_ms / 1000;

    nmm_check_input_add_address(facts, address, station->permanent ? since : 0, source);
}

/* Everybody on the LAN is a neighbour in mode move; in mode share none but what it put there. */
static void
add_addresses(const NmmLink *link, NmmCheckInput *facts)
{
    for (guint i = 0; facts->mac && i < link->stations->len; i++) {
        const NmmNeighbour *station = g_ptr_array_index(link->stations, i);

        if (g_ascii_strcasecmp(station->mac, facts->mac) == 0 &&
            (station->permanent || facts->mode != NMM_MODE_SHARE))
            add_station(station, facts);
    }
}

/**
 * nmm_survey_add_link_facts:
 * @world: the world
 * @host: the guest's libvirt
 * @guest: a guest
 * @profile: a profile of mode share or move that is for it
 * @facts: (inout): of the guest
 */
void
nmm_survey_add_link_facts(const NmmWorld *world,
                          const NmmWorldHost *host,
                          const NmmGuest *guest,
                          const NmmWorldProfile *profile,
                          NmmCheckInput *facts)
{
    g_autoptr(GError) error = NULL;
    const NmmLink *link = nmm_world_find_host_link(world, profile, &error);

    add_nic_facts(host, guest, profile, facts);
    add_place_facts(world, profile, facts);
    facts->link_problem = error ? g_strdup(error->message) : NULL;
    if (!link)
        return;
    facts->link_up = link->up;
    if (facts->plugged)
        add_addresses(link, facts);
    nmm_check_input_choose_address(facts);
}

/**
 * nmm_survey_foresee:
 * @world: the world
 * @profile: a profile of mode share or move
 *
 * Returns: (transfer full) (element-type NmmCheckInput): by guest, in the order of their names
 */
GPtrArray *
nmm_survey_foresee(const NmmWorld *world, const NmmWorldProfile *profile)
{
    GPtrArray *all_facts = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_check_input_free);
    const NmmWorldHost *host = nmm_world_find_host(world, profile->profile->libvirt_uri);

    for (guint i = 0; host && i < host->guests->len; i++) {
        const NmmGuest *guest = g_ptr_array_index(host->guests, i);
        NmmCheckInput *facts;

        if (!nmm_served_has(profile, host, guest))
            continue;
        facts = nmm_survey_new_facts(world, host, guest, profile);
        add_nic_facts(host, guest, profile, facts);
        add_place_facts(world, profile, facts);
        facts->profile_active = TRUE;
        facts->link_up = TRUE;
        g_ptr_array_add(all_facts, facts);
    }
    return all_facts;
}

/* Asking */

/* One that was heard at an address, and has not answered there. */
typedef void (*AddressFunc)(const NmmCheckInput *facts,
                            NmmCheckAddress *address,
                            gpointer user_data);

static void
foreach_silent(GPtrArray *all_facts, const char *link, AddressFunc func, gpointer user_data)
{
    for (guint i = 0; i < all_facts->len; i++) {
        const NmmCheckInput *facts = g_ptr_array_index(all_facts, i);

        if (g_strcmp0(facts->link, link) != 0)
            continue;
        for (guint a = 0; facts->addresses && a < facts->addresses->len; a++) {
            NmmCheckAddress *address = g_ptr_array_index(facts->addresses, a);

            if (!address->answers)
                func(facts, address, user_data);
        }
    }
}

static void
collect_address(const NmmCheckInput *facts, NmmCheckAddress *address, gpointer addresses)
{
    g_ptr_array_add(addresses, address->address);
}

/* Somebody else with the guest's address is not the guest. */
static void
take_answer(const NmmCheckInput *facts, NmmCheckAddress *address, gpointer answered)
{
    const char *mac = g_hash_table_lookup(answered, address->address);

    address->answers = mac && g_ascii_strcasecmp(mac, facts->mac) == 0;
}

static void
probe(GPtrArray *all_facts, const char *link, guint timeout_ms)
{
    g_autoptr(GPtrArray) addresses = g_ptr_array_new();
    g_autoptr(GHashTable) answered = NULL;
    g_autoptr(GError) error = NULL;

    foreach_silent(all_facts, link, collect_address, addresses);
    if (addresses->len == 0)
        return;
    g_ptr_array_add(addresses, NULL);
    answered = nmm_neighbour_probe(link, (const char *const *)addresses->pdata, timeout_ms, &error);
    if (answered)
        foreach_silent(all_facts, link, take_answer, answered);
    else
        g_debug("%s: %s", link, error->message);
}

static gboolean
init_host(NmmCidr *out, const char *address)
{
    return nmm_cidr_init(out, address, strchr(address, ':') ? 128 : 32, NULL);
}

static void
ask(const NmmCheckInput *facts, NmmCheckAddress *address, gpointer discovery)
{
    NmmProbe question = {.lan = FALSE};

    if (address->source && nmm_mac_parse(facts->mac, question.mac) &&
        init_host(&question.address, address->address) &&
        init_host(&question.source, address->source))
        nmm_neighbour_monitor_ask(discovery, &question);
}

typedef struct {
    const guint8 *mac;
    const char *address;
} Heard;

static void
take_heard(const NmmCheckInput *facts, NmmCheckAddress *address, gpointer user_data)
{
    const Heard *heard = user_data;
    guint8 mac[NMM_MAC_BYTES];

    if (g_str_equal(address->address, heard->address) && nmm_mac_parse(facts->mac, mac) &&
        memcmp(mac, heard->mac, sizeof(mac)) == 0)
        address->answers = TRUE;
}

typedef struct {
    GPtrArray *all_facts;
    const char *link;
} Asking;

static void
discovered_cb(NmmNeighbourMonitor *discovery,
              const guint8 *mac,
              const NmmCidr *address,
              gboolean from_wire,
              Asking *asking)
{
    g_autofree char *text = nmm_cidr_address_to_string(address);
    Heard heard = {.mac = mac, .address = text};

    if (!from_wire)
        foreach_silent(asking->all_facts, asking->link, take_heard, &heard);
}

static void
count(const NmmCheckInput *facts, NmmCheckAddress *address, gpointer n)
{
    (*(guint *)n)++;
}

static gboolean
timeout_cb(gpointer passed)
{
    *(gboolean *)passed = TRUE;
    return G_SOURCE_REMOVE;
}

/* Lets the answers in for ASK_INTERVAL_MS, or until there is nobody left to wait for. */
static gboolean
wait_for_answers(Asking *asking, GMainContext *context)
{
    g_autoptr(GSource) timeout = g_timeout_source_new(ASK_INTERVAL_MS);
    gboolean passed = FALSE;
    guint n_silent = 1;

    g_source_set_callback(timeout, timeout_cb, &passed, NULL);
    g_source_attach(timeout, context);
    while (!passed && n_silent > 0) {
        g_main_context_iteration(context, TRUE);
        n_silent = 0;
        foreach_silent(asking->all_facts, asking->link, count, &n_silent);
    }
    g_source_destroy(timeout);
    return n_silent > 0;
}

/* As the service asks: the kernel has been told who is there, and does not look again. Returns:
 * FALSE where that is not allowed. */
static gboolean
ask_by_frame(GPtrArray *all_facts, const char *link, const char *parent)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(NmmNeighbourMonitor) discovery = NULL;
    g_autoptr(GError) error = NULL;
    Asking asking = {.all_facts = all_facts, .link = link};

    g_main_context_push_thread_default(context);
    discovery = nmm_neighbour_monitor_new(link, parent, &error);
    g_main_context_pop_thread_default(context);
    if (!discovery) {
        g_debug("%s: %s", link, error->message);
        return FALSE;
    }
    g_signal_connect(discovery, "discovered", G_CALLBACK(discovered_cb), &asking);
    for (guint i = 0; i < ASK_TIMES; i++) {
        foreach_silent(all_facts, link, ask, discovery);
        if (!wait_for_answers(&asking, context))
            break;
    }
    return TRUE;
}

static void
ask_share(GPtrArray *all_facts, const char *link, const char *parent)
{
    if (ask_by_frame(all_facts, link, parent))
        return;
    probe(all_facts, link, REFUSAL_TIMEOUT_MS);
    for (guint i = 0; i < all_facts->len; i++) {
        NmmCheckInput *facts = g_ptr_array_index(all_facts, i);

        facts->unasked = facts->unasked || g_strcmp0(facts->link, link) == 0;
    }
}

static void
ask_move(GPtrArray *all_facts, const char *link, const char *parent)
{
    probe(all_facts, link, nmm_survey_get_patience());
}

/**
 * nmm_survey_ask_links:
 * @all_facts: (element-type NmmCheckInput): of all guests
 *
 * All guests on one link are asked at once.
 */
void
nmm_survey_ask_links(GPtrArray *all_facts)
{
    g_autoptr(GHashTable) done = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < all_facts->len; i++) {
        NmmCheckInput *facts = g_ptr_array_index(all_facts, i);

        if (facts->addresses && g_hash_table_add(done, facts->link)) {
            if (facts->mode == NMM_MODE_SHARE)
                ask_share(all_facts, facts->link, facts->parent);
            else
                ask_move(all_facts, facts->link, facts->parent);
        }
    }
    for (guint i = 0; i < all_facts->len; i++)
        nmm_check_input_choose_address(g_ptr_array_index(all_facts, i));
}
