/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network namespaces made by the test program itself, and what is put into them, through libnl. All
 * of it acts on the namespace that the calling thread is in; needs root; a failure ends the test.
 */

#pragma once

#include <glib.h>
#include <netlink/netlink.h>

G_BEGIN_DECLS

/* A new namespace with lo up; the thread stays where it is. Returns: an fd to close(). */
int netns_new(void);
/* Goes there. Returns: an fd of where the thread was, for netns_leave(). */
int netns_enter(int ns);
void netns_leave(int previous);

/* For what is not here: @code is what libnl returned, negative ends the test. */
void netns_check(int code, const char *what);
/* (transfer full): a route socket in this namespace. */
struct nl_sock *netns_connect(void);

/* Both ends up, without IPv6 duplicate address detection. @peer_ns: -1 is this one. */
void netns_add_veth(const char *name, const char *peer, int peer_ns);
void netns_add_bridge(const char *name);
/* @mode: "bridge", "passthru", …; @mac: (nullable); @ns: where it goes, up; -1 is this one. */
void
netns_add_macvtap(const char *name, const char *parent, const char *mode, const char *mac, int ns);
void netns_set_master(const char *name, const char *master);
void netns_set_up(const char *name, gboolean up);
void netns_set_mac(const char *name, const char *mac);
void netns_set_ifalias(const char *name, const char *ifalias);
void netns_delete(const char *name);
/* "10.0.0.1/24"; of use at once. */
void netns_add_address(const char *name, const char *address);
void netns_remove_address(const char *name, const char *address);

/* (transfer full) (nullable): the MAC in the neighbour table, or NULL. */
char *netns_get_neighbour(const char *name, const char *address);
void netns_flush_neighbours(const char *name);
/* (transfer full): formats of hostlink-contract.h */
char *netns_describe_link(const char *name);
char *netns_describe_routes(const char *name);
char *netns_get_mac(const char *name);

/* "net/ipv4/conf/eth0/rp_filter" */
void netns_write_sysctl(const char *path, const char *value);
char *netns_read_sysctl(const char *path);

G_END_DECLS
