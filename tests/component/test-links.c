/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading the real kernel's interfaces, with a host link as mode share makes it, each test in a
 * network namespace. Needs root.
 */

#include "config.h"

#include <glib/gstdio.h>
#include <net/if.h>
#include <unistd.h>

#include "netns.h"
#include "nmm-error.h"
#include "nmm-hostlink-netlink.h"
#include "nmm-links.h"
#include "nmm-neighbour-probe.h"

#define UUID       "0d0a8a4e-6f6b-4d77-9f0e-0c2b9e6c1a01"
#define OTHER_UUID "0d0a8a4e-6f6b-4d77-9f0e-0c2b9e6c1a02"
#define MAC        "52:54:00:00:00:01"

typedef struct {
    int ns;
    int previous;
    char *sysfs;
} Fixture;

static void
set_up(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    fixture->ns = netns_new();
    fixture->previous = netns_enter(fixture->ns);
    fixture->sysfs = g_dir_make_tmp("test-links-XXXXXX", &error);
    g_assert_no_error(error);
    netns_add_veth("eth0", "peer0", -1);
    netns_add_address("eth0", "10.0.0.2/24");
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
    netns_leave(fixture->previous);
    close(fixture->ns);
    g_rmdir(fixture->sysfs);
    g_free(fixture->sysfs);
}

static GPtrArray *
read_links(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *links = nmm_links_read(fixture->sysfs, &error);

    g_assert_no_error(error);
    return links;
}

static NmmHostlink *
make_hostlink(void)
{
    const NmmHostlinkSpec spec = {.name = "nmmveth0", .parent = "eth0", .profile_uuid = UUID};
    g_autoptr(GError) error = NULL;
    NmmHostlink *hostlink = nmm_hostlink_netlink_new("/sys", &error);

    g_assert_no_error(error);
    nmm_hostlink_create(hostlink, &spec, &error);
    g_assert_no_error(error);
    return hostlink;
}

/* To one guest, whose MAC ends in @last. */
static void
set_route(NmmHostlink *hostlink, const char *address, guint8 last)
{
    g_autoptr(GArray) routes = g_array_new(FALSE, FALSE, sizeof(NmmRoute));
    NmmRoute route = {.mac = {0x52, 0x54, 0, 0, 0, last}};
    g_autoptr(GError) error = NULL;

    nmm_cidr_init_host(&route.address, address, &error);
    g_assert_no_error(error);
    nmm_cidr_init_host(&route.source, "10.0.0.2", &error);
    g_assert_no_error(error);
    g_array_append_val(routes, route);
    nmm_hostlink_set_routes(hostlink, routes, &error);
    g_assert_no_error(error);
}

static void
test_places(Fixture *fixture, gconstpointer data)
{
    g_autoptr(NmmHostlink) hostlink = make_hostlink();
    g_autoptr(GPtrArray) links = NULL;
    const NmmLink *link, *bridge;
    g_autofree char *address = NULL;

    g_assert_nonnull(hostlink);
    netns_add_bridge("br0");
    netns_add_veth("port0", "peer1", -1);
    netns_set_master("port0", "br0");
    links = read_links(fixture);

    link = nmm_links_find(links, "nmmveth0");
    g_assert_nonnull(link);
    g_assert_cmpstr(link->kind, ==, "macvtap");
    g_assert_cmpstr(link->parent, ==, "eth0");
    g_assert_cmpstr(link->profile_uuid, ==, UUID);
    g_assert_true(link->up);
    g_assert_cmpuint(link->addresses->len, ==, 0);
    g_assert_null(nmm_link_get_address(link));

    link = nmm_links_find(links, "eth0");
    g_assert_true(link->carrier);
    g_assert_true(link->ethernet);
    g_assert_null(link->profile_uuid);
    address = nmm_cidr_to_string(nmm_link_get_address(link));
    g_assert_cmpstr(address, ==, "10.0.0.2/24");

    bridge = nmm_links_find(links, "br0");
    g_assert_cmpstr(bridge->kind, ==, "bridge");
    g_assert_cmpuint(bridge->n_ports, ==, 1);
    g_assert_null(nmm_links_find(links, "nosuch0"));
    g_assert_null(nmm_links_find(links, NULL));
}

