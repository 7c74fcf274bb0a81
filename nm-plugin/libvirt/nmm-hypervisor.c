/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor interface: dispatch to the implementation, the one place that takes an edit of a
 * plan apart, and the way of events to the main context. Knows no hypervisor.
 */

#include "config.h"

#include "nmm-hypervisor.h"

#include <glib/gi18n-lib.h>

G_DEFINE_INTERFACE(NmmHypervisor, nmm_hypervisor, G_TYPE_OBJECT)

enum {
    SIGNAL_GUEST_CHANGED,
    SIGNAL_NETWORK_CHANGED,
    SIGNAL_CLOSED,
    N_SIGNALS,
};

static guint signals[N_SIGNALS];

void
nmm_lease_free(NmmLease *lease)
{
    if (!lease)
        return;
    g_free(lease->mac);
    g_free(lease->address);
    g_free(lease->hostname);
    g_free(lease);
}

gboolean
nmm_hypervisor_open(NmmHypervisor *self, gboolean read_only, GError **error)
{
    g_return_val_if_fail(NMM_IS_HYPERVISOR(self), FALSE);

    return NMM_HYPERVISOR_GET_IFACE(self)->open(self, read_only, error);
}

void
nmm_hypervisor_close(NmmHypervisor *self)
{
    g_return_if_fail(NMM_IS_HYPERVISOR(self));

    NMM_HYPERVISOR_GET_IFACE(self)->close(self);
}

GPtrArray *
nmm_hypervisor_list_guests(NmmHypervisor *self, GError **error)
{
    g_return_val_if_fail(NMM_IS_HYPERVISOR(self), NULL);

    return NMM_HYPERVISOR_GET_IFACE(self)->list_guests(self, error);
}

NmmGuest *
nmm_hypervisor_read_guest(NmmHypervisor *self, const char *uuid, GError **error)
{
    g_return_val_if_fail(NMM_IS_HYPERVISOR(self), NULL);
    g_return_val_if_fail(uuid, NULL);

    return NMM_HYPERVISOR_GET_IFACE(self)->read_guest(self, uuid, error);
}

GPtrArray *
nmm_hypervisor_list_networks(NmmHypervisor *self, GError **error)
{
    g_return_val_if_fail(NMM_IS_HYPERVISOR(self), NULL);

    return NMM_HYPERVISOR_GET_IFACE(self)->list_networks(self, error);
}

GPtrArray *
nmm_hypervisor_list_leases(NmmHypervisor *self, const char *network, GError **error)
{
    g_return_val_if_fail(NMM_IS_HYPERVISOR(self), NULL);
    g_return_val_if_fail(network, NULL);

    return NMM_HYPERVISOR_GET_IFACE(self)->list_leases(self, network, error);
}

static gboolean
dispatch_edit(NmmHypervisor *self, const NmmEdit *edit, GError **error)
{
    NmmHypervisorInterface *iface = NMM_HYPERVISOR_GET_IFACE(self);

    switch (edit->kind) {
    case NMM_EDIT_NETWORK_DEFINE:
        return iface->define_network(self, edit->xml, error);
    case NMM_EDIT_NETWORK_AUTOSTART:
        return iface->autostart_network(self, edit->network, error);
    case NMM_EDIT_NETWORK_START:
        return iface->start_network(self, edit->network, error);
    case NMM_EDIT_NIC_DETACH:
        return iface->detach_nic(self, edit->guest_uuid, edit->scope, edit->alias, error);
    case NMM_EDIT_NIC_ATTACH:
        return iface->attach_nic(self, edit->guest_uuid, edit->scope, edit->xml, error);
    case NMM_EDIT_NIC_UPDATE:
        return iface->update_nic(self, edit->guest_uuid, edit->scope, edit->xml, error);
    case NMM_EDIT_NETWORK_DESTROY:
        return iface->destroy_network(self, edit->network, error);
    case NMM_EDIT_NETWORK_UNDEFINE:
        return iface->undefine_network(self, edit->network, error);
    }
    g_return_val_if_reached(FALSE);
}

gboolean
nmm_hypervisor_apply(NmmHypervisor *self, const NmmEdit *edit, GError **error)
{
    g_return_val_if_fail(NMM_IS_HYPERVISOR(self), FALSE);
    g_return_val_if_fail(edit, FALSE);

    if (dispatch_edit(self, edit, error))
        return TRUE;
    if (edit->guest_uuid)
        g_prefix_error(
            error, _("guest '%s': "), edit->guest_name ? edit->guest_name : edit->guest_uuid);
    else
        g_prefix_error(error, _("network '%s': "), edit->network);
    return FALSE;
}

typedef struct {
    NmmHypervisor *hypervisor;
    guint signal;
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

    g_signal_emit(emission->hypervisor, signals[emission->signal], 0, emission->text);
    return G_SOURCE_REMOVE;
}

/* Through the main loop even where this is its thread already: events keep their order, and a
 * handler never runs inside a call into libvirt. */
static void
emit(NmmHypervisor *self, guint signal, const char *text)
{
    Emission *emission = g_new(Emission, 1);

    emission->hypervisor = g_object_ref(self);
    emission->signal = signal;
    emission->text = g_strdup(text);
    g_idle_add_full(G_PRIORITY_DEFAULT, emission_cb, emission, emission_free);
}

void
nmm_hypervisor_emit_guest_changed(NmmHypervisor *self, const char *uuid)
{
    emit(self, SIGNAL_GUEST_CHANGED, uuid);
}

void
nmm_hypervisor_emit_network_changed(NmmHypervisor *self, const char *name)
{
    emit(self, SIGNAL_NETWORK_CHANGED, name);
}

void
nmm_hypervisor_emit_closed(NmmHypervisor *self, const char *reason)
{
    emit(self, SIGNAL_CLOSED, reason);
}

static guint
add_signal(NmmHypervisorInterface *iface, const char *name)
{
    return g_signal_new(name,
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
    signals[SIGNAL_GUEST_CHANGED] = add_signal(iface, "guest-changed");
    signals[SIGNAL_NETWORK_CHANGED] = add_signal(iface, "network-changed");
    signals[SIGNAL_CLOSED] = add_signal(iface, "closed");
}
