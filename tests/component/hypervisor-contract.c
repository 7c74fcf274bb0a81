/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contract of NMMacvtapHypervisor as test cases; see the header. Methods are called on a thread
 * while the main loop runs, as the sync engine does it.
 */

#include "config.h"

#include "hypervisor-contract.h"

#include <string.h>

#include "nm-macvtap-error.h"

#define NETWORK "isolated"
#define ALIAS   "ua-nm-macvtap-0badcafe"
#define MAC     "52:54:00:aa:00:01"

#define WEB_UUID "3c2f8a10-1111-4a6b-9c3d-000000000001"
#define DB_UUID  "3c2f8a10-2222-4a6b-9c3d-000000000002"
#define NO_UUID  "3c2f8a10-ffff-4a6b-9c3d-00000000000f"

/* When a test that waits for something is given up; nothing is measured by it. */
#define PATIENCE 60 /* seconds */

typedef struct {
    const HypervisorWorld *world;
    NMMacvtapHypervisor *hypervisor;
    GPtrArray *events; /* (element-type utf8): "guest UUID", "network NAME", "closed" */
} Fixture;

/*****************************************************************************/
/* Events */

static void
guest_changed_cb(NMMacvtapHypervisor *hypervisor, const char *uuid, gpointer user_data)
{
    g_ptr_array_add(user_data, g_strdup_printf("guest %s", uuid));
}

static void
network_changed_cb(NMMacvtapHypervisor *hypervisor, const char *name, gpointer user_data)
{
    g_ptr_array_add(user_data, g_strdup_printf("network %s", name));
}

static void
closed_cb(NMMacvtapHypervisor *hypervisor, const char *reason, gpointer user_data)
{
    g_assert_nonnull(reason);
    g_ptr_array_add(user_data, g_strdup("closed"));
}

static gboolean
give_up_cb(gpointer user_data)
{
    g_error("nothing came of it: %s", (const char *)user_data);
    return G_SOURCE_REMOVE;
}

static guint
count_events(Fixture *f, const char *event)
{
    guint i, n = 0;

    for (i = 0; i < f->events->len; i++) {
        if (g_str_equal(f->events->pdata[i], event))
            n++;
    }
    return n;
}

/* Runs the main loop until @event has come since events were forgotten. */
static void
await_event(Fixture *f, const char *event)
{
    guint guard = g_timeout_add_seconds(PATIENCE, give_up_cb, (gpointer)event);

    while (count_events(f, event) == 0)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(guard);
}

static gboolean
let_go_cb(gpointer user_data)
{
    Fixture *f = user_data;

    f->world->guest_lets_go(f->world->data, "web1");
    return G_SOURCE_CONTINUE;
}

/* The guest lets go when its machine starts anew; one that is told so too early in its start keeps
 * what it has and has to be told again. */
static void
let_go_until_event(Fixture *f, const char *event)
{
    guint again = g_timeout_add_seconds(5, let_go_cb, f);

    let_go_cb(f);
    await_event(f, event);
    g_source_remove(again);
}

static void
forget_events(Fixture *f)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_ptr_array_set_size(f->events, 0);
}

/*****************************************************************************/
/* Calls, on a thread of their own */

typedef struct Call Call;

struct Call {
    Fixture *f;
    void (*run)(Call *call);
    gboolean read_only;
    const char *name; /* guest's UUID, or network */
    const NMMacvtapEdit *edit;
    gboolean done; /* atomic */
    gboolean ok;
    gpointer result;
    GError *error;
};

static gpointer
call_thread(gpointer data)
{
    Call *call = data;

    call->run(call);
    g_atomic_int_set(&call->done, TRUE);
    g_main_context_wakeup(NULL);
    return NULL;
}

static void
finish_call(Call *call)
{
    guint guard = g_timeout_add_seconds(PATIENCE, give_up_cb, (gpointer) "a call");
    GThread *thread = g_thread_new("call", call_thread, call);

    while (!g_atomic_int_get(&call->done))
        g_main_context_iteration(NULL, TRUE);
    g_thread_join(thread);
    g_source_remove(guard);
    g_assert_true((call->ok || call->result) == !call->error);
}

