/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connections, events and networks of the fake host. */

#include "config.h"

#include "fake-host-private.h"

FakeHost *
fake_host_new(void)
{
    FakeHost *host = g_new0(FakeHost, 1);

    g_atomic_ref_count_init(&host->ref_count);
    g_mutex_init(&host->mutex);
    host->calls = fake_calls_new();
    host->guests = g_ptr_array_new_with_free_func((GDestroyNotify)fake_guest_free);
    host->networks = g_ptr_array_new_with_free_func((GDestroyNotify)fake_network_free);
    host->links = g_ptr_array_new_with_free_func(g_free);
    fake_host_add_link(host, "lo", TRUE);
    host->members = g_array_new(FALSE, FALSE, sizeof(FakeMember));
    host->waiters = g_ptr_array_new();
    return host;
}

FakeHost *
fake_host_ref(FakeHost *host)
{
    g_atomic_ref_count_inc(&host->ref_count);
    return host;
}

void
fake_host_unref(FakeHost *host)
{
    if (!g_atomic_ref_count_dec(&host->ref_count))
        return;
    g_ptr_array_unref(host->guests);
    g_ptr_array_unref(host->networks);
    g_ptr_array_unref(host->links);
    g_array_unref(host->members);
    g_ptr_array_unref(host->waiters);
    fake_calls_free(host->calls);
    g_mutex_clear(&host->mutex);
    g_free(host);
}

FakeCalls *
fake_host_get_calls(FakeHost *host)
{
    return host->calls;
}

void
fake_host_reset(FakeHost *host)
{
    g_mutex_lock(&host->mutex);
    g_ptr_array_set_size(host->guests, 0);
    g_ptr_array_set_size(host->networks, 0);
    host->dead = FALSE;
    g_mutex_unlock(&host->mutex);
}

/* Connections and events */

static FakeMember *
find_member(FakeHost *host, NmmHypervisor *hypervisor)
{
    for (guint i = 0; i < host->members->len; i++) {
        FakeMember *member = &g_array_index(host->members, FakeMember, i);

        if (member->hypervisor == hypervisor)
            return member;
    }
    return NULL;
}

gboolean
fake_host_join(FakeHost *host, NmmHypervisor *hypervisor, gboolean read_only, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeMember new_member = {.hypervisor = hypervisor, .read_only = read_only};
    FakeMember *member = find_member(host, hypervisor);

    host->asleep = FALSE;
    if (host->dead || host->missing) {
        g_set_error(
            error, NMM_ERROR, NMM_ERROR_UNREACHABLE, "failed to connect: the daemon is not there");
        return FALSE;
    }
    if (member)
        *member = new_member;
    else
        g_array_append_val(host->members, new_member);
    return TRUE;
}

void
fake_host_leave(FakeHost *host, NmmHypervisor *hypervisor)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);

    g_ptr_array_remove(host->waiters, hypervisor);
    for (guint i = 0; i < host->members->len; i++) {
        if (g_array_index(host->members, FakeMember, i).hypervisor == hypervisor) {
            g_array_remove_index(host->members, i);
            return;
        }
    }
}

gboolean
fake_host_is_joined(FakeHost *host, NmmHypervisor *hypervisor)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);

    return find_member(host, hypervisor) != NULL;
}

guint
fake_host_count_joined(FakeHost *host)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);

    return host->members->len;
}

static void
close_all(FakeHost *host, const char *reason)
{
    for (guint i = 0; i < host->members->len; i++) {
        FakeMember *member = &g_array_index(host->members, FakeMember, i);

        if (!member->read_only)
            nmm_hypervisor_emit(member->hypervisor, "closed", reason);
    }
    g_array_set_size(host->members, 0);
}

void
fake_host_kill(FakeHost *host, const char *reason)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);

    host->dead = TRUE;
    close_all(host, reason);
}

void
fake_host_fall_asleep(FakeHost *host)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);

    host->asleep = TRUE;
    close_all(host, "stopped");
}

