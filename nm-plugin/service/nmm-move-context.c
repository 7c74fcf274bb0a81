/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-move-context.h"

#include <glib/gi18n-lib.h>

#include "nmm-announce.h"
#include "nmm-device.h"
#include "nmm-error.h"
#include "nmm-inet6.h"
#include "nmm-manager-config.h"
#include "nmm-move-profile.h"
#include "nmm-parent.h"
#include "nmm-standin.h"
#include "nmm-unmanaged.h"

/* A gateway that does not reply to ARP is given up after 3 s. */
#define OWN_RESULT_US (4 * G_USEC_PER_SEC)

void
nmm_move_context_init(NmmMoveContext *self, NMClient *client, NmmProfile *profile)
{
    *self = (NmmMoveContext){
        .client = g_object_ref(client),
        .profile = nmm_profile_ref(profile),
    };
}

void
nmm_move_context_clear(NmmMoveContext *self)
{
    g_clear_object(&self->client);
    g_clear_pointer(&self->profile, nmm_profile_unref);
    g_clear_object(&self->device);
    g_clear_object(&self->saved);
    g_clear_object(&self->stripped);
    g_clear_pointer(&self->address4, g_free);
    g_clear_pointer(&self->addresses6, g_strfreev);
    g_clear_pointer(&self->parent_mac, g_free);
    g_clear_pointer(&self->own_mac_cause, g_free);
    g_clear_pointer(&self->link_name, g_free);
    g_clear_pointer(&self->link_uuid, g_free);
    g_clear_object(&self->link);
    g_clear_pointer(&self->checkpoint, nmm_checkpoint_free);
}

/* Without a profile that is active, the name alone shows whose it is. */
static gboolean
owns(const NmmMoveContext *self, NMDevice *device)
{
    return nmm_parent_owns_link(self->device, device, self->link_uuid) ||
           (self->is_name_free && NM_IS_DEVICE_MACVLAN(device) &&
            nm_device_macvlan_get_parent(NM_DEVICE_MACVLAN(device)) == self->device);
}

NMDevice *
nmm_move_context_get_link_device(const NmmMoveContext *self)
{
    NMDevice *device = nm_client_get_device_by_iface(self->client, self->link_name);

    return device && owns(self, device) ? device : NULL;
}

gboolean
nmm_move_context_check_managed(const NmmMoveContext *self, GError **error)
{
    NMDevice *device = nmm_move_context_get_link_device(self);

    if (device)
        return nm_device_get_managed(device) ||
               nmm_unmanaged_fail_link(self->link_name, self->profile->link_name, error);
    /* NetworkManager 1.58 removes the device at once. */
    return nmm_manager_config_check_link(self->link_name, self->profile->link_name, error);
}

NMRemoteConnection *
nmm_move_context_get_link_profile(const NmmMoveContext *self)
{
    return nm_client_get_connection_by_uuid(self->client, self->link_uuid);
}

/* Addresses */

/* Those that the parent has with its stand-in MAC will not be on the link. */
static void
replace_standin(char **addresses, const char *own_mac)
{
    for (char **address = addresses; *address; address++) {
        char *own = nmm_standin_replace_in_address(*address, own_mac);

        g_free(*address);
        *address = own;
    }
}

void
nmm_move_context_note_addresses(NmmMoveContext *self, NMDevice *device)
{
    self->has_address4 = nmm_device_find_address(device, AF_INET) != NULL;
    self->has_address6 = nmm_device_find_address(device, AF_INET6) != NULL;
    g_free(self->address4);
    self->address4 = g_strdup(nmm_device_find_address(device, AF_INET));
    g_strfreev(self->addresses6);
    self->addresses6 =
        nmm_inet6_list(nm_device_get_iface(device), NMM_INET6_TEMPORARY | NMM_INET6_FAILED, 0);
    replace_standin(self->addresses6, self->parent_mac);
}

