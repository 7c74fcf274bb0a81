/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-routing-host.h"

#include <string.h>

gboolean
nmm_routing_address_equal(const NmmRoutingAddress *a, const NmmRoutingAddress *b)
{
    return nmm_cidr_equal(&a->cidr, &b->cidr) && nmm_cidr_equal(&a->subnet, &b->subnet) &&
           a->secondary == b->secondary && a->deprecated == b->deprecated;
}

static const NmmRoutingAddress *
address_at(const GArray *addresses, guint i)
{
    return &g_array_index(addresses, NmmRoutingAddress, i);
}

static gboolean
is_own_address(const GArray *addresses, const NmmCidr *address)
{
    for (guint i = 0; i < addresses->len; i++) {
        if (nmm_cidr_equal_address(&address_at(addresses, i)->cidr, address))
            return TRUE;
    }
    return FALSE;
}

static gboolean
contains_address(const GArray *array, const NmmCidr *address)
{
    for (guint i = 0; array && i < array->len; i++) {
        if (nmm_cidr_equal_address(&g_array_index(array, NmmCidr, i), address))
            return TRUE;
    }
    return FALSE;
}

static GArray *
copy_array(const GArray *array, guint size)
{
    GArray *copy = g_array_new(FALSE, FALSE, size);

    if (array)
        g_array_append_vals(copy, array->data, array->len);
    return copy;
}

void
nmm_routing_host_copy(NmmRoutingHost *out, const NmmRoutingHost *host)
{
    out->addresses = copy_array(host->addresses, sizeof(NmmRoutingAddress));
    out->onlink = copy_array(host->onlink, sizeof(NmmCidr));
    out->own = copy_array(host->own, sizeof(NmmCidr));
    out->gateways = copy_array(host->gateways, sizeof(NmmCidr));
    out->trusted = copy_array(host->trusted, sizeof(NmmCidr));
    out->peers = copy_array(host->peers, sizeof(NmmCidr));
    out->servers = copy_array(host->servers, sizeof(NmmCidr));
}

void
nmm_routing_host_clear(NmmRoutingHost *host)
{
    g_clear_pointer(&host->addresses, g_array_unref);
    g_clear_pointer(&host->onlink, g_array_unref);
    g_clear_pointer(&host->own, g_array_unref);
    g_clear_pointer(&host->gateways, g_array_unref);
    g_clear_pointer(&host->servers, g_array_unref);
    g_clear_pointer(&host->trusted, g_array_unref);
    g_clear_pointer(&host->peers, g_array_unref);
}

gboolean
nmm_routing_is_routable(const NmmCidr *address)
{
    static const guint8 mapped_or_less[10] = {0};
    const guint8 *b = address->bytes;

    if (nmm_cidr_is_link_local(address))
        return FALSE;
    if (address->family == G_SOCKET_FAMILY_IPV4)
        return b[0] != 0 && b[0] != 127 && b[0] < 224;
    /* Multicast, and the former site-local range. */
    if (b[0] == 0xff || (b[0] == 0xfe && b[1] >= 0xc0))
        return FALSE;
    /* ::, ::1, and IPv4-mapped addresses */
    return memcmp(b, mapped_or_less, sizeof(mapped_or_less)) != 0;
}

/* *@io_best becomes @subnet if it is the longer prefix and contains @address. FALSE: @address is no
 * host's address there. */
static gboolean
compare_subnet(const NmmCidr *subnet, const NmmCidr *address, const NmmCidr **io_best)
{
    NmmCidr member = *address;

    if (!nmm_cidr_overlaps(subnet, address))
        return TRUE;
    member.prefix = subnet->prefix;
    if (!nmm_cidr_is_host(&member))
        return FALSE;
    if (!*io_best || subnet->prefix > (*io_best)->prefix)
        *io_best = subnet;
    return TRUE;
}

/* *@out_best: (nullable): the longest on-link prefix that contains @address. */
static gboolean
find_subnet(const NmmRoutingHost *host, const NmmCidr *address, const NmmCidr **out_best)
{
    *out_best = NULL;
    for (guint i = 0; i < host->addresses->len; i++) {
        if (!compare_subnet(&address_at(host->addresses, i)->subnet, address, out_best))
            return FALSE;
    }
    for (guint i = 0; i < host->onlink->len; i++) {
        if (!compare_subnet(&g_array_index(host->onlink, NmmCidr, i), address, out_best))
            return FALSE;
    }
    return TRUE;
}

/* How good a source is for a destination, the most important criterion first. */
typedef struct {
    guint score[3];
} Rating;

