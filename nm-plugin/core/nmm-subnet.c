/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arithmetic on addresses: what is a subnet, what overlaps, what is left for DHCP, which subnet is
 * free. It decides on values alone: who uses which subnet is collected by others, and whether an
 * address suits a host (loopback, multicast, …) is the business of the profile's keys.
 */

#include "config.h"

#include "nmm-subnet.h"

#include <arpa/inet.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include "nmm-error.h"

/* The candidates 192.168.N.0/24, from the libvirt wiki's own choice down to the one before the
 * subnet that most home routers use. */
#define CANDIDATE_BASE  0xc0a80000u
#define CANDIDATE_FIRST 254u
#define CANDIDATE_LAST  1u

static guint
family_bits(GSocketFamily family)
{
    return family == G_SOCKET_FAMILY_IPV4 ? 32 : 128;
}

static gsize
family_bytes(GSocketFamily family)
{
    return family_bits(family) / 8;
}

static guint32
ipv4_mask(guint prefix)
{
    return prefix == 0 ? 0 : G_MAXUINT32 << (32 - prefix);
}

static guint32
ipv4_get(const NmmCidr *cidr)
{
    guint32 value;

    memcpy(&value, cidr->bytes, sizeof(value));
    return GUINT32_FROM_BE(value);
}

static void
ipv4_set(NmmCidr *cidr, guint32 address, guint prefix)
{
    guint32 value = GUINT32_TO_BE(address);

    *cidr = (NmmCidr){.family = G_SOCKET_FAMILY_IPV4, .prefix = prefix};
    memcpy(cidr->bytes, &value, sizeof(value));
}

static char *
ipv4_to_string(guint32 address)
{
    NmmCidr cidr;

    ipv4_set(&cidr, address, 32);
    return nmm_cidr_address_to_string(&cidr);
}

static gboolean
ipv4_parse(const char *text, guint32 *out)
{
    guint32 value;

    if (inet_pton(AF_INET, text, &value) != 1)
        return FALSE;
    *out = GUINT32_FROM_BE(value);
    return TRUE;
}

/* Sets family and bytes; the family is invalid where @text is not an address. */
static NmmCidr
address_parse(const char *text)
{
    NmmCidr cidr = {.family = G_SOCKET_FAMILY_INVALID};

    if (inet_pton(AF_INET, text, cidr.bytes) == 1)
        cidr.family = G_SOCKET_FAMILY_IPV4;
    else if (inet_pton(AF_INET6, text, cidr.bytes) == 1)
        cidr.family = G_SOCKET_FAMILY_IPV6;
    return cidr;
}

/* Decimal digits only, without sign, space or leading zero. */
static gboolean
prefix_parse(const char *text, guint max, guint *out)
{
    guint64 value;

    if (!g_ascii_isdigit(text[0]) || (text[0] == '0' && text[1] != '\0'))
        return FALSE;
    if (!g_ascii_string_to_unsigned(text, 10, 0, max, &value, NULL))
        return FALSE;
    *out = (guint)value;
    return TRUE;
}

/**
 * nmm_cidr_parse:
 * @text: an address with its prefix length, such as "192.168.254.1/24" or "fd00::1/64"
 * @out: (out): set on success only
 * @error: NMM_ERROR_BAD_PROFILE: @text is something else
 *
 * Host bits are kept: the result is an address in a subnet.
 */
gboolean
nmm_cidr_parse(const char *text, NmmCidr *out, GError **error)
{
    const char *slash = strchr(text, '/');
    g_autofree char *address = NULL;
    NmmCidr cidr;

    if (!slash) {
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_BAD_PROFILE,
                    _("'%s' has no prefix length; write ADDRESS/PREFIX"),
                    text);
        return FALSE;
    }
    address = g_strndup(text, slash - text);
    cidr = address_parse(address);
    if (cidr.family == G_SOCKET_FAMILY_INVALID) {
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_BAD_PROFILE,
                    _("'%s' is not an IP address with a prefix length; write ADDRESS/PREFIX"),
                    text);
        return FALSE;
    }
    if (!prefix_parse(slash + 1, family_bits(cidr.family), &cidr.prefix)) {
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_BAD_PROFILE,
                    _("'%s' has a bad prefix length; use a number from 0 to %u"),
                    text,
                    family_bits(cidr.family));
        return FALSE;
    }
    *out = cidr;
    return TRUE;
}

