/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NetworkManager emits "vpn-pre-down" only if a user or program requests the deactivation, never if
 * a base device or a service goes away (read in 1.42 and 1.58).
 */

#include "config.h"

#include "nmm-profile-row.h"

#define LOOPBACK "lo"

/* A profile that was up for this long before it went down by itself starts to count again. */
#define LOSS_FORGOTTEN 60 /* s */

static void
row_free(gpointer data)
{
    NmmProfileRow *row = data;

    g_strfreev(row->own_devices);
    g_clear_pointer(&row->unplug, g_ptr_array_unref);
    g_free(row);
}

static gboolean
has_state(const NmmHostState *host, const char *name, NmmDeviceState state)
{
    const NmmHostDevice *device = name ? nmm_host_state_find_device(host, name) : NULL;

    return device && device->state == state;
}

const NmmGuestUse *
nmm_profile_rows_find_use(const NmmProfileRows *self, const char *uri)
{
    for (guint i = 0; i < self->uses->len; i++) {
        const NmmHostHypervisor *hypervisor = self->host->hypervisors->pdata[i];

        if (g_str_equal(hypervisor->uri, uri))
            return self->uses->pdata[i];
    }
    return NULL;
}

/* @added: (nullable) */
static void
add_names(GStrvBuilder *names, char *const *added)
{
    for (; added && *added; added++)
        g_strv_builder_add(names, *added);
}

/* With a libvirt network, the devices that the guests are on, besides the bridge. */
static char **
list_own_devices(const NmmProfileRows *self, const NmmProfileRow *row)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    if (!row->mode->has_network) {
        if (has_state(self->host, row->parent, NMM_DEVICE_UNMANAGED))
            g_strv_builder_add(names, LOOPBACK);
        else if (row->parent)
            g_strv_builder_add(names, row->parent);
        return g_strv_builder_end(names);
    }
    g_strv_builder_add(names, LOOPBACK);
    if (row->network && row->network->bridge)
        g_strv_builder_add(names, row->network->bridge);
    if (!row->profile->parent && row->use && row->use->parents[0])
        add_names(names, row->use->parents);
    else if (row->parent)
        g_strv_builder_add(names, row->parent);
    return g_strv_builder_end(names);
}

static const char *
choose_base(const NmmHostState *host, const NmmProfileRow *row)
{
    NmmLoopback loopback = row->mode->loopback;
    const char *device = row->mode->has_network ? host->primary : row->parent;

    if (has_state(host, LOOPBACK, NMM_DEVICE_ACTIVATED) &&
        (loopback == NMM_LOOPBACK_ALWAYS ||
         (loopback == NMM_LOOPBACK_IF_UNMANAGED && has_state(host, device, NMM_DEVICE_UNMANAGED))))
        return LOOPBACK;
    return has_state(host, device, NMM_DEVICE_ACTIVATED) ? device : NULL;
}

static void
join_profile(const NmmProfileRows *self, NmmProfileRow *row, const NmmHostProfile *host)
{
    gboolean has_process = g_hash_table_contains(self->input->lock_holders, host->uuid);
    const NmmHostHypervisor *hypervisor;

    row->host = host;
    row->at_rest = host->state == NMM_ACTIVE_DOWN && !has_process;
    row->changing = !row->at_rest && host->state != NMM_ACTIVE_UP;
    if (!host->profile)
        return;
    row->profile = host->profile;
    row->mode = nmm_mode_get_info(host->profile->mode);
    hypervisor = nmm_host_state_find_hypervisor(self->host, host->profile->libvirt_uri);
    row->asleep = hypervisor && hypervisor->asleep;
    row->timed_out = hypervisor && hypervisor->timed_out;
    row->missing = hypervisor && hypervisor->missing && !nmm_profile_needs_libvirt(host->profile);
    row->networks_unknown = hypervisor && hypervisor->networks_error;
    row->use = nmm_profile_rows_find_use(self, host->profile->libvirt_uri);
    row->network = nmm_host_state_find_network(self->host, host->profile);
    row->parent = host->profile->parent ?: self->host->primary;
    row->own_devices = list_own_devices(self, row);
    row->base = choose_base(self->host, row);
}

