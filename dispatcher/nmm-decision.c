/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A row joins everything that is known of a profile. Events only update the row's state: they show
 * who activated or deactivated a profile, and allow a new attempt after a failure. The actions
 * follow from the rows alone, so an event that was lost or merged changes nothing in the end.
 *
 * NetworkManager emits "vpn-pre-down" only if a user or program requests the deactivation, never if
 * a base device or a service goes away (read in 1.42 and 1.58).
 */

#include "config.h"

#include "nmm-decision.h"

#include "nmm-names.h"

#define LOOPBACK "lo"

/* A profile that goes down by itself this often, each time within the time below, is left alone.
 * NetworkManager tries ordinary profiles as often. */
#define MAX_LOSSES     4
#define LOSS_FORGOTTEN 60 /* s */

typedef struct {
    const char *uuid;
    const NmmHostProfile *host; /* (nullable): NULL if the profile was removed */
    const NmmProfile *profile;  /* (nullable): NULL if it is not valid */
    const NmmModeInfo *mode;    /* (nullable): of @profile */
    NmmProfileState *state;     /* kept from one decision to the next */
    const NmmGuestUse *use;     /* (nullable): NULL if its libvirt does not answer */
    const NmmNetwork *network;  /* (nullable): mode isolated */
    const char *parent;         /* (nullable): the device of @profile, or of the default route */
    char **own_devices;         /* (nullable): the profile comes up with one of them */
    const char *base;           /* (nullable): the base device of an activation now */
    gboolean at_rest;           /* neither NetworkManager nor the service works on it */
    gboolean changing;          /* on its way up or down: a service that dies then emits no event */

    gboolean restore;
    gboolean withdraw;
    gboolean activate;
    gboolean log; /* the logged problem of @state, which is new */
} Row;

typedef struct {
    const NmmDecisionInput *input;
    const NmmHostState *host;
    GPtrArray *uses; /* (element-type NmmGuestUse) (nullable): as the hypervisors of @host */
    GPtrArray *rows; /* (element-type Row) */
    NmmDecision *decision;
} Decider;

/* Values */

NmmEvent *
nmm_event_new(const char *action, const char *device, const char *uuid)
{
    NmmEvent *event = g_new0(NmmEvent, 1);

    event->action = g_strdup(action);
    event->device = g_strdup(device);
    event->uuid = g_strdup(uuid);
    return event;
}

void
nmm_event_free(NmmEvent *event)
{
    g_free(event->action);
    g_free(event->device);
    g_free(event->uuid);
    g_free(event);
}

static void
action_free(gpointer data)
{
    NmmAction *action = data;

    g_free(action->uuid);
    g_free(action->id);
    g_free(action->device);
    nmm_suggested_profile_free(action->suggested);
    g_free(action->text);
    g_free(action);
}

char *
nmm_action_to_string(const NmmAction *action)
{
    switch (action->kind) {
    case NMM_ACTION_RESTORE:
        return g_strdup_printf("restore %s", action->device);
    case NMM_ACTION_REMOVE_LINK:
        return g_strdup_printf("remove-link %s", action->device);
    case NMM_ACTION_WITHDRAW:
        return g_strdup_printf("withdraw '%s'", action->id);
    case NMM_ACTION_SUGGEST:
        return g_strdup_printf("suggest '%s'", action->id);
    case NMM_ACTION_ACTIVATE:
        return g_strdup_printf("activate '%s' on %s", action->id, action->device);
    case NMM_ACTION_LOG:
        return g_strdup_printf("log '%s': %s", action->id, action->text);
    }
    g_return_val_if_reached(NULL);
}

void
nmm_decision_free(NmmDecision *decision)
{
    g_ptr_array_unref(decision->actions);
    g_free(decision);
}

/* Rows */

static void
row_free(gpointer data)
{
    Row *row = data;

    g_strfreev(row->own_devices);
    g_free(row);
}

static gboolean
has_state(const NmmHostState *host, const char *name, NmmDeviceState state)
{
    const NmmHostDevice *device = name ? nmm_host_state_find_device(host, name) : NULL;

    return device && device->state == state;
}

/* (nullable): NULL if that libvirt does not answer. */
static const NmmGuestUse *
find_use(const Decider *self, const char *uri)
{
    for (guint i = 0; i < self->uses->len; i++) {
        const NmmHostHypervisor *hypervisor = self->host->hypervisors->pdata[i];

        if (g_str_equal(hypervisor->uri, uri))
            return self->uses->pdata[i];
    }
    return NULL;
}

