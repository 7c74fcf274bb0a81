/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VPN service. Every answer to NetworkManager is given at once: its calls time out after 10 s
 * (read in NM 1.42), while libvirt and a claim may take longer. Whatever goes wrong is said in the
 * log in one sentence, for NetworkManager passes only a code on to the user.
 */

#include "config.h"

#include "nmm-service.h"

#include <glib/gi18n-lib.h>

#include "nmm-activation.h"
#include "nmm-profile-lock.h"
#include "nmm-error.h"
#include "nmm-names.h"
#include "nmm-profile-reader.h"

#define CLAIM_RETRY_MS   200
#define CLAIM_TIMEOUT_US (40 * G_USEC_PER_SEC)
#define STOP_TIMEOUT_MS  (30 * 1000)
#define UNUSED_TIMEOUT_S 20

struct _NmmService {
    NMVpnServicePlugin parent;

    char *config_file;
    char *run_dir;

    /* all (nullable): NULL before connect */
    NmmProfile *profile;
    GCancellable *cancellable; /* of the wait for a client */
    NmmActivation *activation; /* from when there is a client */
    GPtrArray *claims_wanted;  /* (element-type NmmLockKey): from then on */
    GPtrArray *claims; /* (element-type NmmProfileLock): from the activation's start, all of them */
    gint64 claim_deadline; /* monotonic, in µs */
    guint claim_retry_id;
    guint unused_id; /* of the wait for connect */
};

enum {
    SIGNAL_DONE,
    N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_TYPE(NmmService, nmm_service, NM_TYPE_VPN_SERVICE_PLUGIN)

static gboolean
emit_done_cb(gpointer user_data)
{
    g_signal_emit(user_data, signals[SIGNAL_DONE], 0);
    return G_SOURCE_REMOVE;
}

/* From an idle handler, so that what is still to be said on the bus is said before. */
static void
schedule_done(NmmService *self)
{
    g_idle_add_full(G_PRIORITY_LOW, emit_done_cb, g_object_ref(self), g_object_unref);
}

static void
fail(NmmService *self, const GError *error)
{
    g_warning("profile '%s': %s", self->profile->id, error->message);
    nm_vpn_service_plugin_failure(NM_VPN_SERVICE_PLUGIN(self),
                                  NM_VPN_PLUGIN_FAILURE_CONNECT_FAILED);
}

static void
config_cb(NmmActivation *activation,
          GVariant *config,
          GVariant *ip4,
          GVariant *ip6,
          gpointer user_data)
{
    NMVpnServicePlugin *plugin = user_data;

    nm_vpn_service_plugin_set_config(plugin, config);
    if (ip4)
        nm_vpn_service_plugin_set_ip4_config(plugin, ip4);
    if (ip6)
        nm_vpn_service_plugin_set_ip6_config(plugin, ip6);
}

static void
failed_cb(NmmActivation *activation, const GError *error, gpointer user_data)
{
    fail(user_data, error);
}

static void
stopped_cb(NmmActivation *activation, gpointer user_data)
{
    NmmService *self = user_data;

    g_clear_pointer(&self->claims, g_ptr_array_unref);
    schedule_done(self);
}

/* Returns: whether an answer is there: the claims, or an error that more waiting does not mend. */
static gboolean
try_claims(NmmService *self, GError **error)
{
    g_autoptr(GPtrArray) claims =
        g_ptr_array_new_with_free_func((GDestroyNotify)nmm_profile_lock_release);

    for (guint i = 0; i < self->claims_wanted->len; i++) {
        gboolean wait;
        NmmProfileLock *claim = nmm_profile_lock_try(self->run_dir,
                                                     self->claims_wanted->pdata[i],
                                                     self->profile->uuid,
                                                     self->profile->id,
                                                     &wait,
                                                     error);

        if (!claim && wait && g_get_monotonic_time() < self->claim_deadline) {
            g_clear_error(error);
            return FALSE;
        }
        if (!claim)
            return TRUE;
        g_ptr_array_add(claims, claim);
    }
    self->claims = g_steal_pointer(&claims);
    return TRUE;
}

/* Returns: whether the profile has its claims, or cannot have them. */
static gboolean
begin(NmmService *self)
{
    g_autoptr(GError) error = NULL;

    if (!try_claims(self, &error))
        return FALSE;
    if (self->claims)
        nmm_activation_start(self->activation);
    else
        fail(self, error);
    return TRUE;
}

static gboolean
claim_retry_cb(gpointer user_data)
{
    NmmService *self = user_data;

    if (!begin(self))
        return G_SOURCE_CONTINUE;
    self->claim_retry_id = 0;
    return G_SOURCE_REMOVE;
}

/* What a profile claims may hang on its base device, which only a client knows. */
static void
prepare_activation(NmmService *self, NMClient *client)
{
    g_autoptr(GError) error = NULL;

    self->activation = nmm_activation_new(self->profile, client);
    g_signal_connect(self->activation, "config", G_CALLBACK(config_cb), self);
    g_signal_connect(self->activation, "failed", G_CALLBACK(failed_cb), self);
    g_signal_connect(self->activation, "stopped", G_CALLBACK(stopped_cb), self);
    self->claims_wanted = nmm_activation_get_claims(self->activation, &error);
    if (!self->claims_wanted)
        fail(self, error);
    else if (!begin(self))
        self->claim_retry_id = g_timeout_add(CLAIM_RETRY_MS, claim_retry_cb, self);
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
    if (client)
        prepare_activation(self, client);
    else
        fail(self, error);
}

/* Everything that can be said without asking anybody. */
static gboolean
check_connection(NmmService *self, NMConnection *connection, GError **error)
{
    g_auto(GStrv) allowed_uris = NULL;

    allowed_uris = nmm_nm_read_allowed_uris(self->config_file, error);
    if (!allowed_uris)
        return FALSE;
    self->profile = nmm_nm_read_profile(connection, (const char *const *)allowed_uris, error);
    if (!self->profile)
        return FALSE;
    if (!nmm_activation_has_mode(self->profile->mode)) {
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_UNSUPPORTED,
                    _("mode '%s' is not available in this version"),
                    nmm_mode_to_string(self->profile->mode));
        return FALSE;
    }
    return nmm_nm_check_permissions(connection, NMM_LIBVIRT_GROUP, error);
}

