/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network namespaces of a test program and their contents, through libnl. Every function acts on
 * the namespace of the calling thread; needs root; a failure ends the test.
 */

#pragma once

#include <glib.h>
#include <netlink/netlink.h>

G_BEGIN_DECLS

/* A new namespace with lo up; does not enter it. Returns: an fd to close(). */
int netns_new(void);
/* Returns: an fd of the previous namespace, for netns_leave(). */
int netns_enter(int ns);
void netns_leave(int previous);

/* Ends the test if @code, of a libnl function, is negative. */
void netns_check(int code, const char *what);
/* (transfer full): a route socket in this namespace. */
struct nl_sock *netns_connect(void);
/* (transfer full) */
struct nl_addr *netns_parse_address(const char *text);
struct rtnl_link *netns_get_link(const char *name);

/* Both ends up, without IPv6 duplicate address detection. @peer_ns: -1 is this one. */
void netns_add_veth(const char *name, const char *peer, int peer_ns);
void netns_add_bridge(const char *name);
/* Up. @mode: "bridge", "passthru", …; @mac: (nullable); @ns: its namespace; -1 is this one. */
void
netns_add_macvtap(const char *name, const char *parent, const char *mode, const char *mac, int ns);
/* Its character device, as QEMU opens it: frames to the macvtap wait until they are read. */
int netns_open_macvtap(int ns, const char *name);
/* Another name, which may be longer than 15 bytes. */
void netns_add_altname(const char *name, const char *altname);
void netns_set_master(const char *name, const char *master);
void netns_set_up(const char *name, gboolean up);
void netns_set_mac(const char *name, const char *mac);
void netns_set_ifalias(const char *name, const char *ifalias);
void netns_delete(const char *name);
/* "10.0.0.1/24", without duplicate address detection. */
void netns_add_address(const char *name, const char *address);
/* @peer: (nullable): with prefix; then @address has none. @preferred_s: its preferred lifetime; its
 * valid one is longer. */
void netns_add_lifetime_address(const char *name,
                                const char *address,
                                const char *peer,
                                guint preferred_s);
/* With duplicate address detection, which does not wait. */
void netns_add_checked_address(const char *name, const char *address);
/* Duplicate address detection found another host with it. */
gboolean netns_is_duplicate(const char *name, const char *address);
/* (transfer full) (nullable): the source that the kernel chooses for @address. */
char *netns_get_source(const char *address);
void netns_remove_address(const char *name, const char *address);

/* (transfer full) (nullable): the MAC in the neighbour table. */
char *netns_get_neighbour(const char *name, const char *address);
/* One that the kernel does not have to confirm. */
void netns_add_neighbour(const char *name, const char *address, const char *mac);
void netns_flush_neighbours(const char *name);
/* (transfer full): formats of hostlink-contract.h */
char *netns_describe_link(const char *name);
char *netns_describe_routes(const char *name);
char *netns_get_mac(const char *name);

/* "net/ipv4/conf/eth0/rp_filter" */
void netns_write_sysctl(const char *path, const char *value);
char *netns_read_sysctl(const char *path);

G_END_DECLS
