/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap retire, which packages run before they are removed. Deactivates all profiles,
 * withdraws the suggested ones, and removes what profiles made, because a guest with an interface
 * on a network that is not started cannot start. The user's profiles stay for a later installation.
 * If NetworkManager is not running, no profile is active, and its files have the profiles.
 */

#include "config.h"

#include "nmm-commands.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <NetworkManager.h>
#include <glib/gi18n-lib.h>

#include "nmm-host.h"
#include "nmm-lock.h"
#include "nmm-names.h"
#include "nmm-profile-lock.h"
#include "nmm-profile-reader.h"
#include "nmm-stored-profiles.h"

/* A service may need that long to restore the configuration of a parent; without NetworkManager, to
 * end. */
#define TIMEOUT_S         90
#define TIMEOUT_STOPPED_S 10
#define TICK_MS           100

typedef struct {
    NMClient *client;
    NmmReport *report;
    guint n_pending; /* calls to NetworkManager */
} Retirement;

/* Until the next refresh, the hook does not start the helper, which would suggest the profiles
 * again. */
static gboolean
disable_hook(void)
{
    g_autofree char *path = g_build_filename(NMM_RUN_DIR, NMM_RETIRED_FILE, NULL);
    int fd = nmm_lock_make_run_dir(NMM_RUN_DIR)
                 ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)
                 : -1;

    if (fd < 0) {
        nmm_complain(_("cannot write '%s': %s"), path, g_strerror(errno));
        return FALSE;
    }
    close(fd);
    return TRUE;
}

static void
complain_of_profile(Retirement *self, const char *id, const char *text)
{
    nmm_complain(_("profile '%s': %s"), id, text);
    nmm_report_set_code(self->report, NMM_EXIT_FAILED);
}

static void
add_profile(Retirement *self, const char *member, const char *id)
{
    json_array_add_string_element(json_object_get_array_member(self->report->json, member), id);
}

static gboolean
tick_cb(gpointer user_data)
{
    return G_SOURCE_CONTINUE;
}

/* Iterates the main loop until the condition holds or the timeout expires. */
static gboolean
wait_until(Retirement *self, gboolean (*is_done)(Retirement *self))
{
    guint tick = g_timeout_add(TICK_MS, tick_cb, NULL);
    int timeout_s = nm_client_get_nm_running(self->client) ? TIMEOUT_S : TIMEOUT_STOPPED_S;
    gint64 end = g_get_monotonic_time() + timeout_s * G_USEC_PER_SEC;
    gboolean done = is_done(self);

    while (!done && g_get_monotonic_time() < end) {
        g_main_context_iteration(NULL, TRUE);
        done = is_done(self);
    }
    g_source_remove(tick);
    return done;
}

static gboolean
has_no_call(Retirement *self)
{
    return self->n_pending == 0;
}

static gboolean
is_ours(NMActiveConnection *active)
{
    NMRemoteConnection *connection = nm_active_connection_get_connection(active);

    return connection && nmm_profile_reader_is_macvtap(NM_CONNECTION(connection));
}

/* (transfer full) (element-type NMActiveConnection) */
static GPtrArray *
list_active(const Retirement *self)
{
    const GPtrArray *actives = nm_client_get_active_connections(self->client);
    GPtrArray *ours = g_ptr_array_new_with_free_func(g_object_unref);

    for (guint i = 0; i < actives->len; i++) {
        if (is_ours(actives->pdata[i]))
            g_ptr_array_add(ours, g_object_ref(actives->pdata[i]));
    }
    return ours;
}

static gboolean
is_all_down(Retirement *self)
{
    g_autoptr(GPtrArray) actives = list_active(self);
    g_autoptr(GHashTable) holders = nmm_profile_lock_list_holders(NMM_RUN_DIR);

    return self->n_pending == 0 && actives->len == 0 && g_hash_table_size(holders) == 0;
}

static void
deactivate_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    Retirement *self = user_data;
    g_autoptr(GError) error = NULL;

    self->n_pending--;
    /* Not an error: it may have gone down by itself. The end of the command finds profiles that are
     * still active. */
    if (!nm_client_deactivate_connection_finish(NM_CLIENT(object), result, &error))
        g_debug("%s", error->message);
}

static void
report_deactivation(Retirement *self, NMActiveConnection *active)
{
    const char *id = nm_active_connection_get_id(active);

    if (g_ptr_array_find(
            (GPtrArray *)nm_client_get_active_connections(self->client), active, NULL)) {
        complain_of_profile(self, id, _("it is still active; see 'nm-macvtap status'"));
        return;
    }
    add_profile(self, "deactivated", id);
    nmm_report_add_text(self->report, _("Profile '%s' is deactivated.\n"), id);
}

/* Returns: whether no service runs. */
static gboolean
deactivate_all(Retirement *self)
{
    g_autoptr(GPtrArray) actives = list_active(self);
    gboolean all_down;

    for (guint i = 0; i < actives->len; i++) {
        self->n_pending++;
        nm_client_deactivate_connection_async(
            self->client, actives->pdata[i], NULL, deactivate_cb, self);
    }
    all_down = wait_until(self, is_all_down);
    for (guint i = 0; i < actives->len; i++)
        report_deactivation(self, actives->pdata[i]);
    return all_down;
}

