/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-known-hosts.h"

#define MAX_LAN_HOSTS 1024

typedef NmmMacKey MacKey;
typedef NmmKnownGuest Guest;
typedef NmmKnownNic Nic;
typedef NmmLanHost LanHost;

static void
free_guest(gpointer data)
{
    Guest *guest = data;

    g_free(guest->name);
    g_free(guest);
}

const char *
nmm_known_guest_get_name(const Guest *guest)
{
    return guest->is_peer ? NULL : guest->name;
}

void
nmm_known_hosts_init(NmmKnownHosts *self)
{
    self->guests = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_guest);
    self->nics = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    self->lan = g_hash_table_new_full(nmm_cidr_hash_address, nmm_cidr_equal_address, NULL, g_free);
}

void
nmm_known_hosts_clear(NmmKnownHosts *self)
{
    g_clear_pointer(&self->lan, g_hash_table_unref);
    g_clear_pointer(&self->nics, g_hash_table_unref);
    g_clear_pointer(&self->guests, g_hash_table_unref);
}

Nic *
nmm_known_hosts_find_nic(const NmmKnownHosts *self, MacKey mac)
{
    return g_hash_table_lookup(self->nics, &mac);
}

/* @name: of a guest, or the MAC of a peer. */
static Guest *
ensure_guest(NmmKnownHosts *self, const char *name, gboolean is_peer)
{
    Guest *guest = g_hash_table_lookup(self->guests, name);

    if (guest)
        return guest;
    guest = g_new0(Guest, 1);
    guest->name = g_strdup(name);
    guest->is_peer = is_peer;
    guest->doubted_at = -NMM_NEVER;
    g_hash_table_insert(self->guests, guest->name, guest);
    return guest;
}

static void
add_nic(NmmKnownHosts *self, const NmmRoutingNic *given)
{
    guint8 mac[NMM_MAC_BYTES];
    MacKey key;
    Nic *nic;

    if (!nmm_mac_parse(given->mac, mac))
        return;
    key = nmm_mac_key_from_bytes(mac);
    nic = nmm_known_hosts_find_nic(self, key);
    /* A guest and its clone may have the same MAC: the one that runs counts. */
    if (key == 0 || (nic && (nic->running || !given->running)))
        return;
    nic = g_new0(Nic, 1);
    *nic = (Nic){key,
                 ensure_guest(self, given->guest ?: given->mac, given->guest == NULL),
                 given->running,
                 given->bridge};
    g_hash_table_replace(self->nics, &nic->mac, nic);
}

void
nmm_known_hosts_set_guests(NmmKnownHosts *self, const NmmRoutingNic *nics, gsize n_nics)
{
    g_hash_table_remove_all(self->nics);
    g_hash_table_remove_all(self->guests);
    for (gsize i = 0; i < n_nics; i++)
        add_nic(self, &nics[i]);
}

const LanHost *
nmm_known_hosts_find_lan(const NmmKnownHosts *self, const NmmCidr *address, gint64 now_ms)
{
    const LanHost *lan = g_hash_table_lookup(self->lan, address);

    if (!lan || now_ms - lan->heard_at >= NMM_ROUTING_LAN_KEEP_MS)
        return NULL;
    return lan;
}

static void
forget_oldest_lan_host(NmmKnownHosts *self)
{
    GHashTableIter iter;
    gpointer data;
    LanHost *oldest = NULL;

    g_hash_table_iter_init(&iter, self->lan);
    while (g_hash_table_iter_next(&iter, NULL, &data)) {
        LanHost *lan = data;

        if (!oldest || lan->heard_at < oldest->heard_at)
            oldest = lan;
    }
    if (oldest)
        g_hash_table_remove(self->lan, &oldest->address);
}

void
nmm_known_hosts_hear_lan(NmmKnownHosts *self,
                         const NmmCidr *address,
                         MacKey mac,
                         gboolean on_wire,
                         gint64 now_ms)
{
    LanHost *lan = g_hash_table_lookup(self->lan, address);

    if (!lan) {
        if (g_hash_table_size(self->lan) >= MAX_LAN_HOSTS)
            forget_oldest_lan_host(self);
        lan = g_new0(LanHost, 1);
        lan->address = *address;
        g_hash_table_insert(self->lan, &lan->address, lan);
    }
    lan->on_wire = on_wire || (lan->on_wire && lan->mac == mac);
    lan->mac = mac;
    lan->heard_at = now_ms;
}

void
nmm_known_hosts_forget_lan(NmmKnownHosts *self, const NmmCidr *address)
{
    g_hash_table_remove(self->lan, address);
}
