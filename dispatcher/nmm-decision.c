/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two halves. Events are edges: they say who switched a profile on or off, and give one that failed
 * a new chance. What is then done follows from the state alone, so that an event that was lost or
 * merged with others changes nothing in the end.
 *
 * NetworkManager announces "vpn-pre-down" only where somebody asked for the deactivation, never for
 * a base device or a service that went (read in 1.42 and 1.58): that is how a person's word is
 * known.
 */

#include "config.h"

#include "nmm-decision.h"

#include "nmm-names.h"

#define LOOPBACK "lo"

/* A profile that goes down by itself as often as this, each time within the time below, is left
 * alone. NetworkManager tries ordinary profiles as often. */
#define MAX_LOSSES     4
#define LOSS_FORGOTTEN 60 /* s */

static NmmAction *
add_action(NmmDecision *decision, NmmActionKind kind)
{
    NmmAction *action = nmm_action_new(kind);

    g_ptr_array_add(decision->actions, action);
    return action;
}

/**
 * nmm_decision_free:
 * @decision: (nullable): a decision
 */
void
nmm_decision_free(NmmDecision *decision)
{
    if (!decision)
        return;
    g_ptr_array_unref(decision->actions);
    g_free(decision);
}

static void
tell(NmmDecision *decision,
     const NmmSceneProfile *profile,
     NmmProfileState *entry,
     const char *text)
{
    NmmAction *action;

    if (g_strcmp0(entry->told, text) == 0)
        return;
    g_free(entry->told);
    entry->told = g_strdup(text);
    action = add_action(decision, NMM_ACTION_TELL);
    action->uuid = g_strdup(profile->uuid);
    action->id = g_strdup(profile->id);
    action->text = g_strdup(text);
}

static gboolean
has_state(const NmmScene *scene, const char *name, NmmSceneDeviceState state)
{
    const NmmSceneDevice *device = name ? nmm_scene_find_device(scene, name) : NULL;

    return device && device->state == state;
}

/* The device that a profile of mode share or move is about. */
static const char *
get_parent(const NmmScene *scene, const NmmSceneProfile *profile)
{
    return profile->parent ?: scene->primary;
}

/* An isolated profile's own devices are those that its guests are on. */
static gboolean
is_guests_device(const NmmScene *scene, const NmmSceneProfile *profile, const char *device)
{
    const NmmSceneLibvirt *libvirt = nmm_scene_find_libvirt(scene, profile->uri);

    if (profile->parent)
        return g_str_equal(device, profile->parent);
    if (libvirt && libvirt->lowers[0])
        return g_strv_contains((const char *const *)libvirt->lowers, device);
    return g_strcmp0(device, scene->primary) == 0;
}

/* Is @device one whose "up" is the profile's? */
static gboolean
owns_device(const NmmScene *scene, const NmmSceneProfile *profile, const char *device)
{
    const NmmSceneNetwork *network;
    const char *parent;

    if (!device)
        return FALSE;
    if (nmm_mode_get_info(profile->mode)->has_network) {
        network = nmm_scene_find_network(scene, profile->uri, profile->network);
        return g_str_equal(device, LOOPBACK) ||
               (network && g_strcmp0(device, network->bridge) == 0) ||
               is_guests_device(scene, profile, device);
    }
    parent = get_parent(scene, profile);
    if (has_state(scene, parent, NMM_SCENE_DEVICE_UNMANAGED))
        parent = LOOPBACK;
    return g_strcmp0(device, parent) == 0;
}

/* (nullable): NULL where there is none now. */
static const char *
choose_base(const NmmScene *scene, const NmmSceneProfile *profile)
{
    const NmmModeInfo *mode = nmm_mode_get_info(profile->mode);
    const char *parent = mode->has_host_link ? get_parent(scene, profile) : scene->primary;

    if (has_state(scene, LOOPBACK, NMM_SCENE_DEVICE_ACTIVATED) &&
        (mode->loopback == NMM_LOOPBACK_ALWAYS ||
         (mode->loopback == NMM_LOOPBACK_IF_UNMANAGED &&
          has_state(scene, parent, NMM_SCENE_DEVICE_UNMANAGED))))
        return LOOPBACK;
    return has_state(scene, parent, NMM_SCENE_DEVICE_ACTIVATED) ? parent : NULL;
}