/**
 * nmm_cidr_init:
 * @out: (out): set on success only
 * @address: an IPv4 or IPv6 address without prefix
 * @prefix: in bits
 * @error: NMM_ERROR_FAILED: no address, or a prefix too long for it; only the caller knows
 *   which document it was read from
 */
gboolean
nmm_cidr_init(NmmCidr *out, const char *address, guint prefix, GError **error)
{
    NmmCidr cidr = address_parse(address);

    if (cidr.family == G_SOCKET_FAMILY_INVALID) {
        g_set_error(error, NMM_ERROR, NMM_ERROR_FAILED, _("'%s' is not an IP address"), address);
        return FALSE;
    }
    if (prefix > family_bits(cidr.family)) {
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_FAILED,
                    _("prefix length %u is too long for the address '%s'"),
                    prefix,
                    address);
        return FALSE;
    }
    cidr.prefix = prefix;
    *out = cidr;
    return TRUE;
}

/**
 * nmm_cidr_address_to_string:
 *
 * Returns: (transfer full): the address alone, "192.168.254.1"
 */
char *
nmm_cidr_address_to_string(const NmmCidr *cidr)
{
    char text[INET6_ADDRSTRLEN];
    int family = cidr->family == G_SOCKET_FAMILY_IPV4 ? AF_INET : AF_INET6;

    inet_ntop(family, cidr->bytes, text, sizeof(text));
    return g_strdup(text);
}

/**
 * nmm_cidr_to_string:
 *
 * Returns: (transfer full): "192.168.254.1/24"; nmm_cidr_parse() reads it back
 */
char *
nmm_cidr_to_string(const NmmCidr *cidr)
{
    g_autofree char *address = nmm_cidr_address_to_string(cidr);

    return g_strdup_printf("%s/%u", address, cidr->prefix);
}

/* Are the first @bits bits of two addresses of one family the same? */
static gboolean
bits_equal(const guint8 *a, const guint8 *b, guint bits)
{
    guint8 mask = (guint8)(0xff00u >> (bits % 8));

    if (memcmp(a, b, bits / 8) != 0)
        return FALSE;
    return bits % 8 == 0 || ((a[bits / 8] ^ b[bits / 8]) & mask) == 0;
}

/**
 * nmm_cidr_network_to_string:
 *
 * Returns: (transfer full): the subnet, host bits cleared: "192.168.254.0/24"
 */
char *
nmm_cidr_network_to_string(const NmmCidr *cidr)
{
    NmmCidr network = {.family = cidr->family, .prefix = cidr->prefix};
    gsize whole = cidr->prefix / 8;

    memcpy(network.bytes, cidr->bytes, whole);
    if (cidr->prefix % 8 != 0)
        network.bytes[whole] = cidr->bytes[whole] & (guint8)(0xff00u >> (cidr->prefix % 8));
    return nmm_cidr_to_string(&network);
}

/**
 * nmm_cidr_equal:
 *
 * Returns: whether address and prefix are the same, host bits included
 */
gboolean
nmm_cidr_equal(const NmmCidr *a, const NmmCidr *b)
{
    return a->family == b->family && a->prefix == b->prefix &&
           memcmp(a->bytes, b->bytes, family_bytes(a->family)) == 0;
}

/**
 * nmm_cidr_overlaps:
 *
 * Returns: whether the two subnets share an address; IPv4 and IPv6 never do
 */
gboolean
nmm_cidr_overlaps(const NmmCidr *a, const NmmCidr *b)
{
    return a->family == b->family && bits_equal(a->bytes, b->bytes, MIN(a->prefix, b->prefix));
}

/**
 * nmm_cidr_is_host:
 *
 * Subnets of one or two addresses (/31, /32, /127, /128) have neither network nor broadcast
 * address.
 *
 * Returns: whether a host can have this address in its subnet
 */
gboolean
nmm_cidr_is_host(const NmmCidr *cidr)
{
    g_autofree char *network = nmm_cidr_network_to_string(cidr);
    g_autofree char *own = nmm_cidr_to_string(cidr);

    if (cidr->prefix + 1 >= family_bits(cidr->family))
        return TRUE;
    if (g_str_equal(network, own))
        return FALSE;
    return cidr->family != G_SOCKET_FAMILY_IPV4 ||
           (ipv4_get(cidr) | ipv4_mask(cidr->prefix)) != G_MAXUINT32;
}

