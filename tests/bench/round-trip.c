/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One byte there and back again over a TCP connection, which stays open.
 *
 *     bench-round-trip serve
 *     bench-round-trip ask ADDRESS COUNT          prints the median in us; asks without a pause
 *     bench-round-trip stream ADDRESS PAUSE       a line "SECONDS US" after each answer: when it
 * was asked (monotonic clock), and the round trip; PAUSE in ms follows each
 */

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT 7778

static int
open_socket(void)
{
    const int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0)
        g_error("socket: %m");
    return fd;
}

static void
send_at_once(int fd)
{
    const int yes = 1;

    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) < 0)
        g_error("TCP_NODELAY: %m");
}

static gpointer
echo_thread(gpointer data)
{
    int fd = GPOINTER_TO_INT(data);
    char byte;

    while (read(fd, &byte, 1) == 1 && write(fd, &byte, 1) == 1)
        continue;
    close(fd);
    return NULL;
}

static void
serve(void)
{
    const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = g_htons(PORT)};
    int fd = open_socket(), peer;

    if (bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 || listen(fd, 8) < 0)
        g_error("listen: %m");
    while ((peer = accept(fd, NULL, NULL)) >= 0) {
        send_at_once(peer);
        g_thread_unref(g_thread_new("echo", echo_thread, GINT_TO_POINTER(peer)));
    }
}

static int
connect_to(const char *address)
{
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = g_htons(PORT)};
    int fd = open_socket();

    if (inet_pton(AF_INET, address, &peer.sin_addr) != 1 ||
        connect(fd, (const struct sockaddr *)&peer, sizeof(peer)) < 0)
        g_error("connect to %s: %m", address);
    send_at_once(fd);
    return fd;
}

static gint64
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (gint64)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Returns: ns */
static gint64
round_trip(int fd)
{
    gint64 begin = now_ns();
    char byte = 'x';

    if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1)
        g_error("the connection broke: %m");
    return now_ns() - begin;
}

static int
compare(gconstpointer a, gconstpointer b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;

    return (x > y) - (x < y);
}

static int
ask(const char *address, guint count)
{
    g_autoptr(GArray) samples = g_array_sized_new(FALSE, FALSE, sizeof(gint64), count);
    int fd = connect_to(address);

    for (guint i = 0; i < count; i++) {
        gint64 sample = round_trip(fd);

        g_array_append_val(samples, sample);
    }
    close(fd);
    g_array_sort(samples, compare);
    printf("%.3f\n", (double)g_array_index(samples, gint64, count / 2) / 1e3);
    return 0;
}

static void
stream(const char *address, gulong pause_ms)
{
    int fd = connect_to(address);

    setlinebuf(stdout);
    for (;;) {
        double asked = (double)now_ns() / 1e9;

        printf("%.6f %.0f\n", asked, (double)round_trip(fd) / 1e3);
        g_usleep(pause_ms * 1000);
    }
}

int
main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "serve") == 0)
        serve();
    else if (argc == 4 && strcmp(argv[1], "ask") == 0)
        return ask(argv[2], MAX((guint)g_ascii_strtoull(argv[3], NULL, 10), 1));
    else if (argc == 4 && strcmp(argv[1], "stream") == 0)
        stream(argv[2], (gulong)g_ascii_strtoull(argv[3], NULL, 10));
    else
        g_printerr("usage: see the source\n");
    return 1;
}
