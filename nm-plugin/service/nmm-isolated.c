/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvirt owns the bridge and its address, so NetworkManager gets no device and no address: with
 * the bridge as tundev it would move it out of firewalld's zone and take its address away (seen
 * with NM 1.42).
 */

#include "config.h"

#include "nmm-isolated.h"

#include <glib/gi18n-lib.h>

#include "nmm-bridge.h"
#include "nmm-error.h"
#include "nmm-lock-key.h"
#include "nmm-identity.h"
#include "nmm-isolated-names.h"
#include "nmm-names.h"
#include "nmm-profile-reader.h"
#include "nmm-routes.h"
#include "nmm-sync.h"
#include "nmm-unmanaged.h"

struct _NmmIsolated {
    NmmActivation parent_instance;

    NmmSync *sync;           /* (nullable): NULL before start */
    NmmIsolatedNames *names; /* (nullable): NULL before it is up, and without the key guest-names */
};

G_DEFINE_TYPE(NmmIsolated, nmm_isolated, NMM_TYPE_ACTIVATION)

static GPtrArray *
list_lock_keys(NmmActivation *activation, GError **error)
{
    return nmm_lock_key_list(nmm_activation_get_profile(activation), NULL, NULL);
}

static GPtrArray *
collect_used_subnets(gpointer user_data)
{
    NmmActivation *self = user_data;
    NmmProfile *profile = nmm_activation_get_profile(self);
    GPtrArray *used = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_used_subnet_free);
    g_autoptr(GError) error = NULL;

    if (!nmm_routes_collect(used, &error))
        g_warning("profile '%s': %s", profile->id, error->message);
    nmm_profile_reader_collect_addresses(
        nm_client_get_connections(nmm_activation_get_client(self)), profile->uuid, used);
    return used;
}

/* If the network was stopped and started while the guest ran, the interface that the service made
 * for it is in no bridge. */
static void
plug_into_bridge(NmmActivation *self, const NmmGuest *guest, const char *bridge)
{
    NmmProfile *profile = nmm_activation_get_profile(self);

    for (guint i = 0; i < guest->live->nics->len; i++) {
        const NmmNic *nic = guest->live->nics->pdata[i];
        g_autoptr(GError) error = NULL;
        gboolean changed = FALSE;

        if (!nic->target || g_strcmp0(nic->network, profile->network) != 0 ||
            !nmm_identity_is_our_alias(nic->alias))
            continue;
        nmm_bridge_add_port(bridge, nic->target, nic->isolated, &changed, &error);
        /* The guest may have ended since it was read. */
        if (error && !g_error_matches(error, NMM_ERROR, NMM_ERROR_NOT_FOUND))
            g_warning("guest '%s': %s", guest->name, error->message);
        if (changed)
            g_message("guest '%s': plugged into network '%s' again after its restart",
                      guest->name,
                      profile->network);
    }
}

static void
plug_guests(NmmActivation *self, const NmmPlan *plan)
{
    for (guint i = 0; plan->bridge && i < plan->reports->len; i++) {
        const NmmGuestReport *report = plan->reports->pdata[i];

        if (report->guest->live)
            plug_into_bridge(self, report->guest, plan->bridge);
    }
}

static void
report_guests(NmmActivation *self)
{
    nmm_activation_set_problems(self, "guests", nmm_sync_list_problems(NMM_ISOLATED(self)->sync));
}

static void
addresses_cb(const GArray *addresses, gpointer user_data)
{
    nmm_activation_set_addresses(user_data, addresses);
}

static void
start_names(NmmIsolated *self)
{
    NmmActivation *activation = NMM_ACTIVATION(self);
    NmmProfile *profile = nmm_activation_get_profile(activation);
    g_autoptr(NmmHypervisor) hypervisor = NULL;

    if (!profile->guest_names)
        return;
    hypervisor = nmm_activation_new_hypervisor(activation);
    self->names = nmm_isolated_names_new(hypervisor, profile->network, addresses_cb, self);
}

