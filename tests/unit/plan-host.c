/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As seen with libvirt 9.0: a guest has an alias only once, an update finds the interface by MAC
 * and alias and refuses another model in a running guest, a definition without a model gets one.
 */

#include "config.h"

#include "plan-host.h"

#include <stdarg.h>
#include <stdlib.h>

#include "nmm-identity.h"

PlanHost *
plan_host_new(void)
{
    PlanHost *host = g_new0(PlanHost, 1);

    host->guests = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_guest_unref);
    host->networks = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_network_free);
    host->used = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_used_subnet_free);
    host->observed.guests = host->guests;
    host->observed.networks = host->networks;
    host->observed.used = host->used;
    host->observed.host_id = "0123456789abcdef0123456789abcdef";
    return host;
}

void
plan_host_free(PlanHost *host)
{
    g_ptr_array_unref(host->guests);
    g_ptr_array_unref(host->networks);
    g_ptr_array_unref(host->used);
    g_free(host);
}

char *
plan_host_guest_uuid(guint number)
{
    return g_strdup_printf("11111111-2222-4333-8444-0000000000%02u", number);
}

static char *
domain_xml(const PlanHost *host, guint number, const char *nics)
{
    g_autofree char *uuid = plan_host_guest_uuid(number);
    g_autoptr(GString) kept = g_string_new(nics);

    if (!nics)
        return NULL;
    /* libvirt forgets what it does not know. */
    if (host->containers)
        g_string_replace(kept, "<alias", "<forgotten", 0);
    return g_strdup_printf(
        "<domain type='%s'><name>g%u</name><uuid>%s</uuid><devices>%s</devices></domain>",
        host->containers ? "lxc" : "kvm",
        number,
        uuid,
        kept->str);
}

NmmGuest *
plan_host_add_guest(PlanHost *host, const char *config_nics, const char *live_nics)
{
    g_autofree char *config = domain_xml(host, host->guests->len + 1, config_nics);
    g_autofree char *live = domain_xml(host, host->guests->len + 1, live_nics);
    g_autoptr(GError) error = NULL;
    NmmGuest *guest = nmm_guest_new_from_xml(config, live, &error);

    g_assert_no_error(error);
    g_ptr_array_add(host->guests, guest);
    return guest;
}

char *
plan_host_our_nic(guint number, const NmmNicSpec *spec)
{
    g_autofree char *uuid = plan_host_guest_uuid(number);
    g_autofree char *mac = nmm_identity_mac(uuid, PLAN_HOST_NETWORK);
    g_autofree char *alias = nmm_identity_alias(PLAN_HOST_NETWORK);
    NmmNicSpec full = *spec;

    full.network = spec->network ? spec->network : PLAN_HOST_NETWORK;
    full.mac = spec->mac ? spec->mac : mac;
    full.alias = spec->alias ? spec->alias : alias;
    return nmm_nic_spec_to_xml(&full);
}

NmmNetwork *
plan_host_add_network(PlanHost *host, const char *xml, gboolean active)
{
    g_autoptr(GError) error = NULL;
    NmmNetwork *network = nmm_network_new_from_xml(xml, active, TRUE, TRUE, &error);

    g_assert_no_error(error);
    g_ptr_array_add(host->networks, network);
    return network;
}

void
plan_host_add_used(PlanHost *host, const char *cidr, const char *what)
{
    NmmCidr parsed;

    g_assert_true(nmm_cidr_parse(cidr, &parsed, NULL));
    g_ptr_array_add(host->used, nmm_used_subnet_new(&parsed, what));
}

static NmmGuestState *
find_state(const PlanHost *host, const NmmEdit *edit)
{
    for (guint i = 0; i < host->guests->len; i++) {
        NmmGuest *guest = g_ptr_array_index(host->guests, i);

        if (!g_str_equal(guest->uuid, edit->guest_uuid))
            continue;
        g_assert_cmpstr(guest->name, ==, edit->guest_name);
        return edit->scope == NMM_SCOPE_CONFIG ? guest->config : guest->live;
    }
    g_assert_not_reached();
}

/* (nullable) */
static NmmNic *
find_alias(const NmmGuestState *state, const char *alias, guint *out_index)
{
    for (guint i = 0; i < state->nics->len; i++) {
        NmmNic *nic = g_ptr_array_index(state->nics, i);

        if (g_strcmp0(nic->alias, alias) != 0)
            continue;
        if (out_index)
            *out_index = i;
        return nic;
    }
    return NULL;
}