static void
give_new_chance(NmmProfileState *entry)
{
    entry->tried = FALSE;
    entry->losses = 0;
}

static gboolean
is_network_inactive(const NmmScene *scene, const NmmSceneProfile *profile)
{
    const NmmSceneNetwork *network;

    if (!nmm_mode_get_info(profile->mode)->has_network ||
        !nmm_scene_find_libvirt(scene, profile->uri))
        return FALSE;
    network = nmm_scene_find_network(scene, profile->uri, profile->network);
    return !network || !network->active;
}

/* Down without a person's word: with its base, with its network, or by a failure. */
static void
note_loss(const NmmScene *scene,
          const NmmSceneProfile *profile,
          const char *base,
          NmmProfileState *entry)
{
    entry->tried = FALSE;
    if (is_network_inactive(scene, profile)) {
        entry->stopped = TRUE;
    } else if (has_state(scene, base, NMM_SCENE_DEVICE_ACTIVATED)) {
        if (scene->now - entry->up_since >= LOSS_FORGOTTEN)
            entry->losses = 0;
        entry->losses++;
    }
}

static void
note_own_event(const NmmScene *scene,
               const NmmSceneProfile *profile,
               const NmmSceneEvent *event,
               NmmProfileState *entry)
{
    /* A hook that was late: what came after it has been judged already. */
    if (event->order && event->order < entry->heard)
        return;
    entry->heard = MAX(entry->heard, event->order);
    if (g_str_equal(event->action, "vpn-up")) {
        entry->wanted = NMM_PROFILE_SWITCH_ON;
        entry->tried = FALSE;
        entry->up_since = scene->now;
    } else if (g_str_equal(event->action, "vpn-pre-down")) {
        entry->wanted = NMM_PROFILE_SWITCH_OFF;
    } else if (g_str_equal(event->action, "vpn-down") && entry->wanted == NMM_PROFILE_SWITCH_ON) {
        note_loss(scene, profile, event->device, entry);
    }
}

static void
note_device_up(const NmmSceneProfile *profile, NmmProfileState *entry)
{
    if (profile->autoconnect)
        entry->wanted = NMM_PROFILE_SWITCH_ON;
    give_new_chance(entry);
}

/* Whether it was the profile's own device shows with the default route, which may come later: DHCP
 * goes on when NetworkManager calls a device up for its IPv6 alone. */
static void
note_arrival(const NmmSceneProfile *profile, const char *device, NmmProfileState *entry)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    if (!nmm_mode_get_info(profile->mode)->has_host_link || profile->parent || !device)
        return;
    if (entry->arrived && g_strv_contains((const char *const *)entry->arrived, device))
        return;
    if (entry->arrived)
        g_strv_builder_addv(names, (const char **)entry->arrived);
    g_strv_builder_add(names, device);
    g_strfreev(entry->arrived);
    entry->arrived = g_strv_builder_end(names);
}

static void
judge_arrivals(const NmmScene *scene, const NmmSceneProfile *profile, NmmProfileState *entry)
{
    g_auto(GStrv) arrived = g_steal_pointer(&entry->arrived);

    for (gsize i = 0; arrived && arrived[i]; i++) {
        if (g_strcmp0(arrived[i], scene->primary) == 0)
            note_device_up(profile, entry);
        else if (!scene->primary && has_state(scene, arrived[i], NMM_SCENE_DEVICE_ACTIVATED))
            note_arrival(profile, arrived[i], entry);
    }
}

static void
note_refresh(const NmmScene *scene, const NmmSceneProfile *profile, NmmProfileState *entry)
{
    if (entry->wanted == NMM_PROFILE_SWITCH_UNSET && profile->autoconnect &&
        choose_base(scene, profile))
        entry->wanted = NMM_PROFILE_SWITCH_ON;
    give_new_chance(entry);
}