/* @code: of the error that is expected, or -1 for success. */
static void
check_outcome(Call *call, int code)
{
    if (code < 0) {
        g_assert_no_error(call->error);
    } else {
        g_assert_error(call->error, NM_MACVTAP_ERROR, code);
        g_assert_cmpstr(call->error->message, !=, "");
        g_clear_error(&call->error);
    }
}

static void
run_open(Call *call)
{
    call->ok = nm_macvtap_hypervisor_open(call->f->hypervisor, call->read_only, &call->error);
}

static void
open_as(Fixture *f, gboolean read_only, int code)
{
    Call call = {.f = f, .run = run_open, .read_only = read_only};

    finish_call(&call);
    check_outcome(&call, code);
}

static void
run_list_guests(Call *call)
{
    call->result = nm_macvtap_hypervisor_list_guests(call->f->hypervisor, &call->error);
}

static GPtrArray *
list_guests(Fixture *f)
{
    Call call = {.f = f, .run = run_list_guests};

    finish_call(&call);
    check_outcome(&call, -1);
    return call.result;
}

static void
run_read_guest(Call *call)
{
    call->result = nm_macvtap_hypervisor_read_guest(call->f->hypervisor, call->name, &call->error);
}

static NMMacvtapGuest *
read_guest(Fixture *f, const char *uuid, int code)
{
    Call call = {.f = f, .run = run_read_guest, .name = uuid};

    finish_call(&call);
    check_outcome(&call, code);
    return call.result;
}

static void
run_list_networks(Call *call)
{
    call->result = nm_macvtap_hypervisor_list_networks(call->f->hypervisor, &call->error);
}

/* (transfer full) (nullable) */
static NMMacvtapNetwork *
read_network(Fixture *f, const char *name)
{
    Call call = {.f = f, .run = run_list_networks};
    g_autoptr(GPtrArray) networks = NULL;
    NMMacvtapNetwork *network;

    finish_call(&call);
    check_outcome(&call, -1);
    networks = call.result;
    network = nm_macvtap_network_find(networks, name);
    return network ? nm_macvtap_network_ref(network) : NULL;
}

static void
run_list_leases(Call *call)
{
    call->result = nm_macvtap_hypervisor_list_leases(call->f->hypervisor, call->name, &call->error);
}

static GPtrArray *
list_leases(Fixture *f, const char *network, int code)
{
    Call call = {.f = f, .run = run_list_leases, .name = network};

    finish_call(&call);
    check_outcome(&call, code);
    return call.result;
}

static void
run_apply(Call *call)
{
    call->ok = nm_macvtap_hypervisor_apply(call->f->hypervisor, call->edit, &call->error);
}

static void
apply(Fixture *f, const NMMacvtapEdit *edit, int code)
{
    g_autofree char *place = edit->guest_uuid ? g_strdup_printf("guest '%s': ", edit->guest_name)
                                              : g_strdup_printf("network '%s': ", edit->network);
    Call call = {.f = f, .run = run_apply, .edit = edit};

    finish_call(&call);
    if (call.error)
        g_assert_true(g_str_has_prefix(call.error->message, place));
    check_outcome(&call, code);
}

static void
edit_network(Fixture *f, NMMacvtapEditKind kind, const char *name, const char *xml, int code)
{
    NMMacvtapEdit edit = {.kind = kind, .network = (char *)name, .xml = (char *)xml};

    apply(f, &edit, code);
}

static const NMMacvtapNicSpec nic_spec = {
    .network = NETWORK,
    .mac = MAC,
    .alias = ALIAS,
    .model = "virtio",
};

