/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replies to NetworkManager at once: its calls time out after 10 s (read in NM 1.42), while libvirt
 * and locks may take longer. Logs each failure in one sentence, because NetworkManager passes only
 * a code on to the user.
 */

#include "config.h"

#include "nmm-service.h"

#include <glib/gi18n-lib.h>

#include "nmm-activation.h"
#include "nmm-active.h"
#include "nmm-config.h"
#include "nmm-error.h"
#include "nmm-failure-file.h"
#include "nmm-hosts-file.h"
#include "nmm-isolated.h"
#include "nmm-log.h"
#include "nmm-move.h"
#include "nmm-names.h"
#include "nmm-profile-lock.h"
#include "nmm-profile-reader.h"
#include "nmm-profile-users.h"
#include "nmm-publisher.h"
#include "nmm-share.h"

#define LOCK_RETRY_MS    200
#define LOCK_TIMEOUT_US  (40 * G_USEC_PER_SEC)
#define STOP_TIMEOUT_MS  (30 * 1000)
#define UNUSED_TIMEOUT_S 20

struct _NmmService {
    NMVpnServicePlugin parent_instance;

    char *config_file;
    char *run_dir;

    /* all (nullable): NULL before connect */
    NMConnection *connection; /* of Connect */
    NmmProfile *profile;      /* likewise, if it is valid */
    GArray *readers;          /* (element-type uid_t): who may see the profile; NULL: everybody */
    NmmProfileStatus *status;
    NmmPublisher *publisher;
    NmmHostsFile *hosts;
    GCancellable *cancellable; /* while a client is being made */
    NmmActivation *activation; /* as soon as there is a client */
    GPtrArray *lock_keys;      /* (element-type NmmLockKey): likewise */
    GPtrArray *locks; /* (element-type NmmProfileLock): all of them, when the activation starts */
    gint64 lock_deadline; /* monotonic, in µs */
    guint lock_retry_id;
    guint unused_id; /* while waiting for connect */
};

