/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-host.h"

#include "nmm-libvirt.h"

/* libvirt's keepalive reports a dead libvirtd after 20 s. */
#define TIMEOUT_S 30

static void
done_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
    *(GAsyncResult **)user_data = g_object_ref(result);
}

static void
wait_for(GAsyncResult **result)
{
    while (!*result)
        g_main_context_iteration(NULL, TRUE);
}

void
nmm_host_update(NmmHostState *state, NmmHostReadFlags flags, const char *const *uris)
{
    const NmmHostRequest request = {.flags = flags, .uris = uris, .timeout_s = TIMEOUT_S};
    g_autoptr(GAsyncResult) result = NULL;

    nmm_host_read_async(state, &request, NULL, done_cb, &result);
    wait_for(&result);
    /* The same state: without a cancellable the reader cannot fail. */
    nmm_host_read_finish(result, NULL, NULL);
}

/* One call after the other, because each further connection may be one over SSH. */
static void
read_target(NmmHypervisor *hypervisor, const char *uuid, NmmMigrationTarget *target)
{
    g_autoptr(NmmGuest) guest = nmm_hypervisor_read_guest(hypervisor, uuid, NULL);

    target->runs_guest = guest && guest->live;
    target->networks = nmm_hypervisor_list_networks(hypervisor, &target->networks_error);
    target->links = nmm_hypervisor_list_links(hypervisor, &target->links_error);
}

/* @data: the URI and the guest's UUID. */
static void
target_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    const char *const *words = data;
    NmmHypervisor *hypervisor = source;
    NmmMigrationTarget *target = nmm_migration_target_new(words[0]);

    if (nmm_hypervisor_open(hypervisor, TRUE, &target->error))
        read_target(hypervisor, words[1], target);
    nmm_hypervisor_close(hypervisor);
    g_task_return_pointer(task, target, (GDestroyNotify)nmm_migration_target_free);
}

NmmMigrationTarget *
nmm_host_read_target(const char *uri, const char *guest)
{
    const char *words[] = {uri, guest};
    g_autoptr(NmmHypervisor) hypervisor = nmm_libvirt_new(uri);
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(GTask) task = g_task_new(hypervisor, NULL, done_cb, &result);

    g_task_set_task_data(task, words, NULL);
    g_task_run_in_thread(task, target_thread);
    wait_for(&result);
    return g_task_propagate_pointer(G_TASK(result), NULL);
}

static void
apply_thread(GTask *task, gpointer source, gpointer edits, GCancellable *cancellable)
{
    NmmHypervisor *hypervisor = source;
    GError *error = NULL;
    gboolean done = nmm_hypervisor_open(hypervisor, FALSE, &error);

    for (guint i = 0; done && i < ((const GPtrArray *)edits)->len; i++)
        done = nmm_hypervisor_apply(hypervisor, g_ptr_array_index((GPtrArray *)edits, i), &error);
    nmm_hypervisor_close(hypervisor);
    if (done)
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

gboolean
nmm_host_apply(const char *uri, const GPtrArray *edits, GError **error)
{
    g_autoptr(NmmHypervisor) hypervisor = nmm_libvirt_new(uri);
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(GTask) task = g_task_new(hypervisor, NULL, done_cb, &result);

    g_task_set_task_data(task, (gpointer)edits, NULL);
    g_task_run_in_thread(task, apply_thread);
    wait_for(&result);
    return g_task_propagate_boolean(G_TASK(result), error);
}