static void
edit_nic(Fixture *f,
         NMMacvtapEditKind kind,
         NMMacvtapScope scope,
         const char *uuid,
         const NMMacvtapNicSpec *spec,
         int code)
{
    g_autofree char *xml = nm_macvtap_nic_spec_to_xml(spec);
    NMMacvtapEdit edit = {
        .kind = kind,
        .scope = scope,
        .guest_uuid = (char *)uuid,
        .guest_name = (char *)"whoever",
        .network = (char *)spec->network,
        .alias = (char *)spec->alias,
        .xml = xml,
    };

    apply(f, &edit, code);
}

/*****************************************************************************/
/* Guests and networks */

static char *
guest_xml(const char *name, const char *uuid)
{
    return g_strdup_printf("<domain type='qemu'>"
                           "<name>%s</name><uuid>%s</uuid>"
                           "<memory unit='MiB'>32</memory><vcpu>1</vcpu>"
                           "<os><type arch='x86_64' machine='pc'>hvm</type></os>"
                           "<features><acpi/></features>"
                           "<devices>"
                           "<controller type='usb' model='none'/>"
                           "<interface type='direct'>"
                           "<source dev='eth0' mode='bridge'/><model type='virtio'/>"
                           "</interface>"
                           "<memballoon model='none'/>"
                           "</devices></domain>",
                           name,
                           uuid);
}

static void
define_guest(Fixture *f, const char *name, const char *uuid)
{
    g_autofree char *xml = guest_xml(name, uuid);

    f->world->define_guest(f->world->data, xml);
}

static const char network_xml[] =
    "<network><name>" NETWORK "</name><dns enable='no'/>"
    "<ip address='192.168.254.1' netmask='255.255.255.0'>"
    "<dhcp><range start='192.168.254.2' end='192.168.254.254'/></dhcp></ip></network>";

static void
start_network(Fixture *f)
{
    f->world->define_network(f->world->data, network_xml);
    f->world->start_network(f->world->data, NETWORK);
}

/* (transfer none) (nullable) */
static const NMMacvtapNic *
find_nic(const NMMacvtapGuestState *state, const char *alias)
{
    guint i;

    g_assert_nonnull(state);
    for (i = 0; i < state->nics->len; i++) {
        const NMMacvtapNic *nic = state->nics->pdata[i];

        if (g_strcmp0(nic->alias, alias) == 0)
            return nic;
    }
    return NULL;
}

static void
assert_untouched(const NMMacvtapGuestState *state)
{
    g_assert_nonnull(nm_macvtap_guest_state_find_macvtap(state, "eth0", NULL));
}

/* Our interface is in the guest's definition and in the running guest, or is not. */
static void
assert_nic(Fixture *f, const char *uuid, gboolean in_config, gboolean in_live)
{
    g_autoptr(NMMacvtapGuest) guest = read_guest(f, uuid, -1);

    if (guest->config) {
        assert_untouched(guest->config);
        g_assert_cmpint(!!find_nic(guest->config, ALIAS), ==, in_config);
        g_assert_cmpuint(guest->config->nics->len, ==, in_config ? 2 : 1);
    }
    if (guest->live) {
        assert_untouched(guest->live);
        g_assert_cmpint(!!find_nic(guest->live, ALIAS), ==, in_live);
        g_assert_cmpuint(guest->live->nics->len, ==, in_live ? 2 : 1);
    }
    g_assert_true(guest->config || !in_config);
    g_assert_true(guest->live || !in_live);
}

/*****************************************************************************/
/* Cases */

