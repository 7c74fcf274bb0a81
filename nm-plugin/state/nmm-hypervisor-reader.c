/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-hypervisor-reader.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-links.h"

/* A thread that reads one libvirt; on the main context until the thread has returned. */
typedef struct {
    char *key;
    char *uri;
    NmmHypervisor *hypervisor;
    gboolean leases;
    gboolean wake;
    gboolean late;              /* a reader gave up waiting for it */
    GPtrArray *waiters;         /* (element-type Waiter) */
    NmmHostHypervisor *content; /* (nullable): the result */
} Job;

typedef struct {
    Job *job;
    GTask *task;
    guint timeout_s;
    GSource *timeout;   /* (nullable) */
    GSource *cancelled; /* (nullable) */
} Waiter;

/* (element-type utf8 Job) */
static GHashTable *jobs;

static void
clear_source(GSource **source)
{
    if (*source)
        g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

static void
waiter_free(gpointer data)
{
    Waiter *waiter = data;

    clear_source(&waiter->timeout);
    clear_source(&waiter->cancelled);
    g_object_unref(waiter->task);
    g_free(waiter);
}

static void
job_free(Job *job)
{
    g_ptr_array_unref(job->waiters);
    g_clear_pointer(&job->content, nmm_host_hypervisor_unref);
    g_object_unref(job->hypervisor);
    g_free(job->uri);
    g_free(job->key);
    g_free(job);
}

static void
return_content(GTask *task, NmmHostHypervisor *content)
{
    g_task_return_pointer(
        task, nmm_host_hypervisor_ref(content), (GDestroyNotify)nmm_host_hypervisor_unref);
}

static gboolean
done_cb(gpointer user_data)
{
    Job *job = user_data;

    g_hash_table_remove(jobs, job->key);
    for (guint i = 0; i < job->waiters->len; i++)
        return_content(((Waiter *)g_ptr_array_index(job->waiters, i))->task, job->content);
    job_free(job);
    return G_SOURCE_REMOVE;
}

static gpointer
run_job(gpointer user_data)
{
    Job *job = user_data;

    job->content = nmm_hypervisor_read(job->hypervisor, job->uri, job->leases, job->wake);
    g_idle_add_full(G_PRIORITY_DEFAULT, done_cb, job, NULL);
    return NULL;
}

/* A new thread and not one of GTask's pool, which is small and shared with the program. */
static Job *
start_job(NmmHypervisorMaker maker,
          const char *uri,
          gboolean leases,
          gboolean wake,
          const char *key)
{
    Job *job = g_new0(Job, 1);
    g_autoptr(GThread) thread = NULL;

    job->key = g_strdup(key);
    job->uri = g_strdup(uri);
    job->hypervisor = maker(uri);
    nmm_hypervisor_set_links_reader(job->hypervisor, nmm_links_read_devices);
    job->leases = leases;
    job->wake = wake;
    job->waiters = g_ptr_array_new_with_free_func(waiter_free);
    g_hash_table_insert(jobs, job->key, job);
    thread = g_thread_new("nm-macvtap-read", run_job, job);
    return job;
}

static void
return_late(GTask *task, const char *uri, guint timeout_s)
{
    NmmHostHypervisor *content = nmm_host_hypervisor_new(uri);

    g_set_error(&content->error,
                NMM_ERROR,
                NMM_ERROR_UNREACHABLE,
                _("libvirt has not answered for %u s"),
                timeout_s);
    content->timed_out = TRUE;
    g_task_return_pointer(task, content, (GDestroyNotify)nmm_host_hypervisor_unref);
}

static gboolean
timeout_cb(gpointer user_data)
{
    Waiter *waiter = user_data;
    Job *job = waiter->job;

    job->late = TRUE;
    return_late(waiter->task, job->uri, waiter->timeout_s);
    g_ptr_array_remove(job->waiters, waiter);
    return G_SOURCE_REMOVE;
}

static gboolean
cancelled_cb(GCancellable *cancellable, gpointer user_data)
{
    Waiter *waiter = user_data;

    g_task_return_error_if_cancelled(waiter->task);
    g_ptr_array_remove(waiter->job->waiters, waiter);
    return G_SOURCE_REMOVE;
}

/* @task: (transfer full) */
static void
add_waiter(Job *job, GTask *task, guint timeout_s)
{
    Waiter *waiter = g_new0(Waiter, 1);
    GCancellable *cancellable = g_task_get_cancellable(task);

    waiter->job = job;
    waiter->task = task;
    waiter->timeout_s = timeout_s;
    g_ptr_array_add(job->waiters, waiter);
    if (timeout_s > 0) {
        waiter->timeout = g_timeout_source_new_seconds(timeout_s);
        g_source_set_callback(waiter->timeout, timeout_cb, waiter, NULL);
        g_source_attach(waiter->timeout, NULL);
    }
    if (cancellable) {
        waiter->cancelled = g_cancellable_source_new(cancellable);
        g_source_set_callback(waiter->cancelled, G_SOURCE_FUNC(cancelled_cb), waiter, NULL);
        g_source_attach(waiter->cancelled, NULL);
    }
}

void
nmm_hypervisor_read_async(NmmHypervisorMaker maker,
                          const char *uri,
                          gboolean leases,
                          gboolean wake,
                          guint timeout_s,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, cancellable, callback, user_data);
    g_autofree char *key = g_strconcat(leases ? "leases " : "", wake ? "wake " : "", uri, NULL);
    Job *job;

    g_task_set_source_tag(task, nmm_hypervisor_read_async);
    if (!jobs)
        jobs = g_hash_table_new(g_str_hash, g_str_equal);
    job = g_hash_table_lookup(jobs, key);
    if (!job)
        job = start_job(maker, uri, leases, wake, key);
    if (job->late)
        return_late(task, uri, timeout_s);
    else
        add_waiter(job, g_steal_pointer(&task), timeout_s);
}

NmmHostHypervisor *
nmm_hypervisor_read_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}
