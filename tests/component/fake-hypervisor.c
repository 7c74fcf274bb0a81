/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The interface's methods over a fake world: what is written here is who may call, in what state of
 * the connection, and how the call is named in the log.
 */

#include "config.h"

#include "fake-hypervisor.h"

struct _FakeHypervisor {
    GObject parent;
    FakeWorld *world;
    gint read_only; /* atomic */
};

static void fake_hypervisor_iface_init(NmmHypervisorInterface *iface);

G_DEFINE_TYPE_WITH_CODE(FakeHypervisor,
                        fake_hypervisor,
                        G_TYPE_OBJECT,
                        G_IMPLEMENT_INTERFACE(NMM_TYPE_HYPERVISOR, fake_hypervisor_iface_init))

/* Logs the call, lets it suffer its faults, and checks that the connection still stands. */
static gboolean
begin(FakeHypervisor *self, const char *line, const char *guest, GError **error)
{
    FakeCalls *calls = fake_world_get_calls(self->world);

    if (!fake_calls_begin(calls, line, guest, error))
        return FALSE;
    if (fake_world_is_joined(self->world, NMM_HYPERVISOR(self)))
        return TRUE;
    fake_calls_end(calls, guest);
    g_set_error(error, NMM_ERROR, NMM_ERROR_UNREACHABLE, "the connection is closed");
    return FALSE;
}

static void
end(FakeHypervisor *self, const char *guest)
{
    fake_calls_end(fake_world_get_calls(self->world), guest);
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
    FakeCalls *calls = fake_world_get_calls(self->world);
    gboolean ok;

    if (!fake_calls_begin(calls, "open", NULL, error))
        return FALSE;
    g_atomic_int_set(&self->read_only, read_only);
    ok = fake_world_join(self->world, hypervisor, read_only, error);
    fake_calls_end(calls, NULL);
    return ok;
}

/* Never logged nor delayed: closing returns at once whatever else hangs. */
static void
fake_close(NmmHypervisor *hypervisor)
{
    fake_world_leave(FAKE_HYPERVISOR(hypervisor)->world, hypervisor);
}

static NmmGuest *
read_guest(FakeHypervisor *self, const char *uuid, GError **error)
{
    g_autofree char *config = fake_world_dump_guest(self->world, uuid, NMM_SCOPE_CONFIG);
    g_autofree char *live = fake_world_dump_guest(self->world, uuid, NMM_SCOPE_LIVE);

    if (config || live)
        return nmm_guest_new_from_xml(config, live, error);
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
    uuids = fake_world_list_guests(self->world);
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
    g_autofree char *name = fake_world_get_guest_name(self->world, uuid);
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
    networks = fake_world_list_networks(self->world, error);
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
    leases = fake_world_list_leases(self->world, network, error);
    end(self, NULL);
    return leases;
}

static gboolean
change(FakeWorld *world, const NmmEdit *edit, GError **error)
{
    switch (edit->kind) {
    case NMM_EDIT_NETWORK_DEFINE:
        return fake_world_define_network(world, edit->xml, error);
    case NMM_EDIT_NETWORK_AUTOSTART:
        return fake_world_autostart_network(world, edit->network, error);
    case NMM_EDIT_NETWORK_START:
        return fake_world_start_network(world, edit->network, error);
    case NMM_EDIT_NIC_DETACH:
        return fake_world_detach(world, edit->guest_uuid, edit->scope, edit->alias, error);
    case NMM_EDIT_NIC_ATTACH:
        return fake_world_attach(world, edit->guest_uuid, edit->scope, edit->xml, error);
    case NMM_EDIT_NIC_UPDATE:
        return fake_world_update(world, edit->guest_uuid, edit->scope, edit->xml, error);
    case NMM_EDIT_NETWORK_DESTROY:
        return fake_world_stop_network(world, edit->network, error);
    case NMM_EDIT_NETWORK_UNDEFINE:
        return fake_world_undefine_network(world, edit->network, error);
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
    name = fake_world_get_guest_name(self->world, edit->guest_uuid);
    return g_strdup_printf("%s %s %s",
                           kind,
                           edit->scope == NMM_SCOPE_LIVE ? "live" : "config",
                           name ? name : edit->guest_uuid);
}

static gboolean
fake_apply(NmmHypervisor *hypervisor, const NmmEdit *edit, GError **error)
{
    FakeHypervisor *self = FAKE_HYPERVISOR(hypervisor);
    g_autofree char *line = describe(self, edit);
    gboolean ok;

    if (!begin_change(self, line, edit->guest_uuid, error))
        return FALSE;
    ok = change(self->world, edit, error);
    end(self, edit->guest_uuid);
    return ok;
}

static void
fake_hypervisor_iface_init(NmmHypervisorInterface *iface)
{
    iface->open = fake_open;
    iface->close = fake_close;
    iface->list_guests = fake_list_guests;
    iface->read_guest = fake_read_guest;
    iface->list_networks = fake_list_networks;
    iface->list_leases = fake_list_leases;
    iface->apply = fake_apply;
}

NmmHypervisor *
fake_hypervisor_new(FakeWorld *world)
{
    FakeHypervisor *self = g_object_new(FAKE_TYPE_HYPERVISOR, NULL);

    self->world = fake_world_ref(world);
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

    fake_world_leave(self->world, NMM_HYPERVISOR(self));
    G_OBJECT_CLASS(fake_hypervisor_parent_class)->dispose(object);
}

static void
fake_hypervisor_finalize(GObject *object)
{
    fake_world_unref(FAKE_HYPERVISOR(object)->world);
    G_OBJECT_CLASS(fake_hypervisor_parent_class)->finalize(object);
}

static void
fake_hypervisor_class_init(FakeHypervisorClass *klass)
{
    GObjectClass *object_class = G_OBJECT_CLASS(klass);

    object_class->dispose = fake_hypervisor_dispose;
    object_class->finalize = fake_hypervisor_finalize;
}