static void
test_list_guests(Fixture *f, gconstpointer user_data)
{
    const HypervisorWorld *world = f->world;
    g_autofree char *transient_xml = guest_xml("brief &amp; odd ü", DB_UUID);
    g_autoptr(GPtrArray) none = list_guests(f);
    g_autoptr(GPtrArray) guests = NULL;
    guint i;

    g_assert_cmpuint(none->len, ==, 0);

    define_guest(f, "web1", WEB_UUID);
    world->create_transient_guest(world->data, transient_xml);

    guests = list_guests(f);
    g_assert_cmpuint(guests->len, ==, 2);
    for (i = 0; i < guests->len; i++) {
        const NMMacvtapGuest *guest = guests->pdata[i];

        if (g_str_equal(guest->uuid, WEB_UUID)) {
            g_assert_cmpstr(guest->name, ==, "web1");
            g_assert_null(guest->live);
            assert_untouched(guest->config);
        } else {
            g_assert_cmpstr(guest->uuid, ==, DB_UUID);
            g_assert_cmpstr(guest->name, ==, "brief & odd ü");
            g_assert_null(guest->config);
            assert_untouched(guest->live);
        }
    }
}

static void
test_read_guest(Fixture *f, gconstpointer user_data)
{
    g_autoptr(NMMacvtapGuest) shut_off = NULL;
    g_autoptr(NMMacvtapGuest) running = NULL;

    define_guest(f, "web1", WEB_UUID);
    shut_off = read_guest(f, WEB_UUID, -1);
    g_assert_cmpstr(shut_off->name, ==, "web1");
    g_assert_nonnull(shut_off->config);
    g_assert_null(shut_off->live);

    f->world->start_guest(f->world->data, "web1");
    running = read_guest(f, WEB_UUID, -1);
    g_assert_nonnull(running->config);
    g_assert_nonnull(running->live);

    g_assert_null(read_guest(f, NO_UUID, NM_MACVTAP_ERROR_NOT_FOUND));
}

static void
test_guest_events(Fixture *f, gconstpointer user_data)
{
    const HypervisorWorld *world = f->world;

    define_guest(f, "web1", WEB_UUID);
    await_event(f, "guest " WEB_UUID);
    forget_events(f);
    world->start_guest(world->data, "web1");
    await_event(f, "guest " WEB_UUID);
    forget_events(f);
    world->stop_guest(world->data, "web1");
    await_event(f, "guest " WEB_UUID);
    forget_events(f);
    world->undefine_guest(world->data, "web1");
    await_event(f, "guest " WEB_UUID);
    g_assert_null(read_guest(f, WEB_UUID, NM_MACVTAP_ERROR_NOT_FOUND));
}

static void
test_list_networks(Fixture *f, gconstpointer user_data)
{
    const HypervisorWorld *world = f->world;
    g_autoptr(NMMacvtapNetwork) none = read_network(f, NETWORK);
    g_autoptr(NMMacvtapNetwork) inactive = NULL;
    g_autoptr(NMMacvtapNetwork) active = NULL;
    g_autofree char *address = NULL;

    g_assert_null(none);
    world->define_network(world->data, network_xml);
    inactive = read_network(f, NETWORK);
    g_assert_nonnull(inactive);
    g_assert_false(inactive->active);
    g_assert_false(inactive->autostart);
    g_assert_true(inactive->persistent);
    g_assert_null(inactive->forward_mode);

    world->start_network(world->data, NETWORK);
    active = read_network(f, NETWORK);
    g_assert_true(active->active);
    g_assert_nonnull(active->bridge);
    address =
        nm_macvtap_cidr_to_string(nm_macvtap_network_get_address(active, G_SOCKET_FAMILY_IPV4));
    g_assert_cmpstr(address, ==, "192.168.254.1/24");
}

