/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fake world's life, its connections and events, and its networks.
 */

#include "config.h"

#include "fake-world-private.h"

FakeWorld *
fake_world_new(void)
{
    FakeWorld *world = g_new0(FakeWorld, 1);

    g_atomic_ref_count_init(&world->ref_count);
    g_mutex_init(&world->mutex);
    world->calls = fake_calls_new();
    world->guests = g_ptr_array_new_with_free_func((GDestroyNotify)fake_guest_free);
    world->networks = g_ptr_array_new_with_free_func((GDestroyNotify)fake_network_free);
    world->members = g_array_new(FALSE, FALSE, sizeof(FakeMember));
    return world;
}

FakeWorld *
fake_world_ref(FakeWorld *world)
{
    g_atomic_ref_count_inc(&world->ref_count);
    return world;
}

void
fake_world_unref(FakeWorld *world)
{
    if (!g_atomic_ref_count_dec(&world->ref_count))
        return;
    g_ptr_array_unref(world->guests);
    g_ptr_array_unref(world->networks);
    g_array_unref(world->members);
    fake_calls_free(world->calls);
    g_mutex_clear(&world->mutex);
    g_free(world);
}

FakeCalls *
fake_world_get_calls(FakeWorld *world)
{
    return world->calls;
}

void
fake_world_reset(FakeWorld *world)
{
    g_mutex_lock(&world->mutex);
    g_ptr_array_set_size(world->guests, 0);
    g_ptr_array_set_size(world->networks, 0);
    world->dead = FALSE;
    g_mutex_unlock(&world->mutex);
}

/* Connections and events */

static FakeMember *
find_member(FakeWorld *world, NmmHypervisor *hypervisor)
{
    for (guint i = 0; i < world->members->len; i++) {
        FakeMember *member = &g_array_index(world->members, FakeMember, i);

        if (member->hypervisor == hypervisor)
            return member;
    }
    return NULL;
}

gboolean
fake_world_join(FakeWorld *world, NmmHypervisor *hypervisor, gboolean read_only, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&world->mutex);
    FakeMember new_member = {.hypervisor = hypervisor, .read_only = read_only};
    FakeMember *member = find_member(world, hypervisor);

    if (world->dead) {
        g_set_error(
            error, NMM_ERROR, NMM_ERROR_UNREACHABLE, "failed to connect: the daemon is not there");
        return FALSE;
    }
    if (member)
        *member = new_member;
    else
        g_array_append_val(world->members, new_member);
    return TRUE;
}

void
fake_world_leave(FakeWorld *world, NmmHypervisor *hypervisor)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&world->mutex);

    for (guint i = 0; i < world->members->len; i++) {
        if (g_array_index(world->members, FakeMember, i).hypervisor == hypervisor) {
            g_array_remove_index(world->members, i);
            return;
        }
    }
}

gboolean
fake_world_is_joined(FakeWorld *world, NmmHypervisor *hypervisor)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&world->mutex);

    return find_member(world, hypervisor) != NULL;
}

guint
fake_world_count_joined(FakeWorld *world)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&world->mutex);

    return world->members->len;
}

void
fake_world_kill(FakeWorld *world, const char *reason)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&world->mutex);

    world->dead = TRUE;
    for (guint i = 0; i < world->members->len; i++) {
        FakeMember *member = &g_array_index(world->members, FakeMember, i);

        if (!member->read_only)
            nmm_hypervisor_emit(member->hypervisor, "closed", reason);
    }
    g_array_set_size(world->members, 0);
}

void
fake_world_revive(FakeWorld *world)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&world->mutex);

    world->dead = FALSE;
}

void
fake_world_guest_event(FakeWorld *world, const char *uuid)
{
    for (guint i = 0; i < world->members->len; i++) {
        FakeMember *member = &g_array_index(world->members, FakeMember, i);

        if (!member->read_only)
            nmm_hypervisor_emit(member->hypervisor, "guest-changed", uuid);
    }
}

void
fake_world_network_event(FakeWorld *world, const char *name)
{
    for (guint i = 0; i < world->members->len; i++) {
        FakeMember *member = &g_array_index(world->members, FakeMember, i);

        if (!member->read_only)
            nmm_hypervisor_emit(member->hypervisor, "network-changed", name);
    }
}

/* Networks */

void
fake_network_free(FakeNetwork *network)
{
    g_free(network->name);
    g_free(network->xml);
    g_ptr_array_unref(network->leases);
    g_free(network);
}

FakeNetwork *
fake_world_find_network(FakeWorld *world, const char *name)
{
    for (guint i = 0; i < world->networks->len; i++) {
        FakeNetwork *network = world->networks->pdata[i];

        if (g_str_equal(network->name, name))
            return network;
    }
    return NULL;
}

NmmNetwork *
fake_network_read(const FakeNetwork *network, GError **error)
{
    return nmm_network_new_from_xml(
        network->xml, network->active, network->autostart, network->persistent, error);
}

static FakeNetwork *
need_network(FakeWorld *world, const char *name, GError **error)
{
    FakeNetwork *network = fake_world_find_network(world, name);

    if (!network)
        g_set_error(
            error, NMM_ERROR, NMM_ERROR_NOT_FOUND, "no network with matching name '%s'", name);
    return network;
}

static gboolean
refuse(GError **error, const char *why)
{
    g_set_error_literal(error, NMM_ERROR, NMM_ERROR_FAILED, why);
    return FALSE;
}

