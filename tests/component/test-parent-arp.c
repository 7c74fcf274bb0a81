/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ARP parameters of a parent whose addresses are on a host link, each test in a network
 * namespace. tests/mock/test_move_arp.py tests which replies the LAN receives. Needs root.
 */

#include "config.h"

#include <net/if.h>
#include <unistd.h>

#include "netns.h"
#include "nmm-parent-arp.h"
#include "nmm-sysctl.h"
#include "run-dir.h"

#define PARENT "eth0.7" /* a VLAN's name has a dot */
#define LINK   "nmmv0"

typedef struct {
    RunDir run;
    int ns;
    int previous;
} Fixture;

static void
set_up(Fixture *f, gconstpointer data)
{
    run_dir_set_up(&f->run, data);
    g_assert_cmpint(g_mkdir_with_parents(f->run.dir, 0755), ==, 0);
    f->ns = netns_new();
    f->previous = netns_enter(f->ns);
    netns_add_veth(PARENT, "lan0", -1);
    netns_add_veth(LINK, "other", -1);
}

static void
tear_down(Fixture *f, gconstpointer data)
{
    netns_leave(f->previous);
    close(f->ns);
    run_dir_tear_down(&f->run, data);
}

static void
assert_switch(const char *device, const char *name, guint value)
{
    g_autofree char *path = g_strdup_printf("net/ipv4/conf/%s/%s", device, name);
    g_autofree char *expected = g_strdup_printf("%u", value);
    g_autofree char *actual = NULL;
    g_autoptr(GError) error = NULL;

    nmm_sysctl_read(path, &actual, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(actual, ==, expected);
}

static void
silence(Fixture *f)
{
    g_autoptr(GError) error = NULL;

    nmm_parent_arp_silence(f->run.dir, "uuid-a", PARENT, LINK, TRUE, &error);
    g_assert_no_error(error);
    assert_switch(PARENT, "arp_ignore", 8);
    nmm_parent_arp_silence(f->run.dir, "uuid-a", PARENT, LINK, FALSE, &error);
    g_assert_no_error(error);
    assert_switch(PARENT, "arp_ignore", 1);
    assert_switch(PARENT, "medium_id", if_nametoindex(PARENT));
    assert_switch(LINK, "medium_id", if_nametoindex(PARENT));
}

static void
restore(Fixture *f, const char *owner)
{
    g_autoptr(GError) error = NULL;

    nmm_parent_arp_restore(f->run.dir, owner, PARENT, &error);
    g_assert_no_error(error);
}

static void
test_undo(Fixture *f, gconstpointer data)
{
    silence(f);
    silence(f);
    restore(f, "uuid-a");
    assert_switch(PARENT, "arp_ignore", 0);
    assert_switch(PARENT, "medium_id", 0);
    restore(f, "uuid-a");
}

static void
test_other_owner(Fixture *f, gconstpointer data)
{
    silence(f);
    restore(f, "uuid-b");
    assert_switch(PARENT, "arp_ignore", 1);
}

/* The new device has its own values. */
static void
test_new_device(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    silence(f);
    netns_delete(PARENT);
    netns_add_veth(PARENT, "lan0", -1);
    nmm_sysctl_write("net/ipv4/conf/" PARENT "/arp_ignore", "1", &error);
    g_assert_no_error(error);
    restore(f, "uuid-a");
    assert_switch(PARENT, "arp_ignore", 1);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/parent-arp/undo", Fixture, NULL, set_up, test_undo, tear_down);
    g_test_add("/parent-arp/other-owner", Fixture, NULL, set_up, test_other_owner, tear_down);
    g_test_add("/parent-arp/new-device", Fixture, NULL, set_up, test_new_device, tear_down);
    return g_test_run();
}