/* Which device is its own cannot be known, so any will do: it is not activated, but the reason
 * told. */
static void
note_bad_profile(const NmmSceneProfile *profile, const NmmSceneEvent *event, NmmProfileState *entry)
{
    if (profile->autoconnect && entry->wanted == NMM_PROFILE_SWITCH_UNSET &&
        (g_str_equal(event->action, "up") || g_str_equal(event->action, "refresh")))
        entry->wanted = NMM_PROFILE_SWITCH_ON;
}

static void
note_event(const NmmScene *scene, const NmmSceneEvent *event, NmmProfileStates *memory)
{
    for (guint i = 0; i < scene->profiles->len; i++) {
        const NmmSceneProfile *profile = scene->profiles->pdata[i];
        NmmProfileState *entry = nmm_profile_states_get(memory, profile->uuid);

        if (g_strcmp0(event->uuid, profile->uuid) == 0)
            note_own_event(scene, profile, event, entry);
        else if (profile->problem)
            note_bad_profile(profile, event, entry);
        else if (g_str_equal(event->action, "up") && owns_device(scene, profile, event->device))
            note_device_up(profile, entry);
        else if (g_str_equal(event->action, "up") && !scene->primary)
            note_arrival(profile, event->device, entry);
        else if (g_str_equal(event->action, "refresh"))
            note_refresh(scene, profile, entry);
    }
}

/* What the state says, whatever events were seen. */
static void
note_state(const NmmScene *scene, const NmmSceneProfile *profile, NmmProfileState *entry)
{
    const NmmSceneNetwork *network = nmm_scene_find_network(scene, profile->uri, profile->network);

    if (profile->state == NMM_SCENE_PROFILE_UP) {
        if (entry->wanted == NMM_PROFILE_SWITCH_UNSET) {
            entry->wanted = NMM_PROFILE_SWITCH_ON;
            entry->up_since = scene->now;
        }
        entry->tried = FALSE;
        entry->stopped = FALSE;
        g_clear_pointer(&entry->told, g_free);
    }
    if (network && network->active)
        entry->stopped = FALSE;
    if (profile->moved) {
        g_free(entry->moved);
        entry->moved = g_strdup(profile->moved);
    } else if (!profile->problem && nmm_mode_get_info(profile->mode)->moves_configuration &&
               profile->state != NMM_SCENE_PROFILE_DOWN) {
        g_free(entry->moved);
        entry->moved = g_strdup(profile->parent ?: profile->base);
    }
}

static void
forget_removed(const NmmScene *scene, NmmProfileStates *memory)
{
    GHashTableIter iter;
    gpointer uuid, data;

    g_hash_table_iter_init(&iter, memory);
    while (g_hash_table_iter_next(&iter, &uuid, &data)) {
        const NmmProfileState *entry = data;

        if (!entry->moved && !nmm_scene_find_profile(scene, uuid))
            g_hash_table_iter_remove(&iter);
    }
}

/* Neither NetworkManager nor a process of the service has anything to do with it any more. One that
 * comes or goes is looked at again: no event tells of a service that dies on the way. */
static gboolean
is_at_rest(const NmmScene *scene, const char *uuid, NmmDecision *decision)
{
    const NmmSceneProfile *profile = nmm_scene_find_profile(scene, uuid);

    if (!profile)
        return TRUE;
    if (profile->state == NMM_SCENE_PROFILE_DOWN ? profile->busy
                                                 : profile->state != NMM_SCENE_PROFILE_UP)
        decision->again = TRUE;
    return profile->state == NMM_SCENE_PROFILE_DOWN && !profile->busy;
}

/* Does another profile that is not at rest have the device's configuration, or is about to? It
 * gives it back itself when it goes down, which is an event. */
