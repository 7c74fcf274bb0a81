/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-isolated-names.h"

#include <net/if.h>

#include "nmm-guest-address-watch.h"
#include "nmm-lease-watch.h"

typedef struct {
    char *name;
    char *mac;
} Guest;

struct _NmmIsolatedNames {
    char *network;
    NmmLeaseWatch *watch;
    GHashTable *guests;               /* (element-type utf8 Guest): by UUID, those that run */
    GArray *leases;                   /* (element-type Lease) */
    guint ifindex;                    /* of the bridge; 0: there is none */
    NmmGuestAddressWatch *neighbours; /* (nullable): on the bridge */
    NmmIsolatedNamesFunc changed;
    gpointer user_data;
};

typedef struct {
    char *mac;
    NmmCidr address;
} Lease;

static void
guest_free(gpointer data)
{
    Guest *guest = data;

    g_free(guest->name);
    g_free(guest->mac);
    g_free(guest);
}

static void
lease_clear(gpointer data)
{
    g_free(((Lease *)data)->mac);
}

/* (transfer container) (element-type utf8 Guest): by MAC in lower case */
static GHashTable *
index_guests(NmmIsolatedNames *self)
{
    GHashTable *index = g_hash_table_new(g_str_hash, g_str_equal);
    GHashTableIter iter;
    gpointer guest;

    g_hash_table_iter_init(&iter, self->guests);
    while (g_hash_table_iter_next(&iter, NULL, &guest))
        g_hash_table_insert(index, ((Guest *)guest)->mac, guest);
    return index;
}

static void
report(NmmIsolatedNames *self)
{
    g_autoptr(GArray) addresses = self->neighbours
                                      ? nmm_guest_address_watch_list(self->neighbours)
                                      : g_array_new(FALSE, FALSE, sizeof(NmmGuestAddress));
    g_autoptr(GHashTable) index = index_guests(self);

    for (guint i = 0; i < self->leases->len; i++) {
        const Lease *lease = &g_array_index(self->leases, Lease, i);
        const Guest *guest = g_hash_table_lookup(index, lease->mac);
        NmmGuestAddress address = {.address = lease->address};

        if (!guest)
            continue;
        address.guest = guest->name;
        g_array_append_val(addresses, address);
    }
    self->changed(addresses, self->user_data);
}

/* Guests with an address that they did not lease: a fixed one, or an IPv6 one that they chose. */

static void
neighbours_cb(gpointer user_data)
{
    report(user_data);
}

/* The network may have been stopped and started. */
static void
follow_bridge(NmmIsolatedNames *self, const char *bridge)
{
    guint ifindex = bridge ? if_nametoindex(bridge) : 0;
    g_autoptr(GError) error = NULL;

    if (ifindex == self->ifindex)
        return;
    g_clear_pointer(&self->neighbours, nmm_guest_address_watch_free);
    self->ifindex = ifindex;
    if (ifindex == 0)
        return;
    self->neighbours = nmm_guest_address_watch_new(bridge, neighbours_cb, self, &error);
    if (!self->neighbours)
        g_warning("network '%s': %s", self->network, error->message);
}

static void
update_neighbours(NmmIsolatedNames *self)
{
    g_autoptr(GArray) nics = g_array_new(FALSE, FALSE, sizeof(NmmHeardNic));
    GHashTableIter iter;
    gpointer value;

    if (!self->neighbours)
        return;
    g_hash_table_iter_init(&iter, self->guests);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Guest *guest = value;
        const NmmHeardNic nic = {guest->name, guest->mac};

        g_array_append_val(nics, nic);
    }
    nmm_guest_address_watch_set_nics(
        self->neighbours, (const NmmHeardNic *)(void *)nics->data, nics->len);
}

/* Leases */

static void
leases_cb(const GPtrArray *leases, gpointer user_data)
{
    NmmIsolatedNames *self = user_data;

    g_array_set_size(self->leases, 0);
    for (guint i = 0; i < leases->len; i++) {
        const NmmLease *lease = g_ptr_array_index(leases, i);
        Lease copy;

        if (!nmm_cidr_init_host(&copy.address, lease->address, NULL))
            continue;
        copy.mac = g_ascii_strdown(lease->mac, -1);
        g_array_append_val(self->leases, copy);
    }
    report(self);
}

NmmIsolatedNames *
nmm_isolated_names_new(NmmHypervisor *hypervisor,
                       const char *network,
                       NmmIsolatedNamesFunc changed,
                       gpointer user_data)
{
    NmmIsolatedNames *self = g_new0(NmmIsolatedNames, 1);

    self->network = g_strdup(network);
    self->watch = nmm_lease_watch_new(hypervisor, network, leases_cb, self);
    self->guests = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, guest_free);
    self->leases = g_array_new(FALSE, FALSE, sizeof(Lease));
    g_array_set_clear_func(self->leases, lease_clear);
    self->changed = changed;
    self->user_data = user_data;
    return self;
}

void
nmm_isolated_names_free(NmmIsolatedNames *self)
{
    g_clear_pointer(&self->neighbours, nmm_guest_address_watch_free);
    nmm_lease_watch_free(self->watch);
    g_free(self->network);
    g_hash_table_unref(self->guests);
    g_array_unref(self->leases);
    g_free(self);
}

static void
update_guest(NmmIsolatedNames *self, const NmmGuestReport *item)
{
    Guest *guest;

    if (!item->guest->live || !item->mac) {
        g_hash_table_remove(self->guests, item->guest->uuid);
        return;
    }
    guest = g_new(Guest, 1);
    guest->name = g_strdup(item->guest->name);
    guest->mac = g_ascii_strdown(item->mac, -1);
    g_hash_table_replace(self->guests, g_strdup(item->guest->uuid), guest);
}

void
nmm_isolated_names_update(NmmIsolatedNames *self, const NmmPlan *plan, gboolean all)
{
    if (all)
        g_hash_table_remove_all(self->guests);
    for (guint i = 0; i < plan->reports->len; i++)
        update_guest(self, plan->reports->pdata[i]);
    follow_bridge(self, plan->bridge);
    update_neighbours(self);
    report(self);
    nmm_lease_watch_read(self->watch, plan->bridge);
}

void
nmm_isolated_names_forget(NmmIsolatedNames *self, const char *uuid)
{
    if (!g_hash_table_remove(self->guests, uuid))
        return;
    update_neighbours(self);
    report(self);
}
