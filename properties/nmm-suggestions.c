/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-suggestions.h"

#include <string.h>

#include "nmm-keys.h"
#include "nmm-parent.h"

static void
guest_choice_free(gpointer data)
{
    NmmGuestChoice *choice = data;

    g_free(choice->name);
    g_free(choice->uuid);
    g_free(choice->lower);
    g_free(choice);
}

static void
choices_clear(gpointer data)
{
    NmmSuggestions *choices = data;

    g_ptr_array_unref(choices->guests);
    g_ptr_array_unref(choices->networks);
}

NmmSuggestions *
nmm_suggestions_ref(NmmSuggestions *choices)
{
    return g_atomic_rc_box_acquire(choices);
}

void
nmm_suggestions_unref(NmmSuggestions *choices)
{
    g_atomic_rc_box_release_full(choices, choices_clear);
}

static int
compare_guests(gconstpointer a, gconstpointer b)
{
    const NmmGuestChoice *const *guest_a = a;
    const NmmGuestChoice *const *guest_b = b;

    return g_utf8_collate((*guest_a)->name, (*guest_b)->name);
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The running guest may differ from its definition; either counts. */
static const NmmNic *
find_macvtap(const NmmGuest *guest, GPtrArray *networks)
{
    const NmmNic *nic = NULL;

    if (guest->config)
        nic = nmm_guest_state_find_macvtap(guest->config, NULL, networks);
    if (!nic && guest->live)
        nic = nmm_guest_state_find_macvtap(guest->live, NULL, networks);
    return nic;
}

static NmmSuggestions *
build_choices(GPtrArray *guests, GPtrArray *networks)
{
    NmmSuggestions *choices = g_atomic_rc_box_new0(NmmSuggestions);

    choices->guests = g_ptr_array_new_with_free_func(guest_choice_free);
    choices->networks = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < guests->len; i++) {
        const NmmGuest *guest = guests->pdata[i];
        const NmmNic *nic = find_macvtap(guest, networks);
        NmmGuestChoice *choice;

        if (!nic)
            continue;
        choice = g_new0(NmmGuestChoice, 1);
        choice->name = g_strdup(guest->name);
        choice->uuid = g_strdup(guest->uuid);
        choice->lower = g_strdup(nic->lower);
        g_ptr_array_add(choices->guests, choice);
    }
    for (guint i = 0; i < networks->len; i++) {
        const NmmNetwork *network = networks->pdata[i];

        if (!network->forward_mode)
            g_ptr_array_add(choices->networks, g_strdup(network->name));
    }
    g_ptr_array_sort(choices->guests, compare_guests);
    g_ptr_array_sort(choices->networks, compare_names);
    return choices;
}

void
nmm_suggestions_load_async(NmmHypervisorMaker maker,
                           const char *uri,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
    nmm_hypervisor_read_async(maker, uri, FALSE, TRUE, 0, cancellable, callback, user_data);
}

NmmSuggestions *
nmm_suggestions_load_finish(GAsyncResult *result, GError **error)
{
    g_autoptr(NmmHostHypervisor) hypervisor = nmm_hypervisor_read_finish(result, error);

    if (hypervisor && hypervisor->error)
        g_propagate_error(error, g_error_copy(hypervisor->error));
    if (!hypervisor || hypervisor->error)
        return NULL;
    return build_choices(hypervisor->guests, hypervisor->networks);
}

gboolean
nmm_suggestions_is_safe_uri(const char *uri)
{
    return g_strv_contains(nmm_keys_find(NMM_KEY_LIBVIRT_URI)->choices, uri);
}

GPtrArray *
nmm_suggestions_list_parents(const GPtrArray *devices)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < devices->len; i++) {
        NMDevice *device = devices->pdata[i];
        const char *name = nm_device_get_iface(device);

        if (name && nmm_parent_is_ethernet(nm_device_get_device_type(device)))
            g_ptr_array_add(names, g_strdup(name));
    }
    g_ptr_array_sort(names, compare_names);
    return names;
}
