/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-peer-watch.h"

#include "nmm-macvlan.h"

#define INTERVAL_MS 10000
#define PAUSE_MS    1000 /* between two readings, because a LAN with many hosts is never silent */

struct _NmmPeerWatch {
    char *parent;
    GArray *prefixes; /* (element-type NmmCidr) */
    void (*changed)(gpointer user_data);
    gpointer user_data;
    GHashTable *guests; /* (nullable): set of MACs; NULL: not known yet */
    GPtrArray *macs;    /* of the peers */
    gint64 read_at;     /* in ms */
    gint64 due;         /* of @timer */
    guint timer;
};

static gint64
now_ms(void)
{
    return g_get_monotonic_time() / 1000;
}

static gboolean
is_served(const NmmPeerWatch *self, const NmmCidr *address)
{
    for (guint i = 0; i < self->prefixes->len; i++) {
        if (nmm_cidr_overlaps(&g_array_index(self->prefixes, NmmCidr, i), address))
            return TRUE;
    }
    return FALSE;
}

static gboolean
contains(const GPtrArray *macs, const char *mac)
{
    return g_ptr_array_find_with_equal_func((GPtrArray *)macs, mac, g_str_equal, NULL);
}

/* Reading */

/* (transfer full) */
static GPtrArray *
list_peers(const NmmPeerWatch *self)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) all = nmm_macvlan_list_macs(self->parent, &error);
    GPtrArray *peers = g_ptr_array_new_with_free_func(g_free);

    if (!all)
        g_warning("cannot list macvlan peers on '%s': %s", self->parent, error->message);
    for (guint i = 0; all && i < all->len; i++) {
        if (!g_hash_table_contains(self->guests, all->pdata[i]) && !contains(peers, all->pdata[i]))
            g_ptr_array_add(peers, g_strdup(all->pdata[i]));
    }
    return peers;
}

static gboolean
is_same(const GPtrArray *a, const GPtrArray *b)
{
    for (guint i = 0; i < a->len; i++) {
        if (!contains(b, a->pdata[i]))
            return FALSE;
    }
    return a->len == b->len;
}

static gboolean read_cb(gpointer data);

static void
set_timer(NmmPeerWatch *self, gint64 due)
{
    g_clear_handle_id(&self->timer, g_source_remove);
    self->due = due;
    self->timer = g_timeout_add((guint)MAX(due - now_ms(), 0), read_cb, self);
}

/* Returns: whether the list changed. */
static gboolean
read_peers(NmmPeerWatch *self)
{
    g_autoptr(GPtrArray) before = self->macs;

    g_clear_handle_id(&self->timer, g_source_remove);
    self->macs = list_peers(self);
    self->read_at = now_ms();
    if (self->macs->len > 0)
        set_timer(self, self->read_at + INTERVAL_MS);
    return !is_same(before, self->macs);
}

static gboolean
read_cb(gpointer data)
{
    NmmPeerWatch *self = data;

    self->timer = 0;
    if (read_peers(self))
        self->changed(self->user_data);
    return G_SOURCE_REMOVE;
}

static void
read_soon(NmmPeerWatch *self)
{
    gint64 due = self->read_at + PAUSE_MS;

    if (due > now_ms() && (self->timer == 0 || self->due > due))
        set_timer(self, due);
    else if (due <= now_ms() && read_peers(self))
        self->changed(self->user_data);
}

/* Inputs */

void
nmm_peer_watch_set_up(NmmPeerWatch *self, const guint8 *mac)
{
    g_autofree char *text = nmm_mac_to_string(mac);

    if (self->guests && !g_hash_table_contains(self->guests, text) && !contains(self->macs, text))
        read_soon(self);
}

void
nmm_peer_watch_heard(NmmPeerWatch *self, const guint8 *mac, const NmmCidr *address)
{
    if (is_served(self, address))
        nmm_peer_watch_set_up(self, mac);
}

void
nmm_peer_watch_solicited(NmmPeerWatch *self, const NmmCidr *address)
{
    if (self->guests && is_served(self, address))
        read_soon(self);
}

void
nmm_peer_watch_set_guests(NmmPeerWatch *self, const NmmRoutingNic *nics, gsize n_nics)
{
    g_clear_pointer(&self->guests, g_hash_table_unref);
    self->guests = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (gsize i = 0; i < n_nics; i++)
        g_hash_table_add(self->guests, g_ascii_strdown(nics[i].mac, -1));
    read_peers(self);
}

const GPtrArray *
nmm_peer_watch_get_macs(const NmmPeerWatch *self)
{
    return self->macs;
}

NmmPeerWatch *
nmm_peer_watch_new(const char *parent,
                   GArray *prefixes,
                   void (*changed)(gpointer user_data),
                   gpointer user_data)
{
    NmmPeerWatch *self = g_new0(NmmPeerWatch, 1);

    self->parent = g_strdup(parent);
    self->prefixes = g_array_ref(prefixes);
    self->changed = changed;
    self->user_data = user_data;
    self->macs = g_ptr_array_new_with_free_func(g_free);
    return self;
}

void
nmm_peer_watch_free(NmmPeerWatch *self)
{
    g_clear_handle_id(&self->timer, g_source_remove);
    g_free(self->parent);
    g_array_unref(self->prefixes);
    g_clear_pointer(&self->guests, g_hash_table_unref);
    g_ptr_array_unref(self->macs);
    g_free(self);
}
