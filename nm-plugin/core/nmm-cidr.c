/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arithmetic on addresses; text is read and written by GInetAddress.
 */

#include "config.h"

#include "nmm-cidr.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "nmm-error.h"

guint
nmm_cidr_get_max_prefix(const NmmCidr *cidr)
{
    return cidr->family == G_SOCKET_FAMILY_IPV4 ? 32 : 128;
}

void
nmm_cidr_set_address(NmmCidr *out, GSocketFamily family, const guint8 *bytes)
{
    *out = (NmmCidr){.family = family};
    out->prefix = nmm_cidr_get_max_prefix(out);
    memcpy(out->bytes, bytes, out->prefix / 8);
}

static gboolean
parse_address(const char *text, NmmCidr *out)
{
    g_autoptr(GInetAddress) address = NULL;

    /* GInetAddress accepts a zone ("fe80::1%eth0"). */
    if (!strchr(text, '%'))
        address = g_inet_address_new_from_string(text);
    if (address)
        nmm_cidr_set_address(
            out, g_inet_address_get_family(address), g_inet_address_to_bytes(address));
    return address != NULL;
}

/* Decimal digits only, without sign, space or leading zero. */
static gboolean
parse_prefix(const char *text, guint max, guint *out)
{
    guint64 value;

    if (!g_ascii_isdigit(text[0]) || (text[0] == '0' && text[1] != '\0'))
        return FALSE;
    if (!g_ascii_string_to_unsigned(text, 10, 0, max, &value, NULL))
        return FALSE;
    *out = (guint)value;
    return TRUE;
}

gboolean
nmm_cidr_parse(const char *text, NmmCidr *out, GError **error)
{
    const char *slash = strchr(text, '/');
    g_autofree char *address = NULL;
    NmmCidr cidr;

    if (!slash)
        return nmm_fail(error,
                        NMM_ERROR_BAD_PROFILE,
                        _("'%s' has no prefix length; write ADDRESS/PREFIX"),
                        text);
    address = g_strndup(text, slash - text);
    if (!parse_address(address, &cidr))
        return nmm_fail(error,
                        NMM_ERROR_BAD_PROFILE,
                        _("'%s' is not an IP address with a prefix length; write ADDRESS/PREFIX"),
                        text);
    if (!parse_prefix(slash + 1, nmm_cidr_get_max_prefix(&cidr), &cidr.prefix))
        return nmm_fail(error,
                        NMM_ERROR_BAD_PROFILE,
                        _("'%s' has a bad prefix length; use a number from 0 to %u"),
                        text,
                        nmm_cidr_get_max_prefix(&cidr));
    *out = cidr;
    return TRUE;
}

gboolean
nmm_cidr_init(NmmCidr *out, const char *address, guint prefix, GError **error)
{
    NmmCidr cidr;

    if (!nmm_cidr_init_host(&cidr, address, error))
        return FALSE;
    if (prefix > cidr.prefix)
        return nmm_fail(error,
                        NMM_ERROR_FAILED,
                        _("prefix length %u is too long for the address '%s'"),
                        prefix,
                        address);
    cidr.prefix = prefix;
    *out = cidr;
    return TRUE;
}

gboolean
nmm_cidr_init_host(NmmCidr *out, const char *address, GError **error)
{
    if (parse_address(address, out))
        return TRUE;
    return nmm_fail(error, NMM_ERROR_FAILED, _("'%s' is not an IP address"), address);
}

char *
nmm_cidr_address_to_string(const NmmCidr *cidr)
{
    g_autoptr(GInetAddress) address = g_inet_address_new_from_bytes(cidr->bytes, cidr->family);

    return g_inet_address_to_string(address);
}

char *
nmm_cidr_to_string(const NmmCidr *cidr)
{
    g_autofree char *address = nmm_cidr_address_to_string(cidr);

    return g_strdup_printf("%s/%u", address, cidr->prefix);
}