static void
test_edit_network(Fixture *f, gconstpointer user_data)
{
    g_autoptr(NMMacvtapNetwork) up = NULL;
    g_autoptr(NMMacvtapNetwork) down = NULL;
    g_autoptr(NMMacvtapNetwork) gone = NULL;

    edit_network(f, NM_MACVTAP_EDIT_NETWORK_DEFINE, NETWORK, network_xml, -1);
    await_event(f, "network " NETWORK);
    forget_events(f);
    edit_network(f, NM_MACVTAP_EDIT_NETWORK_AUTOSTART, NETWORK, NULL, -1);
    edit_network(f, NM_MACVTAP_EDIT_NETWORK_START, NETWORK, NULL, -1);
    await_event(f, "network " NETWORK);
    /* Somebody else may have been faster. */
    edit_network(f, NM_MACVTAP_EDIT_NETWORK_START, NETWORK, NULL, -1);
    up = read_network(f, NETWORK);
    g_assert_true(up->active && up->autostart && up->persistent);

    forget_events(f);
    edit_network(f, NM_MACVTAP_EDIT_NETWORK_DESTROY, NETWORK, NULL, -1);
    await_event(f, "network " NETWORK);
    edit_network(f, NM_MACVTAP_EDIT_NETWORK_DESTROY, NETWORK, NULL, -1);
    down = read_network(f, NETWORK);
    g_assert_false(down->active);

    forget_events(f);
    edit_network(f, NM_MACVTAP_EDIT_NETWORK_UNDEFINE, NETWORK, NULL, -1);
    await_event(f, "network " NETWORK);
    gone = read_network(f, NETWORK);
    g_assert_null(gone);
}

static void
test_edit_no_network(Fixture *f, gconstpointer user_data)
{
    static const NMMacvtapEditKind kinds[] = {
        NM_MACVTAP_EDIT_NETWORK_AUTOSTART,
        NM_MACVTAP_EDIT_NETWORK_START,
        NM_MACVTAP_EDIT_NETWORK_DESTROY,
        NM_MACVTAP_EDIT_NETWORK_UNDEFINE,
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(kinds); i++)
        edit_network(f, kinds[i], "nowhere", NULL, NM_MACVTAP_ERROR_NOT_FOUND);
}

static void
test_network_events(Fixture *f, gconstpointer user_data)
{
    const HypervisorWorld *world = f->world;

    world->define_network(world->data, network_xml);
    await_event(f, "network " NETWORK);
    forget_events(f);
    world->start_network(world->data, NETWORK);
    await_event(f, "network " NETWORK);
    forget_events(f);
    world->stop_network(world->data, NETWORK);
    await_event(f, "network " NETWORK);
    forget_events(f);
    world->undefine_network(world->data, NETWORK);
    await_event(f, "network " NETWORK);
}

static void
test_leases(Fixture *f, gconstpointer user_data)
{
    g_autoptr(GPtrArray) leases = NULL;

    start_network(f);
    leases = list_leases(f, NETWORK, -1);
    g_assert_cmpuint(leases->len, ==, 0);
    g_assert_null(list_leases(f, "nowhere", NM_MACVTAP_ERROR_NOT_FOUND));
}

static void
test_config_nic(Fixture *f, gconstpointer user_data)
{
    const NMMacvtapScope scope = NM_MACVTAP_SCOPE_CONFIG;
    NMMacvtapNicSpec changed = nic_spec;
    g_autoptr(NMMacvtapGuest) guest = NULL;
    const NMMacvtapNic *nic;

    start_network(f);
    define_guest(f, "web1", WEB_UUID);
    edit_nic(f, NM_MACVTAP_EDIT_NIC_ATTACH, scope, WEB_UUID, &nic_spec, -1);
    assert_nic(f, WEB_UUID, TRUE, FALSE);

    changed.link_down = TRUE;
    changed.isolated = TRUE;
    edit_nic(f, NM_MACVTAP_EDIT_NIC_UPDATE, scope, WEB_UUID, &changed, -1);
    guest = read_guest(f, WEB_UUID, -1);
    nic = find_nic(guest->config, ALIAS);
    g_assert_cmpint(nic->type, ==, NM_MACVTAP_NIC_NETWORK);
    g_assert_cmpstr(nic->network, ==, NETWORK);
    g_assert_cmpstr(nic->mac, ==, MAC);
    g_assert_cmpstr(nic->model, ==, "virtio");
    g_assert_true(nic->link_down);
    g_assert_true(nic->isolated);

    edit_nic(f, NM_MACVTAP_EDIT_NIC_DETACH, scope, WEB_UUID, &nic_spec, -1);
    assert_nic(f, WEB_UUID, FALSE, FALSE);
    edit_nic(f, NM_MACVTAP_EDIT_NIC_DETACH, scope, WEB_UUID, &nic_spec, NM_MACVTAP_ERROR_NOT_FOUND);
}