void
fake_host_uninstall(FakeHost *host)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);

    host->missing = TRUE;
    close_all(host, "stopped");
}

gboolean
fake_host_is_missing(FakeHost *host)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);

    return host->missing;
}

gboolean
fake_host_is_asleep(FakeHost *host)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);

    return host->asleep;
}

void
fake_host_set_networks_asleep(FakeHost *host, gboolean asleep)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);

    host->networks_asleep = asleep;
}

gboolean
fake_host_are_networks_asleep(FakeHost *host)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);

    return host->networks_asleep;
}

void
fake_host_wake(FakeHost *host)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);

    host->asleep = FALSE;
    for (guint i = 0; i < host->waiters->len; i++)
        nmm_hypervisor_emit(host->waiters->pdata[i], "awake", NULL);
    g_ptr_array_set_size(host->waiters, 0);
}

void
fake_host_wait(FakeHost *host, NmmHypervisor *hypervisor)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);

    if (host->asleep)
        g_ptr_array_add(host->waiters, hypervisor);
    else
        nmm_hypervisor_emit(hypervisor, "awake", NULL);
}

void
fake_host_revive(FakeHost *host)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);

    host->dead = FALSE;
}

void
fake_host_emit(FakeHost *host, const char *signal, const char *text)
{
    for (guint i = 0; i < host->members->len; i++) {
        FakeMember *member = &g_array_index(host->members, FakeMember, i);

        if (!member->read_only)
            nmm_hypervisor_emit(member->hypervisor, signal, text);
    }
}

void
fake_host_guest_event(FakeHost *host, const char *uuid)
{
    fake_host_emit(host, "guest-changed", uuid);
}

