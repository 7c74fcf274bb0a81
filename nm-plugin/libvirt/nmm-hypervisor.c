/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls the implementation and delivers its events on the main context. Has no code for a
 * particular hypervisor. */

#include "config.h"

#include "nmm-hypervisor.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-guest-devices.h"

G_DEFINE_INTERFACE(NmmHypervisor, nmm_hypervisor, G_TYPE_OBJECT)

gboolean
nmm_hypervisor_open(NmmHypervisor *self, gboolean read_only, GError **error)
{
    return NMM_HYPERVISOR_GET_IFACE(self)->open(self, read_only, error);
}

void
nmm_hypervisor_close(NmmHypervisor *self)
{
    NMM_HYPERVISOR_GET_IFACE(self)->close(self);
}

GPtrArray *
nmm_hypervisor_list_guests(NmmHypervisor *self, GError **error)
{
    return NMM_HYPERVISOR_GET_IFACE(self)->list_guests(self, error);
}

NmmGuest *
nmm_hypervisor_read_guest(NmmHypervisor *self, const char *uuid, GError **error)
{
    return NMM_HYPERVISOR_GET_IFACE(self)->read_guest(self, uuid, error);
}

GPtrArray *
nmm_hypervisor_list_networks(NmmHypervisor *self, GError **error)
{
    return NMM_HYPERVISOR_GET_IFACE(self)->list_networks(self, error);
}

gboolean
nmm_hypervisor_is_asleep(NmmHypervisor *self)
{
    NmmHypervisorInterface *iface = NMM_HYPERVISOR_GET_IFACE(self);

    return iface->is_asleep && iface->is_asleep(self);
}

gboolean
nmm_hypervisor_is_missing(NmmHypervisor *self)
{
    NmmHypervisorInterface *iface = NMM_HYPERVISOR_GET_IFACE(self);

    return iface->is_missing && iface->is_missing(self);
}

gboolean
nmm_hypervisor_are_networks_asleep(NmmHypervisor *self)
{
    NmmHypervisorInterface *iface = NMM_HYPERVISOR_GET_IFACE(self);

    return iface->are_networks_asleep && iface->are_networks_asleep(self);
}

#define NO_NETWORKS "nmm-no-networks"

void
nmm_hypervisor_set_needs_networks(NmmHypervisor *self, gboolean needs_networks)
{
    g_object_set_data(G_OBJECT(self), NO_NETWORKS, GINT_TO_POINTER(!needs_networks));
}

gboolean
nmm_hypervisor_get_needs_networks(NmmHypervisor *self)
{
    return !g_object_get_data(G_OBJECT(self), NO_NETWORKS);
}

void
nmm_hypervisor_wait_awake(NmmHypervisor *self)
{
    NmmHypervisorInterface *iface = NMM_HYPERVISOR_GET_IFACE(self);

    if (iface->wait_awake)
        iface->wait_awake(self);
    else
        nmm_hypervisor_emit(self, "awake", NULL);
}

GPtrArray *
nmm_hypervisor_list_leases(NmmHypervisor *self, const char *network, GError **error)
{
    return NMM_HYPERVISOR_GET_IFACE(self)->list_leases(self, network, error);
}

GPtrArray *
nmm_hypervisor_list_links(NmmHypervisor *self, GError **error)
{
    return NMM_HYPERVISOR_GET_IFACE(self)->list_links(self, error);
}

#define LINKS_READER "nmm-links-reader"

void
nmm_hypervisor_set_links_reader(NmmHypervisor *self, NmmLinksReader reader)
{
    g_object_set_data(G_OBJECT(self), LINKS_READER, (gpointer)(gsize)reader);
}

void
nmm_hypervisor_join_devices(NmmHypervisor *self, GPtrArray *guests, GPtrArray *networks)
{
    NmmLinksReader reader = (NmmLinksReader)(gsize)g_object_get_data(G_OBJECT(self), LINKS_READER);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) links = reader ? reader(&error) : NULL;

    if (links)
        nmm_guest_devices_join(guests, networks, links);
    else if (reader)
        g_warning("cannot read the host's network interfaces: %s", error->message);
}

static int
compare_networks(gconstpointer a, gconstpointer b)
{
    return g_strcmp0((*(NmmNetwork *const *)a)->name, (*(NmmNetwork *const *)b)->name);
}

static int
compare_guests(gconstpointer a, gconstpointer b)
{
    return g_strcmp0((*(NmmGuest *const *)a)->name, (*(NmmGuest *const *)b)->name);
}

