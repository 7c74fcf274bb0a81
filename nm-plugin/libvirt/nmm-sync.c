/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine on the main thread: a state machine that says when a pass runs and what its result
 * means. At most one pass runs at a time. Nothing here waits, and nothing here calls libvirt but to
 * close it. While nothing is amiss there is no timer.
 */

#include "config.h"

#include "nmm-sync-private.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-journal.h"

enum {
    SIGNAL_UP,
    SIGNAL_REPORT,
    SIGNAL_LOOKED,
    SIGNAL_FAILED,
    SIGNAL_STOPPED,
    N_SIGNALS,
};

static guint signals[N_SIGNALS];

static const NmmSyncTiming default_timing = {
    .settle = 100,
    .settle_max = 1000,
    .absent = 1000,
    .reconnect = 1000,
    .reconnect_max = 30 * 1000,
    .retry = {2 * 1000, 10 * 1000, 60 * 1000, 0},
};

G_DEFINE_FINAL_TYPE(NmmSync, nmm_sync, G_TYPE_OBJECT)

/* Passes */

static void
clear_dirty(NmmSync *self)
{
    g_hash_table_remove_all(self->dirty);
    self->dirty_all = FALSE;
}

static void
clear_timers(NmmSync *self)
{
    nmm_debounce_cancel(&self->settle);
    g_clear_handle_id(&self->retry_source, g_source_remove);
    nmm_backoff_cancel(&self->reconnect);
}

/* (transfer full) (nullable): the guests that a pass is due for, NULL for all of them. */
static char **
take_dirty(NmmSync *self)
{
    g_autoptr(GStrvBuilder) uuids = g_strv_builder_new();
    gboolean all = self->dirty_all;
    GHashTableIter iter;
    gpointer uuid;

    g_hash_table_iter_init(&iter, self->dirty);
    while (g_hash_table_iter_next(&iter, &uuid, NULL))
        g_strv_builder_add(uuids, uuid);
    clear_dirty(self);
    return all ? NULL : g_strv_builder_end(uuids);
}

static void
copy_set(GHashTable *to, GHashTable *from)
{
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, from);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_hash_table_add(to, g_strdup(key));
}

static void pass_cb(GObject *source, GAsyncResult *result, gpointer data);

/*
 * The pass does not hold the engine: where the engine is dropped, the pass in the middle ends by
 * itself.
 */
void
nmm_sync_begin_pass(NmmSync *self, NmmSyncPassKind kind, char **uuids, GPtrArray *used)
{
    GWeakRef *weak = g_new(GWeakRef, 1);

    g_return_if_fail(!self->pass);

    self->pass = nmm_sync_pass_new(kind, self->hypervisor, self->profile, self->host_id);
    self->pass->open = !self->connected;
    self->pass->uuids = uuids;
    if (used) {
        g_ptr_array_unref(self->pass->used);
        self->pass->used = used;
    }
    if (kind == NMM_SYNC_PASS_KEEP)
        copy_set(self->pass->asked, self->asked);
    g_weak_ref_init(weak, self);
    nmm_sync_pass_run_async(self->pass, pass_cb, weak);
}

static void
begin_keep(NmmSync *self)
{
    clear_timers(self);
    nmm_guest_status_table_take_due(self->ledger, g_get_monotonic_time(), self->dirty);
    nmm_sync_begin_pass(self, NMM_SYNC_PASS_KEEP, take_dirty(self), NULL);
}

static gboolean
retry_cb(gpointer data)
{
    NmmSync *self = data;

    self->retry_source = 0;
    begin_keep(self);
    return G_SOURCE_REMOVE;
}

static void
reconnect_cb(gpointer data)
{
    NmmSync *self = data;

    clear_dirty(self);
    nmm_sync_begin_pass(self, NMM_SYNC_PASS_KEEP, NULL, NULL);
}

static void
schedule_reconnect(NmmSync *self)
{
    self->connected = FALSE;
    nmm_hypervisor_close(self->hypervisor);
    nmm_backoff_arm(&self->reconnect);
}

static void
settled_cb(gpointer data)
{
    begin_keep(data);
}

static gboolean
is_dirty(NmmSync *self)
{
    return self->dirty_all || g_hash_table_size(self->dirty) > 0;
}

/* Sees to it that what is dirty is looked at; a running pass does so when it ends. */
static void
arm_settle(NmmSync *self)
{
    if (self->state == NMM_SYNC_STATE_UP && !self->pass)
        nmm_debounce_arm(&self->settle);
}

