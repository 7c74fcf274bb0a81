/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-move-guests.h"

#include "nmm-guest-address-watch.h"
#include "nmm-guest-multicast.h"
#include "nmm-guest-selection.h"
#include "nmm-guest-warnings.h"
#include "nmm-watcher.h"

struct _NmmMoveGuests {
    NmmProfile *profile;
    char *parent;
    NmmGuestWarnings *warnings;
    NmmGuestMulticast *multicast;
    NmmWatcher *watcher;
    NmmGuestAddressWatch *addresses; /* (nullable): NULL without the key guest-names */
    NmmActivation *activation;
};

static void
addresses_cb(gpointer user_data)
{
    NmmMoveGuests *self = user_data;
    g_autoptr(GArray) addresses = nmm_guest_address_watch_list(self->addresses);

    nmm_activation_set_addresses(self->activation, addresses);
}

static void
start_addresses(NmmMoveGuests *self, const char *link)
{
    g_autoptr(GError) error = NULL;

    if (!self->profile->guest_names)
        return;
    self->addresses = nmm_guest_address_watch_new(link, addresses_cb, self, &error);
    if (!self->addresses)
        g_warning("profile '%s': %s", self->profile->id, error->message);
}

static void
update_addresses(NmmMoveGuests *self, const NmmReading *reading)
{
    g_autoptr(GArray) found = nmm_guest_selection_list_nics(
        self->profile, self->parent, reading->guests, reading->networks);
    g_autoptr(GArray) nics = g_array_new(FALSE, FALSE, sizeof(NmmHeardNic));

    for (guint i = 0; i < found->len; i++) {
        const NmmGuestNic *item = &g_array_index(found, NmmGuestNic, i);
        const NmmHeardNic nic = {item->guest->name, item->nic->mac};

        g_array_append_val(nics, nic);
    }
    nmm_guest_address_watch_set_nics(
        self->addresses, (const NmmHeardNic *)(void *)nics->data, nics->len);
}

static void
read_cb(const NmmReading *reading, gpointer user_data)
{
    NmmMoveGuests *self = user_data;

    if (nmm_guest_warnings_update(self->warnings, reading->guests, reading->networks))
        nmm_activation_set_problems(
            self->activation, "guests", nmm_guest_warnings_list_problems(self->warnings));
    nmm_guest_multicast_update(self->multicast, reading->guests, reading->networks);
    if (self->addresses)
        update_addresses(self, reading);
}

static void
failed_cb(const GError *error, gpointer user_data)
{
    NmmMoveGuests *self = user_data;

    g_message("profile '%s': cannot check which guests can reach the host: %s",
              self->profile->id,
              error->message);
}

static const NmmWatcherClient watcher_client = {
    .remember_guests = TRUE,
    .read = read_cb,
    .failed = failed_cb,
};

NmmMoveGuests *
nmm_move_guests_new(NmmActivation *activation, const char *parent, const char *link)
{
    g_autoptr(NmmHypervisor) hypervisor = nmm_activation_new_hypervisor(activation);
    NmmProfile *profile = nmm_activation_get_profile(activation);
    NmmMoveGuests *self = g_new(NmmMoveGuests, 1);

    *self = (NmmMoveGuests){
        .profile = nmm_profile_ref(profile),
        .parent = g_strdup(parent),
        .warnings = nmm_guest_warnings_new(profile, parent),
        .multicast = nmm_guest_multicast_new(profile, parent),
        .watcher = nmm_watcher_new(hypervisor, &watcher_client, NULL, self),
        .activation = activation,
    };
    start_addresses(self, link);
    nmm_watcher_start(self->watcher);
    return self;
}

void
nmm_move_guests_free(NmmMoveGuests *self)
{
    nmm_watcher_free(self->watcher);
    g_clear_pointer(&self->addresses, nmm_guest_address_watch_free);
    nmm_guest_multicast_free(self->multicast);
    nmm_guest_warnings_free(self->warnings);
    nmm_profile_unref(self->profile);
    g_free(self->parent);
    g_free(self);
}
