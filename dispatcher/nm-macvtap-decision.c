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

#include "nm-macvtap-decision.h"

#include "nm-macvtap-names.h"

#define LOOPBACK "lo"

/* A profile that goes down by itself as often as this, each time within the time below, is left
 * alone. NetworkManager tries ordinary profiles as often. */
#define MAX_LOSSES     4
#define LOSS_FORGOTTEN 60 /* s */

static NMMacvtapAction *
add_action(NMMacvtapDecision *decision, NMMacvtapActionKind kind)
{
    NMMacvtapAction *action = nm_macvtap_action_new(kind);

    g_ptr_array_add(decision->actions, action);
    return action;
}

/**
 * nm_macvtap_decision_free:
 * @decision: (nullable): a decision
 */
void
nm_macvtap_decision_free(NMMacvtapDecision *decision)
{
    if (!decision)
        return;
    g_ptr_array_unref(decision->actions);
    g_free(decision);
}

static void
tell(NMMacvtapDecision *decision,
     const NMMacvtapSceneProfile *profile,
     NMMacvtapMemoryEntry *entry,
     const char *text)
{
    NMMacvtapAction *action;

    if (g_strcmp0(entry->told, text) == 0)
        return;
    g_free(entry->told);
    entry->told = g_strdup(text);
    action = add_action(decision, NM_MACVTAP_ACTION_TELL);
    action->uuid = g_strdup(profile->uuid);
    action->id = g_strdup(profile->id);
    action->text = g_strdup(text);
}

static gboolean
has_state(const NMMacvtapScene *scene, const char *name, NMMacvtapSceneDeviceState state)
{
    const NMMacvtapSceneDevice *device = name ? nm_macvtap_scene_find_device(scene, name) : NULL;

    return device && device->state == state;
}

/* The device that a profile of mode share or move is about. */
static const char *
get_parent(const NMMacvtapScene *scene, const NMMacvtapSceneProfile *profile)
{
    return profile->parent ?: scene->primary;
}

/* An isolated profile's own devices are those that its guests are on. */
static gboolean
is_guests_device(const NMMacvtapScene *scene,
                 const NMMacvtapSceneProfile *profile,
                 const char *device)
{
    const NMMacvtapSceneLibvirt *libvirt = nm_macvtap_scene_find_libvirt(scene, profile->uri);

    if (profile->parent)
        return g_str_equal(device, profile->parent);
    if (libvirt && libvirt->lowers[0])
        return g_strv_contains((const char *const *)libvirt->lowers, device);
    return g_strcmp0(device, scene->primary) == 0;
}

/* Is @device one whose "up" is the profile's? */
static gboolean
owns_device(const NMMacvtapScene *scene, const NMMacvtapSceneProfile *profile, const char *device)
{
    const NMMacvtapSceneNetwork *network;
    const char *parent;

    if (!device)
        return FALSE;
    if (profile->mode == NM_MACVTAP_MODE_ISOLATED) {
        network = nm_macvtap_scene_find_network(scene, profile->uri, profile->network);
        return g_str_equal(device, LOOPBACK) ||
               (network && g_strcmp0(device, network->bridge) == 0) ||
               is_guests_device(scene, profile, device);
    }
    parent = get_parent(scene, profile);
    if (has_state(scene, parent, NM_MACVTAP_SCENE_DEVICE_UNMANAGED))
        parent = LOOPBACK;
    return g_strcmp0(device, parent) == 0;
}

/* (nullable): NULL where there is none now. */
static const char *
choose_base(const NMMacvtapScene *scene, const NMMacvtapSceneProfile *profile)
{
    const char *parent = get_parent(scene, profile);
    gboolean with_loopback = has_state(scene, LOOPBACK, NM_MACVTAP_SCENE_DEVICE_ACTIVATED);

    switch (profile->mode) {
    case NM_MACVTAP_MODE_ISOLATED:
        if (with_loopback)
            return LOOPBACK;
        parent = scene->primary;
        break;
    case NM_MACVTAP_MODE_SHARE:
        if (with_loopback && has_state(scene, parent, NM_MACVTAP_SCENE_DEVICE_UNMANAGED))
            return LOOPBACK;
        break;
    case NM_MACVTAP_MODE_MOVE:
        break;
    }
    return has_state(scene, parent, NM_MACVTAP_SCENE_DEVICE_ACTIVATED) ? parent : NULL;
}