void
nmm_move_context_save(NmmMoveContext *self, NMConnection *wanted)
{
    g_set_object(&self->saved, wanted);
    g_clear_object(&self->stripped);
    self->stripped = nmm_move_profile_build_parent(wanted);
}

static gboolean
is_changed(const NmmMoveContext *self, NMConnection *applied)
{
    return applied &&
           !nm_connection_compare(self->saved, applied, NM_SETTING_COMPARE_FLAG_IGNORE_TIMESTAMP);
}

static gboolean
awaits_address(const NmmMoveContext *self, NMConnection *applied, int family)
{
    return nmm_move_profile_expects_address(applied, family) &&
           !nmm_device_find_address(self->device, family);
}

gboolean
nmm_move_context_can_follow(const NmmMoveContext *self, NMConnection *applied)
{
    return !is_changed(self, applied) ||
           (!awaits_address(self, applied, AF_INET) && !awaits_address(self, applied, AF_INET6));
}

gboolean
nmm_move_context_check_follow(const NmmMoveContext *self, NMConnection *applied, GError **error)
{
    g_autofree char *cause = self->has_taken && is_changed(self, applied)
                                 ? nmm_parent_find_mac_obstacle(NULL, self->device, applied)
                                 : NULL;

    return !cause || nmm_fail(error,
                              NMM_ERROR_CONFLICT,
                              _("another program changed the configuration of '%s', so the host "
                                "link '%s' cannot have its MAC address any more: %s; activate the "
                                "profile again"),
                              nm_device_get_iface(self->device),
                              self->link_name,
                              cause);
}

void
nmm_move_context_follow(NmmMoveContext *self, NMConnection *applied, guint64 version)
{
    self->version = version;
    self->is_changed = is_changed(self, applied);
    if (!self->is_changed)
        return;
    nmm_move_context_note_addresses(self, self->device);
    nmm_move_context_save(self, applied);
}

void
nmm_move_context_announce(const NmmMoveContext *self, NMDevice *device, int family)
{
    g_autoptr(GError) error = NULL;

    if (device && nm_device_get_state(device) == NM_DEVICE_STATE_ACTIVATED &&
        !nmm_announce(nm_device_get_iface(device), family, &error))
        g_warning("profile '%s': %s", self->profile->id, error->message);
}

/* NetworkManager counts an IPv6 address that is still being checked for duplicates, and does not
 * wait for the second one. */
static gboolean
has_addresses6(const NmmMoveContext *self, NMDevice *device)
{
    g_auto(GStrv) usable =
        nmm_inet6_list(nm_device_get_iface(device), NMM_INET6_TENTATIVE | NMM_INET6_FAILED, 0);

    for (char **address = self->addresses6; address && *address; address++) {
        if (!g_strv_contains((const char *const *)usable, *address))
            return FALSE;
    }
    return TRUE;
}

static gboolean
has_family6(const NmmMoveContext *self, NMDevice *device)
{
    return (!self->has_address6 || nmm_device_find_address(device, AF_INET6)) &&
           (g_get_monotonic_time() >= self->addresses6_deadline || has_addresses6(self, device));
}

/* All that it had, or after the deadline one of each family. */
static gboolean
has_addresses(const NmmMoveContext *self, NMDevice *device)
{
    return (!self->has_address4 || nmm_device_find_address(device, AF_INET)) &&
           has_family6(self, device);
}

/* Waiting */

/* (nullable) (transfer none): as soon as it is activated; NULL with an error if that failed. */
static NMDevice *
find_activated_link(NmmMoveContext *self, GError **error)
{
    NMActiveConnectionState state = nm_active_connection_get_state(self->link);

    if (state >= NM_ACTIVE_CONNECTION_STATE_DEACTIVATING &&
        nmm_move_context_check_managed(self, error))
        nmm_fail(error,
                 NMM_ERROR_UNREACHABLE,
                 _("could not activate host link '%s'; nothing was moved. Check that the "
                   "DHCP server replies and that the address is not in use"),
                 self->link_name);
    return state == NM_ACTIVE_CONNECTION_STATE_ACTIVATED ? nmm_move_context_get_link_device(self)
                                                         : NULL;
}