/* The guest of the edit, with the edit's interface alone. */
static NmmGuest *
read_edit(const PlanHost *host, const NmmEdit *edit)
{
    g_autofree char *xml = domain_xml(host, (guint)atoi(edit->guest_name + 1), edit->xml);
    g_autoptr(GError) error = NULL;
    NmmGuest *guest = nmm_guest_new_from_xml(xml, NULL, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(guest->config->nics->len, ==, 1);
    return guest;
}

static void
fill_in_model(NmmNic *nic)
{
    if (!nic->model)
        nic->model = g_strdup("rtl8139");
}

static gboolean
is_live_on(const PlanHost *host, const char *network)
{
    for (guint i = 0; i < host->guests->len; i++) {
        const NmmGuest *guest = g_ptr_array_index(host->guests, i);

        for (guint j = 0; guest->live && j < guest->live->nics->len; j++) {
            const NmmNic *nic = g_ptr_array_index(guest->live->nics, j);

            if (g_strcmp0(nic->network, network) == 0)
                return TRUE;
        }
    }
    return FALSE;
}

static void
attach(const PlanHost *host, const NmmEdit *edit)
{
    NmmGuestState *state = find_state(host, edit);
    g_autoptr(NmmGuest) carrier = read_edit(host, edit);
    NmmNic *nic = g_ptr_array_steal_index(carrier->config->nics, 0);

    g_assert_nonnull(state);
    g_assert_null(find_alias(state, nic->alias, NULL));
    g_assert_cmpstr(nic->alias, ==, edit->alias);
    g_assert_cmpstr(nic->network, ==, edit->network);
    if (edit->scope == NMM_SCOPE_LIVE)
        g_assert_true(nmm_network_find(host->networks, nic->network)->active);
    fill_in_model(nic);
    g_ptr_array_add(state->nics, nic);
}

static void
update(const PlanHost *host, const NmmEdit *edit)
{
    g_autoptr(NmmGuest) carrier = read_edit(host, edit);
    NmmNic *nic = find_alias(find_state(host, edit), edit->alias, NULL);
    NmmNic *wanted = g_ptr_array_index(carrier->config->nics, 0);

    g_assert_nonnull(nic);
    g_assert_false(host->containers && edit->scope == NMM_SCOPE_LIVE);
    g_assert_cmpstr(nic->mac, ==, wanted->mac);
    g_assert_cmpstr(nic->alias, ==, wanted->alias);
    g_assert_cmpstr(nic->network, ==, wanted->network);
    fill_in_model(nic);
    fill_in_model(wanted);
    if (edit->scope == NMM_SCOPE_LIVE)
        g_assert_cmpstr(nic->model, ==, wanted->model);
    nic->link_down = wanted->link_down;
    nic->isolated = wanted->isolated;
    g_free(nic->model);
    nic->model = g_steal_pointer(&wanted->model);
}

static void
detach(const PlanHost *host, const NmmEdit *edit)
{
    NmmGuestState *state = find_state(host, edit);
    const NmmNic *nic;
    guint index;

    g_assert_nonnull(state);
    nic = find_alias(state, edit->alias, &index);
    g_assert_nonnull(nic);
    g_assert_cmpstr(nic->network, ==, edit->network);
    g_assert_cmpstr(edit->xml, ==, host->containers ? nic->xml : NULL);
    g_ptr_array_remove_index(state->nics, index);
}

/* libvirt shows what is running, not the new definition, of an active network. */
static void
redefine(PlanHost *host, NmmNetwork *old, const NmmEdit *edit)
{
    NmmNetwork *network = plan_host_add_network(host, edit->xml, old->active);

    g_assert_cmpstr(network->name, ==, old->name);
    g_assert_cmpstr(network->uuid, ==, old->uuid);
    g_assert_true(old->persistent);
    network->autostart = old->autostart;
    g_ptr_array_remove(host->networks, old);
}

static void
define(PlanHost *host, const NmmEdit *edit)
{
    NmmNetwork *network = nmm_network_find(host->networks, edit->network);

    if (network) {
        redefine(host, network, edit);
        return;
    }
    network = plan_host_add_network(host, edit->xml, FALSE);
    g_assert_cmpstr(network->name, ==, edit->network);
    network->bridge = g_strdup("virbr7");
    network->autostart = FALSE;
}

static void
stop(PlanHost *host, NmmNetwork *network)
{
    g_assert_true(network->active);
    g_assert_false(is_live_on(host, network->name));
    network->active = FALSE;
    if (!network->persistent)
        g_ptr_array_remove(host->networks, network);
}

static void
undefine(PlanHost *host, NmmNetwork *network)
{
    g_assert_true(network->persistent);
    network->persistent = FALSE;
    if (!network->active)
        g_ptr_array_remove(host->networks, network);
}

static void
apply_edit(PlanHost *host, const NmmEdit *edit)
{
    NmmNetwork *network = nmm_network_find(host->networks, edit->network);

    g_assert_cmpstr(edit->network, ==, PLAN_HOST_NETWORK);
    g_assert_nonnull(edit->reason);
    switch (edit->kind) {
    case NMM_EDIT_NETWORK_DEFINE:
        define(host, edit);
        return;
    case NMM_EDIT_NETWORK_AUTOSTART:
        g_assert_true(network->persistent && !network->autostart);
        network->autostart = TRUE;
        return;
    case NMM_EDIT_NETWORK_START:
        g_assert_false(network->active);
        network->active = TRUE;
        return;
    case NMM_EDIT_NIC_DETACH:
        detach(host, edit);
        return;
    case NMM_EDIT_NIC_ATTACH:
        attach(host, edit);
        return;
    case NMM_EDIT_NIC_UPDATE:
        update(host, edit);
        return;
    case NMM_EDIT_NETWORK_DESTROY:
        stop(host, network);
        return;
    case NMM_EDIT_NETWORK_NO_AUTOSTART:
        g_assert_true(network->persistent && network->autostart);
        network->autostart = FALSE;
        return;
    case NMM_EDIT_NETWORK_UNDEFINE:
        undefine(host, network);
        return;
    }
    g_assert_not_reached();
}

void
plan_host_apply(PlanHost *host, const NmmPlan *plan)
{
    for (guint i = 0; i < plan->edits->len; i++)
        apply_edit(host, g_ptr_array_index(plan->edits, i));
}

static gboolean
is_ours(const NmmNic *nic)
{
    g_autofree char *alias = nmm_identity_alias(PLAN_HOST_NETWORK);

    return g_strcmp0(nic->network, PLAN_HOST_NETWORK) == 0 && g_strcmp0(nic->alias, alias) == 0;
}

char *
plan_host_print(const PlanHost *host, NmmScope scope, gboolean foreign_only)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < host->guests->len; i++) {
        const NmmGuest *guest = g_ptr_array_index(host->guests, i);
        const NmmGuestState *state = scope == NMM_SCOPE_CONFIG ? guest->config : guest->live;

        for (guint j = 0; state && j < state->nics->len; j++) {
            const NmmNic *nic = g_ptr_array_index(state->nics, j);

            if (foreign_only && is_ours(nic))
                continue;
            g_string_append_printf(text,
                                   "%s: %d %s %s %s %s %s %s%s\n",
                                   guest->name,
                                   nic->type,
                                   nic->network ? nic->network : "-",
                                   nic->lower ? nic->lower : "-",
                                   nic->mac ? nic->mac : "-",
                                   nic->alias ? nic->alias : "-",
                                   nic->model ? nic->model : "-",
                                   nic->link_down ? "down" : "up",
                                   nic->isolated ? " isolated" : "");
        }
    }
    return g_string_free(text, FALSE);
}

guint
plan_host_count(const NmmGuestState *state, gboolean ours)
{
    guint count = 0;

    for (guint i = 0; state && i < state->nics->len; i++) {
        const NmmNic *nic = g_ptr_array_index(state->nics, i);

        if (g_strcmp0(nic->network, PLAN_HOST_NETWORK) == 0 && is_ours(nic) == ours)
            count++;
    }
    return count;
}

NmmProfile *
plan_host_profile_new(const char *key, ...)
{
    g_autoptr(GHashTable) data = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GError) error = NULL;
    NmmProfile *profile;
    va_list args;

    va_start(args, key);
    for (; key; key = va_arg(args, const char *))
        g_hash_table_insert(data, (char *)key, va_arg(args, char *));
    va_end(args);
    profile = nmm_profile_parse("guests", PLAN_HOST_PROFILE, NULL, data, NULL, &error);
    g_assert_no_error(error);
    return profile;
}
