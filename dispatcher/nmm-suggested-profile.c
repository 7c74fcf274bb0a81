/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-suggested-profile.h"

#include <string.h>

#include "nmm-identity.h"

static const char *
get_target(const NmmProfile *profile)
{
    return nmm_mode_get_target(profile->mode, profile->network, profile->parent);
}

/* Only the default libvirt needs no name. */
static char *
make_id(NmmMode mode, const char *target, const char *uri)
{
    const char *what = nmm_mode_get_info(mode)->suggested_as;

    if (nmm_keys_is_default(NMM_KEY_LIBVIRT_URI, uri))
        return g_strdup_printf("%s %s", what, target);
    return g_strdup_printf("%s %s (%.*s)", what, target, (int)strcspn(uri, ":"), uri);
}

NmmSuggestedProfile *
nmm_suggested_profile_new(NmmMode mode, const char *target, const char *uri)
{
    NmmSuggestedProfile *suggested = g_new0(NmmSuggestedProfile, 1);

    suggested->mode = mode;
    suggested->target = g_strdup(target);
    suggested->uri = g_strdup(uri);
    suggested->uuid = nmm_identity_suggested_uuid(mode, target, uri);
    suggested->id = make_id(mode, target, uri);
    return suggested;
}

void
nmm_suggested_profile_free(NmmSuggestedProfile *suggested)
{
    if (!suggested)
        return;
    g_free(suggested->uuid);
    g_free(suggested->id);
    g_free(suggested->target);
    g_free(suggested->uri);
    g_free(suggested);
}

gboolean
nmm_suggested_profile_is_unsaved(const NmmHostProfile *profile)
{
    const NmmProfile *p = profile->profile;

    return p && profile->in_memory &&
           nmm_identity_is_suggested(p->uuid, p->mode, get_target(p), p->libvirt_uri);
}

gboolean
nmm_suggested_profile_can_work(const NmmSuggestedProfile *suggested, const NmmHostState *host)
{
    return host->links_error || !nmm_mode_get_info(suggested->mode)->has_host_link ||
           nmm_links_check_parent(host->links, suggested->target, NULL);
}

gboolean
nmm_suggested_profile_is_taken(const NmmSuggestedProfile *suggested, const NmmHostState *host)
{
    gboolean has_network = nmm_mode_get_info(suggested->mode)->has_network;

    for (guint i = 0; i < host->profiles->len; i++) {
        const NmmHostProfile *profile = host->profiles->pdata[i];
        const NmmProfile *p = profile->profile;

        if (p && !nmm_suggested_profile_is_unsaved(profile) &&
            g_str_equal(p->libvirt_uri, suggested->uri) &&
            nmm_mode_get_info(p->mode)->has_network == has_network &&
            g_strcmp0(get_target(p) ?: host->primary, suggested->target) == 0)
            return TRUE;
    }
    return FALSE;
}

/* A profile can adopt the network. The one with the default name needs no guest on it; any other
 * isolated network may not be meant for the host. */
static gboolean
is_network_suggested(const NmmNetwork *network, const NmmGuestUse *use)
{
    const char *default_name = nmm_keys_find(NMM_KEY_NETWORK)->default_value;

    return !network->forward_mode && network->persistent &&
           nmm_network_get_address(network, G_SOCKET_FAMILY_IPV4) &&
           (g_hash_table_contains(use->networks, network->name) ||
            (use->has_guests && g_str_equal(network->name, default_name)));
}

GPtrArray *
nmm_suggested_profile_list(const NmmHostHypervisor *hypervisor, const NmmGuestUse *use)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_suggested_profile_free);

    for (guint i = 0; i < hypervisor->networks->len; i++) {
        const NmmNetwork *network = hypervisor->networks->pdata[i];

        if (is_network_suggested(network, use))
            g_ptr_array_add(
                list, nmm_suggested_profile_new(NMM_MODE_ISOLATED, network->name, hypervisor->uri));
    }
    for (gsize i = 0; use->parents[i]; i++)
        g_ptr_array_add(
            list, nmm_suggested_profile_new(NMM_MODE_SHARE, use->parents[i], hypervisor->uri));
    return list;
}