/* A link that keeps its own MAC begins with all its settings. */
gboolean
nmm_move_context_is_link_made(NmmMoveContext *self, GError **error)
{
    NMDevice *device;

    if (!self->takes_mac)
        return TRUE;
    device = find_activated_link(self, error);
    return device && has_family6(self, device);
}

gboolean
nmm_move_context_is_link_ready(NmmMoveContext *self, GError **error)
{
    NMDevice *device = find_activated_link(self, error);

    return device && has_addresses(self, device);
}

gboolean
nmm_move_context_is_followed(NmmMoveContext *self, GError **error)
{
    NMDevice *device = nmm_move_context_get_link_device(self);

    if (nm_active_connection_get_state(self->link) >= NM_ACTIVE_CONNECTION_STATE_DEACTIVATING)
        return nmm_fail(
            error, NMM_ERROR_NOT_FOUND, _("the host link '%s' went down"), self->link_name);
    return device && has_addresses(self, device);
}

static gboolean
has_other_uplink(const NmmMoveContext *self, NMDevice *link)
{
    const GPtrArray *devices = nm_client_get_devices(self->client);

    for (guint i = 0; i < devices->len; i++) {
        NMDevice *device = devices->pdata[i];

        if (device != link && device != self->device &&
            (nm_device_get_connectivity(device, AF_INET) == NM_CONNECTIVITY_FULL ||
             nm_device_get_connectivity(device, AF_INET6) == NM_CONNECTIVITY_FULL))
            return TRUE;
    }
    return FALSE;
}

/* NetworkManager replies as soon as one device has full connectivity (read in NM 1.42). If that may
 * be another uplink, the link's own result comes later, and until then the link has the one from
 * before the move. */
static gboolean
is_checked(const NmmMoveContext *self, NMDevice *link)
{
    return self->checked_at > 0 && (!has_other_uplink(self, link) ||
                                    g_get_monotonic_time() - self->checked_at >= OWN_RESULT_US);
}

/* Only after the parent lost its configuration: with a strict rp_filter the kernel accepts no reply
 * on the link while the parent has the same route. Before the check replies, NetworkManager still
 * has the connectivity from before. */
gboolean
nmm_move_context_is_online(NmmMoveContext *self, GError **error)
{
    NMDevice *device = nmm_move_context_get_link_device(self);

    if (!self->was_online && !self->was_online4)
        return TRUE;
    return is_checked(self, device) &&
           (!self->was_online ||
            nm_client_get_connectivity(self->client) == NM_CONNECTIVITY_FULL) &&
           (!self->was_online4 ||
            (device && nm_device_get_connectivity(device, AF_INET) == NM_CONNECTIVITY_FULL));
}

gboolean
nmm_move_context_is_manager_back(NmmMoveContext *self, GError **error)
{
    NMDevice *device =
        nm_client_get_device_by_iface(self->client, nm_device_get_iface(self->device));

    if (!device || nm_client_get_startup(self->client))
        return FALSE;
    g_set_object(&self->device, device);
    return TRUE;
}

/* A parent that is off gets no address. Without a link the host has no address to keep meanwhile,
 * but after a recovery the next activation begins with the parent's addresses. */
gboolean
nmm_move_context_is_restored(NmmMoveContext *self, GError **error)
{
    NMDevice *link = nmm_move_context_get_link_device(self);
    gboolean has_link = link && nm_device_get_state(link) == NM_DEVICE_STATE_ACTIVATED;

    return nmm_device_is_off(self->device) || (!has_link && !self->recovering) ||
           (nm_device_get_state(self->device) == NM_DEVICE_STATE_ACTIVATED &&
            has_addresses(self, self->device));
}
