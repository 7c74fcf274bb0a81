/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest can be resumed from is read with the guest, and the link of the project's interface
 * in a managed save image can be changed.
 */

#include "config.h"

#include "hypervisor-fixture.h"

#include "nmm-error.h"

/* A running guest with the project's interface in both scopes. */
static void
start_served_guest(Fixture *f)
{
    contract_start_network(f);
    contract_define_guest(f, "web1", WEB_UUID);
    contract_edit_nic(f, NMM_EDIT_NIC_ATTACH, NMM_SCOPE_CONFIG, WEB_UUID, &contract_nic_spec, -1);
    f->host->start_guest(f->host->data, "web1");
}

static void
set_image_link(Fixture *f, gboolean link_down, int code)
{
    const NmmEdit edit = {
        .kind = NMM_EDIT_IMAGE_LINK,
        .scope = NMM_SCOPE_IMAGE,
        .guest_uuid = (char *)WEB_UUID,
        .guest_name = (char *)"web1",
        .network = (char *)NETWORK,
        .alias = (char *)ALIAS,
        .link_down = link_down,
    };

    contract_apply(f, &edit, code);
}

/* In a guest that is read by itself and in one of the list. */
static void
assert_image(Fixture *f, gboolean link_down)
{
    g_autoptr(NmmGuest) guest = contract_read_guest(f, WEB_UUID, -1);
    g_autoptr(GPtrArray) guests = contract_list_guests(f);
    const NmmGuest *const both[] = {guest, guests->pdata[0]};

    g_assert_null(guest->live);
    for (guint i = 0; i < G_N_ELEMENTS(both); i++) {
        const NmmSavedState *image = nmm_guest_get_image(both[i]);
        const NmmNic *nic;

        g_assert_nonnull(image);
        nic = contract_find_nic(image->state, ALIAS);
        g_assert_cmpstr(nic->network, ==, NETWORK);
        g_assert_true(nic->link_down == link_down);
        g_assert_true(nmm_guest_find_saved(both[i], NETWORK) == image);
        g_assert_null(nmm_guest_find_saved(both[i], "elsewhere"));
    }
}

static void
assert_resumed(Fixture *f, gboolean link_down)
{
    g_autoptr(NmmGuest) guest = NULL;

    f->host->start_guest(f->host->data, "web1");
    guest = contract_read_guest(f, WEB_UUID, -1);
    g_assert_cmpuint(guest->saved->len, ==, 0);
    g_assert_true(contract_find_nic(guest->live, ALIAS)->link_down == link_down);
}

static void
test_image(Fixture *f, gconstpointer user_data)
{
    start_served_guest(f);
    set_image_link(f, TRUE, NMM_ERROR_NOT_FOUND);
    f->host->save_guest(f->host->data, "web1");
    assert_image(f, FALSE);
    set_image_link(f, FALSE, -1);
    set_image_link(f, TRUE, -1);
    set_image_link(f, TRUE, -1);
    assert_image(f, TRUE);
    assert_resumed(f, TRUE);

    f->host->save_guest(f->host->data, "web1");
    assert_image(f, TRUE);
    set_image_link(f, FALSE, -1);
    assert_image(f, FALSE);
    assert_resumed(f, FALSE);
}

static void
test_discarded_image(Fixture *f, gconstpointer user_data)
{
    g_autoptr(NmmGuest) guest = NULL;

    start_served_guest(f);
    f->host->save_guest(f->host->data, "web1");
    f->host->discard_image(f->host->data, "web1");
    set_image_link(f, TRUE, NMM_ERROR_NOT_FOUND);
    guest = contract_read_guest(f, WEB_UUID, -1);
    g_assert_cmpuint(guest->saved->len, ==, 0);
}

static void
test_snapshot(Fixture *f, gconstpointer user_data)
{
    g_autoptr(NmmGuest) guest = NULL;
    g_autoptr(NmmGuest) after = NULL;
    g_autoptr(GPtrArray) guests = NULL;
    const NmmSavedState *saved;

    start_served_guest(f);
    f->host->snapshot_guest(f->host->data, "web1", "clean");
    guests = contract_list_guests(f);
    guest = contract_read_guest(f, WEB_UUID, -1);
    saved = nmm_guest_find_saved(guest, NETWORK);
    g_assert_cmpstr(saved->snapshot, ==, "clean");
    g_assert_null(nmm_guest_get_image(guest));
    g_assert_nonnull(nmm_guest_find_saved(guests->pdata[0], NETWORK));
    g_assert_null(nmm_guest_find_saved(guest, "elsewhere"));

    f->host->delete_snapshot(f->host->data, "web1", "clean");
    after = contract_read_guest(f, WEB_UUID, -1);
    g_assert_null(nmm_guest_find_saved(after, NETWORK));
}

void
contract_add_saved_tests(const HypervisorHost *host)
{
    static const struct {
        const char *path;
        void (*test)(Fixture *f, gconstpointer user_data);
    } cases[] = {
        {"/hypervisor/saved/image", test_image},
        {"/hypervisor/saved/discarded-image", test_discarded_image},
        {"/hypervisor/saved/snapshot", test_snapshot},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_test_add(
            cases[i].path, Fixture, host, contract_set_up, cases[i].test, contract_tear_down);
}
