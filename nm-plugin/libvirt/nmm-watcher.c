/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state machine on the main thread. Does not wait for a reading that hangs. There is no timer
 * while the connection works and no event is due.
 */

#include "config.h"

#include "nmm-watcher.h"

#include "nmm-error.h"
#include "nmm-timers.h"

/* A guest that has ended loses its routes at once: shorter than for the sync engine. */
static const NmmWatcherTiming default_timing = {
    .settle = 20,
    .settle_max = 200,
    .reconnect = 1000,
    .reconnect_max = 30 * 1000,
};

typedef enum {
    STATE_NEW,
    STATE_STARTING, /* no reading has succeeded yet */
    STATE_UP,
    STATE_LOST, /* no connection; a timer or a reading tries to get one */
    STATE_ENDED,
} State;

struct _NmmWatcher {
    NmmHypervisor *hypervisor;
    const NmmWatcherClient *client;
    gpointer user_data;

    State state;
    gboolean connected;
    gboolean was_connected;
    char *closed_reason;  /* (nullable) */
    NmmReadingJob *job;   /* (nullable): borrowed from its task */
    gboolean held;        /* until nmm_watcher_resume() */
    gboolean handed_over; /* ready() is due */
    guint ready_source;

    /* What the next reading is about. */
    GHashTable *dirty; /* (element-type utf8): UUIDs */
    gboolean all_dirty;
    gboolean urgent; /* does not wait for quiet */

    GHashTable *guests;  /* (element-type utf8 NmmGuest): by UUID; for remember_guests */
    GPtrArray *networks; /* (nullable) (element-type NmmNetwork): as they were read last */
    gboolean networks_stale;

    NmmDebounce settle;
    NmmBackoff reconnect;
};

/* Main thread: when something is read */

static void reading_cb(GObject *object, GAsyncResult *result, gpointer data);

/* (transfer full) (nullable): NULL for all guests */
static char **
take_dirty(NmmWatcher *self)
{
    char **uuids = NULL;

    if (self->all_dirty) {
        g_hash_table_remove_all(self->dirty);
    } else {
        uuids = (char **)g_hash_table_get_keys_as_array(self->dirty, NULL);
        g_hash_table_steal_all(self->dirty);
    }
    self->all_dirty = self->urgent = FALSE;
    return uuids;
}

static gboolean
needs_networks(NmmWatcher *self, char **uuids)
{
    return !uuids || !self->networks || self->networks_stale || self->client->follow_networks;
}

static NmmReadingJob *
job_new(NmmWatcher *self)
{
    NmmReadingJob *job = nmm_reading_job_new(self->hypervisor);

    self->all_dirty |= !self->connected;
    job->watcher = self;
    job->open = !self->connected;
    job->reading.uuids = take_dirty(self);
    job->reading.begun = g_get_monotonic_time();
    if (!needs_networks(self, job->reading.uuids))
        job->reading.networks = g_ptr_array_ref(self->networks);
    return job;
}

static void
clear_timers(NmmWatcher *self)
{
    nmm_debounce_cancel(&self->settle);
    nmm_backoff_cancel(&self->reconnect);
}

static void
begin_reading(gpointer data)
{
    NmmWatcher *self = data;
    g_autoptr(GTask) task = g_task_new(NULL, NULL, reading_cb, NULL);

    clear_timers(self);
    self->job = job_new(self);
    self->networks_stale = FALSE;
    /* From now on closed_cb() notices the end of the connection that the job opens. */
    self->connected = TRUE;
    g_task_set_source_tag(task, begin_reading);
    g_task_set_task_data(task, self->job, nmm_reading_job_free);
    g_task_run_in_thread(task, nmm_reading_job_thread_cb);
}

/* Guests run on without libvirt: it is not this program that starts it again. */
static void
reconnect(gpointer data)
{
    NmmWatcher *self = data;

    if (nmm_hypervisor_is_asleep(self->hypervisor))
        nmm_hypervisor_wait_awake(self->hypervisor);
    else
        begin_reading(self);
}

static void
awake_cb(NmmHypervisor *hypervisor, const char *unused, NmmWatcher *self)
{
    if (self->state == STATE_LOST && !nmm_watcher_is_busy(self) && !self->connected)
        begin_reading(self);
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
    nmm_debounce_cancel(&self->settle);
    self->state = STATE_LOST;
    schedule_reconnect(self);
    if (self->client->lost)
        self->client->lost(reason, self->user_data);
    else
        g_warning("the connection to libvirt is lost: %s; trying to reconnect", reason);
}

static void
announce_ready(NmmWatcher *self)
{
    g_clear_handle_id(&self->ready_source, g_source_remove);
    self->handed_over = FALSE;
    self->state = self->connected ? STATE_UP : STATE_STARTING;
    self->client->ready(self->user_data);
}

