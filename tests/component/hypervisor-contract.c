/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contract of NmmHypervisor as test cases; see the header.
 */

#include "config.h"

#include "hypervisor-fixture.h"

#include <string.h>

#include "nmm-error.h"

static void
test_list_guests(Fixture *f, gconstpointer user_data)
{
    const HypervisorWorld *world = f->world;
    g_autofree char *transient_xml = contract_guest_xml("brief &amp; odd ü", DB_UUID);
    g_autoptr(GPtrArray) none = contract_list_guests(f);
    g_autoptr(GPtrArray) guests = NULL;
    guint i;

    g_assert_cmpuint(none->len, ==, 0);

    contract_define_guest(f, "web1", WEB_UUID);
    world->create_transient_guest(world->data, transient_xml);

    guests = contract_list_guests(f);
    g_assert_cmpuint(guests->len, ==, 2);
    for (i = 0; i < guests->len; i++) {
        const NmmGuest *guest = guests->pdata[i];

        if (g_str_equal(guest->uuid, WEB_UUID)) {
            g_assert_cmpstr(guest->name, ==, "web1");
            g_assert_null(guest->live);
            contract_assert_untouched(guest->config);
        } else {
            g_assert_cmpstr(guest->uuid, ==, DB_UUID);
            g_assert_cmpstr(guest->name, ==, "brief & odd ü");
            g_assert_null(guest->config);
            contract_assert_untouched(guest->live);
        }
    }
}

static void
test_read_guest(Fixture *f, gconstpointer user_data)
{
    g_autoptr(NmmGuest) shut_off = NULL;
    g_autoptr(NmmGuest) running = NULL;

    contract_define_guest(f, "web1", WEB_UUID);
    shut_off = contract_read_guest(f, WEB_UUID, -1);
    g_assert_cmpstr(shut_off->name, ==, "web1");
    g_assert_nonnull(shut_off->config);
    g_assert_null(shut_off->live);

    f->world->start_guest(f->world->data, "web1");
    running = contract_read_guest(f, WEB_UUID, -1);
    g_assert_nonnull(running->config);
    g_assert_nonnull(running->live);

    g_assert_null(contract_read_guest(f, NO_UUID, NMM_ERROR_NOT_FOUND));
}

static void
test_guest_events(Fixture *f, gconstpointer user_data)
{
    const HypervisorWorld *world = f->world;

    contract_define_guest(f, "web1", WEB_UUID);
    contract_await_event(f, "guest " WEB_UUID);
    contract_forget_events(f);
    world->start_guest(world->data, "web1");
    contract_await_event(f, "guest " WEB_UUID);
    contract_forget_events(f);
    world->stop_guest(world->data, "web1");
    contract_await_event(f, "guest " WEB_UUID);
    contract_forget_events(f);
    world->undefine_guest(world->data, "web1");
    contract_await_event(f, "guest " WEB_UUID);
    g_assert_null(contract_read_guest(f, WEB_UUID, NMM_ERROR_NOT_FOUND));
}

static void
test_list_networks(Fixture *f, gconstpointer user_data)
{
    const HypervisorWorld *world = f->world;
    g_autoptr(NmmNetwork) none = contract_read_network(f, NETWORK);
    g_autoptr(NmmNetwork) inactive = NULL;
    g_autoptr(NmmNetwork) active = NULL;
    g_autofree char *address = NULL;

    g_assert_null(none);
    world->define_network(world->data, contract_network_xml);
    inactive = contract_read_network(f, NETWORK);
    g_assert_nonnull(inactive);
    g_assert_false(inactive->active);
    g_assert_false(inactive->autostart);
    g_assert_true(inactive->persistent);
    g_assert_null(inactive->forward_mode);

    world->start_network(world->data, NETWORK);
    active = contract_read_network(f, NETWORK);
    g_assert_true(active->active);
    g_assert_nonnull(active->bridge);
    address = nmm_cidr_to_string(nmm_network_get_address(active, G_SOCKET_FAMILY_IPV4));
    g_assert_cmpstr(address, ==, "192.168.254.1/24");
}

