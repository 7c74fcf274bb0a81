/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of an engine: the running pass is cut short, what on-disconnect says is done in a pass
 * over everything, guests that were asked to give back an interface get time to do so, and then the
 * rest is taken away. Whatever happens, "stopped" comes in time.
 */

#include "config.h"

#include "nmm-sync-private.h"

#include "nmm-journal.h"

/* The last look at guests that were asked to let go takes place so long before the deadline, but
 * never in its second half. In milliseconds. */
#define OVERDUE_MARGIN 1000

static void
finish(NmmSync *self)
{
    nmm_sync_cut_off(self);
    nmm_sync_emit_stopped(self);
}

/* Names what is left behind. */
static void
warn_left(NmmSync *self, const char *why, char **guests)
{
    g_autofree char *names = g_strjoinv("', '", guests);

    nmm_log_warning(
        NMM_LOG_NETWORK(self->profile->network),
        NMM_LOG_MESSAGE(guests[0]
                            ? "network '%s': not everything was undone: %s; left as they are: "
                              "interfaces of '%s'"
                            : "network '%s': not everything was undone: %s%s",
                        self->profile->network,
                        why,
                        names));
}

/* Where @pass, which may still run, has not come to undoing, that is every guest served. */
static void
warn_undone(NmmSync *self, NmmSyncPass *pass, const char *why)
{
    g_auto(GStrv) served = nmm_guest_status_table_list_served(self->ledger);
    g_auto(GStrv) undone = nmm_sync_pass_list_undone(pass);

    if (pass->kind == NMM_SYNC_PASS_DOWN && undone[0])
        warn_left(self, why, undone);
    else
        warn_left(self, why, served);
}

static void
warn_held(NmmSync *self)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) names = NULL;
    GHashTableIter iter;
    gpointer name;

    g_hash_table_iter_init(&iter, self->awaiting);
    while (g_hash_table_iter_next(&iter, NULL, &name))
        g_strv_builder_add(builder, name);
    names = g_strv_builder_end(builder);
    warn_left(self, "guests do not let go of their interface", names);
}

/* Waiting for guests */

/* Looks at those of the guests awaited that an event was about, or at all of them. */
static void
begin_look(NmmSync *self)
{
    g_autoptr(GStrvBuilder) uuids = g_strv_builder_new();
    GHashTableIter iter;
    gpointer uuid;

    g_hash_table_iter_init(&iter, self->awaiting);
    while (g_hash_table_iter_next(&iter, &uuid, NULL)) {
        if (self->overdue || g_hash_table_contains(self->dirty, uuid))
            g_strv_builder_add(uuids, uuid);
    }
    g_hash_table_remove_all(self->dirty);
    nmm_sync_begin_pass(self, NMM_SYNC_PASS_LOOK, g_strv_builder_end(uuids), NULL);
}

static gboolean
overdue_cb(gpointer data)
{
    NmmSync *self = data;

    self->overdue_source = 0;
    self->overdue = TRUE;
    if (!self->pass)
        begin_look(self);
    return G_SOURCE_REMOVE;
}

static void
wait_for_guests(NmmSync *self)
{
    guint margin = MIN(OVERDUE_MARGIN, self->stop_timeout_ms / 2);
    gint64 wait = (self->stop_deadline - g_get_monotonic_time()) / 1000 - margin;

    if (self->overdue_source == 0 && !self->overdue)
        self->overdue_source = g_timeout_add((guint)MAX(wait, 0), overdue_cb, self);
    if (g_hash_table_size(self->dirty) > 0)
        begin_look(self);
}

static void
look_done(NmmSync *self, NmmSyncPass *pass)
{
    if (pass->error) {
        warn_held(self);
        finish(self);
        return;
    }
    for (char **uuid = pass->uuids; *uuid; uuid++) {
        if (!g_hash_table_contains(pass->detaching, *uuid))
            g_hash_table_remove(self->awaiting, *uuid);
    }
    if (g_hash_table_size(self->awaiting) == 0) {
        nmm_sync_begin_pass(self, NMM_SYNC_PASS_DOWN, NULL, NULL);
    } else if (self->overdue && g_hash_table_size(self->dirty) == 0) {
        warn_held(self);
        finish(self);
    } else {
        wait_for_guests(self);
    }
}