static void
read_leases(NmmHypervisor *self, NmmHostHypervisor *content)
{
    for (guint i = 0; i < content->networks->len; i++) {
        const NmmNetwork *network = g_ptr_array_index(content->networks, i);
        g_autoptr(GError) error = NULL;
        GPtrArray *leases;

        if (!network->active)
            continue;
        leases = nmm_hypervisor_list_leases(self, network->name, &error);
        if (leases)
            g_hash_table_insert(content->leases, g_strdup(network->name), leases);
        else
            g_hash_table_insert(
                content->lease_problems, g_strdup(network->name), g_strdup(error->message));
    }
}

static GPtrArray *
read_networks(NmmHypervisor *self, gboolean wake, GError **error)
{
    if (wake || !nmm_hypervisor_are_networks_asleep(self))
        return nmm_hypervisor_list_networks(self, error);
    nmm_fail(error,
             NMM_ERROR_UNSUPPORTED,
             _("libvirt's network daemon is not running, so no network is active"));
    return NULL;
}

static gboolean
read_content(NmmHypervisor *self, NmmHostHypervisor *content, gboolean wake, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(GPtrArray) networks = read_networks(self, wake, &local);
    g_autoptr(GPtrArray) guests = NULL;

    if (g_error_matches(local, NMM_ERROR, NMM_ERROR_UNSUPPORTED)) {
        content->networks_error = g_steal_pointer(&local);
        networks = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_network_free);
    }
    if (networks)
        guests = nmm_hypervisor_list_guests(self, &local);
    if (!guests) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    nmm_hypervisor_join_devices(self, guests, networks);
    g_ptr_array_sort(networks, compare_networks);
    g_ptr_array_sort(guests, compare_guests);
    g_ptr_array_unref(content->networks);
    g_ptr_array_unref(content->guests);
    content->networks = g_steal_pointer(&networks);
    content->guests = g_steal_pointer(&guests);
    return TRUE;
}

NmmHostHypervisor *
nmm_hypervisor_read(NmmHypervisor *self, const char *uri, gboolean leases, gboolean wake)
{
    NmmHostHypervisor *content = nmm_host_hypervisor_new(uri);

    content->asleep = !wake && nmm_hypervisor_is_asleep(self);
    if (content->asleep) {
        nmm_fail(&content->error,
                 NMM_ERROR_UNREACHABLE,
                 _("libvirt is not running, so no guest is running"));
        return content;
    }
    if (nmm_hypervisor_open(self, TRUE, &content->error) &&
        read_content(self, content, wake, &content->error) && leases)
        read_leases(self, content);
    content->missing = content->error && nmm_hypervisor_is_missing(self);
    nmm_hypervisor_close(self);
    return content;
}

gboolean
nmm_hypervisor_apply(NmmHypervisor *self, const NmmEdit *edit, GError **error)
{
    if (NMM_HYPERVISOR_GET_IFACE(self)->apply(self, edit, error)) {
        g_info("%s of '%s' on network '%s': %s",
               nmm_edit_kind_to_string(edit->kind),
               edit->guest_name ? edit->guest_name : "the host",
               edit->network,
               edit->reason);
        return TRUE;
    }
    if (edit->guest_uuid)
        g_prefix_error(
            error, _("guest '%s': "), edit->guest_name ? edit->guest_name : edit->guest_uuid);
    else
        g_prefix_error(error, _("network '%s': "), edit->network);
    return FALSE;
}

typedef struct {
    NmmHypervisor *hypervisor;
    const char *signal; /* static */
    char *text;
} Emission;

static void
emission_free(gpointer data)
{
    Emission *emission = data;

    g_object_unref(emission->hypervisor);
    g_free(emission->text);
    g_free(emission);
}

static gboolean
emission_cb(gpointer data)
{
    Emission *emission = data;

    g_signal_emit_by_name(emission->hypervisor, emission->signal, emission->text);
    return G_SOURCE_REMOVE;
}

/* Through the main loop even on its own thread: events keep their order, and a handler never runs
 * inside a call into libvirt. */
void
nmm_hypervisor_emit(NmmHypervisor *self, const char *signal, const char *text)
{
    Emission *emission = g_new(Emission, 1);

    emission->hypervisor = g_object_ref(self);
    emission->signal = g_intern_string(signal);
    emission->text = g_strdup(text);
    g_idle_add_full(G_PRIORITY_DEFAULT, emission_cb, emission, emission_free);
}

static void
add_signal(NmmHypervisorInterface *iface, const char *name)
{
    g_signal_new(name,
                 G_TYPE_FROM_INTERFACE(iface),
                 G_SIGNAL_RUN_LAST,
                 0,
                 NULL,
                 NULL,
                 NULL,
                 G_TYPE_NONE,
                 1,
                 G_TYPE_STRING);
}

static void
nmm_hypervisor_default_init(NmmHypervisorInterface *iface)
{
    add_signal(iface, "guest-changed");
    add_signal(iface, "guest-arrived");
    add_signal(iface, "network-changed");
    add_signal(iface, "closed");
    add_signal(iface, "awake");
}
