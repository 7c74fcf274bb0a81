/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contract of NmmHostlink, one test a promise.
 */

#include "config.h"

#include "hostlink-contract.h"

#include <string.h>

#include "nmm-error.h"
#include "nmm-identity.h"

#define UUID_A "0d0a8a4e-6f6b-4d77-9f0e-0c2b9e6c1a01"
#define UUID_B "0d0a8a4e-6f6b-4d77-9f0e-0c2b9e6c1b02"
#define MARK_A "nm-macvtap:" UUID_A
#define MARK_B "nm-macvtap:" UUID_B

/* A signal that comes comes at once; one that does not come is waited for this long. */
#define PATIENCE_MS 5000
#define SILENCE_MS  100

static void (*world_setup)(HostlinkWorld *);
static void (*world_teardown)(HostlinkWorld *);

typedef struct {
    HostlinkWorld world;
    GString *signals; /* names and values, one a line */
} Fixture;

static const NmmHostlinkSpec spec_a = {"nmmveth0", "eth0", UUID_A};

static void
gone_cb(NmmHostlink *hostlink, const char *reason, Fixture *f)
{
    g_assert_cmpstr(reason, !=, "");
    g_string_append(f->signals, "gone\n");
}

static void
addresses_changed_cb(NmmHostlink *hostlink, Fixture *f)
{
    g_string_append(f->signals, "addresses\n");
}

static void
carrier_changed_cb(NmmHostlink *hostlink, gboolean carrier, Fixture *f)
{
    g_string_append_printf(f->signals, "carrier %d\n", carrier);
}

static void
setup(Fixture *f, gconstpointer data)
{
    world_setup(&f->world);
    f->signals = g_string_new(NULL);
    g_signal_connect(f->world.hostlink, "gone", G_CALLBACK(gone_cb), f);
    g_signal_connect(f->world.hostlink, "addresses-changed", G_CALLBACK(addresses_changed_cb), f);
    g_signal_connect(f->world.hostlink, "carrier-changed", G_CALLBACK(carrier_changed_cb), f);
    f->world.add_parent(f->world.data, "eth0");
}

static void
teardown(Fixture *f, gconstpointer data)
{
    g_object_add_weak_pointer(G_OBJECT(f->world.hostlink), (gpointer *)&f->world.hostlink);
    g_object_unref(f->world.hostlink);
    g_assert_null(f->world.hostlink);
    world_teardown(&f->world);
    g_string_free(f->signals, TRUE);
}

static gboolean
wake_cb(gpointer data)
{
    *(gboolean *)data = TRUE;
    return G_SOURCE_REMOVE;
}

/* Runs the main loop until @expected has been said, or for SILENCE_MS where nothing is expected. */
static void
assert_signals(Fixture *f, const char *expected)
{
    gboolean over = FALSE;
    guint timer = g_timeout_add(*expected ? PATIENCE_MS : SILENCE_MS, wake_cb, &over);

    while (!over && (*expected == '\0' || strlen(f->signals->str) < strlen(expected)))
        g_main_context_iteration(NULL, TRUE);
    if (!over)
        g_source_remove(timer);
    g_assert_cmpstr(f->signals->str, ==, expected);
    g_string_truncate(f->signals, 0);
}

static void
create(Fixture *f)
{
    GError *error = NULL;

    g_assert_true(nmm_hostlink_create(f->world.hostlink, &spec_a, &error));
    g_assert_no_error(error);
}

/* @names: what the message has to say. */
static void
assert_refused(Fixture *f, NmmError code, const char *const *names)
{
    g_autofree char *before = f->world.describe_link(f->world.data, spec_a.name);
    g_autofree char *after = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_false(nmm_hostlink_create(f->world.hostlink, &spec_a, &error));
    g_assert_error(error, NMM_ERROR, (int)code);
    for (gsize i = 0; names[i] != NULL; i++) {
        if (strstr(error->message, names[i]) == NULL)
            g_error("'%s' does not name '%s'", error->message, names[i]);
    }
    after = f->world.describe_link(f->world.data, spec_a.name);
    g_assert_cmpstr(after, ==, before);
    g_assert_true(nmm_hostlink_remove(f->world.hostlink, NULL));
}

static void
assert_link(Fixture *f, const char *name, const char *expected)
{
    g_autofree char *text = f->world.describe_link(f->world.data, name);

    g_assert_cmpstr(text, ==, expected);
}

static char *
expected_link(Fixture *f)
{
    g_autofree char *parent_mac = f->world.get_mac(f->world.data, "eth0");
    g_autofree char *mac = nmm_identity_link_mac(UUID_A, parent_mac);

    return g_strdup_printf("eth0 up %s " MARK_A, mac);
}