static gboolean
is_anothers(const NmmScene *scene, const char *uuid, const char *device)
{
    for (guint i = 0; i < scene->profiles->len; i++) {
        const NmmSceneProfile *profile = scene->profiles->pdata[i];
        const char *parent = profile->parent ?: profile->base;

        if (g_str_equal(profile->uuid, uuid) ||
            (profile->state == NMM_SCENE_PROFILE_DOWN && !profile->busy))
            continue;
        if (g_strcmp0(profile->moved, device) == 0 ||
            (nmm_mode_get_info(profile->mode)->moves_configuration &&
             g_strcmp0(parent, device) == 0))
            return TRUE;
    }
    return FALSE;
}

static void
decide_restores(const NmmScene *scene, NmmProfileStates *memory, NmmDecision *decision)
{
    GHashTableIter iter;
    gpointer uuid, data;

    g_hash_table_iter_init(&iter, memory);
    while (g_hash_table_iter_next(&iter, &uuid, &data)) {
        const NmmProfileState *entry = data;
        NmmAction *action;

        if (!entry->moved || !is_at_rest(scene, uuid, decision) ||
            is_anothers(scene, uuid, entry->moved))
            continue;
        action = add_action(decision, NMM_ACTION_RESTORE);
        action->uuid = g_strdup(uuid);
        action->device = g_strdup(entry->moved);
    }
}

