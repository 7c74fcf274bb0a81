/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-unplug.h"

#include "nmm-error.h"
#include "nmm-guest-editor.h"
#include "nmm-libvirt.h"

/* Resuming a guest takes longer. */
#define HOLD_MS 2000

/* One for each URI, kept until the program ends, because the editor must not call libvirt for a
 * guest again before the previous call has returned. */
typedef struct {
    NmmHypervisor *hypervisor;
    NmmGuestEditor *editor;
    gboolean is_open;
} Target;

typedef struct {
    Target *target;
    GPtrArray *edits; /* (element-type NmmEdit) */
} Job;

/* (element-type utf8 Target): by URI */
static GHashTable *targets;

static Target *
get_target(const char *uri)
{
    Target *target;

    if (!targets)
        targets = g_hash_table_new(g_str_hash, g_str_equal);
    target = g_hash_table_lookup(targets, uri);
    if (!target) {
        target = g_new0(Target, 1);
        target->hypervisor = nmm_libvirt_new(uri);
        target->editor = nmm_guest_editor_new(target->hypervisor, HOLD_MS);
        g_hash_table_insert(targets, g_strdup(uri), target);
    }
    return target;
}

static void
job_free(gpointer data)
{
    Job *job = data;

    g_ptr_array_unref(job->edits);
    g_free(job);
}

static gboolean
open_target(Target *target, GError **error)
{
    if (nmm_hypervisor_is_asleep(target->hypervisor))
        return nmm_fail(error, NMM_ERROR_UNREACHABLE, "libvirt has ended");
    if (!target->is_open)
        target->is_open = nmm_hypervisor_open(target->hypervisor, FALSE, error);
    return target->is_open;
}

/* (nullable) (transfer none) */
static const GError *
choose_failure(GHashTable *failures)
{
    const GError *chosen = NULL;
    GHashTableIter iter;
    gpointer failure;

    g_hash_table_iter_init(&iter, failures);
    while (g_hash_table_iter_next(&iter, NULL, &failure)) {
        if (!chosen || g_error_matches(chosen, NMM_ERROR, NMM_ERROR_BUSY))
            chosen = failure;
    }
    return chosen;
}

static gboolean
edit_guests(const Job *job, GCancellable *cancellable, GError **error)
{
    g_autoptr(GHashTable) asked = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) detaching =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GHashTable) failures =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_error_free);
    NmmGuestEdits edits = {
        .edits = job->edits,
        .read_time = g_get_monotonic_time(),
        .asked = asked,
        .cancellable = cancellable,
        .failures = failures,
        .detaching = detaching,
    };
    const GError *failure;

    nmm_guest_editor_run(job->target->editor, &edits);
    job->target->is_open = !edits.lost;
    failure = choose_failure(failures);
    if (failure)
        g_propagate_error(error, g_error_copy(failure));
    return !failure;
}

static void
thread_cb(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    const Job *job = data;
    GError *error = NULL;

    if (open_target(job->target, &error) && edit_guests(job, cancellable, &error))
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

void
nmm_unplug_async(const char *uri,
                 GPtrArray *edits,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);
    Job *job = g_new(Job, 1);

    *job = (Job){.target = get_target(uri), .edits = g_ptr_array_ref(edits)};
    g_task_set_source_tag(task, nmm_unplug_async);
    g_task_set_task_data(task, job, job_free);
    g_task_set_return_on_cancel(task, TRUE);
    g_task_run_in_thread(task, thread_cb);
}

gboolean
nmm_unplug_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_boolean(G_TASK(result), error);
}
