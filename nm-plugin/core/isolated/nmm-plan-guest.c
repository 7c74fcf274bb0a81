/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans one guest. The same rules apply to its persistent definition and to the running machine,
 * each by itself. Detaches and updates only the profile's own interfaces (nmm_nic_is_ours()); any
 * other interface on the network belongs to the user.
 */

#include "config.h"

#include "nmm-plan-private.h"

#include <glib/gi18n-lib.h>

#include "nmm-identity.h"
#include "nmm-nic-xml.h"

/* The interface on the network after the plan was carried out. */
typedef enum {
    NOT_SERVED,
    SERVED_BY_PROFILE,
    SERVED_BY_USER,
} ServedBy;

/* One state of the guest: its interfaces (borrowed), and the result. */
typedef struct {
    NmmScope scope;
    const NmmGuestState *state; /* NULL: the guest has no such state */
    const NmmNic *macvtap;      /* (nullable) */
    gboolean maybe_macvtap;     /* an interface is on a device that does not exist now */
    const NmmNic *own;          /* (nullable): the profile's */
    const NmmNic *users;        /* (nullable): another one on the network */
    const NmmNic *stray;        /* (nullable): not on the network, but with the profile's alias */
    ServedBy served_by;
    const char *mac; /* (nullable): of the interface that serves it */
} StateView;

typedef struct {
    NmmPlanner *planner;
    NmmGuest *guest;
    gboolean selected;
    char *mac; /* of the profile's interface */
} GuestPlanner;

static void
set_served(StateView *view, ServedBy served_by, const char *mac)
{
    view->served_by = served_by;
    view->mac = mac;
}

static void
view_init(StateView *view, const NmmPlanner *planner, const NmmGuestState *state, NmmScope scope)
{
    *view = (StateView){.scope = scope, .state = state};
    view->macvtap =
        nmm_guest_state_find_macvtap(state, planner->profile->parent, planner->observed->networks);
    for (guint i = 0; i < state->nics->len; i++) {
        const NmmNic *nic = g_ptr_array_index(state->nics, i);
        gboolean on_network = g_strcmp0(nic->network, planner->profile->network) == 0;

        if (on_network && nmm_nic_is_ours(nic))
            view->own = nic;
        else if (g_strcmp0(nic->alias, planner->alias) == 0)
            view->stray = nic;
        else if (on_network && !view->users)
            view->users = nic;
        view->maybe_macvtap |= nic->unmanaged && nic->gone;
    }
    if (view->users)
        set_served(view, SERVED_BY_USER, view->users->mac);
    else if (view->own)
        set_served(view, SERVED_BY_PROFILE, view->own->mac);
}

static void
add_nic_edit(const GuestPlanner *self,
             const StateView *view,
             NmmEditKind kind,
             char *xml,
             char *reason)
{
    nmm_planner_add_nic_edit(self->planner, self->guest, view->scope, kind, xml, reason);
}

static void
add_detach(const GuestPlanner *self, StateView *view, char *reason)
{
    nmm_planner_add_detach(self->planner, self->guest, view->scope, view->own, reason);
    if (view->served_by == SERVED_BY_PROFILE)
        set_served(view, NOT_SERVED, NULL);
}

static void
add_attach(const GuestPlanner *self, StateView *view, char *reason)
{
    const NmmProfile *profile = self->planner->profile;
    const NmmNicSpec spec = {
        .network = profile->network,
        .mac = self->mac,
        .alias = self->planner->alias,
        .model = profile->nic_model,
        .isolated = profile->isolate_guests,
    };

    add_nic_edit(self, view, NMM_EDIT_NIC_ATTACH, nmm_nic_spec_to_xml(&spec), reason);
    set_served(view, SERVED_BY_PROFILE, self->mac);
}

static char *
describe_missing(const GuestPlanner *self, const NmmNic *macvtap)
{
    const char *network = self->planner->profile->network;

    if (macvtap->lower)
        return g_strdup_printf(
            _("guest has a macvtap interface on '%s', but no interface on network '%s'"),
            macvtap->lower,
            network);
    return g_strdup_printf(
        _("guest has a macvtap interface through network '%s', but no interface on network '%s'"),
        macvtap->network,
        network);
}

