/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The methods of NmmHypervisor on a fake host: checks the state of the connection and logs the
 * call.
 */

#include "config.h"

#include "fake-hypervisor.h"

struct _FakeHypervisor {
    GObject parent;
    FakeHost *host;
    gint read_only; /* atomic */
};

static void fake_hypervisor_iface_init(NmmHypervisorInterface *iface);

G_DEFINE_TYPE_WITH_CODE(FakeHypervisor,
                        fake_hypervisor,
                        G_TYPE_OBJECT,
                        G_IMPLEMENT_INTERFACE(NMM_TYPE_HYPERVISOR, fake_hypervisor_iface_init))

/* Logs the call, applies its faults, and checks the connection. */
static gboolean
begin(FakeHypervisor *self, const char *line, const char *guest, GError **error)
{
    FakeCalls *calls = fake_host_get_calls(self->host);

    if (!fake_calls_begin(calls, line, guest, error))
        return FALSE;
    if (fake_host_is_joined(self->host, NMM_HYPERVISOR(self)))
        return TRUE;
    fake_calls_end(calls, guest);
    g_set_error(error, NMM_ERROR, NMM_ERROR_UNREACHABLE, "the connection is closed");
    return FALSE;
}

static void
end(FakeHypervisor *self, const char *guest)
{
    fake_calls_end(fake_host_get_calls(self->host), guest);
}

static gboolean
begin_change(FakeHypervisor *self, const char *line, const char *guest, GError **error)
{
    if (!begin(self, line, guest, error))
        return FALSE;
    if (!g_atomic_int_get(&self->read_only))
        return TRUE;
    end(self, guest);
    g_set_error(error, NMM_ERROR, NMM_ERROR_DENIED, "the connection is for reading only");
    return FALSE;
}

static gboolean
fake_open(NmmHypervisor *hypervisor, gboolean read_only, GError **error)
{
    FakeHypervisor *self = FAKE_HYPERVISOR(hypervisor);
    FakeCalls *calls = fake_host_get_calls(self->host);
    gboolean ok;

    if (!fake_calls_begin(calls, "open", NULL, error))
        return FALSE;
    g_atomic_int_set(&self->read_only, read_only);
    ok = fake_host_join(self->host, hypervisor, read_only, error);
    fake_calls_end(calls, NULL);
    return ok;
}

/* Neither logged nor delayed: closing returns at once even if other calls hang. */
static void
fake_close(NmmHypervisor *hypervisor)
{
    fake_host_leave(FAKE_HYPERVISOR(hypervisor)->host, hypervisor);
}

static NmmGuest *
read_guest(FakeHypervisor *self, const char *uuid, GError **error)
{
    g_autofree char *config = fake_host_dump_guest(self->host, uuid, NMM_SCOPE_CONFIG);
    g_autofree char *live = fake_host_dump_guest(self->host, uuid, NMM_SCOPE_LIVE);
    NmmGuest *guest;

    if (config || live) {
        guest = nmm_guest_new_from_xml(config, live, error);
        if (guest)
            fake_host_add_saved(self->host, guest);
        return guest;
    }
    g_set_error(error, NMM_ERROR, NMM_ERROR_NOT_FOUND, "no domain '%s'", uuid);
    return NULL;
}

static GPtrArray *
fake_list_guests(NmmHypervisor *hypervisor, GError **error)
{
    FakeHypervisor *self = FAKE_HYPERVISOR(hypervisor);
    g_auto(GStrv) uuids = NULL;
    GPtrArray *guests;

    if (!begin(self, "list-guests", NULL, error))
        return NULL;
    guests = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_guest_unref);
    uuids = fake_host_list_guests(self->host);
    for (char **uuid = uuids; *uuid; uuid++) {
        g_autoptr(GError) guest_error = NULL;
        NmmGuest *guest = read_guest(self, *uuid, &guest_error);

        if (guest)
            g_ptr_array_add(guests, guest);
        else if (!g_error_matches(guest_error, NMM_ERROR, NMM_ERROR_NOT_FOUND))
            g_warning("%s", guest_error->message);
    }
    end(self, NULL);
    return guests;
}

static NmmGuest *
fake_read_guest(NmmHypervisor *hypervisor, const char *uuid, GError **error)
{
    FakeHypervisor *self = FAKE_HYPERVISOR(hypervisor);
    g_autofree char *name = fake_host_get_guest_name(self->host, uuid);
    g_autofree char *line = g_strdup_printf("read-guest %s", name ? name : uuid);
    NmmGuest *guest;

    if (!begin(self, line, uuid, error))
        return NULL;
    guest = read_guest(self, uuid, error);
    end(self, uuid);
    return guest;
}

static GPtrArray *
fake_list_networks(NmmHypervisor *hypervisor, GError **error)
{
    FakeHypervisor *self = FAKE_HYPERVISOR(hypervisor);
    GPtrArray *networks;

    if (!begin(self, "list-networks", NULL, error))
        return NULL;
    networks = fake_host_list_networks(self->host, error);
    end(self, NULL);
    return networks;
}

static GPtrArray *
fake_list_leases(NmmHypervisor *hypervisor, const char *network, GError **error)
{
    FakeHypervisor *self = FAKE_HYPERVISOR(hypervisor);
    g_autofree char *line = g_strdup_printf("list-leases %s", network);
    GPtrArray *leases;

    if (!begin(self, line, NULL, error))
        return NULL;
    leases = fake_host_list_leases(self->host, network, error);
    end(self, NULL);
    return leases;
}

