/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Promises that every plan keeps. Draws guests, states, interfaces, networks and profiles at
 * random, carries the plan out, and checks the result. A failure prints the seed; `--seed` draws
 * the same host again.
 */

#include "config.h"

#include "plan-host.h"

#include <string.h>

#include "nmm-error.h"
#include "nmm-identity.h"

#define ROUNDS 1000

static gboolean
chance(guint percent)
{
    return (guint)g_test_rand_int_range(0, 100) < percent;
}

static const char *
pick(const char *const *choices, guint n)
{
    return choices[g_test_rand_int_range(0, (gint32)n)];
}

#define PICK(...)                                                                                  \
    pick((const char *const[]){__VA_ARGS__}, G_N_ELEMENTS(((const char *const[]){__VA_ARGS__})))

static void
draw_our_nic(GString *nics, guint number)
{
    const NmmNicSpec spec = {
        .mac = chance(15) ? "52:54:00:99:99:99" : NULL,
        .network = chance(5) ? "other" : NULL,
        .model = PICK("virtio", "e1000e", "rtl8139"),
        .isolated = chance(20),
        .link_down = chance(20),
    };
    g_autofree char *nic = plan_host_our_nic(number, &spec);

    g_string_append(nics, nic);
}

static void
draw_foreign_nics(GString *nics)
{
    static const char *const foreign[] = {
        "<interface type='direct'><source dev='eth0' mode='bridge'/></interface>",
        "<interface type='direct'><source dev='eth1' mode='vepa'/></interface>",
        "<interface type='network'><source network='macnet'/></interface>",
        "<interface type='network'><source network='default'/><link state='down'/></interface>",
        "<interface type='bridge'><source bridge='br0'/></interface>",
        "<interface type='network'><source network='isolated'/>"
        "<mac address='52:54:00:00:00:05'/></interface>",
        "<interface type='network'><source network='isolated'/><alias name='ua-mine'/></interface>",
        "<interface type='network'><source network='other'/>"
        "<alias name='ua-nm-macvtap-00000000'/></interface>",
    };

    for (guint i = 0; i < G_N_ELEMENTS(foreign); i++) {
        if (chance(i == 0 ? 50 : 15))
            g_string_append(nics, foreign[i]);
    }
}

static char *
draw_nics(guint number)
{
    g_autoptr(GString) nics = g_string_new(NULL);

    if (chance(30))
        return NULL;
    draw_foreign_nics(nics);
    if (chance(40))
        draw_our_nic(nics, number);
    return g_strdup(nics->str);
}

static void
draw_network(PlanHost *host)
{
    g_autofree char *xml =
        g_strdup_printf("<network><name>" PLAN_HOST_NETWORK "</name>%s%s</network>",
                        PICK("",
                             "",
                             "<forward mode='nat'/>",
                             "<metadata><x:profile xmlns:x='urn:nm-macvtap:network:1' "
                             "uuid='" PLAN_HOST_PROFILE "'/></metadata>",
                             "<metadata><x:profile xmlns:x='urn:nm-macvtap:network:1' "
                             "uuid='other-profile'/></metadata>"),
                        PICK("<ip address='192.168.254.1' prefix='24'/>",
                             "<ip address='192.168.254.1' prefix='24'/>",
                             "<ip address='10.0.0.1' prefix='24'/>",
                             ""));
    NmmNetwork *network = plan_host_add_network(host, xml, chance(50));

    network->autostart = chance(50);
    network->persistent = !network->active || chance(80);
}