static void
test_edit_network(Fixture *f, gconstpointer user_data)
{
    g_autoptr(NmmNetwork) up = NULL;
    g_autoptr(NmmNetwork) down = NULL;
    g_autoptr(NmmNetwork) gone = NULL;

    contract_edit_network(f, NMM_EDIT_NETWORK_DEFINE, NETWORK, contract_network_xml, -1);
    contract_await_event(f, "network " NETWORK);
    contract_forget_events(f);
    contract_edit_network(f, NMM_EDIT_NETWORK_AUTOSTART, NETWORK, NULL, -1);
    contract_edit_network(f, NMM_EDIT_NETWORK_START, NETWORK, NULL, -1);
    contract_await_event(f, "network " NETWORK);
    /* Somebody else may have been faster. */
    contract_edit_network(f, NMM_EDIT_NETWORK_START, NETWORK, NULL, -1);
    up = contract_read_network(f, NETWORK);
    g_assert_true(up->active && up->autostart && up->persistent);

    contract_forget_events(f);
    contract_edit_network(f, NMM_EDIT_NETWORK_DESTROY, NETWORK, NULL, -1);
    contract_await_event(f, "network " NETWORK);
    contract_edit_network(f, NMM_EDIT_NETWORK_DESTROY, NETWORK, NULL, -1);
    down = contract_read_network(f, NETWORK);
    g_assert_false(down->active);

    contract_forget_events(f);
    contract_edit_network(f, NMM_EDIT_NETWORK_UNDEFINE, NETWORK, NULL, -1);
    contract_await_event(f, "network " NETWORK);
    gone = contract_read_network(f, NETWORK);
    g_assert_null(gone);
}

static void
test_edit_no_network(Fixture *f, gconstpointer user_data)
{
    static const NmmEditKind kinds[] = {
        NMM_EDIT_NETWORK_AUTOSTART,
        NMM_EDIT_NETWORK_START,
        NMM_EDIT_NETWORK_DESTROY,
        NMM_EDIT_NETWORK_UNDEFINE,
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(kinds); i++)
        contract_edit_network(f, kinds[i], "nowhere", NULL, NMM_ERROR_NOT_FOUND);
}

static void
test_network_events(Fixture *f, gconstpointer user_data)
{
    const HypervisorWorld *world = f->world;

    world->define_network(world->data, contract_network_xml);
    contract_await_event(f, "network " NETWORK);
    contract_forget_events(f);
    world->start_network(world->data, NETWORK);
    contract_await_event(f, "network " NETWORK);
    contract_forget_events(f);
    world->stop_network(world->data, NETWORK);
    contract_await_event(f, "network " NETWORK);
    contract_forget_events(f);
    world->undefine_network(world->data, NETWORK);
    contract_await_event(f, "network " NETWORK);
}

static void
test_leases(Fixture *f, gconstpointer user_data)
{
    g_autoptr(GPtrArray) leases = NULL;

    contract_start_network(f);
    leases = contract_list_leases(f, NETWORK, -1);
    g_assert_cmpuint(leases->len, ==, 0);
    g_assert_null(contract_list_leases(f, "nowhere", NMM_ERROR_NOT_FOUND));
}

static void
test_config_nic(Fixture *f, gconstpointer user_data)
{
    const NmmScope scope = NMM_SCOPE_CONFIG;
    NmmNicSpec changed = contract_nic_spec;
    g_autoptr(NmmGuest) guest = NULL;
    const NmmNic *nic;

    contract_start_network(f);
    contract_define_guest(f, "web1", WEB_UUID);
    contract_edit_nic(f, NMM_EDIT_NIC_ATTACH, scope, WEB_UUID, &contract_nic_spec, -1);
    contract_assert_nic(f, WEB_UUID, TRUE, FALSE);

    changed.link_down = TRUE;
    changed.isolated = TRUE;
    contract_edit_nic(f, NMM_EDIT_NIC_UPDATE, scope, WEB_UUID, &changed, -1);
    guest = contract_read_guest(f, WEB_UUID, -1);
    nic = contract_find_nic(guest->config, ALIAS);
    g_assert_cmpint(nic->type, ==, NMM_NIC_NETWORK);
    g_assert_cmpstr(nic->network, ==, NETWORK);
    g_assert_cmpstr(nic->mac, ==, MAC);
    g_assert_cmpstr(nic->model, ==, "virtio");
    g_assert_true(nic->link_down);
    g_assert_true(nic->isolated);

    contract_edit_nic(f, NMM_EDIT_NIC_DETACH, scope, WEB_UUID, &contract_nic_spec, -1);
    contract_assert_nic(f, WEB_UUID, FALSE, FALSE);
    contract_edit_nic(
        f, NMM_EDIT_NIC_DETACH, scope, WEB_UUID, &contract_nic_spec, NMM_ERROR_NOT_FOUND);
}

