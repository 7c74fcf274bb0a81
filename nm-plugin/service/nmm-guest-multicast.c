/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-guest-multicast.h"

#include "nmm-allmulticast.h"
#include "nmm-guest-selection.h"

struct _NmmGuestMulticast {
    NmmProfile *profile;
    char *parent;
    NmmAllmulticast *devices; /* (nullable): NULL before the first update */
};

NmmGuestMulticast *
nmm_guest_multicast_new(NmmProfile *profile, const char *parent)
{
    NmmGuestMulticast *self = g_new0(NmmGuestMulticast, 1);

    self->profile = nmm_profile_ref(profile);
    self->parent = g_strdup(parent);
    return self;
}

void
nmm_guest_multicast_free(NmmGuestMulticast *self)
{
    g_clear_pointer(&self->devices, nmm_allmulticast_free);
    nmm_profile_unref(self->profile);
    g_free(self->parent);
    g_free(self);
}

void
nmm_guest_multicast_update(NmmGuestMulticast *self, GPtrArray *guests, GPtrArray *networks)
{
    g_autoptr(GPtrArray) names = NULL;
    g_autoptr(GError) error = NULL;

    if (!self->profile->multicast)
        return;
    if (!self->devices)
        self->devices = nmm_allmulticast_new(&error);
    names = nmm_guest_selection_list_devices(self->profile, self->parent, guests, networks);
    if (!self->devices || !nmm_allmulticast_set(self->devices, names, &error))
        g_warning("profile '%s': %s", self->profile->id, error->message);
}