enum {
    SIGNAL_DONE,
    N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_TYPE(NmmService, nmm_service, NM_TYPE_VPN_SERVICE_PLUGIN)

static GType (*const mode_types[])(void) = {
    [NMM_MODE_ISOLATED] = nmm_isolated_get_type,
    [NMM_MODE_SHARE] = nmm_share_get_type,
    [NMM_MODE_MOVE] = nmm_move_get_type,
};
G_STATIC_ASSERT(G_N_ELEMENTS(mode_types) == _NMM_MODE_NUM);

static gboolean
emit_done_cb(gpointer user_data)
{
    g_signal_emit(user_data, signals[SIGNAL_DONE], 0);
    return G_SOURCE_REMOVE;
}

/* From an idle handler, so that pending D-Bus messages are sent first. */
static void
schedule_done(NmmService *self)
{
    g_idle_add_full(G_PRIORITY_LOW, emit_done_cb, g_object_ref(self), g_object_unref);
}

/* What the service knows about the profile */

static void
set_phase(NmmService *self, NmmPhase phase)
{
    if (!self->status)
        return;
    self->status->phase = phase;
    if (self->publisher)
        nmm_publisher_update(self->publisher, self->status);
}

static void
log_failure(NmmService *self, const GError *failure)
{
    NmmFailure record = {g_get_real_time() / G_USEC_PER_SEC, failure->message};
    g_autoptr(GError) error = NULL;

    g_warning("profile '%s': %s", self->status->id, failure->message);
    if (!nmm_failure_file_write(self->run_dir, self->status->uuid, &record, self->readers, &error))
        g_warning("profile '%s': %s", self->status->id, error->message);
    set_phase(self, NMM_PHASE_FAILED);
}

static void
publish(NmmService *self)
{
    g_autoptr(GDBusConnection) bus =
        nm_vpn_service_plugin_get_connection(NM_VPN_SERVICE_PLUGIN(self));
    g_autoptr(GError) error = NULL;

    self->publisher = nmm_publisher_new(bus, self->status, self->readers, &error);
    if (!self->publisher)
        g_warning("profile '%s': cannot publish its status: %s", self->status->id, error->message);
}

static void
problems_cb(const GPtrArray *problems, gpointer user_data)
{
    NmmService *self = user_data;

    g_ptr_array_set_size(self->status->problems, 0);
    for (guint i = 0; i < problems->len; i++)
        g_ptr_array_add(self->status->problems, nmm_problem_copy(problems->pdata[i]));
    set_phase(self, self->status->phase);
}

static void
fail(NmmService *self, const GError *error)
{
    log_failure(self, error);
    nm_vpn_service_plugin_failure(NM_VPN_SERVICE_PLUGIN(self),
                                  NM_VPN_PLUGIN_FAILURE_CONNECT_FAILED);
}

static void
config_cb(GVariant *config, gpointer user_data)
{
    NmmService *self = user_data;

    nm_vpn_service_plugin_set_config(NM_VPN_SERVICE_PLUGIN(self), config);
    nmm_failure_file_remove(self->run_dir, self->status->uuid);
    set_phase(self, NMM_PHASE_ACTIVE);
}

static void
names_cb(const char *names, gpointer user_data)
{
    NmmService *self = user_data;
    g_autoptr(GError) error = NULL;

    if (!nmm_hosts_file_set(self->hosts, names, &error))
        g_warning("profile '%s': %s", self->status->id, error->message);
}

static void
failed_cb(const GError *error, gpointer user_data)
{
    fail(user_data, error);
}

static void
stopped_cb(gpointer user_data)
{
    NmmService *self = user_data;

    g_clear_pointer(&self->locks, g_ptr_array_unref);
    schedule_done(self);
}

static const NmmActivationCallbacks callbacks = {
    .config = config_cb,
    .problems = problems_cb,
    .names = names_cb,
    .failed = failed_cb,
    .stopped = stopped_cb,
};

/* Returns: whether there is a result: the locks, or an error that waiting does not change. */
static gboolean
try_locks(NmmService *self, GError **error)
{
    g_autoptr(GPtrArray) locks =
        g_ptr_array_new_with_free_func((GDestroyNotify)nmm_profile_lock_release);

    for (guint i = 0; i < self->lock_keys->len; i++) {
        gboolean wait;
        NmmProfileLock *lock = nmm_profile_lock_try(self->run_dir,
                                                    self->lock_keys->pdata[i],
                                                    self->profile->uuid,
                                                    self->profile->id,
                                                    &wait,
                                                    error);

        if (!lock && wait && g_get_monotonic_time() < self->lock_deadline) {
            g_clear_error(error);
            return FALSE;
        }
        if (!lock)
            return TRUE;
        g_ptr_array_add(locks, lock);
    }
    self->locks = g_steal_pointer(&locks);
    return TRUE;
}

/* Returns: whether the profile has its locks, or cannot have them. */
static gboolean
begin(NmmService *self)
{
    g_autoptr(GError) error = NULL;

    if (!try_locks(self, &error))
        return FALSE;
    if (self->locks)
        nmm_activation_start(self->activation);
    else
        fail(self, error);
    return TRUE;
}

static gboolean
lock_retry_cb(gpointer user_data)
{
    NmmService *self = user_data;

    if (!begin(self))
        return G_SOURCE_CONTINUE;
    self->lock_retry_id = 0;
    return G_SOURCE_REMOVE;
}

static void
stored_changed_cb(NMConnection *stored, gpointer user_data)
{
    NmmService *self = user_data;
    GPtrArray *problems = NULL;

    if (!nmm_profile_reader_is_equal(stored, self->connection)) {
        NmmProblem *problem = nmm_problem_new(
            NMM_PROBLEM_PROFILE_CHANGED,
            NULL,
            _("it was changed while it is active; activate it again to apply the changes"));

        problem->remedy = nmm_profile_build_reactivation(nm_connection_get_id(stored));
        problems = nmm_problems_new();
        g_ptr_array_add(problems, problem);
    }
    nmm_activation_set_problems(self->activation, "profile", problems);
}

static void
follow_stored(NmmService *self, NMClient *client)
{
    NMRemoteConnection *stored = nm_client_get_connection_by_uuid(client, self->profile->uuid);

    if (!stored)
        return;
    g_signal_connect_object(stored, NM_CONNECTION_CHANGED, G_CALLBACK(stored_changed_cb), self, 0);
    stored_changed_cb(NM_CONNECTION(stored), self);
}

/* The locks may depend on the base device, which only a client knows. */
static void
prepare_activation(NmmService *self, NMClient *client)
{
    g_autoptr(GError) error = NULL;

    self->activation = nmm_activation_new(
        mode_types[self->profile->mode](), self->profile, client, &callbacks, self);
    follow_stored(self, client);
    self->lock_keys = nmm_activation_list_lock_keys(self->activation, &error);
    if (!self->lock_keys)
        fail(self, error);
    else if (!begin(self))
        self->lock_retry_id = g_timeout_add(LOCK_RETRY_MS, lock_retry_cb, self);
}

/* nmcli names the base device as a field of the journal, and only a client knows it. */
static void
set_log_device(NmmService *self, NMClient *client)
{
    const char *uuid = nm_connection_get_uuid(self->connection);
    NMDevice *base = client ? nmm_active_get_device(nmm_active_find(client, uuid)) : NULL;

    if (base)
        nmm_log_set_profile(uuid, nm_device_get_iface(base));
}

static void
client_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(NMClient) client = nm_client_new_finish(result, &error);
    NmmService *self = user_data;

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    g_clear_object(&self->cancellable);
    set_log_device(self, client);
    if (client)
        prepare_activation(self, client);
    else
        fail(self, error);
}

