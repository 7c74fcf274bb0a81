/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Joins the host link, the neighbour monitor on it and the routing decision, and applies what is
 * decided. Decides nothing itself; uses neither NetworkManager nor libvirt.
 */

#pragma once

#include "nmm-hostlink.h"

G_BEGIN_DECLS

typedef struct _NmmShareRouter NmmShareRouter;

/* Between start() and stop(). */
typedef struct {
    void (*host_changed)(gpointer user_data); /* the parent's addresses: call set_host() */
    /* (element-type NmmRejection): the claims that are refused now; valid during the call */
    void (*refused)(const GPtrArray *refusals, gpointer user_data);
    /* (element-type NmmRoute): those to guests now; valid during the call */
    void (*routed)(const GArray *routes, gpointer user_data);
    void (*gone)(const GError *error, gpointer user_data); /* the link; the router is stopped */
} NmmShareRouterCallbacks;

/* @hostlink: (transfer full): without a link. @callbacks must stay valid. */
NmmShareRouter *nmm_share_router_new(NmmHostlink *hostlink,
                                     const NmmShareRouterCallbacks *callbacks,
                                     gpointer user_data);
void nmm_share_router_free(NmmShareRouter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmShareRouter, nmm_share_router_free)

/* Creates the link. Errors of nmm_hostlink_create() and nmm_neighbour_monitor_new(). */
gboolean nmm_share_router_start(NmmShareRouter *self, const NmmHostlinkSpec *spec, GError **error);
/* Removes the link, and with it the kernel removes the routes. Logs a failure. Does nothing without
 * a link, as the functions below do. */
void nmm_share_router_stop(NmmShareRouter *self);

/* Stores the addresses of the link's parent in @host, and keeps a copy of it. */
void nmm_share_router_set_host(NmmShareRouter *self, NmmRoutingHost *host);
/* @nics: macvtap interfaces of guests on the parent; those of guests that the profile does not
 * select are not running. */
void nmm_share_router_set_guests(NmmShareRouter *self, const NmmRoutingNic *nics, gsize n_nics);
/* Opens the sockets of the neighbour monitor again, because the parent has a new MAC. FALSE with
 * NMM_ERROR_NOT_FOUND or NMM_ERROR_FAILED: the router is stopped. */
gboolean nmm_share_router_reopen(NmmShareRouter *self, GError **error);

G_END_DECLS
