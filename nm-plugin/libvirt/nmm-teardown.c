/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ready → read all guests → pass → wait for guests that were asked to release their interface, and
 * for guests that another operation holds → read all guests → pass → done.
 */

#include "config.h"

#include "nmm-teardown.h"

#include "nmm-identity.h"
#include "nmm-names.h"

/* Guests that were asked to release their interface are read a last time so long before the
 * deadline, but never in the second half of the time. In milliseconds. */
#define OVERDUE_MARGIN 1000

struct _NmmTeardown {
    NmmTeardownSpec spec;
    NmmSyncPass *pass;    /* (nullable): the one that runs */
    GHashTable *awaiting; /* (element-type utf8 utf8): UUID → name of guests, asked or held */
    GHashTable *asked;    /* (element-type utf8): UUIDs of those asked to release the interface */
    GHashTable *changed;  /* (element-type utf8): UUIDs of events since the last reading */
    gboolean overdue;     /* the last reading of the guests awaited has begun */
    gint64 deadline;      /* monotonic, in microseconds */
    guint deadline_source;
    guint overdue_source;
};

static void
finish(NmmTeardown *self)
{
    self->spec.done(self->spec.user_data);
}

/* The log of what is left behind */

static void
warn_left(NmmTeardown *self, const char *why, char **guests)
{
    g_autofree char *names = g_strjoinv("', '", guests);

    g_log_structured(
        NMM_LOG_DOMAIN,
        G_LOG_LEVEL_WARNING,
        "NM_MACVTAP_NETWORK",
        self->spec.profile->network,
        "MESSAGE",
        guests[0]
            ? "network '%s': could not undo everything: %s; the interfaces of these guests are "
              "unchanged: '%s'"
            : "network '%s': could not undo everything: %s%s",
        self->spec.profile->network,
        why,
        names);
}

/* If no pass has come to undoing, that is every guest served. */
static void
warn_undone(NmmTeardown *self, const char *why)
{
    g_auto(GStrv) undone = self->pass ? nmm_guest_editor_list_undone(self->spec.editor) : NULL;

    warn_left(self, why, undone && undone[0] ? undone : self->spec.served);
}

static void
warn_held(NmmTeardown *self)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    GHashTableIter iter;
    gpointer name;

    g_hash_table_iter_init(&iter, self->awaiting);
    while (g_hash_table_iter_next(&iter, NULL, &name))
        g_ptr_array_add(names, name);
    g_ptr_array_add(names, NULL);
    warn_left(self,
              "guests did not release their interface, or another operation holds them",
              (char **)names->pdata);
}

static void
warn_failures(NmmSyncPass *pass)
{
    GHashTableIter iter;
    gpointer uuid;
    gpointer failure;

    g_hash_table_iter_init(&iter, pass->failures);
    while (g_hash_table_iter_next(&iter, &uuid, &failure))
        g_log_structured(NMM_LOG_DOMAIN,
                         G_LOG_LEVEL_WARNING,
                         "NM_MACVTAP_GUEST_UUID",
                         uuid,
                         "NM_MACVTAP_NETWORK",
                         pass->profile->network,
                         "MESSAGE",
                         "%s",
                         ((GError *)failure)->message);
}

/* What stays on purpose */
static void
log_notes(NmmTeardown *self)
{
    for (guint i = 0; i < self->pass->plan->notes->len; i++)
        g_log_structured(NMM_LOG_DOMAIN,
                         G_LOG_LEVEL_MESSAGE,
                         "NM_MACVTAP_NETWORK",
                         self->spec.profile->network,
                         "MESSAGE",
                         "%s",
                         (const char *)self->pass->plan->notes->pdata[i]);
}

/* Waiting for guests */

/* Reads those of the guests awaited that an event was about, or all of them. */
static void
read_awaited(NmmTeardown *self)
{
    g_autoptr(GHashTable) due = g_hash_table_new(g_str_hash, g_str_equal);
    GHashTableIter iter;
    gpointer uuid;

    g_hash_table_iter_init(&iter, self->awaiting);
    while (g_hash_table_iter_next(&iter, &uuid, NULL)) {
        if (self->overdue || g_hash_table_contains(self->changed, uuid))
            g_hash_table_add(due, uuid);
    }
    g_hash_table_remove_all(self->changed);
    if (g_hash_table_size(due) > 0)
        nmm_watcher_read_now(self->spec.watcher, due);
}

static gboolean
overdue_cb(gpointer data)
{
    NmmTeardown *self = data;

    self->overdue_source = 0;
    self->overdue = TRUE;
    read_awaited(self);
    return G_SOURCE_REMOVE;
}

static void
wait_for_guests(NmmTeardown *self)
{
    guint margin = MIN(OVERDUE_MARGIN, self->spec.timeout_ms / 2);
    gint64 wait = (self->deadline - g_get_monotonic_time()) / 1000 - margin;

    if (self->overdue_source == 0 && !self->overdue)
        self->overdue_source = g_timeout_add((guint)MAX(wait, 0), overdue_cb, self);
    read_awaited(self);
}

static gboolean
holds_interface(const NmmGuest *guest, const char *alias)
{
    for (guint i = 0; guest->live && i < guest->live->nics->len; i++) {
        const NmmNic *nic = guest->live->nics->pdata[i];

        if (g_strcmp0(nic->alias, alias) == 0)
            return TRUE;
    }
    return FALSE;
}