/* @fill: 0x00 gives the network's own address, 0xff the broadcast address. */
static NmmCidr
fill_host_bits(const NmmCidr *cidr, guint8 fill)
{
    NmmCidr filled = *cidr;

    for (guint i = 0; i < nmm_cidr_get_max_prefix(cidr) / 8; i++) {
        guint bits = CLAMP((int)cidr->prefix - (int)(8 * i), 0, 8);
        guint8 mask = (guint8)(0xff00u >> bits);

        filled.bytes[i] = (cidr->bytes[i] & mask) | (fill & (guint8)~mask);
    }
    return filled;
}

char *
nmm_cidr_network_to_string(const NmmCidr *cidr)
{
    NmmCidr network = fill_host_bits(cidr, 0x00);

    return nmm_cidr_to_string(&network);
}

guint
nmm_cidr_count_common_bits(const NmmCidr *a, const NmmCidr *b)
{
    const guint bits = nmm_cidr_get_max_prefix(a);

    for (guint i = 0; i < bits / 8; i++) {
        guint8 difference = a->bytes[i] ^ b->bytes[i];

        if (difference != 0)
            return 8 * i + 8 - g_bit_storage(difference);
    }
    return bits;
}

gboolean
nmm_cidr_equal(const NmmCidr *a, const NmmCidr *b)
{
    return a->prefix == b->prefix && nmm_cidr_equal_address(a, b);
}

gboolean
nmm_cidr_overlaps(const NmmCidr *a, const NmmCidr *b)
{
    return a->family == b->family && nmm_cidr_count_common_bits(a, b) >= MIN(a->prefix, b->prefix);
}

gboolean
nmm_cidr_is_host(const NmmCidr *cidr)
{
    NmmCidr network = fill_host_bits(cidr, 0x00);
    NmmCidr broadcast = fill_host_bits(cidr, 0xff);

    if (cidr->prefix + 1 >= nmm_cidr_get_max_prefix(cidr))
        return TRUE;
    return !nmm_cidr_equal(cidr, &network) &&
           (cidr->family != G_SOCKET_FAMILY_IPV4 || !nmm_cidr_equal(cidr, &broadcast));
}

gboolean
nmm_cidr_is_default(const NmmCidr *cidr)
{
    return cidr->prefix <= 1;
}

gboolean
nmm_cidr_is_link_local(const NmmCidr *cidr)
{
    if (cidr->family == G_SOCKET_FAMILY_IPV4)
        return cidr->bytes[0] == 169 && cidr->bytes[1] == 254;
    return cidr->bytes[0] == 0xfe && (cidr->bytes[1] & 0xc0) == 0x80;
}

guint
nmm_cidr_get_rank(const NmmCidr *cidr)
{
    if (nmm_cidr_is_link_local(cidr))
        return 1;
    return cidr->family == G_SOCKET_FAMILY_IPV4 ? 3 : 2;
}

guint
nmm_cidr_hash_address(gconstpointer data)
{
    const NmmCidr *cidr = data;
    guint hash = 2166136261u; /* FNV-1a */

    for (gsize i = 0; i < sizeof(cidr->bytes); i++)
        hash = (hash ^ cidr->bytes[i]) * 16777619u;
    return hash;
}

int
nmm_cidr_compare_address(gconstpointer a, gconstpointer b)
{
    const NmmCidr *first = a;
    const NmmCidr *second = b;

    if (first->family != second->family)
        return first->family == G_SOCKET_FAMILY_IPV4 ? -1 : 1;
    return memcmp(first->bytes, second->bytes, sizeof(first->bytes));
}

gboolean
nmm_cidr_equal_address(gconstpointer a, gconstpointer b)
{
    return nmm_cidr_compare_address(a, b) == 0;
}

/* Ranges */

static guint32
ipv4_get(const NmmCidr *cidr)
{
    guint32 value;

    memcpy(&value, cidr->bytes, sizeof(value));
    return GUINT32_FROM_BE(value);
}

static gboolean
ipv4_parse(const char *text, guint32 *out)
{
    NmmCidr cidr;

    if (!parse_address(text, &cidr) || cidr.family != G_SOCKET_FAMILY_IPV4)
        return FALSE;
    *out = ipv4_get(&cidr);
    return TRUE;
}

static char *
ipv4_to_string(guint32 address)
{
    guint32 value = GUINT32_TO_BE(address);
    NmmCidr cidr;

    nmm_cidr_set_address(&cidr, G_SOCKET_FAMILY_IPV4, (const guint8 *)&value);
    return nmm_cidr_address_to_string(&cidr);
}