static void
test_create(Fixture *f, gconstpointer data)
{
    g_autofree char *expected = expected_link(f);

    create(f);
    assert_link(f, "nmmveth0", expected);
    assert_signals(f, "");
    g_assert_true(nmm_hostlink_remove(f->world.hostlink, NULL));
    assert_link(f, "nmmveth0", NULL);
    assert_signals(f, "");
    g_assert_true(nmm_hostlink_remove(f->world.hostlink, NULL));
    /* the object serves again, and the MAC is the same for good */
    create(f);
    assert_link(f, "nmmveth0", expected);
}

static void
test_stranger(Fixture *f, gconstpointer data)
{
    f->world.add_link(f->world.data, "nmmveth0", "eth0", NULL);
    assert_refused(f, NMM_ERROR_CONFLICT, (const char *[]){"nmmveth0", NULL});
}

static void
test_stranger_with_alias(Fixture *f, gconstpointer data)
{
    f->world.add_link(f->world.data, "nmmveth0", "eth0", "uplink nm-macvtap:");
    assert_refused(f, NMM_ERROR_CONFLICT, (const char *[]){"nmmveth0", NULL});
}

static void
test_other_profile(Fixture *f, gconstpointer data)
{
    f->world.add_link(f->world.data, "nmmveth0", "eth0", MARK_B);
    assert_refused(f, NMM_ERROR_CONFLICT, (const char *[]){"nmmveth0", UUID_B, NULL});
}

static void
test_leftover(Fixture *f, gconstpointer data)
{
    g_autofree char *expected = expected_link(f);

    f->world.add_parent(f->world.data, "eth1");
    f->world.add_link(f->world.data, "nmmveth0", "eth1", MARK_A);
    create(f);
    assert_link(f, "nmmveth0", expected);
    assert_signals(f, "");
}

static void
test_no_parent(Fixture *f, gconstpointer data)
{
    const NmmHostlinkSpec spec = {"nmmveth9", "eth9", UUID_A};
    g_autoptr(GError) error = NULL;

    g_assert_false(nmm_hostlink_create(f->world.hostlink, &spec, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "'eth9'"));
}

static void
test_bridge_port(Fixture *f, gconstpointer data)
{
    f->world.enslave(f->world.data, "eth0", "br7");
    assert_refused(f, NMM_ERROR_CONFLICT, (const char *[]){"'eth0'", "'br7' as the parent", NULL});
}

static void
test_wireless(Fixture *f, gconstpointer data)
{
    f->world.set_wireless(f->world.data, "eth0");
    assert_refused(f, NMM_ERROR_UNSUPPORTED, (const char *[]){"'eth0'", "Wi-Fi", NULL});
}

static void
test_passthrough(Fixture *f, gconstpointer data)
{
    f->world.add_passthrough(f->world.data, "macvtap7", "eth0");
    assert_refused(f, NMM_ERROR_CONFLICT, (const char *[]){"'eth0'", "'macvtap7'", NULL});
}

static void
test_gone(Fixture *f, gconstpointer data)
{
    create(f);
    f->world.delete_link(f->world.data, "nmmveth0");
    assert_signals(f, "gone\n");
    assert_signals(f, "");
    g_assert_true(nmm_hostlink_remove(f->world.hostlink, NULL));
    create(f);
    assert_signals(f, "");
}

static void
test_gone_with_parent(Fixture *f, gconstpointer data)
{
    create(f);
    f->world.delete_link(f->world.data, "eth0");
    assert_signals(f, "gone\n");
    assert_link(f, "nmmveth0", NULL);
}

static void
test_set_down(Fixture *f, gconstpointer data)
{
    create(f);
    f->world.set_down(f->world.data, "nmmveth0");
    assert_signals(f, "gone\n");
    assert_signals(f, "");
    g_assert_true(nmm_hostlink_remove(f->world.hostlink, NULL));
    assert_link(f, "nmmveth0", NULL);
}

