/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-guest-address-watch.h"

#include <net/if.h>
#include <string.h>

#include "nmm-hostlink.h"
#include "nmm-neighbour-monitor.h"
#include "nmm-rtnl.h"

#define REPORT_MS 100

struct _NmmGuestAddressWatch {
    int ifindex;
    NmmNlSock *sock;
    NmmNeighbourMonitor *monitor;
    NmmHeardAddresses *heard;
    guint tick_id;
    guint report_id;
    NmmGuestAddressFunc changed;
    gpointer user_data;
};

static gint64
now_ms(void)
{
    return g_get_monotonic_time() / 1000;
}

/* (transfer full) (element-type NmmRoutingAddress): none if they cannot be read */
static GArray *
list_own(NmmGuestAddressWatch *self)
{
    g_autoptr(GError) error = NULL;
    GArray *own = nmm_rtnl_list_addresses(self->sock, self->ifindex, &error);

    if (own)
        return own;
    g_warning("cannot read the host's addresses: %s", error->message);
    return g_array_new(FALSE, FALSE, sizeof(NmmRoutingAddress));
}

static gboolean
report_cb(gpointer user_data)
{
    NmmGuestAddressWatch *self = user_data;

    self->report_id = 0;
    self->changed(self->user_data);
    return G_SOURCE_REMOVE;
}

static void
report(NmmGuestAddressWatch *self, gboolean changed)
{
    if (changed && self->report_id == 0)
        self->report_id = g_timeout_add(REPORT_MS, report_cb, self);
}

/* Doubts */

static void
ask(NmmGuestAddressWatch *self, const NmmHeardDoubt *doubt, const GArray *own)
{
    NmmProbe probe = {.address = doubt->address};

    memcpy(probe.mac, doubt->mac, sizeof(probe.mac));
    for (guint i = 0; i < own->len; i++) {
        const NmmCidr *mine = &g_array_index(own, NmmRoutingAddress, i).cidr;

        if (!nmm_cidr_overlaps(mine, &doubt->address))
            continue;
        nmm_cidr_set_address(&probe.source, mine->family, mine->bytes);
        nmm_neighbour_monitor_probe(self->monitor, &probe);
        return;
    }
}

static void schedule_tick(NmmGuestAddressWatch *self);

static gboolean
tick_cb(gpointer user_data)
{
    NmmGuestAddressWatch *self = user_data;
    g_autoptr(GArray) doubts = g_array_new(FALSE, FALSE, sizeof(NmmHeardDoubt));
    g_autoptr(GArray) own = NULL;

    self->tick_id = 0;
    report(self, nmm_heard_addresses_tick(self->heard, now_ms(), doubts));
    own = list_own(self);
    for (guint i = 0; i < doubts->len; i++)
        ask(self, &g_array_index(doubts, NmmHeardDoubt, i), own);
    schedule_tick(self);
    return G_SOURCE_REMOVE;
}

static void
schedule_tick(NmmGuestAddressWatch *self)
{
    gint64 deadline = nmm_heard_addresses_get_deadline(self->heard);

    g_clear_handle_id(&self->tick_id, g_source_remove);
    if (deadline != -1)
        self->tick_id = g_timeout_add((guint)MAX(deadline - now_ms(), 0), tick_cb, self);
}

/* Inputs */

static void
claimed_cb(const guint8 *mac, const NmmCidr *address, gboolean from_wire, gpointer user_data)
{
    NmmGuestAddressWatch *self = user_data;

    report(self, nmm_heard_addresses_claim(self->heard, mac, address, now_ms()));
    schedule_tick(self);
}

static void
claim_neighbours(NmmGuestAddressWatch *self)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) neighbours = nmm_rtnl_list_neighbours(self->sock, self->ifindex, &error);

    if (!neighbours)
        g_warning("cannot read the host's neighbours: %s", error->message);
    for (guint i = 0; neighbours && i < neighbours->len; i++) {
        const NmmLanNeighbour *neighbour = &g_array_index(neighbours, NmmLanNeighbour, i);

        claimed_cb(neighbour->mac, &neighbour->address, FALSE, self);
    }
}

void
nmm_guest_address_watch_set_nics(NmmGuestAddressWatch *self, const NmmHeardNic *nics, gsize n_nics)
{
    report(self, nmm_heard_addresses_set_nics(self->heard, nics, n_nics));
    claim_neighbours(self);
}

GArray *
nmm_guest_address_watch_list(NmmGuestAddressWatch *self)
{
    g_autoptr(GArray) own = list_own(self);

    return nmm_heard_addresses_list(self->heard, own);
}

/* Life */

NmmGuestAddressWatch *
nmm_guest_address_watch_new(const char *device,
                            NmmGuestAddressFunc changed,
                            gpointer user_data,
                            GError **error)
{
    static const NmmNeighbourCallbacks callbacks = {.claimed = claimed_cb};
    NmmGuestAddressWatch *self = g_new0(NmmGuestAddressWatch, 1);

    self->heard = nmm_heard_addresses_new();
    self->changed = changed;
    self->user_data = user_data;
    self->ifindex = (int)if_nametoindex(device);
    self->sock = nmm_netlink_connect(error);
    if (self->sock)
        self->monitor = nmm_neighbour_monitor_new(device, NULL, &callbacks, self, error);
    if (!self->monitor)
        g_clear_pointer(&self, nmm_guest_address_watch_free);
    return self;
}

void
nmm_guest_address_watch_free(NmmGuestAddressWatch *self)
{
    g_clear_handle_id(&self->tick_id, g_source_remove);
    g_clear_handle_id(&self->report_id, g_source_remove);
    g_clear_pointer(&self->monitor, nmm_neighbour_monitor_free);
    g_clear_pointer(&self->sock, nl_socket_free);
    nmm_heard_addresses_free(self->heard);
    g_free(self);
}
