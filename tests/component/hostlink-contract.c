/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contract of NmmHostlink, one test for each promise.
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

/* How long to wait for an event, and for none. */
#define TIMEOUT_MS 5000
#define SILENCE_MS 100

static void (*kernel_setup)(HostlinkKernel *);
static void (*kernel_teardown)(HostlinkKernel *);

typedef struct {
    HostlinkKernel kernel;
    GString *events; /* names, one per line */
} Fixture;

static const NmmHostlinkSpec spec_a = {"nmmveth0", "eth0", UUID_A};

static void
gone_cb(const char *reason, gpointer user_data)
{
    Fixture *f = user_data;

    g_assert_cmpstr(reason, !=, "");
    g_string_append(f->events, "gone\n");
}

static void
addresses_changed_cb(gpointer user_data)
{
    Fixture *f = user_data;

    g_string_append(f->events, "addresses\n");
}

static void
setup(Fixture *f, gconstpointer data)
{
    static const NmmHostlinkCallbacks callbacks = {gone_cb, addresses_changed_cb};

    kernel_setup(&f->kernel);
    f->events = g_string_new(NULL);
    nmm_hostlink_set_callbacks(f->kernel.hostlink, &callbacks, f);
    f->kernel.add_parent(f->kernel.data, "eth0");
}

static void
teardown(Fixture *f, gconstpointer data)
{
    nmm_hostlink_free(f->kernel.hostlink);
    kernel_teardown(&f->kernel);
    g_string_free(f->events, TRUE);
}

static gboolean
wake_cb(gpointer data)
{
    *(gboolean *)data = TRUE;
    return G_SOURCE_REMOVE;
}

/* Runs the main loop until the events are @expected, or for SILENCE_MS if there should be none. */
static void
assert_events(Fixture *f, const char *expected)
{
    gboolean over = FALSE;
    guint timer = g_timeout_add(*expected ? TIMEOUT_MS : SILENCE_MS, wake_cb, &over);

    while (!over && (*expected == '\0' || strlen(f->events->str) < strlen(expected)))
        g_main_context_iteration(NULL, TRUE);
    if (!over)
        g_source_remove(timer);
    g_assert_cmpstr(f->events->str, ==, expected);
    g_string_truncate(f->events, 0);
}

static void
create(Fixture *f)
{
    GError *error = NULL;

    g_assert_true(nmm_hostlink_create(f->kernel.hostlink, &spec_a, &error));
    g_assert_no_error(error);
}

/* @names: the message contains them. */
static void
assert_refused(Fixture *f, NmmError code, const char *const *names)
{
    g_autofree char *before = f->kernel.describe_link(f->kernel.data, spec_a.name);
    g_autofree char *after = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_false(nmm_hostlink_create(f->kernel.hostlink, &spec_a, &error));
    g_assert_error(error, NMM_ERROR, (int)code);
    for (gsize i = 0; names[i]; i++) {
        if (!strstr(error->message, names[i]))
            g_error("'%s' does not name '%s'", error->message, names[i]);
    }
    after = f->kernel.describe_link(f->kernel.data, spec_a.name);
    g_assert_cmpstr(after, ==, before);
    g_assert_true(nmm_hostlink_remove(f->kernel.hostlink, NULL));
}

static void
assert_link(Fixture *f, const char *name, const char *expected)
{
    g_autofree char *text = f->kernel.describe_link(f->kernel.data, name);

    g_assert_cmpstr(text, ==, expected);
}

static char *
expected_link(Fixture *f)
{
    g_autofree char *parent_mac = f->kernel.get_mac(f->kernel.data, "eth0");
    g_autofree char *mac = nmm_identity_link_mac(UUID_A, parent_mac);

    return g_strdup_printf("eth0 up %s " MARK_A, mac);
}

static void
test_create(Fixture *f, gconstpointer data)
{
    g_autofree char *expected = expected_link(f);

    create(f);
    assert_link(f, "nmmveth0", expected);
    assert_events(f, "");
    g_assert_true(nmm_hostlink_remove(f->kernel.hostlink, NULL));
    assert_link(f, "nmmveth0", NULL);
    assert_events(f, "");
    g_assert_true(nmm_hostlink_remove(f->kernel.hostlink, NULL));
    /* the object can be used again, and the MAC stays the same */
    create(f);
    assert_link(f, "nmmveth0", expected);
}

static void
test_name_taken(Fixture *f, gconstpointer data)
{
    f->kernel.add_link(f->kernel.data, "nmmveth0", "eth0", NULL);
    assert_refused(f, NMM_ERROR_CONFLICT, (const char *[]){"nmmveth0", NULL});
}

static void
test_name_taken_with_alias(Fixture *f, gconstpointer data)
{
    f->kernel.add_link(f->kernel.data, "nmmveth0", "eth0", "uplink nm-macvtap:");
    assert_refused(f, NMM_ERROR_CONFLICT, (const char *[]){"nmmveth0", NULL});
}