static gboolean
is_restored(const NmmDecision *decision, const char *device)
{
    for (guint i = 0; i < decision->actions->len; i++) {
        const NmmAction *action = decision->actions->pdata[i];

        if (action->kind == NMM_ACTION_RESTORE && g_strcmp0(action->device, device) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_activated(const NmmDecision *decision, const char *uuid)
{
    for (guint i = 0; i < decision->actions->len; i++) {
        const NmmAction *action = decision->actions->pdata[i];

        if (action->kind == NMM_ACTION_ACTIVATE && g_strcmp0(action->uuid, uuid) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Wanted, possible, and not known to be in vain? Says why not where that is news. */
static gboolean
may_activate(const NmmScene *scene,
             const NmmSceneProfile *profile,
             NmmProfileState *entry,
             NmmDecision *decision)
{
    g_autofree char *text = NULL;

    if (entry->wanted != NMM_PROFILE_SWITCH_ON || profile->state != NMM_SCENE_PROFILE_DOWN)
        return FALSE;
    if (profile->problem) {
        tell(decision, profile, entry, profile->problem);
        return FALSE;
    }
    if (entry->tried || entry->stopped || !scene->networking)
        return FALSE;
    if (entry->losses >= MAX_LOSSES) {
        text = g_strdup_printf("it went down %u times by itself; it stays down until its device "
                               "comes up again, or 'nm-macvtap refresh'",
                               entry->losses);
        tell(decision, profile, entry, text);
        return FALSE;
    }
    if (!nmm_scene_find_libvirt(scene, profile->uri)) {
        text = g_strdup_printf("libvirt does not answer at '%s'; it will be activated when "
                               "libvirt does",
                               profile->uri);
        tell(decision, profile, entry, text);
        return FALSE;
    }
    return TRUE;
}

static void
decide_activation(const NmmScene *scene,
                  const NmmSceneProfile *profile,
                  NmmProfileState *entry,
                  NmmDecision *decision)
{
    const char *base;
    NmmAction *action;

    if (!may_activate(scene, profile, entry, decision))
        return;
    base = choose_base(scene, profile);
    if (!base)
        return;
    if (is_restored(decision, base)) {
        decision->again = TRUE;
        return;
    }
    entry->tried = TRUE;
    action = add_action(decision, NMM_ACTION_ACTIVATE);
    action->uuid = g_strdup(profile->uuid);
    action->id = g_strdup(profile->id);
    action->device = g_strdup(base);
}

/* The service adopts what its own profile left behind. */
static void
decide_links(const NmmScene *scene, NmmDecision *decision)
{
    for (guint i = 0; i < scene->links->len; i++) {
        const NmmSceneLink *link = scene->links->pdata[i];
        NmmAction *action;

        if (is_activated(decision, link->owner) || !is_at_rest(scene, link->owner, decision))
            continue;
        action = add_action(decision, NMM_ACTION_REMOVE_LINK);
        action->uuid = g_strdup(link->owner);
        action->device = g_strdup(link->name);
    }
}

static gboolean
is_offered(const GPtrArray *offers, const char *uuid)
{
    for (guint i = 0; i < offers->len; i++) {
        const NmmSuggestedProfile *offer = offers->pdata[i];

        if (g_str_equal(offer->uuid, uuid))
            return TRUE;
    }
    return FALSE;
}

/* One that is in use goes with its cause only: a profile that somebody makes beside it, or an
 * administrator's word, takes nothing from under a person's feet. */
static gboolean
is_withdrawn(const NmmScene *scene, const GPtrArray *offers, const NmmSceneProfile *profile)
{
    if (profile->problem || !nmm_suggested_profile_is_ours(profile))
        return FALSE;
    if (!nmm_suggested_profile_has_cause(scene, profile))
        return TRUE;
    return profile->state == NMM_SCENE_PROFILE_DOWN && !is_offered(offers, profile->uuid) &&
           (!scene->offer || nmm_suggested_profile_find_libvirt(scene));
}

static void
decide_offers(const NmmScene *scene, NmmProfileStates *memory, NmmDecision *decision)
{
    g_autoptr(GPtrArray) offers = nmm_suggested_profile_list(scene);
    NmmAction *action;

    for (guint i = 0; i < scene->profiles->len; i++) {
        const NmmSceneProfile *profile = scene->profiles->pdata[i];

        if (!is_withdrawn(scene, offers, profile))
            continue;
        nmm_profile_states_get(memory, profile->uuid)->wanted = NMM_PROFILE_SWITCH_OFF;
        action = add_action(decision, NMM_ACTION_WITHDRAW);
        action->uuid = g_strdup(profile->uuid);
        action->id = g_strdup(profile->id);
    }
    for (guint i = 0; i < offers->len; i++) {
        const NmmSuggestedProfile *offer = offers->pdata[i];

        if (nmm_scene_find_profile(scene, offer->uuid))
            continue;
        action = add_action(decision, NMM_ACTION_OFFER);
        action->uuid = g_strdup(offer->uuid);
        action->id = g_strdup(offer->id);
        action->offer = nmm_suggested_profile_new(offer->mode, offer->target);
    }
}

static int
compare_actions(gconstpointer a, gconstpointer b)
{
    const NmmAction *first = *(const NmmAction *const *)a;
    const NmmAction *second = *(const NmmAction *const *)b;

    return (int)first->kind - (int)second->kind;
}

/**
 * nmm_decide:
 * @events: (element-type NmmSceneEvent): what happened since the last decision, oldest first
 * @scene: how the host is now
 * @memory: what is remembered; brought up to date
 *
 * Deciding again after the actions were carried out, with no events, gives no actions.
 *
 * Returns: (transfer full): what is to be done
 */
NmmDecision *
nmm_decide(const GPtrArray *events, const NmmScene *scene, NmmProfileStates *memory)
{
    NmmDecision *decision = g_new0(NmmDecision, 1);

    decision->actions = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_action_free);
    forget_removed(scene, memory);
    for (guint i = 0; i < events->len; i++)
        note_event(scene, events->pdata[i], memory);
    for (guint i = 0; i < scene->profiles->len; i++) {
        const NmmSceneProfile *profile = scene->profiles->pdata[i];

        judge_arrivals(scene, profile, nmm_profile_states_get(memory, profile->uuid));
        note_state(scene, profile, nmm_profile_states_get(memory, profile->uuid));
    }
    decide_offers(scene, memory, decision);
    decide_restores(scene, memory, decision);
    for (guint i = 0; i < scene->profiles->len; i++) {
        const NmmSceneProfile *profile = scene->profiles->pdata[i];

        decide_activation(scene, profile, nmm_profile_states_get(memory, profile->uuid), decision);
    }
    decide_links(scene, decision);
    g_ptr_array_sort(decision->actions, compare_actions);
    return decision;
}
