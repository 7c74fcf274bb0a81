/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-sweep.h"

#include <string.h>

#include "nmm-known-hosts.h"

#define NEVER NMM_NEVER

/* A host with more has other subnets than those of its LAN. */
#define MAX_SUBNETS 8

/* MACs whose addresses are remembered, guests' and others'. */
#define MAX_TARGETS 4096

typedef enum { IPV4, IPV6, N_FAMILIES } Family;

/* A pass asks by position: the known addresses, then the subnets. */
typedef struct {
    NmmMacKey mac;
    gboolean is_peer;
    gboolean present;             /* a guest that the link reaches */
    gboolean listed;              /* … in the list that is being read */
    GArray *known;                /* (element-type NmmCidr): last heard with, the latest first */
    guint n_new;                  /* those of them that were not known when the sweep began */
    gboolean replied[N_FAMILIES]; /* since then */
    gboolean first;               /* the pass is the first one */
    guint position;
    gint64 due;        /* NEVER: the sweep is over */
    gint64 pause;      /* after the pass */
    gint64 paid_until; /* how far its signs have used up what it may cause */
} Target;

struct _NmmSweep {
    NmmRoutingHost host;
    GArray *subnets;     /* (element-type NmmCidr): IPv6 first */
    GHashTable *targets; /* &mac → Target */
    gint64 next_tick;
};

static Family
family_of(const NmmCidr *cidr)
{
    return cidr->family == G_SOCKET_FAMILY_IPV4 ? IPV4 : IPV6;
}

static const NmmCidr *
cidr_at(const GArray *array, guint i)
{
    return &g_array_index(array, NmmCidr, i);
}

/* The targets */

static void
free_target(gpointer data)
{
    Target *target = data;

    g_array_unref(target->known);
    g_free(target);
}

static gboolean
is_absent(gpointer key, gpointer target, gpointer user_data)
{
    return !((Target *)target)->present && !((Target *)target)->listed;
}

static Target *
ensure_target(NmmSweep *self, NmmMacKey mac)
{
    Target *target = g_hash_table_lookup(self->targets, &mac);

    if (target)
        return target;
    if (g_hash_table_size(self->targets) >= MAX_TARGETS)
        g_hash_table_foreach_remove(self->targets, is_absent, NULL);
    target = g_new0(Target, 1);
    target->mac = mac;
    target->known = g_array_new(FALSE, FALSE, sizeof(NmmCidr));
    target->due = NEVER;
    g_hash_table_insert(self->targets, &target->mac, target);
    return target;
}

static void
begin(Target *target, gint64 due, gint64 pause)
{
    target->n_new = target->position = 0;
    target->replied[IPV4] = target->replied[IPV6] = FALSE;
    target->first = TRUE;
    target->due = due;
    target->pause = pause;
}

/* Returns: whether it was known. */
static gboolean
forget(Target *target, const NmmCidr *address)
{
    for (guint i = 0; i < target->known->len; i++) {
        if (nmm_cidr_equal_address(cidr_at(target->known, i), address)) {
            g_array_remove_index(target->known, i);
            return TRUE;
        }
    }
    return FALSE;
}

static void
remember(Target *target, const NmmCidr *address)
{
    if (!forget(target, address))
        target->n_new++;
    if (target->known->len == NMM_SWEEP_MAX_KNOWN)
        g_array_set_size(target->known, NMM_SWEEP_MAX_KNOWN - 1);
    g_array_prepend_vals(target->known, address, 1);
}

/* Host */

static gboolean
has_subnet(const GArray *subnets, const NmmCidr *subnet)
{
    for (guint i = 0; i < subnets->len; i++) {
        const NmmCidr *other = cidr_at(subnets, i);

        if (nmm_cidr_overlaps(other, subnet) && other->prefix <= subnet->prefix)
            return TRUE;
    }
    return FALSE;
}

