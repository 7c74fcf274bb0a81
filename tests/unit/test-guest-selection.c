/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Profiles that name guests or a lower device that are not there.
 */

#include "config.h"

#include "nmm-guest-selection.h"

#include <string.h>

#define WEB_UUID "3C2F8A10-1111-4a6b-9c3d-000000000001"

/* @guests and @parent: (nullable): as in vpn.data. */
static NmmProfile *
make_profile(const char *guests, const char *parent)
{
    g_autoptr(GHashTable) data = g_hash_table_new(g_str_hash, g_str_equal);
    GError *error = NULL;
    NmmProfile *profile;

    g_hash_table_insert(data, (char *)"mode", (char *)"share");
    if (guests)
        g_hash_table_insert(data, (char *)"guests", (char *)guests);
    if (parent)
        g_hash_table_insert(data, (char *)"parent", (char *)parent);
    profile =
        nmm_profile_parse("p", "0d0a8a4e-6f6b-4d77-9f0e-0c2b9e6c1a01", NULL, data, NULL, &error);
    g_assert_no_error(error);
    return profile;
}

/* @present: whether guest "web" is there, besides "other". */
static GHashTable *
make_guests(gboolean present)
{
    GHashTable *guests = g_hash_table_new(g_str_hash, g_str_equal);

    if (present) {
        g_hash_table_insert(guests, (char *)"3c2f8a10-1111-4a6b-9c3d-000000000001", (char *)"web");
        g_hash_table_insert(
            guests, (char *)"3c2f8a10-2222-4a6b-9c3d-000000000002", (char *)"other");
    }
    return guests;
}

typedef struct {
    const char *guests;
    const char *profile_parent;
    const char *parent;
    gboolean present;
    const char *parts[4]; /* of the sentence; none: NULL is expected */
    const char *absent;   /* (nullable): not in it */
} Case;

static const Case cases[] = {
    /* no guest is selected by name */
    {NULL, NULL, NULL, FALSE, {NULL}, NULL},
    {NULL, NULL, "eth0", FALSE, {NULL}, NULL},
    {"all", NULL, "eth0", FALSE, {NULL}, NULL},
    /* all there, by name and by UUID in whatever case */
    {"web other", NULL, "eth0", TRUE, {NULL}, NULL},
    {WEB_UUID, "eth0", "eth0", TRUE, {NULL}, NULL},
    {NULL, "eth0", "eth0", TRUE, {NULL}, NULL},
    /* some, all */
    {"web wbe", NULL, NULL, TRUE, {"'wbe'", "vpn.data guests"}, "'web'"},
    {"x y", NULL, "eth0", TRUE, {"'x', 'y'", "'eth0'", "vpn.data guests"}, "web"},
    {"Web", NULL, NULL, TRUE, {"'Web'"}, NULL},
    {"web", NULL, "eth0", FALSE, {"'web'", "'eth0'"}, NULL},
    /* the lower device */
    {NULL, "eth7", "eth7", FALSE, {"'eth7'", "vpn.data parent"}, NULL},
    /* names come first: they say more */
    {"web", "eth7", "eth7", FALSE, {"'web'", "'eth7'", "vpn.data guests"}, NULL},
};

static void
test_case(gconstpointer data)
{
    const Case *c = data;
    g_autoptr(NmmProfile) profile = make_profile(c->guests, c->profile_parent);
    g_autoptr(GHashTable) guests = make_guests(c->present);
    g_autofree char *text = nmm_guest_selection_describe_unmatched(profile, c->parent, guests);

    if (!c->parts[0]) {
        g_assert_cmpstr(text, ==, NULL);
        return;
    }
    g_assert_nonnull(text);
    for (const char *const *part = c->parts; *part; part++)
        g_assert_nonnull(strstr(text, *part));
    if (c->absent)
        g_assert_null(strstr(text, c->absent));
    g_assert_false(g_str_has_suffix(text, "."));
}

/* Devices of guests */

#define DOMAIN(name, uuid, nics)                                                                   \
    "<domain><name>" name "</name><uuid>" uuid "</uuid><devices>" nics "</devices></domain>"
#define NIC(lower, mode, target)                                                                   \
    "<interface type='direct'><source dev='" lower "' mode='" mode "'/>" target "</interface>"
#define TARGET(name) "<target dev='" name "'/>"
#define WEB          "3c2f8a10-1111-4a6b-9c3d-000000000001"
#define OTHER        "3c2f8a10-2222-4a6b-9c3d-000000000002"

static GPtrArray *
make_running(const char *const *xmls)
{
    GPtrArray *guests = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_guest_unref);

    for (; *xmls; xmls++) {
        g_autoptr(GError) error = NULL;

        g_ptr_array_add(guests, nmm_guest_new_from_xml(NULL, *xmls, &error));
        g_assert_no_error(error);
    }
    return guests;
}

static void
assert_devices(const char *guests, GPtrArray *all, const char *expected)
{
    g_autoptr(NmmProfile) profile = make_profile(guests, NULL);
    g_autoptr(GPtrArray) networks = g_ptr_array_new();
    g_autoptr(GPtrArray) names = nmm_guest_selection_list_devices(profile, "eth0", all, networks);
    g_autofree char *text = NULL;

    g_ptr_array_add(names, NULL);
    text = g_strjoinv(" ", (char **)names->pdata);
    g_assert_cmpstr(text, ==, expected);
}

static void
test_devices(void)
{
    static const char *const xmls[] = {
        DOMAIN("web",
               WEB,
               NIC("eth0", "bridge", TARGET("macvtap0")) NIC("eth1", "bridge", TARGET("macvtap1"))
                   NIC("eth0", "bridge", TARGET("macvtap2"))),
        DOMAIN("other",
               OTHER,
               NIC("eth0", "vepa", TARGET("macvtap3")) NIC("eth0", "private", TARGET("macvtap4"))
                   NIC("eth0", "passthrough", TARGET("macvtap5"))
                       NIC("eth0", "bridge", TARGET("macvtap6")) NIC("eth0", "bridge", "")),
        NULL,
    };
    g_autoptr(GPtrArray) all = make_running(xmls);

    assert_devices(NULL, all, "macvtap0 macvtap2 macvtap6");
    assert_devices("web", all, "macvtap0 macvtap2");
    assert_devices(OTHER, all, "macvtap6");
    assert_devices("nobody", all, "");
}

static void
test_devices_of_a_guest_that_does_not_run(void)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_guest_unref);
    g_autoptr(GError) error = NULL;

    g_ptr_array_add(
        all,
        nmm_guest_new_from_xml(
            DOMAIN("web", WEB, NIC("eth0", "bridge", TARGET("macvtap0"))), NULL, &error));
    g_assert_no_error(error);
    assert_devices(NULL, all, "");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/guest-selection/unmatched/%zu", i);

        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/guest-selection/devices", test_devices);
    g_test_add_func("/guest-selection/devices/not-running",
                    test_devices_of_a_guest_that_does_not_run);
    return g_test_run();
}
