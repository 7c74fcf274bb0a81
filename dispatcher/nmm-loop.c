/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rounds. Each looks at the host afresh, so that what was seen is never older than the events that
 * it is judged with. Nor is it newer: where something happened while it looked, it looks once more,
 * or a profile that a person takes down just then would be one that went down by itself. For
 * NetworkManager takes none down before the hook has noted "vpn-pre-down". The decision says what
 * to do; here it is only carried out, one after the other, unless a newer event of the profile's
 * own has overtaken it.
 */

#include "config.h"

#include "nmm-loop.h"

#include <unistd.h>

#include "nmm-decision.h"
#include "nmm-error.h"
#include "nmm-events.h"
#include "nmm-actions.h"
#include "nmm-names.h"
#include "nmm-observer.h"

/* Before each round, so that a storm of events becomes few of them, and so that NetworkManager,
 * which answers all that a round asks on its one thread, has done with what it is activating. */
#define PAUSE_MS 150
/* While the decision waits for a process of the service that is ending. */
#define AGAIN_MS   1000
#define MAX_AGAINS 35
/* How often it looks once more: in a storm that does not end, something has to be decided. */
#define MAX_LOOKS 20
/* A look or an action that takes longer never ends; SIGALRM then ends the process. */
#define STEP_TIMEOUT_S 60

typedef struct {
    const char *config_file;
    const char *run_dir;
    int lock_fd;     /* -1 after it was given up */
    GPtrArray *done; /* (nullable) */

    GMainLoop *loop;
    GPtrArray *events;        /* (nullable): of the round, (element-type NmmSceneEvent) */
    NMClient *client;         /* (nullable): of the round */
    NmmProfileStates *memory; /* (nullable): of the round */
    NmmDecision *decision;    /* (nullable): of the round */
    guint next;               /* index of the action to carry out */
    guint agains;
    guint looks; /* that were too old when they were over */
    gboolean failed;
} Helper;

static void start_round(Helper *self);

static void
complain(Helper *self, const char *what, GError *error)
{
    g_warning("%s: %s", what, error->message);
    self->failed = TRUE;
    g_error_free(error);
}

static char *
get_memory_path(Helper *self)
{
    return g_build_filename(self->run_dir, NMM_PROFILE_STATES_FILE, NULL);
}

static NmmProfileStates *
load_memory(Helper *self)
{
    g_autofree char *path = get_memory_path(self);
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return nmm_profile_states_new();
    return nmm_profile_states_new_from_text(text);
}

static void
save_memory(Helper *self)
{
    g_autofree char *path = get_memory_path(self);
    g_autofree char *text = nmm_profile_states_to_text(self->memory);
    GError *error = NULL;

    if (!g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error))
        complain(self, "cannot remember profiles", error);
}

static void
clear_round(Helper *self)
{
    g_clear_pointer(&self->events, g_ptr_array_unref);
    g_clear_pointer(&self->memory, g_hash_table_unref);
    g_clear_pointer(&self->decision, nmm_decision_free);
    g_clear_object(&self->client);
}

static gboolean
pause_cb(gpointer user_data)
{
    start_round(user_data);
    return G_SOURCE_REMOVE;
}

static void
finish_round(Helper *self)
{
    gboolean again = self->decision->again && self->agains < MAX_AGAINS;

    save_memory(self);
    clear_round(self);
    if (again) {
        self->agains++;
        g_timeout_add(AGAIN_MS, pause_cb, self);
    } else {
        self->agains = 0;
        g_timeout_add(PAUSE_MS, pause_cb, self);
    }
}

static void run_next_action(Helper *self);

static void
report(Helper *self, const char *text)
{
    g_message("%s", text);
    if (self->done)
        g_ptr_array_add(self->done, g_strdup(text));
}

static void
action_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    Helper *self = user_data;
    const NmmAction *action = self->decision->actions->pdata[self->next++];
    g_autofree char *text = nmm_action_to_string(action);
    GError *error = NULL;
    gboolean changed;

    if (!nmm_actions_run_finish(result, &changed, &error)) {
        complain(self, text, error);
        self->agains = MAX_AGAINS;
    } else if (action->kind == NMM_ACTION_RESTORE) {
        /* What is remembered until it is done. */
        g_clear_pointer(&nmm_profile_states_get(self->memory, action->uuid)->moved, g_free);
    }
    if (changed)
        report(self, text);
    run_next_action(self);
}