static char *
describe_unwanted(const GuestPlanner *self, const StateView *view)
{
    const NmmProfile *profile = self->planner->profile;

    if (!self->selected)
        return g_strdup_printf(
            _("guest has the profile's interface on network '%s', but the profile does not select "
              "it"),
            profile->network);
    if (view->macvtap)
        return g_strdup_printf(
            _("guest has its own interface on network '%s' and does not need the profile's"),
            profile->network);
    if (profile->parent)
        return g_strdup_printf(
            _("guest has the profile's interface on network '%s', but no macvtap interface on "
              "'%s' any "
              "more"),
            profile->network,
            profile->parent);
    return g_strdup_printf(
        _("guest has the profile's interface on network '%s', but no macvtap interface any more"),
        profile->network);
}

/* libvirt refuses to change the model in a running guest; if the profile has none, libvirt chooses
 * one, and any is right. */
static const char *
wanted_model(const GuestPlanner *self, const StateView *view)
{
    const char *model = self->planner->profile->nic_model;

    return view->scope == NMM_SCOPE_CONFIG && model ? model : view->own->model;
}

/* (nullable): a reason to update the profile's interface. */
static char *
describe_deviation(const GuestPlanner *self, const StateView *view)
{
    const NmmProfile *profile = self->planner->profile;
    const NmmNic *nic = view->own;
    const char *model = wanted_model(self, view);

    if (nic->link_down)
        return g_strdup_printf(_("the link of the guest's interface on network '%s' is down"),
                               profile->network);
    if (nic->isolated && !profile->isolate_guests)
        return g_strdup_printf(
            _("the guest's interface on network '%s' is isolated from other guests"),
            profile->network);
    if (!nic->isolated && profile->isolate_guests)
        return g_strdup_printf(
            _("the guest's interface on network '%s' is not isolated from other guests"),
            profile->network);
    if (g_strcmp0(nic->model, model) != 0)
        return g_strdup_printf(_("the guest's interface on network '%s' is not of model '%s'"),
                               profile->network,
                               model);
    return NULL;
}

/* It has a lease of the other host, whose network may have another subnet. */
static gboolean
has_old_lease(const GuestPlanner *self, const StateView *view)
{
    GHashTable *arrived = self->planner->observed->arrived;

    return view->scope == NMM_SCOPE_LIVE && !view->own->link_down && arrived &&
           g_hash_table_contains(arrived, self->guest->uuid);
}

static void
take_link_down(const GuestPlanner *self, const StateView *view)
{
    add_nic_edit(self,
                 view,
                 NMM_EDIT_NIC_UPDATE,
                 nmm_nic_change_to_xml(view->own, NULL, view->own->isolated, TRUE),
                 g_strdup_printf(_("the guest arrived by migration; its link on network '%s' goes "
                                   "down and up, so that it asks for an address again"),
                                 self->planner->profile->network));
}

static void
correct_nic(const GuestPlanner *self, const StateView *view)
{
    char *reason = describe_deviation(self, view);

    if (!reason)
        return;
    add_nic_edit(
        self,
        view,
        NMM_EDIT_NIC_UPDATE,
        nmm_nic_change_to_xml(
            view->own, wanted_model(self, view), self->planner->profile->isolate_guests, FALSE),
        reason);
}

/* A guest that was cloned from another has an interface with the MAC of the original. */
static void
replace_nic(const GuestPlanner *self, StateView *view)
{
    g_autofree char *reason = g_strdup_printf(
        _("the guest's interface on network '%s' has MAC '%s', but should have '%s'"),
        self->planner->profile->network,
        view->own->mac ? view->own->mac : "",
        self->mac);
    gboolean live = view->scope == NMM_SCOPE_LIVE;

    if (live && !self->planner->profile->hotplug) {
        set_served(view, NOT_SERVED, NULL);
        return;
    }
    add_detach(self, view, g_strdup(reason));
    /* libvirt refuses a second interface with that alias until the running guest has released the
     * first; the next plan attaches it. */
    if (live)
        set_served(view, SERVED_BY_PROFILE, self->mac);
    else
        add_attach(self, view, g_steal_pointer(&reason));
}

