/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode move while a profile is up. What comes next is the transaction's to say; here each step is
 * carried out through libnm, and its end reported back. The parent's stored profile is never
 * written: what changes is the applied connection alone, so that a reboot, or NetworkManager
 * activating the parent again for whatever reason, undoes everything.
 */

#include "config.h"

#include "nmm-move-private.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-libvirt.h"
#include "nmm-move-profile.h"
#include "nmm-names.h"
#include "nmm-device.h"
#include "nmm-parent.h"

G_DEFINE_TYPE(NmmMove, nmm_move, NMM_TYPE_ACTIVATION)

static void begin_step(NmmMove *self);

static void
advance(NmmMove *self, NmmEvent event)
{
    if (nmm_move_steps_handle(&self->transaction, event))
        begin_step(self);
}

static NmmEvent
choose_event(NmmMove *self, const GError *error)
{
    if (self->is_lost)
        return NMM_EVENT_LOST;
    return error ? NMM_EVENT_FAILED : NMM_EVENT_DONE;
}

/* What went wrong first is kept for the user, unless he took the profile down; the rest is logged.
 */
void
nmm_move_end_step(NmmMove *self, GError *error)
{
    if (error && !self->error && !self->transaction.stopping)
        self->error = g_error_copy(error);
    else if (error)
        g_warning("profile '%s': %s", nmm_move_get_profile(self)->id, error->message);
    advance(self, choose_event(self, error));
    g_clear_error(&error);
}

void
nmm_move_end_call(NmmMove *self, GError *error, const char *format, ...)
{
    va_list args;
    g_autofree char *place = NULL;

    if (error) {
        va_start(args, format);
        place = g_strdup_vprintf(format, args);
        va_end(args);
        g_dbus_error_strip_remote_error(error);
        g_prefix_error(&error, "%s: ", place);
    }
    nmm_move_end_step(self, error);
    g_object_unref(self);
}

/* READ */

static gboolean
is_bare_by_us(NmmMove *self, NMConnection *applied)
{
    NMActiveConnection *active = nm_device_get_active_connection(self->device);
    NMRemoteConnection *stored = active ? nm_active_connection_get_connection(active) : NULL;

    return stored && nmm_move_profile_is_bare(applied) &&
           !nmm_move_profile_is_bare(NM_CONNECTION(stored));
}

static void
note_state(NmmMove *self, NMConnection *applied)
{
    self->was_online =
        nm_client_get_connectivity(nmm_move_get_client(self)) == NM_CONNECTIVITY_FULL;
    self->was_online4 = nm_device_get_connectivity(self->device, AF_INET) == NM_CONNECTIVITY_FULL;
    nmm_move_note_addresses(self, self->device);
    g_set_object(&self->saved, applied);
    g_clear_object(&self->bare);
    self->bare = nmm_move_profile_build_parent(applied);
}

/* What a process that died, or NetworkManager's restart, left. A link that is active is kept: the
 * VPN's base connection may be on it. The stored profile is all that is known then of what a bare
 * parent is to have. */
static NmmEvent
find_leftover(NmmMove *self, NMConnection *applied)
{
    NMActiveConnection *parent = nm_device_get_active_connection(self->device);
    NMDevice *device = nmm_move_get_link_device(self);
    NMActiveConnection *link = device ? nm_device_get_active_connection(device) : NULL;
    gboolean is_bare = is_bare_by_us(self, applied);

    note_state(self,
               is_bare ? NM_CONNECTION(nm_active_connection_get_connection(parent)) : applied);
    if (link && nmm_move_get_link_profile(self) &&
        nm_active_connection_get_state(link) == NM_ACTIVE_CONNECTION_STATE_ACTIVATED) {
        nmm_move_watch_link(self, link);
        if (!is_bare)
            return NMM_EVENT_DONE;
        nmm_move_note_addresses(self, device);
        return NMM_EVENT_ADOPT;
    }
    if (is_bare) {
        self->has_address4 = nmm_move_profile_expects_address(self->saved, AF_INET);
        self->has_address6 = nmm_move_profile_expects_address(self->saved, AF_INET6);
    }
    if (is_bare || device || nmm_move_get_link_profile(self))
        return NMM_EVENT_LEFTOVER;
    return NMM_EVENT_DONE;
}

static void
read_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(NmmMove) self = user_data;
    GError *error = NULL;
    g_autoptr(NMConnection) applied =
        nm_device_get_applied_connection_finish(self->device, result, &self->version, &error);
    NmmEvent event;

    if (!applied) {
        nmm_move_end_call(g_object_ref(self),
                          error,
                          _("cannot read the configuration of '%s'"),
                          nm_device_get_iface(self->device));
        return;
    }
    event = find_leftover(self, applied);
    if (event == NMM_EVENT_LEFTOVER && self->transaction.recovered) {
        nmm_move_end_step(self,
                          g_error_new(NMM_ERROR,
                                      NMM_ERROR_FAILED,
                                      _("the host link '%s' of an earlier activation cannot "
                                        "be removed"),
                                      self->link_name));
        return;
    }
    if (event == NMM_EVENT_LEFTOVER)
        g_message("profile '%s': undoing what an earlier activation has left of '%s' and '%s'",
                  nmm_move_get_profile(self)->id,
                  nm_device_get_iface(self->device),
                  self->link_name);
    advance(self, event);
}

