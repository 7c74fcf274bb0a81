/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the dispatcher's helper reads besides NetworkManager: events and locks in files, claims, and
 * guests and networks as core reads them from libvirt's XML.
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "nmm-held-locks.h"
#include "nmm-events.h"
#include "nmm-names.h"
#include "nmm-scene-libvirt.h"
#include "run-dir.h"

/* The hook has made it. */
static void
set_up(RunDir *run, gconstpointer data)
{
    run_dir_set_up(run, data);
    g_assert_no_errno(g_mkdir(run->dir, 0700));
}

static void
assert_event(GPtrArray *events,
             guint index,
             const char *action,
             const char *device,
             const char *uuid)
{
    const NmmSceneEvent *event;

    g_assert_cmpuint(index, <, events->len);
    event = events->pdata[index];
    g_assert_cmpstr(event->action, ==, action);
    g_assert_cmpstr(event->device, ==, device);
    g_assert_cmpstr(event->uuid, ==, uuid);
}

static void
test_events_parse(void)
{
    g_autoptr(GPtrArray) events =
        nmm_events_parse("up eth0 a 1\nbroken line\n\nvpn-down - b 2\n a b 3\nrefresh - - 4\ndow");

    g_assert_cmpuint(events->len, ==, 3);
    assert_event(events, 0, "up", "eth0", "a");
    assert_event(events, 1, "vpn-down", NULL, "b");
    assert_event(events, 2, "refresh", NULL, NULL);
}

/* Hooks run side by side; the line of a late one is not where it belongs. */
static void
test_events_order(void)
{
    g_autoptr(GPtrArray) events =
        nmm_events_parse("vpn-pre-down lo a 12884901889\nvpn-up lo a 8589934593\n"
                         "vpn-down lo a 12884901890\nup eth0 - 8589934593\n");

    g_assert_cmpuint(events->len, ==, 4);
    assert_event(events, 0, "vpn-up", "lo", "a");
    assert_event(events, 1, "up", "eth0", NULL);
    assert_event(events, 2, "vpn-pre-down", "lo", "a");
    assert_event(events, 3, "vpn-down", "lo", "a");
}

static GPtrArray *
take(RunDir *run)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *events = nmm_events_take(run->dir, &error);

    g_assert_no_error(error);
    return events;
}

static void
test_events_put_back_are_older(RunDir *run, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) older = nmm_events_parse("up eth0 a 0\nvpn-up - b 0\n");
    g_autoptr(GPtrArray) events = take(run);

    g_assert_cmpuint(events->len, ==, 0);
    g_assert_false(nmm_events_wait(run->dir));
    nmm_events_add(run->dir, "refresh", &error);
    g_assert_no_error(error);
    g_assert_true(nmm_events_wait(run->dir));
    nmm_events_put_back(run->dir, older, &error);
    g_assert_no_error(error);

    g_ptr_array_unref(events);
    events = take(run);
    g_assert_cmpuint(events->len, ==, 3);
    assert_event(events, 0, "up", "eth0", "a");
    assert_event(events, 1, "vpn-up", NULL, "b");
    assert_event(events, 2, "refresh", NULL, NULL);

    g_ptr_array_unref(events);
    events = take(run);
    g_assert_cmpuint(events->len, ==, 0);
}

/* Before a profile is activated; those of others are no matter, and all stay. */
static void
test_events_of_one_profile(RunDir *run, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) others = nmm_events_parse("up eth0 a 1\nvpn-up lo b 2\n");
    g_autoptr(GPtrArray) own = nmm_events_parse("vpn-pre-down lo c 3\n");
    g_autoptr(GPtrArray) events = NULL;

    g_assert_false(nmm_events_wait_of(run->dir, "c"));
    nmm_events_put_back(run->dir, others, &error);
    g_assert_no_error(error);
    g_assert_false(nmm_events_wait_of(run->dir, "c"));
    nmm_events_put_back(run->dir, own, &error);
    g_assert_no_error(error);
    g_assert_true(nmm_events_wait_of(run->dir, "c"));
    events = take(run);
    g_assert_cmpuint(events->len, ==, 3);
    g_assert_false(nmm_events_wait_of(run->dir, "c"));
    g_assert_false(nmm_events_wait_of("/proc/no/such", "c"));
}