static void
arm_retry(NmmSync *self)
{
    gint64 due = nmm_guest_status_table_get_due(self->ledger);
    gint64 wait = (due - g_get_monotonic_time()) / 1000 + 1;

    g_clear_handle_id(&self->retry_source, g_source_remove);
    if (due >= 0)
        self->retry_source = g_timeout_add((guint)MAX(wait, 0), retry_cb, self);
}

/* What a pass means */

/* Returns: whether it is news. */
static gboolean
note_guest(NmmSync *self,
           const char *uuid,
           const char *name,
           NmmGuestStatus status,
           const GError *failure)
{
    gint64 now = g_get_monotonic_time();

    if (!nmm_guest_status_table_note(self->ledger, uuid, name, status, failure, now))
        return FALSE;
    if (failure)
        nmm_sync_log_guest(self, uuid, name, failure);
    return TRUE;
}

static gboolean
forget_guest(NmmSync *self, const char *uuid)
{
    g_hash_table_remove(self->asked, uuid);
    return nmm_guest_status_table_forget(self->ledger, uuid);
}

/* Enters what the pass found into the ledger, and logs it. Returns: whether any of it is news. */
static gboolean
note_pass(NmmSync *self, NmmSyncPass *pass)
{
    gboolean news = FALSE;
    GHashTableIter iter;
    gpointer uuid;
    gpointer failure;

    nmm_sync_log_notes(self, pass->plan);
    if (!pass->uuids)
        news = nmm_guest_status_table_forget_others(self->ledger, pass->plan->reports);
    for (guint i = 0; i < pass->gone->len; i++)
        news |= forget_guest(self, pass->gone->pdata[i]);
    for (guint i = 0; i < pass->plan->reports->len; i++) {
        const NmmGuestReport *report = pass->plan->reports->pdata[i];
        const NmmGuest *guest = report->guest;

        g_hash_table_remove(self->asked, guest->uuid);
        news |= note_guest(self,
                           guest->uuid,
                           guest->name,
                           report->status,
                           g_hash_table_lookup(pass->failures, guest->uuid));
    }
    copy_set(self->asked, pass->detaching);
    g_hash_table_iter_init(&iter, pass->unread);
    while (g_hash_table_iter_next(&iter, &uuid, &failure))
        news |= note_guest(self, uuid, uuid, NMM_GUEST_NOT_MACVTAP, failure);
    nmm_sync_log_unmatched(self);
    return news;
}

static void
fail(NmmSync *self, const GError *error)
{
    clear_timers(self);
    clear_dirty(self);
    self->state = NMM_SYNC_STATE_FAILED;
    g_signal_emit(self, signals[SIGNAL_FAILED], 0, error);
}

static void
lose(NmmSync *self, const char *reason)
{
    nmm_log_warning(
        NMM_LOG_NETWORK(self->profile->network),
        NMM_LOG_MESSAGE("the connection to libvirt is lost: %s; trying to get it back", reason));
    clear_timers(self);
    clear_dirty(self);
    self->state = NMM_SYNC_STATE_LOST;
    nmm_backoff_reset(&self->reconnect);
    schedule_reconnect(self);
}

/* After a pass, with the network as it should be. */
static void
go_on(NmmSync *self)
{
    if (self->state != NMM_SYNC_STATE_UP)
        return;
    if (!self->connected) {
        lose(self, _("libvirt does not answer"));
        return;
    }
    if (is_dirty(self))
        arm_settle(self);
    arm_retry(self);
}

static void
first_pass_done(NmmSync *self, NmmSyncPass *pass)
{
    if (pass->error) {
        fail(self, pass->error);
        return;
    }
    self->state = NMM_SYNC_STATE_UP;
    note_pass(self, pass);
    g_signal_emit(self, signals[SIGNAL_UP], 0, pass->plan);
    go_on(self);
}

/*
 * Somebody who restarts the network by hand stops it first: it gets a moment to come back, and then
 * every guest is looked at.
 */
static void
network_absent(NmmSync *self, const GError *error)
{
    if (self->absent) {
        fail(self, error);
        return;
    }
    self->absent = TRUE;
    self->dirty_all = TRUE;
    nmm_debounce_arm_fixed(&self->settle, self->timing->absent);
}

static void
keep_pass_done(NmmSync *self, NmmSyncPass *pass)
{
    gboolean news;

    if (pass->error && (pass->stage <= NMM_SYNC_STAGE_OBSERVE || !self->connected)) {
        lose(self, pass->error->message);
        return;
    }
    if (pass->stage == NMM_SYNC_STAGE_ABSENT) {
        network_absent(self, pass->error);
        return;
    }
    if (pass->error) {
        fail(self, pass->error);
        return;
    }
    self->absent = FALSE;
    news = note_pass(self, pass);
    if (news || pass->n_applied > 0)
        g_signal_emit(self, signals[SIGNAL_REPORT], 0, pass->plan);
    if (!pass->uuids)
        g_signal_emit(self, signals[SIGNAL_LOOKED], 0, pass->plan);
    go_on(self);
}