static void
add_subnet(GArray *subnets, const NmmCidr *subnet, Family family)
{
    if (family_of(subnet) == family && nmm_routing_is_routable(subnet) &&
        (family == IPV6 || subnet->prefix >= NMM_SWEEP_MIN_PREFIX) && subnets->len < MAX_SUBNETS &&
        !has_subnet(subnets, subnet))
        g_array_append_vals(subnets, subnet, 1);
}

static void
add_subnets(GArray *subnets, const NmmRoutingHost *host, Family family)
{
    for (guint i = 0; i < host->addresses->len; i++)
        add_subnet(subnets, &g_array_index(host->addresses, NmmRoutingAddress, i).subnet, family);
    for (guint i = 0; i < host->onlink->len; i++)
        add_subnet(subnets, cidr_at(host->onlink, i), family);
}

/* In the same order, whatever the bits of the hosts. */
static gboolean
are_same_subnets(const GArray *a, const GArray *b)
{
    for (guint i = 0; a->len == b->len && i < a->len; i++) {
        if (cidr_at(a, i)->prefix != cidr_at(b, i)->prefix ||
            !nmm_cidr_overlaps(cidr_at(a, i), cidr_at(b, i)))
            return FALSE;
    }
    return a->len == b->len;
}

static void
set_subnets(NmmSweep *self, GArray *subnets)
{
    GHashTableIter iter;
    gpointer target;

    g_array_unref(self->subnets);
    self->subnets = subnets;
    g_hash_table_iter_init(&iter, self->targets);
    while (g_hash_table_iter_next(&iter, NULL, &target)) {
        if (((Target *)target)->present)
            begin(target, 0, NMM_SWEEP_PAUSE_MS);
    }
}

void
nmm_sweep_set_host(NmmSweep *self, const NmmRoutingHost *host)
{
    g_autoptr(GArray) subnets = g_array_new(FALSE, FALSE, sizeof(NmmCidr));

    nmm_routing_host_clear(&self->host);
    nmm_routing_host_copy(&self->host, host);
    add_subnets(subnets, &self->host, IPV6);
    add_subnets(subnets, &self->host, IPV4);
    if (!are_same_subnets(subnets, self->subnets))
        set_subnets(self, g_steal_pointer(&subnets));
}

/* Guests */

static void
list_nic(NmmSweep *self, const NmmRoutingNic *nic)
{
    guint8 mac[NMM_MAC_BYTES];
    Target *target;

    if (!nic->running || !nic->bridge || !nmm_mac_parse(nic->mac, mac))
        return;
    target = ensure_target(self, nmm_mac_key_from_bytes(mac));
    target->listed = TRUE;
    target->is_peer = nic->guest == NULL;
}

static void
set_present(Target *target, gboolean present)
{
    if (present && !target->present)
        begin(target, 0, NMM_SWEEP_PAUSE_MS);
    else if (!present)
        target->due = NEVER;
    target->present = present;
}

void
nmm_sweep_set_guests(NmmSweep *self, const NmmRoutingNic *nics, gsize n_nics)
{
    GHashTableIter iter;
    gpointer data;

    for (gsize i = 0; i < n_nics; i++)
        list_nic(self, &nics[i]);
    g_hash_table_iter_init(&iter, self->targets);
    while (g_hash_table_iter_next(&iter, NULL, &data)) {
        Target *target = data;

        set_present(target, target->listed);
        target->listed = FALSE;
    }
}

void
nmm_sweep_hear(NmmSweep *self, const guint8 *mac, const NmmCidr *address, gboolean from_wire)
{
    NmmRejectionReason reason;
    Target *target;

    if (!nmm_routing_is_routable(address) ||
        nmm_routing_host_judge(&self->host, address, NULL, &reason) != NMM_VERDICT_GOOD)
        return;
    target = ensure_target(self, nmm_mac_key_from_bytes(mac));
    remember(target, address);
    if (!from_wire)
        target->replied[family_of(address)] = TRUE;
}

/* Signs */

/* The pass that a sign begins is due already. */
static gboolean
is_expected(const Target *target, gint64 now)
{
    return target->first && target->position == 0 && target->due <= now + NMM_SWEEP_SIGN_MS;
}