gboolean
nmm_range_parse(const char *text, NmmRange *out, GError **error)
{
    const char *dash = strchr(text, '-');
    g_autofree char *first = NULL;
    NmmRange range;

    if (dash)
        first = g_strndup(text, dash - text);
    if (!dash || !ipv4_parse(first, &range.first) || !ipv4_parse(dash + 1, &range.last))
        return nmm_fail(error,
                        NMM_ERROR_BAD_PROFILE,
                        _("'%s' is not a range of IPv4 addresses; write FIRST-LAST"),
                        text);
    if (range.first > range.last)
        return nmm_fail(error,
                        NMM_ERROR_BAD_PROFILE,
                        _("'%s' ends before it begins; write the lower address first"),
                        text);
    *out = range;
    return TRUE;
}

char *
nmm_range_first_to_string(const NmmRange *range)
{
    return ipv4_to_string(range->first);
}

char *
nmm_range_last_to_string(const NmmRange *range)
{
    return ipv4_to_string(range->last);
}

char *
nmm_range_to_string(const NmmRange *range)
{
    g_autofree char *first = nmm_range_first_to_string(range);
    g_autofree char *last = nmm_range_last_to_string(range);

    return g_strconcat(first, "-", last, NULL);
}

/* The network's own address and the broadcast address of @host's subnet. */
static NmmRange
get_ends(const NmmCidr *host)
{
    NmmCidr network = fill_host_bits(host, 0x00);
    NmmCidr broadcast = fill_host_bits(host, 0xff);

    return (NmmRange){ipv4_get(&network), ipv4_get(&broadcast)};
}

gboolean
nmm_range_for_subnet(const NmmCidr *host, NmmRange *out)
{
    NmmRange usable;
    guint32 own;

    if (host->family != G_SOCKET_FAMILY_IPV4 || host->prefix > 30)
        return FALSE;
    own = ipv4_get(host);
    usable = get_ends(host);
    usable.first = MAX(usable.first + 1, own & 0xffff0000);
    usable.last = MIN(usable.last - 1, own | 0x0000ffff);
    if (own < usable.first || (own <= usable.last && usable.last - own >= own - usable.first))
        usable.first = MAX(usable.first, own + 1);
    else
        usable.last = MIN(usable.last, own - 1);
    *out = usable;
    return TRUE;
}

void
nmm_range_exclude(NmmRange *range, const NmmCidr *host)
{
    guint32 own = ipv4_get(host);

    if (own < range->first || own > range->last || range->first == range->last)
        return;
    if (own - range->first > range->last - own)
        range->last = own - 1;
    else
        range->first = own + 1;
}

gboolean
nmm_range_check(const NmmRange *range, const NmmCidr *host, GError **error)
{
    g_autofree char *first = nmm_range_first_to_string(range);
    g_autofree char *last = nmm_range_last_to_string(range);
    g_autofree char *subnet = nmm_cidr_network_to_string(host);
    g_autofree char *address = nmm_cidr_address_to_string(host);
    NmmRange ends;
    guint32 own;

    g_return_val_if_fail(host->family == G_SOCKET_FAMILY_IPV4, FALSE);

    ends = get_ends(host);
    own = ipv4_get(host);
    if (range->first <= ends.first || range->last >= ends.last)
        return nmm_fail(error,
                        NMM_ERROR_BAD_PROFILE,
                        _("'%s-%s' is not within the usable addresses of the subnet '%s'"),
                        first,
                        last,
                        subnet);
    if (range->first <= own && own <= range->last)
        return nmm_fail(error,
                        NMM_ERROR_BAD_PROFILE,
                        _("'%s-%s' contains the host's own address '%s'; leave it out"),
                        first,
                        last,
                        address);
    if (((range->first ^ range->last) & 0xffff0000) != 0)
        return nmm_fail(
            error,
            NMM_ERROR_BAD_PROFILE,
            _("'%s-%s' is too large for libvirt; use addresses whose first two numbers are the "
              "same"),
            first,
            last);
    return TRUE;
}