void
fake_host_network_event(FakeHost *host, const char *name)
{
    fake_host_emit(host, "network-changed", name);
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
fake_host_find_network(FakeHost *host, const char *name)
{
    for (guint i = 0; i < host->networks->len; i++) {
        FakeNetwork *network = host->networks->pdata[i];

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
need_network(FakeHost *host, const char *name, GError **error)
{
    FakeNetwork *network = fake_host_find_network(host, name);

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

/* A definition of the same name has the same UUID; one without gets another one. */
static gboolean
check_network_uuid(const FakeNetwork *network, xmlDoc *doc, GError **error)
{
    g_autofree char *uuid = nmm_xml_text(nmm_xml_child(xmlDocGetRootElement(doc), "uuid"));
    g_autoptr(NmmNetwork) read = fake_network_read(network, NULL);

    return g_strcmp0(uuid, read->uuid) == 0 || refuse(error, "already exists with another uuid");
}

/* libvirt fills in the UUID, and a bridge if the network does not forward to a device. */
static char *
complete_network_xml(FakeHost *host, xmlDoc *doc)
{
    xmlNode *root = xmlDocGetRootElement(doc);
    xmlNode *forward = nmm_xml_child(root, "forward");

    if (!nmm_xml_child(root, "uuid")) {
        g_autofree char *uuid = g_uuid_string_random();

        xmlNewTextChild(root, NULL, BAD_CAST "uuid", BAD_CAST uuid);
    }
    if (!nmm_xml_child(forward, "interface")) {
        xmlNode *bridge = nmm_xml_child(root, "bridge");
        g_autofree char *name = g_strdup_printf("virbr%u", ++host->last_device);

        if (!bridge)
            bridge = xmlNewTextChild(root, NULL, BAD_CAST "bridge", NULL);
        if (!xmlHasProp(bridge, BAD_CAST "name"))
            xmlSetProp(bridge, BAD_CAST "name", BAD_CAST name);
    }
    return nmm_xml_to_string(root);
}

gboolean
fake_host_define_network(FakeHost *host, const char *xml, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    g_autoptr(xmlDoc) doc = nmm_xml_parse(xml, "network", error);
    g_autofree char *name = NULL;
    FakeNetwork *network;

    if (!doc)
        return FALSE;
    name = nmm_xml_text(nmm_xml_child(xmlDocGetRootElement(doc), "name"));
    network = fake_host_find_network(host, name);
    if (network && !check_network_uuid(network, doc, error))
        return FALSE;
    if (!network) {
        network = g_new0(FakeNetwork, 1);
        network->name = g_strdup(name);
        network->leases = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_lease_free);
        g_ptr_array_add(host->networks, network);
    }
    g_free(network->xml);
    network->xml = complete_network_xml(host, doc);
    network->persistent = TRUE;
    fake_host_network_event(host, name);
    return TRUE;
}

gboolean
fake_host_autostart_network(FakeHost *host, const char *name, gboolean autostart, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeNetwork *network = need_network(host, name, error);

    if (!network)
        return FALSE;
    if (!network->persistent)
        return refuse(error, "is transient");
    network->autostart = autostart;
    return TRUE;
}

gboolean
fake_host_start_network(FakeHost *host, const char *name, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeNetwork *network = need_network(host, name, error);
    g_autoptr(NmmNetwork) read = network ? fake_network_read(network, error) : NULL;

    if (!read)
        return FALSE;
    if (network->active)
        return TRUE;
    if (read->zone)
        return refuse(error, "a zone is requested but firewalld is not active");
    network->active = TRUE;
    fake_host_network_event(host, name);
    return TRUE;
}

gboolean
fake_host_stop_network(FakeHost *host, const char *name, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeNetwork *network = need_network(host, name, error);

    if (!network)
        return FALSE;
    if (!network->active)
        return TRUE;
    network->active = FALSE;
    fake_host_network_event(host, name);
    if (!network->persistent)
        g_ptr_array_remove(host->networks, network);
    return TRUE;
}

gboolean
fake_host_undefine_network(FakeHost *host, const char *name, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeNetwork *network = need_network(host, name, error);

    if (!network)
        return FALSE;
    if (!network->persistent)
        return refuse(error, "is transient");
    network->persistent = FALSE;
    network->autostart = FALSE;
    fake_host_network_event(host, name);
    if (!network->active)
        g_ptr_array_remove(host->networks, network);
    return TRUE;
}

GPtrArray *
fake_host_list_networks(FakeHost *host, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_network_free);

    for (guint i = 0; i < host->networks->len; i++) {
        NmmNetwork *network = fake_network_read(host->networks->pdata[i], error);

        if (!network)
            return NULL;
        g_ptr_array_add(list, network);
    }
    return g_steal_pointer(&list);
}

void
fake_host_add_link(FakeHost *host, const char *name, gboolean up)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);

    g_ptr_array_add(host->links,
                    g_strdup_printf("<device><capability type='net'><interface>%s</interface>"
                                    "<link state='%s'/></capability></device>",
                                    name,
                                    up ? "up" : "down"));
}

GPtrArray *
fake_host_list_links(FakeHost *host, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_link_free);

    for (guint i = 0; i < host->links->len; i++) {
        NmmLink *link = nmm_link_new_from_xml(host->links->pdata[i], error);

        if (!link)
            return NULL;
        g_ptr_array_add(list, link);
    }
    return g_steal_pointer(&list);
}

gboolean
fake_host_get_network_active(FakeHost *host, const char *name)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeNetwork *network = fake_host_find_network(host, name);

    return network && network->active;
}

NmmNetwork *
fake_host_read_network(FakeHost *host, const char *name)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeNetwork *network = fake_host_find_network(host, name);

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
fake_host_add_lease(FakeHost *host,
                    const char *network,
                    const char *mac,
                    const char *address,
                    const char *hostname)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeNetwork *found = fake_host_find_network(host, network);

    g_assert_nonnull(found);
    g_ptr_array_add(found->leases, lease_new(mac, address, hostname));
}

GPtrArray *
fake_host_list_leases(FakeHost *host, const char *name, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeNetwork *network = need_network(host, name, error);
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
