/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the steps: nmm-move-steps.h decides the order, nmm-move-calls.h has the calls to
 * NetworkManager, nmm-move-context.h the conditions of the waits. Only the parent's applied
 * connection changes, never its stored profile, so that a reboot, or any new activation of the
 * parent, undoes everything.
 */

#include "config.h"

#include "nmm-move.h"

#include <glib/gi18n-lib.h>

#include "nmm-device.h"
#include "nmm-error.h"
#include "nmm-move-calls.h"
#include "nmm-move-context.h"
#include "nmm-move-guests.h"
#include "nmm-move-handover.h"
#include "nmm-move-mac.h"
#include "nmm-move-parent.h"
#include "nmm-move-steps.h"
#include "nmm-move-watch.h"

#define HELPER NMM_LIBEXECDIR "/nm-macvtap-dispatcher"

/* Together shorter than NM's timeout for a VPN that comes up (vpn.timeout, 60 s). */
#define LINK_TIMEOUT_S   30
#define ONLINE_TIMEOUT_S 20
/* Shorter than the service's timeout for a profile that goes down. */
#define RESTORE_TIMEOUT_S 25
/* A prefix that the router no longer advertises does not come back. */
#define ADDRESSES6_TIMEOUT_S 10
/* NetworkManager has started when every device is configured, or DHCP gave up (45 s). */
#define MANAGER_TIMEOUT_S 60
/* The conditions depend on devices, active connections and IP configurations that come and go
 * meanwhile. No timer runs while the profile is up. */
#define WAIT_INTERVAL_MS 20

struct _NmmMove {
    NmmActivation parent_instance;

    NmmMoveSteps steps;
    NmmMoveContext context;
    GError *error; /* (nullable): the first */

    gulong link_state_id; /* in step UP */
    /* all (nullable): while the profile is up */
    NmmMoveWatch *watch;
    NmmMoveGuests *guests;
    NmmLinkZone *zone;

    guint wait_id;
    gint64 wait_deadline;  /* monotonic, in µs */
    guint stop_timeout_ms; /* 0 before stop */
    guint stop_timeout_id;
    gboolean is_stopped; /* stopped was emitted */
    gboolean is_lost;    /* NetworkManager went away in this step */
};

G_DEFINE_TYPE(NmmMove, nmm_move, NMM_TYPE_ACTIVATION)

static void begin_step(NmmMove *self);

static void
advance(NmmMove *self, NmmEvent event)
{
    if (nmm_move_steps_handle(&self->steps, event))
        begin_step(self);
}

/* Keeps the first error for the user, unless the profile is going down, and logs the others.
 * @error: (transfer full) (nullable). */
static void
end_step(NmmMove *self, NmmEvent event, GError *error)
{
    if (self->is_lost)
        event = NMM_EVENT_LOST;
    else if (error)
        event = NMM_EVENT_FAILED;
    if (error && !self->error && !self->steps.stopping)
        self->error = g_error_copy(error);
    else if (error)
        g_warning("profile '%s': %s", self->context.profile->id, error->message);
    g_clear_error(&error);
    advance(self, event);
}

/* Calls */

static void
call_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NmmMove *self = NMM_MOVE(object);
    GError *error = NULL;
    NmmEvent event = (NmmEvent)g_task_propagate_int(G_TASK(result), &error);

    if (!error && event == NMM_EVENT_LEFTOVER && self->steps.recovered)
        error = g_error_new(NMM_ERROR,
                            NMM_ERROR_FAILED,
                            _("cannot remove the host link '%s' of an earlier activation"),
                            self->context.link_name);
    else if (!error && event == NMM_EVENT_LEFTOVER)
        g_message("profile '%s': restoring '%s' and removing '%s' after an earlier activation",
                  self->context.profile->id,
                  nm_device_get_iface(self->context.device),
                  self->context.link_name);
    end_step(self, event, error);
}

static void
begin_call(NmmMove *self, void (*call)(GTask *task))
{
    GTask *task = g_task_new(self, NULL, call_cb, NULL);

    g_task_set_task_data(task, &self->context, NULL);
    call(task);
}

/* UP */

