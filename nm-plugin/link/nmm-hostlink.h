/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host link: the host's own macvtap interface on the guests' lower device. Creates and marks
 * it, installs the guests' routes on it, watches it and its parent, removes it. Two
 * implementations, rtnetlink and the tests' fake, pass one contract test.
 *
 * One object serves one link. Call its methods on the main thread; they return soon, because the
 * kernel answers at once.
 */

#pragma once

#include <gio/gio.h>

#include "nmm-routing.h"

G_BEGIN_DECLS

/* NetworkManager's metric for VPN routes. */
#define NMM_HOSTLINK_METRIC 50

typedef struct {
    const char *name;
    const char *parent;
    const char *profile_uuid;
} NmmHostlinkSpec;

/* A host on the parent's LAN that the kernel has confirmed lately. */
typedef struct {
    NmmCidr address; /* prefix 32 or 128 */
    guint8 mac[NMM_MAC_BYTES];
} NmmLanNeighbour;

/* Called between create() and remove(), on the main context that was the thread's default when the
 * link was created; may remove the link and free the object. */
typedef struct {
    /* Once: another program deleted the link or set it down. */
    void (*gone)(const char *reason, gpointer user_data);
    /* Those of the parent. The kernel may have removed routes with an address: set them again. */
    void (*addresses_changed)(gpointer user_data);
} NmmHostlinkCallbacks;

typedef struct _NmmHostlink NmmHostlink;

/* @callbacks: static. */
void nmm_hostlink_set_callbacks(NmmHostlink *self,
                                const NmmHostlinkCallbacks *callbacks,
                                gpointer user_data);
/* The link stays unless remove() was called. */
void nmm_hostlink_free(NmmHostlink *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmHostlink, nmm_hostlink_free)

/*
 * Replaces a link of that name with the same profile's mark: the service that made it has died.
 * Errors: NMM_ERROR_NOT_FOUND (no such parent), NMM_ERROR_CONFLICT (another program or profile has
 * the name; the parent is a port of another device, which is named; a passthrough guest holds the
 * parent), NMM_ERROR_UNSUPPORTED (Wi-Fi, not Ethernet), NMM_ERROR_FAILED. On error no link of this
 * profile is left. The link is up, has no address, and sends nothing to the LAN by itself.
 */
gboolean nmm_hostlink_create(NmmHostlink *self, const NmmHostlinkSpec *spec, GError **error);
/* Also TRUE if there is none. */
gboolean nmm_hostlink_remove(NmmHostlink *self, GError **error);

/*
 * Makes @routes (element-type NmmRoute, sorted by address) the routes of the link, each with a
 * permanent neighbour entry, so that the kernel never sends a request for a guest on the link: LAN
 * hosts would hear it and learn the link's MAC for the host. Does not touch unchanged routes. Drops
 * the host's packets to a new destination that wait on the parent, so that TCP repeats them and
 * finds the route (after its 1 s). Another program's route with the same address and metric stays
 * and is an error; the next call tries again. The first error is returned, after all routes.
 */
gboolean nmm_hostlink_set_routes(NmmHostlink *self, const GArray *routes, GError **error);

/* (transfer full) (element-type NmmRoutingAddress): the parent's, in the kernel's order; no
 * tentative or duplicate ones. */
GArray *nmm_hostlink_list_addresses(NmmHostlink *self, GError **error);
/* (transfer full) (element-type NmmLanNeighbour): on the parent. */
GArray *nmm_hostlink_list_neighbours(NmmHostlink *self, GError **error);

/* For implementations, which begin with this struct. */

typedef struct {
    gboolean (*create)(NmmHostlink *self, const NmmHostlinkSpec *spec, GError **error);
    gboolean (*remove)(NmmHostlink *self, GError **error);
    gboolean (*set_routes)(NmmHostlink *self, const GArray *routes, GError **error);
    GArray *(*list_addresses)(NmmHostlink *self, GError **error);
    GArray *(*list_neighbours)(NmmHostlink *self, GError **error);
    void (*free)(NmmHostlink *self);
} NmmHostlinkMethods;

struct _NmmHostlink {
    const NmmHostlinkMethods *methods;
    const NmmHostlinkCallbacks *callbacks; /* (nullable) */
    gpointer user_data;
};

/* The last thing that an implementation does, because the callbacks may free @self. */
void nmm_hostlink_notify_gone(NmmHostlink *self, const char *reason);
void nmm_hostlink_notify_addresses(NmmHostlink *self);

/* Whether the interface @name belongs to the profile, by its mark. @ifalias: (nullable).
 * NMM_ERROR_CONFLICT. */
gboolean nmm_hostlink_check_mark(const char *name,
                                 const char *ifalias,
                                 const char *profile_uuid,
                                 GError **error);
/* (transfer full): the ifalias of the profile's link. */
char *nmm_hostlink_make_mark(const char *profile_uuid);
/* (transfer none) (nullable): the UUID in the mark. @ifalias: (nullable). */
const char *nmm_hostlink_read_mark(const char *ifalias);

G_END_DECLS