static PlanHost *
draw_world(void)
{
    PlanHost *host = plan_host_new();
    guint n = (guint)g_test_rand_int_range(0, 6);

    plan_host_add_network(
        host,
        "<network><name>macnet</name><forward mode='bridge'><interface dev='eth0'/>"
        "</forward></network>",
        chance(50));
    plan_host_add_network(host,
                          "<network><name>default</name><forward mode='nat'/>"
                          "<ip address='192.168.122.1' prefix='24'/></network>",
                          chance(50));
    if (chance(60))
        draw_network(host);
    if (chance(30))
        plan_host_add_used(host, "192.168.254.0/24", "route 192.168.254.0/24 dev eth0");
    if (chance(30))
        plan_host_add_used(host, "10.0.0.0/8", "profile 'office'");

    while (n-- > 0) {
        guint number = host->guests->len + 1;
        g_autofree char *config = draw_nics(number);
        g_autofree char *live = draw_nics(number);

        if (config || live)
            plan_host_add_guest(host, config, live);
        else
            plan_host_add_guest(host, "", NULL);
    }
    return host;
}

static NmmProfile *
draw_profile(const char *on_disconnect)
{
    NmmProfile *profile =
        plan_host_profile_new(NMM_KEY_ON_DISCONNECT,
                              on_disconnect,
                              NMM_KEY_HOTPLUG,
                              PICK("yes", "yes", "no"),
                              NMM_KEY_ISOLATE_GUESTS,
                              PICK("yes", "no"),
                              NMM_KEY_NIC_MODEL,
                              PICK("virtio", "e1000e", "default"),
                              NMM_KEY_GUESTS,
                              PICK("all", "all", "g1 g2", "11111111-2222-4333-8444-000000000003"),
                              NMM_KEY_ADDRESS6,
                              PICK("none", "auto"),
                              NULL);

    if (chance(40)) {
        g_free(profile->parent);
        profile->parent = g_strdup(PICK("eth0", "eth1"));
    }
    return profile;
}

static NmmPlan *
make_plan(PlanHost *host, const NmmProfile *profile, NmmPurpose purpose)
{
    g_autoptr(GError) error = NULL;
    NmmPlan *plan = nmm_plan_isolated(profile, purpose, &host->observed, &error);

    if (plan) {
        g_assert_no_error(error);
        g_assert_cmpuint(plan->reports->len, ==, host->guests->len);
    } else {
        g_assert_error(error, NMM_ERROR, NMM_ERROR_CONFLICT);
        g_assert_cmpint(purpose, ==, NMM_PURPOSE_UP);
    }
    return plan;
}

/* Order: definition and start of the network, guests, removal of the network. */
static void
assert_ordered(const NmmPlan *plan)
{
    guint last = 0;

    for (guint i = 0; i < plan->edits->len; i++) {
        const NmmEdit *edit = g_ptr_array_index(plan->edits, i);
        gboolean nic = edit->guest_uuid != NULL;
        guint rank = nic ? NMM_EDIT_NIC_DETACH : edit->kind;

        g_assert_cmpuint(rank, >=, last);
        g_assert_cmpint(
            nic, ==, edit->kind >= NMM_EDIT_NIC_DETACH && edit->kind <= NMM_EDIT_NIC_UPDATE);
        last = rank;
    }
}

static gboolean
has_live_detach(const NmmPlan *plan)
{
    for (guint i = 0; i < plan->edits->len; i++) {
        const NmmEdit *edit = g_ptr_array_index(plan->edits, i);

        if (edit->kind == NMM_EDIT_NIC_DETACH && edit->scope == NMM_SCOPE_LIVE)
            return TRUE;
    }
    return FALSE;
}

/* Carries plans out until one is empty: the second, or the third if a running guest first had to
 * release an interface. FALSE: the profile is refused. */