static void
link_state_cb(NMActiveConnection *link, guint state, guint reason, gpointer user_data)
{
    NmmMove *self = user_data;

    if (state >= NM_ACTIVE_CONNECTION_STATE_DEACTIVATING)
        end_step(self,
                 NMM_EVENT_FAILED,
                 g_error_new(NMM_ERROR,
                             NMM_ERROR_NOT_FOUND,
                             _("the host link '%s' went down"),
                             self->context.link_name));
}

/* (transfer full) (nullable): for the user if the server ignores the client identifier. */
static char *
describe_new_address(const NmmMoveContext *move)
{
    NMDevice *link = nmm_move_context_get_link_device(move);
    const char *now = link ? nmm_device_find_address(link, AF_INET) : NULL;

    if (!now || !move->address4 || g_str_equal(now, move->address4))
        return NULL;
    return g_strdup_printf(
        _("the DHCP server gave the host the address %s instead of %s"), now, move->address4);
}

/* A base device without addresses has no route to 127.0.0.1, so NetworkManager adds none; its own
 * address on another device looks like a neighbour's to NetworkManager. */
static GVariant *
build_gateway(NmmMove *self)
{
    NMDevice *base = nmm_activation_get_base(NMM_ACTIVATION(self));

    return nmm_activation_build_gateway(base == self->context.device ? NULL : base);
}

static void
returned_cb(NMConnection *applied, guint64 version, gpointer user_data)
{
    NmmMove *self = user_data;
    NmmMoveContext *move = &self->context;
    GError *error = NULL;

    if (self->steps.step != NMM_MOVE_STEP_UP || !nmm_move_context_can_follow(move, applied))
        return;
    if (nmm_move_watch_count(self->watch, &error) &&
        nmm_move_context_check_follow(move, applied, &error)) {
        nmm_move_context_follow(move, applied, version);
        advance(self, NMM_EVENT_RETURNED);
    } else {
        end_step(self, NMM_EVENT_FAILED, error);
    }
}

/* It may be wanted, as the address that a cluster moves from host to host. */
static void
foreign_cb(const char *address, gpointer user_data)
{
    NmmMove *self = user_data;

    g_warning(
        "profile '%s': another program gave '%s' the address %s, where the guests cannot reach "
        "it; add it to '%s'",
        self->context.profile->id,
        nm_device_get_iface(self->context.device),
        address,
        self->context.link_name);
}

static const NmmMoveWatchClient watch_client = {
    .returned = returned_cb,
    .foreign = foreign_cb,
};

/* (transfer full) */
static char *
describe_return(const NmmMoveContext *move)
{
    const char *parent = nm_device_get_iface(move->device);

    if (move->is_changed)
        return g_strdup_printf(_("another program changed the IP configuration of '%s'; the new "
                                 "one is on '%s' now"),
                               parent,
                               move->link_name);
    return g_strdup_printf(_("another program gave '%s' its IP configuration back; it is only on "
                             "'%s' again"),
                           parent,
                           move->link_name);
}

static void
begin_up(NmmMove *self)
{
    const NmmMoveContext *move = &self->context;

    g_message("profile '%s': up, the configuration of '%s' is on '%s'",
              move->profile->id,
              nm_device_get_iface(move->device),
              move->link_name);
    /* Also completes what a process that died did not do. */
    nmm_move_silence_parent(move, FALSE);
    nmm_activation_set_problems(NMM_ACTIVATION(self), "mac", nmm_move_report_mac(move));
    self->watch = nmm_move_watch_new(
        move->client, move->device, nmm_move_context_get_link_device(move), &watch_client, self);
    self->guests = nmm_move_guests_new(
        NMM_ACTIVATION(self), nm_device_get_iface(move->device), move->link_name);
    self->zone = nmm_activation_follow_zone(
        NMM_ACTIVATION(self), move->link_name, nm_device_get_iface(move->device));
}

/* Runs this even after another program gave the parent an IP configuration, because the LAN may
 * have learned that the addresses are there. */
static void
enter_up(NmmMove *self)
{
    const NmmMoveContext *move = &self->context;
    gboolean has_returned = self->watch != NULL;
    g_autofree char *banner = has_returned ? describe_return(move) : describe_new_address(move);

    if (has_returned)
        nmm_move_context_announce(move, nmm_move_context_get_link_device(move), AF_UNSPEC);
    else
        begin_up(self);
    nmm_move_settle_link(move);
    if (banner)
        g_warning("profile '%s': %s", move->profile->id, banner);
    self->link_state_id =
        g_signal_connect(move->link, "state-changed", G_CALLBACK(link_state_cb), self);
    nmm_activation_emit_up(NMM_ACTIVATION(self), NULL, build_gateway(self), banner);
    nmm_move_watch_look(self->watch);
    /* It may have gone since the last wait. */
    link_state_cb(move->link, nm_active_connection_get_state(move->link), 0, self);
}