/* A guest can send any number of signs. */
static gboolean
pay(Target *target, gint64 now)
{
    gint64 until = MAX(target->paid_until, now) + NMM_SWEEP_SIGN_PRICE_MS;

    if (until > now + NMM_SWEEP_MAX_SIGNS * NMM_SWEEP_SIGN_PRICE_MS)
        return FALSE;
    target->paid_until = until;
    return TRUE;
}

void
nmm_sweep_expect(NmmSweep *self, const guint8 *mac, gint64 now_ms)
{
    NmmMacKey key = nmm_mac_key_from_bytes(mac);
    Target *target = g_hash_table_lookup(self->targets, &key);

    if (target && target->present && !is_expected(target, now_ms) && pay(target, now_ms))
        begin(target, now_ms + NMM_SWEEP_SIGN_MS, NMM_SWEEP_SIGN_MS);
}

/* Asking */

/* Whether it can have an address in @subnet. */
static gboolean
is_asked(const NmmSweep *self, const Target *target, const NmmCidr *subnet)
{
    return !target->is_peer || nmm_routing_host_has_peers_at(&self->host, subnet);
}

/* An IPv6 subnet takes one echo. */
static guint
count_probes(const NmmCidr *subnet)
{
    return family_of(subnet) == IPV6 ? 1 : 1u << (32 - subnet->prefix);
}

static guint
count_positions(const NmmSweep *self, const Target *target)
{
    guint n = target->known->len;

    for (guint i = 0; i < self->subnets->len; i++)
        n += count_probes(cidr_at(self->subnets, i));
    return n;
}

static void
get_nth_address(const NmmCidr *subnet, guint n, NmmCidr *out)
{
    guint32 address;

    memcpy(&address, subnet->bytes, sizeof(address));
    address = (g_ntohl(address) & ~(count_probes(subnet) - 1)) + n;
    address = g_htonl(address);
    nmm_cidr_set_address(out, G_SOCKET_FAMILY_IPV4, (const guint8 *)&address);
}

/* FALSE: it cannot have it. */
static gboolean
make_request(const NmmSweep *self, const Target *target, const NmmCidr *address, NmmProbe *out)
{
    NmmRejectionReason reason;

    out->address = *address;
    return (target->is_peer ? nmm_routing_host_judge_peer : nmm_routing_host_judge)(
               &self->host, address, &out->source, &reason) == NMM_VERDICT_GOOD;
}

/* The source is the host's address there, so that a guest replies with its own one there. */
static gboolean
make_echo(const NmmSweep *self, const NmmCidr *subnet, NmmProbe *out)
{
    static const guint8 all_nodes[16] = {0xff, 0x02, [15] = 1};
    NmmRejectionReason reason;

    nmm_cidr_set_address(&out->address, G_SOCKET_FAMILY_IPV6, all_nodes);
    return nmm_routing_host_judge(&self->host, subnet, &out->source, &reason) !=
           NMM_VERDICT_NO_MATTER;
}

static gboolean
make_probe(const NmmSweep *self, const Target *target, guint position, NmmProbe *out)
{
    if (position < target->known->len)
        return make_request(self, target, cidr_at(target->known, position), out);
    position -= target->known->len;
    for (guint i = 0; i < self->subnets->len; i++) {
        const NmmCidr *subnet = cidr_at(self->subnets, i);
        NmmCidr address;

        if (position >= count_probes(subnet)) {
            position -= count_probes(subnet);
            continue;
        }
        if (family_of(subnet) == IPV6)
            return is_asked(self, target, subnet) && make_echo(self, subnet, out);
        get_nth_address(subnet, position, &address);
        return make_request(self, target, &address, out);
    }
    return FALSE;
}

static gboolean
has_replied(const NmmSweep *self, const Target *target)
{
    for (guint i = 0; i < self->subnets->len; i++) {
        const NmmCidr *subnet = cidr_at(self->subnets, i);

        if (!target->replied[family_of(subnet)] && is_asked(self, target, subnet))
            return FALSE;
    }
    return TRUE;
}

