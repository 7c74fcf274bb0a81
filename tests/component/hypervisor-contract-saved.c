/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest can be resumed from, and whether it is paused, is read with the guest.
 */

#include "config.h"

#include "hypervisor-fixture.h"

/* A running guest with the project's interface in both scopes. */
static void
start_served_guest(Fixture *f)
{
    contract_start_network(f);
    contract_define_guest(f, "web1", WEB_UUID);
    contract_edit_nic(f, NMM_EDIT_NIC_ATTACH, NMM_SCOPE_CONFIG, WEB_UUID, &contract_nic_spec, -1);
    f->host->start_guest(f->host->data, "web1");
}

/* In a guest that is read by itself and in one of the list. */
static void
test_image(Fixture *f, gconstpointer user_data)
{
    g_autoptr(NmmGuest) guest = NULL;
    g_autoptr(NmmGuest) resumed = NULL;
    g_autoptr(GPtrArray) guests = NULL;

    start_served_guest(f);
    f->host->save_guest(f->host->data, "web1");
    guest = contract_read_guest(f, WEB_UUID, -1);
    guests = contract_list_guests(f);
    g_assert_null(guest->live);
    g_assert_null(nmm_guest_find_saved(guest, NETWORK)->snapshot);
    g_assert_nonnull(nmm_guest_find_saved(guests->pdata[0], NETWORK));
    g_assert_null(nmm_guest_find_saved(guest, "elsewhere"));

    f->host->start_guest(f->host->data, "web1");
    resumed = contract_read_guest(f, WEB_UUID, -1);
    g_assert_cmpuint(resumed->saved->len, ==, 0);
    g_assert_nonnull(contract_find_nic(resumed->live, ALIAS));
}

static void
test_discarded_image(Fixture *f, gconstpointer user_data)
{
    g_autoptr(NmmGuest) guest = NULL;

    start_served_guest(f);
    f->host->save_guest(f->host->data, "web1");
    f->host->discard_image(f->host->data, "web1");
    guest = contract_read_guest(f, WEB_UUID, -1);
    g_assert_cmpuint(guest->saved->len, ==, 0);
}

static void
assert_paused(Fixture *f, gboolean paused)
{
    g_autoptr(NmmGuest) guest = contract_read_guest(f, WEB_UUID, -1);
    g_autoptr(GPtrArray) guests = contract_list_guests(f);

    g_assert_cmpint(guest->paused, ==, paused);
    g_assert_cmpint(((const NmmGuest *)guests->pdata[0])->paused, ==, paused);
}

static void
test_paused(Fixture *f, gconstpointer user_data)
{
    start_served_guest(f);
    assert_paused(f, FALSE);
    f->host->pause_guest(f->host->data, "web1", TRUE);
    assert_paused(f, TRUE);
    f->host->pause_guest(f->host->data, "web1", FALSE);
    assert_paused(f, FALSE);
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
        {"/hypervisor/paused", test_paused},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        g_test_add(
            cases[i].path, Fixture, host, contract_set_up, cases[i].test, contract_tear_down);
}