static void
test_events_error(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(nmm_events_take("/proc/no/such", &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    g_assert_cmpint(nmm_events_lock("/proc/no/such", FALSE, &error), ==, -1);
    g_assert_nonnull(error);
}

static void
test_lock_excludes(RunDir *run, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    int first = nmm_events_lock(run->dir, FALSE, &error);
    int second;

    g_assert_no_error(error);
    g_assert_cmpint(first, >=, 0);
    g_assert_cmpint(nmm_events_lock(run->dir, FALSE, &error), ==, -1);
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_BUSY);
    g_clear_error(&error);
    close(first);
    second = nmm_events_lock(run->dir, TRUE, &error);
    g_assert_no_error(error);
    close(second);
}

static int
make_claim(RunDir *run, const char *name, const char *uuid)
{
    g_autofree char *path = g_build_filename(run->dir, name, NULL);
    g_autofree char *text = g_strdup_printf("[claim]\nuuid=%s\n", uuid);
    g_autoptr(GError) error = NULL;
    int fd;

    g_file_set_contents(path, text, -1, &error);
    g_assert_no_error(error);
    fd = open(path, O_RDWR | O_CLOEXEC);
    g_assert_cmpint(fd, >=, 0);
    return fd;
}

static void
test_claims(RunDir *run, gconstpointer data)
{
    int held = make_claim(run, NMM_LOCK_PREFIX "1", "held");
    int left = make_claim(run, NMM_LOCK_PREFIX "2", "left");
    int other = make_claim(run, NMM_LOCK_FILE, "other");
    g_autofree char *locks = NULL;
    g_autoptr(GHashTable) uuids = NULL;

    g_assert_cmpint(flock(held, LOCK_EX), ==, 0);
    g_assert_cmpint(flock(other, LOCK_EX), ==, 0);
    g_assert_true(g_file_get_contents("/proc/locks", &locks, NULL, NULL));
    uuids = nmm_held_locks_read(run->dir, locks);
    g_assert_cmpuint(g_hash_table_size(uuids), ==, 1);
    g_assert_true(g_hash_table_contains(uuids, "held"));

    g_clear_pointer(&uuids, g_hash_table_unref);
    uuids = nmm_held_locks_read("/no/such", locks);
    g_assert_cmpuint(g_hash_table_size(uuids), ==, 0);
    close(held);
    close(left);
    close(other);
}

static void
add_guest(GPtrArray *guests, const char *name, const char *nics)
{
    g_autofree char *uuid = g_strdup_printf("00000000-0000-4000-8000-%012u", guests->len);
    g_autofree char *xml = g_strconcat("<domain><name>",
                                       name,
                                       "</name><uuid>",
                                       uuid,
                                       "</uuid><devices>",
                                       nics,
                                       "</devices></domain>",
                                       NULL);
    g_autoptr(GError) error = NULL;

    g_ptr_array_add(guests, nmm_guest_new_from_xml(xml, NULL, &error));
    g_assert_no_error(error);
}

static void
add_network(GPtrArray *networks, const char *name, const char *inner, gboolean active)
{
    g_autofree char *uuid = g_strdup_printf("00000000-0000-4000-9000-%012u", networks->len);
    g_autofree char *xml = g_strconcat(
        "<network><name>", name, "</name><uuid>", uuid, "</uuid>", inner, "</network>", NULL);
    g_autoptr(GError) error = NULL;

    g_ptr_array_add(networks, nmm_network_new_from_xml(xml, active, FALSE, TRUE, &error));
    g_assert_no_error(error);
}

#define DIRECT(dev, mode)                                                                          \
    "<interface type='direct'><source dev='" dev "' mode='" mode "'/></interface>"
#define ON(network) "<interface type='network'><source network='" network "'/></interface>"
#define IP          "<ip address='10.9.0.1' netmask='255.255.255.0'/>"

static NmmScene *
take_in(GPtrArray *guests, GPtrArray *networks)
{
    NmmScene *scene = nmm_scene_new();

    nmm_scene_take_in(scene, nmm_scene_get_default_uri(), guests, networks);
    return scene;
}

static void
test_take_in(void)
{
    g_autoptr(GPtrArray) guests = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_guest_unref);
    g_autoptr(GPtrArray) networks =
        g_ptr_array_new_with_free_func((GDestroyNotify)nmm_network_unref);
    g_autoptr(NmmScene) scene = NULL;
    const NmmSceneLibvirt *libvirt;
    const NmmSceneNetwork *network;
    const char *uri = nmm_scene_get_default_uri();

    add_network(networks, "lab", "<bridge name='virbr5'/>" IP, TRUE);
    add_network(networks, "bare", "<bridge name='virbr6'/>", FALSE);
    add_network(networks, "nat", "<forward mode='nat'/><bridge name='virbr0'/>" IP, TRUE);
    add_network(networks, "pool", "<forward mode='bridge'><interface dev='eth2'/></forward>", TRUE);
    add_network(networks, "vepa", "<forward mode='vepa'><interface dev='eth3'/></forward>", TRUE);
    add_guest(guests, "b", DIRECT("eth1", "bridge") ON("lab"));
    add_guest(guests, "a", DIRECT("eth0", "bridge"));
    add_guest(guests, "again", DIRECT("eth0", "bridge"));
    add_guest(guests, "pooled", ON("pool"));
    add_guest(guests, "vepa", ON("vepa") DIRECT("eth4", "vepa"));
    add_guest(guests, "natted", ON("nat") ON("bare"));

    scene = take_in(guests, networks);
    libvirt = nmm_scene_find_libvirt(scene, uri);
    g_assert_true(libvirt->guests);
    g_assert_true(libvirt->offered);
    g_assert_cmpstrv(libvirt->lowers, ((const char *const[]){"eth0", "eth1", "eth2", NULL}));
    network = nmm_scene_find_network(scene, uri, "lab");
    g_assert_cmpstr(network->bridge, ==, "virbr5");
    g_assert_true(network->active && network->usable && network->used);
    network = nmm_scene_find_network(scene, uri, "bare");
    g_assert_false(network->active || network->usable || network->used);
    network = nmm_scene_find_network(scene, uri, "nat");
    g_assert_false(network->usable);
    g_assert_null(nmm_scene_find_network(scene, "lxc:///system", "lab"));
}

