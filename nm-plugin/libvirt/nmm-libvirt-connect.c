/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bounds the time that libvirt may take to connect, to answer and to close, because libvirt itself
 * waits for ever. Converts libvirt's errors to the project's domain.
 */

#include "config.h"

#include "nmm-libvirt-private.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-text.h"

#define OPEN_TIMEOUT (20 * G_TIME_SPAN_SECOND)

/* With the 4 seconds before keepalive begins, a libvirtd that does not answer is given up after 20.
 */
#define KEEPALIVE_INTERVAL 4 /* seconds */
#define KEEPALIVE_COUNT    3 /* unanswered; the end comes an interval after the last */

/* All others are NMM_ERROR_FAILED. A broken connection has no separate number, see
 * nmm_libvirt_call_fail(). */
static const struct {
    int number;
    NmmError code;
} error_table[] = {
    {VIR_ERR_OPERATION_DENIED, NMM_ERROR_DENIED},
    {VIR_ERR_ACCESS_DENIED, NMM_ERROR_DENIED},
    {VIR_ERR_AUTH_FAILED, NMM_ERROR_DENIED},
    {VIR_ERR_AUTH_CANCELLED, NMM_ERROR_DENIED},
    {VIR_ERR_AUTH_UNAVAILABLE, NMM_ERROR_DENIED},

    {VIR_ERR_NO_DOMAIN, NMM_ERROR_NOT_FOUND},
    {VIR_ERR_NO_NETWORK, NMM_ERROR_NOT_FOUND},
    {VIR_ERR_DEVICE_MISSING, NMM_ERROR_NOT_FOUND},

    {VIR_ERR_NETWORK_EXIST, NMM_ERROR_CONFLICT},

    {VIR_ERR_OPERATION_TIMEOUT, NMM_ERROR_BUSY},

    {VIR_ERR_NO_SUPPORT, NMM_ERROR_UNSUPPORTED},
    {VIR_ERR_CONFIG_UNSUPPORTED, NMM_ERROR_UNSUPPORTED},
    {VIR_ERR_OPERATION_UNSUPPORTED, NMM_ERROR_UNSUPPORTED},
    {VIR_ERR_ARGUMENT_UNSUPPORTED, NMM_ERROR_UNSUPPORTED},
};

GError *
nmm_libvirt_take_error(void)
{
    const virError *last = virGetLastError();
    NmmError code = NMM_ERROR_FAILED;
    g_autofree char *shown = NULL;

    if (!last || !last->message)
        return g_error_new_literal(NMM_ERROR, code, _("libvirt gave no reason"));

    for (gsize i = 0; i < G_N_ELEMENTS(error_table); i++) {
        if (error_table[i].number == last->code)
            code = error_table[i].code;
    }
    if (last->domain == VIR_FROM_FIREWALL || last->domain == VIR_FROM_FIREWALLD)
        code = NMM_ERROR_FIREWALL;
    shown = nmm_text_to_message(last->message, NMM_TEXT_ERROR_MAX);
    return g_error_new_literal(NMM_ERROR, code, shown);
}

/* Shared by the caller and the thread; the last one frees it. */
typedef struct {
    GMutex mutex;
    GCond cond;
    gboolean done;
    GFunc func;
    gpointer data;
    GDestroyNotify free_data;
} Job;

static void
job_clear(gpointer data)
{
    Job *job = data;

    g_mutex_clear(&job->mutex);
    g_cond_clear(&job->cond);
}

static gpointer
job_thread(gpointer data)
{
    Job *job = data;

    job->func(job->data, NULL);
    g_mutex_lock(&job->mutex);
    job->done = TRUE;
    g_cond_signal(&job->cond);
    g_mutex_unlock(&job->mutex);
    job->free_data(job->data);
    g_atomic_rc_box_release_full(job, job_clear);
    return NULL;
}

gboolean
nmm_libvirt_run_bounded(GFunc func, gpointer data, GDestroyNotify free_data, GTimeSpan timeout)
{
    Job *job = g_atomic_rc_box_new0(Job);
    gint64 deadline = g_get_monotonic_time() + timeout;
    gboolean done;

    g_mutex_init(&job->mutex);
    g_cond_init(&job->cond);
    job->func = func;
    job->data = data;
    job->free_data = free_data;
    g_thread_unref(g_thread_new("libvirt-bounded", job_thread, g_atomic_rc_box_acquire(job)));

    g_mutex_lock(&job->mutex);
    while (!job->done && g_cond_wait_until(&job->cond, &job->mutex, deadline))
        ;
    done = job->done;
    g_mutex_unlock(&job->mutex);
    g_atomic_rc_box_release_full(job, job_clear);
    return done;
}

typedef struct {
    char *uri;
    gboolean read_only;
    virConnectPtr conn; /* (nullable) */
    GError *error;
} Opening;

static void
opening_clear(gpointer data)
{
    Opening *opening = data;

    if (opening->conn)
        virConnectClose(opening->conn);
    g_free(opening->uri);
    g_clear_error(&opening->error);
}

static void
opening_unref(gpointer data)
{
    g_atomic_rc_box_release_full(data, opening_clear);
}

static void
open_func(gpointer data, gpointer unused)
{
    Opening *opening = data;

    /* Without callbacks for credentials nothing can prompt. */
    opening->conn = virConnectOpenAuth(opening->uri, NULL, opening->read_only ? VIR_CONNECT_RO : 0);
    if (!opening->conn)
        opening->error = nmm_libvirt_take_error();
}

/* Every error but DENIED counts as UNREACHABLE: there is no connection, and another try may help.
 */
static void
set_connect_error(GError **error, const char *uri, const GError *cause)
{
    const char *reason = cause ? cause->message : _("libvirt does not answer");

    if (g_error_matches(cause, NMM_ERROR, NMM_ERROR_DENIED))
        nmm_fail(error, NMM_ERROR_DENIED, _("cannot connect to '%s': %s"), uri, reason);
    else
        nmm_libvirt_fail_unreachable(error, uri, reason);
}

virConnectPtr
nmm_libvirt_connect(const char *uri, gboolean read_only, GError **error)
{
    Opening *opening = g_atomic_rc_box_new0(Opening);
    virConnectPtr conn = NULL;

    opening->uri = g_strdup(uri);
    opening->read_only = read_only;
    if (!nmm_libvirt_run_bounded(
            open_func, g_atomic_rc_box_acquire(opening), opening_unref, OPEN_TIMEOUT))
        set_connect_error(error, uri, NULL);
    else if (opening->conn)
        conn = g_steal_pointer(&opening->conn);
    else
        set_connect_error(error, uri, opening->error);
    opening_unref(opening);
    return conn;
}

void
nmm_libvirt_keep_alive(virConnectPtr conn)
{
    virConnectSetKeepAlive(conn, KEEPALIVE_INTERVAL, KEEPALIVE_COUNT);
    virResetLastError();
}
