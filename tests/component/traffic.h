/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traffic between network namespaces while the main loop runs. The kernel resolves each destination
 * by ARP or neighbour discovery.
 */

#pragma once

#include <glib.h>
#include <sys/socket.h>

G_BEGIN_DECLS

#define TRAFFIC_TIMEOUT_S 10

/* A non-blocking socket of @address's family. */
int traffic_open_socket(int ns, const char *address, int type);
void traffic_make_address(struct sockaddr_storage *out, const char *text);
/* One datagram, so that the kernel resolves the neighbour, which need not exist. */
void traffic_poke(int ns, const char *address);
/* The same with @source as the sender's address. */
void traffic_poke_from(int ns, const char *source, const char *address);
/* A TCP connection and one byte each way. */
void traffic_assert_tcp(int client_ns, int server_ns, const char *address);
void traffic_run_for(guint ms);

G_END_DECLS