static void
assert_parent(Fixture *fixture, const char *name, int code, const char *text)
{
    g_autoptr(GPtrArray) links = read_links(fixture);
    g_autoptr(GError) error = NULL;

    g_assert_false(nmm_links_check_parent(links, name, &error));
    g_assert_error(error, NMM_ERROR, code);
    g_assert_nonnull(strstr(error->message, text));
}

static void
remove_up_to(const char *path, const char *end)
{
    g_autofree char *up = g_path_get_dirname(path);

    g_assert_no_errno(g_rmdir(path));
    if (!g_str_equal(up, end))
        remove_up_to(up, end);
}

static void
test_parents(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) links = read_links(fixture);
    g_autoptr(GError) error = NULL;
    g_autofree char *phy =
        g_build_filename(fixture->sysfs, "class", "net", "eth0", "phy80211", NULL);

    g_assert_true(nmm_links_check_parent(links, "eth0", &error));
    g_assert_no_error(error);
    assert_parent(fixture, "nosuch0", NMM_ERROR_NOT_FOUND, "nosuch0");

    netns_add_veth("eth1", "peer1", -1);
    netns_add_bridge("br0");
    netns_set_master("eth1", "br0");
    assert_parent(fixture, "eth1", NMM_ERROR_CONFLICT, "'br0' (bridge)");

    netns_add_veth("eth2", "peer2", -1);
    netns_add_macvtap("taker", "eth2", "passthru", NULL, -1);
    assert_parent(fixture, "eth2", NMM_ERROR_CONFLICT, "'taker'");

    g_assert_no_errno(g_mkdir_with_parents(phy, 0700));
    assert_parent(fixture, "eth0", NMM_ERROR_UNSUPPORTED, "Wi-Fi");
    remove_up_to(phy, fixture->sysfs);
}

/* For a macvtap whose parent is in another namespace the kernel reports the index there, which eth0
 * has here. The second one has the mark of a host link. */
static void
test_foreign_parent(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) links = NULL;
    g_autoptr(GError) error = NULL;
    const guint index = if_nametoindex("eth0");
    const NmmLink *link;
    int other = netns_new();
    int back = netns_enter(other);

    netns_add_veth("far0", "peer0", -1);
    g_assert_cmpuint(if_nametoindex("far0"), ==, index);
    netns_add_macvtap("guest0", "far0", "passthru", NULL, fixture->ns);
    netns_add_veth("far1", "peer1", -1);
    netns_add_macvtap("nmmvfar1", "far1", "bridge", NULL, fixture->ns);
    netns_leave(back);
    netns_set_ifalias("nmmvfar1", "nm-macvtap:" UUID);

    links = read_links(fixture);
    link = nmm_links_find(links, "guest0");
    g_assert_nonnull(link);
    g_assert_cmpstr(link->kind, ==, "macvtap");
    g_assert_cmpstr(link->parent, ==, NULL);
    link = nmm_links_find(links, "nmmvfar1");
    g_assert_cmpstr(link->profile_uuid, ==, UUID);
    g_assert_cmpstr(link->parent, ==, NULL);
    g_assert_cmpstr(nmm_links_find(links, "eth0")->passthrough, ==, NULL);
    g_assert_true(nmm_links_check_parent(links, "eth0", &error));
    g_assert_no_error(error);
    close(other);
}