static void
end_pass(const NmmSweep *self, Target *target, gint64 now)
{
    target->due = target->pause > NMM_SWEEP_MAX_PAUSE_MS || has_replied(self, target)
                      ? NEVER
                      : now + target->pause;
    target->pause *= 2;
    target->position = 0;
    target->first = FALSE;
}

/* The first pass goes on after a reply, because a guest may have several addresses, unless the
 * guest seems to reply for every address (proxy ARP). */
static void
ask(const NmmSweep *self, Target *target, guint n, GArray *probes, gint64 now)
{
    guint total = count_positions(self, target);
    guint end = probes->len + n;

    if (target->n_new >= NMM_SWEEP_MAX_KNOWN)
        target->position = total;
    for (; target->position < total && probes->len < end; target->position++) {
        NmmProbe probe = {.lan = FALSE};

        nmm_mac_key_to_bytes(target->mac, probe.mac);
        if (make_probe(self, target, target->position, &probe) &&
            (target->first || !target->replied[family_of(&probe.address)]))
            g_array_append_val(probes, probe);
    }
    if (target->position >= total)
        end_pass(self, target, now);
}

/* Guests that have not replied are first, then those that were asked least. */
static int
compare_targets(gconstpointer a, gconstpointer b, gpointer user_data)
{
    const Target *left = *(Target *const *)a;
    const Target *right = *(Target *const *)b;
    int order = has_replied(user_data, left) - has_replied(user_data, right);

    if (order == 0)
        order = (left->position > right->position) - (left->position < right->position);
    return order != 0 ? order : (left->mac > right->mac) - (left->mac < right->mac);
}

static GPtrArray *
list_due(NmmSweep *self, gint64 now)
{
    GPtrArray *due = g_ptr_array_new();
    GHashTableIter iter;
    gpointer target;

    g_hash_table_iter_init(&iter, self->targets);
    while (g_hash_table_iter_next(&iter, NULL, &target)) {
        if (((Target *)target)->due <= now)
            g_ptr_array_add(due, target);
    }
    g_ptr_array_sort_with_data(due, compare_targets, self);
    return due;
}

GArray *
nmm_sweep_tick(NmmSweep *self, gint64 now_ms)
{
    GArray *probes = g_array_new(FALSE, FALSE, sizeof(NmmProbe));
    g_autoptr(GPtrArray) due = NULL;
    guint share;

    if (now_ms < self->next_tick)
        return probes;
    due = list_due(self, now_ms);
    share = MAX(NMM_SWEEP_PER_TICK / MAX(due->len, 1), 1);
    for (guint i = 0; i < due->len && probes->len < NMM_SWEEP_PER_TICK; i++)
        ask(self, due->pdata[i], share, probes, now_ms);
    self->next_tick = now_ms + NMM_SWEEP_TICK_MS;
    return probes;
}

gint64
nmm_sweep_get_deadline(const NmmSweep *self)
{
    gint64 due = NEVER;
    GHashTableIter iter;
    gpointer target;

    g_hash_table_iter_init(&iter, self->targets);
    while (g_hash_table_iter_next(&iter, NULL, &target))
        due = MIN(due, ((Target *)target)->due);
    return due == NEVER ? -1 : MAX(due, self->next_tick);
}

NmmSweep *
nmm_sweep_new(void)
{
    static const NmmRoutingHost nothing = {NULL};
    NmmSweep *self = g_new0(NmmSweep, 1);

    nmm_routing_host_copy(&self->host, &nothing);
    self->subnets = g_array_new(FALSE, FALSE, sizeof(NmmCidr));
    self->targets = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_target);
    return self;
}

void
nmm_sweep_free(NmmSweep *self)
{
    nmm_routing_host_clear(&self->host);
    g_array_unref(self->subnets);
    g_hash_table_unref(self->targets);
    g_free(self);
}