static void
test_live_nic(Fixture *f, gconstpointer user_data)
{
    const NMMacvtapScope scope = NM_MACVTAP_SCOPE_LIVE;
    NMMacvtapNicSpec down = nic_spec;
    g_autoptr(NMMacvtapGuest) guest = NULL;

    start_network(f);
    define_guest(f, "web1", WEB_UUID);
    f->world->start_guest(f->world->data, "web1");
    await_event(f, "guest " WEB_UUID);
    forget_events(f);

    edit_nic(f, NM_MACVTAP_EDIT_NIC_ATTACH, scope, WEB_UUID, &nic_spec, -1);
    await_event(f, "guest " WEB_UUID);
    assert_nic(f, WEB_UUID, FALSE, TRUE);

    down.link_down = TRUE;
    edit_nic(f, NM_MACVTAP_EDIT_NIC_UPDATE, scope, WEB_UUID, &down, -1);
    guest = read_guest(f, WEB_UUID, -1);
    g_assert_true(find_nic(guest->live, ALIAS)->link_down);

    /* Asking is all that is done, once or twice; the guest decides. */
    edit_nic(f, NM_MACVTAP_EDIT_NIC_DETACH, scope, WEB_UUID, &nic_spec, -1);
    edit_nic(f, NM_MACVTAP_EDIT_NIC_DETACH, scope, WEB_UUID, &nic_spec, -1);
    assert_nic(f, WEB_UUID, FALSE, TRUE);
    forget_events(f);
    let_go_until_event(f, "guest " WEB_UUID);
    assert_nic(f, WEB_UUID, FALSE, FALSE);
    edit_nic(f, NM_MACVTAP_EDIT_NIC_DETACH, scope, WEB_UUID, &nic_spec, NM_MACVTAP_ERROR_NOT_FOUND);
}

static void
test_rigid_guest(Fixture *f, gconstpointer user_data)
{
    start_network(f);
    f->world->define_rigid_guest(f->world->data, "rigid", WEB_UUID);
    f->world->start_guest(f->world->data, "rigid");

    edit_nic(f,
             NM_MACVTAP_EDIT_NIC_ATTACH,
             NM_MACVTAP_SCOPE_LIVE,
             WEB_UUID,
             &nic_spec,
             NM_MACVTAP_ERROR_UNSUPPORTED);
    assert_nic(f, WEB_UUID, FALSE, FALSE);
    edit_nic(f, NM_MACVTAP_EDIT_NIC_ATTACH, NM_MACVTAP_SCOPE_CONFIG, WEB_UUID, &nic_spec, -1);
    assert_nic(f, WEB_UUID, TRUE, FALSE);
}

/* A guest that changed its state between observation and edit. */
static void
test_edit_lost_guest(Fixture *f, gconstpointer user_data)
{
    static const NMMacvtapEditKind kinds[] = {
        NM_MACVTAP_EDIT_NIC_ATTACH,
        NM_MACVTAP_EDIT_NIC_UPDATE,
        NM_MACVTAP_EDIT_NIC_DETACH,
    };
    const int not_found = NM_MACVTAP_ERROR_NOT_FOUND;
    g_autofree char *transient_xml = guest_xml("brief", DB_UUID);
    gsize i;

    start_network(f);
    define_guest(f, "web1", WEB_UUID);
    f->world->create_transient_guest(f->world->data, transient_xml);

    for (i = 0; i < G_N_ELEMENTS(kinds); i++) {
        edit_nic(f, kinds[i], NM_MACVTAP_SCOPE_CONFIG, NO_UUID, &nic_spec, not_found);
        edit_nic(f, kinds[i], NM_MACVTAP_SCOPE_LIVE, WEB_UUID, &nic_spec, not_found);
        edit_nic(f, kinds[i], NM_MACVTAP_SCOPE_CONFIG, DB_UUID, &nic_spec, not_found);
    }
    assert_nic(f, WEB_UUID, FALSE, FALSE);
    assert_nic(f, DB_UUID, FALSE, FALSE);
}