static void
test_other_profile(Fixture *f, gconstpointer data)
{
    f->kernel.add_link(f->kernel.data, "nmmveth0", "eth0", MARK_B);
    assert_refused(f, NMM_ERROR_CONFLICT, (const char *[]){"nmmveth0", UUID_B, NULL});
}

static void
test_orphan(Fixture *f, gconstpointer data)
{
    g_autofree char *expected = expected_link(f);

    f->kernel.add_parent(f->kernel.data, "eth1");
    f->kernel.add_link(f->kernel.data, "nmmveth0", "eth1", MARK_A);
    create(f);
    assert_link(f, "nmmveth0", expected);
    assert_events(f, "");
}

static void
test_no_parent(Fixture *f, gconstpointer data)
{
    const NmmHostlinkSpec spec = {"nmmveth9", "eth9", UUID_A};
    g_autoptr(GError) error = NULL;

    g_assert_false(nmm_hostlink_create(f->kernel.hostlink, &spec, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "'eth9'"));
}

static void
test_bridge_port(Fixture *f, gconstpointer data)
{
    f->kernel.enslave(f->kernel.data, "eth0", "br7");
    assert_refused(f, NMM_ERROR_CONFLICT, (const char *[]){"'eth0'", "'br7' as the parent", NULL});
}

static void
test_wireless(Fixture *f, gconstpointer data)
{
    f->kernel.set_wireless(f->kernel.data, "eth0");
    assert_refused(f, NMM_ERROR_UNSUPPORTED, (const char *[]){"'eth0'", "Wi-Fi", NULL});
}

static void
test_passthrough(Fixture *f, gconstpointer data)
{
    f->kernel.add_passthrough(f->kernel.data, "macvtap7", "eth0");
    assert_refused(f, NMM_ERROR_CONFLICT, (const char *[]){"'eth0'", "'macvtap7'", NULL});
}

static void
test_gone(Fixture *f, gconstpointer data)
{
    create(f);
    f->kernel.delete_link(f->kernel.data, "nmmveth0");
    assert_events(f, "gone\n");
    assert_events(f, "");
    g_assert_true(nmm_hostlink_remove(f->kernel.hostlink, NULL));
    create(f);
    assert_events(f, "");
}

static void
test_gone_with_parent(Fixture *f, gconstpointer data)
{
    create(f);
    f->kernel.delete_link(f->kernel.data, "eth0");
    assert_events(f, "gone\n");
    assert_link(f, "nmmveth0", NULL);
}

static void
test_set_down(Fixture *f, gconstpointer data)
{
    create(f);
    f->kernel.set_down(f->kernel.data, "nmmveth0");
    assert_events(f, "gone\n");
    assert_events(f, "");
    g_assert_true(nmm_hostlink_remove(f->kernel.hostlink, NULL));
    assert_link(f, "nmmveth0", NULL);
}

