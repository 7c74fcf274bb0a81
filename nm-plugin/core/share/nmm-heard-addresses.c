/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-heard-addresses.h"

#define NOT_IN_DOUBT G_MAXINT64

typedef struct {
    NmmMacKey mac;
    NmmCidr address;
    gint64 heard_at;
    gint64 ask_at;  /* NOT_IN_DOUBT, as the next one */
    gint64 drop_at; /* unless it is heard before */
} Entry;

struct _NmmHeardAddresses {
    GHashTable *nics; /* (element-type NmmMacKey utf8): MAC → guest's name */
    GArray *entries;  /* (element-type Entry) */
};

NmmHeardAddresses *
nmm_heard_addresses_new(void)
{
    NmmHeardAddresses *self = g_new(NmmHeardAddresses, 1);

    self->nics = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    self->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
    return self;
}

void
nmm_heard_addresses_free(NmmHeardAddresses *self)
{
    g_hash_table_unref(self->nics);
    g_array_unref(self->entries);
    g_free(self);
}

static Entry *
get(const NmmHeardAddresses *self, guint i)
{
    return &g_array_index(self->entries, Entry, i);
}

gboolean
nmm_heard_addresses_set_nics(NmmHeardAddresses *self, const NmmHeardNic *nics, gsize n_nics)
{
    guint before = self->entries->len;

    g_hash_table_remove_all(self->nics);
    for (gsize i = 0; i < n_nics; i++) {
        guint8 mac[NMM_MAC_BYTES];
        NmmMacKey key;

        if (!nmm_mac_parse(nics[i].mac, mac))
            continue;
        key = nmm_mac_key_from_bytes(mac);
        g_hash_table_replace(self->nics, g_memdup2(&key, sizeof(key)), g_strdup(nics[i].guest));
    }
    for (guint i = self->entries->len; i-- > 0;) {
        if (!g_hash_table_contains(self->nics, &get(self, i)->mac))
            g_array_remove_index(self->entries, i);
    }
    return self->entries->len != before;
}

/* (nullable) */
static Entry *
find(const NmmHeardAddresses *self, NmmMacKey mac, const NmmCidr *address)
{
    for (guint i = 0; i < self->entries->len; i++) {
        Entry *entry = get(self, i);

        if (entry->mac == mac && nmm_cidr_equal_address(&entry->address, address))
            return entry;
    }
    return NULL;
}

/* A guest that claims ever more addresses loses those that it claimed first. */
static void
make_room(NmmHeardAddresses *self, NmmMacKey mac)
{
    guint n = 0;
    guint oldest = 0;

    for (guint i = 0; i < self->entries->len; i++) {
        if (get(self, i)->mac != mac)
            continue;
        if (n++ == 0 || get(self, i)->heard_at < get(self, oldest)->heard_at)
            oldest = i;
    }
    if (n >= NMM_HEARD_MAX_PER_NIC)
        g_array_remove_index(self->entries, oldest);
}

static void
doubt_others(NmmHeardAddresses *self, NmmMacKey mac, GSocketFamily family, gint64 now_ms)
{
    for (guint i = 0; i < self->entries->len; i++) {
        Entry *entry = get(self, i);

        if (entry->mac != mac || entry->address.family != family || entry->drop_at != NOT_IN_DOUBT)
            continue;
        entry->ask_at = now_ms;
        entry->drop_at = now_ms + NMM_HEARD_DOUBT_MS;
    }
}

gboolean
nmm_heard_addresses_claim(NmmHeardAddresses *self,
                          const guint8 *mac,
                          const NmmCidr *address,
                          gint64 now_ms)
{
    NmmMacKey key = nmm_mac_key_from_bytes(mac);
    Entry *known = find(self, key, address);
    Entry entry = {key, *address, now_ms, NOT_IN_DOUBT, NOT_IN_DOUBT};

    if (!g_hash_table_contains(self->nics, &key) || !nmm_routing_is_routable(address))
        return FALSE;
    if (known) {
        *known = entry;
        return FALSE;
    }
    make_room(self, key);
    doubt_others(self, key, address->family, now_ms);
    g_array_append_val(self->entries, entry);
    return TRUE;
}

gboolean
nmm_heard_addresses_tick(NmmHeardAddresses *self, gint64 now_ms, GArray *doubts)
{
    guint before = self->entries->len;

    for (guint i = self->entries->len; i-- > 0;) {
        Entry *entry = get(self, i);
        NmmHeardDoubt doubt = {.address = entry->address};

        if (entry->drop_at <= now_ms) {
            g_array_remove_index(self->entries, i);
        } else if (entry->ask_at <= now_ms) {
            entry->ask_at = now_ms + NMM_HEARD_REPEAT_MS;
            nmm_mac_key_to_bytes(entry->mac, doubt.mac);
            g_array_append_val(doubts, doubt);
        }
    }
    return self->entries->len != before;
}

gint64
nmm_heard_addresses_get_deadline(const NmmHeardAddresses *self)
{
    gint64 deadline = NOT_IN_DOUBT;

    for (guint i = 0; i < self->entries->len; i++) {
        const Entry *entry = get(self, i);

        deadline = MIN(deadline, MIN(entry->ask_at, entry->drop_at));
    }
    return deadline == NOT_IN_DOUBT ? -1 : deadline;
}

static gboolean
is_on_link(const NmmCidr *address, const GArray *own)
{
    gboolean found = FALSE;

    for (guint i = 0; i < own->len; i++) {
        const NmmCidr *mine = &g_array_index(own, NmmRoutingAddress, i).cidr;

        if (nmm_cidr_equal_address(mine, address))
            return FALSE;
        found = found || nmm_cidr_overlaps(mine, address);
    }
    return found;
}

GArray *
nmm_heard_addresses_list(const NmmHeardAddresses *self, const GArray *own)
{
    GArray *addresses = g_array_new(FALSE, FALSE, sizeof(NmmGuestAddress));

    for (guint i = 0; i < self->entries->len; i++) {
        const Entry *entry = get(self, i);
        NmmGuestAddress address = {g_hash_table_lookup(self->nics, &entry->mac), entry->address};

        if (is_on_link(&entry->address, own))
            g_array_append_val(addresses, address);
    }
    return addresses;
}