static void
reconnect_pass_done(NmmSync *self, NmmSyncPass *pass)
{
    if (!self->connected || (pass->error && pass->stage <= NMM_SYNC_STAGE_OBSERVE)) {
        schedule_reconnect(self);
        return;
    }
    nmm_log_message(NMM_LOG_NETWORK(self->profile->network),
                    NMM_LOG_MESSAGE("the connection to libvirt is back"));
    self->state = NMM_SYNC_STATE_UP;
    keep_pass_done(self, pass);
}

static void
pass_done(NmmSync *self, NmmSyncPass *pass)
{
    g_clear_pointer(&self->pass, nmm_sync_pass_unref);
    if (pass->opened)
        self->connected = self->was_connected = TRUE;
    if (g_atomic_int_get(&pass->lost))
        self->connected = FALSE;

    switch (self->state) {
    case NMM_SYNC_STATE_STARTING:
        first_pass_done(self, pass);
        break;
    case NMM_SYNC_STATE_UP:
        keep_pass_done(self, pass);
        break;
    case NMM_SYNC_STATE_LOST:
        reconnect_pass_done(self, pass);
        break;
    case NMM_SYNC_STATE_STOPPING:
        nmm_sync_stop_pass_done(self, pass);
        break;
    case NMM_SYNC_STATE_STOPPED:
        nmm_hypervisor_close(self->hypervisor);
        break;
    case NMM_SYNC_STATE_NEW:
    case NMM_SYNC_STATE_FAILED:
        g_return_if_reached();
    }
}

static void
pass_cb(GObject *source, GAsyncResult *result, gpointer data)
{
    GWeakRef *weak = data;
    g_autoptr(NmmSyncPass) pass = nmm_sync_pass_run_finish(result);
    g_autoptr(NmmSync) self = g_weak_ref_get(weak);

    g_weak_ref_clear(weak);
    g_free(weak);
    if (self)
        pass_done(self, pass);
    else
        nmm_hypervisor_close(pass->hypervisor);
}

/* Events */

static gboolean
takes_events(NmmSync *self)
{
    return self->state == NMM_SYNC_STATE_STARTING || self->state == NMM_SYNC_STATE_UP;
}

static void
guest_changed_cb(NmmHypervisor *hypervisor, const char *uuid, NmmSync *self)
{
    if (self->state == NMM_SYNC_STATE_STOPPING) {
        nmm_sync_stop_guest_changed(self, uuid);
        return;
    }
    if (!takes_events(self))
        return;
    g_hash_table_add(self->dirty, g_strdup(uuid));
    nmm_debounce_note(&self->settle);
    arm_settle(self);
}

/* What has become of our own network is seen by looking, and its running guests with it; what
 * another one does may turn guests into macvtap guests or back. */
static void
network_changed_cb(NmmHypervisor *hypervisor, const char *name, NmmSync *self)
{
    if (!takes_events(self))
        return;
    self->dirty_all = TRUE;
    nmm_debounce_note(&self->settle);
    arm_settle(self);
}

static void
closed_cb(NmmHypervisor *hypervisor, const char *reason, NmmSync *self)
{
    self->connected = FALSE;
    if (self->pass)
        g_atomic_int_set(&self->pass->lost, TRUE);
    else if (self->state == NMM_SYNC_STATE_UP)
        lose(self, reason);
    else if (self->state == NMM_SYNC_STATE_STOPPING)
        nmm_sync_stop_closed(self);
}

/* Life */

/**
 * nmm_sync_new:
 * @hypervisor: what to keep in sync; not open; a reference is taken
 * @profile: what is wanted, of mode isolated; a reference is taken
 * @host_id: the machine id
 * @used_subnets: (scope forever): collects the subnets in use outside libvirt
 * @user_data: for @used_subnets
 *
 * Returns: (transfer full): an engine that has done nothing yet
 */
NmmSync *
nmm_sync_new(NmmHypervisor *hypervisor,
             NmmProfile *profile,
             const char *host_id,
             NmmUsedSubnetsFunc used_subnets,
             gpointer user_data)
{
    NmmSync *self = g_object_new(NMM_TYPE_SYNC, NULL);

    self->hypervisor = g_object_ref(hypervisor);
    self->profile = nmm_profile_ref(profile);
    self->host_id = g_strdup(host_id);
    self->used_subnets = used_subnets;
    self->user_data = user_data;
    return self;
}