static void
complain_of_services(Retirement *self)
{
    g_autoptr(GHashTable) holders = nmm_profile_lock_list_holders(NMM_RUN_DIR);

    nmm_report_set_code(self->report, NMM_EXIT_FAILED);
    if (g_hash_table_size(holders) == 0)
        return;
    if (nm_client_get_nm_running(self->client))
        nmm_complain(_("services of profiles are still running; see 'nm-macvtap status'"));
    else
        nmm_complain(_("services of profiles are still running, because they restore the host when "
                       "NetworkManager is running; start it and try again"));
}

static void
withdraw_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    Retirement *self = user_data;
    NMRemoteConnection *connection = NM_REMOTE_CONNECTION(object);
    g_autoptr(GError) error = NULL;

    self->n_pending--;
    if (!nm_remote_connection_delete_finish(connection, result, &error))
        complain_of_profile(self, nm_connection_get_id(NM_CONNECTION(connection)), error->message);
}

/* Returns: whether the profile exists. */
static gboolean
withdraw(Retirement *self, const NmmHostProfile *profile)
{
    NMRemoteConnection *connection = nm_client_get_connection_by_uuid(self->client, profile->uuid);
    g_autoptr(GError) error = NULL;

    if (connection) {
        self->n_pending++;
        nm_remote_connection_delete_async(connection, NULL, withdraw_cb, self);
        return TRUE;
    }
    if (nm_client_get_nm_running(self->client))
        return FALSE;
    if (!nmm_stored_profiles_delete_in_memory(profile->uuid, &error))
        complain_of_profile(self, profile->id, error->message);
    return !error;
}

static void
withdraw_all(Retirement *self, const NmmHostState *state)
{
    for (guint i = 0; i < state->profiles->len; i++) {
        const NmmHostProfile *profile = g_ptr_array_index(state->profiles, i);

        if (!profile->suggested || !withdraw(self, profile))
            continue;
        add_profile(self, "withdrawn", profile->id);
        nmm_report_add_text(
            self->report, _("The suggested profile '%s' is withdrawn.\n"), profile->id);
    }
    if (!wait_until(self, has_no_call))
        nmm_report_set_code(self->report, NMM_EXIT_FAILED);
}

static void
remove_objects(Retirement *self, NmmHostState *state)
{
    g_autoptr(GPtrArray) orphans = NULL;

    if (!nmm_cleanup_read_hypervisors(state)) {
        nmm_complain(_("guests and networks of a skipped URI are not changed"));
        nmm_report_set_code(self->report, NMM_EXIT_FAILED);
    }
    orphans = nmm_orphans_find(state);
    nmm_report_set_code(self->report, nmm_cleanup_remove(state, orphans));
    nmm_cleanup_add_to_report(self->report, state, orphans);
}

static gboolean
read_profiles(Retirement *self, NmmHostState *state)
{
    nmm_host_update(state, NMM_HOST_READ_NM | NMM_HOST_READ_LINKS, NULL);
    if (!state->nm_error && !state->config_error)
        return TRUE;
    nmm_complain("%s", (state->nm_error ? state->nm_error : state->config_error)->message);
    nmm_report_set_code(self->report, NMM_EXIT_FAILED);
    return FALSE;
}

static void
retire(Retirement *self)
{
    g_autoptr(NmmHostState) state = nmm_host_state_new();
    gboolean all_down = deactivate_all(self);

    if (!all_down)
        complain_of_services(self);
    state->retired = TRUE;
    /* Without NetworkManager, which objects a running service needs is not known. */
    if ((!all_down && !nm_client_get_nm_running(self->client)) || !read_profiles(self, state))
        return;
    withdraw_all(self, state);
    remove_objects(self, state);
}

static int
run(const char *argument, gboolean json)
{
    g_autoptr(NmmReport) report = nmm_report_new();
    g_autoptr(NMClient) client = NULL;
    g_autoptr(GError) error = NULL;
    Retirement self = {.report = report};
    int lock_fd;

    if (geteuid() != 0) {
        nmm_complain(_("run 'nm-macvtap retire' as root"));
        return NMM_EXIT_FAILED;
    }
    client = nm_client_new(NULL, &error);
    if (!client) {
        nmm_complain(_("NetworkManager does not answer: %s"), error->message);
        return NMM_EXIT_FAILED;
    }
    self.client = client;
    nmm_json_set_array(report->json, "deactivated");
    nmm_json_set_array(report->json, "withdrawn");
    nmm_json_set_array(report->json, "leftovers");
    /* The lock waits for a helper that is running. */
    if (!disable_hook())
        return NMM_EXIT_FAILED;
    lock_fd = nmm_lock_take(NMM_RUN_DIR, NMM_LOCK_FILE, TRUE, &error);
    retire(&self);
    if (lock_fd >= 0)
        close(lock_fd);
    return nmm_report_print(report, json);
}

const NmmCommand nmm_command_retire = {
    .name = "retire",
    .summary = N_("Deactivate all profiles and remove what they made, before an uninstallation"),
    .run = run,
};
