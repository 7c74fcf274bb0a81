/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-host-state.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-lock-key.h"

const char *
nmm_active_state_to_string(NmmActiveState state)
{
    static const char *const words[] = {
        [NMM_ACTIVE_DOWN] = "down",
        [NMM_ACTIVE_ACTIVATING] = "activating",
        [NMM_ACTIVE_UP] = "active",
        [NMM_ACTIVE_DEACTIVATING] = "deactivating",
    };

    return words[state];
}

static void
profile_free(gpointer data)
{
    NmmHostProfile *profile = data;

    g_free(profile->id);
    g_free(profile->uuid);
    g_clear_pointer(&profile->profile, nmm_profile_unref);
    g_clear_error(&profile->error);
    g_free(profile->raw_network);
    g_free(profile->base);
    g_free(profile->moved);
    g_clear_error(&profile->refusal);
    g_free(profile->parent);
    g_clear_error(&profile->parent_error);
    g_clear_pointer(&profile->status, nmm_profile_status_free);
    g_clear_pointer(&profile->failure, nmm_failure_free);
    g_free(profile->link);
    g_free(profile);
}

static void
device_free(gpointer data)
{
    NmmHostDevice *device = data;

    g_free(device->name);
    g_free(device);
}

NmmHostState *
nmm_host_state_new(void)
{
    NmmHostState *state = g_new0(NmmHostState, 1);

    state->allowed_uris = g_new0(char *, 1);
    state->devices = g_ptr_array_new_with_free_func(device_free);
    state->profiles = g_ptr_array_new_with_free_func(profile_free);
    state->subnets = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_used_subnet_free);
    state->links = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_link_free);
    state->hypervisors = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_host_hypervisor_unref);
    return state;
}

void
nmm_host_state_clear_nm(NmmHostState *state)
{
    g_clear_error(&state->nm_error);
    g_clear_pointer(&state->primary, g_free);
    state->networking = FALSE;
    g_clear_pointer(&state->silent_services, g_strfreev);
    g_ptr_array_set_size(state->devices, 0);
    g_ptr_array_set_size(state->profiles, 0);
    g_ptr_array_set_size(state->subnets, 0);
    g_clear_error(&state->subnets_error);
}

void
nmm_host_state_free(NmmHostState *state)
{
    if (!state)
        return;
    nmm_host_state_clear_nm(state);
    g_clear_error(&state->config_error);
    g_strfreev(state->allowed_uris);
    g_ptr_array_unref(state->devices);
    g_ptr_array_unref(state->profiles);
    g_ptr_array_unref(state->subnets);
    g_clear_error(&state->links_error);
    g_ptr_array_unref(state->links);
    g_ptr_array_unref(state->hypervisors);
    g_free(state);
}

NmmHostProfile *
nmm_host_state_add_profile(NmmHostState *state, const char *id, const char *uuid)
{
    NmmHostProfile *profile = g_new0(NmmHostProfile, 1);

    profile->id = g_strdup(id);
    profile->uuid = g_strdup(uuid);
    g_ptr_array_add(state->profiles, profile);
    return profile;
}

NmmHostDevice *
nmm_host_state_add_device(NmmHostState *state, const char *name)
{
    NmmHostDevice *device = g_new0(NmmHostDevice, 1);

    device->name = g_strdup(name);
    g_ptr_array_add(state->devices, device);
    return device;
}

/* Hypervisors */

NmmHostHypervisor *
nmm_host_hypervisor_new(const char *uri)
{
    NmmHostHypervisor *hypervisor = g_atomic_rc_box_new0(NmmHostHypervisor);

    hypervisor->uri = g_strdup(uri);
    hypervisor->networks = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_network_free);
    hypervisor->guests = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_guest_unref);
    hypervisor->leases =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    hypervisor->lease_problems = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return hypervisor;
}

NmmHostHypervisor *
nmm_host_hypervisor_ref(NmmHostHypervisor *hypervisor)
{
    return g_atomic_rc_box_acquire(hypervisor);
}

static void
hypervisor_clear(gpointer data)
{
    NmmHostHypervisor *hypervisor = data;

    g_free(hypervisor->uri);
    g_clear_error(&hypervisor->error);
    g_clear_error(&hypervisor->networks_error);
    g_ptr_array_unref(hypervisor->networks);
    g_ptr_array_unref(hypervisor->guests);
    g_hash_table_unref(hypervisor->leases);
    g_hash_table_unref(hypervisor->lease_problems);
}

void
nmm_host_hypervisor_unref(NmmHostHypervisor *hypervisor)
{
    g_atomic_rc_box_release_full(hypervisor, hypervisor_clear);
}

