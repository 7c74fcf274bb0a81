/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host link: a macvtap interface of the host's on the guests' lower device. Makes it, marks it,
 * puts the guests' routes on it, watches it and its parent, takes it away. Two implementations,
 * rtnetlink's and the tests' fake, are held to one contract test.
 *
 * One object serves one link. Methods are short (the kernel answers at once) and called on the main
 * thread; signals come on the main context that was the thread default when the object was made.
 */

#pragma once

#include <gio/gio.h>

#include "nmm-routing.h"

G_BEGIN_DECLS

/* That of the routes that NetworkManager makes for a VPN. */
#define NMM_HOSTLINK_METRIC 50

#define NMM_TYPE_HOSTLINK (nmm_hostlink_get_type())
G_DECLARE_INTERFACE(NmmHostlink, nmm_hostlink, NMM, HOSTLINK, GObject)

typedef struct {
    const char *name;
    const char *parent;
    const char *profile_uuid;
} NmmHostlinkSpec;

/* A link with our mark. */
typedef struct {
    char *name;
    char *profile_uuid;
    char *parent; /* (nullable): NULL where it is in another network namespace */
} NmmHostlinkInfo;

void nmm_hostlink_info_free(NmmHostlinkInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmHostlinkInfo, nmm_hostlink_info_free)

/* What the kernel knows of somebody on the parent's LAN. */
typedef struct {
    NmmCidr address; /* prefix 32 or 128 */
    guint8 mac[NMM_MAC_BYTES];
    gboolean reachable; /* confirmed lately; FALSE: was there once */
} NmmHostlinkNeighbour;

struct _NmmHostlinkInterface {
    GTypeInterface parent;

    gboolean (*create)(NmmHostlink *self, const NmmHostlinkSpec *spec, GError **error);
    gboolean (*remove)(NmmHostlink *self, GError **error);
    gboolean (*set_routes)(NmmHostlink *self, const GArray *routes, GError **error);
    gboolean (*has_carrier)(NmmHostlink *self);
    GArray *(*list_addresses)(NmmHostlink *self, GError **error);
    GArray *(*list_neighbours)(NmmHostlink *self, GError **error);
    GPtrArray *(*list)(NmmHostlink *self, GError **error);
    gboolean (*remove_leftover)(NmmHostlink *self,
                                const char *name,
                                const char *profile_uuid,
                                GError **error);
};

/*
 * Signals (G_SIGNAL_RUN_LAST, no return value), between create() and remove():
 *   "gone"              (utf8 reason): somebody else deleted the link or set it down; once
 *   "addresses-changed" (): of the parent; the routes may have gone with an address: set them again
 *   "carrier-changed"   (boolean carrier): of the parent
 */

/*
 * A link of that name with the same profile's mark is replaced: whatever was on it is of a service
 * that died. Errors: NMM_ERROR_NOT_FOUND (no such parent), NMM_ERROR_CONFLICT (the
 * name is taken by a stranger or by another profile's link; the parent is a port of another device,
 * which is named; a passthrough guest holds the parent), NMM_ERROR_UNSUPPORTED (Wi-Fi, not
 * Ethernet), NMM_ERROR_FAILED. On error nothing of ours is left. The link is up, has no
 * address of either family and says nothing on the LAN by itself.
 */
gboolean nmm_hostlink_create(NmmHostlink *self, const NmmHostlinkSpec *spec, GError **error);
/* TRUE where there is none (any more). */
gboolean nmm_hostlink_remove(NmmHostlink *self, GError **error);

/*
 * @routes: (element-type NmmRoute), as nmm_routing_get_routes() gives them: makes
 * these the routes of the link, each with a permanent neighbour entry, so that the kernel never
 * asks for a guest on the link: hosts on the LAN would hear it, and learn the link's MAC for the
 * host. What is there already is left alone. What the host has been waiting to send to a new one is
 * released from the parent, so that TCP tries again and finds the route (after its 1 s). A route of
 * somebody else's to the same address, with the same metric, stays and is an error; it is tried
 * again the next time. One route's error does not stop the others; the first is returned.
 */
gboolean nmm_hostlink_set_routes(NmmHostlink *self, const GArray *routes, GError **error);

/* The parent's. */
gboolean nmm_hostlink_has_carrier(NmmHostlink *self);
/* (transfer full) (element-type NmmCidr): the parent's, with their prefixes, in the kernel's
 * order; those that are tentative, duplicate or deprecated are left out. */
GArray *nmm_hostlink_list_addresses(NmmHostlink *self, GError **error);
/* (transfer full) (element-type NmmHostlinkNeighbour): on the parent. */
GArray *nmm_hostlink_list_neighbours(NmmHostlink *self, GError **error);

/* For clean-up; create() need not have been called. */
/* (transfer full) (element-type NmmHostlinkInfo): all links of ours, of whatever profile. */
GPtrArray *nmm_hostlink_list(NmmHostlink *self, GError **error);
/* NMM_ERROR_NOT_FOUND, NMM_ERROR_CONFLICT where it does not bear that mark. */
gboolean nmm_hostlink_remove_leftover(NmmHostlink *self,
                                      const char *name,
                                      const char *profile_uuid,
                                      GError **error);

/* For implementations. */

void nmm_hostlink_emit_gone(NmmHostlink *self, const char *reason);
void nmm_hostlink_emit_addresses_changed(NmmHostlink *self);
void nmm_hostlink_emit_carrier_changed(NmmHostlink *self, gboolean carrier);

/* The interface that has the name wanted, if any: FALSE where it is not @profile_uuid's to replace
 * or remove. @ifalias: (nullable). */
gboolean nmm_hostlink_check_mark(const char *name,
                                 const char *ifalias,
                                 const char *profile_uuid,
                                 GError **error);
/* (transfer full) */
char *nmm_hostlink_make_mark(const char *profile_uuid);
/* The UUID in a mark, or NULL; points into @ifalias (nullable). */
const char *nmm_hostlink_read_mark(const char *ifalias);

G_END_DECLS
