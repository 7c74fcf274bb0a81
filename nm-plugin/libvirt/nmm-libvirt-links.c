/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads the network interfaces of a libvirt's host, which may be another machine, from its driver
 * of node devices.
 */

#include "config.h"

#include "nmm-libvirt-private.h"

#include "nmm-error.h"

/* FALSE only if the connection broke. */
static gboolean
read_link(NmmLibvirtCall *call, virNodeDevicePtr device, GPtrArray *links, GError **error)
{
    g_autofree char *xml = virNodeDeviceGetXMLDesc(device, 0);
    g_autoptr(GError) local = NULL;
    NmmLink *link = NULL;

    if (xml)
        link = nmm_link_new_from_xml(xml, &local);
    else
        nmm_libvirt_call_fail(call, &local);
    if (link)
        g_ptr_array_add(links, link);
    else if (!g_error_matches(local, NMM_ERROR, NMM_ERROR_UNREACHABLE))
        g_debug("ignoring device '%s': %s", virNodeDeviceGetName(device), local->message);
    else
        return nmm_fail(error, NMM_ERROR_UNREACHABLE, "%s", local->message);
    return TRUE;
}

GPtrArray *
nmm_libvirt_list_links(NmmLibvirtCall *call, GError **error)
{
    g_autoptr(GPtrArray) links = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_link_free);
    virNodeDevicePtr *devices = NULL;
    int n =
        virConnectListAllNodeDevices(call->conn, &devices, VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET);
    gboolean done = n >= 0;

    if (!done)
        nmm_libvirt_call_fail(call, error);
    for (int i = 0; i < n; i++) {
        done = done && read_link(call, devices[i], links, error);
        virNodeDeviceFree(devices[i]);
    }
    free(devices);
    return done ? g_steal_pointer(&links) : NULL;
}