static void
awaited_read(NmmTeardown *self, const NmmReading *reading)
{
    g_autofree char *alias = nmm_identity_alias(self->spec.profile->network);
    g_autoptr(GHashTable) holding = nmm_guest_editor_list_held(self->spec.editor, reading->begun);

    for (guint i = 0; i < reading->guests->len; i++) {
        NmmGuest *guest = reading->guests->pdata[i];

        if (g_hash_table_contains(self->asked, guest->uuid) && holds_interface(guest, alias))
            g_hash_table_insert(holding, g_strdup(guest->uuid), NULL);
    }
    for (char **uuid = reading->uuids; *uuid; uuid++) {
        if (!g_hash_table_contains(holding, *uuid))
            g_hash_table_remove(self->awaiting, *uuid);
    }
    if (self->overdue && g_hash_table_size(self->awaiting) > 0 &&
        g_hash_table_size(self->changed) == 0) {
        warn_held(self);
        finish(self);
        return;
    }
    if (g_hash_table_size(self->awaiting) == 0)
        nmm_watcher_read_now(self->spec.watcher, NULL);
    else
        wait_for_guests(self);
    nmm_watcher_resume(self->spec.watcher, NULL);
}

static void
guest_changed_cb(const char *uuid, gpointer user_data)
{
    NmmTeardown *self = user_data;

    g_hash_table_add(self->changed, g_strdup(uuid));
    if (!nmm_watcher_is_busy(self->spec.watcher))
        read_awaited(self);
}

/* Undoing */

static void
await(NmmTeardown *self, GHashTable *guests, gboolean asked)
{
    GHashTableIter iter;
    gpointer uuid;
    gpointer name;

    g_hash_table_iter_init(&iter, guests);
    while (g_hash_table_iter_next(&iter, &uuid, &name)) {
        g_hash_table_replace(self->awaiting, g_strdup(uuid), g_strdup(name));
        if (asked)
            g_hash_table_add(self->asked, g_strdup(uuid));
    }
}

static void
pass_cb(NmmSyncPass *pass, gpointer user_data)
{
    NmmTeardown *self = user_data;
    g_autoptr(GHashTable) held = nmm_guest_editor_list_held(self->spec.editor, pass->read_time);

    warn_failures(pass);
    if (pass->error || pass->lost) {
        warn_undone(self, pass->error ? pass->error->message : "libvirt does not answer");
        finish(self);
        return;
    }
    log_notes(self);
    await(self, held, FALSE);
    await(self, pass->detaching, TRUE);
    g_clear_pointer(&self->pass, nmm_sync_pass_unref);
    if (g_hash_table_size(self->awaiting) == 0) {
        finish(self);
        return;
    }
    wait_for_guests(self);
    nmm_watcher_resume(self->spec.watcher, NULL);
}

static void
read_cb(const NmmReading *reading, gpointer user_data)
{
    NmmTeardown *self = user_data;

    if (reading->uuids) {
        awaited_read(self, reading);
        return;
    }
    self->pass = nmm_sync_pass_new(self->spec.before ? NMM_PURPOSE_UNDO : NMM_PURPOSE_DOWN,
                                   self->spec.hypervisor,
                                   self->spec.editor,
                                   self->spec.profile,
                                   self->spec.host_id,
                                   reading);
    if (self->spec.before)
        self->pass->before = nmm_sync_before_ref(self->spec.before);
    nmm_sync_pass_run(self->pass, pass_cb, self);
}

static void
ready_cb(gpointer user_data)
{
    NmmTeardown *self = user_data;

    if (self->spec.undo && nmm_watcher_was_connected(self->spec.watcher))
        nmm_watcher_read_now(self->spec.watcher, NULL);
    else
        finish(self);
}

static void
lost_cb(const char *reason, gpointer user_data)
{
    NmmTeardown *self = user_data;

    if (g_hash_table_size(self->awaiting) > 0)
        warn_held(self);
    else
        warn_undone(self, reason);
    finish(self);
}

static void
failed_cb(const GError *error, gpointer user_data)
{
    lost_cb(error->message, user_data);
}

static const NmmWatcherClient watcher_client = {
    .read = read_cb,
    .failed = failed_cb,
    .lost = lost_cb,
    .guest_changed = guest_changed_cb,
    .ready = ready_cb,
};

/* Life */

static gboolean
deadline_cb(gpointer data)
{
    NmmTeardown *self = data;

    self->deadline_source = 0;
    if (self->spec.undo && nmm_watcher_is_busy(self->spec.watcher))
        warn_undone(self, "libvirt does not answer in time");
    finish(self);
    return G_SOURCE_REMOVE;
}

NmmTeardown *
nmm_teardown_new(const NmmTeardownSpec *spec)
{
    NmmTeardown *self = g_new0(NmmTeardown, 1);

    self->spec = *spec;
    self->awaiting = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->changed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->deadline = g_get_monotonic_time() + spec->timeout_ms * (gint64)1000;
    self->deadline_source = g_timeout_add(spec->timeout_ms, deadline_cb, self);
    nmm_watcher_hand_over(spec->watcher, &watcher_client, spec->held, self);
    return self;
}

void
nmm_teardown_free(NmmTeardown *self)
{
    g_clear_handle_id(&self->deadline_source, g_source_remove);
    g_clear_handle_id(&self->overdue_source, g_source_remove);
    g_clear_pointer(&self->pass, nmm_sync_pass_abandon);
    g_strfreev(self->spec.served);
    g_hash_table_unref(self->awaiting);
    g_hash_table_unref(self->asked);
    g_hash_table_unref(self->changed);
    g_free(self);
}