/**
 * nmm_cidr_is_default:
 *
 * A VPN that takes all traffic often splits the default route in two ("0.0.0.0/1" and
 * "128.0.0.0/1", OpenVPN's redirect-gateway): a half is a default route as well, else no subnet
 * would ever be free beside such a VPN. The route to the guests is always the more specific one.
 *
 * Returns: whether the prefix is 0 or 1
 */
gboolean
nmm_cidr_is_default(const NmmCidr *cidr)
{
    return cidr->prefix <= 1;
}

/**
 * nmm_cidr_is_link_local:
 * @cidr: an address; its prefix is not looked at
 *
 * Returns: whether it is link-local: every device may have one, and no other network knows it
 */
gboolean
nmm_cidr_is_link_local(const NmmCidr *cidr)
{
    if (cidr->family == G_SOCKET_FAMILY_IPV4)
        return cidr->bytes[0] == 169 && cidr->bytes[1] == 254;
    return cidr->bytes[0] == 0xfe && (cidr->bytes[1] & 0xc0) == 0x80;
}

/**
 * nmm_cidr_get_rank:
 * @cidr: an address; its prefix is not looked at
 *
 * Returns: 3 for an IPv4 address, 2 for an IPv6 address, 1 for either that is link-local
 */
guint
nmm_cidr_get_rank(const NmmCidr *cidr)
{
    if (nmm_cidr_is_link_local(cidr))
        return 1;
    return cidr->family == G_SOCKET_FAMILY_IPV4 ? 3 : 2;
}

/**
 * nmm_range_parse:
 * @text: "FIRST-LAST", two IPv4 addresses without spaces
 * @out: (out): set on success only
 * @error: NMM_ERROR_BAD_PROFILE: @text is something else, or the wrong way round
 */
gboolean
nmm_range_parse(const char *text, NmmRange *out, GError **error)
{
    const char *dash = strchr(text, '-');
    g_autofree char *first = NULL;
    NmmRange range;

    if (dash)
        first = g_strndup(text, dash - text);
    if (!dash || !ipv4_parse(first, &range.first) || !ipv4_parse(dash + 1, &range.last)) {
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_BAD_PROFILE,
                    _("'%s' is not a range of IPv4 addresses; write FIRST-LAST"),
                    text);
        return FALSE;
    }
    if (range.first > range.last) {
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_BAD_PROFILE,
                    _("'%s' ends before it begins; write FIRST-LAST"),
                    text);
        return FALSE;
    }
    *out = range;
    return TRUE;
}

/**
 * nmm_range_first_to_string:
 *
 * Returns: (transfer full): the range's first address
 */
char *
nmm_range_first_to_string(const NmmRange *range)
{
    return ipv4_to_string(range->first);
}

/**
 * nmm_range_last_to_string:
 *
 * Returns: (transfer full): the range's last address
 */
char *
nmm_range_last_to_string(const NmmRange *range)
{
    return ipv4_to_string(range->last);
}

/**
 * nmm_range_for_subnet:
 * @host: the host's IPv4 address in the subnet
 * @out: (out): set on success only
 *
 * libvirt refuses a range whose first two octets are not the same at both ends ("too large"), so in
 * a subnet larger than a /16 the range stays within the /16 of the host.
 *
 * Returns: FALSE where no address is left, and for IPv6
 */
gboolean
nmm_range_for_subnet(const NmmCidr *host, NmmRange *out)
{
    NmmRange usable;
    guint32 address;
    guint32 below;
    guint32 above;

    if (host->family != G_SOCKET_FAMILY_IPV4 || host->prefix > 30)
        return FALSE;
    address = ipv4_get(host);
    usable.first = (address & ipv4_mask(host->prefix)) + 1;
    usable.last = (address | ~ipv4_mask(host->prefix)) - 1;
    usable.first = MAX(usable.first, address & ipv4_mask(16));
    usable.last = MIN(usable.last, address | ~ipv4_mask(16));
    below = address > usable.first ? address - usable.first : 0;
    above = address < usable.last ? usable.last - address : 0;
    if (above >= below)
        usable.first = MAX(usable.first, address + 1);
    else
        usable.last = MIN(usable.last, address - 1);
    *out = usable;
    return TRUE;
}

