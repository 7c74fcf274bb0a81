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
} NmmCidr;

/* "ADDRESS/PREFIX"; strict: no missing prefix, no leading zeros that inet_pton would refuse. */
gboolean nmm_cidr_parse(const char *text, NmmCidr *out, GError **error);
/* libvirt's and NM's form: address and prefix apart. */
gboolean nmm_cidr_init(NmmCidr *out, const char *address, guint prefix, GError **error);
char *nmm_cidr_to_string(const NmmCidr *cidr);         /* "192.168.254.1/24" */
char *nmm_cidr_address_to_string(const NmmCidr *cidr); /* "192.168.254.1" */
char *nmm_cidr_network_to_string(const NmmCidr *cidr); /* "192.168.254.0/24" */
gboolean nmm_cidr_equal(const NmmCidr *a, const NmmCidr *b);
gboolean nmm_cidr_overlaps(const NmmCidr *a, const NmmCidr *b);
/* Neither the network's own address nor, with IPv4, its broadcast address. */
gboolean nmm_cidr_is_host(const NmmCidr *cidr);
/* The default routes ("0.0.0.0/0", "::/0", or in two halves, "0.0.0.0/1" and "128.0.0.0/1") take no
 * subnet from anybody. */
gboolean nmm_cidr_is_default(const NmmCidr *cidr);
/* In 169.254.0.0/16 or fe80::/10: of use to neighbours only. */
gboolean nmm_cidr_is_link_local(const NmmCidr *cidr);
/* Of several addresses of one machine the one to name: the highest. */
guint nmm_cidr_get_rank(const NmmCidr *cidr);

/* A range of IPv4 addresses for DHCP, host byte order, first <= last. */
typedef struct {
    guint32 first;
    guint32 last;
} NmmRange;

gboolean nmm_range_parse(const char *text, NmmRange *out, GError **error);
char *nmm_range_first_to_string(const NmmRange *range);
char *nmm_range_last_to_string(const NmmRange *range);
/* Every usable address of @host's subnet but the host's own; where the host is in the middle, the
 * longer side; no more than libvirt takes. FALSE where none is left (/31, /32). */
gboolean nmm_range_for_subnet(const NmmCidr *host, NmmRange *out);
/* The range lies in @host's subnet, has neither the host nor network/broadcast address, and is not
 * larger than libvirt takes it (one /16). */
gboolean nmm_range_check(const NmmRange *range, const NmmCidr *host, GError **error);

/* A subnet that is taken, and by what, in words for the user: "route 10.0.0.0/8 dev tun0",
 * "profile 'office'", "libvirt network 'default'". */
typedef struct {
    NmmCidr cidr;
    char *what;
} NmmUsedSubnet;

NmmUsedSubnet *nmm_used_subnet_new(const NmmCidr *cidr, const char *what);
void nmm_used_subnet_free(NmmUsedSubnet *used);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmUsedSubnet, nmm_used_subnet_free)

/* First of @used (element-type NmmUsedSubnet) that overlaps @cidr, or NULL. */
const NmmUsedSubnet *nmm_subnet_find_overlap(const NmmCidr *cidr, GPtrArray *used);
/* The host's address in the first free of 192.168.254.0/24, 192.168.253.0/24 … 192.168.1.0/24;
 * NMM_ERROR_CONFLICT where all are taken. */
gboolean nmm_subnet_choose(GPtrArray *used, NmmCidr *out, GError **error);

G_END_DECLS