/* A device is found by each of its names; a name may be longer than those of old. */
static void
test_names(Fixture *fixture, gconstpointer data)
{
    g_autofree char *longest = g_strnfill(127, 'x');
    g_autoptr(GPtrArray) links = NULL;

    netns_add_altname("eth0", "enxaabbccddeeff");
    netns_add_altname("eth0", longest);
    links = read_links(fixture);
    g_assert_cmpstr(nmm_links_find(links, "enxaabbccddeeff")->name, ==, "eth0");
    g_assert_cmpstr(nmm_links_find(links, longest)->name, ==, "eth0");
    g_assert_cmpuint(g_strv_length(nmm_links_find(links, "eth0")->altnames), ==, 2);
    g_assert_null(nmm_links_find(links, "lo")->altnames);
    g_assert_true(nmm_links_check_parent(links, longest, NULL));
}

static void
test_macvtap_modes(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) links = NULL;

    netns_add_macvtap("tap0", "eth0", "bridge", "52:54:00:00:00:01", -1);
    netns_add_macvtap("tap1", "eth0", "vepa", NULL, -1);
    netns_add_macvtap("tap2", "eth0", "private", NULL, -1);
    netns_add_veth("far1", "peer1", -1);
    netns_add_macvtap("tap3", "far1", "passthru", NULL, -1);
    netns_set_mac("tap0", "52:54:00:00:00:99");
    links = read_links(fixture);
    g_assert_cmpstr(nmm_links_find(links, "tap0")->macvtap_mode, ==, "bridge");
    g_assert_cmpstr(nmm_links_find(links, "tap1")->macvtap_mode, ==, "vepa");
    g_assert_cmpstr(nmm_links_find(links, "tap2")->macvtap_mode, ==, "private");
    g_assert_cmpstr(nmm_links_find(links, "tap3")->macvtap_mode, ==, "passthrough");
    g_assert_null(nmm_links_find(links, "eth0")->macvtap_mode);
    g_assert_cmpstr(nmm_links_find(links, "tap0")->mac, ==, "52:54:00:00:00:99");
}

static const NmmNeighbour *
get_neighbour(const GPtrArray *links, const char *name)
{
    const NmmLink *link = nmm_links_find(links, name);

    g_assert_cmpuint(link->neighbours->len, ==, 1);
    return g_ptr_array_index(link->neighbours, 0);
}

static void
test_marks(Fixture *fixture, gconstpointer data)
{
    g_autoptr(NmmHostlink) hostlink = make_hostlink();
    g_autoptr(GPtrArray) links = NULL;
    g_autoptr(GString) marked = g_string_new(NULL);

    g_assert_nonnull(hostlink);
    netns_add_macvtap("macvtap0", "eth0", "bridge", NULL, -1);
    netns_add_macvtap("nmmvother", "eth0", "bridge", NULL, -1);
    netns_set_ifalias("nmmvother", "nm-macvtap:" OTHER_UUID);
    links = read_links(fixture);
    for (guint i = 0; i < links->len; i++) {
        const NmmLink *link = g_ptr_array_index(links, i);

        if (link->profile_uuid)
            g_string_append_printf(
                marked, "%s %s %s\n", link->name, link->profile_uuid, link->parent);
    }
    g_assert_cmpstr(marked->str, ==, "nmmveth0 " UUID " eth0\nnmmvother " OTHER_UUID " eth0\n");
}

