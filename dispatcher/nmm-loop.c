/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-loop.h"

#include <unistd.h>

#include "nmm-actions.h"
#include "nmm-config.h"
#include "nmm-decision.h"
#include "nmm-error.h"
#include "nmm-events.h"
#include "nmm-host-reader.h"
#include "nmm-lock.h"
#include "nmm-log.h"
#include "nmm-names.h"
#include "nmm-profile-lock.h"
#include "nmm-unit.h"

/* Before each round: a storm of events then needs few rounds, and NetworkManager, which answers a
 * round on its one thread, has finished an activation. */
#define PAUSE_MS 150
/* While a profile is changing its state, or libvirt starts its guests. */
#define AGAIN_MS   1000
#define MAX_AGAINS 35
/* How often a round reads again because of new events: a storm may last. */
#define MAX_READS        20
#define READ_TIMEOUT_S   10
#define ACTION_TIMEOUT_S 60

typedef struct {
    const char *config_file;
    const char *run_dir;
    int lock_fd;     /* -1 after it was released */
    GPtrArray *done; /* (nullable) */
    GMainLoop *loop;

    /* (nullable): of the round */
    GPtrArray *events; /* (element-type NmmEvent) */
    NMClient *client;
    NmmProfileStates *states;
    NmmDecision *decision;
    guint next; /* index of the action to carry out */

    GCancellable *cancellable; /* (nullable): of the action */
    guint timeout_id;          /* of the action */
    guint n_agains;
    guint n_reads; /* that new events made obsolete */
    gboolean libvirt_timed_out;
    gboolean failed;
} Loop;

/* @error: (transfer full) */
static void
complain(Loop *self, const char *what, GError *error)
{
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_warning(
            "%s: NetworkManager has not answered in time; run 'nm-macvtap refresh' to try again",
            what);
    else
        g_warning("%s: %s", what, error->message);
    self->failed = TRUE;
    g_error_free(error);
}

static void
load_states(Loop *self)
{
    g_autofree char *path = g_build_filename(self->run_dir, NMM_PROFILE_STATES_FILE, NULL);
    g_autofree char *text = NULL;

    g_file_get_contents(path, &text, NULL, NULL);
    self->states = nmm_profile_states_new_from_text(text ?: "");
}

static void
save_states(Loop *self)
{
    g_autofree char *path = g_build_filename(self->run_dir, NMM_PROFILE_STATES_FILE, NULL);
    g_autofree char *text = nmm_profile_states_to_text(self->states);
    GError *error = NULL;

    if (!g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error))
        complain(self, "cannot save the states of profiles", error);
}

static void
clear_round(Loop *self)
{
    g_clear_pointer(&self->events, g_ptr_array_unref);
    g_clear_pointer(&self->states, g_hash_table_unref);
    g_clear_pointer(&self->decision, nmm_decision_free);
    g_clear_object(&self->client);
}

static gboolean start_round_cb(gpointer user_data);

/* A user who waits for the end is not kept waiting by a libvirt that hangs. */
static gboolean
is_again(const Loop *self)
{
    return self->n_agains < MAX_AGAINS &&
           (self->decision->again || (self->decision->is_late && !self->done));
}

static void
finish_round(Loop *self)
{
    gboolean again = is_again(self);

    save_states(self);
    clear_round(self);
    self->n_agains = again ? self->n_agains + 1 : 0;
    g_timeout_add(again ? AGAIN_MS : PAUSE_MS, start_round_cb, self);
}

/* Actions */

static void run_next_action(Loop *self);

static gboolean
action_timeout_cb(gpointer user_data)
{
    Loop *self = user_data;

    self->timeout_id = 0;
    g_cancellable_cancel(self->cancellable);
    return G_SOURCE_REMOVE;
}

static void
report(Loop *self, const char *text)
{
    g_message("%s", text);
    if (self->done)
        g_ptr_array_add(self->done, g_strdup(text));
}

