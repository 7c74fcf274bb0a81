/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode isolated while a profile is up. libvirt owns the bridge and its address, so NetworkManager
 * is told of no device and no address: never the bridge as tundev, which would move it out of
 * firewalld's zone and take its address (seen with NM 1.42).
 */

#include "config.h"

#include "nm-macvtap-isolated.h"

#include <glib/gi18n-lib.h>

#include "nm-macvtap-bridge.h"
#include "nm-macvtap-error.h"
#include "nm-macvtap-lock-key.h"
#include "nm-macvtap-identity.h"
#include "nm-macvtap-libvirt.h"
#include "nm-macvtap-names.h"
#include "nm-macvtap-nm.h"
#include "nm-macvtap-routes.h"
#include "nm-macvtap-sync.h"

struct _NMMacvtapIsolated {
    NMMacvtapActivation parent;

    NMMacvtapSync *sync; /* (nullable): NULL before start */
};

G_DEFINE_TYPE(NMMacvtapIsolated, nm_macvtap_isolated, NM_MACVTAP_TYPE_ACTIVATION)

static GPtrArray *
get_claims(NMMacvtapActivation *activation, GError **error)
{
    return nm_macvtap_lock_key_list(nm_macvtap_activation_get_profile(activation), NULL, NULL);
}

static GPtrArray *
collect_used_subnets(gpointer user_data)
{
    NMMacvtapActivation *self = user_data;
    NMMacvtapProfile *profile = nm_macvtap_activation_get_profile(self);
    GPtrArray *used = g_ptr_array_new_with_free_func((GDestroyNotify)nm_macvtap_used_subnet_free);
    g_autoptr(GError) error = NULL;

    if (!nm_macvtap_routes_collect(used, &error))
        g_warning("profile '%s': %s", profile->id, error->message);
    nm_macvtap_nm_collect_addresses(
        nm_client_get_connections(nm_macvtap_activation_get_client(self)), profile->uuid, used);
    return used;
}

/* The guests that need the user's hand, as one sentence for the banner; NULL where none does. */
static char *
describe_restarts(const NMMacvtapPlan *plan)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    g_autofree char *list = NULL;

    for (guint i = 0; i < plan->reports->len; i++) {
        const NMMacvtapGuestReport *report = plan->reports->pdata[i];

        if (report->status == NM_MACVTAP_GUEST_NEEDS_RESTART)
            g_ptr_array_add(names, report->guest->name);
    }
    if (names->len == 0)
        return NULL;
    g_ptr_array_add(names, NULL);
    list = g_strjoinv(", ", (char **)names->pdata);
    return g_strdup_printf(_("these guests need a restart to reach the host: %s"), list);
}

/* A running guest's interface of ours whose network was stopped and started meanwhile is in no
 * bridge. */
static void
plug_into_bridge(NMMacvtapActivation *self, const NMMacvtapGuest *guest, const char *bridge)
{
    NMMacvtapProfile *profile = nm_macvtap_activation_get_profile(self);

    for (guint i = 0; i < guest->live->nics->len; i++) {
        const NMMacvtapNic *nic = guest->live->nics->pdata[i];
        g_autoptr(GError) error = NULL;
        gboolean changed = FALSE;

        if (!nic->target || g_strcmp0(nic->network, profile->network) != 0 ||
            !nm_macvtap_identity_is_our_alias(nic->alias))
            continue;
        nm_macvtap_bridge_add_port(bridge, nic->target, nic->isolated, &changed, &error);
        /* A guest that has ended since it was read is no fault. */
        if (error && !g_error_matches(error, NM_MACVTAP_ERROR, NM_MACVTAP_ERROR_NOT_FOUND))
            g_warning("guest '%s': %s", guest->name, error->message);
        if (changed)
            g_message("guest '%s': plugged into the restarted network '%s' again",
                      guest->name,
                      profile->network);
    }
}

static void
looked_cb(NMMacvtapSync *sync, const NMMacvtapPlan *plan, gpointer user_data)
{
    for (guint i = 0; plan->bridge && i < plan->reports->len; i++) {
        const NMMacvtapGuestReport *report = plan->reports->pdata[i];

        if (report->guest->live)
            plug_into_bridge(user_data, report->guest, plan->bridge);
    }
}

static void
up_cb(NMMacvtapSync *sync, const NMMacvtapPlan *plan, gpointer user_data)
{
    NMMacvtapActivation *self = user_data;
    g_autofree char *address = nm_macvtap_cidr_to_string(&plan->address);
    g_autofree char *restarts = describe_restarts(plan);

    g_message("profile '%s': up on network '%s', the host is %s",
              nm_macvtap_activation_get_profile(self)->id,
              nm_macvtap_activation_get_profile(self)->network,
              address);

    nm_macvtap_activation_emit_up(self, NULL, nm_macvtap_activation_build_gateway(self), restarts);
    looked_cb(sync, plan, user_data);
}

static void
failed_cb(NMMacvtapSync *sync, const GError *error, gpointer user_data)
{
    nm_macvtap_activation_emit_failed(user_data, error);
}

static void
stopped_cb(NMMacvtapSync *sync, gpointer user_data)
{
    nm_macvtap_activation_emit_stopped(user_data);
}

/* The machine id keeps address6=auto the same on this host and different on others. */
static char *
read_host_id(void)
{
    g_autofree char *text = NULL;

    if (!g_file_get_contents("/etc/machine-id", &text, NULL, NULL))
        return g_strdup("");
    return g_strdup(g_strstrip(text));
}

static void
start(NMMacvtapActivation *activation)
{
    NMMacvtapIsolated *self = NM_MACVTAP_ISOLATED(activation);
    NMMacvtapProfile *profile = nm_macvtap_activation_get_profile(activation);
    g_autoptr(NMMacvtapHypervisor) hypervisor = nm_macvtap_libvirt_new(profile->libvirt_uri);
    g_autofree char *host_id = read_host_id();

    self->sync = nm_macvtap_sync_new(hypervisor, profile, host_id, collect_used_subnets, self);
    g_signal_connect(self->sync, "up", G_CALLBACK(up_cb), self);
    g_signal_connect(self->sync, "looked", G_CALLBACK(looked_cb), self);
    g_signal_connect(self->sync, "failed", G_CALLBACK(failed_cb), self);
    g_signal_connect(self->sync, "stopped", G_CALLBACK(stopped_cb), self);
    nm_macvtap_sync_start(self->sync);
}

static void
stop(NMMacvtapActivation *activation, guint timeout_ms)
{
    nm_macvtap_sync_stop(NM_MACVTAP_ISOLATED(activation)->sync, timeout_ms);
}

static void
dispose(GObject *object)
{
    NMMacvtapIsolated *self = NM_MACVTAP_ISOLATED(object);

    if (self->sync)
        g_signal_handlers_disconnect_by_data(self->sync, self);
    g_clear_object(&self->sync);

    G_OBJECT_CLASS(nm_macvtap_isolated_parent_class)->dispose(object);
}

static void
nm_macvtap_isolated_class_init(NMMacvtapIsolatedClass *klass)
{
    NMMacvtapActivationClass *activation_class = NM_MACVTAP_ACTIVATION_CLASS(klass);

    G_OBJECT_CLASS(klass)->dispose = dispose;
    activation_class->get_claims = get_claims;
    activation_class->start = start;
    activation_class->stop = stop;
}

static void
nm_macvtap_isolated_init(NMMacvtapIsolated *self)
{
}
