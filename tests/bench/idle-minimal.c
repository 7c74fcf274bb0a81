/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The yardstick for the service at rest: connected to libvirt and to NetworkManager, and nothing
 * else, until its standard input ends.
 */

#include <NetworkManager.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <unistd.h>

int
main(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(NMClient) client = nm_client_new(NULL, &error);
    virConnectPtr connection = virConnectOpen("qemu:///system");
    char byte;

    if (!client)
        g_error("NetworkManager: %s", error->message);
    if (!connection)
        g_error("libvirt: %s", virGetLastErrorMessage());
    while (read(STDIN_FILENO, &byte, sizeof(byte)) > 0)
        continue;
    virConnectClose(connection);
    return 0;
}
