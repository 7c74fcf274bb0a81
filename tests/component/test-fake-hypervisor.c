/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The contract on the fake. */

#include "config.h"

#include "fake-hypervisor.h"
#include "hypervisor-contract.h"

static void
must(gboolean ok, GError *error)
{
    g_assert_no_error(error);
    g_assert_true(ok);
}

static void
reset(gpointer data)
{
    fake_host_reset(data);
}

static NmmHypervisor *
new_hypervisor(gpointer data)
{
    return fake_hypervisor_new(data);
}

/* QEMU without a guest system never releases an interface by itself. */
static void
define_guest(gpointer data, const char *xml)
{
    g_autoptr(NmmGuest) guest = nmm_guest_new_from_xml(xml, NULL, NULL);
    GError *error = NULL;

    must(fake_host_define_guest(data, xml, &error), error);
    fake_host_set_reluctant(data, guest->uuid, TRUE);
}

static void
undefine_guest(gpointer data, const char *name)
{
    GError *error = NULL;

    must(fake_host_undefine_guest(data, name, &error), error);
}

static void
start_guest(gpointer data, const char *name)
{
    GError *error = NULL;

    must(fake_host_start_guest(data, name, &error), error);
}

static void
stop_guest(gpointer data, const char *name)
{
    GError *error = NULL;

    must(fake_host_stop_guest(data, name, &error), error);
}

static void
create_transient_guest(gpointer data, const char *xml)
{
    GError *error = NULL;

    must(fake_host_create_guest(data, xml, &error), error);
}

static void
define_rigid_guest(gpointer data, const char *name, const char *uuid)
{
    g_autofree char *xml = g_strdup_printf(
        "<domain type='qemu'><name>%s</name><uuid>%s</uuid><devices><interface type='direct'>"
        "<source dev='eth0' mode='bridge'/></interface></devices></domain>",
        name,
        uuid);

    define_guest(data, xml);
    fake_host_set_rigid(data, name, TRUE);
}

static void
save_guest(gpointer data, const char *name)
{
    GError *error = NULL;

    must(fake_host_save_guest(data, name, &error), error);
}

static void
pause_guest(gpointer data, const char *name, gboolean paused)
{
    GError *error = NULL;

    must(fake_host_pause_guest(data, name, paused, &error), error);
}

static void
discard_image(gpointer data, const char *name)
{
    GError *error = NULL;

    must(fake_host_discard_image(data, name, &error), error);
}

static void
snapshot_guest(gpointer data, const char *name, const char *snapshot)
{
    GError *error = NULL;

    must(fake_host_snapshot_guest(data, name, snapshot, &error), error);
}

static void
delete_snapshot(gpointer data, const char *name, const char *snapshot)
{
    GError *error = NULL;

    must(fake_host_delete_snapshot(data, name, snapshot, &error), error);
}

static void
guest_releases(gpointer data, const char *name)
{
    fake_host_release_nics(data, name);
}

static void
define_network(gpointer data, const char *xml)
{
    GError *error = NULL;

    must(fake_host_define_network(data, xml, &error), error);
}

static void
start_network(gpointer data, const char *name)
{
    GError *error = NULL;

    must(fake_host_start_network(data, name, &error), error);
}

static void
stop_network(gpointer data, const char *name)
{
    GError *error = NULL;

    must(fake_host_stop_network(data, name, &error), error);
}

static void
undefine_network(gpointer data, const char *name)
{
    GError *error = NULL;

    must(fake_host_undefine_network(data, name, &error), error);
}

/* The fake applies no filters. */
static void
define_filter(gpointer data, const char *xml)
{
}

static void
lose_daemon(gpointer data)
{
    fake_host_kill(data, "the daemon was killed");
}

static void
restore_daemon(gpointer data)
{
    fake_host_revive(data);
}

int
main(int argc, char **argv)
{
    g_autoptr(FakeHost) fake = fake_host_new();
    const HypervisorHost host = {
        .data = fake,
        .reset = reset,
        .new_hypervisor = new_hypervisor,
        .define_guest = define_guest,
        .undefine_guest = undefine_guest,
        .start_guest = start_guest,
        .stop_guest = stop_guest,
        .create_transient_guest = create_transient_guest,
        .define_rigid_guest = define_rigid_guest,
        .guest_releases = guest_releases,
        .define_network = define_network,
        .start_network = start_network,
        .stop_network = stop_network,
        .undefine_network = undefine_network,
        .save_guest = save_guest,
        .pause_guest = pause_guest,
        .discard_image = discard_image,
        .snapshot_guest = snapshot_guest,
        .delete_snapshot = delete_snapshot,
        .define_filter = define_filter,
        .lose_daemon = lose_daemon,
        .restore_daemon = restore_daemon,
    };

    g_test_init(&argc, &argv, NULL);
    hypervisor_contract_add_tests(&host);
    return g_test_run();
}