static GPtrArray *
fake_list_links(NmmHypervisor *hypervisor, GError **error)
{
    FakeHypervisor *self = FAKE_HYPERVISOR(hypervisor);
    GPtrArray *links;

    if (!begin(self, "list-links", NULL, error))
        return NULL;
    links = fake_host_list_links(self->host, error);
    end(self, NULL);
    return links;
}

static gboolean
change(FakeHost *host, const NmmEdit *edit, GError **error)
{
    switch (edit->kind) {
    case NMM_EDIT_NETWORK_DEFINE:
        return fake_host_define_network(host, edit->xml, error);
    case NMM_EDIT_NETWORK_AUTOSTART:
        return fake_host_autostart_network(host, edit->network, TRUE, error);
    case NMM_EDIT_NETWORK_NO_AUTOSTART:
        return fake_host_autostart_network(host, edit->network, FALSE, error);
    case NMM_EDIT_NETWORK_START:
        return fake_host_start_network(host, edit->network, error);
    case NMM_EDIT_NIC_DETACH:
        return fake_host_detach(host, edit->guest_uuid, edit->scope, edit->alias, error);
    case NMM_EDIT_NIC_ATTACH:
        return fake_host_attach(host, edit->guest_uuid, edit->scope, edit->xml, error);
    case NMM_EDIT_NIC_UPDATE:
        return fake_host_update(host, edit->guest_uuid, edit->scope, edit->xml, error);
    case NMM_EDIT_NETWORK_DESTROY:
        return fake_host_stop_network(host, edit->network, error);
    case NMM_EDIT_NETWORK_UNDEFINE:
        return fake_host_undefine_network(host, edit->network, error);
    }
    g_assert_not_reached();
}

/* (transfer full): the call's line in the log */
static char *
describe(FakeHypervisor *self, const NmmEdit *edit)
{
    const char *kind = nmm_edit_kind_to_string(edit->kind);
    g_autofree char *name = NULL;

    if (!edit->guest_uuid)
        return g_strdup_printf("%s %s", kind, edit->network);
    name = fake_host_get_guest_name(self->host, edit->guest_uuid);
    return g_strdup_printf(
        "%s %s %s", kind, nmm_scope_to_string(edit->scope), name ? name : edit->guest_uuid);
}

static gboolean
fake_apply(NmmHypervisor *hypervisor, const NmmEdit *edit, GError **error)
{
    FakeHypervisor *self = FAKE_HYPERVISOR(hypervisor);
    g_autofree char *line = describe(self, edit);
    gboolean ok;

    if (!begin_change(self, line, edit->guest_uuid, error))
        return FALSE;
    ok = change(self->host, edit, error);
    end(self, edit->guest_uuid);
    return ok;
}

static gboolean
fake_is_asleep(NmmHypervisor *hypervisor)
{
    return fake_host_is_asleep(FAKE_HYPERVISOR(hypervisor)->host);
}

static gboolean
fake_is_missing(NmmHypervisor *hypervisor)
{
    return fake_host_is_missing(FAKE_HYPERVISOR(hypervisor)->host);
}

static gboolean
fake_are_networks_asleep(NmmHypervisor *hypervisor)
{
    return fake_host_are_networks_asleep(FAKE_HYPERVISOR(hypervisor)->host);
}

static void
fake_wait_awake(NmmHypervisor *hypervisor)
{
    fake_host_wait(FAKE_HYPERVISOR(hypervisor)->host, hypervisor);
}

static void
fake_hypervisor_iface_init(NmmHypervisorInterface *iface)
{
    iface->is_asleep = fake_is_asleep;
    iface->is_missing = fake_is_missing;
    iface->are_networks_asleep = fake_are_networks_asleep;
    iface->wait_awake = fake_wait_awake;
    iface->open = fake_open;
    iface->close = fake_close;
    iface->list_guests = fake_list_guests;
    iface->read_guest = fake_read_guest;
    iface->list_networks = fake_list_networks;
    iface->list_leases = fake_list_leases;
    iface->list_links = fake_list_links;
    iface->apply = fake_apply;
}

NmmHypervisor *
fake_hypervisor_new(FakeHost *host)
{
    FakeHypervisor *self = g_object_new(FAKE_TYPE_HYPERVISOR, NULL);

    self->host = fake_host_ref(host);
    return NMM_HYPERVISOR(self);
}

static void
fake_hypervisor_init(FakeHypervisor *self)
{
}

static void
fake_hypervisor_dispose(GObject *object)
{
    FakeHypervisor *self = FAKE_HYPERVISOR(object);

    fake_host_leave(self->host, NMM_HYPERVISOR(self));
    G_OBJECT_CLASS(fake_hypervisor_parent_class)->dispose(object);
}

static void
fake_hypervisor_finalize(GObject *object)
{
    fake_host_unref(FAKE_HYPERVISOR(object)->host);
    G_OBJECT_CLASS(fake_hypervisor_parent_class)->finalize(object);
}

static void
fake_hypervisor_class_init(FakeHypervisorClass *klass)
{
    GObjectClass *object_class = G_OBJECT_CLASS(klass);

    object_class->dispose = fake_hypervisor_dispose;
    object_class->finalize = fake_hypervisor_finalize;
}