/*****************************************************************************/

/* Enough for an implementation that reads in parallel to do so. */
#define CROWD 40

static void
test_crowd(Fixture *f, gconstpointer user_data)
{
    const NMMacvtapScope scope = NM_MACVTAP_SCOPE_CONFIG;
    g_autofree char *xml = nm_macvtap_nic_spec_to_xml(&nic_spec);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) guests = NULL;
    NMMacvtapEdit edits[CROWD];
    Call calls[CROWD];
    GThread *threads[CROWD];
    guint i;

    start_network(f);
    for (i = 0; i < CROWD; i++) {
        g_autofree char *name = g_strdup_printf("crowd%u", i);
        g_autofree char *uuid = g_strdup_printf("3c2f8a10-3333-4a6b-9c3d-%012u", i);

        define_guest(f, name, uuid);
        edits[i] = (NMMacvtapEdit){
            .kind = NM_MACVTAP_EDIT_NIC_ATTACH,
            .scope = scope,
            .guest_uuid = g_steal_pointer(&uuid),
            .network = (char *)NETWORK,
            .alias = (char *)ALIAS,
            .xml = xml,
        };
        calls[i] = (Call){.f = f, .run = run_apply, .edit = &edits[i]};
    }
    for (i = 0; i < CROWD; i++)
        threads[i] = g_thread_new("crowd", call_thread, &calls[i]);
    for (i = 0; i < CROWD; i++) {
        g_thread_join(threads[i]);
        g_assert_no_error(calls[i].error);
        g_free(edits[i].guest_uuid);
    }

    guests = list_guests(f);
    g_assert_cmpuint(guests->len, ==, CROWD);
    for (i = 0; i < CROWD; i++) {
        const NMMacvtapGuest *guest = guests->pdata[i];

        g_assert_nonnull(find_nic(guest->config, ALIAS));
        g_assert_true(g_hash_table_add(seen, guest->uuid));
    }
}

/*****************************************************************************/

static void
test_read_only(Fixture *f, gconstpointer user_data)
{
    g_autoptr(GPtrArray) guests = NULL;
    g_autoptr(GPtrArray) leases = NULL;
    g_autoptr(NMMacvtapNetwork) network = NULL;

    start_network(f);
    define_guest(f, "web1", WEB_UUID);
    nm_macvtap_hypervisor_close(f->hypervisor);
    open_as(f, TRUE, -1);

    guests = list_guests(f);
    g_assert_cmpuint(guests->len, ==, 1);
    network = read_network(f, NETWORK);
    g_assert_true(network->active);
    leases = list_leases(f, NETWORK, -1);
    g_assert_nonnull(leases);
    assert_nic(f, WEB_UUID, FALSE, FALSE);

    edit_nic(f,
             NM_MACVTAP_EDIT_NIC_ATTACH,
             NM_MACVTAP_SCOPE_CONFIG,
             WEB_UUID,
             &nic_spec,
             NM_MACVTAP_ERROR_DENIED);
    edit_network(f, NM_MACVTAP_EDIT_NETWORK_AUTOSTART, NETWORK, NULL, NM_MACVTAP_ERROR_DENIED);
    assert_nic(f, WEB_UUID, FALSE, FALSE);
}