/* Does what is due if nothing is in progress. */
static void
go_on(NmmWatcher *self)
{
    if (nmm_watcher_is_busy(self) || self->state == STATE_ENDED)
        return;
    if (self->state == STATE_UP && !self->connected) {
        lose(self, self->closed_reason);
    } else if (self->urgent) {
        begin_reading(self);
    } else if (self->state == STATE_UP) {
        nmm_backoff_reset(&self->reconnect);
        if (self->all_dirty || g_hash_table_size(self->dirty) > 0)
            nmm_debounce_arm(&self->settle);
    }
}

/* Main thread: what was read */

static void
remember_guests(NmmWatcher *self, const NmmReading *reading)
{
    GHashTableIter iter;
    gpointer error;

    if (!reading->uuids)
        g_hash_table_remove_all(self->guests);
    for (char **uuid = reading->uuids; uuid && *uuid; uuid++)
        g_hash_table_remove(self->guests, *uuid);
    for (guint i = 0; i < reading->guests->len; i++) {
        NmmGuest *guest = reading->guests->pdata[i];

        g_hash_table_replace(self->guests, guest->uuid, nmm_guest_ref(guest));
    }
    g_hash_table_iter_init(&iter, reading->unread);
    while (g_hash_table_iter_next(&iter, NULL, &error))
        g_warning("%s", ((GError *)error)->message);
}

static void
deliver_all(NmmWatcher *self, const NmmReading *reading)
{
    g_autoptr(GPtrArray) guests = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_guest_unref);
    NmmReading all = *reading;
    GHashTableIter iter;
    gpointer guest;

    g_hash_table_iter_init(&iter, self->guests);
    while (g_hash_table_iter_next(&iter, NULL, &guest))
        g_ptr_array_add(guests, nmm_guest_ref(guest));
    all.uuids = NULL;
    all.guests = guests;
    self->client->read(&all, self->user_data);
}

static void
note_back(NmmWatcher *self)
{
    if (self->state != STATE_LOST)
        return;
    if (self->client->back)
        self->client->back(self->user_data);
    else
        g_message("the connection to libvirt is back");
}

static void
reading_done(NmmWatcher *self, const NmmReading *reading)
{
    note_back(self);
    self->state = STATE_UP;
    g_clear_pointer(&self->networks, g_ptr_array_unref);
    self->networks = g_ptr_array_ref(reading->networks);
    if (self->client->remember_guests) {
        remember_guests(self, reading);
        go_on(self);
        deliver_all(self, reading);
    } else {
        self->held = TRUE;
        self->client->read(reading, self->user_data);
    }
}

static void
reading_failed(NmmWatcher *self, const GError *error)
{
    switch (self->state) {
    case STATE_STARTING:
        self->state = STATE_ENDED;
        nmm_hypervisor_close(self->hypervisor);
        self->client->failed(error, self->user_data);
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
    NmmReadingJob *job = g_task_get_task_data(G_TASK(result));
    NmmWatcher *self = job->watcher;
    g_autoptr(GError) error = NULL;
    gboolean done = g_task_propagate_boolean(G_TASK(result), &error);

    if (!self) {
        /* The job may have opened it after nmm_watcher_free(). */
        nmm_hypervisor_close(job->hypervisor);
        return;
    }
    self->job = NULL;
    self->connected &= !job->open || job->opened;
    self->was_connected |= job->opened;
    if (done && !self->connected) {
        done = FALSE;
        g_set_error_literal(&error, NMM_ERROR, NMM_ERROR_UNREACHABLE, self->closed_reason);
    }
    if (self->handed_over)
        announce_ready(self);
    else if (done)
        reading_done(self, &job->reading);
    else
        reading_failed(self, error);
}

/* Events */

static void
guest_changed_cb(NmmHypervisor *hypervisor, const char *uuid, NmmWatcher *self)
{
    if (self->client->guest_changed) {
        self->client->guest_changed(uuid, self->user_data);
        return;
    }
    g_hash_table_add(self->dirty, g_strdup(uuid));
    nmm_debounce_note(&self->settle);
    go_on(self);
}

static void
guest_arrived_cb(NmmHypervisor *hypervisor, const char *uuid, NmmWatcher *self)
{
    if (self->client->guest_arrived)
        self->client->guest_arrived(uuid, self->user_data);
    guest_changed_cb(hypervisor, uuid, self);
}

static void
network_changed_cb(NmmHypervisor *hypervisor, const char *name, NmmWatcher *self)
{
    self->networks_stale = TRUE;
    if (!self->client->follow_networks)
        return;
    self->all_dirty = TRUE;
    nmm_debounce_note(&self->settle);
    go_on(self);
}

static void
closed_cb(NmmHypervisor *hypervisor, const char *reason, NmmWatcher *self)
{
    self->connected = FALSE;
    g_free(self->closed_reason);
    self->closed_reason = g_strdup(reason);
    if (!self->handed_over)
        go_on(self);
}

/* Life */

NmmWatcher *
nmm_watcher_new(NmmHypervisor *hypervisor,
                const NmmWatcherClient *client,
                const NmmWatcherTiming *timing,
                gpointer user_data)
{
    NmmWatcher *self = g_new0(NmmWatcher, 1);

    if (!timing)
        timing = &default_timing;
    self->hypervisor = g_object_ref(hypervisor);
    nmm_hypervisor_set_needs_networks(hypervisor, !client->remember_guests);
    self->client = client;
    self->user_data = user_data;
    self->guests =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)nmm_guest_unref);
    self->dirty = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    nmm_debounce_init(&self->settle, begin_reading, self);
    self->settle.settle_ms = timing->settle;
    self->settle.settle_max_ms = timing->settle_max;
    nmm_backoff_init(&self->reconnect, reconnect, self);
    nmm_backoff_set_timing(&self->reconnect, timing->reconnect, timing->reconnect_max);
    return self;
}