void
nmm_sync_set_timing(NmmSync *self, const NmmSyncTiming *timing)
{
    self->timing = timing;
    nmm_debounce_set_timing(&self->settle, timing->settle, timing->settle_max);
    nmm_backoff_set_timing(&self->reconnect, timing->reconnect, timing->reconnect_max);
}

/**
 * nmm_sync_start:
 * @self: an engine that was neither started nor stopped
 *
 * Begins to bring the profile up. "up" or "failed" tells how it went.
 */
void
nmm_sync_start(NmmSync *self)
{
    g_return_if_fail(NMM_IS_SYNC(self));
    g_return_if_fail(self->state == NMM_SYNC_STATE_NEW);

    self->ledger = nmm_guest_status_table_new(self->timing->retry);
    g_signal_connect(self->hypervisor, "guest-changed", G_CALLBACK(guest_changed_cb), self);
    g_signal_connect(self->hypervisor, "network-changed", G_CALLBACK(network_changed_cb), self);
    g_signal_connect(self->hypervisor, "closed", G_CALLBACK(closed_cb), self);
    self->state = NMM_SYNC_STATE_STARTING;
    nmm_sync_begin_pass(self, NMM_SYNC_PASS_UP, NULL, self->used_subnets(self->user_data));
}

/* From here on nothing starts by itself; a pass that runs is told to end. */
void
nmm_sync_suspend(NmmSync *self)
{
    clear_timers(self);
    clear_dirty(self);
    if (self->pass)
        g_cancellable_cancel(self->pass->cancellable);
}

/* Cuts every tie to the world outside. */
void
nmm_sync_cut_off(NmmSync *self)
{
    self->state = NMM_SYNC_STATE_STOPPED;
    nmm_sync_suspend(self);
    g_clear_handle_id(&self->deadline_source, g_source_remove);
    g_clear_handle_id(&self->overdue_source, g_source_remove);
    g_clear_handle_id(&self->finish_source, g_source_remove);
    g_signal_handlers_disconnect_by_data(self->hypervisor, self);
    nmm_hypervisor_close(self->hypervisor);
}

void
nmm_sync_emit_stopped(NmmSync *self)
{
    g_signal_emit(self, signals[SIGNAL_STOPPED], 0);
}

static void
nmm_sync_init(NmmSync *self)
{
    nmm_debounce_init(&self->settle, settled_cb, self);
    nmm_backoff_init(&self->reconnect, reconnect_cb, self);
    nmm_sync_set_timing(self, &default_timing);
    self->dirty = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->awaiting = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

static void
nmm_sync_dispose(GObject *object)
{
    NmmSync *self = NMM_SYNC(object);

    if (self->hypervisor)
        nmm_sync_cut_off(self);
    g_clear_object(&self->hypervisor);
    g_clear_pointer(&self->pass, nmm_sync_pass_unref);
    G_OBJECT_CLASS(nmm_sync_parent_class)->dispose(object);
}

static void
nmm_sync_finalize(GObject *object)
{
    NmmSync *self = NMM_SYNC(object);

    nmm_profile_unref(self->profile);
    g_free(self->host_id);
    g_clear_pointer(&self->ledger, nmm_guest_status_table_free);
    g_hash_table_unref(self->dirty);
    g_hash_table_unref(self->asked);
    g_hash_table_unref(self->told);
    g_free(self->unmatched);
    g_hash_table_unref(self->awaiting);
    G_OBJECT_CLASS(nmm_sync_parent_class)->finalize(object);
}

static guint
add_signal(const char *name, guint n_params, GType type)
{
    return g_signal_new(
        name, NMM_TYPE_SYNC, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, n_params, type);
}

static void
nmm_sync_class_init(NmmSyncClass *klass)
{
    GObjectClass *object_class = G_OBJECT_CLASS(klass);

    object_class->dispose = nmm_sync_dispose;
    object_class->finalize = nmm_sync_finalize;
    signals[SIGNAL_UP] = add_signal("up", 1, G_TYPE_POINTER);
    signals[SIGNAL_REPORT] = add_signal("report", 1, G_TYPE_POINTER);
    signals[SIGNAL_LOOKED] = add_signal("looked", 1, G_TYPE_POINTER);
    signals[SIGNAL_FAILED] = add_signal("failed", 1, G_TYPE_ERROR);
    signals[SIGNAL_STOPPED] = add_signal("stopped", 0, G_TYPE_NONE);
}
