/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state machine on the main thread. At most one reading or pass is in progress; nothing here
 * waits. There is no timer unless a guest must be tried again.
 */

#include "config.h"

#include "nmm-sync.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "nmm-error.h"
#include "nmm-guest-status-table.h"
#include "nmm-names.h"
#include "nmm-sync-pass.h"
#include "nmm-teardown.h"
#include "nmm-guest-selection.h"

static const NmmSyncTiming default_timing = {
    .watcher =
        {
            .settle = 100,
            .settle_max = 1000,
            .reconnect = 1000,
            .reconnect_max = 30 * 1000,
        },
    .absent = 1000,
    /* Linux reports a link that goes down after up to a second. */
    .link_down = 2 * 1000,
    .hold = 3 * 1000,
    .retry = {2 * 1000, 10 * 1000, 60 * 1000, 0},
};

typedef enum {
    STATE_NEW,
    STATE_STARTING, /* the first pass has not ended */
    STATE_UP,
    STATE_FAILED,
    STATE_STOPPING,
    STATE_STOPPED,
} State;

struct _NmmSync {
    NmmHypervisor *hypervisor;
    NmmGuestEditor *editor;
    NmmProfile *profile;
    char *host_id;
    const NmmSyncClient *client;
    const NmmSyncTiming *timing;
    gpointer user_data;

    State state;
    NmmWatcher *watcher;   /* (nullable): NULL when stopped */
    NmmSyncPass *pass;     /* (nullable): the one that runs */
    NmmTeardown *teardown; /* (nullable): while stopping */
    NmmSyncBefore *before; /* (nullable): from the first reading until the engine is up */
    NmmGuestStatusTable *statuses;
    guint retry_source;
    gboolean was_up;
    gboolean absent;     /* the network was not there in the last reading */
    GHashTable *asked;   /* (element-type utf8): UUIDs of guests asked to release their interface */
    GHashTable *arrived; /* (element-type utf8): UUIDs of guests that arrived by migration */
    GHashTable *notes;   /* (element-type utf8): notes of plans that were logged */
    char *unmatched;     /* (nullable): logged last */
};

/* Logging, each thing once */

static void
log_guest(NmmSync *self, const char *uuid, const char *name, const GError *failure)
{
    gboolean restart = g_error_matches(failure, NMM_ERROR, NMM_ERROR_UNSUPPORTED);

    g_log_structured(NMM_LOG_DOMAIN,
                     G_LOG_LEVEL_WARNING,
                     "NM_MACVTAP_GUEST",
                     name,
                     "NM_MACVTAP_GUEST_UUID",
                     uuid,
                     "NM_MACVTAP_NETWORK",
                     self->profile->network,
                     "MESSAGE",
                     restart ? "%s; the guest needs a restart" : "%s",
                     failure->message);
}

static void
    G_GNUC_PRINTF(3, 4) log_network(NmmSync *self, GLogLevelFlags level, const char *format, ...)
{
    g_autofree char *message = NULL;
    va_list args;

    va_start(args, format);
    message = g_strdup_vprintf(format, args);
    va_end(args);
    g_log_structured(NMM_LOG_DOMAIN,
                     level,
                     "NM_MACVTAP_NETWORK",
                     self->profile->network,
                     "MESSAGE",
                     "%s",
                     message);
}

static void
log_notes(NmmSync *self, const NmmPlan *plan)
{
    for (guint i = 0; i < plan->notes->len; i++) {
        const char *note = plan->notes->pdata[i];

        if (g_hash_table_add(self->notes, g_strdup(note)))
            log_network(self, G_LOG_LEVEL_WARNING, "%s", note);
    }
}

static void
log_unmatched(NmmSync *self)
{
    g_autoptr(GHashTable) guests = nmm_guest_status_table_list_guests(self->statuses);
    g_autofree char *text =
        nmm_guest_selection_describe_unmatched(self->profile, self->profile->parent, guests);

    if (text && g_strcmp0(text, self->unmatched) != 0)
        log_network(self, G_LOG_LEVEL_WARNING, "profile '%s': %s", self->profile->id, text);
    g_free(self->unmatched);
    self->unmatched = g_steal_pointer(&text);
}

/* Guests that failed */

static gboolean
retry_cb(gpointer data)
{
    NmmSync *self = data;
    g_autoptr(GHashTable) due = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    self->retry_source = 0;
    if (nmm_watcher_is_busy(self->watcher))
        return G_SOURCE_REMOVE; /* the end of the pass arms it again */
    nmm_guest_status_table_take_due(self->statuses, g_get_monotonic_time(), due);
    nmm_watcher_read_now(self->watcher, due);
    return G_SOURCE_REMOVE;
}

