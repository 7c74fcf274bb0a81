/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-reading.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"

NmmReadingJob *
nmm_reading_job_new(NmmHypervisor *hypervisor)
{
    NmmReadingJob *job = g_new0(NmmReadingJob, 1);

    job->hypervisor = g_object_ref(hypervisor);
    job->cancellable = g_cancellable_new();
    job->reading.gone = g_ptr_array_new_with_free_func(g_free);
    job->reading.unread =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_error_free);
    return job;
}

void
nmm_reading_job_free(gpointer data)
{
    NmmReadingJob *job = data;

    g_object_unref(job->hypervisor);
    g_object_unref(job->cancellable);
    g_strfreev(job->reading.uuids);
    g_clear_pointer(&job->reading.guests, g_ptr_array_unref);
    g_clear_pointer(&job->reading.networks, g_ptr_array_unref);
    g_ptr_array_unref(job->reading.gone);
    g_hash_table_unref(job->reading.unread);
    g_free(job);
}

/* FALSE only if the connection broke. */
static gboolean
read_guest(NmmReadingJob *job, const char *uuid, GError **error)
{
    g_autoptr(GError) local = NULL;
    NmmGuest *guest = nmm_hypervisor_read_guest(job->hypervisor, uuid, &local);

    if (guest) {
        g_ptr_array_add(job->reading.guests, guest);
    } else if (g_error_matches(local, NMM_ERROR, NMM_ERROR_UNREACHABLE)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    } else if (g_error_matches(local, NMM_ERROR, NMM_ERROR_NOT_FOUND)) {
        g_ptr_array_add(job->reading.gone, g_strdup(uuid));
    } else {
        g_prefix_error(&local, _("guest '%s': "), uuid);
        g_hash_table_insert(job->reading.unread, g_strdup(uuid), g_steal_pointer(&local));
    }
    return TRUE;
}

static gboolean
read_guests(NmmReadingJob *job, GError **error)
{
    job->reading.guests = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_guest_unref);
    for (char **uuid = job->reading.uuids; *uuid; uuid++) {
        if (g_cancellable_set_error_if_cancelled(job->cancellable, error) ||
            !read_guest(job, *uuid, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
read_all_guests(NmmReadingJob *job, GError **error)
{
    job->reading.guests = nmm_hypervisor_list_guests(job->hypervisor, error);
    return job->reading.guests != NULL;
}

static GPtrArray *
list_networks(NmmHypervisor *hypervisor, GError **error)
{
    g_autoptr(GPtrArray) networks = NULL;
    g_autoptr(GError) local = NULL;

    if (nmm_hypervisor_get_needs_networks(hypervisor))
        return nmm_hypervisor_list_networks(hypervisor, error);
    if (!nmm_hypervisor_are_networks_asleep(hypervisor))
        networks = nmm_hypervisor_list_networks(hypervisor, &local);
    if (local && !g_error_matches(local, NMM_ERROR, NMM_ERROR_UNSUPPORTED)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return NULL;
    }
    if (!networks)
        networks = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_network_free);
    return g_steal_pointer(&networks);
}

static gboolean
run_job(NmmReadingJob *job, GError **error)
{
    NmmReading *reading = &job->reading;
    gboolean has_networks = reading->networks != NULL;

    if (job->open) {
        job->opened = nmm_hypervisor_open(job->hypervisor, FALSE, error);
        if (!job->opened)
            return FALSE;
    }
    if (g_cancellable_set_error_if_cancelled(job->cancellable, error))
        return FALSE;
    if (!reading->networks)
        reading->networks = list_networks(job->hypervisor, error);
    if (!reading->networks)
        return FALSE;
    if (reading->uuids ? !read_guests(job, error) : !read_all_guests(job, error))
        return FALSE;
    /* Networks of an earlier reading are shared. */
    nmm_hypervisor_join_devices(
        job->hypervisor, reading->guests, has_networks ? NULL : reading->networks);
    return TRUE;
}

void
nmm_reading_job_thread_cb(GTask *task, gpointer source, gpointer job, GCancellable *cancellable)
{
    GError *error = NULL;

    if (run_job(job, &error))
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}