void
nmm_host_state_set_hypervisor(NmmHostState *state, NmmHostHypervisor *hypervisor)
{
    for (guint i = 0; i < state->hypervisors->len; i++) {
        NmmHostHypervisor *old = g_ptr_array_index(state->hypervisors, i);

        if (!g_str_equal(old->uri, hypervisor->uri))
            continue;
        nmm_host_hypervisor_unref(old);
        state->hypervisors->pdata[i] = hypervisor;
        return;
    }
    g_ptr_array_add(state->hypervisors, hypervisor);
}

/* Look-ups */

NmmHostProfile *
nmm_host_state_find_profile(const NmmHostState *state, const char *uuid)
{
    for (guint i = 0; i < state->profiles->len; i++) {
        NmmHostProfile *profile = g_ptr_array_index(state->profiles, i);

        if (g_ascii_strcasecmp(profile->uuid, uuid) == 0)
            return profile;
    }
    return NULL;
}

const NmmHostDevice *
nmm_host_state_find_device(const NmmHostState *state, const char *name)
{
    for (guint i = 0; i < state->devices->len; i++) {
        const NmmHostDevice *device = g_ptr_array_index(state->devices, i);

        if (g_str_equal(device->name, name))
            return device;
    }
    return NULL;
}

NmmHostHypervisor *
nmm_host_state_find_hypervisor(const NmmHostState *state, const char *uri)
{
    for (guint i = 0; i < state->hypervisors->len; i++) {
        NmmHostHypervisor *hypervisor = g_ptr_array_index(state->hypervisors, i);

        if (g_str_equal(hypervisor->uri, uri))
            return hypervisor;
    }
    return NULL;
}

NmmNetwork *
nmm_host_state_find_network(const NmmHostState *state, const NmmProfile *profile)
{
    NmmHostHypervisor *hypervisor = nmm_host_state_find_hypervisor(state, profile->libvirt_uri);

    if (!hypervisor || !nmm_mode_get_info(profile->mode)->has_network)
        return NULL;
    return nmm_network_find(hypervisor->networks, profile->network);
}

NmmLink *
nmm_host_state_find_host_link(const NmmHostState *state,
                              const NmmHostProfile *profile,
                              GError **error)
{
    NmmLink *link = nmm_links_find(state->links, profile->link);

    if (!link) {
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_NOT_FOUND,
                    _("there is no network interface '%s'"),
                    profile->link ? profile->link : "?");
        return NULL;
    }
    if (nmm_mode_get_info(profile->profile->mode)->moves_configuration && !link->profile_uuid &&
        g_strcmp0(link->kind, "macvtap") == 0 && link->parent &&
        g_strcmp0(link->parent, profile->parent) == 0)
        return link;
    return nmm_link_check_owner(link->name, link->profile_uuid, profile->uuid, error) ? link : NULL;
}

gboolean
nmm_host_state_check_link_name(const NmmHostState *state,
                               const NmmHostProfile *profile,
                               GError **error)
{
    return !nmm_links_find(state->links, profile->link) ||
           nmm_host_state_find_host_link(state, profile, error);
}

const NmmCidr *
nmm_host_state_get_address(const NmmHostState *state, const NmmHostProfile *profile)
{
    const NmmProfile *p = profile->profile;
    const NmmNetwork *network = p ? nmm_host_state_find_network(state, p) : NULL;
    const NmmLink *link = NULL;

    if (network)
        return nmm_network_get_address(network, G_SOCKET_FAMILY_IPV4);
    if (!p || nmm_mode_get_info(p->mode)->has_network)
        return NULL;
    if (nmm_mode_get_info(p->mode)->moves_configuration)
        link = nmm_host_state_find_host_link(state, profile, NULL);
    if (!link || !nmm_link_get_address(link))
        link = nmm_links_find(state->links, profile->parent);
    return link ? nmm_link_get_address(link) : NULL;
}

/* A profile that is going down releases its locks, and the service waits for them. */
static gboolean
holds_locks(const NmmHostProfile *profile)
{
    return profile->profile &&
           (profile->state == NMM_ACTIVE_UP || profile->state == NMM_ACTIVE_ACTIVATING);
}

gboolean
nmm_host_state_check_locks(const NmmHostState *state, const NmmHostProfile *profile, GError **error)
{
    g_autoptr(GPtrArray) keys = nmm_lock_key_list(profile->profile, profile->link, profile->parent);

    for (guint i = 0; i < state->profiles->len; i++) {
        const NmmHostProfile *other = g_ptr_array_index(state->profiles, i);
        g_autoptr(GPtrArray) other_keys = NULL;
        const NmmLockKey *key;

        if (other == profile || !holds_locks(other))
            continue;
        other_keys = nmm_lock_key_list(other->profile, other->link, other->parent);
        key = nmm_lock_key_find_shared(keys, other_keys);
        if (key)
            return nmm_lock_key_refuse(key, other->id, error);
    }
    return TRUE;
}