/* IPv4: the kernel takes the source of the most specific connected route, which is never a
 * secondary address. Without such a route it takes the first address; a /32 among several is
 * usually the one that a cluster moves from host to host (keepalived). IPv6: RFC 6724, rules 3, 7
 * and 8. */
static Rating
rate_source(const NmmRoutingAddress *source, const NmmCidr *address)
{
    if (address->family == G_SOCKET_FAMILY_IPV4)
        return (Rating){{
            nmm_cidr_overlaps(&source->subnet, address) ? source->subnet.prefix + 1 : 0,
            !source->secondary,
            source->cidr.prefix < nmm_cidr_get_max_prefix(address),
        }};
    return (Rating){{
        !source->deprecated,
        !source->secondary,
        MIN(nmm_cidr_count_common_bits(&source->cidr, address), source->cidr.prefix),
    }};
}

static gboolean
is_better(const Rating *a, const Rating *b)
{
    for (gsize i = 0; i < G_N_ELEMENTS(a->score); i++) {
        if (a->score[i] != b->score[i])
            return a->score[i] > b->score[i];
    }
    return FALSE;
}

/* (nullable): the first of several that are equally good. */
static const NmmCidr *
find_source(const GArray *addresses, const NmmCidr *address)
{
    const NmmCidr *best = NULL;
    Rating highest;

    for (guint i = 0; i < addresses->len; i++) {
        const NmmRoutingAddress *mine = address_at(addresses, i);
        Rating rating;

        if (mine->cidr.family != address->family || !nmm_routing_is_routable(&mine->cidr))
            continue;
        rating = rate_source(mine, address);
        if (best && !is_better(&rating, &highest))
            continue;
        best = &mine->cidr;
        highest = rating;
    }
    return best;
}

static gboolean
is_in(const GArray *prefixes, const NmmCidr *address)
{
    for (guint i = 0; i < prefixes->len; i++) {
        if (nmm_cidr_overlaps(&g_array_index(prefixes, NmmCidr, i), address))
            return TRUE;
    }
    return FALSE;
}

static gboolean
find_reason(const NmmRoutingHost *host,
            const NmmCidr *address,
            gboolean trusted,
            NmmRejectionReason *out_reason)
{
    const NmmCidr *subnet;

    if (is_own_address(host->addresses, address) || contains_address(host->own, address))
        *out_reason = NMM_REJECTION_HOST;
    else if (!trusted && contains_address(host->gateways, address))
        *out_reason = NMM_REJECTION_GATEWAY;
    else if (!trusted && contains_address(host->servers, address))
        *out_reason = NMM_REJECTION_DNS_SERVER;
    else if (!find_subnet(host, address, &subnet))
        *out_reason = NMM_REJECTION_NOT_A_HOST;
    else if (!subnet && !trusted)
        *out_reason = NMM_REJECTION_OFF_LINK;
    else
        return FALSE;
    return TRUE;
}

gboolean
nmm_routing_host_is_onlink(const NmmRoutingHost *host, const NmmCidr *address)
{
    const NmmCidr *subnet;

    return find_subnet(host, address, &subnet) && subnet;
}

static NmmVerdict
judge(const NmmRoutingHost *host,
      const NmmCidr *address,
      gboolean trusted,
      NmmCidr *out_source,
      NmmRejectionReason *out_reason)
{
    const NmmCidr *source = find_source(host->addresses, address);

    if (!source)
        return NMM_VERDICT_NO_MATTER;
    if (out_source) {
        *out_source = *source;
        out_source->prefix = nmm_cidr_get_max_prefix(source);
    }
    return find_reason(host, address, trusted, out_reason) ? NMM_VERDICT_REJECTED
                                                           : NMM_VERDICT_GOOD;
}

NmmVerdict
nmm_routing_host_judge(const NmmRoutingHost *host,
                       const NmmCidr *address,
                       NmmCidr *out_source,
                       NmmRejectionReason *out_reason)
{
    return judge(host, address, is_in(host->trusted, address), out_source, out_reason);
}

gboolean
nmm_routing_host_has_peers_at(const NmmRoutingHost *host, const NmmCidr *address)
{
    return is_in(host->peers, address);
}

NmmVerdict
nmm_routing_host_judge_peer(const NmmRoutingHost *host,
                            const NmmCidr *address,
                            NmmCidr *out_source,
                            NmmRejectionReason *out_reason)
{
    if (!is_in(host->peers, address))
        return NMM_VERDICT_NO_MATTER;
    return judge(host, address, FALSE, out_source, out_reason);
}
