/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a device has an address, or will get one, from libnm's cache.
 */

#pragma once

#include <NetworkManager.h>

G_BEGIN_DECLS

/* (transfer none) (nullable): the first address of @family (AF_INET, AF_INET6) that is not
 * link-local. */
const char *nmm_device_find_address(NMDevice *device, int family);
gboolean nmm_device_has_address(NMDevice *device, const char *address);
/* Whether it will get no address: the cable is out, it is unmanaged, a user disconnected it, or its
 * profile was deleted. NetworkManager also disconnects a device whose DHCP server does not reply,
 * but that one gets an address as soon as the server does. */
gboolean nmm_device_is_off(NMDevice *device);

/* Waits until NetworkManager knows that @device has @mac or is gone, at most two seconds.
 * NetworkManager's DHCP client uses the MAC that NetworkManager knows, and the kernel's events
 * arrive late. Cannot fail. */
void nmm_device_wait_mac_async(NMClient *client,
                               NMDevice *device,
                               const char *mac,
                               GAsyncReadyCallback callback,
                               gpointer user_data);

G_END_DECLS