static void
give_new_chance(NMMacvtapMemoryEntry *entry)
{
    entry->tried = FALSE;
    entry->losses = 0;
}

static gboolean
is_network_inactive(const NMMacvtapScene *scene, const NMMacvtapSceneProfile *profile)
{
    const NMMacvtapSceneNetwork *network;

    if (profile->mode != NM_MACVTAP_MODE_ISOLATED ||
        !nm_macvtap_scene_find_libvirt(scene, profile->uri))
        return FALSE;
    network = nm_macvtap_scene_find_network(scene, profile->uri, profile->network);
    return !network || !network->active;
}

/* Down without a person's word: with its base, with its network, or by a failure. */
static void
note_loss(const NMMacvtapScene *scene,
          const NMMacvtapSceneProfile *profile,
          const char *base,
          NMMacvtapMemoryEntry *entry)
{
    entry->tried = FALSE;
    if (is_network_inactive(scene, profile)) {
        entry->stopped = TRUE;
    } else if (has_state(scene, base, NM_MACVTAP_SCENE_DEVICE_ACTIVATED)) {
        if (scene->now - entry->up_since >= LOSS_FORGOTTEN)
            entry->losses = 0;
        entry->losses++;
    }
}

static void
note_own_event(const NMMacvtapScene *scene,
               const NMMacvtapSceneProfile *profile,
               const NMMacvtapSceneEvent *event,
               NMMacvtapMemoryEntry *entry)
{
    /* A hook that was late: what came after it has been judged already. */
    if (event->order && event->order < entry->heard)
        return;
    entry->heard = MAX(entry->heard, event->order);
    if (g_str_equal(event->action, "vpn-up")) {
        entry->wanted = NM_MACVTAP_MEMORY_ON;
        entry->tried = FALSE;
        entry->up_since = scene->now;
    } else if (g_str_equal(event->action, "vpn-pre-down")) {
        entry->wanted = NM_MACVTAP_MEMORY_OFF;
    } else if (g_str_equal(event->action, "vpn-down") && entry->wanted == NM_MACVTAP_MEMORY_ON) {
        note_loss(scene, profile, event->device, entry);
    }
}

static void
note_device_up(const NMMacvtapSceneProfile *profile, NMMacvtapMemoryEntry *entry)
{
    if (profile->autoconnect)
        entry->wanted = NM_MACVTAP_MEMORY_ON;
    give_new_chance(entry);
}

/* Whether it was the profile's own device shows with the default route, which may come later: DHCP
 * goes on when NetworkManager calls a device up for its IPv6 alone. */
static void
note_arrival(const NMMacvtapSceneProfile *profile, const char *device, NMMacvtapMemoryEntry *entry)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    if (profile->mode == NM_MACVTAP_MODE_ISOLATED || profile->parent || !device)
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
judge_arrivals(const NMMacvtapScene *scene,
               const NMMacvtapSceneProfile *profile,
               NMMacvtapMemoryEntry *entry)
{
    g_auto(GStrv) arrived = g_steal_pointer(&entry->arrived);

    for (gsize i = 0; arrived && arrived[i]; i++) {
        if (g_strcmp0(arrived[i], scene->primary) == 0)
            note_device_up(profile, entry);
        else if (!scene->primary && has_state(scene, arrived[i], NM_MACVTAP_SCENE_DEVICE_ACTIVATED))
            note_arrival(profile, arrived[i], entry);
    }
}

