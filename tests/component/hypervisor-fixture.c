/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waits end on a condition; the time limit only ends a test that hangs. */

#include "config.h"

#include "hypervisor-fixture.h"

#include <string.h>

#include "nmm-error.h"

#define PATIENCE 60 /* seconds */

/* Events */

static void
guest_changed_cb(NmmHypervisor *hypervisor, const char *uuid, gpointer user_data)
{
    g_ptr_array_add(user_data, g_strdup_printf("guest %s", uuid));
}

static void
network_changed_cb(NmmHypervisor *hypervisor, const char *name, gpointer user_data)
{
    g_ptr_array_add(user_data, g_strdup_printf("network %s", name));
}

static void
closed_cb(NmmHypervisor *hypervisor, const char *reason, gpointer user_data)
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

guint
contract_count_events(Fixture *f, const char *event)
{
    guint i, n = 0;

    for (i = 0; i < f->events->len; i++) {
        if (g_str_equal(f->events->pdata[i], event))
            n++;
    }
    return n;
}

void
contract_await_event(Fixture *f, const char *event)
{
    guint guard = g_timeout_add_seconds(PATIENCE, give_up_cb, (gpointer)event);

    while (contract_count_events(f, event) == 0)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(guard);
}

static gboolean
release_cb(gpointer user_data)
{
    Fixture *f = user_data;

    f->host->guest_releases(f->host->data, "web1");
    return G_SOURCE_CONTINUE;
}

/* The guest releases its interfaces when its machine is reset; a reset too early in its start has
 * no effect and must be repeated. */
void
contract_release_until_event(Fixture *f, const char *event)
{
    guint again = g_timeout_add_seconds(5, release_cb, f);

    release_cb(f);
    contract_await_event(f, event);
    g_source_remove(again);
}

void
contract_forget_events(Fixture *f)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_ptr_array_set_size(f->events, 0);
}

/* Calls, on their own thread */

gpointer
contract_call_thread(gpointer data)
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
    GThread *thread = g_thread_new("call", contract_call_thread, call);

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
        g_assert_error(call->error, NMM_ERROR, code);
        g_assert_cmpstr(call->error->message, !=, "");
        g_clear_error(&call->error);
    }
}

static void
run_open(Call *call)
{
    call->ok = nmm_hypervisor_open(call->f->hypervisor, call->read_only, &call->error);
}

void
contract_open_as(Fixture *f, gboolean read_only, int code)
{
    Call call = {.f = f, .run = run_open, .read_only = read_only};

    finish_call(&call);
    check_outcome(&call, code);
}

static void
run_list_guests(Call *call)
{
    call->result = nmm_hypervisor_list_guests(call->f->hypervisor, &call->error);
}

GPtrArray *
contract_list_guests(Fixture *f)
{
    Call call = {.f = f, .run = run_list_guests};

    finish_call(&call);
    check_outcome(&call, -1);
    return call.result;
}

static void
run_read_guest(Call *call)
{
    call->result = nmm_hypervisor_read_guest(call->f->hypervisor, call->name, &call->error);
}

NmmGuest *
contract_read_guest(Fixture *f, const char *uuid, int code)
{
    Call call = {.f = f, .run = run_read_guest, .name = uuid};

    finish_call(&call);
    check_outcome(&call, code);
    return call.result;
}

static void
run_list_networks(Call *call)
{
    call->result = nmm_hypervisor_list_networks(call->f->hypervisor, &call->error);
}

/* (transfer full) (nullable) */
NmmNetwork *
contract_read_network(Fixture *f, const char *name)
{
    Call call = {.f = f, .run = run_list_networks};
    g_autoptr(GPtrArray) networks = NULL;
    guint index;

    finish_call(&call);
    check_outcome(&call, -1);
    networks = call.result;
    if (!g_ptr_array_find(networks, nmm_network_find(networks, name), &index))
        return NULL;
    return g_ptr_array_steal_index(networks, index);
}

static void
run_list_links(Call *call)
{
    call->result = nmm_hypervisor_list_links(call->f->hypervisor, &call->error);
}

GPtrArray *
contract_list_links(Fixture *f)
{
    Call call = {.f = f, .run = run_list_links};

    finish_call(&call);
    check_outcome(&call, -1);
    return call.result;
}

static void
run_list_leases(Call *call)
{
    call->result = nmm_hypervisor_list_leases(call->f->hypervisor, call->name, &call->error);
}

GPtrArray *
contract_list_leases(Fixture *f, const char *network, int code)
{
    Call call = {.f = f, .run = run_list_leases, .name = network};

    finish_call(&call);
    check_outcome(&call, code);
    return call.result;
}

void
contract_run_apply(Call *call)
{
    call->ok = nmm_hypervisor_apply(call->f->hypervisor, call->edit, &call->error);
}

