/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IP addresses with a prefix, overlap, and the choice of a free subnet. Pure arithmetic on values
 * that the caller has collected.
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* An address with a prefix length, IPv4 or IPv6; @bytes in network order, 4 or 16 of them used. */
typedef struct {
    GSocketFamily family;
    guint8 bytes[16];
    guint prefix; /* in bits */
} NMMacvtapCidr;

/* "ADDRESS/PREFIX"; strict: no missing prefix, no leading zeros that inet_pton would refuse. */
gboolean nm_macvtap_cidr_parse(const char *text, NMMacvtapCidr *out, GError **error);
/* libvirt's and NM's form: address and prefix apart. */
gboolean
nm_macvtap_cidr_init(NMMacvtapCidr *out, const char *address, guint prefix, GError **error);
char *nm_macvtap_cidr_to_string(const NMMacvtapCidr *cidr);         /* "192.168.254.1/24" */
char *nm_macvtap_cidr_address_to_string(const NMMacvtapCidr *cidr); /* "192.168.254.1" */
char *nm_macvtap_cidr_network_to_string(const NMMacvtapCidr *cidr); /* "192.168.254.0/24" */
gboolean nm_macvtap_cidr_equal(const NMMacvtapCidr *a, const NMMacvtapCidr *b);
gboolean nm_macvtap_cidr_overlaps(const NMMacvtapCidr *a, const NMMacvtapCidr *b);
/* Neither the network's own address nor, with IPv4, its broadcast address. */
gboolean nm_macvtap_cidr_is_host(const NMMacvtapCidr *cidr);
/* The default routes ("0.0.0.0/0", "::/0", or in two halves, "0.0.0.0/1" and "128.0.0.0/1") take no
 * subnet from anybody. */
gboolean nm_macvtap_cidr_is_default(const NMMacvtapCidr *cidr);
/* In 169.254.0.0/16 or fe80::/10: of use to neighbours only. */
gboolean nm_macvtap_cidr_is_link_local(const NMMacvtapCidr *cidr);
/* Of several addresses of one machine the one to name: the highest. */
guint nm_macvtap_cidr_get_rank(const NMMacvtapCidr *cidr);

/* A range of IPv4 addresses for DHCP, host byte order, first <= last. */
typedef struct {
    guint32 first;
    guint32 last;
} NMMacvtapRange;

gboolean nm_macvtap_range_parse(const char *text, NMMacvtapRange *out, GError **error);
char *nm_macvtap_range_first_to_string(const NMMacvtapRange *range);
char *nm_macvtap_range_last_to_string(const NMMacvtapRange *range);
/* Every usable address of @host's subnet but the host's own; where the host is in the middle, the
 * longer side; no more than libvirt takes. FALSE where none is left (/31, /32). */
gboolean nm_macvtap_range_for_subnet(const NMMacvtapCidr *host, NMMacvtapRange *out);
/* The range lies in @host's subnet, has neither the host nor network/broadcast address, and is not
 * larger than libvirt takes it (one /16). */
gboolean
nm_macvtap_range_check(const NMMacvtapRange *range, const NMMacvtapCidr *host, GError **error);

/* A subnet that is taken, and by what, in words for the user: "route 10.0.0.0/8 dev tun0",
 * "profile 'office'", "libvirt network 'default'". */
typedef struct {
    NMMacvtapCidr cidr;
    char *what;
} NMMacvtapUsedSubnet;

NMMacvtapUsedSubnet *nm_macvtap_used_subnet_new(const NMMacvtapCidr *cidr, const char *what);
void nm_macvtap_used_subnet_free(NMMacvtapUsedSubnet *used);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapUsedSubnet, nm_macvtap_used_subnet_free)

/* First of @used (element-type NMMacvtapUsedSubnet) that overlaps @cidr, or NULL. */
const NMMacvtapUsedSubnet *
nm_macvtap_subnet_find_overlap(const NMMacvtapCidr *cidr, GPtrArray *used);
/* The host's address in the first free of 192.168.254.0/24, 192.168.253.0/24 … 192.168.1.0/24;
 * NM_MACVTAP_ERROR_CONFLICT where all are taken. */
gboolean nm_macvtap_subnet_choose(GPtrArray *used, NMMacvtapCidr *out, GError **error);

G_END_DECLS