static void
test_take_in_without_macvtap(void)
{
    g_autoptr(GPtrArray) guests = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_guest_unref);
    g_autoptr(GPtrArray) networks =
        g_ptr_array_new_with_free_func((GDestroyNotify)nmm_network_unref);
    g_autoptr(NmmScene) scene = NULL;
    const NmmSceneLibvirt *libvirt;

    add_network(networks, "lab", IP, TRUE);
    add_guest(guests, "a", ON("lab"));
    scene = take_in(guests, networks);
    libvirt = scene->libvirts->pdata[0];
    g_assert_false(libvirt->guests);
    g_assert_null(libvirt->lowers[0]);
    g_assert_false(((NmmSceneNetwork *)scene->networks->pdata[0])->used);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/events/parse", test_events_parse);
    g_test_add("/events/put-back",
               RunDir,
               NULL,
               set_up,
               test_events_put_back_are_older,
               run_dir_tear_down);
    g_test_add_func("/events/order", test_events_order);
    g_test_add("/events/of-one-profile",
               RunDir,
               NULL,
               set_up,
               test_events_of_one_profile,
               run_dir_tear_down);
    g_test_add_func("/events/error", test_events_error);
    g_test_add("/lock", RunDir, NULL, set_up, test_lock_excludes, run_dir_tear_down);
    g_test_add("/claims", RunDir, NULL, set_up, test_claims, run_dir_tear_down);
    g_test_add_func("/take-in/all", test_take_in);
    g_test_add_func("/take-in/none", test_take_in_without_macvtap);
    return g_test_run();
}