void
nmm_watcher_free(NmmWatcher *self)
{
    if (self->job) {
        self->job->watcher = NULL;
        g_cancellable_cancel(self->job->cancellable);
    }
    clear_timers(self);
    g_clear_handle_id(&self->ready_source, g_source_remove);
    g_signal_handlers_disconnect_by_data(self->hypervisor, self);
    nmm_hypervisor_close(self->hypervisor);
    g_object_unref(self->hypervisor);
    g_hash_table_unref(self->guests);
    g_hash_table_unref(self->dirty);
    g_clear_pointer(&self->networks, g_ptr_array_unref);
    g_free(self->closed_reason);
    g_free(self);
}

void
nmm_watcher_start(NmmWatcher *self)
{
    g_return_if_fail(self->state == STATE_NEW);

    g_signal_connect(self->hypervisor, "guest-changed", G_CALLBACK(guest_changed_cb), self);
    g_signal_connect(self->hypervisor, "guest-arrived", G_CALLBACK(guest_arrived_cb), self);
    g_signal_connect(self->hypervisor, "network-changed", G_CALLBACK(network_changed_cb), self);
    g_signal_connect(self->hypervisor, "closed", G_CALLBACK(closed_cb), self);
    g_signal_connect(self->hypervisor, "awake", G_CALLBACK(awake_cb), self);
    self->state = STATE_STARTING;
    begin_reading(self);
}

void
nmm_watcher_resume(NmmWatcher *self, const char *lost)
{
    self->held = FALSE;
    if (self->handed_over) {
        self->connected &= !lost;
        announce_ready(self);
    } else if (lost) {
        lose(self, lost);
    } else {
        go_on(self);
    }
}

void
nmm_watcher_read_now(NmmWatcher *self, GHashTable *uuids)
{
    GHashTableIter iter;
    gpointer uuid;

    if (uuids) {
        g_hash_table_iter_init(&iter, uuids);
        while (g_hash_table_iter_next(&iter, &uuid, NULL))
            g_hash_table_add(self->dirty, g_strdup(uuid));
    } else {
        self->all_dirty = TRUE;
    }
    self->urgent = TRUE;
    go_on(self);
}

static gboolean
has_device(const NmmGuest *guest, const char *name)
{
    for (guint i = 0; guest->live && i < guest->live->nics->len; i++) {
        const NmmNic *nic = guest->live->nics->pdata[i];

        if (g_strcmp0(nic->target, name) == 0)
            return TRUE;
    }
    return FALSE;
}

void
nmm_watcher_note_device(NmmWatcher *self, const char *name)
{
    GHashTableIter iter;
    gpointer uuid;
    gpointer guest;
    gboolean due = !name;

    self->all_dirty |= !name;
    g_hash_table_iter_init(&iter, self->guests);
    while (name && g_hash_table_iter_next(&iter, &uuid, &guest)) {
        if (has_device(guest, name))
            due |= g_hash_table_add(self->dirty, g_strdup(uuid));
    }
    if (!due)
        return;
    nmm_debounce_note(&self->settle);
    go_on(self);
}

void
nmm_watcher_read_later(NmmWatcher *self, guint ms)
{
    self->all_dirty = TRUE;
    nmm_debounce_arm_fixed(&self->settle, ms);
}

static gboolean
ready_cb(gpointer data)
{
    NmmWatcher *self = data;

    self->ready_source = 0;
    announce_ready(self);
    return G_SOURCE_REMOVE;
}

void
nmm_watcher_hand_over(NmmWatcher *self,
                      const NmmWatcherClient *client,
                      gboolean held,
                      gpointer user_data)
{
    self->client = client;
    self->user_data = user_data;
    self->handed_over = TRUE;
    self->held = held;
    clear_timers(self);
    g_hash_table_remove_all(self->dirty);
    self->all_dirty = self->urgent = FALSE;
    if (self->job)
        g_cancellable_cancel(self->job->cancellable);
    if (!nmm_watcher_is_busy(self))
        self->ready_source = g_idle_add_full(G_PRIORITY_DEFAULT, ready_cb, self, NULL);
}

gboolean
nmm_watcher_is_busy(const NmmWatcher *self)
{
    return self->job || self->held;
}

gboolean
nmm_watcher_was_connected(const NmmWatcher *self)
{
    return self->was_connected;
}

gboolean
nmm_watcher_is_settled(const NmmWatcher *self)
{
    return !nmm_watcher_is_busy(self) && self->settle.source == 0 && self->reconnect.source == 0 &&
           self->ready_source == 0;
}
