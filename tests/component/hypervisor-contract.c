/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cases; see the header. */

#include "config.h"

#include "hypervisor-fixture.h"

#include <string.h>

#include "nmm-error.h"

static void
test_list_guests(Fixture *f, gconstpointer user_data)
{
    const HypervisorHost *host = f->host;
    g_autofree char *transient_xml = contract_guest_xml("brief &amp; odd ü", DB_UUID);
    g_autoptr(GPtrArray) none = contract_list_guests(f);
    g_autoptr(GPtrArray) guests = NULL;
    guint i;

    g_assert_cmpuint(none->len, ==, 0);

    contract_define_guest(f, "web1", WEB_UUID);
    host->create_transient_guest(host->data, transient_xml);

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

    f->host->start_guest(f->host->data, "web1");
    running = contract_read_guest(f, WEB_UUID, -1);
    g_assert_nonnull(running->config);
    g_assert_nonnull(running->live);

    g_assert_null(contract_read_guest(f, NO_UUID, NMM_ERROR_NOT_FOUND));
}

static void
test_guest_events(Fixture *f, gconstpointer user_data)
{
    const HypervisorHost *host = f->host;

    contract_define_guest(f, "web1", WEB_UUID);
    contract_await_event(f, "guest " WEB_UUID);
    contract_forget_events(f);
    host->start_guest(host->data, "web1");
    contract_await_event(f, "guest " WEB_UUID);
    contract_forget_events(f);
    host->stop_guest(host->data, "web1");
    contract_await_event(f, "guest " WEB_UUID);
    contract_forget_events(f);
    host->undefine_guest(host->data, "web1");
    contract_await_event(f, "guest " WEB_UUID);
    g_assert_null(contract_read_guest(f, WEB_UUID, NMM_ERROR_NOT_FOUND));
}

