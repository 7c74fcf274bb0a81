/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each call has its own connection. libvirt's client before 10.4 must not be used by two threads at
 * a time: a thread that is woken while it waits for its answer leaves an event source behind, which
 * points into its stack and is run by the next thread.
 */

#include "config.h"

#include "nmm-libvirt-private.h"

#include "nmm-error.h"

/* A call that takes longer gets keepalive, because its answer may never come. */
#define KEEPALIVE_AFTER 4 /* seconds */

/* Shared with the timer, which may run while the call ends. */
typedef struct _NmmLibvirtGuard {
    GMutex mutex;
    virConnectPtr conn; /* (nullable): NULL when the call is over */
    gboolean used_up;   /* keepalive is on: the connection is closed after this call */
} Guard;

static void
guard_clear(gpointer data)
{
    Guard *guard = data;

    g_mutex_clear(&guard->mutex);
}

static void
guard_unref(gpointer data)
{
    g_atomic_rc_box_release_full(data, guard_clear);
}

static gboolean
guard_cb(gpointer data)
{
    Guard *guard = data;

    g_mutex_lock(&guard->mutex);
    if (guard->conn) {
        guard->used_up = TRUE;
        nmm_libvirt_keep_alive(guard->conn);
    }
    g_mutex_unlock(&guard->mutex);
    return G_SOURCE_REMOVE;
}

NmmLibvirtCall *
nmm_libvirt_call_begin(NmmLibvirtConn *owner, GError **error)
{
    virConnectPtr conn = nmm_libvirt_conn_take_conn(owner, error);
    NmmLibvirtCall *call;

    if (!conn)
        return NULL;
    call = g_new0(NmmLibvirtCall, 1);
    call->owner = nmm_libvirt_conn_ref(owner);
    call->conn = conn;
    call->guard = g_atomic_rc_box_new0(Guard);
    g_mutex_init(&call->guard->mutex);
    call->guard->conn = conn;

    call->timer = g_timeout_source_new_seconds(KEEPALIVE_AFTER);
    g_source_set_callback(call->timer, guard_cb, g_atomic_rc_box_acquire(call->guard), guard_unref);
    g_source_attach(call->timer, NULL);
    return call;
}

void
nmm_libvirt_call_end(NmmLibvirtCall *call)
{
    gboolean used_up;

    g_mutex_lock(&call->guard->mutex);
    call->guard->conn = NULL;
    used_up = call->guard->used_up;
    g_mutex_unlock(&call->guard->mutex);
    g_source_destroy(call->timer);
    g_source_unref(call->timer);
    guard_unref(call->guard);

    if (used_up || virConnectIsAlive(call->conn) != 1)
        virConnectClose(call->conn);
    else
        nmm_libvirt_conn_return_conn(call->owner, call->conn);
    nmm_libvirt_conn_unref(call->owner);
    g_free(call);
}

gboolean
nmm_libvirt_call_fail(NmmLibvirtCall *call, GError **error)
{
    GError *local = nmm_libvirt_take_error();

    /* This asks only the client side of libvirt. */
    if (virConnectIsAlive(call->conn) != 1) {
        local->code = NMM_ERROR_UNREACHABLE;
        nmm_libvirt_conn_give_up(call->owner, local->message);
    }
    g_propagate_error(error, local);
    return FALSE;
}