static gboolean
settle(PlanHost *host, const NmmProfile *profile, NmmPurpose purpose)
{
    g_autofree char *config = plan_host_print(host, NMM_SCOPE_CONFIG, TRUE);
    g_autofree char *live = plan_host_print(host, NMM_SCOPE_LIVE, TRUE);
    g_autofree char *config_after = NULL;
    g_autofree char *live_after = NULL;
    g_autoptr(NmmPlan) first = make_plan(host, profile, purpose);
    g_autoptr(NmmPlan) second = NULL;
    g_autoptr(NmmPlan) third = NULL;

    if (!first)
        return FALSE;
    assert_ordered(first);
    plan_host_apply(host, first);

    second = make_plan(host, profile, purpose);
    if (!has_live_detach(first))
        g_assert_cmpuint(second->edits->len, ==, 0);
    g_assert_false(has_live_detach(second));
    plan_host_apply(host, second);

    third = make_plan(host, profile, purpose);
    g_assert_cmpuint(third->edits->len, ==, 0);

    config_after = plan_host_print(host, NMM_SCOPE_CONFIG, TRUE);
    live_after = plan_host_print(host, NMM_SCOPE_LIVE, TRUE);
    g_assert_cmpstr(config, ==, config_after);
    g_assert_cmpstr(live, ==, live_after);
    return TRUE;
}

static gboolean
is_wanted(const PlanHost *host,
          const NmmProfile *profile,
          const NmmGuest *guest,
          const NmmGuestState *state)
{
    return nmm_profile_selects(profile, guest->name, guest->uuid) &&
           nmm_guest_state_find_macvtap(state, profile->parent, host->networks);
}

static gboolean
has_stray(const NmmGuestState *state)
{
    g_autofree char *alias = nmm_identity_alias(PLAN_HOST_NETWORK);

    for (guint i = 0; i < state->nics->len; i++) {
        const NmmNic *nic = g_ptr_array_index(state->nics, i);

        if (g_strcmp0(nic->alias, alias) == 0 && g_strcmp0(nic->network, PLAN_HOST_NETWORK) != 0)
            return TRUE;
    }
    return FALSE;
}

static void
assert_served(const PlanHost *host,
              const NmmProfile *profile,
              const NmmGuest *guest,
              const NmmGuestState *state)
{
    gboolean wanted;
    guint ours = plan_host_count(state, TRUE);

    if (!state || has_stray(state))
        return;
    wanted = is_wanted(host, profile, guest, state);
    if (!wanted || plan_host_count(state, FALSE) > 0)
        g_assert_cmpuint(ours, ==, 0);
    else if (state == guest->config || profile->hotplug)
        g_assert_cmpuint(ours, ==, 1);
    else
        g_assert_cmpuint(ours, <=, 1);
}

static void
test_up(void)
{
    guint settled = 0;

    for (guint round = 0; round < ROUNDS; round++) {
        g_autoptr(PlanHost) host = draw_world();
        g_autoptr(NmmProfile) profile = draw_profile("unplug");

        if (!settle(host, profile, NMM_PURPOSE_UP))
            continue;
        settled++;
        g_assert_true(nmm_network_find(host->networks, PLAN_HOST_NETWORK)->active);
        for (guint i = 0; i < host->guests->len; i++) {
            const NmmGuest *guest = g_ptr_array_index(host->guests, i);

            assert_served(host, profile, guest, guest->config);
            assert_served(host, profile, guest, guest->live);
        }
    }
    g_assert_cmpuint(settled, >, ROUNDS / 4);
}

static void
assert_unplugged(const PlanHost *host)
{
    g_autofree char *live = plan_host_print(host, NMM_SCOPE_LIVE, FALSE);
    g_autofree char *alias = nmm_identity_alias(PLAN_HOST_NETWORK);
    g_auto(GStrv) lines = g_strsplit(live, "\n", -1);

    for (guint i = 0; lines[i]; i++) {
        if (strstr(lines[i], alias) && strstr(lines[i], " " PLAN_HOST_NETWORK " "))
            g_assert_nonnull(strstr(lines[i], " down"));
    }
}

