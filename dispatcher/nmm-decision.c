/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The actions depend only on the rows, so a lost or merged event does not change the result.
 */

#include "config.h"

#include "nmm-decision.h"

#include "nmm-names.h"
#include "nmm-plan.h"
#include "nmm-profile-row.h"

/* A profile that goes down by itself this often in quick succession is left alone. NetworkManager
 * tries ordinary profiles as often. */
#define MAX_LOSSES 4

typedef struct {
    const NmmDecisionInput *input;
    const NmmHostState *host;
    NmmProfileRows *table;
    GPtrArray *rows; /* (element-type NmmProfileRow): of @table */
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
    g_clear_pointer(&action->edits, g_ptr_array_unref);
    g_clear_pointer(&action->lock_keys, g_ptr_array_unref);
    g_free(action->uri);
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
    case NMM_ACTION_UNPLUG:
        return g_strdup_printf("unplug guests of '%s'", action->id);
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
uses_device(const NmmProfileRow *row, const char *device)
{
    if (row->at_rest)
        return FALSE;
    if (g_strcmp0(row->host->moved, device) == 0)
        return TRUE;
    return row->mode && row->mode->moves_configuration &&
           g_strcmp0(row->profile->parent ?: row->host->base, device) == 0;
}

static gboolean
is_used_by_other(const Decider *self, const NmmProfileRow *row, const char *device)
{
    for (guint i = 0; i < self->rows->len; i++) {
        if (self->rows->pdata[i] != row && uses_device(self->rows->pdata[i], device))
            return TRUE;
    }
    return FALSE;
}

static void
decide_restore(Decider *self, NmmProfileRow *row)
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
        const NmmProfileRow *row = self->rows->pdata[i];

        if (row->restore && g_str_equal(row->state->moved, device))
            return TRUE;
    }
    return FALSE;
}

/* (nullable) (transfer full): why a profile that should be up is not activated. */
static char *
find_problem(const NmmProfileRow *row)
{
    if (!row->profile)
        return g_strdup(row->host->error->message);
    if (row->state->losses >= MAX_LOSSES)
        return g_strdup_printf(
            "it went down %u times by itself; it stays down until its device comes up again or "
            "you run 'nm-macvtap refresh'",
            row->state->losses);
    if (!row->use && !row->asleep && !row->missing)
        return g_strdup_printf(
            "libvirt does not answer at '%s'; the profile will be activated when libvirt answers",
            row->profile->libvirt_uri);
    return NULL;
}

static void
decide_activation(Decider *self, NmmProfileRow *row)
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
        /* It may be starting its guests. */
        self->decision->is_late |= row->timed_out && state->losses < MAX_LOSSES;
    } else if (row->base && is_restored(self, row->base)) {
        row->activate_later = TRUE;
        self->decision->again = TRUE;
    } else if (row->base) {
        row->activate = TRUE;
        state->tried = TRUE;
    }
}

static const NmmProfileRow *
find_row(const Decider *self, const char *uuid)
{
    for (guint i = 0; i < self->rows->len; i++) {
        const NmmProfileRow *row = self->rows->pdata[i];

        if (g_ascii_strcasecmp(row->uuid, uuid) == 0)
            return row;
    }
    return NULL;
}

/* The service adopts the link that its own profile left behind. */
static void
decide_link(Decider *self, const NmmLink *link)
{
    const NmmProfileRow *row = find_row(self, link->profile_uuid);

    if (row && row->activate)
        return;
    if (row && row->changing)
        self->decision->again = TRUE;
    if (!row || row->at_rest)
        add_action(self, NMM_ACTION_REMOVE_LINK, link->profile_uuid, NULL, link->name);
}

/* Guests of a profile that is down. When a guest starts, its link is up; when it is resumed, its
 * link is as it was when the guest was saved. */

static gboolean
is_same_network(const NmmProfileRow *row, const NmmProfileRow *other)
{
    return other->mode && other->mode->has_network &&
           g_str_equal(row->profile->libvirt_uri, other->profile->libvirt_uri) &&
           g_str_equal(row->profile->network, other->profile->network);
}

/* Not for a suggested profile, unless the user has deactivated it. */
static gboolean
can_unplug(const NmmProfileRow *row)
{
    return row->host && !row->withdraw && row->profile->on_disconnect == NMM_ON_DISCONNECT_UNPLUG &&
           (!nmm_suggested_profile_is_unsaved(row->host) ||
            row->state->wanted == NMM_PROFILE_SWITCH_OFF);
}

static gboolean
needs_guests_plugged(const NmmProfileRow *row)
{
    return !row->at_rest || row->activate || row->activate_later ||
           row->profile->on_disconnect == NMM_ON_DISCONNECT_KEEP;
}

/* For the first profile of a network, unless another one needs the guests as they are. */
static gboolean
is_unplugged(const Decider *self, const NmmProfileRow *row)
{
    gboolean is_first = TRUE;

    for (guint i = 0; i < self->rows->len; i++) {
        const NmmProfileRow *other = self->rows->pdata[i];

        if (!is_same_network(row, other))
            continue;
        if (needs_guests_plugged(other))
            return FALSE;
        is_first = is_first && (other == row || !other->unplug);
    }
    return is_first;
}

