/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of iptables-legacy, ip6tables-legacy and arptables-legacy, which libnftables does not
 * list. Only whether there are any that can drop a packet.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A rule or a policy of a table of IPv4 or ARP, or with @inet6 of IPv6, can drop packets, or its
 * table cannot be read. Loads no kernel module. For root. */
gboolean nmm_legacy_rules_can_drop(gboolean inet6);

G_END_DECLS