/* Everything that needs no other process. */
static gboolean
check_connection(NmmService *self, NMConnection *connection, GError **error)
{
    g_autoptr(NmmConfig) config = nmm_config_read(self->config_file, error);

    if (!config)
        return FALSE;
    self->profile =
        nmm_profile_reader_read(connection, (const char *const *)config->libvirt_uris, error);
    if (!self->profile)
        return FALSE;
    return nmm_profile_users_check(connection, (const char *const *)config->admin_groups, error);
}

/* Blocks, in a process that has nothing to serve: as soon as NetworkManager has the reply, it drops
 * the active connection, which alone names the base device. */
static void
log_refusal(NmmService *self, const GError *error)
{
    g_autoptr(NMClient) client = nm_client_new(NULL, NULL);

    set_log_device(self, client);
    log_failure(self, error);
}

/* NetworkManager logs the message, and knows its own error domain only. */
static void
set_nm_error(GError **error, const GError *local)
{
    static const NMVpnPluginError codes[] = {
        [NMM_ERROR_FAILED] = NM_VPN_PLUGIN_ERROR_LAUNCH_FAILED,
        [NMM_ERROR_BAD_PROFILE] = NM_VPN_PLUGIN_ERROR_BAD_ARGUMENTS,
        [NMM_ERROR_BAD_XML] = NM_VPN_PLUGIN_ERROR_BAD_ARGUMENTS,
        [NMM_ERROR_CONFLICT] = NM_VPN_PLUGIN_ERROR_LAUNCH_FAILED,
        [NMM_ERROR_DENIED] = NM_VPN_PLUGIN_ERROR_INVALID_CONNECTION,
        [NMM_ERROR_UNREACHABLE] = NM_VPN_PLUGIN_ERROR_LAUNCH_FAILED,
        [NMM_ERROR_NOT_FOUND] = NM_VPN_PLUGIN_ERROR_LAUNCH_FAILED,
        [NMM_ERROR_UNSUPPORTED] = NM_VPN_PLUGIN_ERROR_BAD_ARGUMENTS,
    };
    NMVpnPluginError code = NM_VPN_PLUGIN_ERROR_FAILED;

    if (local->domain == NMM_ERROR && (gsize)local->code < G_N_ELEMENTS(codes))
        code = codes[local->code];
    g_set_error_literal(error, NM_VPN_PLUGIN_ERROR, code, local->message);
}

static gboolean
connect_profile(NMVpnServicePlugin *plugin, NMConnection *connection, GError **error)
{
    NmmService *self = NMM_SERVICE(plugin);
    g_autoptr(GError) local = NULL;

    if (self->connection) {
        g_set_error(error,
                    NM_VPN_PLUGIN_ERROR,
                    NM_VPN_PLUGIN_ERROR_WRONG_STATE,
                    _("this process already serves profile '%s'"),
                    self->status->id);
        return FALSE;
    }

    g_clear_handle_id(&self->unused_id, g_source_remove);
    self->connection = g_object_ref(connection);
    self->readers = nmm_profile_users_list(connection);
    self->status = nmm_profile_status_new(nm_connection_get_uuid(connection),
                                          nm_connection_get_id(connection));
    nmm_log_set_profile(self->status->uuid, NULL);
    self->lock_deadline = g_get_monotonic_time() + LOCK_TIMEOUT_US;
    if (!check_connection(self, connection, &local)) {
        log_refusal(self, local);
        set_nm_error(error, local);
        return FALSE;
    }
    publish(self);
    self->hosts = nmm_hosts_file_new(self->run_dir, self->status->uuid, self->readers);
    self->cancellable = g_cancellable_new();
    nm_client_new_async(self->cancellable, client_cb, self);
    return TRUE;
}

static void
cancel_preparation(NmmService *self)
{
    g_clear_handle_id(&self->lock_retry_id, g_source_remove);
    if (self->cancellable)
        g_cancellable_cancel(self->cancellable);
    g_clear_object(&self->cancellable);
}