static void
assert_addresses(Fixture *f, const char *expected)
{
    GError *error = NULL;
    g_autoptr(GArray) addresses = nmm_hostlink_list_addresses(f->world.hostlink, &error);
    g_autoptr(GString) text = g_string_new(NULL);

    g_assert_no_error(error);
    for (guint i = 0; i < addresses->len; i++) {
        const NmmCidr *cidr = &g_array_index(addresses, NmmCidr, i);
        g_autofree char *one = nmm_cidr_to_string(cidr);

        if (!g_str_has_prefix(one, "fe80:"))
            g_string_append_printf(text, "%s%s", text->len ? " " : "", one);
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static void
test_addresses(Fixture *f, gconstpointer data)
{
    f->world.add_address(f->world.data, "eth0", "10.0.0.1/24");
    create(f);
    assert_addresses(f, "10.0.0.1/24");
    f->world.add_address(f->world.data, "eth0", "fd00::1/64");
    assert_signals(f, "addresses\n");
    assert_addresses(f, "10.0.0.1/24 fd00::1/64");
    f->world.remove_address(f->world.data, "eth0", "10.0.0.1/24");
    assert_signals(f, "addresses\n");
    assert_addresses(f, "fd00::1/64");
    /* another interface's are no matter */
    f->world.add_parent(f->world.data, "eth1");
    f->world.add_address(f->world.data, "eth1", "10.0.1.1/24");
    assert_signals(f, "");
    assert_addresses(f, "fd00::1/64");
}

static void
test_carrier(Fixture *f, gconstpointer data)
{
    create(f);
    g_assert_true(nmm_hostlink_has_carrier(f->world.hostlink));
    f->world.set_carrier(f->world.data, "eth0", FALSE);
    assert_signals(f, "carrier 0\n");
    g_assert_false(nmm_hostlink_has_carrier(f->world.hostlink));
    f->world.set_carrier(f->world.data, "eth0", TRUE);
    assert_signals(f, "carrier 1\n");
    g_assert_true(nmm_hostlink_has_carrier(f->world.hostlink));
}

static int
compare_infos(gconstpointer a, gconstpointer b)
{
    return strcmp((*(NmmHostlinkInfo *const *)a)->name, (*(NmmHostlinkInfo *const *)b)->name);
}

static void
assert_list(Fixture *f, const char *expected)
{
    g_autoptr(GPtrArray) list = nmm_hostlink_list(f->world.hostlink, NULL);
    g_autoptr(GString) text = g_string_new(NULL);

    g_ptr_array_sort(list, compare_infos);
    for (guint i = 0; i < list->len; i++) {
        const NmmHostlinkInfo *info = list->pdata[i];

        g_string_append_printf(text, "%s %s %s\n", info->name, info->profile_uuid, info->parent);
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static void
test_list(Fixture *f, gconstpointer data)
{
    assert_list(f, "");
    f->world.add_link(f->world.data, "macvtap0", "eth0", NULL);
    f->world.add_link(f->world.data, "nmmvother", "eth0", MARK_B);
    create(f);
    assert_list(f, "nmmveth0 " UUID_A " eth0\nnmmvother " UUID_B " eth0\n");
}

static void
assert_leftover_error(Fixture *f, const char *name, const char *uuid, NmmError code)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(nmm_hostlink_remove_leftover(f->world.hostlink, name, uuid, &error));
    g_assert_error(error, NMM_ERROR, (int)code);
}

static void
test_remove_leftover(Fixture *f, gconstpointer data)
{
    f->world.add_link(f->world.data, "macvtap0", "eth0", NULL);
    f->world.add_link(f->world.data, "nmmvother", "eth0", MARK_B);
    assert_leftover_error(f, "nmmvother", UUID_A, NMM_ERROR_CONFLICT);
    assert_leftover_error(f, "macvtap0", UUID_A, NMM_ERROR_CONFLICT);
    assert_leftover_error(f, "nmmvnone", UUID_A, NMM_ERROR_NOT_FOUND);
    g_assert_true(nmm_hostlink_remove_leftover(f->world.hostlink, "nmmvother", UUID_B, NULL));
    assert_link(f, "nmmvother", NULL);
    assert_list(f, "");
}

static void
append_route(GArray *routes, const char *address, const char *source, const char *mac)
{
    NmmRoute route = {.guest = "web"};
    guint prefix = strchr(address, ':') ? 128 : 32;

    g_assert_true(nmm_cidr_init(&route.address, address, prefix, NULL));
    g_assert_true(nmm_cidr_init(&route.source, source, prefix, NULL));
    g_assert_true(nmm_mac_parse(mac, route.mac));
    g_array_append_val(routes, route);
}

/* Sets the routes of "ADDRESS SOURCE MAC" lines and compares what is there with them. */
static void
set_routes(Fixture *f, const char *const *lines)
{
    g_autoptr(GArray) routes = g_array_new(FALSE, FALSE, sizeof(NmmRoute));
    g_autoptr(GString) expected = g_string_new(NULL);
    g_autofree char *text = NULL;
    GError *error = NULL;

    for (gsize i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", 3);

        append_route(routes, words[0], words[1], words[2]);
        g_string_append_printf(expected,
                               "%s/%d src %s at %s\n",
                               words[0],
                               strchr(words[0], ':') ? 128 : 32,
                               words[1],
                               words[2]);
    }
    g_assert_true(nmm_hostlink_set_routes(f->world.hostlink, routes, &error));
    g_assert_no_error(error);
    text = f->world.describe_routes(f->world.data, "nmmveth0");
    g_assert_cmpstr(text, ==, expected->str);
}

#define MAC_1 "52:54:00:00:00:01"
#define MAC_2 "52:54:00:00:00:02"

static void
test_routes(Fixture *f, gconstpointer data)
{
    f->world.add_address(f->world.data, "eth0", "10.0.0.1/24");
    f->world.add_address(f->world.data, "eth0", "10.0.0.2/24");
    f->world.add_address(f->world.data, "eth0", "fd00::1/64");
    create(f);
    set_routes(f, (const char *[]){"10.0.0.5 10.0.0.1 " MAC_1, "fd00::5 fd00::1 " MAC_1, NULL});
    set_routes(f,
               (const char *[]){"10.0.0.4 10.0.0.1 " MAC_2,
                                "10.0.0.5 10.0.0.2 " MAC_1,
                                "10.0.0.6 10.0.0.1 " MAC_2,
                                "fd00::5 fd00::1 " MAC_2,
                                NULL});
    set_routes(f, (const char *[]){"10.0.0.6 10.0.0.1 " MAC_2, NULL});
    set_routes(f, (const char *[]){NULL});
}

static void
test_routes_follow_address(Fixture *f, gconstpointer data)
{
    const char *const lines[] = {"10.0.0.5 10.0.0.1 " MAC_1, NULL};

    f->world.add_address(f->world.data, "eth0", "10.0.0.1/24");
    create(f);
    set_routes(f, lines);
    f->world.remove_address(f->world.data, "eth0", "10.0.0.1/24");
    f->world.add_address(f->world.data, "eth0", "10.0.0.1/24");
    assert_signals(f, "addresses\n");
    set_routes(f, lines);
}

static void
test_routes_bad(Fixture *f, gconstpointer data)
{
    g_autoptr(GArray) routes = g_array_new(FALSE, FALSE, sizeof(NmmRoute));
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    f->world.add_address(f->world.data, "eth0", "10.0.0.1/24");
    create(f);
    append_route(routes, "10.0.0.4", "10.0.0.77", MAC_1); /* no address of the host's */
    append_route(routes, "10.0.0.5", "10.0.0.1", MAC_1);
    g_assert_false(nmm_hostlink_set_routes(f->world.hostlink, routes, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_FAILED);
    text = f->world.describe_routes(f->world.data, "nmmveth0");
    g_assert_cmpstr(text, ==, "10.0.0.5/32 src 10.0.0.1 at " MAC_1 "\n");
    set_routes(f, (const char *[]){"10.0.0.5 10.0.0.1 " MAC_1, NULL});
}

static void
test_neighbours(Fixture *f, gconstpointer data)
{
    g_autoptr(GArray) neighbours = NULL;
    g_autoptr(GError) error = NULL;

    create(f);
    neighbours = nmm_hostlink_list_neighbours(f->world.hostlink, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(neighbours->len, ==, 0);
}

/* Every promise of the interface; one of them cannot be forgotten for one implementation. */
static const struct {
    const char *name;
    void (*function)(Fixture *, gconstpointer);
} tests[] = {
    {"create", test_create},
    {"stranger", test_stranger},
    {"stranger-with-alias", test_stranger_with_alias},
    {"other-profile", test_other_profile},
    {"leftover", test_leftover},
    {"no-parent", test_no_parent},
    {"bridge-port", test_bridge_port},
    {"wireless", test_wireless},
    {"passthrough", test_passthrough},
    {"gone", test_gone},
    {"gone-with-parent", test_gone_with_parent},
    {"set-down", test_set_down},
    {"addresses", test_addresses},
    {"carrier", test_carrier},
    {"list", test_list},
    {"remove-leftover", test_remove_leftover},
    {"routes", test_routes},
    {"routes-follow-address", test_routes_follow_address},
    {"routes-bad", test_routes_bad},
    {"neighbours", test_neighbours},
};

void
hostlink_contract_add(const char *prefix,
                      void (*setup_world)(HostlinkWorld *world),
                      void (*teardown_world)(HostlinkWorld *world))
{
    world_setup = setup_world;
    world_teardown = teardown_world;
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strdup_printf("%s/%s", prefix, tests[i].name);

        g_test_add(path, Fixture, NULL, setup, tests[i].function, teardown);
    }
}
