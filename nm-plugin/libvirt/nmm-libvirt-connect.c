/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making a connection to libvirtd within a bounded time, and giving up one that does not answer.
 * libvirt by itself does neither.
 */

#include "config.h"

#include "nmm-libvirt-private.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"

#define OPEN_TIMEOUT (20 * G_TIME_SPAN_SECOND)

/* With the 4 seconds of patience before it, a libvirtd that answers nothing is given up after 20.
 */
#define KEEPALIVE_INTERVAL 4 /* seconds */
#define KEEPALIVE_COUNT    3 /* unanswered; the end comes an interval after the last */

/* Shared by open's caller and the thread that connects; whoever is last frees it. */
typedef struct {
    GMutex mutex;
    GCond cond;
    char *uri;
    gboolean read_only;
    gboolean done;
    gboolean abandoned;
    virConnectPtr conn;
    GError *error;
} Opening;

static void
opening_clear(gpointer data)
{
    Opening *opening = data;

    g_mutex_clear(&opening->mutex);
    g_cond_clear(&opening->cond);
    g_free(opening->uri);
    g_clear_error(&opening->error);
}

static gpointer
opening_thread(gpointer data)
{
    Opening *opening = data;
    /* Without callbacks for credentials nothing can prompt. */
    virConnectPtr conn =
        virConnectOpenAuth(opening->uri, NULL, opening->read_only ? VIR_CONNECT_RO : 0);
    g_autoptr(GError) error = conn ? NULL : nmm_libvirt_take_error();

    g_mutex_lock(&opening->mutex);
    opening->done = TRUE;
    if (!opening->abandoned) {
        opening->conn = g_steal_pointer(&conn);
        opening->error = g_steal_pointer(&error);
    }
    g_cond_signal(&opening->cond);
    g_mutex_unlock(&opening->mutex);

    if (conn)
        virConnectClose(conn);
    g_atomic_rc_box_release_full(opening, opening_clear);
    return NULL;
}

virConnectPtr
nmm_libvirt_connect(const char *uri, gboolean read_only, GError **error)
{
    Opening *opening = g_atomic_rc_box_new0(Opening);
    gint64 deadline = g_get_monotonic_time() + OPEN_TIMEOUT;
    virConnectPtr conn;
    int error_code;

    g_mutex_init(&opening->mutex);
    g_cond_init(&opening->cond);
    opening->uri = g_strdup(uri);
    opening->read_only = read_only;
    g_thread_unref(g_thread_new("libvirt-open", opening_thread, g_atomic_rc_box_acquire(opening)));

    g_mutex_lock(&opening->mutex);
    while (!opening->done && g_cond_wait_until(&opening->cond, &opening->mutex, deadline))
        ;
    opening->abandoned = !opening->done;
    conn = g_steal_pointer(&opening->conn);
    error_code = opening->error && opening->error->code == NMM_ERROR_DENIED ? NMM_ERROR_DENIED
                                                                            : NMM_ERROR_UNREACHABLE;
    /* Whatever stands in the way, there is no connection, and trying again may help. */
    if (!conn)
        g_set_error(error,
                    NMM_ERROR,
                    error_code,
                    error_code == NMM_ERROR_DENIED
                        ? _("cannot connect to '%s': %s")
                        : _("cannot connect to '%s': %s; check that libvirtd is running "
                            "(systemctl status libvirtd)"),
                    uri,
                    opening->error ? opening->error->message : _("libvirt does not answer"));
    g_clear_error(&opening->error);
    g_mutex_unlock(&opening->mutex);
    g_atomic_rc_box_release_full(opening, opening_clear);
    return conn;
}

void
nmm_libvirt_keep_alive(virConnectPtr conn)
{
    virConnectSetKeepAlive(conn, KEEPALIVE_INTERVAL, KEEPALIVE_COUNT);
    virResetLastError();
}