/* libvirt fills in the UUID, and a bridge where the network does not forward to a device. */
static char *
complete_network_xml(FakeWorld *world, xmlDoc *doc)
{
    xmlNode *root = xmlDocGetRootElement(doc);
    xmlNode *forward = nmm_xml_child(root, "forward");

    if (!nmm_xml_child(root, "uuid")) {
        g_autofree char *uuid = g_uuid_string_random();

        xmlNewTextChild(root, NULL, BAD_CAST "uuid", BAD_CAST uuid);
    }
    if (!nmm_xml_child(forward, "interface")) {
        xmlNode *bridge = nmm_xml_child(root, "bridge");
        g_autofree char *name = g_strdup_printf("virbr%u", ++world->last_device);

        if (!bridge)
            bridge = xmlNewTextChild(root, NULL, BAD_CAST "bridge", NULL);
        if (!xmlHasProp(bridge, BAD_CAST "name"))
            xmlSetProp(bridge, BAD_CAST "name", BAD_CAST name);
    }
    return nmm_xml_to_string(root);
}

gboolean
fake_world_define_network(FakeWorld *world, const char *xml, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&world->mutex);
    g_autoptr(xmlDoc) doc = nmm_xml_parse(xml, "network", error);
    g_autofree char *name = NULL;
    FakeNetwork *network;

    if (!doc)
        return FALSE;
    name = nmm_xml_text(nmm_xml_child(xmlDocGetRootElement(doc), "name"));
    network = fake_world_find_network(world, name);
    if (!network) {
        network = g_new0(FakeNetwork, 1);
        network->name = g_strdup(name);
        network->leases = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_lease_free);
        g_ptr_array_add(world->networks, network);
    }
    g_free(network->xml);
    network->xml = complete_network_xml(world, doc);
    network->persistent = TRUE;
    fake_world_network_event(world, name);
    return TRUE;
}

gboolean
fake_world_autostart_network(FakeWorld *world, const char *name, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&world->mutex);
    FakeNetwork *network = need_network(world, name, error);

    if (!network)
        return FALSE;
    if (!network->persistent)
        return refuse(error, "is transient");
    network->autostart = TRUE;
    return TRUE;
}

gboolean
fake_world_start_network(FakeWorld *world, const char *name, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&world->mutex);
    FakeNetwork *network = need_network(world, name, error);

    if (!network)
        return FALSE;
    if (network->active)
        return TRUE;
    network->active = TRUE;
    fake_world_network_event(world, name);
    return TRUE;
}

gboolean
fake_world_stop_network(FakeWorld *world, const char *name, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&world->mutex);
    FakeNetwork *network = need_network(world, name, error);

    if (!network)
        return FALSE;
    if (!network->active)
        return TRUE;
    network->active = FALSE;
    fake_world_network_event(world, name);
    if (!network->persistent)
        g_ptr_array_remove(world->networks, network);
    return TRUE;
}

gboolean
fake_world_undefine_network(FakeWorld *world, const char *name, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&world->mutex);
    FakeNetwork *network = need_network(world, name, error);

    if (!network)
        return FALSE;
    if (!network->persistent)
        return refuse(error, "is transient");
    network->persistent = FALSE;
    network->autostart = FALSE;
    fake_world_network_event(world, name);
    if (!network->active)
        g_ptr_array_remove(world->networks, network);
    return TRUE;
}

GPtrArray *
fake_world_list_networks(FakeWorld *world, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&world->mutex);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_network_unref);

    for (guint i = 0; i < world->networks->len; i++) {
        NmmNetwork *network = fake_network_read(world->networks->pdata[i], error);

        if (!network)
            return NULL;
        g_ptr_array_add(list, network);
    }
    return g_steal_pointer(&list);
}

gboolean
fake_world_get_network_active(FakeWorld *world, const char *name)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&world->mutex);
    FakeNetwork *network = fake_world_find_network(world, name);

    return network && network->active;
}

NmmNetwork *
fake_world_read_network(FakeWorld *world, const char *name)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&world->mutex);
    FakeNetwork *network = fake_world_find_network(world, name);

    return network ? fake_network_read(network, NULL) : NULL;
}

static NmmLease *
lease_new(const char *mac, const char *address, const char *hostname)
{
    NmmLease *lease = g_new0(NmmLease, 1);

    lease->mac = g_strdup(mac);
    lease->address = g_strdup(address);
    lease->hostname = g_strdup(hostname);
    return lease;
}

void
fake_world_add_lease(FakeWorld *world,
                     const char *network,
                     const char *mac,
                     const char *address,
                     const char *hostname)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&world->mutex);
    FakeNetwork *found = fake_world_find_network(world, network);

    g_assert_nonnull(found);
    g_ptr_array_add(found->leases, lease_new(mac, address, hostname));
}

GPtrArray *
fake_world_list_leases(FakeWorld *world, const char *name, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&world->mutex);
    FakeNetwork *network = need_network(world, name, error);
    GPtrArray *list;

    if (!network)
        return NULL;
    list = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_lease_free);
    for (guint i = 0; i < network->leases->len; i++) {
        NmmLease *lease = network->leases->pdata[i];

        g_ptr_array_add(list, lease_new(lease->mac, lease->address, lease->hostname));
    }
    return list;
}