static void
test_close(Fixture *f, gconstpointer user_data)
{
    Fixture other = {.world = f->world, .events = g_ptr_array_new_with_free_func(g_free)};

    other.hypervisor = f->world->new_hypervisor(f->world->data);
    nm_macvtap_hypervisor_close(other.hypervisor);
    g_signal_connect(other.hypervisor, "guest-changed", G_CALLBACK(guest_changed_cb), other.events);
    open_as(&other, FALSE, -1);

    forget_events(f);
    nm_macvtap_hypervisor_close(f->hypervisor);
    nm_macvtap_hypervisor_close(f->hypervisor);
    g_assert_null(read_guest(f, WEB_UUID, NM_MACVTAP_ERROR_UNREACHABLE));

    /* What the other one hears of, this one does not. */
    define_guest(f, "web1", WEB_UUID);
    await_event(&other, "guest " WEB_UUID);
    g_assert_cmpuint(f->events->len, ==, 0);

    open_as(f, FALSE, -1);
    f->world->undefine_guest(f->world->data, "web1");
    await_event(f, "guest " WEB_UUID);
    g_assert_cmpuint(count_events(f, "closed"), ==, 0);

    /* Left open: it must go away all the same. */
    g_signal_handlers_disconnect_by_data(other.hypervisor, other.events);
    forget_events(&other);
    g_assert_finalize_object(other.hypervisor);
    g_ptr_array_unref(other.events);
}

/* Opening what is open replaces the connection: events still come once. */
static void
test_open_twice(Fixture *f, gconstpointer user_data)
{
    open_as(f, FALSE, -1);
    f->world->define_network(f->world->data, network_xml);
    await_event(f, "network " NETWORK);
    define_guest(f, "web1", WEB_UUID);
    await_event(f, "guest " WEB_UUID);
    g_assert_cmpuint(count_events(f, "network " NETWORK), ==, 1);
    g_assert_cmpuint(count_events(f, "closed"), ==, 0);
}

static void
test_lost(Fixture *f, gconstpointer user_data)
{
    const HypervisorWorld *world = f->world;

    start_network(f);
    define_guest(f, "web1", WEB_UUID);
    world->lose_daemon(world->data);
    await_event(f, "closed");
    g_assert_null(read_guest(f, WEB_UUID, NM_MACVTAP_ERROR_UNREACHABLE));
    edit_nic(f,
             NM_MACVTAP_EDIT_NIC_ATTACH,
             NM_MACVTAP_SCOPE_CONFIG,
             WEB_UUID,
             &nic_spec,
             NM_MACVTAP_ERROR_UNREACHABLE);
    open_as(f, FALSE, NM_MACVTAP_ERROR_UNREACHABLE);
    g_assert_cmpuint(count_events(f, "closed"), ==, 1);

    world->restore_daemon(world->data);
    g_assert_null(read_guest(f, WEB_UUID, NM_MACVTAP_ERROR_UNREACHABLE));
    open_as(f, FALSE, -1);
    assert_nic(f, WEB_UUID, FALSE, FALSE);
    forget_events(f);
    world->undefine_guest(world->data, "web1");
    await_event(f, "guest " WEB_UUID);
    g_assert_cmpuint(count_events(f, "closed"), ==, 0);
}

/*****************************************************************************/

static void
set_up(Fixture *f, gconstpointer user_data)
{
    f->world = user_data;
    f->events = g_ptr_array_new_with_free_func(g_free);
    f->world->reset(f->world->data);
    f->hypervisor = f->world->new_hypervisor(f->world->data);
    g_signal_connect(f->hypervisor, "guest-changed", G_CALLBACK(guest_changed_cb), f->events);
    g_signal_connect(f->hypervisor, "network-changed", G_CALLBACK(network_changed_cb), f->events);
    g_signal_connect(f->hypervisor, "closed", G_CALLBACK(closed_cb), f->events);
    open_as(f, FALSE, -1);
}

static void
tear_down(Fixture *f, gconstpointer user_data)
{
    nm_macvtap_hypervisor_close(f->hypervisor);
    forget_events(f);
    g_assert_finalize_object(f->hypervisor);
    g_ptr_array_unref(f->events);
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
        g_test_add(cases[i].path, Fixture, world, set_up, cases[i].test, tear_down);
}