/* With a libvirt network, the devices that the guests are on, besides the bridge. */
static char **
list_own_devices(const Decider *self, const Row *row)
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
        g_strv_builder_addv(names, (const char **)row->use->parents);
    else if (row->parent)
        g_strv_builder_add(names, row->parent);
    return g_strv_builder_end(names);
}

static const char *
choose_base(const NmmHostState *host, const Row *row)
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
join_profile(const Decider *self, Row *row, const NmmHostProfile *host)
{
    gboolean has_process = g_hash_table_contains(self->input->lock_holders, host->uuid);

    row->host = host;
    row->at_rest = host->state == NMM_ACTIVE_DOWN && !has_process;
    row->changing = !row->at_rest && host->state != NMM_ACTIVE_UP;
    if (!host->profile)
        return;
    row->profile = host->profile;
    row->mode = nmm_mode_get_info(host->profile->mode);
    row->use = find_use(self, host->profile->libvirt_uri);
    row->network = nmm_host_state_find_network(self->host, host->profile);
    row->parent = host->profile->parent ?: self->host->primary;
    row->own_devices = list_own_devices(self, row);
    row->base = choose_base(self->host, row);
}

static Row *
add_row(Decider *self, const char *uuid, NmmProfileState *state)
{
    Row *row = g_new0(Row, 1);

    row->uuid = uuid;
    row->state = state;
    row->at_rest = TRUE;
    g_ptr_array_add(self->rows, row);
    return row;
}

/* The state of a removed profile is kept while there is a device to restore. */
static void
add_removed_profiles(Decider *self, NmmProfileStates *states)
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

static void
build_rows(Decider *self, NmmProfileStates *states)
{
    const NmmHostState *host = self->host;

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
}

/* Events */

static void
allow_new_attempt(NmmProfileState *state)
{
    state->tried = FALSE;
    state->losses = 0;
}

static gboolean
is_network_inactive(const Row *row)
{
    return row->mode && row->mode->has_network && row->use &&
           !(row->network && row->network->active);
}

/* It went down without a request: with its base device, with its network, or by a failure. */
static void
note_loss(const Decider *self, Row *row, const char *base)
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
note_own_event(const Decider *self, Row *row, const NmmEvent *event)
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
note_own_device_up(Row *row)
{
    if (row->host->autoconnect)
        row->state->wanted = NMM_PROFILE_SWITCH_ON;
    allow_new_attempt(row->state);
}

/* Without a parent, the device of the default route is the profile's, and NetworkManager may know
 * that later: it calls a device up for its IPv6 alone, and DHCP goes on. */
static void
remember_device_up(Row *row, const char *device)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    NmmProfileState *state = row->state;

    if (row->mode->has_network || row->profile->parent || !device)
        return;
    if (state->devices_up && g_strv_contains((const char *const *)state->devices_up, device))
        return;
    if (state->devices_up)
        g_strv_builder_addv(names, (const char **)state->devices_up);
    g_strv_builder_add(names, device);
    g_strfreev(state->devices_up);
    state->devices_up = g_strv_builder_end(names);
}

static void
check_devices_up(const Decider *self, Row *row)
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
note_refresh(Row *row)
{
    if (row->state->wanted == NMM_PROFILE_SWITCH_UNSET && row->host->autoconnect && row->base)
        row->state->wanted = NMM_PROFILE_SWITCH_ON;
    allow_new_attempt(row->state);
}

/* Its own devices are not known, so it takes any: it is not activated, but its error is logged. */
static void
note_event_of_invalid(Row *row, const NmmEvent *event)
{
    if (row->host->autoconnect && row->state->wanted == NMM_PROFILE_SWITCH_UNSET &&
        (g_str_equal(event->action, "up") || g_str_equal(event->action, "refresh")))
        row->state->wanted = NMM_PROFILE_SWITCH_ON;
}

static gboolean
owns_device(const Row *row, const char *device)
{
    return device && g_strv_contains((const char *const *)row->own_devices, device);
}

static void
note_event(const Decider *self, Row *row, const NmmEvent *event)
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
note_host(const Decider *self, Row *row)
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

