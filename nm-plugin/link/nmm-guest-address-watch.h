/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Follows the addresses that guests have on a device of the host, from the frames that arrive on it
 * and from the kernel's neighbour table. NmmHeardAddresses decides. Does not answer frames, and
 * sends requests only to guests, one by one, for an address that may be gone.
 */

#pragma once

#include "nmm-heard-addresses.h"

G_BEGIN_DECLS

typedef struct _NmmGuestAddressWatch NmmGuestAddressWatch;

/* The result of list() may have changed; at most ten times per second. */
typedef void (*NmmGuestAddressFunc)(gpointer user_data);

/* @device exists and is up. Needs CAP_NET_RAW. @changed is called from the main loop.
 * NMM_ERROR_NOT_FOUND, NMM_ERROR_FAILED. */
NmmGuestAddressWatch *nmm_guest_address_watch_new(const char *device,
                                                  NmmGuestAddressFunc changed,
                                                  gpointer user_data,
                                                  GError **error);
void nmm_guest_address_watch_free(NmmGuestAddressWatch *self);

/* @nics: all interfaces of running guests on @device. */
void
nmm_guest_address_watch_set_nics(NmmGuestAddressWatch *self, const NmmHeardNic *nics, gsize n_nics);
/* (transfer full) (element-type NmmGuestAddress): guests' names are valid until the next
 * set_nics(). */
GArray *nmm_guest_address_watch_list(NmmGuestAddressWatch *self);

G_END_DECLS
