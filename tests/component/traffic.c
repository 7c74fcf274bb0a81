/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sockets in namespaces, non-blocking, on the main loop.
 */

#include "config.h"

#include "traffic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netns.h"

#define PORT 7777

void
traffic_make_address(struct sockaddr_storage *out, const char *text)
{
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    struct sockaddr_in *in = (struct sockaddr_in *)out;

    memset(out, 0, sizeof(*out));
    if (strchr(text, ':')) {
        *in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = g_htons(PORT)};
        g_assert_cmpint(inet_pton(AF_INET6, text, &in6->sin6_addr), ==, 1);
    } else {
        *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = g_htons(PORT)};
        g_assert_cmpint(inet_pton(AF_INET, text, &in->sin_addr), ==, 1);
    }
}

int
traffic_open_socket(int ns, const char *address, int type)
{
    int previous = netns_enter(ns);
    int fd =
        socket(strchr(address, ':') ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    g_assert_cmpint(fd, >=, 0);
    netns_leave(previous);
    return fd;
}

void
traffic_poke(int ns, const char *address)
{
    int fd = traffic_open_socket(ns, address, SOCK_DGRAM);
    struct sockaddr_storage to;

    traffic_make_address(&to, address);
    sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to));
    close(fd);
}

static gboolean
set_true_cb(gpointer data)
{
    *(gboolean *)data = TRUE;
    return G_SOURCE_REMOVE;
}

static gboolean
fd_ready_cb(int fd, GIOCondition condition, gpointer data)
{
    return set_true_cb(data);
}

/* Runs the main loop until the fd is ready. FALSE: time is up. */
static gboolean
wait_ready(int fd, GIOCondition condition)
{
    gboolean ready = FALSE;
    gboolean over = FALSE;
    guint source = g_unix_fd_add(fd, condition, fd_ready_cb, &ready);
    guint timer = g_timeout_add_seconds(TRAFFIC_TIMEOUT_S, set_true_cb, &over);

    while (!ready && !over)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(over ? source : timer);
    return ready;
}

void
traffic_run_for(guint ms)
{
    gboolean over = FALSE;

    g_timeout_add(ms, set_true_cb, &over);
    while (!over)
        g_main_context_iteration(NULL, TRUE);
}

void
traffic_assert_tcp(int client_ns, int server_ns, const char *address)
{
    const int yes = 1;
    int server = traffic_open_socket(server_ns, address, SOCK_STREAM);
    int client = traffic_open_socket(client_ns, address, SOCK_STREAM);
    struct sockaddr_storage at;
    int accepted;
    char byte = 0;

    traffic_make_address(&at, address);
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    g_assert_no_errno(bind(server, (struct sockaddr *)&at, sizeof(at)));
    g_assert_no_errno(listen(server, 1));
    g_assert_cmpint(connect(client, (struct sockaddr *)&at, sizeof(at)), ==, -1);
    g_assert_cmpint(errno, ==, EINPROGRESS);
    g_assert_true(wait_ready(server, G_IO_IN));
    accepted = accept(server, NULL, NULL);
    g_assert_cmpint(accepted, >=, 0);
    g_assert_cmpint(write(accepted, "a", 1), ==, 1);
    g_assert_true(wait_ready(client, G_IO_IN));
    g_assert_cmpint(read(client, &byte, 1), ==, 1);
    g_assert_cmpint(write(client, "b", 1), ==, 1);
    g_assert_true(wait_ready(accepted, G_IO_IN));
    close(accepted);
    close(client);
    close(server);
}

void
traffic_poke_from(int ns, const char *source, const char *address)
{
    int fd = traffic_open_socket(ns, address, SOCK_DGRAM);
    struct sockaddr_storage at;

    traffic_make_address(&at, source);
    g_assert_no_errno(bind(fd, (struct sockaddr *)&at, sizeof(at)));
    traffic_make_address(&at, address);
    sendto(fd, "x", 1, 0, (struct sockaddr *)&at, sizeof(at));
    close(fd);
}