static void
note_all(Decider *self, const GPtrArray *events)
{
    for (guint i = 0; i < self->rows->len; i++) {
        Row *row = self->rows->pdata[i];

        if (!row->host)
            continue;
        for (guint j = 0; j < events->len; j++)
            note_event(self, row, events->pdata[j]);
        check_devices_up(self, row);
        note_host(self, row);
    }
}

/* Actions */

static NmmAction *
add_action(Decider *self, NmmActionKind kind, const char *uuid, const char *id, const char *device)
{
    NmmAction *action = g_new0(NmmAction, 1);

    action->kind = kind;
    action->uuid = g_strdup(uuid);
    action->id = g_strdup(id);
    action->device = g_strdup(device);
    g_ptr_array_add(self->decision->actions, action);
    return action;
}

/* A profile that is not at rest has the configuration of @device, or is about to take it. It gives
 * it back itself when it goes down, which is an event. */
static gboolean
uses_device(const Row *row, const char *device)
{
    if (row->at_rest)
        return FALSE;
    if (g_strcmp0(row->host->moved, device) == 0)
        return TRUE;
    return row->mode && row->mode->moves_configuration &&
           g_strcmp0(row->profile->parent ?: row->host->base, device) == 0;
}

static gboolean
is_used_by_other(const Decider *self, const Row *row, const char *device)
{
    for (guint i = 0; i < self->rows->len; i++) {
        if (self->rows->pdata[i] != row && uses_device(self->rows->pdata[i], device))
            return TRUE;
    }
    return FALSE;
}

static void
decide_restore(Decider *self, Row *row)
{
    const char *device = row->state->moved;

    if (!device)
        return;
    if (row->changing)
        self->decision->again = TRUE;
    row->restore = row->at_rest && !is_used_by_other(self, row, device);
    if (row->restore)
        add_action(self, NMM_ACTION_RESTORE, row->uuid, NULL, device);
}

static gboolean
is_restored(const Decider *self, const char *device)
{
    for (guint i = 0; i < self->rows->len; i++) {
        const Row *row = self->rows->pdata[i];

        if (row->restore && g_str_equal(row->state->moved, device))
            return TRUE;
    }
    return FALSE;
}

/* (nullable) (transfer full): why a profile that should be up is not activated. */
static char *
find_problem(const Row *row)
{
    if (!row->profile)
        return g_strdup(row->host->error->message);
    if (row->state->losses >= MAX_LOSSES)
        return g_strdup_printf("it went down %u times by itself; it stays down until its device "
                               "comes up again, or 'nm-macvtap refresh'",
                               row->state->losses);
    if (!row->use)
        return g_strdup_printf("libvirt does not answer at '%s'; it will be activated when "
                               "libvirt does",
                               row->profile->libvirt_uri);
    return NULL;
}

static void
decide_activation(Decider *self, Row *row)
{
    NmmProfileState *state = row->state;
    g_autofree char *problem = NULL;

    if (!row->host || row->host->state != NMM_ACTIVE_DOWN || state->wanted != NMM_PROFILE_SWITCH_ON)
        return;
    if (row->profile && (state->tried || state->stopped || !self->host->networking))
        return;
    problem = find_problem(row);
    if (problem) {
        row->log = g_strcmp0(state->logged_problem, problem) != 0;
        g_free(state->logged_problem);
        state->logged_problem = g_steal_pointer(&problem);
    } else if (row->base && is_restored(self, row->base)) {
        self->decision->again = TRUE;
    } else if (row->base) {
        row->activate = TRUE;
        state->tried = TRUE;
    }
}

static const Row *
find_row(const Decider *self, const char *uuid)
{
    for (guint i = 0; i < self->rows->len; i++) {
        const Row *row = self->rows->pdata[i];

        if (g_ascii_strcasecmp(row->uuid, uuid) == 0)
            return row;
    }
    return NULL;
}

/* The service adopts the link that its own profile left behind. */
static void
decide_link(Decider *self, const NmmLink *link)
{
    const Row *row = find_row(self, link->profile_uuid);

    if (row && row->activate)
        return;
    if (row && row->changing)
        self->decision->again = TRUE;
    if (!row || row->at_rest)
        add_action(self, NMM_ACTION_REMOVE_LINK, link->profile_uuid, NULL, link->name);
}

/* Suggested profiles */

