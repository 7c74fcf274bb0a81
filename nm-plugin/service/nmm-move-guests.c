/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-move-guests.h"

#include "nmm-guest-multicast.h"
#include "nmm-guest-warnings.h"
#include "nmm-watcher.h"

struct _NmmMoveGuests {
    NmmProfile *profile;
    NmmGuestWarnings *warnings;
    NmmGuestMulticast *multicast;
    NmmWatcher *watcher;
    NmmMoveGuestsFunc changed;
    gpointer user_data;
};

static void
read_cb(const NmmReading *reading, gpointer user_data)
{
    NmmMoveGuests *self = user_data;

    if (nmm_guest_warnings_update(self->warnings, reading->guests, reading->networks))
        self->changed(nmm_guest_warnings_list_problems(self->warnings), self->user_data);
    nmm_guest_multicast_update(self->multicast, reading->guests, reading->networks);
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
nmm_move_guests_new(NmmProfile *profile,
                    const char *parent,
                    NmmHypervisor *hypervisor,
                    NmmMoveGuestsFunc changed,
                    gpointer user_data)
{
    NmmMoveGuests *self = g_new(NmmMoveGuests, 1);

    *self = (NmmMoveGuests){
        .profile = nmm_profile_ref(profile),
        .warnings = nmm_guest_warnings_new(profile, parent),
        .multicast = nmm_guest_multicast_new(profile, parent),
        .changed = changed,
        .user_data = user_data,
        .watcher = nmm_watcher_new(hypervisor, &watcher_client, NULL, self),
    };
    nmm_watcher_start(self->watcher);
    return self;
}

void
nmm_move_guests_free(NmmMoveGuests *self)
{
    nmm_watcher_free(self->watcher);
    nmm_guest_multicast_free(self->multicast);
    nmm_guest_warnings_free(self->warnings);
    nmm_profile_unref(self->profile);
    g_free(self);
}
