/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IP addresses with a prefix length, and ranges of them. Values only: the keys of the profile
 * decide which addresses a host can have (not loopback, multicast, …).
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* An address in a subnet, host bits included. A single host has the prefix 32 or 128. */
typedef struct {
    GSocketFamily family;
    guint8 bytes[16]; /* network order; the first 4 for IPv4, the others are 0 */
    guint prefix;     /* in bits */
} NmmCidr;

/* "ADDRESS/PREFIX", decimal digits without leading zeros. NMM_ERROR_BAD_PROFILE. */
gboolean nmm_cidr_parse(const char *text, NmmCidr *out, GError **error);
/* Address and prefix apart, as libvirt and NetworkManager have them. NMM_ERROR_FAILED, because only
 * the caller knows the document that it reads. */
gboolean nmm_cidr_init(NmmCidr *out, const char *address, guint prefix, GError **error);
/* The same for one host. */
gboolean nmm_cidr_init_host(NmmCidr *out, const char *address, GError **error);
/* One host, from the 4 or 16 bytes of the family. */
void nmm_cidr_set_address(NmmCidr *out, GSocketFamily family, const guint8 *bytes);

char *nmm_cidr_to_string(const NmmCidr *cidr);         /* "192.168.254.1/24" */
char *nmm_cidr_address_to_string(const NmmCidr *cidr); /* "192.168.254.1" */
char *nmm_cidr_network_to_string(const NmmCidr *cidr); /* "192.168.254.0/24" */

guint nmm_cidr_get_max_prefix(const NmmCidr *cidr); /* 32 or 128 */
/* How many bits two addresses of one family have in common from the left. */
guint nmm_cidr_count_common_bits(const NmmCidr *a, const NmmCidr *b);
gboolean nmm_cidr_equal(const NmmCidr *a, const NmmCidr *b);
/* Whether two subnets share an address. */
gboolean nmm_cidr_overlaps(const NmmCidr *a, const NmmCidr *b);
/* Neither the network's own address (in IPv6 the subnet-router anycast address) nor the IPv4
 * broadcast address; subnets of one or two addresses have neither. */
gboolean nmm_cidr_is_host(const NmmCidr *cidr);
/*
 * The prefix is 0 or 1. A VPN that takes all traffic often splits the default route in two
 * ("0.0.0.0/1" and "128.0.0.0/1", OpenVPN's redirect-gateway). If such a half took subnets, none
 * would ever be free beside that VPN. The route to the guests is always more specific.
 */
gboolean nmm_cidr_is_default(const NmmCidr *cidr);
/* In 169.254.0.0/16 or fe80::/10, whatever the prefix: only neighbours can use it. */
gboolean nmm_cidr_is_link_local(const NmmCidr *cidr);
/* Which of several addresses of a machine to name: 3 for IPv4, 2 for IPv6, 1 for link-local. */
guint nmm_cidr_get_rank(const NmmCidr *cidr);

/* Addresses as keys and in order, IPv4 first; the prefix does not count. */
guint nmm_cidr_hash_address(gconstpointer cidr);
gboolean nmm_cidr_equal_address(gconstpointer a, gconstpointer b);
int nmm_cidr_compare_address(gconstpointer a, gconstpointer b);

/* A range of IPv4 addresses for DHCP, host byte order, first <= last. */
typedef struct {
    guint32 first;
    guint32 last;
} NmmRange;

/* "FIRST-LAST" without spaces. NMM_ERROR_BAD_PROFILE. */
gboolean nmm_range_parse(const char *text, NmmRange *out, GError **error);
char *nmm_range_to_string(const NmmRange *range); /* "FIRST-LAST" */
char *nmm_range_first_to_string(const NmmRange *range);
char *nmm_range_last_to_string(const NmmRange *range);
/*
 * Every usable address of @host's subnet except the host's own; if the host is in the middle, the
 * longer side. libvirt refuses a range whose ends differ in their first two octets ("too large"),
 * so the range stays within the host's /16. FALSE: no address is left (/31, /32), or IPv6.
 */
gboolean nmm_range_for_subnet(const NmmCidr *host, NmmRange *out);
/* Leaves the address of @host out: the longer part remains. No effect if nothing would remain. */
void nmm_range_exclude(NmmRange *range, const NmmCidr *host);
/* Whether the range lies in the subnet of @host (IPv4), contains neither the host nor the network
 * or broadcast address, and is not too large for libvirt. NMM_ERROR_BAD_PROFILE. */
gboolean nmm_range_check(const NmmRange *range, const NmmCidr *host, GError **error);

G_END_DECLS