static void
disarm_retry(NmmSync *self)
{
    g_clear_handle_id(&self->retry_source, g_source_remove);
}

static void
arm_retry(NmmSync *self)
{
    gint64 due = nmm_guest_status_table_get_due(self->statuses);
    gint64 wait = (due - g_get_monotonic_time()) / 1000 + 1;

    disarm_retry(self);
    if (due >= 0)
        self->retry_source = g_timeout_add((guint)MAX(wait, 0), retry_cb, self);
}

static void
note_guest(NmmSync *self,
           const char *uuid,
           const char *name,
           NmmGuestStatus status,
           const GError *failure)
{
    gint64 now = g_get_monotonic_time();

    if (nmm_guest_status_table_note(self->statuses, uuid, name, status, failure, now) && failure)
        log_guest(self, uuid, name, failure);
}

static void
forget_guest(NmmSync *self, const char *uuid)
{
    g_hash_table_remove(self->asked, uuid);
    g_hash_table_remove(self->arrived, uuid);
    nmm_guest_status_table_forget(self->statuses, uuid);
    if (self->client->gone)
        self->client->gone(uuid, self->user_data);
}

/* What was not in the plan because it could not be read. */
static void
note_unread(NmmSync *self, const NmmReading *reading)
{
    GHashTableIter iter;
    gpointer uuid;
    gpointer error;

    for (guint i = 0; i < reading->gone->len; i++)
        forget_guest(self, reading->gone->pdata[i]);
    g_hash_table_iter_init(&iter, reading->unread);
    while (g_hash_table_iter_next(&iter, &uuid, &error))
        note_guest(self, uuid, uuid, NMM_GUEST_NOT_MACVTAP, error);
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

/* (transfer full): the command with which a user leaves the guest out. The key takes names without
 * spaces and UUIDs. */
static char *
suggest_exclusion(NmmSync *self, const NmmEdit *edit)
{
    g_autofree char *others =
        self->profile->exclude_guests ? g_strjoinv(" ", self->profile->exclude_guests) : NULL;
    gboolean is_plain = !strpbrk(edit->guest_name, " \t,\\");
    g_autofree char *value = g_strdup_printf("exclude-guests=%s%s%s",
                                             others ? others : "",
                                             others && *others ? " " : "",
                                             is_plain ? edit->guest_name : edit->guest_uuid);
    g_autofree char *quoted = g_shell_quote(value);
    g_autofree char *profile = g_shell_quote(self->profile->id);

    return g_strdup_printf("nmcli connection modify %s +vpn.data %s", profile, quoted);
}

static void
log_put_back(NmmSync *self, NmmSyncPass *pass)
{
    for (guint i = 0; i < pass->plan->edits->len; i++) {
        const NmmEdit *edit = pass->plan->edits->pdata[i];
        g_autofree char *command = NULL;

        if (edit->kind != NMM_EDIT_NIC_ATTACH ||
            g_hash_table_contains(pass->failures, edit->guest_uuid) ||
            !nmm_guest_status_table_note_put_back(
                self->statuses, edit->guest_uuid, edit->scope, g_get_monotonic_time()))
            continue;
        command = suggest_exclusion(self, edit);
        log_network(self,
                    G_LOG_LEVEL_WARNING,
                    "guest '%s': another program or a user removed the profile's interface on "
                    "network '%s' again, and the profile added it again; to leave the guest out, "
                    "run: %s, and activate the profile again",
                    edit->guest_name,
                    self->profile->network,
                    command);
    }
}

/* The next plan sets the link up again. */
static void
note_arrived(NmmSync *self, NmmSyncPass *pass)
{
    gint64 due = g_get_monotonic_time() + self->timing->link_down * (gint64)1000;

    for (guint i = 0; i < pass->plan->reports->len; i++) {
        const NmmGuestReport *report = pass->plan->reports->pdata[i];
        const char *uuid = report->guest->uuid;

        if (!g_hash_table_contains(pass->arrived, uuid) ||
            g_hash_table_contains(pass->failures, uuid))
            continue;
        g_hash_table_remove(self->arrived, uuid);
        nmm_guest_status_table_set_due(self->statuses, uuid, due);
    }
}

static void
note_pass(NmmSync *self, NmmSyncPass *pass)
{
    log_notes(self, pass->plan);
    log_put_back(self, pass);
    if (pass->all)
        nmm_guest_status_table_forget_others(self->statuses, pass->plan->reports);
    for (guint i = 0; i < pass->plan->reports->len; i++) {
        const NmmGuestReport *report = pass->plan->reports->pdata[i];
        const GError *failure = g_hash_table_lookup(pass->failures, report->guest->uuid);

        g_hash_table_remove(self->asked, report->guest->uuid);
        note_guest(self, report->guest->uuid, report->guest->name, report->status, failure);
    }
    copy_set(self->asked, pass->detaching);
    note_arrived(self, pass);
    log_unmatched(self);
}

/* Passes */

/* Does not resume the watcher: it reads nothing more. */
static void
fail(NmmSync *self, const GError *error)
{
    disarm_retry(self);
    self->state = STATE_FAILED;
    self->client->failed(error, self->user_data);
}

/* (nullable): why the connection counts as broken */
static const char *
get_loss(const NmmSyncPass *pass)
{
    if (!pass->lost)
        return NULL;
    return pass->error ? pass->error->message : _("libvirt does not answer");
}

static void
pass_succeeded(NmmSync *self, NmmSyncPass *pass)
{
    gboolean first = self->state == STATE_STARTING;

    self->state = STATE_UP;
    self->was_up = TRUE;
    g_clear_pointer(&self->before, nmm_sync_before_unref);
    note_pass(self, pass);
    arm_retry(self);
    nmm_watcher_resume(self->watcher, get_loss(pass));
    if (first)
        self->client->up(pass->plan, self->user_data);
    else
        self->client->kept(pass->plan, pass->all, self->user_data);
}

static void
pass_cb(NmmSyncPass *done, gpointer user_data)
{
    NmmSync *self = user_data;
    g_autoptr(NmmSyncPass) pass = g_steal_pointer(&self->pass);

    if (self->state == STATE_STOPPING)
        nmm_watcher_resume(self->watcher, get_loss(pass));
    else if (!pass->error)
        pass_succeeded(self, pass);
    else if (self->state == STATE_UP && pass->lost)
        nmm_watcher_resume(self->watcher, get_loss(pass));
    else
        fail(self, pass->error);
}

static void
begin_pass(NmmSync *self, const NmmReading *reading)
{
    self->pass = nmm_sync_pass_new(
        NMM_PURPOSE_UP, self->hypervisor, self->editor, self->profile, self->host_id, reading);
    if (self->state == STATE_STARTING) {
        self->pass->activating = TRUE;
        self->before = nmm_sync_before_new(reading);
        g_ptr_array_unref(self->pass->used);
        self->pass->used = self->client->collect_subnets(self->user_data);
    }
    copy_set(self->pass->asked, self->asked);
    copy_set(self->pass->arrived, self->arrived);
    nmm_sync_pass_run(self->pass, pass_cb, self);
}

/* A user who restarts the network stops it first: it gets time to come back, and then every guest
 * is read. */
static void
network_absent(NmmSync *self, const NmmNetwork *network)
{
    if (self->absent) {
        g_autoptr(GError) error =
            g_error_new(NMM_ERROR,
                        NMM_ERROR_NOT_FOUND,
                        network ? _("network '%s' was stopped") : _("network '%s' was removed"),
                        self->profile->network);

        fail(self, error);
        return;
    }
    self->absent = TRUE;
    nmm_watcher_read_later(self->watcher, self->timing->absent);
    nmm_watcher_resume(self->watcher, NULL);
}

/* The watcher */

static void
read_cb(const NmmReading *reading, gpointer user_data)
{
    NmmSync *self = user_data;
    const NmmNetwork *network = nmm_network_find(reading->networks, self->profile->network);

    disarm_retry(self);
    if (self->state == STATE_UP && !(network && network->active)) {
        network_absent(self, network);
        return;
    }
    self->absent = FALSE;
    note_unread(self, reading);
    begin_pass(self, reading);
}

static void
failed_cb(const GError *error, gpointer user_data)
{
    fail(user_data, error);
}

static void
lost_cb(const char *reason, gpointer user_data)
{
    disarm_retry(user_data);
    log_network(user_data,
                G_LOG_LEVEL_WARNING,
                "the connection to libvirt is lost: %s; trying to reconnect",
                reason);
}

static void
back_cb(gpointer user_data)
{
    log_network(user_data, G_LOG_LEVEL_MESSAGE, "the connection to libvirt is back");
}

static void
guest_arrived_cb(const char *uuid, gpointer user_data)
{
    NmmSync *self = user_data;

    g_hash_table_add(self->arrived, g_strdup(uuid));
}

/* An event of the profile's network may mean that it was stopped; one of another network may turn
 * guests into macvtap guests or back. */
static const NmmWatcherClient watcher_client = {
    .follow_networks = TRUE,
    .read = read_cb,
    .failed = failed_cb,
    .lost = lost_cb,
    .back = back_cb,
    .guest_arrived = guest_arrived_cb,
};

/* Life */

static GHashTable *
new_set(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

NmmSync *
nmm_sync_new(NmmHypervisor *hypervisor,
             NmmProfile *profile,
             const char *host_id,
             const NmmSyncClient *client,
             const NmmSyncTiming *timing,
             gpointer user_data)
{
    NmmSync *self = g_new0(NmmSync, 1);

    self->hypervisor = g_object_ref(hypervisor);
    self->profile = nmm_profile_ref(profile);
    self->host_id = g_strdup(host_id);
    self->client = client;
    self->timing = timing ? timing : &default_timing;
    self->user_data = user_data;
    self->editor = nmm_guest_editor_new(hypervisor, self->timing->hold);
    self->watcher = nmm_watcher_new(hypervisor, &watcher_client, &self->timing->watcher, self);
    self->statuses = nmm_guest_status_table_new(self->timing->retry);
    self->asked = new_set();
    self->arrived = new_set();
    self->notes = new_set();
    return self;
}

void
nmm_sync_start(NmmSync *self)
{
    g_return_if_fail(self->state == STATE_NEW);

    self->state = STATE_STARTING;
    nmm_watcher_start(self->watcher);
}

static void
end(NmmSync *self)
{
    disarm_retry(self);
    g_clear_pointer(&self->teardown, nmm_teardown_free);
    g_clear_pointer(&self->pass, nmm_sync_pass_abandon);
    g_clear_pointer(&self->watcher, nmm_watcher_free);
}

static void
torn_down_cb(gpointer user_data)
{
    NmmSync *self = user_data;

    self->state = STATE_STOPPED;
    end(self);
    self->client->stopped(self->user_data);
}

/* Before the engine was up, what it did is undone, even with value "keep". */
static gboolean
is_undo_wanted(const NmmSync *self)
{
    if (self->was_up)
        return self->profile->on_disconnect != NMM_ON_DISCONNECT_KEEP;
    return self->before != NULL;
}

void
nmm_sync_stop(NmmSync *self, guint timeout_ms)
{
    NmmTeardownSpec spec = {
        .hypervisor = self->hypervisor,
        .editor = self->editor,
        .profile = self->profile,
        .host_id = self->host_id,
        .watcher = self->watcher,
        .held = self->pass != NULL,
        .undo = timeout_ms > 0 && is_undo_wanted(self),
        .before = self->before,
        .timeout_ms = timeout_ms,
        .done = torn_down_cb,
        .user_data = self,
    };

    if (self->state >= STATE_STOPPING)
        return;
    self->state = STATE_STOPPING;
    disarm_retry(self);
    if (self->pass)
        nmm_sync_pass_cancel(self->pass);
    spec.served = nmm_guest_status_table_list_served(self->statuses);
    self->teardown = nmm_teardown_new(&spec);
}

void
nmm_sync_free(NmmSync *self)
{
    end(self);
    g_object_unref(self->hypervisor);
    nmm_guest_editor_unref(self->editor);
    nmm_profile_unref(self->profile);
    g_free(self->host_id);
    g_clear_pointer(&self->before, nmm_sync_before_unref);
    nmm_guest_status_table_free(self->statuses);
    g_hash_table_unref(self->asked);
    g_hash_table_unref(self->arrived);
    g_hash_table_unref(self->notes);
    g_free(self->unmatched);
    g_free(self);
}

GPtrArray *
nmm_sync_list_problems(const NmmSync *self)
{
    GPtrArray *problems = nmm_problems_new();

    nmm_guest_status_table_add_problems(self->statuses, problems);
    if (self->unmatched)
        g_ptr_array_add(problems,
                        nmm_problem_new(NMM_PROBLEM_NO_GUEST, NULL, "%s", self->unmatched));
    return problems;
}

gboolean
nmm_sync_is_settled(const NmmSync *self)
{
    return !self->watcher || self->state == STATE_FAILED || nmm_watcher_is_settled(self->watcher);
}
