/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The yardstick for guest sync: the least that must be asked of libvirt, in sequence. Reads every
 * defined guest ("read"), gives each macvtap guest an interface on a network as well ("attach"), or
 * takes that out again ("detach"). Nothing is decided, checked or reported.
 */

#include <glib.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <string.h>

#define ALIAS "ua-bench-minimal"

/* Returns: whether the guest has a macvtap interface. */
static gboolean
read_guest(virDomainPtr domain)
{
    g_autofree char *definition = virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE);

    return definition && strstr(definition, "type='direct'");
}

static void
attach(virDomainPtr domain, const char *network, guint n)
{
    g_autofree char *nic = NULL;

    nic = g_markup_printf_escaped("<interface type='network'><mac address='52:aa:00:00:%02x:%02x'/>"
                                  "<source network='%s'/><model type='virtio'/>"
                                  "<alias name='" ALIAS "'/></interface>",
                                  n >> 8 & 0xff,
                                  n & 0xff,
                                  network);
    if (virDomainAttachDeviceFlags(domain, nic, VIR_DOMAIN_AFFECT_CONFIG) < 0)
        g_error("attach: %s", virGetLastErrorMessage());
}

int
main(int argc, char **argv)
{
    virConnectPtr connection;
    virDomainPtr *domains = NULL;
    gint64 start;
    int n;

    if (argc != 3)
        g_error("usage: sync-minimal read|attach|detach NETWORK");

    start = g_get_monotonic_time();
    connection = virConnectOpen("qemu:///system");
    n = connection ? virConnectListAllDomains(connection, &domains, 0) : -1;
    if (n < 0)
        g_error("libvirt: %s", virGetLastErrorMessage());
    for (int i = 0; i < n; i++) {
        if (strcmp(argv[1], "detach") == 0)
            virDomainDetachDeviceAlias(domains[i], ALIAS, VIR_DOMAIN_AFFECT_CONFIG);
        else if (read_guest(domains[i]) && strcmp(argv[1], "attach") == 0)
            attach(domains[i], argv[2], i);
        virDomainFree(domains[i]);
    }
    g_print("%.3f\n", (double)(g_get_monotonic_time() - start) / 1e6);
    g_free(domains);
    virConnectClose(connection);
    return 0;
}