static gboolean
check_link_name(NmmMove *self, GError **error)
{
    if (!nm_client_get_device_by_iface(nmm_move_get_client(self), self->link_name) ||
        nmm_move_get_link_device(self))
        return TRUE;
    g_set_error(error,
                NMM_ERROR,
                NMM_ERROR_CONFLICT,
                _("there is a device '%s' already, which is not ours; set vpn.data link-name to "
                  "another name"),
                self->link_name);
    return FALSE;
}

static gboolean
find_parent(NmmMove *self, GError **error)
{
    NmmProfile *profile = nmm_move_get_profile(self);
    NMDevice *device = nmm_activation_find_parent(NMM_ACTIVATION(self), error);

    if (!device)
        return FALSE;
    g_set_object(&self->device, device);
    g_free(self->link_name);
    g_free(self->link_uuid);
    self->link_name = nmm_parent_name_link(profile, device);
    self->link_uuid = nmm_move_profile_build_uuid(profile->uuid, nm_device_get_iface(device));
    return nmm_parent_check(nmm_move_get_client(self), device, error) &&
           check_link_name(self, error);
}

static void
read_applied(NmmMove *self)
{
    nm_device_get_applied_connection_async(self->device, 0, NULL, read_cb, g_object_ref(self));
}

static void
left_checkpoint_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(NmmMove) self = user_data;
    g_autoptr(GError) error = NULL;

    if (!nm_client_checkpoint_destroy_finish(NM_CLIENT(object), result, &error))
        g_warning("profile '%s': checkpoint of an earlier activation: %s",
                  nmm_move_get_profile(self)->id,
                  error->message);
    read_applied(self);
}

/* The checkpoint of a process that died would move everything back under the next one, or not let
 * it begin. */
static void
step_read(NmmMove *self)
{
    GError *error = NULL;
    g_autofree char *left = NULL;

    if (!find_parent(self, &error)) {
        nmm_move_end_step(self, error);
        return;
    }
    left = nmm_checkpoint_find_left(
        nmm_move_get_client(self), NMM_RUN_DIR, nm_device_get_iface(self->device));
    if (left)
        nm_client_checkpoint_destroy(
            nmm_move_get_client(self), left, NULL, left_checkpoint_cb, g_object_ref(self));
    else
        read_applied(self);
}

/* UP */

/* What the user is told where the server does not go by the client identifier. */
static char *
describe_new_address(NmmMove *self, NMDevice *link)
{
    const char *now = link ? nmm_device_find_address(link, AF_INET) : NULL;

    if (!now || !self->address4 || g_str_equal(now, self->address4))
        return NULL;
    return g_strdup_printf(
        _("the DHCP server gave the host the address %s instead of %s"), now, self->address4);
}

/* A base device without addresses has no route to 127.0.0.1, so that NM adds none; its own address
 * on another device looks to NM like a neighbour's. */
static GVariant *
build_gateway(NmmMove *self)
{
    NMDevice *base = nmm_activation_get_base(NMM_ACTIVATION(self));

    return nmm_activation_build_gateway(base == self->device ? NULL : base);
}

static void
follow_guests(NmmMove *self)
{
    NmmProfile *profile = nmm_move_get_profile(self);
    g_autoptr(NmmHypervisor) hypervisor = nmm_libvirt_new(profile->libvirt_uri);

    self->audience = nmm_guest_warnings_new(profile, nm_device_get_iface(self->device));
    nmm_guest_warnings_follow(self->audience, hypervisor);
}