static NmmProfileRow *
add_row(NmmProfileRows *self, const char *uuid, NmmProfileState *state)
{
    NmmProfileRow *row = g_new0(NmmProfileRow, 1);

    row->uuid = uuid;
    row->state = state;
    row->at_rest = TRUE;
    g_ptr_array_add(self->rows, row);
    return row;
}

/* The state of a removed profile is kept while there is a device to restore. */
static void
add_removed_profiles(NmmProfileRows *self, NmmProfileStates *states)
{
    GHashTableIter iter;
    gpointer uuid, data;

    g_hash_table_iter_init(&iter, states);
    while (g_hash_table_iter_next(&iter, &uuid, &data)) {
        NmmProfileState *state = data;

        if (nmm_host_state_find_profile(self->host, uuid))
            continue;
        if (state->moved)
            add_row(self, uuid, state);
        else
            g_hash_table_iter_remove(&iter);
    }
}

NmmProfileRows *
nmm_profile_rows_new(const NmmDecisionInput *input, NmmProfileStates *states)
{
    NmmProfileRows *self = g_new0(NmmProfileRows, 1);
    const NmmHostState *host = input->host;

    self->input = input;
    self->host = host;
    self->uses = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_guest_use_free);
    for (guint i = 0; i < host->hypervisors->len; i++) {
        const NmmHostHypervisor *hypervisor = host->hypervisors->pdata[i];

        g_ptr_array_add(self->uses, hypervisor->error ? NULL : nmm_guest_use_new(hypervisor));
    }
    self->rows = g_ptr_array_new_with_free_func(row_free);
    add_removed_profiles(self, states);
    for (guint i = 0; i < host->profiles->len; i++) {
        const NmmHostProfile *profile = host->profiles->pdata[i];

        join_profile(self,
                     add_row(self, profile->uuid, nmm_profile_states_get(states, profile->uuid)),
                     profile);
    }
    return self;
}

void
nmm_profile_rows_free(NmmProfileRows *self)
{
    g_ptr_array_unref(self->rows);
    g_ptr_array_unref(self->uses);
    g_free(self);
}

/* Events */

static void
allow_new_attempt(NmmProfileState *state)
{
    state->tried = FALSE;
    state->losses = 0;
}

static gboolean
is_network_inactive(const NmmProfileRow *row)
{
    return row->mode && row->mode->has_network && row->use &&
           !(row->network && row->network->active);
}

/* It went down without a request: with its base device, with its network, or by a failure. */
static void
note_loss(const NmmProfileRows *self, NmmProfileRow *row, const char *base)
{
    NmmProfileState *state = row->state;

    state->tried = FALSE;
    if (is_network_inactive(row)) {
        state->stopped = TRUE;
    } else if (has_state(self->host, base, NMM_DEVICE_ACTIVATED)) {
        if (self->input->now - state->up_since >= LOSS_FORGOTTEN)
            state->losses = 0;
        state->losses++;
    }
}

static void
note_own_event(const NmmProfileRows *self, NmmProfileRow *row, const NmmEvent *event)
{
    NmmProfileState *state = row->state;

    /* The hook was late: an earlier decision has handled newer events. */
    if (event->order && event->order < state->last_event)
        return;
    state->last_event = MAX(state->last_event, event->order);
    if (g_str_equal(event->action, "vpn-up")) {
        state->wanted = NMM_PROFILE_SWITCH_ON;
        state->tried = FALSE;
        state->up_since = self->input->now;
    } else if (g_str_equal(event->action, "vpn-pre-down")) {
        state->wanted = NMM_PROFILE_SWITCH_OFF;
    } else if (g_str_equal(event->action, "vpn-down") && state->wanted == NMM_PROFILE_SWITCH_ON) {
        note_loss(self, row, event->device);
    }
}

static void
note_own_device_up(NmmProfileRow *row)
{
    if (row->host->autoconnect)
        row->state->wanted = NMM_PROFILE_SWITCH_ON;
    allow_new_attempt(row->state);
}