static void
apply(Fixture *f, const NmmEdit *edit, int code)
{
    g_autofree char *place = edit->guest_uuid ? g_strdup_printf("guest '%s': ", edit->guest_name)
                                              : g_strdup_printf("network '%s': ", edit->network);
    Call call = {.f = f, .run = contract_run_apply, .edit = edit};

    finish_call(&call);
    if (call.error)
        g_assert_true(g_str_has_prefix(call.error->message, place));
    check_outcome(&call, code);
}

void
contract_edit_network(Fixture *f, NmmEditKind kind, const char *name, const char *xml, int code)
{
    NmmEdit edit = {.kind = kind, .network = (char *)name, .xml = (char *)xml};

    apply(f, &edit, code);
}

const NmmNicSpec contract_nic_spec = {
    .network = NETWORK,
    .mac = MAC,
    .alias = ALIAS,
    .model = "virtio",
};

void
contract_edit_nic(Fixture *f,
                  NmmEditKind kind,
                  NmmScope scope,
                  const char *uuid,
                  const NmmNicSpec *spec,
                  int code)
{
    g_autofree char *xml = nmm_nic_spec_to_xml(spec);
    NmmEdit edit = {
        .kind = kind,
        .scope = scope,
        .guest_uuid = (char *)uuid,
        .guest_name = (char *)"guest",
        .network = (char *)spec->network,
        .alias = (char *)spec->alias,
        .xml = kind == NMM_EDIT_NIC_DETACH ? NULL : xml,
    };

    apply(f, &edit, code);
}

void
contract_update_nic(Fixture *f,
                    NmmScope scope,
                    const char *uuid,
                    const NmmNic *nic,
                    gboolean isolated,
                    gboolean link_down)
{
    g_autofree char *xml = nmm_nic_change_to_xml(nic, NULL, isolated, link_down);
    NmmEdit edit = {
        .kind = NMM_EDIT_NIC_UPDATE,
        .scope = scope,
        .guest_uuid = (char *)uuid,
        .guest_name = (char *)"guest",
        .network = nic->network,
        .alias = nic->alias,
        .xml = xml,
    };

    apply(f, &edit, -1);
}

/* Guests and networks */

char *
contract_guest_xml(const char *name, const char *uuid)
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

void
contract_define_guest(Fixture *f, const char *name, const char *uuid)
{
    g_autofree char *xml = contract_guest_xml(name, uuid);

    f->host->define_guest(f->host->data, xml);
}

const char contract_network_xml[] =
    "<network><name>" NETWORK "</name><dns enable='no'/>"
    "<ip address='192.168.254.1' netmask='255.255.255.0'>"
    "<dhcp><range start='192.168.254.2' end='192.168.254.254'/></dhcp></ip></network>";

void
contract_start_network(Fixture *f)
{
    f->host->define_network(f->host->data, contract_network_xml);
    f->host->start_network(f->host->data, NETWORK);
}

const NmmNic *
contract_find_nic(const NmmGuestState *state, const char *alias)
{
    guint i;

    g_assert_nonnull(state);
    for (i = 0; i < state->nics->len; i++) {
        const NmmNic *nic = state->nics->pdata[i];

        if (g_strcmp0(nic->alias, alias) == 0)
            return nic;
    }
    return NULL;
}

void
contract_assert_untouched(const NmmGuestState *state)
{
    g_assert_nonnull(nmm_guest_state_find_macvtap(state, "eth0", NULL));
}

void
contract_assert_nic(Fixture *f, const char *uuid, gboolean in_config, gboolean in_live)
{
    g_autoptr(NmmGuest) guest = contract_read_guest(f, uuid, -1);

    if (guest->config) {
        contract_assert_untouched(guest->config);
        g_assert_cmpint(!!contract_find_nic(guest->config, ALIAS), ==, in_config);
        g_assert_cmpuint(guest->config->nics->len, ==, in_config ? 2 : 1);
    }
    if (guest->live) {
        contract_assert_untouched(guest->live);
        g_assert_cmpint(!!contract_find_nic(guest->live, ALIAS), ==, in_live);
        g_assert_cmpuint(guest->live->nics->len, ==, in_live ? 2 : 1);
    }
    g_assert_true(guest->config || !in_config);
    g_assert_true(guest->live || !in_live);
}

void
contract_listen(Fixture *f)
{
    g_signal_connect(f->hypervisor, "guest-changed", G_CALLBACK(guest_changed_cb), f->events);
    g_signal_connect(f->hypervisor, "network-changed", G_CALLBACK(network_changed_cb), f->events);
    g_signal_connect(f->hypervisor, "closed", G_CALLBACK(closed_cb), f->events);
}

void
contract_set_up(Fixture *f, gconstpointer user_data)
{
    f->host = user_data;
    f->events = g_ptr_array_new_with_free_func(g_free);
    f->host->reset(f->host->data);
    f->hypervisor = f->host->new_hypervisor(f->host->data);
    contract_listen(f);
    contract_open_as(f, FALSE, -1);
}

void
contract_tear_down(Fixture *f, gconstpointer user_data)
{
    nmm_hypervisor_close(f->hypervisor);
    contract_forget_events(f);
    g_assert_finalize_object(f->hypervisor);
    g_ptr_array_unref(f->events);
}