static void
step_up(NmmMove *self)
{
    NMDevice *link = nmm_move_get_link_device(self);
    g_autofree char *banner = describe_new_address(self, link);

    g_message("profile '%s': up, the configuration of '%s' is on '%s'",
              nmm_move_get_profile(self)->id,
              nm_device_get_iface(self->device),
              self->link_name);
    if (banner)
        g_warning("profile '%s': %s", nmm_move_get_profile(self)->id, banner);
    nmm_activation_emit_up(NMM_ACTIVATION(self), NULL, build_gateway(self), banner);
    follow_guests(self);
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

/* The user is told of a failure when the host has its configuration back. */
static void
step_down(NmmMove *self)
{
    if (self->transaction.stopping)
        emit_stopped(self);
    else
        nmm_activation_emit_failed(NMM_ACTIVATION(self), self->error);
}

static void (*const runners[])(NmmMove *self) = {
    [NMM_MOVE_STEP_READ] = step_read,
    [NMM_MOVE_STEP_CHECKPOINT] = nmm_move_step_checkpoint,
    [NMM_MOVE_STEP_ADD] = nmm_move_step_add,
    [NMM_MOVE_STEP_ACTIVATE] = nmm_move_step_activate,
    [NMM_MOVE_STEP_BIND] = nmm_move_step_bind,
    [NMM_MOVE_STEP_WAIT_LINK] = nmm_move_step_wait,
    [NMM_MOVE_STEP_REAPPLY] = nmm_move_step_reapply,
    [NMM_MOVE_STEP_WAIT_ONLINE] = nmm_move_step_wait_online,
    [NMM_MOVE_STEP_COMMIT] = nmm_move_step_release,
    [NMM_MOVE_STEP_UP] = step_up,
    [NMM_MOVE_STEP_WAIT_MANAGER] = nmm_move_step_wait_manager,
    [NMM_MOVE_STEP_RESTORE] = nmm_move_step_restore,
    [NMM_MOVE_STEP_REACTIVATE] = nmm_move_step_reactivate,
    [NMM_MOVE_STEP_WAIT_RESTORED] = nmm_move_step_wait,
    [NMM_MOVE_STEP_REMOVE] = nmm_move_step_remove,
    [NMM_MOVE_STEP_RELEASE] = nmm_move_step_release,
    [NMM_MOVE_STEP_DOWN] = step_down,
};

static gboolean
stop_timeout_cb(gpointer user_data)
{
    NmmMove *self = user_data;

    self->stop_timeout_id = 0;
    g_warning("profile '%s': NetworkManager does not answer in time (step '%s')",
              nmm_move_get_profile(self)->id,
              nmm_move_step_to_string(self->transaction.step));
    emit_stopped(self);
    return G_SOURCE_REMOVE;
}

/* Runs from stop on, but not while NetworkManager is waited for. */
static void
set_stop_timeout(NmmMove *self)
{
    if (self->transaction.step == NMM_MOVE_STEP_WAIT_MANAGER)
        g_clear_handle_id(&self->stop_timeout_id, g_source_remove);
    else if (self->stop_timeout_ms > 0 && self->stop_timeout_id == 0)
        self->stop_timeout_id = g_timeout_add(self->stop_timeout_ms, stop_timeout_cb, self);
}

static void
begin_step(NmmMove *self)
{
    self->is_lost = FALSE;
    set_stop_timeout(self);
    g_clear_handle_id(&self->wait_id, g_source_remove);
    g_clear_pointer(&self->audience, nmm_guest_warnings_free);
    g_debug("profile '%s': %s",
            nmm_move_get_profile(self)->id,
            nmm_move_step_to_string(self->transaction.step));
    runners[self->transaction.step](self);
}

static void
start(NmmActivation *activation)
{
    NmmMove *self = NMM_MOVE(activation);

    nmm_move_steps_init(&self->transaction);
    nmm_move_watch_manager(self);
    begin_step(self);
}

static void
stop(NmmActivation *activation, guint timeout_ms)
{
    NmmMove *self = NMM_MOVE(activation);
    gboolean once_more = self->stop_timeout_ms > 0;

    if (self->transaction.step == NMM_MOVE_STEP_DOWN) {
        emit_stopped(self);
        return;
    }
    self->stop_timeout_ms = timeout_ms;
    set_stop_timeout(self);
    if (once_more && self->transaction.step == NMM_MOVE_STEP_WAIT_MANAGER)
        advance(self, NMM_EVENT_FAILED);
    else
        advance(self, NMM_EVENT_STOP);
}

static void
dispose(GObject *object)
{
    NmmMove *self = NMM_MOVE(object);

    g_clear_handle_id(&self->wait_id, g_source_remove);
    g_clear_handle_id(&self->stop_timeout_id, g_source_remove);
    nmm_move_drop_link(self);
    g_clear_pointer(&self->audience, nmm_guest_warnings_free);
    g_clear_object(&self->device);
    g_clear_object(&self->saved);
    g_clear_object(&self->bare);

    G_OBJECT_CLASS(nmm_move_parent_class)->dispose(object);
}

static void
finalize(GObject *object)
{
    NmmMove *self = NMM_MOVE(object);

    g_clear_error(&self->error);
    g_free(self->address4);
    g_strfreev(self->addresses6);
    g_free(self->link_name);
    g_free(self->link_uuid);
    g_clear_pointer(&self->checkpoint, nmm_checkpoint_free);

    G_OBJECT_CLASS(nmm_move_parent_class)->finalize(object);
}

static void
nmm_move_class_init(NmmMoveClass *klass)
{
    NmmActivationClass *activation_class = NMM_ACTIVATION_CLASS(klass);

    G_OBJECT_CLASS(klass)->dispose = dispose;
    G_OBJECT_CLASS(klass)->finalize = finalize;
    activation_class->list_lock_keys = nmm_activation_list_link_keys;
    activation_class->start = start;
    activation_class->stop = stop;
}

static void
nmm_move_init(NmmMove *self)
{
}