static void
test_list_networks(Fixture *f, gconstpointer user_data)
{
    const HypervisorHost *host = f->host;
    g_autoptr(NmmNetwork) none = contract_read_network(f, NETWORK);
    g_autoptr(NmmNetwork) inactive = NULL;
    g_autoptr(NmmNetwork) active = NULL;
    g_autofree char *address = NULL;

    g_assert_null(none);
    host->define_network(host->data, contract_network_xml);
    inactive = contract_read_network(f, NETWORK);
    g_assert_nonnull(inactive);
    g_assert_false(inactive->active);
    g_assert_false(inactive->autostart);
    g_assert_true(inactive->persistent);
    g_assert_null(inactive->forward_mode);

    host->start_network(host->data, NETWORK);
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
    /* Another program may have been faster. */
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

/* A definition is changed; UUID, bridge and autostart stay. No firewalld runs here. */
static void
test_redefine_network(Fixture *f, gconstpointer user_data)
{
    g_autoptr(NmmNetwork) before = NULL;
    g_autoptr(NmmNetwork) after = NULL;
    g_autoptr(NmmNetwork) back = NULL;
    g_autoptr(GString) xml = NULL;

    contract_edit_network(f, NMM_EDIT_NETWORK_DEFINE, NETWORK, contract_network_xml, -1);
    contract_edit_network(f, NMM_EDIT_NETWORK_AUTOSTART, NETWORK, NULL, -1);
    before = contract_read_network(f, NETWORK);
    g_assert_null(before->zone);

    xml = g_string_new(before->xml);
    g_string_replace(xml, "<bridge ", "<bridge zone='no-such-zone' ", 1);
    contract_edit_network(f, NMM_EDIT_NETWORK_DEFINE, NETWORK, xml->str, -1);
    after = contract_read_network(f, NETWORK);
    g_assert_cmpstr(after->zone, ==, "no-such-zone");
    g_assert_cmpstr(after->uuid, ==, before->uuid);
    g_assert_cmpstr(after->bridge, ==, before->bridge);
    g_assert_true(after->autostart && !after->active);
    contract_edit_network(f, NMM_EDIT_NETWORK_START, NETWORK, NULL, NMM_ERROR_FAILED);

    contract_edit_network(f, NMM_EDIT_NETWORK_DEFINE, NETWORK, before->xml, -1);
    contract_edit_network(f, NMM_EDIT_NETWORK_NO_AUTOSTART, NETWORK, NULL, -1);
    back = contract_read_network(f, NETWORK);
    g_assert_cmpstr(back->xml, ==, before->xml);
    g_assert_false(back->autostart || back->active);

    /* Another network of that name. */
    contract_edit_network(
        f, NMM_EDIT_NETWORK_DEFINE, NETWORK, contract_network_xml, NMM_ERROR_FAILED);
}

static void
test_edit_no_network(Fixture *f, gconstpointer user_data)
{
    static const NmmEditKind kinds[] = {
        NMM_EDIT_NETWORK_AUTOSTART,
        NMM_EDIT_NETWORK_START,
        NMM_EDIT_NETWORK_DESTROY,
        NMM_EDIT_NETWORK_NO_AUTOSTART,
        NMM_EDIT_NETWORK_UNDEFINE,
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(kinds); i++)
        contract_edit_network(f, kinds[i], "nowhere", NULL, NMM_ERROR_NOT_FOUND);
}

static void
test_network_events(Fixture *f, gconstpointer user_data)
{
    const HypervisorHost *host = f->host;

    host->define_network(host->data, contract_network_xml);
    contract_await_event(f, "network " NETWORK);
    contract_forget_events(f);
    host->start_network(host->data, NETWORK);
    contract_await_event(f, "network " NETWORK);
    contract_forget_events(f);
    host->stop_network(host->data, NETWORK);
    contract_await_event(f, "network " NETWORK);
    contract_forget_events(f);
    host->undefine_network(host->data, NETWORK);
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
    g_autoptr(NmmGuest) before = NULL;
    g_autoptr(NmmGuest) guest = NULL;
    const NmmNic *nic;

    contract_start_network(f);
    contract_define_guest(f, "web1", WEB_UUID);
    contract_edit_nic(f, NMM_EDIT_NIC_ATTACH, scope, WEB_UUID, &contract_nic_spec, -1);
    contract_assert_nic(f, WEB_UUID, TRUE, FALSE);

    before = contract_read_guest(f, WEB_UUID, -1);
    contract_update_nic(f, scope, WEB_UUID, contract_find_nic(before->config, ALIAS), TRUE, TRUE);
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
    g_autoptr(NmmGuest) before = NULL;
    g_autoptr(NmmGuest) guest = NULL;

    contract_start_network(f);
    contract_define_guest(f, "web1", WEB_UUID);
    f->host->start_guest(f->host->data, "web1");
    contract_await_event(f, "guest " WEB_UUID);
    contract_forget_events(f);

    contract_edit_nic(f, NMM_EDIT_NIC_ATTACH, scope, WEB_UUID, &contract_nic_spec, -1);
    contract_await_event(f, "guest " WEB_UUID);
    contract_assert_nic(f, WEB_UUID, FALSE, TRUE);

    before = contract_read_guest(f, WEB_UUID, -1);
    contract_update_nic(f, scope, WEB_UUID, contract_find_nic(before->live, ALIAS), FALSE, TRUE);
    guest = contract_read_guest(f, WEB_UUID, -1);
    g_assert_true(contract_find_nic(guest->live, ALIAS)->link_down);

    /* The guest is only asked, once or twice, and decides. */
    contract_edit_nic(f, NMM_EDIT_NIC_DETACH, scope, WEB_UUID, &contract_nic_spec, -1);
    contract_edit_nic(f, NMM_EDIT_NIC_DETACH, scope, WEB_UUID, &contract_nic_spec, -1);
    contract_assert_nic(f, WEB_UUID, FALSE, TRUE);
    contract_forget_events(f);
    contract_release_until_event(f, "guest " WEB_UUID);
    contract_assert_nic(f, WEB_UUID, FALSE, FALSE);
    contract_edit_nic(
        f, NMM_EDIT_NIC_DETACH, scope, WEB_UUID, &contract_nic_spec, NMM_ERROR_NOT_FOUND);
}

static void
test_rigid_guest(Fixture *f, gconstpointer user_data)
{
    contract_start_network(f);
    f->host->define_rigid_guest(f->host->data, "rigid", WEB_UUID);
    f->host->start_guest(f->host->data, "rigid");

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
    f->host->create_transient_guest(f->host->data, transient_xml);

    for (i = 0; i < G_N_ELEMENTS(kinds); i++) {
        contract_edit_nic(f, kinds[i], NMM_SCOPE_CONFIG, NO_UUID, &contract_nic_spec, not_found);
        contract_edit_nic(f, kinds[i], NMM_SCOPE_LIVE, WEB_UUID, &contract_nic_spec, not_found);
        contract_edit_nic(f, kinds[i], NMM_SCOPE_CONFIG, DB_UUID, &contract_nic_spec, not_found);
    }
    contract_assert_nic(f, WEB_UUID, FALSE, FALSE);
    contract_assert_nic(f, DB_UUID, FALSE, FALSE);
}

/* Enough guests for a parallel reading. */
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
    Fixture other = {.host = f->host, .events = g_ptr_array_new_with_free_func(g_free)};

    other.hypervisor = f->host->new_hypervisor(f->host->data);
    nmm_hypervisor_close(other.hypervisor);
    contract_listen(&other);
    contract_open_as(&other, FALSE, -1);

    contract_forget_events(f);
    nmm_hypervisor_close(f->hypervisor);
    nmm_hypervisor_close(f->hypervisor);
    g_assert_null(contract_read_guest(f, WEB_UUID, NMM_ERROR_UNREACHABLE));

    /* Only the other one receives the event. */
    contract_define_guest(f, "web1", WEB_UUID);
    contract_await_event(&other, "guest " WEB_UUID);
    g_assert_cmpuint(f->events->len, ==, 0);

    contract_open_as(f, FALSE, -1);
    f->host->undefine_guest(f->host->data, "web1");
    contract_await_event(f, "guest " WEB_UUID);
    g_assert_cmpuint(contract_count_events(f, "closed"), ==, 0);

    /* Left open: it must close by itself. */
    g_signal_handlers_disconnect_by_data(other.hypervisor, other.events);
    contract_forget_events(&other);
    g_assert_finalize_object(other.hypervisor);
    g_ptr_array_unref(other.events);
}