/* NetworkManager knows its own error domain only; the message is what it logs. */
static void
propagate_to_nm(GError **error, const char *id, GError *local)
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
    g_warning("profile '%s': %s", id, local->message);
    g_set_error_literal(error, NM_VPN_PLUGIN_ERROR, code, local->message);
    g_error_free(local);
}

static gboolean
connect_profile(NMVpnServicePlugin *plugin, NMConnection *connection, GError **error)
{
    NmmService *self = NMM_SERVICE(plugin);
    GError *local = NULL;

    if (self->profile) {
        g_set_error(error,
                    NM_VPN_PLUGIN_ERROR,
                    NM_VPN_PLUGIN_ERROR_WRONG_STATE,
                    _("profile '%s' is already being served by this process"),
                    self->profile->id);
        return FALSE;
    }

    g_clear_handle_id(&self->unused_id, g_source_remove);
    self->claim_deadline = g_get_monotonic_time() + CLAIM_TIMEOUT_US;
    if (!check_connection(self, connection, &local)) {
        propagate_to_nm(error, nm_connection_get_id(connection), local);
        return FALSE;
    }
    self->cancellable = g_cancellable_new();
    nm_client_new_async(self->cancellable, client_cb, self);
    return TRUE;
}

static void
cancel_preparation(NmmService *self)
{
    g_clear_handle_id(&self->claim_retry_id, g_source_remove);
    if (self->cancellable)
        g_cancellable_cancel(self->cancellable);
    g_clear_object(&self->cancellable);
}

/* The base class takes the profile for stopped when this returns; "done" comes when it is true. */
static gboolean
disconnect_profile(NMVpnServicePlugin *plugin, GError **error)
{
    NmmService *self = NMM_SERVICE(plugin);

    if (self->claims) {
        g_ptr_array_foreach(self->claims, (GFunc)(void (*)(void))nmm_profile_lock_set_ending, NULL);
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

/* NetworkManager drops a profile that is deleted or taken down before connect without a word to the
 * service (seen with NM 1.42), which would then wait for ever. */
static gboolean
unused_cb(gpointer user_data)
{
    NmmService *self = user_data;

    self->unused_id = 0;
    nmm_service_quit(self);
    return G_SOURCE_REMOVE;
}

/**
 * nmm_service_new:
 * @bus_name: the D-Bus name that NetworkManager waits for
 * @config_file: the administrator's configuration file
 * @run_dir: directory for claims
 * @error: return location for an error of GIO
 *
 * Returns: (transfer full) (nullable): the service, listening on the system bus
 */
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

/**
 * nmm_service_quit:
 * @self: the service
 *
 * Takes the profile down if it is up; "done" is emitted when everything is undone. Calling it again
 * meanwhile ends a wait for NetworkManager, and changes nothing else.
 */
void
nmm_service_quit(NmmService *self)
{
    NMVpnServiceState state;

    g_object_get(self, NM_VPN_SERVICE_PLUGIN_STATE, &state, NULL);
    if (state == NM_VPN_SERVICE_STATE_STARTING || state == NM_VPN_SERVICE_STATE_STARTED)
        nm_vpn_service_plugin_disconnect(NM_VPN_SERVICE_PLUGIN(self), NULL);
    else if (self->claims)
        nmm_activation_stop(self->activation, STOP_TIMEOUT_MS);
    else
        schedule_done(self);
}

/* The base class asks to quit as soon as a profile is down, was refused, or none came for 180 s
 * (libnm 1.42): that is before everything has been undone. */
static void
quit(NMVpnServicePlugin *plugin)
{
    NmmService *self = NMM_SERVICE(plugin);

    if (!self->claims)
        nmm_service_quit(self);
}

static void
dispose(GObject *object)
{
    NmmService *self = NMM_SERVICE(object);

    g_clear_handle_id(&self->unused_id, g_source_remove);
    cancel_preparation(self);
    if (self->activation)
        g_signal_handlers_disconnect_by_data(self->activation, self);
    g_clear_object(&self->activation);
    g_clear_pointer(&self->claims, g_ptr_array_unref);

    G_OBJECT_CLASS(nmm_service_parent_class)->dispose(object);
}

static void
finalize(GObject *object)
{
    NmmService *self = NMM_SERVICE(object);

    g_clear_pointer(&self->profile, nmm_profile_unref);
    g_clear_pointer(&self->claims_wanted, g_ptr_array_unref);
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
