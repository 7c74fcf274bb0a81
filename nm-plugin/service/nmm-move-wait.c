/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What mode move waits for: addresses on the host link, a host that is as online as before,
 * addresses back on the parent. And the LAN, which is told where they are.
 */

#include "config.h"

#include "nmm-move-private.h"

#include <glib/gi18n-lib.h>

#include "nmm-announce.h"
#include "nmm-error.h"
#include "nmm-inet6.h"
#include "nmm-device.h"

/* Shorter together than NM's patience with a VPN that comes up (vpn.timeout, 60 s). */
#define LINK_TIMEOUT_S   30
#define ONLINE_TIMEOUT_S 20
/* Shorter than the service's patience with a profile that goes down. */
#define RESTORE_TIMEOUT_S 25
/* A prefix that the router does not advertise any more does not come back. */
#define INET6_TIMEOUT_S 10
/* NetworkManager has started when every device has what it gets, or DHCP was given up (45 s). */
#define MANAGER_TIMEOUT_S 60
/* What is waited for is spread over devices, active connections and IP configurations that come and
 * go meanwhile. No timer runs while the profile is up. */
#define WAIT_INTERVAL_MS 100

/* Addresses and routes of a device */

static gboolean
has_addresses(NmmMove *self, NMDevice *device)
{
    return (!self->has_address4 || nmm_device_find_address(device, AF_INET)) &&
           (!self->has_address6 || nmm_device_find_address(device, AF_INET6));
}

char **
nmm_move_list_inet6(NMDevice *device, guint mask, guint flags)
{
    g_autofree char *text = NULL;

    g_file_get_contents(NMM_INET6_FILE, &text, NULL, NULL);
    return nmm_inet6_list(text ?: "", nm_device_get_iface(device), mask, flags);
}

/* NetworkManager counts an IPv6 address that is still being checked for duplicates, and does not
 * wait for the second one. */
static gboolean
has_addresses6(NmmMove *self, NMDevice *device)
{
    g_auto(GStrv) usable = nmm_move_list_inet6(device, NMM_INET6_TENTATIVE | NMM_INET6_FAILED, 0);

    for (char **address = self->addresses6; address && *address; address++) {
        if (!g_strv_contains((const char *const *)usable, *address))
            return FALSE;
    }
    return TRUE;
}

void
nmm_move_announce(NmmMove *self, NMDevice *device)
{
    g_autoptr(GError) error = NULL;

    if (device && nm_device_get_state(device) == NM_DEVICE_STATE_ACTIVATED &&
        !nmm_announce(nm_device_get_iface(device), &error))
        g_warning("profile '%s': %s", nmm_move_get_profile(self)->id, error->message);
}

void
nmm_move_note_addresses(NmmMove *self, NMDevice *device)
{
    self->has_address4 = nmm_device_find_address(device, AF_INET) != NULL;
    self->has_address6 = nmm_device_find_address(device, AF_INET6) != NULL;
    g_free(self->address4);
    self->address4 = g_strdup(nmm_device_find_address(device, AF_INET));
    g_strfreev(self->addresses6);
    self->addresses6 = nmm_move_list_inet6(device, NMM_INET6_TEMPORARY | NMM_INET6_FAILED, 0);
}

/* Waiting */

/* All that it had, or after a while what has to be there. */
static gboolean
has_all_addresses(NmmMove *self, NMDevice *device)
{
    return has_addresses(self, device) &&
           (g_get_monotonic_time() >= self->inet6_deadline || has_addresses6(self, device));
}

static gboolean
is_link_ready(NmmMove *self, GError **error)
{
    NMActiveConnectionState state = nm_active_connection_get_state(self->link);
    NMDevice *device = nmm_move_get_link_device(self);

    if (state >= NM_ACTIVE_CONNECTION_STATE_DEACTIVATING) {
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_UNREACHABLE,
                    _("the host link '%s' could not be activated, so that nothing was moved: does "
                      "the DHCP server answer it, and does nobody else have the address?"),
                    self->link_name);
        return FALSE;
    }
    return state == NM_ACTIVE_CONNECTION_STATE_ACTIVATED && device &&
           has_all_addresses(self, device);
}

