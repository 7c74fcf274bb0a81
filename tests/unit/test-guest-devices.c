/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guests and networks of libvirt, joined with the kernel's interfaces. The host has eth0, which is
 * also enxaabbccddeeff and a name of more than 15 bytes, and eth1.
 */

#include "config.h"

#include "nmm-guest-devices.h"
#include "nmm-reachability.h"

#define UUID    "232a8368-4462-4598-807e-8a42fa7c7211"
#define LONG    "enp0s31f6u1u2u3u4i5-dock"
#define DEFINED "52:54:00:00:00:01"
#define CHANGED "52:54:00:00:00:99"

typedef struct {
    GPtrArray *links;
    GPtrArray *networks;
    GPtrArray *guests;
} Host;

static NmmLink *
add_link(Host *host, const char *name)
{
    NmmLink *link = nmm_link_new(name);

    g_ptr_array_add(host->links, link);
    return link;
}

static NmmLink *
add_macvtap(Host *host, const char *name, const char *parent, const char *mode, const char *mac)
{
    NmmLink *link = add_link(host, name);

    link->kind = g_strdup("macvtap");
    link->parent = g_strdup(parent);
    link->macvtap_mode = g_strdup(mode);
    link->mac = g_strdup(mac);
    return link;
}

static void
set_up(Host *host, gconstpointer data)
{
    const char *const altnames[] = {"enxaabbccddeeff", LONG, NULL};

    host->links = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_link_free);
    host->networks = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_network_free);
    host->guests = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_guest_unref);
    add_link(host, "eth0")->altnames = g_strdupv((char **)altnames);
    add_link(host, "eth1");
}

static void
tear_down(Host *host, gconstpointer data)
{
    g_ptr_array_unref(host->links);
    g_ptr_array_unref(host->networks);
    g_ptr_array_unref(host->guests);
}

static void
join(Host *host)
{
    nmm_guest_devices_join(host->guests, host->networks, host->links);
}

/* (transfer none): the same interface in the definition and in the running guest. */
static NmmGuest *
add_guest(Host *host, const char *type, const char *interface)
{
    g_autofree char *xml =
        g_strdup_printf("<domain type='%s'><name>g</name><uuid>" UUID "</uuid><devices>%s"
                        "</devices></domain>",
                        type,
                        interface);
    g_autoptr(GError) error = NULL;
    NmmGuest *guest = nmm_guest_new_from_xml(xml, xml, &error);

    g_assert_no_error(error);
    g_ptr_array_add(host->guests, guest);
    return guest;
}

static const NmmNic *
get_nic(const NmmGuestState *state)
{
    g_assert_cmpuint(state->nics->len, ==, 1);
    return state->nics->pdata[0];
}

static void
assert_on(const NmmNic *nic, const char *parent, GPtrArray *networks, gboolean expected)
{
    g_assert_cmpint(nmm_nic_is_macvtap(nic, parent, networks), ==, expected);
}

static const char *const eth0_names[] = {"eth0", "enxaabbccddeeff", LONG};

/* Whichever name the definition has, and whichever one the profile has. */
static void
test_any_name(Host *host, gconstpointer data)
{
    for (guint i = 0; i < G_N_ELEMENTS(eth0_names); i++) {
        g_autofree char *interface = g_strdup_printf(
            "<interface type='direct'><source dev='%s' mode='bridge'/></interface>", eth0_names[i]);

        add_guest(host, "kvm", interface);
    }
    join(host);
    for (guint i = 0; i < host->guests->len; i++) {
        const NmmGuest *guest = host->guests->pdata[i];
        const NmmNic *nic = get_nic(guest->config);

        g_assert_cmpstr(nic->lower, ==, "eth0");
        g_assert_cmpstr(get_nic(guest->live)->lower, ==, "eth0");
        g_assert_cmpstr(nic->lower_altname, ==, i == 0 ? NULL : eth0_names[i]);
        for (guint j = 0; j < G_N_ELEMENTS(eth0_names); j++)
            assert_on(nic, eth0_names[j], host->networks, TRUE);
        assert_on(nic, "eth1", host->networks, FALSE);
        assert_on(nic, NULL, host->networks, TRUE);
    }
}

