/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "nmm-guest-warnings.h"

#include <glib/gi18n-lib.h>

#include "nmm-journal.h"
#include "nmm-guest-selection.h"
#include "nmm-reachability.h"

struct _NmmGuestWarnings {
    NmmProfile *profile;
    char *parent;
    GHashTable *unreachable; /* (element-type utf8 utf8): guest → why, as it was logged */
    GHashTable *gone;        /* (element-type utf8): those whose interface is gone */
    char *unmatched;         /* (nullable): as it was logged */
};

NmmGuestWarnings *
nmm_guest_warnings_new(NmmProfile *profile, const char *parent)
{
    NmmGuestWarnings *self = g_new0(NmmGuestWarnings, 1);

    self->profile = nmm_profile_ref(profile);
    self->parent = g_strdup(parent);
    self->unreachable = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->gone = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return self;
}

void
nmm_guest_warnings_free(NmmGuestWarnings *self)
{
    nmm_profile_unref(self->profile);
    g_free(self->parent);
    g_hash_table_unref(self->unreachable);
    g_hash_table_unref(self->gone);
    g_free(self->unmatched);
    g_free(self);
}

static char *
explain_mode(NmmGuestWarnings *self, const NmmGuest *guest, const char *mode)
{
    if (!guest->live)
        return g_strdup_printf(
            _("guest '%s' cannot start while profile '%s' is up: its macvtap interface on '%s' is "
              "in mode 'passthrough', which needs exclusive use of the device; set mode='bridge' in "
              "its definition, or use a profile of mode 'isolated'"),
            guest->name,
            self->profile->id,
            self->parent);
    return g_strdup_printf(
        _("guest '%s' cannot reach the host: its macvtap interface on '%s' is in "
          "mode '%s'; set mode='bridge' in its definition and restart it, or use "
          "a profile of mode 'isolated'"),
        guest->name,
        self->parent,
        mode);
}

static char *
explain_gone(NmmGuestWarnings *self, const NmmGuest *guest, const NmmNic *nic)
{
    g_hash_table_add(self->gone, g_strdup(guest->name));
    return g_strdup_printf(_("guest '%s' cannot reach the host: its macvtap interface '%s' "
                             "disappeared together with '%s' while the guest was running; restart "
                             "the guest, or detach the interface and attach it again; 'nm-macvtap "
                             "check %s' prints the commands"),
                           guest->name,
                           nic->target,
                           self->parent,
                           guest->name);
}

/* A running guest counts with its live interfaces; another one if it cannot start. */
static gboolean
is_in_the_way(const NmmGuest *guest, const NmmNic *nic)
{
    return guest->live ? nic->gone || !nmm_reachability_has_mode(nic->macvtap_mode)
                       : g_strcmp0(nic->macvtap_mode, "passthrough") == 0;
}

/* (transfer full) (nullable): one interface in mode bridge is enough. */
static char *
explain_guest(NmmGuestWarnings *self, const NmmGuest *guest, GPtrArray *networks)
{
    const NmmGuestState *state = guest->live ?: guest->config;
    const NmmNic *worst = NULL;

    for (guint i = 0; state && i < state->nics->len; i++) {
        const NmmNic *nic = state->nics->pdata[i];

        if (nic->type != NMM_NIC_DIRECT || g_strcmp0(nic->lower, self->parent) != 0)
            continue;
        if (!is_in_the_way(guest, nic))
            return NULL;
        worst = nic;
    }
    if (worst && worst->gone)
        return explain_gone(self, guest, worst);
    return worst ? explain_mode(self, guest, nmm_nic_get_macvtap_mode(worst, networks)) : NULL;
}

static gboolean
is_on_parent(NmmGuestWarnings *self, const NmmGuest *guest, GPtrArray *networks)
{
    return (guest->live && nmm_guest_state_find_macvtap(guest->live, self->parent, networks)) ||
           (guest->config && nmm_guest_state_find_macvtap(guest->config, self->parent, networks));
}

static gboolean
replace_unreachable(NmmGuestWarnings *self, GHashTable *unreachable)
{
    gboolean changed = g_hash_table_size(unreachable) != g_hash_table_size(self->unreachable);
    GHashTableIter iter;
    gpointer name;
    gpointer why;

    g_hash_table_iter_init(&iter, unreachable);
    while (g_hash_table_iter_next(&iter, &name, &why)) {
        if (g_strcmp0(g_hash_table_lookup(self->unreachable, name), why) == 0)
            continue;
        nmm_log_warning(NMM_LOG_GUEST(name), NMM_LOG_MESSAGE("%s", (const char *)why));
        changed = TRUE;
    }
    g_hash_table_unref(self->unreachable);
    self->unreachable = g_hash_table_ref(unreachable);
    return changed;
}

static gboolean
replace_unmatched(NmmGuestWarnings *self, GHashTable *present)
{
    g_autofree char *text =
        nmm_guest_selection_describe_unmatched(self->profile, self->parent, present);
    gboolean changed = g_strcmp0(text, self->unmatched) != 0;

    if (changed && text)
        g_warning("profile '%s': %s", self->profile->id, text);
    g_free(self->unmatched);
    self->unmatched = g_steal_pointer(&text);
    return changed;
}

gboolean
nmm_guest_warnings_update(NmmGuestWarnings *self, GPtrArray *guests, GPtrArray *networks)
{
    g_autoptr(GHashTable) present = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) unreachable =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    gboolean changed;

    g_hash_table_remove_all(self->gone);
    for (guint i = 0; i < guests->len; i++) {
        const NmmGuest *guest = guests->pdata[i];
        char *why;

        if (!nmm_profile_selects(self->profile, guest->name, guest->uuid))
            continue;
        if (is_on_parent(self, guest, networks))
            g_hash_table_insert(present, guest->uuid, guest->name);
        why = explain_guest(self, guest, networks);
        if (why)
            g_hash_table_insert(unreachable, g_strdup(guest->name), why);
    }
    changed = replace_unreachable(self, unreachable);
    return replace_unmatched(self, present) || changed;
}

GPtrArray *
nmm_guest_warnings_list_problems(NmmGuestWarnings *self)
{
    GPtrArray *problems = nmm_problems_new();
    GHashTableIter iter;
    gpointer name;
    gpointer why;

    g_hash_table_iter_init(&iter, self->unreachable);
    while (g_hash_table_iter_next(&iter, &name, &why))
        g_ptr_array_add(problems,
                        nmm_problem_new(g_hash_table_contains(self->gone, name)
                                            ? NMM_PROBLEM_MACVTAP_GONE
                                            : NMM_PROBLEM_MACVTAP_MODE,
                                        name,
                                        "%s",
                                        (const char *)why));
    if (self->unmatched)
        g_ptr_array_add(problems,
                        nmm_problem_new(NMM_PROBLEM_NO_GUEST, NULL, "%s", self->unmatched));
    return problems;
}