static void
assert_addresses(Fixture *f, const char *expected)
{
    GError *error = NULL;
    g_autoptr(GArray) addresses = nmm_hostlink_list_addresses(f->kernel.hostlink, &error);
    g_autoptr(GString) text = g_string_new(NULL);

    g_assert_no_error(error);
    for (guint i = 0; i < addresses->len; i++) {
        const NmmRoutingAddress *address = &g_array_index(addresses, NmmRoutingAddress, i);
        g_autofree char *one = nmm_cidr_to_string(&address->cidr);

        if (!g_str_has_prefix(one, "fe80:"))
            g_string_append_printf(
                text, "%s%s%s", text->len ? " " : "", one, address->secondary ? ",secondary" : "");
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static void
test_addresses(Fixture *f, gconstpointer data)
{
    f->kernel.add_address(f->kernel.data, "eth0", "10.0.0.1/24");
    create(f);
    assert_addresses(f, "10.0.0.1/24");
    f->kernel.add_address(f->kernel.data, "eth0", "fd00::1/64");
    assert_events(f, "addresses\n");
    assert_addresses(f, "10.0.0.1/24 fd00::1/64");
    f->kernel.remove_address(f->kernel.data, "eth0", "10.0.0.1/24");
    assert_events(f, "addresses\n");
    assert_addresses(f, "fd00::1/64");
    f->kernel.add_address(f->kernel.data, "eth0", "10.0.0.1/24");
    f->kernel.add_address(f->kernel.data, "eth0", "10.0.0.2/24");
    f->kernel.add_address(f->kernel.data, "eth0", "10.0.0.3/32");
    assert_events(f, "addresses\n");
    f->kernel.remove_address(f->kernel.data, "eth0", "10.0.0.3/32");
    f->kernel.remove_address(f->kernel.data, "eth0", "10.0.0.2/24");
    f->kernel.remove_address(f->kernel.data, "eth0", "10.0.0.1/24");
    assert_events(f, "addresses\n");
    /* another interface's addresses do not matter */
    f->kernel.add_parent(f->kernel.data, "eth1");
    f->kernel.add_address(f->kernel.data, "eth1", "10.0.1.1/24");
    assert_events(f, "");
    assert_addresses(f, "fd00::1/64");
}

static void
append_route(GArray *routes, const char *address, const char *source, const char *mac)
{
    NmmRoute route = {.guest = "web"};

    g_assert_true(nmm_cidr_init_host(&route.address, address, NULL));
    g_assert_true(nmm_cidr_init_host(&route.source, source, NULL));
    g_assert_true(nmm_mac_parse(mac, route.mac));
    g_array_append_val(routes, route);
}

/* Sets the routes of "ADDRESS SOURCE MAC" lines and compares them with the installed ones. */
static void
set_routes(Fixture *f, const char *const *lines)
{
    g_autoptr(GArray) routes = g_array_new(FALSE, FALSE, sizeof(NmmRoute));
    g_autoptr(GString) expected = g_string_new(NULL);
    g_autofree char *text = NULL;
    GError *error = NULL;

    for (gsize i = 0; lines[i]; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", 3);

        append_route(routes, words[0], words[1], words[2]);
        g_string_append_printf(expected,
                               "%s/%d src %s at %s\n",
                               words[0],
                               strchr(words[0], ':') ? 128 : 32,
                               words[1],
                               words[2]);
    }
    g_assert_true(nmm_hostlink_set_routes(f->kernel.hostlink, routes, &error));
    g_assert_no_error(error);
    text = f->kernel.describe_routes(f->kernel.data, "nmmveth0");
    g_assert_cmpstr(text, ==, expected->str);
}

#define MAC_1 "52:54:00:00:00:01"
#define MAC_2 "52:54:00:00:00:02"

static void
test_routes(Fixture *f, gconstpointer data)
{
    f->kernel.add_address(f->kernel.data, "eth0", "10.0.0.1/24");
    f->kernel.add_address(f->kernel.data, "eth0", "10.0.0.2/24");
    f->kernel.add_address(f->kernel.data, "eth0", "fd00::1/64");
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

    f->kernel.add_address(f->kernel.data, "eth0", "10.0.0.1/24");
    create(f);
    set_routes(f, lines);
    f->kernel.remove_address(f->kernel.data, "eth0", "10.0.0.1/24");
    f->kernel.add_address(f->kernel.data, "eth0", "10.0.0.1/24");
    assert_events(f, "addresses\n");
    set_routes(f, lines);
}

static void
test_routes_bad(Fixture *f, gconstpointer data)
{
    g_autoptr(GArray) routes = g_array_new(FALSE, FALSE, sizeof(NmmRoute));
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    f->kernel.add_address(f->kernel.data, "eth0", "10.0.0.1/24");
    create(f);
    append_route(routes, "10.0.0.4", "10.0.0.77", MAC_1); /* not an address of the host */
    append_route(routes, "10.0.0.5", "10.0.0.1", MAC_1);
    g_assert_false(nmm_hostlink_set_routes(f->kernel.hostlink, routes, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_FAILED);
    text = f->kernel.describe_routes(f->kernel.data, "nmmveth0");
    g_assert_cmpstr(text, ==, "10.0.0.5/32 src 10.0.0.1 at " MAC_1 "\n");
    set_routes(f, (const char *[]){"10.0.0.5 10.0.0.1 " MAC_1, NULL});
}

static void
test_neighbours(Fixture *f, gconstpointer data)
{
    g_autoptr(GArray) neighbours = NULL;
    g_autoptr(GError) error = NULL;

    create(f);
    neighbours = nmm_hostlink_list_neighbours(f->kernel.hostlink, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(neighbours->len, ==, 0);
}

/* Every implementation runs all of them. */
static const struct {
    const char *name;
    void (*function)(Fixture *, gconstpointer);
} tests[] = {
    {"create", test_create},
    {"name-taken", test_name_taken},
    {"name-taken-with-alias", test_name_taken_with_alias},
    {"other-profile", test_other_profile},
    {"orphan", test_orphan},
    {"no-parent", test_no_parent},
    {"bridge-port", test_bridge_port},
    {"wireless", test_wireless},
    {"passthrough", test_passthrough},
    {"gone", test_gone},
    {"gone-with-parent", test_gone_with_parent},
    {"set-down", test_set_down},
    {"addresses", test_addresses},
    {"routes", test_routes},
    {"routes-follow-address", test_routes_follow_address},
    {"routes-bad", test_routes_bad},
    {"neighbours", test_neighbours},
};

void
hostlink_contract_add(const char *prefix,
                      void (*setup_kernel)(HostlinkKernel *kernel),
                      void (*teardown_kernel)(HostlinkKernel *kernel))
{
    kernel_setup = setup_kernel;
    kernel_teardown = teardown_kernel;
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strdup_printf("%s/%s", prefix, tests[i].name);

        g_test_add(path, Fixture, NULL, setup, tests[i].function, teardown);
    }
}