static void
test_live_nic(Fixture *f, gconstpointer user_data)
{
    const NmmScope scope = NMM_SCOPE_LIVE;
    NmmNicSpec down = contract_nic_spec;
    g_autoptr(NmmGuest) guest = NULL;

    contract_start_network(f);
    contract_define_guest(f, "web1", WEB_UUID);
    f->world->start_guest(f->world->data, "web1");
    contract_await_event(f, "guest " WEB_UUID);
    contract_forget_events(f);

    contract_edit_nic(f, NMM_EDIT_NIC_ATTACH, scope, WEB_UUID, &contract_nic_spec, -1);
    contract_await_event(f, "guest " WEB_UUID);
    contract_assert_nic(f, WEB_UUID, FALSE, TRUE);

    down.link_down = TRUE;
    contract_edit_nic(f, NMM_EDIT_NIC_UPDATE, scope, WEB_UUID, &down, -1);
    guest = contract_read_guest(f, WEB_UUID, -1);
    g_assert_true(contract_find_nic(guest->live, ALIAS)->link_down);

    /* Asking is all that is done, once or twice; the guest decides. */
    contract_edit_nic(f, NMM_EDIT_NIC_DETACH, scope, WEB_UUID, &contract_nic_spec, -1);
    contract_edit_nic(f, NMM_EDIT_NIC_DETACH, scope, WEB_UUID, &contract_nic_spec, -1);
    contract_assert_nic(f, WEB_UUID, FALSE, TRUE);
    contract_forget_events(f);
    contract_let_go_until_event(f, "guest " WEB_UUID);
    contract_assert_nic(f, WEB_UUID, FALSE, FALSE);
    contract_edit_nic(
        f, NMM_EDIT_NIC_DETACH, scope, WEB_UUID, &contract_nic_spec, NMM_ERROR_NOT_FOUND);
}

static void
test_rigid_guest(Fixture *f, gconstpointer user_data)
{
    contract_start_network(f);
    f->world->define_rigid_guest(f->world->data, "rigid", WEB_UUID);
    f->world->start_guest(f->world->data, "rigid");

    contract_edit_nic(f,
                      NMM_EDIT_NIC_ATTACH,
                      NMM_SCOPE_LIVE,
                      WEB_UUID,
                      &contract_nic_spec,
                      NMM_ERROR_UNSUPPORTED);
    contract_assert_nic(f, WEB_UUID, FALSE, FALSE);
    contract_edit_nic(f, NMM_EDIT_NIC_ATTACH, NMM_SCOPE_CONFIG, WEB_UUID, &contract_nic_spec, -1);
    contract_assert_nic(f, WEB_UUID, TRUE, FALSE);
}

/* A guest that changed its state between observation and edit. */
static void
test_edit_lost_guest(Fixture *f, gconstpointer user_data)
{
    static const NmmEditKind kinds[] = {
        NMM_EDIT_NIC_ATTACH,
        NMM_EDIT_NIC_UPDATE,
        NMM_EDIT_NIC_DETACH,
    };
    const int not_found = NMM_ERROR_NOT_FOUND;
    g_autofree char *transient_xml = contract_guest_xml("brief", DB_UUID);
    gsize i;

    contract_start_network(f);
    contract_define_guest(f, "web1", WEB_UUID);
    f->world->create_transient_guest(f->world->data, transient_xml);

    for (i = 0; i < G_N_ELEMENTS(kinds); i++) {
        contract_edit_nic(f, kinds[i], NMM_SCOPE_CONFIG, NO_UUID, &contract_nic_spec, not_found);
        contract_edit_nic(f, kinds[i], NMM_SCOPE_LIVE, WEB_UUID, &contract_nic_spec, not_found);
        contract_edit_nic(f, kinds[i], NMM_SCOPE_CONFIG, DB_UUID, &contract_nic_spec, not_found);
    }
    contract_assert_nic(f, WEB_UUID, FALSE, FALSE);
    contract_assert_nic(f, DB_UUID, FALSE, FALSE);
}

