/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-routing-host.h"

#include <string.h>

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
copy_array(const GArray *array)
{
    GArray *copy = g_array_new(FALSE, FALSE, sizeof(NmmCidr));

    if (array)
        g_array_append_vals(copy, array->data, array->len);
    return copy;
}

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

/* *@io_best becomes the longest prefix of @subnets that contains @address. FALSE: it is no host's
 * address there. */
static gboolean
find_subnet(const GArray *subnets, const NmmCidr *address, const NmmCidr **io_best)
{
    for (guint i = 0; i < subnets->len; i++) {
        const NmmCidr *subnet = &g_array_index(subnets, NmmCidr, i);
        NmmCidr member = *address;

        if (!nmm_cidr_overlaps(subnet, address))
            continue;
        member.prefix = subnet->prefix;
        if (!nmm_cidr_is_host(&member))
            return FALSE;
        if (!*io_best || subnet->prefix > (*io_best)->prefix)
            *io_best = subnet;
    }
    return TRUE;
}

/* (nullable): the first of several with as many bits in common. */
static const NmmCidr *
find_source(const GArray *addresses, const NmmCidr *address)
{
    const NmmCidr *best = NULL;

    for (guint i = 0; i < addresses->len; i++) {
        const NmmCidr *mine = &g_array_index(addresses, NmmCidr, i);

        if (mine->family != address->family || !nmm_routing_is_routable(mine))
            continue;
        if (!best ||
            nmm_cidr_count_common_bits(mine, address) > nmm_cidr_count_common_bits(best, address))
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
    else if (!subnet)
        *out_reason = NMM_REJECTION_OFF_LINK;
    else
        return FALSE;
    return TRUE;
}

NmmVerdict
nmm_routing_host_judge(const NmmRoutingHost *host,
                       const NmmCidr *address,
                       NmmCidr *out_source,
                       NmmRejectionReason *out_reason)
{
    const NmmCidr *source = find_source(host->addresses, address);

    if (!source)
        return NMM_VERDICT_NO_MATTER;
    if (find_reason(host, address, out_reason))
        return NMM_VERDICT_REJECTED;
    if (out_source) {
        *out_source = *source;
        out_source->prefix = nmm_cidr_get_max_prefix(source);
    }
    return NMM_VERDICT_GOOD;
}