static void
note_refresh(const NMMacvtapScene *scene,
             const NMMacvtapSceneProfile *profile,
             NMMacvtapMemoryEntry *entry)
{
    if (entry->wanted == NM_MACVTAP_MEMORY_UNSET && profile->autoconnect &&
        choose_base(scene, profile))
        entry->wanted = NM_MACVTAP_MEMORY_ON;
    give_new_chance(entry);
}

/* Which device is its own cannot be known, so any will do: it is not activated, but the reason
 * told. */
static void
note_bad_profile(const NMMacvtapSceneProfile *profile,
                 const NMMacvtapSceneEvent *event,
                 NMMacvtapMemoryEntry *entry)
{
    if (profile->autoconnect && entry->wanted == NM_MACVTAP_MEMORY_UNSET &&
        (g_str_equal(event->action, "up") || g_str_equal(event->action, "refresh")))
        entry->wanted = NM_MACVTAP_MEMORY_ON;
}

static void
note_event(const NMMacvtapScene *scene, const NMMacvtapSceneEvent *event, NMMacvtapMemory *memory)
{
    for (guint i = 0; i < scene->profiles->len; i++) {
        const NMMacvtapSceneProfile *profile = scene->profiles->pdata[i];
        NMMacvtapMemoryEntry *entry = nm_macvtap_memory_get(memory, profile->uuid);

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
note_state(const NMMacvtapScene *scene,
           const NMMacvtapSceneProfile *profile,
           NMMacvtapMemoryEntry *entry)
{
    const NMMacvtapSceneNetwork *network =
        nm_macvtap_scene_find_network(scene, profile->uri, profile->network);

    if (profile->state == NM_MACVTAP_SCENE_PROFILE_UP) {
        if (entry->wanted == NM_MACVTAP_MEMORY_UNSET) {
            entry->wanted = NM_MACVTAP_MEMORY_ON;
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
    } else if (!profile->problem && profile->mode == NM_MACVTAP_MODE_MOVE &&
               profile->state != NM_MACVTAP_SCENE_PROFILE_DOWN) {
        g_free(entry->moved);
        entry->moved = g_strdup(profile->parent ?: profile->base);
    }
}

static void
forget_removed(const NMMacvtapScene *scene, NMMacvtapMemory *memory)
{
    GHashTableIter iter;
    gpointer uuid, data;

    g_hash_table_iter_init(&iter, memory);
    while (g_hash_table_iter_next(&iter, &uuid, &data)) {
        const NMMacvtapMemoryEntry *entry = data;

        if (!entry->moved && !nm_macvtap_scene_find_profile(scene, uuid))
            g_hash_table_iter_remove(&iter);
    }
}

/* Neither NetworkManager nor a process of the service has anything to do with it any more. One that
 * comes or goes is looked at again: no event tells of a service that dies on the way. */
static gboolean
is_at_rest(const NMMacvtapScene *scene, const char *uuid, NMMacvtapDecision *decision)
{
    const NMMacvtapSceneProfile *profile = nm_macvtap_scene_find_profile(scene, uuid);

    if (!profile)
        return TRUE;
    if (profile->state == NM_MACVTAP_SCENE_PROFILE_DOWN
            ? profile->busy
            : profile->state != NM_MACVTAP_SCENE_PROFILE_UP)
        decision->again = TRUE;
    return profile->state == NM_MACVTAP_SCENE_PROFILE_DOWN && !profile->busy;
}

/* Does another profile that is not at rest have the device's configuration, or is about to? It
 * gives it back itself when it goes down, which is an event. */
static gboolean
is_anothers(const NMMacvtapScene *scene, const char *uuid, const char *device)
{
    for (guint i = 0; i < scene->profiles->len; i++) {
        const NMMacvtapSceneProfile *profile = scene->profiles->pdata[i];
        const char *parent = profile->parent ?: profile->base;

        if (g_str_equal(profile->uuid, uuid) ||
            (profile->state == NM_MACVTAP_SCENE_PROFILE_DOWN && !profile->busy))
            continue;
        if (g_strcmp0(profile->moved, device) == 0 ||
            (profile->mode == NM_MACVTAP_MODE_MOVE && g_strcmp0(parent, device) == 0))
            return TRUE;
    }
    return FALSE;
}

static void
decide_restores(const NMMacvtapScene *scene, NMMacvtapMemory *memory, NMMacvtapDecision *decision)
{
    GHashTableIter iter;
    gpointer uuid, data;

    g_hash_table_iter_init(&iter, memory);
    while (g_hash_table_iter_next(&iter, &uuid, &data)) {
        const NMMacvtapMemoryEntry *entry = data;
        NMMacvtapAction *action;

        if (!entry->moved || !is_at_rest(scene, uuid, decision) ||
            is_anothers(scene, uuid, entry->moved))
            continue;
        action = add_action(decision, NM_MACVTAP_ACTION_RESTORE);
        action->uuid = g_strdup(uuid);
        action->device = g_strdup(entry->moved);
    }
}

static gboolean
is_restored(const NMMacvtapDecision *decision, const char *device)
{
    for (guint i = 0; i < decision->actions->len; i++) {
        const NMMacvtapAction *action = decision->actions->pdata[i];

        if (action->kind == NM_MACVTAP_ACTION_RESTORE && g_strcmp0(action->device, device) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_activated(const NMMacvtapDecision *decision, const char *uuid)
{
    for (guint i = 0; i < decision->actions->len; i++) {
        const NMMacvtapAction *action = decision->actions->pdata[i];

        if (action->kind == NM_MACVTAP_ACTION_ACTIVATE && g_strcmp0(action->uuid, uuid) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Wanted, possible, and not known to be in vain? Says why not where that is news. */
static gboolean
may_activate(const NMMacvtapScene *scene,
             const NMMacvtapSceneProfile *profile,
             NMMacvtapMemoryEntry *entry,
             NMMacvtapDecision *decision)
{
    g_autofree char *text = NULL;

    if (entry->wanted != NM_MACVTAP_MEMORY_ON || profile->state != NM_MACVTAP_SCENE_PROFILE_DOWN)
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
    if (!nm_macvtap_scene_find_libvirt(scene, profile->uri)) {
        text = g_strdup_printf("libvirt does not answer at '%s'; it will be activated when "
                               "libvirt does",
                               profile->uri);
        tell(decision, profile, entry, text);
        return FALSE;
    }
    return TRUE;
}

static void
decide_activation(const NMMacvtapScene *scene,
                  const NMMacvtapSceneProfile *profile,
                  NMMacvtapMemoryEntry *entry,
                  NMMacvtapDecision *decision)
{
    const char *base;
    NMMacvtapAction *action;

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
    action = add_action(decision, NM_MACVTAP_ACTION_ACTIVATE);
    action->uuid = g_strdup(profile->uuid);
    action->id = g_strdup(profile->id);
    action->device = g_strdup(base);
}

/* The service adopts what its own profile left behind. */
static void
decide_links(const NMMacvtapScene *scene, NMMacvtapDecision *decision)
{
    for (guint i = 0; i < scene->links->len; i++) {
        const NMMacvtapSceneLink *link = scene->links->pdata[i];
        NMMacvtapAction *action;

        if (is_activated(decision, link->owner) || !is_at_rest(scene, link->owner, decision))
            continue;
        action = add_action(decision, NM_MACVTAP_ACTION_REMOVE_LINK);
        action->uuid = g_strdup(link->owner);
        action->device = g_strdup(link->name);
    }
}

static gboolean
is_offered(const GPtrArray *offers, const char *uuid)
{
    for (guint i = 0; i < offers->len; i++) {
        const NMMacvtapOffer *offer = offers->pdata[i];

        if (g_str_equal(offer->uuid, uuid))
            return TRUE;
    }
    return FALSE;
}

/* One that is in use goes with its cause only: a profile that somebody makes beside it, or an
 * administrator's word, takes nothing from under a person's feet. */
static gboolean
is_withdrawn(const NMMacvtapScene *scene,
             const GPtrArray *offers,
             const NMMacvtapSceneProfile *profile)
{
    if (profile->problem || !nm_macvtap_offer_is_ours(profile))
        return FALSE;
    if (!nm_macvtap_offer_has_cause(scene, profile))
        return TRUE;
    return profile->state == NM_MACVTAP_SCENE_PROFILE_DOWN && !is_offered(offers, profile->uuid) &&
           (!scene->offer || nm_macvtap_offer_find_libvirt(scene));
}

static void
decide_offers(const NMMacvtapScene *scene, NMMacvtapMemory *memory, NMMacvtapDecision *decision)
{
    g_autoptr(GPtrArray) offers = nm_macvtap_offer_list(scene);
    NMMacvtapAction *action;

    for (guint i = 0; i < scene->profiles->len; i++) {
        const NMMacvtapSceneProfile *profile = scene->profiles->pdata[i];

        if (!is_withdrawn(scene, offers, profile))
            continue;
        nm_macvtap_memory_get(memory, profile->uuid)->wanted = NM_MACVTAP_MEMORY_OFF;
        action = add_action(decision, NM_MACVTAP_ACTION_WITHDRAW);
        action->uuid = g_strdup(profile->uuid);
        action->id = g_strdup(profile->id);
    }
    for (guint i = 0; i < offers->len; i++) {
        const NMMacvtapOffer *offer = offers->pdata[i];

        if (nm_macvtap_scene_find_profile(scene, offer->uuid))
            continue;
        action = add_action(decision, NM_MACVTAP_ACTION_OFFER);
        action->uuid = g_strdup(offer->uuid);
        action->id = g_strdup(offer->id);
        action->offer = nm_macvtap_offer_new(offer->mode, offer->target);
    }
}

static int
compare_actions(gconstpointer a, gconstpointer b)
{
    const NMMacvtapAction *first = *(const NMMacvtapAction *const *)a;
    const NMMacvtapAction *second = *(const NMMacvtapAction *const *)b;

    return (int)first->kind - (int)second->kind;
}

/**
 * nm_macvtap_decide:
 * @events: (element-type NMMacvtapSceneEvent): what happened since the last decision, oldest first
 * @scene: how the host is now
 * @memory: what is remembered; brought up to date
 *
 * Deciding again after the actions were carried out, with no events, gives no actions.
 *
 * Returns: (transfer full): what is to be done
 */
NMMacvtapDecision *
nm_macvtap_decide(const GPtrArray *events, const NMMacvtapScene *scene, NMMacvtapMemory *memory)
{
    NMMacvtapDecision *decision = g_new0(NMMacvtapDecision, 1);

    decision->actions = g_ptr_array_new_with_free_func((GDestroyNotify)nm_macvtap_action_free);
    forget_removed(scene, memory);
    for (guint i = 0; i < events->len; i++)
        note_event(scene, events->pdata[i], memory);
    for (guint i = 0; i < scene->profiles->len; i++) {
        const NMMacvtapSceneProfile *profile = scene->profiles->pdata[i];

        judge_arrivals(scene, profile, nm_macvtap_memory_get(memory, profile->uuid));
        note_state(scene, profile, nm_macvtap_memory_get(memory, profile->uuid));
    }
    decide_offers(scene, memory, decision);
    decide_restores(scene, memory, decision);
    for (guint i = 0; i < scene->profiles->len; i++) {
        const NMMacvtapSceneProfile *profile = scene->profiles->pdata[i];

        decide_activation(scene, profile, nm_macvtap_memory_get(memory, profile->uuid), decision);
    }
    decide_links(scene, decision);
    g_ptr_array_sort(decision->actions, compare_actions);
    return decision;
}