/* DOWN */

static void
emit_stopped(NmmMove *self)
{
    g_clear_handle_id(&self->stop_timeout_id, g_source_remove);
    if (self->is_stopped)
        return;
    self->is_stopped = TRUE;
    nmm_activation_emit_stopped(NMM_ACTIVATION(self));
}

/* The user gets the error when the host has its configuration back. */
static void
enter_down(NmmMove *self)
{
    if (self->steps.stopping)
        emit_stopped(self);
    else
        nmm_activation_emit_failed(NMM_ACTIVATION(self), self->error);
}

/* Waits */

/* A check that fails leaves what NetworkManager knows. */
static void
check_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(NmmMove) self = user_data;
    g_autoptr(GError) error = NULL;

    nm_client_check_connectivity_finish(NM_CLIENT(object), result, &error);
    if (error)
        g_warning("profile '%s': cannot check the connectivity: %s",
                  nmm_activation_get_profile(NMM_ACTIVATION(self))->id,
                  error->message);
    self->context.checked_at = g_get_monotonic_time();
}

/* Checks connectivity now, because NetworkManager does not always do so at once. */
static void
enter_wait_online(NmmMove *self)
{
    nmm_move_settle_mac(&self->context);
    nmm_move_context_announce(
        &self->context, nmm_move_context_get_link_device(&self->context), AF_UNSPEC);
    nm_client_check_connectivity_async(self->context.client, NULL, check_cb, g_object_ref(self));
}

/* A new NetworkManager gives the parent its stored configuration and takes the host link up again,
 * with the same addresses. Usually the dispatcher helper corrects that. If it was removed with
 * the package's other files, only this process can move everything back. Without limit of time:
 * while no NetworkManager runs, the kernel keeps the host's addresses on the link. */
static void
enter_wait_manager(NmmMove *self)
{
    /* A new NetworkManager asks the DHCP server from the parent at once. */
    nmm_move_return_mac_now(&self->context);
    g_message(
        "profile '%s': NetworkManager has stopped; when it runs again, the configuration of '%s' "
        "moves back",
        self->context.profile->id,
        nm_device_get_iface(self->context.device));
    g_clear_object(&self->context.link);
    /* It went with NetworkManager, and a new one's may have the same path. */
    g_clear_pointer(&self->context.checkpoint, nmm_checkpoint_end);
}

/* A step is a call or a wait (is_done), or goes on until an event ends it. */
typedef struct {
    /* both (nullable): before that */
    void (*prepare)(const NmmMoveContext *context);
    void (*enter)(NmmMove *self);
    void (*call)(GTask *task);
    gboolean (*is_done)(NmmMoveContext *context, GError **error);
    guint timeout_s;
    const char *timeout;
} StepRow;

#define NOT_RESTORED                                                                               \
    N_("the parent did not get its address back; the host link stays up so that the host keeps one")

#define NOT_ONLINE N_("the host link did not come online in time; nothing was moved")