/* A device that is absent keeps the name that the definition has. */
static void
test_absent_parent(Host *host, gconstpointer data)
{
    const NmmGuest *guest =
        add_guest(host, "kvm", "<interface type='direct'><source dev='enxdock'/></interface>");

    join(host);
    g_assert_cmpstr(get_nic(guest->config)->lower, ==, "enxdock");
    assert_on(get_nic(guest->config), "enxdock", host->networks, TRUE);
    assert_on(get_nic(guest->config), "eth0", host->networks, FALSE);
}

static void
test_network(Host *host, gconstpointer data)
{
    static const char *const forwards[] = {
        "<forward mode='bridge' dev='enxaabbccddeeff'/>",
        "<forward mode='bridge'><interface dev='" LONG "'/><interface dev='absent'/></forward>",
    };
    const NmmGuest *guest =
        add_guest(host, "kvm", "<interface type='network'><source network='n'/></interface>");

    for (guint i = 0; i < G_N_ELEMENTS(forwards); i++) {
        g_autofree char *xml = g_strdup_printf("<network><name>n</name>%s</network>", forwards[i]);
        NmmNetwork *network = nmm_network_new_from_xml(xml, TRUE, TRUE, TRUE, NULL);

        g_ptr_array_set_size(host->networks, 0);
        g_ptr_array_add(host->networks, network);
        join(host);
        g_assert_cmpstr(network->lower[0], ==, "eth0");
        for (guint j = 0; j < G_N_ELEMENTS(eth0_names); j++)
            assert_on(get_nic(guest->config), eth0_names[j], host->networks, TRUE);
        assert_on(get_nic(guest->config), "absent", host->networks, i == 1);
        assert_on(get_nic(guest->config), "eth1", host->networks, FALSE);
    }
}

static const NmmNic *
add_ethernet(Host *host, const char *target)
{
    g_autofree char *interface = g_strdup_printf(
        "<interface type='ethernet'><mac address='" DEFINED "'/>%s</interface>", target);

    return get_nic(add_guest(host, "kvm", interface)->live);
}

static void
assert_reached(Host *host, const NmmNic *nic, const char *parent, gboolean expected)
{
    g_assert_cmpint(nmm_reachability_has_nic(nic, parent, host->networks), ==, expected);
}

static void
test_ethernet(Host *host, gconstpointer data)
{
    const NmmNic *bridge = add_ethernet(host, "<target dev='tap0' managed='no'/>");
    const NmmNic *vepa = add_ethernet(host, "<target dev='tap1' managed='no'/>");
    const NmmNic *other = add_ethernet(host, "<target dev='tap2' managed='no'/>");
    const NmmNic *managed = add_ethernet(host, "<target dev='tap0' managed='yes'/>");
    const NmmNic *unset = add_ethernet(host, "<target dev='tap0'/>");
    const NmmNic *tap = add_ethernet(host, "<target dev='vnet0' managed='no'/>");
    const NmmNic *gone = add_ethernet(host, "<target dev='tap9' managed='no'/>");
    const NmmNic *nameless = add_ethernet(host, "");

    add_macvtap(host, "tap0", "eth0", "bridge", DEFINED);
    add_macvtap(host, "tap1", "eth0", "vepa", DEFINED);
    add_macvtap(host, "tap2", "eth1", "bridge", DEFINED);
    add_link(host, "vnet0")->kind = g_strdup("tun");
    join(host);
    assert_reached(host, bridge, "eth0", TRUE);
    assert_reached(host, bridge, LONG, TRUE);
    assert_reached(host, vepa, "eth0", FALSE);
    assert_on(vepa, "eth0", host->networks, TRUE);
    assert_reached(host, other, "eth0", FALSE);
    assert_reached(host, other, "eth1", TRUE);
    assert_on(managed, NULL, host->networks, FALSE);
    assert_on(unset, NULL, host->networks, FALSE);
    assert_on(tap, NULL, host->networks, FALSE);
    g_assert_false(tap->gone);
    assert_on(gone, NULL, host->networks, FALSE);
    g_assert_true(gone->gone);
    assert_on(nameless, NULL, host->networks, FALSE);
    g_assert_false(nameless->gone);
}