/* Not asked before the parent is bare: with a strict rp_filter the kernel takes no answer on the
 * link as long as the parent has the same route. */
static gboolean
is_online(NmmMove *self, GError **error)
{
    NMDevice *device = nmm_move_get_link_device(self);

    return (!self->was_online ||
            nm_client_get_connectivity(nmm_move_get_client(self)) == NM_CONNECTIVITY_FULL) &&
           (!self->was_online4 ||
            (device && nm_device_get_connectivity(device, AF_INET) == NM_CONNECTIVITY_FULL));
}

/* Where the parent is not to have an address there is nothing to wait for. Without a link there is
 * nothing to keep meanwhile, but what is to begin anew begins with what the parent has then. */
static gboolean
is_restored(NmmMove *self, GError **error)
{
    NMDevice *link = nmm_move_get_link_device(self);
    gboolean has_link = link && nm_device_get_state(link) == NM_DEVICE_STATE_ACTIVATED;

    return nmm_device_is_off(self->device) || (!has_link && !self->transaction.recovering) ||
           (nm_device_get_state(self->device) == NM_DEVICE_STATE_ACTIVATED &&
            has_all_addresses(self, self->device));
}

typedef struct {
    guint timeout_s;
    gboolean (*is_done)(NmmMove *self, GError **error);
    const char *timeout;
} WaitInfo;

#define NOT_RESTORED                                                                               \
    N_("the parent does not get its address back; the host link stays up, so that the host has one")

static const WaitInfo waits[] = {
    [NMM_MOVE_STEP_WAIT_LINK] = {LINK_TIMEOUT_S,
                                 is_link_ready,
                                 N_("the host link does not get online in time, so that "
                                    "nothing was moved")},
    [NMM_MOVE_STEP_WAIT_ONLINE] = {ONLINE_TIMEOUT_S,
                                   is_online,
                                   N_("the host is not online over the host link, so that "
                                      "everything was moved back")},
    [NMM_MOVE_STEP_WAIT_MANAGER] = {MANAGER_TIMEOUT_S, nmm_move_is_manager_back, NOT_RESTORED},
    [NMM_MOVE_STEP_WAIT_RESTORED] = {RESTORE_TIMEOUT_S, is_restored, NOT_RESTORED},
};

static gboolean
wait_cb(gpointer user_data)
{
    g_autoptr(NmmMove) self = g_object_ref(user_data);
    const WaitInfo *info = &waits[self->transaction.step];
    GError *error = NULL;
    gboolean done = info->is_done(self, &error);

    if (!done && !error && g_get_monotonic_time() < self->deadline)
        return G_SOURCE_CONTINUE;

    self->wait_id = 0;
    if (!done && !error)
        error = g_error_new_literal(NMM_ERROR, NMM_ERROR_UNREACHABLE, _(info->timeout));
    nmm_move_end_step(self, error);
    return G_SOURCE_REMOVE;
}

void
nmm_move_step_wait(NmmMove *self)
{
    self->deadline =
        g_get_monotonic_time() + waits[self->transaction.step].timeout_s * G_USEC_PER_SEC;
    self->inet6_deadline = g_get_monotonic_time() + INET6_TIMEOUT_S * G_USEC_PER_SEC;
    self->wait_id = g_timeout_add(WAIT_INTERVAL_MS, wait_cb, self);
}

/* NetworkManager asks by itself, but not always at once. */
void
nmm_move_step_wait_online(NmmMove *self)
{
    nmm_move_announce(self, nmm_move_get_link_device(self));
    nm_client_check_connectivity_async(nmm_move_get_client(self), NULL, NULL, NULL);
    nmm_move_step_wait(self);
}