static const StepRow rows[] = {
    [NMM_MOVE_STEP_READ] = {.call = nmm_move_read},
    [NMM_MOVE_STEP_CHECKPOINT] = {.call = nmm_move_create_checkpoint},
    [NMM_MOVE_STEP_ADD] = {.call = nmm_move_add_link},
    [NMM_MOVE_STEP_ACTIVATE] = {.call = nmm_move_activate_link},
    [NMM_MOVE_STEP_WAIT_MADE] =
        {
            .prepare = nmm_move_prepare_link,
            .is_done = nmm_move_context_is_link_made,
            .timeout_s = LINK_TIMEOUT_S,
            .timeout = NOT_ONLINE,
        },
    [NMM_MOVE_STEP_TAKE_MAC] = {.call = nmm_move_take_mac},
    [NMM_MOVE_STEP_BIND] = {.call = nmm_move_bind_link},
    [NMM_MOVE_STEP_CONFIGURE] = {.call = nmm_move_configure_link},
    [NMM_MOVE_STEP_WAIT_LINK] =
        {
            .is_done = nmm_move_context_is_link_ready,
            .timeout_s = LINK_TIMEOUT_S,
            .timeout = NOT_ONLINE,
        },
    [NMM_MOVE_STEP_REAPPLY] = {.prepare = nmm_move_hand_over, .call = nmm_move_strip_parent},
    [NMM_MOVE_STEP_WAIT_ONLINE] =
        {
            .enter = enter_wait_online,
            .is_done = nmm_move_context_is_online,
            .timeout_s = ONLINE_TIMEOUT_S,
            .timeout = N_("the host is not online over the host link; everything was moved back"),
        },
    [NMM_MOVE_STEP_COMMIT] = {.call = nmm_move_destroy_checkpoint},
    [NMM_MOVE_STEP_UP] = {.enter = enter_up},
    [NMM_MOVE_STEP_FOLLOW] = {.prepare = nmm_move_prepare_link, .call = nmm_move_follow_parent},
    [NMM_MOVE_STEP_WAIT_FOLLOWED] =
        {
            .is_done = nmm_move_context_is_followed,
            .timeout_s = LINK_TIMEOUT_S,
            .timeout = N_("the host link did not get its new addresses in time; everything was "
                          "moved back"),
        },
    [NMM_MOVE_STEP_STRIP] = {.prepare = nmm_move_hand_over, .call = nmm_move_strip_parent_again},
    [NMM_MOVE_STEP_WAIT_MANAGER] =
        {
            .enter = enter_wait_manager,
            .is_done = nmm_move_context_is_manager_back,
            .timeout_s = MANAGER_TIMEOUT_S,
            .timeout = NOT_RESTORED,
        },
    [NMM_MOVE_STEP_RETURN_MAC] = {.prepare = nmm_move_prepare_parent, .call = nmm_move_return_mac},
    [NMM_MOVE_STEP_RESTORE] = {.call = nmm_move_restore_parent},
    [NMM_MOVE_STEP_REACTIVATE] = {.call = nmm_move_reactivate_parent},
    [NMM_MOVE_STEP_WAIT_RESTORED] =
        {
            .is_done = nmm_move_context_is_restored,
            .timeout_s = RESTORE_TIMEOUT_S,
            .timeout = NOT_RESTORED,
        },
    [NMM_MOVE_STEP_UNDO_MAC] = {.call = nmm_move_return_mac},
    [NMM_MOVE_STEP_REMOVE] = {.prepare = nmm_move_hand_back, .call = nmm_move_remove_link},
    [NMM_MOVE_STEP_RELEASE] = {.call = nmm_move_destroy_checkpoint},
    [NMM_MOVE_STEP_DOWN] = {.enter = enter_down},
};
G_STATIC_ASSERT(G_N_ELEMENTS(rows) == NMM_MOVE_STEP_LAST + 1);

static gboolean
wait_cb(gpointer user_data)
{
    g_autoptr(NmmMove) self = g_object_ref(user_data);
    const StepRow *row = &rows[self->steps.step];
    GError *error = NULL;
    gboolean done = row->is_done(&self->context, &error);

    if (!done && !error && g_get_monotonic_time() < self->wait_deadline)
        return G_SOURCE_CONTINUE;

    self->wait_id = 0;
    if (!done && !error)
        error = g_error_new_literal(NMM_ERROR, NMM_ERROR_UNREACHABLE, _(row->timeout));
    end_step(self, NMM_EVENT_DONE, error);
    return G_SOURCE_REMOVE;
}

static void
begin_wait(NmmMove *self)
{
    gint64 now = g_get_monotonic_time();

    self->wait_deadline = now + rows[self->steps.step].timeout_s * G_USEC_PER_SEC;
    self->context.addresses6_deadline = now + ADDRESSES6_TIMEOUT_S * G_USEC_PER_SEC;
    self->wait_id = g_timeout_add(WAIT_INTERVAL_MS, wait_cb, self);
}

/* NetworkManager */

/* Ends every step that waits; a call ends with an error. */
static void
manager_cb(NMClient *client, GParamSpec *pspec, gpointer user_data)
{
    NmmMove *self = user_data;

    if (self->steps.step == NMM_MOVE_STEP_WAIT_MANAGER) {
        g_clear_handle_id(&self->wait_id, g_source_remove);
        if (nm_client_get_nm_running(client))
            begin_wait(self);
        return;
    }
    if (nm_client_get_nm_running(client) || g_file_test(HELPER, G_FILE_TEST_EXISTS))
        return;
    self->is_lost = TRUE;
    if (nmm_move_step_is_wait(self->steps.step))
        end_step(self, NMM_EVENT_LOST, NULL);
}