/* open() on an open hypervisor replaces the connection: events still come once. */
static void
test_open_twice(Fixture *f, gconstpointer user_data)
{
    contract_open_as(f, FALSE, -1);
    f->host->define_network(f->host->data, contract_network_xml);
    contract_await_event(f, "network " NETWORK);
    contract_define_guest(f, "web1", WEB_UUID);
    contract_await_event(f, "guest " WEB_UUID);
    g_assert_cmpuint(contract_count_events(f, "network " NETWORK), ==, 1);
    g_assert_cmpuint(contract_count_events(f, "closed"), ==, 0);
}

static void
test_lost(Fixture *f, gconstpointer user_data)
{
    const HypervisorHost *host = f->host;

    contract_start_network(f);
    contract_define_guest(f, "web1", WEB_UUID);
    host->lose_daemon(host->data);
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

    host->restore_daemon(host->data);
    g_assert_null(contract_read_guest(f, WEB_UUID, NMM_ERROR_UNREACHABLE));
    contract_open_as(f, FALSE, -1);
    contract_assert_nic(f, WEB_UUID, FALSE, FALSE);
    contract_forget_events(f);
    host->undefine_guest(host->data, "web1");
    contract_await_event(f, "guest " WEB_UUID);
    g_assert_cmpuint(contract_count_events(f, "closed"), ==, 0);
}

static void
test_list_links(Fixture *f, gconstpointer user_data)
{
    g_autoptr(GPtrArray) links = contract_list_links(f);
    const NmmLink *lo = nmm_links_find(links, "lo");

    g_assert_nonnull(lo);
    g_assert_true(lo->up);
    g_assert_null(nmm_links_find(links, "nothing0"));
}

void
hypervisor_contract_add_tests(const HypervisorHost *host)
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
        {"/hypervisor/networks/redefine", test_redefine_network},
        {"/hypervisor/networks/edit-none", test_edit_no_network},
        {"/hypervisor/networks/events", test_network_events},
        {"/hypervisor/networks/leases", test_leases},
        {"/hypervisor/links/list", test_list_links},
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

    contract_add_update_tests(host);
    contract_add_saved_tests(host);
    for (i = 0; i < G_N_ELEMENTS(cases); i++)
        g_test_add(
            cases[i].path, Fixture, host, contract_set_up, cases[i].test, contract_tear_down);
}