/**
 * nmm_sync_stop_guest_changed:
 * @self: an engine that is stopping
 * @uuid: the UUID of a guest that an event was about
 */
void
nmm_sync_stop_guest_changed(NmmSync *self, const char *uuid)
{
    g_hash_table_add(self->dirty, g_strdup(uuid));
    if (!self->pass && g_hash_table_contains(self->awaiting, uuid))
        begin_look(self);
}

/* Undoing */

static void
warn_failures(NmmSyncPass *pass)
{
    GHashTableIter iter;
    gpointer uuid;
    gpointer failure;

    g_hash_table_iter_init(&iter, pass->failures);
    while (g_hash_table_iter_next(&iter, &uuid, &failure))
        nmm_log_warning(NMM_LOG_GUEST_UUID(uuid),
                        NMM_LOG_NETWORK(pass->profile->network),
                        NMM_LOG_MESSAGE("%s", ((GError *)failure)->message));
}

static void
down_done(NmmSync *self, NmmSyncPass *pass)
{
    GHashTableIter iter;
    gpointer uuid;
    gpointer name;

    warn_failures(pass);
    if (pass->error || !self->connected) {
        warn_undone(self, pass, pass->error ? pass->error->message : "libvirt does not answer");
        finish(self);
        return;
    }
    g_hash_table_iter_init(&iter, pass->detaching);
    while (g_hash_table_iter_next(&iter, &uuid, &name))
        g_hash_table_replace(self->awaiting, g_strdup(uuid), g_strdup(name));
    if (g_hash_table_size(self->awaiting) > 0)
        wait_for_guests(self);
    else
        finish(self);
}

static void
begin_down(NmmSync *self)
{
    if (self->undo && self->was_connected)
        nmm_sync_begin_pass(self, NMM_SYNC_PASS_DOWN, NULL, NULL);
    else
        finish(self);
}

/**
 * nmm_sync_stop_pass_done:
 * @self: an engine that is stopping
 * @pass: the pass that has ended, perhaps one from before
 */
void
nmm_sync_stop_pass_done(NmmSync *self, NmmSyncPass *pass)
{
    if (pass->kind == NMM_SYNC_PASS_DOWN)
        down_done(self, pass);
    else if (pass->kind == NMM_SYNC_PASS_LOOK)
        look_done(self, pass);
    else
        begin_down(self);
}

/**
 * nmm_sync_stop_closed:
 * @self: an engine that is stopping and has no pass running
 *
 * Nothing more can be undone.
 */
void
nmm_sync_stop_closed(NmmSync *self)
{
    if (g_hash_table_size(self->awaiting) == 0)
        return;
    warn_held(self);
    finish(self);
}

static gboolean
deadline_cb(gpointer data)
{
    NmmSync *self = data;

    self->deadline_source = 0;
    if (self->undo && self->pass)
        warn_undone(self, self->pass, "libvirt does not answer in time");
    finish(self);
    return G_SOURCE_REMOVE;
}

static gboolean
begin_down_cb(gpointer data)
{
    NmmSync *self = data;

    self->finish_source = 0;
    begin_down(self);
    return G_SOURCE_REMOVE;
}

/**
 * nmm_sync_stop:
 * @self: an engine in whatever state
 * @timeout_ms: when to give up, in milliseconds; 0 leaves everything as it is
 *
 * Ends the engine; "stopped" tells when. A second call changes nothing.
 */
void
nmm_sync_stop(NmmSync *self, guint timeout_ms)
{
    g_return_if_fail(NMM_IS_SYNC(self));

    if (self->state == NMM_SYNC_STATE_STOPPING || self->state == NMM_SYNC_STATE_STOPPED)
        return;
    self->undo = timeout_ms > 0 && self->state != NMM_SYNC_STATE_NEW &&
                 self->profile->on_disconnect != NMM_ON_DISCONNECT_KEEP;
    self->state = NMM_SYNC_STATE_STOPPING;
    self->stop_timeout_ms = timeout_ms;
    self->stop_deadline = g_get_monotonic_time() + timeout_ms * (gint64)1000;
    nmm_sync_suspend(self);
    self->deadline_source = g_timeout_add(timeout_ms, deadline_cb, self);
    if (!self->pass)
        self->finish_source = g_idle_add_full(G_PRIORITY_DEFAULT, begin_down_cb, self, NULL);
}