static void
bring_up(const GuestPlanner *self, StateView *view)
{
    const NmmProfile *profile = self->planner->profile;

    if (!view->macvtap || !self->selected || view->users) {
        if (view->own && !(view->maybe_macvtap && self->selected && !view->users))
            add_detach(self, view, describe_unwanted(self, view));
        return;
    }

    if (view->own) {
        if (g_strcmp0(view->own->mac, self->mac) != 0)
            replace_nic(self, view);
        else if (has_old_lease(self, view))
            take_link_down(self, view);
        else
            correct_nic(self, view);
    } else if (view->stray) {
        nmm_planner_add_note(
            self->planner,
            _("guest '%s' has an interface with alias '%s' that is not on network '%s'; change "
              "that alias so that the profile can add its own interface"),
            self->guest->name,
            self->planner->alias,
            profile->network);
    } else if (view->scope == NMM_SCOPE_CONFIG || profile->hotplug) {
        add_attach(self, view, describe_missing(self, view->macvtap));
    } else if (!self->guest->config) {
        nmm_planner_add_note(
            self->planner,
            _("guest '%s' is transient and cannot get an interface because of value '%s' of key "
              "'%s'; set the key to 'yes'"),
            self->guest->name,
            "no",
            NMM_KEY_HOTPLUG);
    }
}

static void
pull_plug(const GuestPlanner *self, const StateView *view)
{
    if (view->scope != NMM_SCOPE_LIVE || !view->own || view->own->link_down)
        return;
    add_nic_edit(
        self,
        view,
        NMM_EDIT_NIC_UPDATE,
        nmm_nic_change_to_xml(view->own, NULL, view->own->isolated, TRUE),
        g_strdup_printf(_("the profile is inactive, so the guest is unplugged from network '%s'"),
                        self->planner->profile->network));
}

static void
take_out(const GuestPlanner *self, StateView *view)
{
    if (view->own)
        add_detach(self,
                   view,
                   g_strdup_printf(_("the profile removes its interfaces from network '%s'"),
                                   self->planner->profile->network));
}

static void
do_state(const GuestPlanner *self, StateView *view)
{
    switch (self->planner->purpose) {
    case NMM_PURPOSE_UP:
        bring_up(self, view);
        return;
    case NMM_PURPOSE_DOWN:
        if (self->planner->profile->on_disconnect == NMM_ON_DISCONNECT_UNPLUG)
            pull_plug(self, view);
        else if (self->planner->profile->on_disconnect == NMM_ON_DISCONNECT_REMOVE)
            take_out(self, view);
        return;
    case NMM_PURPOSE_PURGE:
        take_out(self, view);
        return;
    case NMM_PURPOSE_UNDO:
        return; /* nmm-plan-undo.c */
    }
}

static gboolean
has_macvtap(const StateView *view)
{
    return view->state && view->macvtap;
}

/* Of a guest that runs, the running state decides. A state without macvtap interface needs no
 * service. */
static NmmGuestStatus
get_status(const GuestPlanner *self, const StateView *config, const StateView *live)
{
    const StateView *view = has_macvtap(live) || !has_macvtap(config) ? live : config;

    if (!has_macvtap(config) && !has_macvtap(live))
        return NMM_GUEST_NOT_MACVTAP;
    if (!self->selected)
        return NMM_GUEST_NOT_SELECTED;
    switch (view->served_by) {
    case SERVED_BY_USER:
        return NMM_GUEST_SERVED_BY_USER;
    case SERVED_BY_PROFILE:
        return live->state ? NMM_GUEST_SERVED : NMM_GUEST_SHUT_OFF;
    case NOT_SERVED:
        break;
    }
    return config->served_by != NOT_SERVED ? NMM_GUEST_NEEDS_RESTART : NMM_GUEST_NOT_SELECTED;
}

static void
add_report(const GuestPlanner *self, const StateView *config, const StateView *live)
{
    NmmGuestReport *report = g_new0(NmmGuestReport, 1);

    report->guest = nmm_guest_ref(self->guest);
    report->status = get_status(self, config, live);
    report->mac = g_strdup(live->mac ? live->mac : config->mac);
    g_ptr_array_add(self->planner->plan->reports, report);
}

void
nmm_planner_do_guest(NmmPlanner *planner, NmmGuest *guest)
{
    g_autofree char *mac = nmm_identity_mac(guest->uuid, planner->profile->network);
    const GuestPlanner self = {
        .planner = planner,
        .guest = guest,
        .selected = nmm_profile_selects(planner->profile, guest->name, guest->uuid),
        .mac = mac,
    };
    StateView config = {0};
    StateView live = {0};

    /* The definition first: it changes even if the running guest cannot. */
    if (guest->config) {
        view_init(&config, planner, guest->config, NMM_SCOPE_CONFIG);
        do_state(&self, &config);
    }
    if (guest->live) {
        view_init(&live, planner, guest->live, NMM_SCOPE_LIVE);
        do_state(&self, &live);
    }
    add_report(&self, &config, &live);
}