/**
 * nmm_range_check:
 * @range: the addresses that guests may get
 * @host: the host's address with prefix, IPv4
 * @error: NMM_ERROR_BAD_PROFILE: the range does not suit the subnet, or is one that libvirt
 *   refuses for its size
 */
gboolean
nmm_range_check(const NmmRange *range, const NmmCidr *host, GError **error)
{
    g_autofree char *first = nmm_range_first_to_string(range);
    g_autofree char *last = nmm_range_last_to_string(range);
    g_autofree char *subnet = nmm_cidr_network_to_string(host);
    g_autofree char *address = nmm_cidr_address_to_string(host);
    guint32 mask;
    guint32 own;

    g_return_val_if_fail(host->family == G_SOCKET_FAMILY_IPV4, FALSE);

    mask = ipv4_mask(host->prefix);
    own = ipv4_get(host);
    if (range->first <= (own & mask) || range->last >= (own | ~mask)) {
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_BAD_PROFILE,
                    _("'%s-%s' is not within the usable addresses of the subnet '%s'"),
                    first,
                    last,
                    subnet);
        return FALSE;
    }
    if (range->first <= own && own <= range->last) {
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_BAD_PROFILE,
                    _("'%s-%s' contains the host's own address '%s'; leave it out"),
                    first,
                    last,
                    address);
        return FALSE;
    }
    if (((range->first ^ range->last) & ipv4_mask(16)) != 0) {
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_BAD_PROFILE,
                    _("'%s-%s' is too large for libvirt; the first two numbers must be the same"),
                    first,
                    last);
        return FALSE;
    }
    return TRUE;
}

/**
 * nmm_used_subnet_new:
 * @cidr: the subnet
 * @what: by what it is taken, in words for the user
 *
 * Returns: (transfer full)
 */
NmmUsedSubnet *
nmm_used_subnet_new(const NmmCidr *cidr, const char *what)
{
    NmmUsedSubnet *used = g_new(NmmUsedSubnet, 1);

    used->cidr = *cidr;
    used->what = g_strdup(what);
    return used;
}

/**
 * nmm_used_subnet_free:
 * @used: (transfer full)
 */
void
nmm_used_subnet_free(NmmUsedSubnet *used)
{
    g_free(used->what);
    g_free(used);
}

/**
 * nmm_subnet_find_overlap:
 * @cidr: the subnet that is wanted
 * @used: (element-type NmmUsedSubnet): the subnets taken; default routes among them are
 *   passed over
 *
 * Returns: (transfer none) (nullable): the first that overlaps
 */
const NmmUsedSubnet *
nmm_subnet_find_overlap(const NmmCidr *cidr, GPtrArray *used)
{
    guint i;

    for (i = 0; i < used->len; i++) {
        const NmmUsedSubnet *other = used->pdata[i];

        if (!nmm_cidr_is_default(&other->cidr) && nmm_cidr_overlaps(cidr, &other->cidr))
            return other;
    }
    return NULL;
}

/**
 * nmm_subnet_choose:
 * @used: (element-type NmmUsedSubnet): the subnets taken
 * @out: (out): the host's address, the first of the subnet; set on success only
 * @error: NMM_ERROR_CONFLICT: no candidate is free
 */
gboolean
nmm_subnet_choose(GPtrArray *used, NmmCidr *out, GError **error)
{
    const NmmUsedSubnet *first_overlap = NULL;
    guint n;

    for (n = CANDIDATE_FIRST; n >= CANDIDATE_LAST; n--) {
        const NmmUsedSubnet *overlap;
        NmmCidr candidate;

        ipv4_set(&candidate, CANDIDATE_BASE | n << 8 | 1, 24);
        overlap = nmm_subnet_find_overlap(&candidate, used);
        if (!overlap) {
            *out = candidate;
            return TRUE;
        }
        if (!first_overlap)
            first_overlap = overlap;
    }
    g_set_error(error,
                NMM_ERROR,
                NMM_ERROR_CONFLICT,
                _("no subnet from 192.168.254.0/24 down to 192.168.1.0/24 is free, the first one "
                  "overlaps with %s; set the vpn.data key 'address'"),
                first_overlap->what);
    return FALSE;
}
