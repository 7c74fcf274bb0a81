/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of an engine: the running pass is cut short, what on-disconnect says is done in a pass
 * over everything, guests that were asked to give back an interface get time to do so, and then the
 * rest is taken away. Whatever happens, "stopped" comes in time.
 */

#include "config.h"

#include "nm-macvtap-sync-private.h"

#include "nm-macvtap-names.h"

/* The last look at guests that were asked to let go takes place so long before the deadline, but
 * never in its second half. In milliseconds. */
#define OVERDUE_MARGIN 1000

static void
finish(NMMacvtapSync *self)
{
    nm_macvtap_sync_cut_off(self);
    nm_macvtap_sync_emit_stopped(self);
}

/* Names what is left behind. */
static void
warn_left(NMMacvtapSync *self, const char *why, char **guests)
{
    g_autofree char *names = g_strjoinv("', '", guests);

    g_log_structured(NM_MACVTAP_LOG_DOMAIN,
                     G_LOG_LEVEL_WARNING,
                     "NM_MACVTAP_NETWORK",
                     self->profile->network,
                     "MESSAGE",
                     guests[0] ? "network '%s': not everything was undone: %s; left as they are: "
                                 "interfaces of '%s'"
                               : "network '%s': not everything was undone: %s%s",
                     self->profile->network,
                     why,
                     names);
}

/* Where @pass, which may still run, has not come to undoing, that is every guest served. */
static void
warn_undone(NMMacvtapSync *self, NMMacvtapSyncPass *pass, const char *why)
{
    g_auto(GStrv) served = nm_macvtap_sync_ledger_list_served(self->ledger);
    g_auto(GStrv) undone = nm_macvtap_sync_pass_list_undone(pass);

    if (pass->kind == NM_MACVTAP_SYNC_PASS_DOWN && undone[0])
        warn_left(self, why, undone);
    else
        warn_left(self, why, served);
}

static void
warn_held(NMMacvtapSync *self)
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
begin_look(NMMacvtapSync *self)
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
    nm_macvtap_sync_begin_pass(self, NM_MACVTAP_SYNC_PASS_LOOK, g_strv_builder_end(uuids), NULL);
}

static gboolean
overdue_cb(gpointer data)
{
    NMMacvtapSync *self = data;

    self->overdue_source = 0;
    self->overdue = TRUE;
    if (!self->pass)
        begin_look(self);
    return G_SOURCE_REMOVE;
}

static void
wait_for_guests(NMMacvtapSync *self)
{
    guint margin = MIN(OVERDUE_MARGIN, self->stop_timeout_ms / 2);
    gint64 wait = (self->stop_deadline - g_get_monotonic_time()) / 1000 - margin;

    if (self->overdue_source == 0 && !self->overdue)
        self->overdue_source = g_timeout_add((guint)MAX(wait, 0), overdue_cb, self);
    if (g_hash_table_size(self->dirty) > 0)
        begin_look(self);
}

static void
look_done(NMMacvtapSync *self, NMMacvtapSyncPass *pass)
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
        nm_macvtap_sync_begin_pass(self, NM_MACVTAP_SYNC_PASS_DOWN, NULL, NULL);
    } else if (self->overdue && g_hash_table_size(self->dirty) == 0) {
        warn_held(self);
        finish(self);
    } else {
        wait_for_guests(self);
    }
}

/**
 * nm_macvtap_sync_stop_guest_changed:
 * @self: an engine that is stopping
 * @uuid: the UUID of a guest that an event was about
 */
void
nm_macvtap_sync_stop_guest_changed(NMMacvtapSync *self, const char *uuid)
{
    g_hash_table_add(self->dirty, g_strdup(uuid));
    if (!self->pass && g_hash_table_contains(self->awaiting, uuid))
        begin_look(self);
}

/* Undoing */

static void
warn_failures(NMMacvtapSyncPass *pass)
{
    GHashTableIter iter;
    gpointer uuid;
    gpointer failure;

    g_hash_table_iter_init(&iter, pass->failures);
    while (g_hash_table_iter_next(&iter, &uuid, &failure))
        g_log_structured(NM_MACVTAP_LOG_DOMAIN,
                         G_LOG_LEVEL_WARNING,
                         "NM_MACVTAP_GUEST_UUID",
                         uuid,
                         "NM_MACVTAP_NETWORK",
                         pass->profile->network,
                         "MESSAGE",
                         "%s",
                         ((GError *)failure)->message);
}

static void
down_done(NMMacvtapSync *self, NMMacvtapSyncPass *pass)
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
begin_down(NMMacvtapSync *self)
{
    if (self->undo && self->was_connected)
        nm_macvtap_sync_begin_pass(self, NM_MACVTAP_SYNC_PASS_DOWN, NULL, NULL);
    else
        finish(self);
}

/**
 * nm_macvtap_sync_stop_pass_done:
 * @self: an engine that is stopping
 * @pass: the pass that has ended, perhaps one from before
 */
void
nm_macvtap_sync_stop_pass_done(NMMacvtapSync *self, NMMacvtapSyncPass *pass)
{
    if (pass->kind == NM_MACVTAP_SYNC_PASS_DOWN)
        down_done(self, pass);
    else if (pass->kind == NM_MACVTAP_SYNC_PASS_LOOK)
        look_done(self, pass);
    else
        begin_down(self);
}

/**
 * nm_macvtap_sync_stop_closed:
 * @self: an engine that is stopping and has no pass running
 *
 * Nothing more can be undone.
 */
void
nm_macvtap_sync_stop_closed(NMMacvtapSync *self)
{
    if (g_hash_table_size(self->awaiting) == 0)
        return;
    warn_held(self);
    finish(self);
}

static gboolean
deadline_cb(gpointer data)
{
    NMMacvtapSync *self = data;

    self->deadline_source = 0;
    if (self->undo && self->pass)
        warn_undone(self, self->pass, "libvirt does not answer in time");
    finish(self);
    return G_SOURCE_REMOVE;
}

static gboolean
begin_down_cb(gpointer data)
{
    NMMacvtapSync *self = data;

    self->finish_source = 0;
    begin_down(self);
    return G_SOURCE_REMOVE;
}

/**
 * nm_macvtap_sync_stop:
 * @self: an engine in whatever state
 * @timeout_ms: when to give up, in milliseconds; 0 leaves everything as it is
 *
 * Ends the engine; "stopped" tells when. A second call changes nothing.
 */
void
nm_macvtap_sync_stop(NMMacvtapSync *self, guint timeout_ms)
{
    g_return_if_fail(NM_MACVTAP_IS_SYNC(self));

    if (self->state == NM_MACVTAP_SYNC_STATE_STOPPING ||
        self->state == NM_MACVTAP_SYNC_STATE_STOPPED)
        return;
    self->undo = timeout_ms > 0 && self->state != NM_MACVTAP_SYNC_STATE_NEW &&
                 self->profile->on_disconnect != NM_MACVTAP_ON_DISCONNECT_KEEP;
    self->state = NM_MACVTAP_SYNC_STATE_STOPPING;
    self->stop_timeout_ms = timeout_ms;
    self->stop_deadline = g_get_monotonic_time() + timeout_ms * (gint64)1000;
    nm_macvtap_sync_suspend(self);
    self->deadline_source = g_timeout_add(timeout_ms, deadline_cb, self);
    if (!self->pass)
        self->finish_source = g_idle_add_full(G_PRIORITY_DEFAULT, begin_down_cb, self, NULL);
}