static void
decide_unplug(Decider *self, NmmProfileRow *row)
{
    const NmmHostHypervisor *hypervisor;
    NmmObserved observed = {0};
    g_autoptr(NmmPlan) plan = NULL;

    if (!row->use || !row->mode->has_network || !can_unplug(row) || !is_unplugged(self, row))
        return;
    hypervisor = nmm_host_state_find_hypervisor(self->host, row->profile->libvirt_uri);
    observed.guests = hypervisor->guests;
    observed.networks = hypervisor->networks;
    plan = nmm_plan_isolated(row->profile, NMM_PURPOSE_DOWN, &observed, NULL);
    if (plan->edits->len > 0)
        row->unplug = g_ptr_array_ref(plan->edits);
}

static void
add_unplug(Decider *self, const NmmProfileRow *row)
{
    NmmAction *action = add_action(self, NMM_ACTION_UNPLUG, row->uuid, row->host->id, NULL);

    action->edits = g_ptr_array_ref(row->unplug);
    action->uri = g_strdup(row->profile->libvirt_uri);
    action->lock_keys = nmm_lock_key_list(row->profile, NULL, NULL);
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
is_withdrawn(const Decider *self, const NmmProfileRow *row, const GPtrArray *list)
{
    const NmmSuggestedProfile *suggested = find_suggested(list, row->uuid);

    if (!row->host || !nmm_suggested_profile_is_unsaved(row->host))
        return FALSE;
    if (row->use && !suggested)
        return !(row->mode && row->mode->has_network && row->networks_unknown);
    return row->host->state == NMM_ACTIVE_DOWN &&
           (!self->input->suggest ||
            (suggested && (nmm_suggested_profile_is_taken(suggested, self->host) ||
                           !nmm_suggested_profile_can_work(suggested, self->host))));
}

static void
suggest(Decider *self, const GPtrArray *list)
{
    for (guint i = 0; self->input->suggest && i < list->len; i++) {
        const NmmSuggestedProfile *suggested = list->pdata[i];

        if (nmm_host_state_find_profile(self->host, suggested->uuid) ||
            nmm_suggested_profile_is_taken(suggested, self->host) ||
            !nmm_suggested_profile_can_work(suggested, self->host))
            continue;
        add_action(self, NMM_ACTION_SUGGEST, suggested->uuid, suggested->id, NULL)->suggested =
            nmm_suggested_profile_new(suggested->mode, suggested->target, suggested->uri);
    }
}

/* (transfer full): for the guests of each libvirt that profiles may name without the
 * administrator's permission, and that answers. */
static GPtrArray *
list_suggested(const Decider *self)
{
    const char *const *uris = nmm_keys_find(NMM_KEY_LIBVIRT_URI)->choices;
    GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_suggested_profile_free);

    for (gsize i = 0; uris[i]; i++) {
        const NmmGuestUse *use = nmm_profile_rows_find_use(self->table, uris[i]);

        if (use)
            g_ptr_array_extend_and_steal(
                all,
                nmm_suggested_profile_list(nmm_host_state_find_hypervisor(self->host, uris[i]),
                                           use));
    }
    return all;
}

static void
withdraw(Decider *self, const GPtrArray *list)
{
    for (guint i = 0; i < self->rows->len; i++) {
        NmmProfileRow *row = self->rows->pdata[i];

        row->withdraw = is_withdrawn(self, row, list);
        if (row->withdraw)
            row->state->wanted = NMM_PROFILE_SWITCH_OFF;
    }
}

static void
add_row_actions(Decider *self, NmmActionKind kind)
{
    for (guint i = 0; i < self->rows->len; i++) {
        const NmmProfileRow *row = self->rows->pdata[i];

        if (kind == NMM_ACTION_WITHDRAW && row->withdraw)
            add_action(self, kind, row->uuid, row->host->id, NULL);
        else if (kind == NMM_ACTION_ACTIVATE && row->activate)
            add_action(self, kind, row->uuid, row->host->id, row->base);
        else if (kind == NMM_ACTION_UNPLUG && row->unplug)
            add_unplug(self, row);
        else if (kind == NMM_ACTION_LOG && row->log)
            add_action(self, kind, row->uuid, row->host->id, row->base ?: self->host->primary)
                ->text = g_strdup(row->state->logged_problem);
    }
}

static void
decide_all(Decider *self)
{
    g_autoptr(GPtrArray) list = list_suggested(self);

    withdraw(self, list);
    for (guint i = 0; i < self->rows->len; i++)
        decide_restore(self, self->rows->pdata[i]);
    for (guint i = 0; i < self->rows->len; i++)
        decide_activation(self, self->rows->pdata[i]);
    for (guint i = 0; i < self->rows->len; i++)
        decide_unplug(self, self->rows->pdata[i]);
    for (guint i = 0; i < self->host->links->len; i++) {
        const NmmLink *link = self->host->links->pdata[i];

        if (link->profile_uuid)
            decide_link(self, link);
    }
    add_row_actions(self, NMM_ACTION_WITHDRAW);
    suggest(self, list);
    add_row_actions(self, NMM_ACTION_ACTIVATE);
    add_row_actions(self, NMM_ACTION_UNPLUG);
    add_row_actions(self, NMM_ACTION_LOG);
}

NmmDecision *
nmm_decide(const GPtrArray *events, const NmmDecisionInput *input, NmmProfileStates *states)
{
    g_autoptr(NmmProfileRows) table = nmm_profile_rows_new(input, states);
    Decider self = {.input = input,
                    .host = input->host,
                    .table = table,
                    .rows = table->rows,
                    .decision = g_new0(NmmDecision, 1)};

    self.decision->actions = g_ptr_array_new_with_free_func(action_free);
    nmm_profile_rows_note(table, events);
    decide_all(&self);
    return self.decision;
}
