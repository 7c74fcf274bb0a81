/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contract on the fake host link.
 */

#include "config.h"

#include "fake-hostlink.h"
#include "hostlink-contract.h"

static void
add_macvtap(gpointer data, const char *name, const char *parent, const char *ifalias)
{
    fake_hostlink_add_link(data, name, parent, ifalias, FALSE);
}

static void
add_passthrough(gpointer data, const char *name, const char *parent)
{
    fake_hostlink_add_link(data, name, parent, NULL, TRUE);
}

static void
setup(HostlinkKernel *kernel)
{
    NmmHostlink *fake = fake_hostlink_new();

    *kernel = (HostlinkKernel){
        .data = fake,
        .hostlink = fake,
        .add_parent = (gpointer)fake_hostlink_add_parent,
        .set_wireless = (gpointer)fake_hostlink_set_wireless,
        .enslave = (gpointer)fake_hostlink_enslave,
        .add_passthrough = add_passthrough,
        .add_address = (gpointer)fake_hostlink_add_address,
        .remove_address = (gpointer)fake_hostlink_remove_address,
        .add_link = add_macvtap,
        .delete_link = (gpointer)fake_hostlink_delete,
        .set_down = (gpointer)fake_hostlink_set_down,
        .describe_link = (gpointer)fake_hostlink_describe_link,
        .describe_routes = (gpointer)fake_hostlink_describe_routes,
        .get_mac = (gpointer)fake_hostlink_get_mac,
    };
}

static void
teardown(HostlinkKernel *kernel)
{
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    hostlink_contract_add("/fake-hostlink", setup, teardown);
    return g_test_run();
}
