/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The watch on the main thread, and its readings on a worker thread. At most one reading is under
 * way; it owns all it touches, so that one stuck in a libvirt that hangs can be left behind. While
 * nothing is amiss there is no timer.
 */

#include "config.h"

#include "nmm-watcher.h"

#include "nmm-backoff.h"
#include "nmm-debounce.h"
#include "nmm-error.h"

/* In ms. A guest that has ended is to lose its routes at once: shorter than for the sync engine. */
#define SETTLE        20
#define SETTLE_FACTOR 10
#define RECONNECT     1000
#define RECONNECT_MAX (30 * 1000)

typedef enum {
    STATE_NEW,
    STATE_STARTING, /* the first reading */
    STATE_UP,
    STATE_LOST, /* no connection; a timer or a reading tries to get one */
    STATE_ENDED,
} State;

/* One look at guests. */
typedef struct {
    NmmHypervisor *hypervisor;
    gboolean open; /* connect first */
    char **uuids;  /* (nullable): only these; NULL is all */

    GPtrArray *guests;   /* (element-type NmmGuest): those found */
    GPtrArray *networks; /* (element-type NmmNetwork): all; not read where it is there */
} Reading;

struct _NmmWatcher {
    GObject parent;

    NmmHypervisor *hypervisor;
    State state;
    GHashTable *guests;  /* (element-type utf8 NmmGuest): by UUID */
    GPtrArray *networks; /* (nullable) (element-type NmmNetwork): as they were read last */
    gboolean networks_stale;
    GHashTable *dirty; /* (element-type utf8): UUIDs of events since the last reading began */
    gboolean reading;
    gboolean connected;
    NmmDebounce settle;
    NmmBackoff reconnect;
};

enum {
    SIGNAL_GUESTS,
    SIGNAL_FAILED,
    N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(NmmWatcher, nmm_watcher, G_TYPE_OBJECT)

/* Reading, on a worker thread */

static void
reading_free(gpointer data)
{
    Reading *reading = data;

    g_object_unref(reading->hypervisor);
    g_strfreev(reading->uuids);
    g_clear_pointer(&reading->guests, g_ptr_array_unref);
    g_clear_pointer(&reading->networks, g_ptr_array_unref);
    g_free(reading);
}

/* A guest that is gone is none; one that cannot be read is none either, with a warning. FALSE: the
 * connection is no good. */
static gboolean
read_guest(Reading *reading, const char *uuid, GError **error)
{
    g_autoptr(GError) local = NULL;
    NmmGuest *guest = nmm_hypervisor_read_guest(reading->hypervisor, uuid, &local);

    if (guest)
        g_ptr_array_add(reading->guests, guest);
    else if (g_error_matches(local, NMM_ERROR, NMM_ERROR_UNREACHABLE)) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    } else if (!g_error_matches(local, NMM_ERROR, NMM_ERROR_NOT_FOUND))
        g_warning("guest '%s': %s", uuid, local->message);
    return TRUE;
}