/* The base class regards the profile as stopped when this returns; "done" is emitted when it is. */
static gboolean
disconnect_profile(NMVpnServicePlugin *plugin, GError **error)
{
    NmmService *self = NMM_SERVICE(plugin);

    set_phase(self, NMM_PHASE_DEACTIVATING);
    if (self->locks) {
        g_ptr_array_foreach(self->locks, (GFunc)(void (*)(void))nmm_profile_lock_set_ending, NULL);
        nmm_activation_stop(self->activation, STOP_TIMEOUT_MS);
    } else {
        cancel_preparation(self);
        schedule_done(self);
    }
    return TRUE;
}

static gboolean
need_secrets(NMVpnServicePlugin *plugin,
             NMConnection *connection,
             const char **setting_name,
             GError **error)
{
    return FALSE;
}

/* If a profile is deleted or deactivated before connect, NetworkManager does not inform the service
 * (seen with NM 1.42), which would then wait forever. */
static gboolean
unused_cb(gpointer user_data)
{
    NmmService *self = user_data;

    self->unused_id = 0;
    nmm_service_quit(self);
    return G_SOURCE_REMOVE;
}

NmmService *
nmm_service_new(const char *bus_name, const char *config_file, const char *run_dir, GError **error)
{
    NmmService *self = g_initable_new(NMM_TYPE_SERVICE,
                                      NULL,
                                      error,
                                      NM_VPN_SERVICE_PLUGIN_DBUS_SERVICE_NAME,
                                      bus_name,
                                      NM_VPN_SERVICE_PLUGIN_DBUS_WATCH_PEER,
                                      TRUE,
                                      NULL);

    if (self) {
        self->config_file = g_strdup(config_file);
        self->run_dir = g_strdup(run_dir);
        self->unused_id = g_timeout_add_seconds(UNUSED_TIMEOUT_S, unused_cb, self);
    }
    return self;
}

void
nmm_service_quit(NmmService *self)
{
    NMVpnServiceState state;

    g_object_get(self, NM_VPN_SERVICE_PLUGIN_STATE, &state, NULL);
    if (state == NM_VPN_SERVICE_STATE_STARTING || state == NM_VPN_SERVICE_STATE_STARTED)
        nm_vpn_service_plugin_disconnect(NM_VPN_SERVICE_PLUGIN(self), NULL);
    else if (self->locks)
        nmm_activation_stop(self->activation, STOP_TIMEOUT_MS);
    else
        schedule_done(self);
}

/* The base class asks to quit as soon as a profile is down, was refused, or none came for 180 s
 * (libnm 1.42), so before everything is undone. */
static void
quit(NMVpnServicePlugin *plugin)
{
    NmmService *self = NMM_SERVICE(plugin);

    if (!self->locks)
        nmm_service_quit(self);
}

static void
dispose(GObject *object)
{
    NmmService *self = NMM_SERVICE(object);

    g_clear_handle_id(&self->unused_id, g_source_remove);
    cancel_preparation(self);
    g_clear_pointer(&self->activation, nmm_activation_close);
    g_clear_pointer(&self->publisher, nmm_publisher_free);
    g_clear_pointer(&self->hosts, nmm_hosts_file_free);
    g_clear_pointer(&self->locks, g_ptr_array_unref);

    G_OBJECT_CLASS(nmm_service_parent_class)->dispose(object);
}

static void
finalize(GObject *object)
{
    NmmService *self = NMM_SERVICE(object);

    g_clear_object(&self->connection);
    g_clear_pointer(&self->readers, g_array_unref);
    g_clear_pointer(&self->status, nmm_profile_status_free);
    g_clear_pointer(&self->profile, nmm_profile_unref);
    g_clear_pointer(&self->lock_keys, g_ptr_array_unref);
    g_free(self->config_file);
    g_free(self->run_dir);

    G_OBJECT_CLASS(nmm_service_parent_class)->finalize(object);
}

static void
nmm_service_class_init(NmmServiceClass *klass)
{
    NMVpnServicePluginClass *plugin_class = NM_VPN_SERVICE_PLUGIN_CLASS(klass);

    G_OBJECT_CLASS(klass)->dispose = dispose;
    G_OBJECT_CLASS(klass)->finalize = finalize;
    plugin_class->connect = connect_profile;
    plugin_class->disconnect = disconnect_profile;
    plugin_class->need_secrets = need_secrets;
    plugin_class->quit = quit;

    signals[SIGNAL_DONE] = g_signal_new(
        "done", G_TYPE_FROM_CLASS(klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
nmm_service_init(NmmService *self)
{
}