static const NmmSuggestedProfile *
find_suggested(const GPtrArray *list, const char *uuid)
{
    for (guint i = 0; list && i < list->len; i++) {
        const NmmSuggestedProfile *suggested = list->pdata[i];

        if (g_str_equal(suggested->uuid, uuid))
            return suggested;
    }
    return NULL;
}

/* A profile that is in use is withdrawn only if there is no reason for it any more, not because a
 * user makes another one or the administrator turns suggestions off. */
static gboolean
is_withdrawn(const Decider *self, const Row *row, const GPtrArray *list, const char *uri)
{
    const NmmSuggestedProfile *suggested = find_suggested(list, row->uuid);

    if (!row->host || !nmm_suggested_profile_is_unsaved(row->host))
        return FALSE;
    if (list && !suggested)
        return TRUE;
    return row->host->state == NMM_ACTIVE_DOWN &&
           (!self->input->suggest ||
            (suggested && nmm_suggested_profile_is_taken(suggested, self->host, uri)));
}

static void
suggest(Decider *self, const GPtrArray *list, const char *uri)
{
    for (guint i = 0; list && self->input->suggest && i < list->len; i++) {
        const NmmSuggestedProfile *suggested = list->pdata[i];

        if (nmm_host_state_find_profile(self->host, suggested->uuid) ||
            nmm_suggested_profile_is_taken(suggested, self->host, uri))
            continue;
        add_action(self, NMM_ACTION_SUGGEST, suggested->uuid, suggested->id, NULL)->suggested =
            nmm_suggested_profile_new(suggested->mode, suggested->target);
    }
}

/* (nullable) (transfer full): NULL if libvirt does not answer. */
static GPtrArray *
list_suggested(const Decider *self, const char *uri)
{
    const NmmGuestUse *use = find_use(self, uri);

    return use ? nmm_suggested_profile_list(nmm_host_state_find_hypervisor(self->host, uri), use)
               : NULL;
}

static void
withdraw(Decider *self, const GPtrArray *list, const char *uri)
{
    for (guint i = 0; i < self->rows->len; i++) {
        Row *row = self->rows->pdata[i];

        row->withdraw = is_withdrawn(self, row, list, uri);
        if (row->withdraw)
            row->state->wanted = NMM_PROFILE_SWITCH_OFF;
    }
}

static void
add_row_actions(Decider *self, NmmActionKind kind)
{
    for (guint i = 0; i < self->rows->len; i++) {
        const Row *row = self->rows->pdata[i];

        if (kind == NMM_ACTION_WITHDRAW && row->withdraw)
            add_action(self, kind, row->uuid, row->host->id, NULL);
        else if (kind == NMM_ACTION_ACTIVATE && row->activate)
            add_action(self, kind, row->uuid, row->host->id, row->base);
        else if (kind == NMM_ACTION_LOG && row->log)
            add_action(self, kind, row->uuid, row->host->id, NULL)->text =
                g_strdup(row->state->logged_problem);
    }
}

static void
decide_all(Decider *self)
{
    const char *uri = nmm_keys_find(NMM_KEY_LIBVIRT_URI)->default_value;
    g_autoptr(GPtrArray) list = list_suggested(self, uri);

    withdraw(self, list, uri);
    for (guint i = 0; i < self->rows->len; i++)
        decide_restore(self, self->rows->pdata[i]);
    for (guint i = 0; i < self->rows->len; i++)
        decide_activation(self, self->rows->pdata[i]);
    for (guint i = 0; i < self->host->links->len; i++) {
        const NmmLink *link = self->host->links->pdata[i];

        if (link->profile_uuid)
            decide_link(self, link);
    }
    add_row_actions(self, NMM_ACTION_WITHDRAW);
    suggest(self, list, uri);
    add_row_actions(self, NMM_ACTION_ACTIVATE);
    add_row_actions(self, NMM_ACTION_LOG);
}

NmmDecision *
nmm_decide(const GPtrArray *events, const NmmDecisionInput *input, NmmProfileStates *states)
{
    Decider self = {.input = input, .host = input->host, .decision = g_new0(NmmDecision, 1)};

    self.decision->actions = g_ptr_array_new_with_free_func(action_free);
    build_rows(&self, states);
    note_all(&self, events);
    decide_all(&self);
    g_ptr_array_unref(self.rows);
    g_ptr_array_unref(self.uses);
    return self.decision;
}