static gboolean
read_guests(Reading *reading, GError **error)
{
    if (!reading->uuids) {
        reading->guests = nmm_hypervisor_list_guests(reading->hypervisor, error);
        return reading->guests != NULL;
    }
    reading->guests = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_guest_unref);
    for (char **uuid = reading->uuids; *uuid; uuid++) {
        if (!read_guest(reading, *uuid, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
run_reading(Reading *reading, GError **error)
{
    if (reading->open && !nmm_hypervisor_open(reading->hypervisor, FALSE, error))
        return FALSE;
    if (!read_guests(reading, error))
        return FALSE;
    if (reading->networks)
        return TRUE;
    reading->networks = nmm_hypervisor_list_networks(reading->hypervisor, error);
    return reading->networks != NULL;
}

static void
reading_thread_cb(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    GError *error = NULL;

    if (run_reading(data, &error))
        g_task_return_boolean(task, TRUE);
    else
        g_task_return_error(task, error);
}

/* On the main thread */

static void reading_cb(GObject *object, GAsyncResult *result, gpointer data);

/* @uuids: (transfer full) (nullable): NULL is all */
static void
begin_reading(NmmWatcher *self, char **uuids)
{
    g_autoptr(GTask) task = g_task_new(self, NULL, reading_cb, NULL);
    Reading *reading = g_new0(Reading, 1);

    reading->hypervisor = g_object_ref(self->hypervisor);
    reading->open = !self->connected;
    reading->uuids = uuids;
    if (uuids && self->networks && !self->networks_stale)
        reading->networks = g_ptr_array_ref(self->networks);
    self->networks_stale = FALSE;
    /* So that "closed" during the reading is noticed. */
    self->connected = TRUE;
    self->reading = TRUE;
    g_task_set_source_tag(task, begin_reading);
    g_task_set_task_data(task, reading, reading_free);
    g_task_run_in_thread(task, reading_thread_cb);
}

static void
settled_cb(gpointer data)
{
    NmmWatcher *self = data;
    char **uuids = (char **)g_hash_table_get_keys_as_array(self->dirty, NULL);

    g_hash_table_steal_all(self->dirty);
    begin_reading(self, uuids);
}

/* A reading that is under way sees to it when it ends. */
static void
arm_settle(NmmWatcher *self)
{
    if (self->state == STATE_UP && !self->reading && g_hash_table_size(self->dirty) > 0)
        nmm_debounce_arm(&self->settle);
}

static void
reconnect_cb(gpointer data)
{
    NmmWatcher *self = data;

    g_hash_table_remove_all(self->dirty);
    begin_reading(self, NULL);
}

static void
schedule_reconnect(NmmWatcher *self)
{
    self->connected = FALSE;
    nmm_hypervisor_close(self->hypervisor);
    nmm_backoff_arm(&self->reconnect);
}

static void
lose(NmmWatcher *self, const char *reason)
{
    g_warning("the connection to libvirt is lost: %s; trying to get it back", reason);
    nmm_debounce_cancel(&self->settle);
    self->state = STATE_LOST;
    nmm_backoff_reset(&self->reconnect);
    schedule_reconnect(self);
}

static void
take_guests(NmmWatcher *self, Reading *reading)
{
    g_clear_pointer(&self->networks, g_ptr_array_unref);
    self->networks = g_ptr_array_ref(reading->networks);
    if (!reading->uuids)
        g_hash_table_remove_all(self->guests);
    for (char **uuid = reading->uuids; uuid && *uuid; uuid++)
        g_hash_table_remove(self->guests, *uuid);
    for (guint i = 0; i < reading->guests->len; i++) {
        NmmGuest *guest = reading->guests->pdata[i];

        g_hash_table_replace(self->guests, guest->uuid, nmm_guest_ref(guest));
    }
}

static void
emit_guests(NmmWatcher *self)
{
    g_autoptr(GPtrArray) guests = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_guest_unref);
    GHashTableIter iter;
    gpointer guest;

    g_hash_table_iter_init(&iter, self->guests);
    while (g_hash_table_iter_next(&iter, NULL, &guest))
        g_ptr_array_add(guests, nmm_guest_ref(guest));
    g_signal_emit(self, signals[SIGNAL_GUESTS], 0, guests, self->networks);
}

static void
reading_done(NmmWatcher *self, Reading *reading)
{
    if (self->state == STATE_LOST)
        g_message("the connection to libvirt is back");
    self->state = STATE_UP;
    take_guests(self, reading);
    emit_guests(self);
    arm_settle(self);
}

static void
reading_failed(NmmWatcher *self, const GError *error)
{
    switch (self->state) {
    case STATE_STARTING:
        self->state = STATE_ENDED;
        nmm_hypervisor_close(self->hypervisor);
        g_signal_emit(self, signals[SIGNAL_FAILED], 0, error);
        break;
    case STATE_UP:
        lose(self, error->message);
        break;
    case STATE_LOST:
        schedule_reconnect(self);
        break;
    case STATE_NEW:
    case STATE_ENDED:
        g_return_if_reached();
    }
}

static void
reading_cb(GObject *object, GAsyncResult *result, gpointer data)
{
    NmmWatcher *self = NMM_WATCHER(object);
    g_autoptr(GError) error = NULL;
    gboolean done = g_task_propagate_boolean(G_TASK(result), &error);

    self->reading = FALSE;
    if (self->state == STATE_ENDED) {
        /* The reading may have opened it after stop(). */
        nmm_hypervisor_close(self->hypervisor);
        return;
    }
    if (done && !self->connected) {
        done = FALSE;
        g_set_error_literal(&error, NMM_ERROR, NMM_ERROR_UNREACHABLE, "the connection was closed");
    }
    if (done)
        reading_done(self, g_task_get_task_data(G_TASK(result)));
    else
        reading_failed(self, error);
}

/* Events */

static void
guest_changed_cb(NmmHypervisor *hypervisor, const char *uuid, NmmWatcher *self)
{
    g_hash_table_add(self->dirty, g_strdup(uuid));
    nmm_debounce_note(&self->settle);
    arm_settle(self);
}

/* What that means for guests is seen when one of them does something. */
static void
network_changed_cb(NmmHypervisor *hypervisor, const char *name, NmmWatcher *self)
{
    self->networks_stale = TRUE;
}

static void
closed_cb(NmmHypervisor *hypervisor, const char *reason, NmmWatcher *self)
{
    self->connected = FALSE;
    if (!self->reading && self->state == STATE_UP)
        lose(self, reason);
}

/**
 * nmm_watcher_new:
 * @hypervisor: not open; a reference is taken
 *
 * Returns: (transfer full): a watch that has done nothing yet
 */
NmmWatcher *
nmm_watcher_new(NmmHypervisor *hypervisor)
{
    NmmWatcher *self = g_object_new(NMM_TYPE_WATCHER, NULL);

    self->hypervisor = g_object_ref(hypervisor);
    return self;
}

void
nmm_watcher_set_timing(NmmWatcher *self, guint settle, guint reconnect, guint reconnect_max)
{
    nmm_debounce_set_timing(&self->settle, settle, SETTLE_FACTOR * settle);
    nmm_backoff_set_timing(&self->reconnect, reconnect, reconnect_max);
}

/**
 * nmm_watcher_start:
 * @self: a watch that was neither started nor stopped
 *
 * "guests" or "failed" tells how it went.
 */
void
nmm_watcher_start(NmmWatcher *self)
{
    g_return_if_fail(self->state == STATE_NEW);

    g_signal_connect(self->hypervisor, "guest-changed", G_CALLBACK(guest_changed_cb), self);
    g_signal_connect(self->hypervisor, "network-changed", G_CALLBACK(network_changed_cb), self);
    g_signal_connect(self->hypervisor, "closed", G_CALLBACK(closed_cb), self);
    self->state = STATE_STARTING;
    begin_reading(self, NULL);
}

/**
 * nmm_watcher_stop:
 * @self: a watch
 *
 * Closes the hypervisor. A reading that hangs ends by itself or never.
 */
void
nmm_watcher_stop(NmmWatcher *self)
{
    self->state = STATE_ENDED;
    nmm_debounce_cancel(&self->settle);
    nmm_backoff_cancel(&self->reconnect);
    g_signal_handlers_disconnect_by_data(self->hypervisor, self);
    nmm_hypervisor_close(self->hypervisor);
}

static void
dispose(GObject *object)
{
    NmmWatcher *self = NMM_WATCHER(object);

    if (self->hypervisor)
        nmm_watcher_stop(self);
    g_clear_object(&self->hypervisor);

    G_OBJECT_CLASS(nmm_watcher_parent_class)->dispose(object);
}

static void
finalize(GObject *object)
{
    NmmWatcher *self = NMM_WATCHER(object);

    g_hash_table_unref(self->guests);
    g_hash_table_unref(self->dirty);
    g_clear_pointer(&self->networks, g_ptr_array_unref);

    G_OBJECT_CLASS(nmm_watcher_parent_class)->finalize(object);
}

static void
nmm_watcher_class_init(NmmWatcherClass *klass)
{
    GType type = G_TYPE_FROM_CLASS(klass);

    G_OBJECT_CLASS(klass)->dispose = dispose;
    G_OBJECT_CLASS(klass)->finalize = finalize;

    signals[SIGNAL_GUESTS] = g_signal_new("guests",
                                          type,
                                          G_SIGNAL_RUN_LAST,
                                          0,
                                          NULL,
                                          NULL,
                                          NULL,
                                          G_TYPE_NONE,
                                          2,
                                          G_TYPE_POINTER,
                                          G_TYPE_POINTER);
    signals[SIGNAL_FAILED] = g_signal_new(
        "failed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
nmm_watcher_init(NmmWatcher *self)
{
    self->guests =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)nmm_guest_unref);
    self->dirty = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    nmm_debounce_init(&self->settle, settled_cb, self);
    nmm_backoff_init(&self->reconnect, reconnect_cb, self);
    nmm_watcher_set_timing(self, SETTLE, RECONNECT, RECONNECT_MAX);
}