/* Without a parent, the device of the default route is the profile's, and NetworkManager may know
 * that later: it calls a device up for its IPv6 alone, and DHCP goes on. */
static void
remember_device_up(NmmProfileRow *row, const char *device)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    NmmProfileState *state = row->state;

    if (row->mode->has_network || row->profile->parent || !device)
        return;
    if (state->devices_up && g_strv_contains((const char *const *)state->devices_up, device))
        return;
    add_names(names, state->devices_up);
    g_strv_builder_add(names, device);
    g_strfreev(state->devices_up);
    state->devices_up = g_strv_builder_end(names);
}

static void
check_devices_up(const NmmProfileRows *self, NmmProfileRow *row)
{
    const NmmHostState *host = self->host;
    g_auto(GStrv) devices = g_steal_pointer(&row->state->devices_up);

    for (gsize i = 0; row->profile && devices && devices[i]; i++) {
        if (g_strcmp0(devices[i], host->primary) == 0)
            note_own_device_up(row);
        else if (!host->primary && has_state(host, devices[i], NMM_DEVICE_ACTIVATED))
            remember_device_up(row, devices[i]);
    }
}

static void
note_refresh(NmmProfileRow *row)
{
    if (row->state->wanted == NMM_PROFILE_SWITCH_UNSET && row->host->autoconnect && row->base)
        row->state->wanted = NMM_PROFILE_SWITCH_ON;
    allow_new_attempt(row->state);
}

/* Its own devices are not known, so it takes any: it is not activated, but its error is logged. */
static void
note_event_of_invalid(NmmProfileRow *row, const NmmEvent *event)
{
    if (row->host->autoconnect && row->state->wanted == NMM_PROFILE_SWITCH_UNSET &&
        (g_str_equal(event->action, "up") || g_str_equal(event->action, "refresh")))
        row->state->wanted = NMM_PROFILE_SWITCH_ON;
}

static gboolean
owns_device(const NmmProfileRow *row, const char *device)
{
    return device && g_strv_contains((const char *const *)row->own_devices, device);
}

static void
note_event(const NmmProfileRows *self, NmmProfileRow *row, const NmmEvent *event)
{
    gboolean is_up = g_str_equal(event->action, "up");

    if (g_strcmp0(event->uuid, row->uuid) == 0)
        note_own_event(self, row, event);
    else if (!row->profile)
        note_event_of_invalid(row, event);
    else if (is_up && owns_device(row, event->device))
        note_own_device_up(row);
    else if (is_up && !self->host->primary)
        remember_device_up(row, event->device);
    else if (g_str_equal(event->action, "refresh"))
        note_refresh(row);
}

/* What the host state shows, whatever events there were. */
static void
note_host(const NmmProfileRows *self, NmmProfileRow *row)
{
    NmmProfileState *state = row->state;
    const char *moved = row->host->moved;

    if (row->host->state == NMM_ACTIVE_UP) {
        if (state->wanted == NMM_PROFILE_SWITCH_UNSET) {
            state->wanted = NMM_PROFILE_SWITCH_ON;
            state->up_since = self->input->now;
        }
        state->tried = FALSE;
        state->stopped = FALSE;
        g_clear_pointer(&state->logged_problem, g_free);
    }
    if (row->network && row->network->active)
        state->stopped = FALSE;
    if (!moved && row->mode && row->mode->moves_configuration &&
        row->host->state != NMM_ACTIVE_DOWN)
        moved = row->profile->parent ?: row->host->base;
    if (moved) {
        g_free(state->moved);
        state->moved = g_strdup(moved);
    }
}

void
nmm_profile_rows_note(NmmProfileRows *self, const GPtrArray *events)
{
    for (guint i = 0; i < self->rows->len; i++) {
        NmmProfileRow *row = self->rows->pdata[i];

        if (!row->host)
            continue;
        for (guint j = 0; j < events->len; j++)
            note_event(self, row, events->pdata[j]);
        check_devices_up(self, row);
        note_host(self, row);
    }
}