/* Of guests: each event tries them again, and one line in the log is enough. */
static gboolean
is_logged(Loop *self, const NmmAction *action, const GError *error)
{
    NmmProfileState *state = nmm_profile_states_get(self->states, action->uuid);

    if (g_strcmp0(state->logged_problem, error->message) == 0)
        return TRUE;
    g_free(state->logged_problem);
    state->logged_problem = g_strdup(error->message);
    return FALSE;
}

/* A guest that another operation holds is tried in the next rounds. Takes @error. */
static void
handle_guests_failure(Loop *self, const NmmAction *action, const char *text, GError *error)
{
    gboolean is_held =
        g_error_matches(error, NMM_ERROR, NMM_ERROR_BUSY) && self->n_agains < MAX_AGAINS;

    if (is_held)
        self->decision->again = TRUE;
    if (is_held || is_logged(self, action, error)) {
        g_debug("%s: %s", text, error->message);
        g_error_free(error);
    } else {
        complain(self, text, error);
    }
}

/* Takes @error. */
static void
handle_failure(Loop *self, const NmmAction *action, const char *text, GError *error)
{
    if (action->kind == NMM_ACTION_UNPLUG) {
        handle_guests_failure(self, action, text, error);
    } else {
        complain(self, text, error);
        self->n_agains = MAX_AGAINS;
    }
}

static void
action_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    Loop *self = user_data;
    const NmmAction *action = self->decision->actions->pdata[self->next++];
    g_autofree char *text = nmm_action_to_string(action);
    GError *error = NULL;
    gboolean changed;

    g_clear_handle_id(&self->timeout_id, g_source_remove);
    g_clear_object(&self->cancellable);
    if (!nmm_actions_run_finish(result, &changed, &error)) {
        handle_failure(self, action, text, error);
    } else if (action->kind == NMM_ACTION_RESTORE) {
        g_clear_pointer(&nmm_profile_states_get(self->states, action->uuid)->moved, g_free);
    }
    if (changed)
        report(self, text);
    nmm_log_set_profile(NULL, NULL);
    run_next_action(self);
}

/* The actions before it took so long that the profile was activated or deactivated meanwhile: the
 * next round handles that event. A restore checks by itself whether it is still needed. */
static gboolean
is_obsolete(Loop *self, const NmmAction *action)
{
    if (action->kind == NMM_ACTION_RESTORE || !nmm_events_wait_of(self->run_dir, action->uuid))
        return FALSE;
    if (action->kind == NMM_ACTION_ACTIVATE)
        nmm_profile_states_get(self->states, action->uuid)->tried = FALSE;
    return TRUE;
}

static void
run_action(Loop *self, const NmmAction *action)
{
    nmm_log_set_profile(action->uuid, action->device);
    self->cancellable = g_cancellable_new();
    self->timeout_id = g_timeout_add_seconds(ACTION_TIMEOUT_S, action_timeout_cb, self);
    nmm_actions_run_async(self->client, action, self->cancellable, action_cb, self);
}

static void
run_next_action(Loop *self)
{
    for (; self->next < self->decision->actions->len; self->next++) {
        const NmmAction *action = self->decision->actions->pdata[self->next];

        if (action->kind == NMM_ACTION_LOG) {
            nmm_log_set_profile(action->uuid, action->device);
            g_warning("profile '%s': %s", action->id, action->text);
            nmm_log_set_profile(NULL, NULL);
        } else if (!is_obsolete(self, action)) {
            run_action(self, action);
            return;
        }
    }
    finish_round(self);
}

/* Host state */

static void
put_back_events(Loop *self)
{
    GError *error = NULL;

    if (!nmm_events_put_back(self->run_dir, self->events, &error))
        complain(self, "cannot keep events", error);
    clear_round(self);
}

/* The events wait for the next run of the helper. */
static void
give_up(Loop *self, const NmmHostState *host)
{
    if (self->client)
        g_debug("%s", host->nm_error->message);
    else
        complain(self, "cannot read the state of NetworkManager", g_error_copy(host->nm_error));
    put_back_events(self);
    g_main_loop_quit(self->loop);
}