/*****************************************************************************/

/* Enough for an implementation that reads in parallel to do so. */
#define CROWD 40

static void
test_crowd(Fixture *f, gconstpointer user_data)
{
    const NmmScope scope = NMM_SCOPE_CONFIG;
    g_autofree char *xml = nmm_nic_spec_to_xml(&contract_nic_spec);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) guests = NULL;
    NmmEdit edits[CROWD];
    Call calls[CROWD];
    GThread *threads[CROWD];
    guint i;

    contract_start_network(f);
    for (i = 0; i < CROWD; i++) {
        g_autofree char *name = g_strdup_printf("crowd%u", i);
        g_autofree char *uuid = g_strdup_printf("3c2f8a10-3333-4a6b-9c3d-%012u", i);

        contract_define_guest(f, name, uuid);
        edits[i] = (NmmEdit){
            .kind = NMM_EDIT_NIC_ATTACH,
            .scope = scope,
            .guest_uuid = g_steal_pointer(&uuid),
            .network = (char *)NETWORK,
            .alias = (char *)ALIAS,
            .xml = xml,
        };
        calls[i] = (Call){.f = f, .run = contract_run_apply, .edit = &edits[i]};
    }
    for (i = 0; i < CROWD; i++)
        threads[i] = g_thread_new("crowd", contract_call_thread, &calls[i]);
    for (i = 0; i < CROWD; i++) {
        g_thread_join(threads[i]);
        g_assert_no_error(calls[i].error);
        g_free(edits[i].guest_uuid);
    }

    guests = contract_list_guests(f);
    g_assert_cmpuint(guests->len, ==, CROWD);
    for (i = 0; i < CROWD; i++) {
        const NmmGuest *guest = guests->pdata[i];

        g_assert_nonnull(contract_find_nic(guest->config, ALIAS));
        g_assert_true(g_hash_table_add(seen, guest->uuid));
    }
}

/*****************************************************************************/

static void
test_read_only(Fixture *f, gconstpointer user_data)
{
    g_autoptr(GPtrArray) guests = NULL;
    g_autoptr(GPtrArray) leases = NULL;
    g_autoptr(NmmNetwork) network = NULL;

    contract_start_network(f);
    contract_define_guest(f, "web1", WEB_UUID);
    nmm_hypervisor_close(f->hypervisor);
    contract_open_as(f, TRUE, -1);

    guests = contract_list_guests(f);
    g_assert_cmpuint(guests->len, ==, 1);
    network = contract_read_network(f, NETWORK);
    g_assert_true(network->active);
    leases = contract_list_leases(f, NETWORK, -1);
    g_assert_nonnull(leases);
    contract_assert_nic(f, WEB_UUID, FALSE, FALSE);

    contract_edit_nic(
        f, NMM_EDIT_NIC_ATTACH, NMM_SCOPE_CONFIG, WEB_UUID, &contract_nic_spec, NMM_ERROR_DENIED);
    contract_edit_network(f, NMM_EDIT_NETWORK_AUTOSTART, NETWORK, NULL, NMM_ERROR_DENIED);
    contract_assert_nic(f, WEB_UUID, FALSE, FALSE);
}