/* Deactivating and activating again only unplugs the cable and plugs it in. */
static void
test_unplug(void)
{
    for (guint round = 0; round < ROUNDS; round++) {
        g_autoptr(PlanHost) host = draw_world();
        g_autoptr(NmmProfile) profile = draw_profile("unplug");
        g_autofree char *config = NULL;
        g_autofree char *live = NULL;
        g_autofree char *config_down = NULL;
        g_autofree char *config_again = NULL;
        g_autofree char *live_again = NULL;

        if (!settle(host, profile, NMM_PURPOSE_UP))
            continue;
        config = plan_host_print(host, NMM_SCOPE_CONFIG, FALSE);
        live = plan_host_print(host, NMM_SCOPE_LIVE, FALSE);

        g_assert_true(settle(host, profile, NMM_PURPOSE_DOWN));
        assert_unplugged(host);
        config_down = plan_host_print(host, NMM_SCOPE_CONFIG, FALSE);
        g_assert_cmpstr(config_down, ==, config);

        g_assert_true(settle(host, profile, NMM_PURPOSE_UP));
        config_again = plan_host_print(host, NMM_SCOPE_CONFIG, FALSE);
        live_again = plan_host_print(host, NMM_SCOPE_LIVE, FALSE);
        g_assert_cmpstr(config_again, ==, config);
        /* The copied interface that a guest without hotplug kept stays unplugged. */
        if (profile->hotplug)
            g_assert_cmpstr(live_again, ==, live);
    }
}

static void
test_keep(void)
{
    for (guint round = 0; round < ROUNDS; round++) {
        g_autoptr(PlanHost) host = draw_world();
        g_autoptr(NmmProfile) profile = draw_profile("keep");
        g_autoptr(NmmPlan) plan = make_plan(host, profile, NMM_PURPOSE_DOWN);

        g_assert_cmpuint(plan->edits->len, ==, 0);
    }
}

static gboolean
is_used(const PlanHost *host)
{
    for (guint i = 0; i < host->guests->len; i++) {
        const NmmGuest *guest = g_ptr_array_index(host->guests, i);

        g_assert_cmpuint(plan_host_count(guest->config, TRUE), ==, 0);
        g_assert_cmpuint(plan_host_count(guest->live, TRUE), ==, 0);
        if (plan_host_count(guest->config, FALSE) + plan_host_count(guest->live, FALSE) > 0)
            return TRUE;
    }
    return FALSE;
}

static void
assert_taken_out(NmmPurpose purpose, gboolean partial)
{
    guint removed = 0;

    for (guint round = 0; round < ROUNDS; round++) {
        g_autoptr(PlanHost) host = draw_world();
        g_autoptr(NmmProfile) profile = draw_profile("remove");
        NmmNetwork *network;
        gboolean existed, ours;

        if (chance(50))
            settle(host, profile, NMM_PURPOSE_UP);
        network = nmm_network_find(host->networks, PLAN_HOST_NETWORK);
        existed = network != NULL;
        ours =
            network && network->owner_uuid &&
            (purpose == NMM_PURPOSE_PURGE || g_str_equal(network->owner_uuid, PLAN_HOST_PROFILE));

        host->observed.guests_partial = partial;
        g_assert_true(settle(host, profile, purpose));
        network = nmm_network_find(host->networks, PLAN_HOST_NETWORK);
        g_assert_cmpint(network != NULL, ==, existed && (!ours || is_used(host) || partial));
        removed += existed && !network;
    }
    g_assert_cmpint(removed > 0, ==, !partial);
}

static void
test_remove(void)
{
    assert_taken_out(NMM_PURPOSE_DOWN, FALSE);
}

static void
test_purge(void)
{
    assert_taken_out(NMM_PURPOSE_PURGE, FALSE);
}

static void
test_partial(void)
{
    assert_taken_out(NMM_PURPOSE_DOWN, TRUE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan-properties/up", test_up);
    g_test_add_func("/plan-properties/unplug", test_unplug);
    g_test_add_func("/plan-properties/keep", test_keep);
    g_test_add_func("/plan-properties/remove", test_remove);
    g_test_add_func("/plan-properties/purge", test_purge);
    g_test_add_func("/plan-properties/partial", test_partial);
    return g_test_run();
}