static void
log_unreadable(Loop *self, const NmmHostState *host)
{
    if (host->links_error)
        g_warning("cannot list host links: %s", host->links_error->message);
    for (guint i = 0; i < host->hypervisors->len; i++) {
        const NmmHostHypervisor *hypervisor = host->hypervisors->pdata[i];

        if (hypervisor->timed_out && !self->libvirt_timed_out)
            g_warning("'%s': %s", hypervisor->uri, hypervisor->error->message);
        else if (hypervisor->error)
            g_debug("'%s': %s", hypervisor->uri, hypervisor->error->message);
        self->libvirt_timed_out |= hypervisor->timed_out;
    }
}

static gboolean
read_suggest(const char *config_file)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(NmmConfig) config = nmm_config_read(config_file, &error);

    if (!config)
        g_warning("%s", error->message);
    return config && config->offers_profiles;
}

static void
decide(Loop *self, const NmmHostState *host)
{
    g_autoptr(GHashTable) lock_holders = nmm_profile_lock_list_holders(self->run_dir);
    const NmmDecisionInput input = {
        .host = host,
        .lock_holders = lock_holders,
        .now = g_get_monotonic_time() / G_USEC_PER_SEC,
        .suggest = read_suggest(self->config_file),
    };

    self->n_reads = 0;
    load_states(self);
    self->decision = nmm_decide(self->events, &input, self->states);
    /* Before the actions: one that ends this process must not be repeated for ever. */
    save_states(self);
    self->next = 0;
}

static void
read_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    Loop *self = user_data;
    g_autoptr(NmmHostState) host = nmm_host_read_finish(result, &self->client, NULL);

    log_unreadable(self, host);
    if (host->nm_error) {
        give_up(self, host);
    } else if (nmm_events_wait(self->run_dir) && self->n_reads < MAX_READS) {
        self->n_reads++;
        put_back_events(self);
        g_timeout_add(PAUSE_MS, start_round_cb, self);
    } else {
        decide(self, host);
        run_next_action(self);
    }
}

static void
read_host(Loop *self)
{
    const NmmHostRequest request = {
        .flags = NMM_HOST_READ_NM | NMM_HOST_READ_LINKS | NMM_HOST_READ_USED_HYPERVISORS |
                 NMM_HOST_READ_LOCAL_HYPERVISORS | NMM_HOST_READ_AWAKE,
        .config_file = self->config_file,
        .timeout_s = READ_TIMEOUT_S,
    };

    nmm_host_read_async(NULL, &request, NULL, read_cb, self);
}

/* Releases the lock before it checks the file for the last time: a hook that came in between found
 * the lock taken, and its event is in the file. One that comes later starts another helper, and
 * systemd must know before that this one ends. Takes events only with the lock, or another helper
 * could end between the check and the return of the events. */
static gboolean
take_events(Loop *self)
{
    GError *error = NULL;

    while (self->lock_fd >= 0) {
        self->events = nmm_events_take(self->run_dir, &error);
        if (!self->events) {
            complain(self, "cannot read events", error);
            return FALSE;
        }
        if (self->events->len > 0 || self->n_agains > 0)
            return TRUE;
        g_clear_pointer(&self->events, g_ptr_array_unref);
        nmm_unit_notify_stopping();
        close(self->lock_fd);
        self->lock_fd = -1;
        if (nmm_events_wait(self->run_dir))
            self->lock_fd = nmm_lock_take(self->run_dir, NMM_LOCK_FILE, FALSE, NULL);
    }
    return FALSE;
}

static gboolean
start_round_cb(gpointer user_data)
{
    Loop *self = user_data;

    if (take_events(self))
        read_host(self);
    else
        g_main_loop_quit(self->loop);
    return G_SOURCE_REMOVE;
}

gboolean
nmm_loop_run(const char *config_file, const char *run_dir, int lock_fd, GPtrArray *done)
{
    Loop self = {
        .config_file = config_file,
        .run_dir = run_dir,
        .lock_fd = lock_fd,
        .done = done,
    };

    self.loop = g_main_loop_new(NULL, FALSE);
    g_idle_add(start_round_cb, &self);
    g_main_loop_run(self.loop);

    clear_round(&self);
    g_main_loop_unref(self.loop);
    if (self.lock_fd >= 0)
        close(self.lock_fd);
    return !self.failed;
}