static void
test_close(Fixture *f, gconstpointer user_data)
{
    Fixture other = {.world = f->world, .events = g_ptr_array_new_with_free_func(g_free)};

    other.hypervisor = f->world->new_hypervisor(f->world->data);
    nmm_hypervisor_close(other.hypervisor);
    contract_listen(&other);
    contract_open_as(&other, FALSE, -1);

    contract_forget_events(f);
    nmm_hypervisor_close(f->hypervisor);
    nmm_hypervisor_close(f->hypervisor);
    g_assert_null(contract_read_guest(f, WEB_UUID, NMM_ERROR_UNREACHABLE));

    /* What the other one hears of, this one does not. */
    contract_define_guest(f, "web1", WEB_UUID);
    contract_await_event(&other, "guest " WEB_UUID);
    g_assert_cmpuint(f->events->len, ==, 0);

    contract_open_as(f, FALSE, -1);
    f->world->undefine_guest(f->world->data, "web1");
    contract_await_event(f, "guest " WEB_UUID);
    g_assert_cmpuint(contract_count_events(f, "closed"), ==, 0);

    /* Left open: it must go away all the same. */
    g_signal_handlers_disconnect_by_data(other.hypervisor, other.events);
    contract_forget_events(&other);
    g_assert_finalize_object(other.hypervisor);
    g_ptr_array_unref(other.events);
}

/* Opening what is open replaces the connection: events still come once. */
static void
test_open_twice(Fixture *f, gconstpointer user_data)
{
    contract_open_as(f, FALSE, -1);
    f->world->define_network(f->world->data, contract_network_xml);
    contract_await_event(f, "network " NETWORK);
    contract_define_guest(f, "web1", WEB_UUID);
    contract_await_event(f, "guest " WEB_UUID);
    g_assert_cmpuint(contract_count_events(f, "network " NETWORK), ==, 1);
    g_assert_cmpuint(contract_count_events(f, "closed"), ==, 0);
}

static void
test_lost(Fixture *f, gconstpointer user_data)
{
    const HypervisorWorld *world = f->world;

    contract_start_network(f);
    contract_define_guest(f, "web1", WEB_UUID);
    world->lose_daemon(world->data);
    contract_await_event(f, "closed");
    g_assert_null(contract_read_guest(f, WEB_UUID, NMM_ERROR_UNREACHABLE));
    contract_edit_nic(f,
                      NMM_EDIT_NIC_ATTACH,
                      NMM_SCOPE_CONFIG,
                      WEB_UUID,
                      &contract_nic_spec,
                      NMM_ERROR_UNREACHABLE);
    contract_open_as(f, FALSE, NMM_ERROR_UNREACHABLE);
    g_assert_cmpuint(contract_count_events(f, "closed"), ==, 1);

    world->restore_daemon(world->data);
    g_assert_null(contract_read_guest(f, WEB_UUID, NMM_ERROR_UNREACHABLE));
    contract_open_as(f, FALSE, -1);
    contract_assert_nic(f, WEB_UUID, FALSE, FALSE);
    contract_forget_events(f);
    world->undefine_guest(world->data, "web1");
    contract_await_event(f, "guest " WEB_UUID);
    g_assert_cmpuint(contract_count_events(f, "closed"), ==, 0);
}

/**
 * hypervisor_contract_add_tests:
 * @world: what the cases run in
 *
 * Adds a test of each clause of the contract.
 */
void
hypervisor_contract_add_tests(const HypervisorWorld *world)
{
    static const struct {
        const char *path;
        void (*test)(Fixture *f, gconstpointer user_data);
    } cases[] = {
        {"/hypervisor/guests/list", test_list_guests},
        {"/hypervisor/guests/read", test_read_guest},
        {"/hypervisor/guests/events", test_guest_events},
        {"/hypervisor/guests/crowd", test_crowd},
        {"/hypervisor/networks/list", test_list_networks},
        {"/hypervisor/networks/edit", test_edit_network},
        {"/hypervisor/networks/edit-none", test_edit_no_network},
        {"/hypervisor/networks/events", test_network_events},
        {"/hypervisor/networks/leases", test_leases},
        {"/hypervisor/nics/config", test_config_nic},
        {"/hypervisor/nics/live", test_live_nic},
        {"/hypervisor/nics/rigid", test_rigid_guest},
        {"/hypervisor/nics/lost-guest", test_edit_lost_guest},
        {"/hypervisor/connection/read-only", test_read_only},
        {"/hypervisor/connection/close", test_close},
        {"/hypervisor/connection/open-twice", test_open_twice},
        {"/hypervisor/connection/lost", test_lost},
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++)
        g_test_add(
            cases[i].path, Fixture, world, contract_set_up, cases[i].test, contract_tear_down);
}
