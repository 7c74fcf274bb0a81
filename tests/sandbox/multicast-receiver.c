/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For a sandbox guest: joins the IPv4 group GROUP and prints what arrives at PORT.
 *
 *   multicast-receiver GROUP PORT
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

int
main(int argc, char **argv)
{
    struct ip_mreqn group = {0};
    struct sockaddr_in at = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    char text[256];
    ssize_t length;

    if (argc != 3 || inet_pton(AF_INET, argv[1], &group.imr_multiaddr) != 1)
        return 2;
    at.sin_port = htons((unsigned short)atoi(argv[2]));
    if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
        setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)) != 0) {
        perror(argv[1]);
        return 1;
    }
    puts("ready");
    fflush(stdout);
    while ((length = recv(fd, text, sizeof(text), 0)) >= 0) {
        printf("%.*s\n", (int)length, text);
        fflush(stdout);
    }
    return 1;
}