#define DIRECT                                                                                     \
    "<interface type='direct'><mac address='" DEFINED "'/><source dev='eth0' mode='bridge'/>"      \
    "<target dev='macvtap0'/></interface>"

static void
test_changed_mac(Host *host, gconstpointer data)
{
    const NmmGuest *guest = add_guest(host, "kvm", DIRECT);

    add_macvtap(host, "macvtap0", "eth0", "bridge", CHANGED);
    join(host);
    g_assert_cmpstr(get_nic(guest->live)->mac, ==, CHANGED);
    g_assert_cmpstr(get_nic(guest->live)->defined_mac, ==, DEFINED);
    g_assert_cmpstr(get_nic(guest->config)->mac, ==, DEFINED);
    g_assert_null(get_nic(guest->config)->defined_mac);
}

/* The kernel's mode and parent count too: `ip link set macvtap0 type macvtap mode vepa`. */
static void
test_changed_device(Host *host, gconstpointer data)
{
    const NmmNic *nic = get_nic(add_guest(host, "kvm", DIRECT)->live);

    add_macvtap(host, "macvtap0", "eth0", "vepa", DEFINED);
    join(host);
    assert_on(nic, "eth0", host->networks, TRUE);
    assert_reached(host, nic, "eth0", FALSE);
    g_assert_null(nic->defined_mac);
    g_assert_false(nic->gone);
}

/* libvirt sets it up when the guest runs. */
static void
test_asleep(Host *host, gconstpointer data)
{
    const NmmGuest *guest = add_guest(host, "kvm", DIRECT);
    NmmLink *device = add_macvtap(host, "macvtap0", "eth0", "bridge", DEFINED);

    join(host);
    g_assert_true(get_nic(guest->live)->asleep);
    g_assert_false(get_nic(guest->config)->asleep);
    device->up = TRUE;
    join(host);
    g_assert_false(get_nic(guest->live)->asleep);
}

static void
assert_gone(Host *host, const char *type, gboolean expected)
{
    const NmmGuest *guest = add_guest(host, type, DIRECT);

    join(host);
    g_assert_cmpint(get_nic(guest->live)->gone, ==, expected);
    g_assert_false(get_nic(guest->config)->gone);
    g_assert_cmpstr(get_nic(guest->live)->mac, ==, DEFINED);
    assert_on(get_nic(guest->live), "eth0", host->networks, TRUE);
}

/* The card was pulled while the guest ran; the name may belong to another device now. A container
 * has its device in its own network namespace. */
static void
test_gone(Host *host, gconstpointer data)
{
    assert_gone(host, "kvm", TRUE);
    assert_gone(host, "qemu", TRUE);
    assert_gone(host, "lxc", FALSE);
    add_link(host, "macvtap0")->kind = g_strdup("veth");
    assert_gone(host, "kvm", TRUE);
}

static void
add(const char *path, void (*test)(Host *host, gconstpointer data))
{
    g_test_add(path, Host, NULL, set_up, test, tear_down);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/guest-devices/any-name", test_any_name);
    add("/guest-devices/absent-parent", test_absent_parent);
    add("/guest-devices/network", test_network);
    add("/guest-devices/ethernet", test_ethernet);
    add("/guest-devices/changed-mac", test_changed_mac);
    add("/guest-devices/changed-device", test_changed_device);
    add("/guest-devices/asleep", test_asleep);
    add("/guest-devices/gone", test_gone);
    return g_test_run();
}