/* Start and stop */

static gboolean
stop_timeout_cb(gpointer user_data)
{
    NmmMove *self = user_data;

    self->stop_timeout_id = 0;
    g_warning("profile '%s': NetworkManager does not reply in time (step '%s')",
              self->context.profile->id,
              nmm_move_step_to_string(self->steps.step));
    emit_stopped(self);
    return G_SOURCE_REMOVE;
}

/* Runs from stop on, but not while waiting for NetworkManager. */
static void
set_stop_timeout(NmmMove *self)
{
    if (self->steps.step == NMM_MOVE_STEP_WAIT_MANAGER)
        g_clear_handle_id(&self->stop_timeout_id, g_source_remove);
    else if (self->stop_timeout_ms > 0 && self->stop_timeout_id == 0)
        self->stop_timeout_id = g_timeout_add(self->stop_timeout_ms, stop_timeout_cb, self);
}

static void
leave_step(NmmMove *self)
{
    g_clear_handle_id(&self->wait_id, g_source_remove);
    g_clear_signal_handler(&self->link_state_id, self->context.link);
}

static void
leave_up(NmmMove *self)
{
    g_clear_pointer(&self->watch, nmm_move_watch_free);
    g_clear_pointer(&self->guests, nmm_move_guests_free);
    g_clear_pointer(&self->zone, nmm_link_zone_free);
}

static void
begin_step(NmmMove *self)
{
    const StepRow *row = &rows[self->steps.step];

    leave_step(self);
    if (!nmm_move_step_is_up(self->steps.step))
        leave_up(self);
    self->is_lost = FALSE;
    self->context.recovering = self->steps.recovering;
    set_stop_timeout(self);
    g_debug(
        "profile '%s': %s", self->context.profile->id, nmm_move_step_to_string(self->steps.step));
    if (row->prepare)
        row->prepare(&self->context);
    if (row->enter)
        row->enter(self);
    if (row->call)
        begin_call(self, row->call);
    else if (row->is_done && (self->steps.step != NMM_MOVE_STEP_WAIT_MANAGER ||
                              nm_client_get_nm_running(self->context.client)))
        begin_wait(self);
}

static void
start(NmmActivation *activation)
{
    NmmMove *self = NMM_MOVE(activation);
    NMClient *client = nmm_activation_get_client(activation);

    nmm_move_steps_init(&self->steps);
    nmm_move_context_init(&self->context, client, nmm_activation_get_profile(activation));
    g_signal_connect_object(
        client, "notify::" NM_CLIENT_NM_RUNNING, G_CALLBACK(manager_cb), self, 0);
    begin_step(self);
}

static void
stop(NmmActivation *activation, guint timeout_ms)
{
    NmmMove *self = NMM_MOVE(activation);
    gboolean is_repeated = self->stop_timeout_ms > 0;

    if (self->steps.step == NMM_MOVE_STEP_DOWN) {
        emit_stopped(self);
        return;
    }
    self->stop_timeout_ms = timeout_ms;
    set_stop_timeout(self);
    if (is_repeated && self->steps.step == NMM_MOVE_STEP_WAIT_MANAGER)
        advance(self, NMM_EVENT_FAILED);
    else
        advance(self, NMM_EVENT_STOP);
}

static void
dispose(GObject *object)
{
    NmmMove *self = NMM_MOVE(object);

    leave_step(self);
    leave_up(self);
    g_clear_handle_id(&self->stop_timeout_id, g_source_remove);
    nmm_move_context_clear(&self->context);
    g_clear_error(&self->error);

    G_OBJECT_CLASS(nmm_move_parent_class)->dispose(object);
}

static void
nmm_move_class_init(NmmMoveClass *klass)
{
    NmmActivationClass *activation_class = NMM_ACTIVATION_CLASS(klass);

    G_OBJECT_CLASS(klass)->dispose = dispose;
    activation_class->list_lock_keys = nmm_activation_list_link_keys;
    activation_class->start = start;
    activation_class->stop = stop;
}

static void
nmm_move_init(NmmMove *self)
{
}