static void
update_names(NmmIsolated *self, const NmmPlan *plan, gboolean all)
{
    if (self->names)
        nmm_isolated_names_update(self->names, plan, all);
}

static void
gone_cb(const char *uuid, gpointer user_data)
{
    NmmIsolated *self = user_data;

    if (self->names)
        nmm_isolated_names_forget(self->names, uuid);
}

static void
kept_cb(const NmmPlan *plan, gboolean all, gpointer user_data)
{
    report_guests(user_data);
    update_names(user_data, plan, all);
    if (all)
        plug_guests(user_data, plan);
}

/* Another base than lo goes down with its cable, and the profile with it. */
static void
check_base(NmmActivation *self)
{
    NMDevice *base = nmm_activation_get_base(self);
    NMDevice *loopback = nm_client_get_device_by_iface(nmm_activation_get_client(self), "lo");
    g_autofree char *text = NULL;

    if (!base || !loopback || base == loopback || nm_device_get_managed(loopback))
        return;
    text = nmm_unmanaged_describe_loopback(nm_device_get_iface(base));
    g_message("profile '%s': %s", nmm_activation_get_profile(self)->id, text);
}

static void
up_cb(const NmmPlan *plan, gpointer user_data)
{
    NmmActivation *self = user_data;
    g_autofree char *address = nmm_cidr_to_string(&plan->address);

    g_message("profile '%s': up on network '%s', the host has address %s",
              nmm_activation_get_profile(self)->id,
              nmm_activation_get_profile(self)->network,
              address);
    if (plan->adopted)
        g_message("profile '%s': %s", nmm_activation_get_profile(self)->id, plan->adopted);

    report_guests(self);
    nmm_activation_emit_up(
        self, NULL, nmm_activation_build_gateway(nmm_activation_get_base(self)), plan->adopted);
    plug_guests(self, plan);
    check_base(self);
    start_names(NMM_ISOLATED(self));
    update_names(NMM_ISOLATED(self), plan, TRUE);
}

static void
failed_cb(const GError *error, gpointer user_data)
{
    nmm_activation_emit_failed(user_data, error);
}

static void
stopped_cb(gpointer user_data)
{
    nmm_activation_emit_stopped(user_data);
}

static const NmmSyncClient sync_client = {
    .up = up_cb,
    .kept = kept_cb,
    .gone = gone_cb,
    .failed = failed_cb,
    .stopped = stopped_cb,
    .collect_subnets = collect_used_subnets,
};

static void
start(NmmActivation *activation)
{
    NmmIsolated *self = NMM_ISOLATED(activation);
    NmmProfile *profile = nmm_activation_get_profile(activation);
    g_autoptr(NmmHypervisor) hypervisor = nmm_activation_new_hypervisor(activation);
    g_autofree char *host_id = nmm_profile_reader_read_host_id();

    self->sync = nmm_sync_new(hypervisor, profile, host_id, &sync_client, NULL, self);
    nmm_sync_start(self->sync);
}

static void
stop(NmmActivation *activation, guint timeout_ms)
{
    NmmIsolated *self = NMM_ISOLATED(activation);

    g_clear_pointer(&self->names, nmm_isolated_names_free);
    nmm_sync_stop(self->sync, timeout_ms);
}

static void
dispose(GObject *object)
{
    NmmIsolated *self = NMM_ISOLATED(object);

    g_clear_pointer(&self->names, nmm_isolated_names_free);
    g_clear_pointer(&self->sync, nmm_sync_free);

    G_OBJECT_CLASS(nmm_isolated_parent_class)->dispose(object);
}

static void
nmm_isolated_class_init(NmmIsolatedClass *klass)
{
    NmmActivationClass *activation_class = NMM_ACTIVATION_CLASS(klass);

    G_OBJECT_CLASS(klass)->dispose = dispose;
    activation_class->list_lock_keys = list_lock_keys;
    activation_class->start = start;
    activation_class->stop = stop;
}

static void
nmm_isolated_init(NmmIsolated *self)
{
}
