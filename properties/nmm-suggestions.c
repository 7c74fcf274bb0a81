/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads what can be chosen. Everything is read-only. A hypervisor that hangs keeps one thread for
 * each URI and no more, however often an editor is opened, since whoever asks meanwhile joins those
 * who wait. Apart from that thread all of this lives on the main context.
 */

#include "config.h"

#include "nmm-suggestions.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "nmm-keys.h"
#include "nmm-parent.h"

/* Those who wait for one URI: (element-type utf8 GPtrArray(GTask)). */
static GHashTable *pending;

typedef struct {
    char *uri;
    NmmHypervisor *hypervisor;
    NmmSuggestions *choices; /* (nullable): the result, or */
    GError *error;           /* (nullable) */
} Load;

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

/**
 * nmm_suggestions_ref:
 * @choices: what was read
 *
 * Returns: (transfer full): @choices, which nobody changes any more
 */
NmmSuggestions *
nmm_suggestions_ref(NmmSuggestions *choices)
{
    return g_atomic_rc_box_acquire(choices);
}

/**
 * nmm_suggestions_unref:
 * @choices: (transfer full): what was read
 */
void
nmm_suggestions_unref(NmmSuggestions *choices)
{
    g_atomic_rc_box_release_full(choices, choices_clear);
}

/*****************************************************************************/

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

/* A guest that runs may differ from its definition; either makes it one of ours. */
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

static void
load_free(Load *load)
{
    g_free(load->uri);
    g_object_unref(load->hypervisor);
    g_clear_pointer(&load->choices, nmm_suggestions_unref);
    g_clear_error(&load->error);
    g_free(load);
}

/* On the main context: everybody who waits gets the same. */
static gboolean
loaded_cb(gpointer user_data)
{
    Load *load = user_data;
    g_autoptr(GPtrArray) tasks = g_ptr_array_ref(g_hash_table_lookup(pending, load->uri));

    g_hash_table_remove(pending, load->uri);
    for (guint i = 0; i < tasks->len; i++) {
        if (load->choices)
            g_task_return_pointer(tasks->pdata[i],
                                  nmm_suggestions_ref(load->choices),
                                  (GDestroyNotify)nmm_suggestions_unref);
        else
            g_task_return_error(tasks->pdata[i], g_error_copy(load->error));
    }
    load_free(load);
    return G_SOURCE_REMOVE;
}

static gpointer
load_thread(gpointer user_data)
{
    Load *load = user_data;
    g_autoptr(GPtrArray) guests = NULL;
    g_autoptr(GPtrArray) networks = NULL;

    if (nmm_hypervisor_open(load->hypervisor, TRUE, &load->error)) {
        networks = nmm_hypervisor_list_networks(load->hypervisor, &load->error);
        if (networks)
            guests = nmm_hypervisor_list_guests(load->hypervisor, &load->error);
        if (guests)
            load->choices = build_choices(guests, networks);
        nmm_hypervisor_close(load->hypervisor);
    }
    g_idle_add(loaded_cb, load);
    return NULL;
}

static void
start_load(NmmHypervisorMaker maker, const char *uri)
{
    Load *load = g_new0(Load, 1);
    g_autoptr(GThread) thread = NULL;

    load->uri = g_strdup(uri);
    load->hypervisor = maker(uri);
    /* Not one of GTask's pool, which is small and which others need. */
    thread = g_thread_new("nm-macvtap-load", load_thread, load);
}

/**
 * nmm_suggestions_load_async:
 * @maker: makes the hypervisor of @uri; called on this thread
 * @uri: a libvirt URI, see nmm_suggestions_is_safe_uri()
 * @cancellable: (nullable): what comes after it was cancelled is an error
 * @callback: called once, or never where the hypervisor hangs: let @user_data be weak
 * @user_data: for @callback
 *
 * Call on the main context.
 */
void
nmm_suggestions_load_async(NmmHypervisorMaker maker,
                           const char *uri,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
    GTask *task = g_task_new(NULL, cancellable, callback, user_data);
    GPtrArray *tasks;

    g_task_set_source_tag(task, nmm_suggestions_load_async);
    if (!pending)
        pending = g_hash_table_new_full(
            g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    tasks = g_hash_table_lookup(pending, uri);
    if (tasks) {
        g_ptr_array_add(tasks, task);
        return;
    }
    tasks = g_ptr_array_new_with_free_func(g_object_unref);
    g_ptr_array_add(tasks, task);
    g_hash_table_insert(pending, g_strdup(uri), tasks);
    start_load(maker, uri);
}

/**
 * nmm_suggestions_load_finish:
 * @result: from the callback
 * @error: return location: %NMM_ERROR_UNREACHABLE where libvirt does not answer,
 *   %G_IO_ERROR_CANCELLED
 *
 * Returns: (transfer full) (nullable): what can be chosen
 */
NmmSuggestions *
nmm_suggestions_load_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}

/**
 * nmm_suggestions_is_safe_uri:
 * @uri: what a profile says
 *
 * Opening a URI may run a command ("qemu+ssh://…?command=…"), and a profile that is only looked at
 * must not do that: those that root allowed for the service do not count here.
 *
 * Returns: whether it is one of the built-in URIs
 */
gboolean
nmm_suggestions_is_safe_uri(const char *uri)
{
    return g_strv_contains(nmm_keys_find(NMM_KEY_LIBVIRT_URI)->choices, uri);
}

/**
 * nmm_suggestions_list_parents:
 * @devices: (element-type NMDevice): NetworkManager's devices
 *
 * Returns: (transfer container) (element-type utf8): names of those that macvtap works on, sorted
 */
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
