/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap retire, which packages run before they are removed. Deactivates all profiles,
 * withdraws the suggested ones, and removes what profiles made, because a guest with an interface
 * on a network that is not started cannot start. The user's profiles stay for a later installation.
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

/* A service may need that long to restore the configuration of a parent. */
#define TIMEOUT_S 90
#define TICK_MS   100

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
complain_of_profile(Retirement *self, const char *id, GError *error)
{
    nmm_complain(_("profile '%s': %s"), id, error->message);
    g_error_free(error);
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
    gint64 end = g_get_monotonic_time() + TIMEOUT_S * G_USEC_PER_SEC;
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

static gboolean
is_all_down(Retirement *self)
{
    const GPtrArray *actives = nm_client_get_active_connections(self->client);
    g_autoptr(GHashTable) holders = nmm_profile_lock_list_holders(NMM_RUN_DIR);

    for (guint i = 0; i < actives->len; i++) {
        if (is_ours(actives->pdata[i]))
            return FALSE;
    }
    return self->n_pending == 0 && g_hash_table_size(holders) == 0;
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
deactivate_all(Retirement *self)
{
    const GPtrArray *actives = nm_client_get_active_connections(self->client);

    for (guint i = 0; i < actives->len; i++) {
        NMActiveConnection *active = actives->pdata[i];

        if (!is_ours(active))
            continue;
        add_profile(self, "deactivated", nm_active_connection_get_id(active));
        nmm_report_add_text(
            self->report, _("Profile '%s' is deactivated.\n"), nm_active_connection_get_id(active));
        self->n_pending++;
        nm_client_deactivate_connection_async(self->client, active, NULL, deactivate_cb, self);
    }
    if (wait_until(self, is_all_down))
        return;
    nmm_complain(_(
        "profiles are still active, or their services are still running; see 'nm-macvtap status'"));
    nmm_report_set_code(self->report, NMM_EXIT_FAILED);
}

static void
withdraw_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    Retirement *self = user_data;
    NMRemoteConnection *connection = NM_REMOTE_CONNECTION(object);
    GError *error = NULL;

    self->n_pending--;
    if (!nm_remote_connection_delete_finish(connection, result, &error))
        complain_of_profile(self, nm_connection_get_id(NM_CONNECTION(connection)), error);
}

static void
withdraw_all(Retirement *self, const NmmHostState *state)
{
    for (guint i = 0; i < state->profiles->len; i++) {
        const NmmHostProfile *profile = g_ptr_array_index(state->profiles, i);
        NMRemoteConnection *connection =
            profile->suggested ? nm_client_get_connection_by_uuid(self->client, profile->uuid)
                               : NULL;

        if (!connection)
            continue;
        add_profile(self, "withdrawn", profile->id);
        nmm_report_add_text(
            self->report, _("The suggested profile '%s' is withdrawn.\n"), profile->id);
        self->n_pending++;
        nm_remote_connection_delete_async(connection, NULL, withdraw_cb, self);
    }
    if (!wait_until(self, has_no_call))
        nmm_report_set_code(self->report, NMM_EXIT_FAILED);
}

static void
remove_objects(Retirement *self, NmmHostState *state)
{
    g_autoptr(GPtrArray) orphans = NULL;

    state->retired = TRUE;
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

    deactivate_all(self);
    if (!read_profiles(self, state))
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
    if (!client || !nm_client_get_nm_running(client)) {
        nmm_complain(_(
            "NetworkManager is not running, so its profiles are unknown; start it and try again"));
        return NMM_EXIT_FAILED;
    }
    self.client = client;
    nmm_json_set_array(report->json, "deactivated");
    nmm_json_set_array(report->json, "withdrawn");
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
