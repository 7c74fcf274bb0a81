/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A call to libvirtd: it has a connection to itself while it lasts. libvirt's client before 10.4
 * must not be used by two threads at a time: a thread that is woken while it waits for its answer
 * leaves an event source behind, which points into its stack and is run by the next thread.
 */

#include "config.h"

#include "nmm-libvirt-private.h"

#include "nmm-error.h"

/* An answer that takes longer may never come. */
#define PATIENCE 4 /* seconds */

/* Shared with the timer, which may run while the call ends. */
typedef struct {
    GMutex mutex;
    virConnectPtr conn; /* (nullable): NULL when the call is over */
    gboolean worn;      /* keepalive is on: the connection is good for this call only */
} Patience;

struct _NmmLibvirtCall {
    NmmLibvirtConn *link;
    virConnectPtr conn;
    Patience *patience;
    GSource *timer;
};

static void
patience_clear(gpointer data)
{
    Patience *patience = data;

    g_mutex_clear(&patience->mutex);
}

static void
patience_unref(gpointer data)
{
    g_atomic_rc_box_release_full(data, patience_clear);
}

static gboolean
patience_cb(gpointer data)
{
    Patience *patience = data;

    g_mutex_lock(&patience->mutex);
    if (patience->conn) {
        patience->worn = TRUE;
        nmm_libvirt_keep_alive(patience->conn);
    }
    g_mutex_unlock(&patience->mutex);
    return G_SOURCE_REMOVE;
}

NmmLibvirtCall *
nmm_libvirt_call_begin(NmmLibvirtConn *link, GError **error)
{
    virConnectPtr conn = nmm_libvirt_conn_take_conn(link, error);
    NmmLibvirtCall *call;

    if (!conn)
        return NULL;
    call = g_new0(NmmLibvirtCall, 1);
    call->link = nmm_libvirt_conn_ref(link);
    call->conn = conn;
    call->patience = g_atomic_rc_box_new0(Patience);
    g_mutex_init(&call->patience->mutex);
    call->patience->conn = conn;

    call->timer = g_timeout_source_new_seconds(PATIENCE);
    g_source_set_callback(
        call->timer, patience_cb, g_atomic_rc_box_acquire(call->patience), patience_unref);
    g_source_attach(call->timer, NULL);
    return call;
}

void
nmm_libvirt_call_end(NmmLibvirtCall *call)
{
    gboolean worn;

    g_mutex_lock(&call->patience->mutex);
    call->patience->conn = NULL;
    worn = call->patience->worn;
    g_mutex_unlock(&call->patience->mutex);
    g_source_destroy(call->timer);
    g_source_unref(call->timer);
    patience_unref(call->patience);

    if (worn || virConnectIsAlive(call->conn) != 1)
        virConnectClose(call->conn);
    else
        nmm_libvirt_conn_return_conn(call->link, call->conn);
    nmm_libvirt_conn_unref(call->link);
    g_free(call);
}

NmmLibvirtConn *
nmm_libvirt_call_get_link(NmmLibvirtCall *call)
{
    return call->link;
}

virConnectPtr
nmm_libvirt_call_get_conn(NmmLibvirtCall *call)
{
    return call->conn;
}

gboolean
nmm_libvirt_call_fail(NmmLibvirtCall *call, GError **error)
{
    GError *local = nmm_libvirt_take_error();

    /* This asks libvirt's own client side, not libvirtd. */
    if (virConnectIsAlive(call->conn) != 1) {
        local->code = NMM_ERROR_UNREACHABLE;
        nmm_libvirt_conn_give_up(call->link, local->message);
    }
    g_propagate_error(error, local);
    return FALSE;
}
