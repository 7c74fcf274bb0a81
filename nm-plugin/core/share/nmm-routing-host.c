/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judges an address by what the host has; knows nothing of guests, claims or time.
 */

#include "config.h"

#include "nmm-routing-host.h"

#include <string.h>

static gsize
family_bytes(const NmmCidr *address)
{
    return address->family == G_SOCKET_FAMILY_IPV4 ? 4 : 16;
}

static gboolean
is_same_address(const NmmCidr *a, const NmmCidr *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, family_bytes(a)) == 0;
}

static gboolean
contains_address(const GArray *array, const NmmCidr *address)
{
    for (guint i = 0; array != NULL && i < array->len; i++) {
        if (is_same_address(&g_array_index(array, NmmCidr, i), address))
            return TRUE;
    }
    return FALSE;
}

static GArray *
copy_array(const GArray *array)
{
    GArray *copy = g_array_new(FALSE, FALSE, sizeof(NmmCidr));

    if (array != NULL)
        g_array_append_vals(copy, array->data, array->len);
    return copy;
}

/**
 * nmm_routing_host_copy:
 * @out: (out): has no %NULL array
 */
void
nmm_routing_host_copy(NmmRoutingHost *out, const NmmRoutingHost *host)
{
    out->addresses = copy_array(host->addresses);
    out->onlink = copy_array(host->onlink);
    out->own = copy_array(host->own);
    out->gateways = copy_array(host->gateways);
    out->servers = copy_array(host->servers);
}

void
nmm_routing_host_clear(NmmRoutingHost *host)
{
    g_clear_pointer(&host->addresses, g_array_unref);
    g_clear_pointer(&host->onlink, g_array_unref);
    g_clear_pointer(&host->own, g_array_unref);
    g_clear_pointer(&host->gateways, g_array_unref);
    g_clear_pointer(&host->servers, g_array_unref);
}

/**
 * nmm_routing_is_routable:
 *
 * Returns: whether @address can be one host's beyond its own link
 */
gboolean
nmm_routing_is_routable(const NmmCidr *address)
{
    static const guint8 mapped_or_less[10] = {0};
    const guint8 *b = address->bytes;

    if (nmm_cidr_is_link_local(address))
        return FALSE;
    if (address->family == G_SOCKET_FAMILY_IPV4)
        return b[0] != 0 && b[0] != 127 && b[0] < 224;
    /* Multicast, and what was site-local once. */
    if (b[0] == 0xff || (b[0] == 0xfe && b[1] >= 0xc0))
        return FALSE;
    /* ::, ::1, and IPv4 written as IPv6 */
    return memcmp(b, mapped_or_less, sizeof(mapped_or_less)) != 0;
}

/* All bits of @address after @prefix are @bit. */
static gboolean
is_host_part(const NmmCidr *address, guint prefix, guint bit)
{
    for (guint i = prefix; i < 8 * family_bytes(address); i++) {
        if ((address->bytes[i / 8] >> (7 - i % 8) & 1u) != bit)
            return FALSE;
    }
    return TRUE;
}

/* A subnet's network and broadcast address; in IPv6 the subnet-router anycast address. */
static gboolean
is_reserved(const NmmCidr *subnet, const NmmCidr *address)
{
    if (subnet->prefix + 1 >= 8 * family_bytes(address))
        return FALSE;
    if (is_host_part(address, subnet->prefix, 0))
        return TRUE;
    return address->family == G_SOCKET_FAMILY_IPV4 && is_host_part(address, subnet->prefix, 1);
}

/* *@io_best becomes the longest prefix of @subnets around @address. FALSE: it is reserved there. */
static gboolean
find_subnet(const GArray *subnets, const NmmCidr *address, const NmmCidr **io_best)
{
    for (guint i = 0; i < subnets->len; i++) {
        const NmmCidr *subnet = &g_array_index(subnets, NmmCidr, i);

        if (!nmm_cidr_overlaps(subnet, address))
            continue;
        if (is_reserved(subnet, address))
            return FALSE;
        if (*io_best == NULL || subnet->prefix > (*io_best)->prefix)
            *io_best = subnet;
    }
    return TRUE;
}

/* Bits that two addresses have in common from the left. */
static guint
common_bits(const NmmCidr *a, const NmmCidr *b)
{
    guint i;

    for (i = 0; i < 8 * family_bytes(a); i++) {
        if (((a->bytes[i / 8] ^ b->bytes[i / 8]) >> (7 - i % 8) & 1u) != 0)
            break;
    }
    return i;
}

/* The parent's address that has most in common with @address, the first of several; or NULL. */
static const NmmCidr *
find_source(const GArray *addresses, const NmmCidr *address)
{
    const NmmCidr *best = NULL;

    for (guint i = 0; i < addresses->len; i++) {
        const NmmCidr *mine = &g_array_index(addresses, NmmCidr, i);

        if (mine->family != address->family || !nmm_routing_is_routable(mine))
            continue;
        if (best == NULL || common_bits(mine, address) > common_bits(best, address))
            best = mine;
    }
    return best;
}

static gboolean
find_reason(const NmmRoutingHost *host, const NmmCidr *address, NmmRejectionReason *out_reason)
{
    const NmmCidr *subnet = NULL;

    if (contains_address(host->addresses, address) || contains_address(host->own, address))
        *out_reason = NMM_REJECTION_HOST;
    else if (contains_address(host->gateways, address))
        *out_reason = NMM_REJECTION_GATEWAY;
    else if (contains_address(host->servers, address))
        *out_reason = NMM_REJECTION_DNS_SERVER;
    else if (!find_subnet(host->addresses, address, &subnet) ||
             !find_subnet(host->onlink, address, &subnet))
        *out_reason = NMM_REJECTION_NOT_A_HOST;
    else if (subnet == NULL)
        *out_reason = NMM_REJECTION_OFF_LINK;
    else
        return FALSE;
    return TRUE;
}

/**
 * nmm_routing_host_judge:
 * @host: a copy made by nmm_routing_host_copy()
 * @address: routable, prefix 32 or 128
 * @out_source: (out) (nullable): set with %NMM_VERDICT_GOOD, prefix 32 or 128
 * @out_reason: (out): set with %NMM_VERDICT_REFUSED
 */
NmmVerdict
nmm_routing_host_judge(const NmmRoutingHost *host,
                       const NmmCidr *address,
                       NmmCidr *out_source,
                       NmmRejectionReason *out_reason)
{
    const NmmCidr *source = find_source(host->addresses, address);

    if (source == NULL)
        return NMM_VERDICT_NO_MATTER;
    if (find_reason(host, address, out_reason))
        return NMM_VERDICT_REFUSED;
    if (out_source != NULL) {
        *out_source = *source;
        out_source->prefix = (guint)(8 * family_bytes(source));
    }
    return NMM_VERDICT_GOOD;
}