/* A permanent entry is as old as the route; setting it again changes nothing. */
static void
test_age(Fixture *fixture, gconstpointer data)
{
    g_autoptr(NmmHostlink) hostlink = make_hostlink();
    g_autoptr(GPtrArray) first = NULL;
    g_autoptr(GPtrArray) again = NULL;
    g_autoptr(GPtrArray) other = NULL;
    const NmmNeighbour *neighbour;
    g_autofree char *address = NULL;

    set_route(hostlink, "10.0.0.77", 1);
    first = read_links(fixture);
    neighbour = get_neighbour(first, "nmmveth0");
    address = nmm_cidr_address_to_string(&neighbour->address);
    g_assert_cmpstr(address, ==, "10.0.0.77");
    g_assert_cmpstr(neighbour->mac, ==, MAC);
    g_assert_true(neighbour->permanent);
    g_assert_true(neighbour->routed);
    g_assert_cmpuint(neighbour->source.prefix, ==, 32);
    g_assert_cmpuint(neighbour->source.bytes[3], ==, 2);
    g_assert_cmpint(neighbour->age_ms, <, 1000);

    g_usleep(1200 * 1000);
    /* The host's address is removed and added again, and the route with it; the guest is the same.
     */
    netns_remove_address("eth0", "10.0.0.2/24");
    netns_add_address("eth0", "10.0.0.2/24");
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    set_route(hostlink, "10.0.0.77", 1);
    again = read_links(fixture);
    neighbour = get_neighbour(again, "nmmveth0");
    g_assert_true(neighbour->routed);
    g_assert_cmpint(neighbour->age_ms, >=, 1100);

    /* Another guest has the address now. */
    set_route(hostlink, "10.0.0.77", 2);
    other = read_links(fixture);
    neighbour = get_neighbour(other, "nmmveth0");
    g_assert_cmpint(neighbour->age_ms, <, 1000);
    g_assert_cmpstr(neighbour->mac, ==, "52:54:00:00:00:02");
}

/* An entry that the kernel learnt has no route. */
static void
test_learnt(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) links = NULL;
    const NmmNeighbour *neighbour;
    static const char *const addresses[] = {"10.0.0.3", NULL};
    g_autoptr(GHashTable) answered = NULL;
    g_autoptr(GError) error = NULL;
    int other = netns_new();
    int back;

    netns_add_macvtap("host0", "eth0", "bridge", NULL, -1);
    netns_remove_address("eth0", "10.0.0.2/24");
    netns_add_address("host0", "10.0.0.2/24");
    netns_add_macvtap("guest0", "eth0", "bridge", MAC, other);
    back = netns_enter(other);
    netns_add_address("guest0", "10.0.0.3/24");
    netns_leave(back);
    answered = nmm_neighbour_probe("host0", addresses, 5000, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(g_hash_table_size(answered), ==, 1);

    links = read_links(fixture);
    neighbour = get_neighbour(links, "host0");
    g_assert_cmpstr(neighbour->mac, ==, MAC);
    g_assert_false(neighbour->permanent);
    g_assert_false(neighbour->routed);
    close(other);
}

/* Without a kernel */

static void
add_address(NmmLink *link, const char *text)
{
    NmmCidr cidr;

    g_assert_true(nmm_cidr_parse(text, &cidr, NULL));
    g_array_append_val(link->addresses, cidr);
}

static void
test_address(void)
{
    g_autoptr(NmmLink) link = nmm_link_new("eth0");
    g_autofree char *text = NULL;

    g_assert_null(nmm_link_get_address(link));
    add_address(link, "fe80::1/64");
    add_address(link, "169.254.3.4/16");
    g_assert_null(nmm_link_get_address(link));
    add_address(link, "fd00::1/64");
    g_assert_cmpuint(nmm_link_get_address(link)->prefix, ==, 64);
    add_address(link, "10.0.0.2/24");
    add_address(link, "10.0.0.3/24");
    text = nmm_cidr_to_string(nmm_link_get_address(link));
    g_assert_cmpstr(text, ==, "10.0.0.2/24");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/links/address", test_address);
    g_test_add("/links/places", Fixture, NULL, set_up, test_places, tear_down);
    g_test_add("/links/parents", Fixture, NULL, set_up, test_parents, tear_down);
    g_test_add("/links/foreign-parent", Fixture, NULL, set_up, test_foreign_parent, tear_down);
    g_test_add("/links/names", Fixture, NULL, set_up, test_names, tear_down);
    g_test_add("/links/macvtap-modes", Fixture, NULL, set_up, test_macvtap_modes, tear_down);
    g_test_add("/links/marks", Fixture, NULL, set_up, test_marks, tear_down);
    g_test_add("/links/age", Fixture, NULL, set_up, test_age, tear_down);
    g_test_add("/links/learnt", Fixture, NULL, set_up, test_learnt, tear_down);
    return g_test_run();
}