/* The actions before it may have taken their time, in which somebody has switched the profile: his
 * word is the newer one. It is in the file, so that there is a next round, which judges it. Whether
 * a device is still to be restored is looked at when it is. */
static gboolean
is_overtaken(Helper *self, const NmmAction *action)
{
    if (action->kind == NMM_ACTION_RESTORE || !nmm_events_wait_of(self->run_dir, action->uuid))
        return FALSE;
    if (action->kind == NMM_ACTION_ACTIVATE)
        nmm_profile_states_get(self->memory, action->uuid)->tried = FALSE;
    return TRUE;
}

static void
run_next_action(Helper *self)
{
    for (; self->next < self->decision->actions->len; self->next++) {
        const NmmAction *action = self->decision->actions->pdata[self->next];

        if (action->kind == NMM_ACTION_TELL) {
            g_warning("profile '%s': %s", action->id, action->text);
        } else if (!is_overtaken(self, action)) {
            alarm(STEP_TIMEOUT_S);
            nmm_actions_run_async(self->client, action, NULL, action_cb, self);
            return;
        }
    }
    finish_round(self);
}

static void
put_back_round(Helper *self)
{
    GError *error = NULL;

    if (!nmm_events_put_back(self->run_dir, self->events, &error))
        complain(self, "cannot keep events", error);
    clear_round(self);
}

/* Events that nobody could judge wait for the next time, in which NetworkManager runs. */
static void
give_up_round(Helper *self, GError *error)
{
    put_back_round(self);
    if (g_error_matches(error, NMM_ERROR, NMM_ERROR_UNREACHABLE)) {
        g_debug("%s", error->message);
        g_error_free(error);
    } else {
        complain(self, "cannot look at NetworkManager", error);
    }
    g_main_loop_quit(self->loop);
}

static void
observe_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    Helper *self = user_data;
    GError *error = NULL;
    g_autoptr(NmmScene) scene = nmm_observer_observe_finish(result, &self->client, &error);

    if (!scene) {
        give_up_round(self, error);
        return;
    }
    if (nmm_events_wait(self->run_dir) && self->looks < MAX_LOOKS) {
        self->looks++;
        put_back_round(self);
        g_timeout_add(PAUSE_MS, pause_cb, self);
        return;
    }
    self->looks = 0;
    self->memory = load_memory(self);
    self->decision = nmm_decide(self->events, scene, self->memory);
    /* Before anything is done: an action that kills this process is not to be repeated for ever. */
    save_memory(self);
    self->next = 0;
    run_next_action(self);
}

/* The lock is given up before the file is looked at for the last time: a hook that came in between
 * found the lock taken, and its event in the file is then seen here. Events are taken only with the
 * lock, or another one could end between our look and our putting them back. */
static gboolean
has_more(Helper *self)
{
    g_autoptr(GError) error = NULL;

    while (self->lock_fd >= 0) {
        self->events = nmm_events_take(self->run_dir, &error);
        if (!self->events) {
            complain(self, "cannot read events", g_steal_pointer(&error));
            return FALSE;
        }
        if (self->events->len > 0 || self->agains > 0)
            return TRUE;
        g_clear_pointer(&self->events, g_ptr_array_unref);
        close(self->lock_fd);
        self->lock_fd = -1;
        if (nmm_events_wait(self->run_dir))
            self->lock_fd = nmm_events_lock(self->run_dir, FALSE, NULL);
    }
    return FALSE;
}

static void
start_round(Helper *self)
{
    alarm(STEP_TIMEOUT_S);
    if (has_more(self))
        nmm_observer_observe_async(self->config_file, self->run_dir, NULL, observe_cb, self);
    else
        g_main_loop_quit(self->loop);
}

/**
 * nmm_loop_run:
 * @config_file: the administrator's configuration file
 * @run_dir: our directory in /run
 * @lock_fd: (transfer full): the helper's lock
 * @done: (nullable) (element-type utf8): what was done is appended to it
 *
 * Returns: whether everything could be done
 */
gboolean
nmm_loop_run(const char *config_file, const char *run_dir, int lock_fd, GPtrArray *done)
{
    Helper self = {
        .config_file = config_file,
        .run_dir = run_dir,
        .lock_fd = lock_fd,
        .done = done,
    };

    self.loop = g_main_loop_new(NULL, FALSE);
    g_idle_add(pause_cb, &self);
    g_main_loop_run(self.loop);

    clear_round(&self);
    g_main_loop_unref(self.loop);
    if (self.lock_fd >= 0)
        close(self.lock_fd);
    return !self.failed;
}
