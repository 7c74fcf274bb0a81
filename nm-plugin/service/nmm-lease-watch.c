/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-lease-watch.h"

/* libvirt's leases helper replaces <bridge>.status in it with each change (read in libvirt 9.0 and
 * 11.3, network_leaseshelper.c). */
#define LEASES_DIR "/var/lib/libvirt/dnsmasq"

struct _NmmLeaseWatch {
    NmmHypervisor *hypervisor;
    char *network;
    NmmLeaseWatchFunc func;
    gpointer user_data;

    char *bridge;              /* (nullable) */
    GFileMonitor *monitor;     /* (nullable): of the file of @bridge */
    GCancellable *cancellable; /* of the reading */
    gboolean reading;
    gboolean again; /* the leases changed since the reading began */
};

static void start_reading(NmmLeaseWatch *self);

NmmLeaseWatch *
nmm_lease_watch_new(NmmHypervisor *hypervisor,
                    const char *network,
                    NmmLeaseWatchFunc func,
                    gpointer user_data)
{
    NmmLeaseWatch *self = g_new0(NmmLeaseWatch, 1);

    self->hypervisor = g_object_ref(hypervisor);
    self->network = g_strdup(network);
    self->func = func;
    self->user_data = user_data;
    self->cancellable = g_cancellable_new();
    return self;
}

static void
stop_monitor(NmmLeaseWatch *self)
{
    if (self->monitor)
        g_signal_handlers_disconnect_by_data(self->monitor, self);
    g_clear_object(&self->monitor);
    g_clear_pointer(&self->bridge, g_free);
}

void
nmm_lease_watch_free(NmmLeaseWatch *self)
{
    stop_monitor(self);
    g_cancellable_cancel(self->cancellable);
    g_object_unref(self->cancellable);
    g_object_unref(self->hypervisor);
    g_free(self->network);
    g_free(self);
}

/* Reading */

static void
read_thread(GTask *task, gpointer source, gpointer network, GCancellable *cancellable)
{
    NmmHypervisor *hypervisor = NMM_HYPERVISOR(source);
    GError *error = NULL;
    GPtrArray *leases = NULL;

    if (nmm_hypervisor_open(hypervisor, TRUE, &error))
        leases = nmm_hypervisor_list_leases(hypervisor, network, &error);
    nmm_hypervisor_close(hypervisor);
    if (leases)
        g_task_return_pointer(task, leases, (GDestroyNotify)g_ptr_array_unref);
    else
        g_task_return_error(task, error);
}

static void
read_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) leases = g_task_propagate_pointer(G_TASK(result), &error);
    NmmLeaseWatch *self = user_data;

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    self->reading = FALSE;
    if (error)
        g_debug("network '%s': cannot read the leases: %s", self->network, error->message);
    if (self->again)
        start_reading(self);
    if (leases)
        self->func(leases, self->user_data);
}

/* A libvirt that was stopped stays so. */
static void
start_reading(NmmLeaseWatch *self)
{
    g_autoptr(GTask) task = NULL;

    self->again = self->reading;
    if (self->reading || nmm_hypervisor_is_asleep(self->hypervisor) ||
        nmm_hypervisor_are_networks_asleep(self->hypervisor))
        return;
    self->reading = TRUE;
    task = g_task_new(self->hypervisor, self->cancellable, read_cb, self);
    g_task_set_task_data(task, g_strdup(self->network), g_free);
    g_task_run_in_thread(task, read_thread);
}

/* Following */

static void
file_changed_cb(GFileMonitor *monitor,
                GFile *file,
                GFile *other,
                GFileMonitorEvent event,
                gpointer user_data)
{
    start_reading(user_data);
}

/* GLib polls for a directory that does not exist. */
static void
follow(NmmLeaseWatch *self, const char *bridge)
{
    g_autofree char *name = g_strconcat(bridge, ".status", NULL);
    g_autofree char *path = g_build_filename(LEASES_DIR, name, NULL);
    g_autoptr(GFile) file = g_file_new_for_path(path);
    g_autoptr(GError) error = NULL;

    if (!g_file_test(LEASES_DIR, G_FILE_TEST_IS_DIR))
        return;
    self->monitor = g_file_monitor_file(file, G_FILE_MONITOR_NONE, NULL, &error);
    if (!self->monitor) {
        g_warning("network '%s': cannot follow the leases: %s", self->network, error->message);
        return;
    }
    g_signal_connect(self->monitor, "changed", G_CALLBACK(file_changed_cb), self);
    self->bridge = g_strdup(bridge);
}

void
nmm_lease_watch_read(NmmLeaseWatch *self, const char *bridge)
{
    if (g_strcmp0(bridge, self->bridge) != 0)
        stop_monitor(self);
    if (bridge && !self->monitor)
        follow(self, bridge);
    start_reading(self);
}
