/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host link's interface, and the decisions that every implementation shares: on what parent a
 * link can be made, and which links are ours.
 */

#include "config.h"

#include "nmm-hostlink.h"

#include <string.h>

#include "nmm-error.h"
#include "nmm-link.h"
#include "nmm-names.h"

G_DEFINE_INTERFACE(NmmHostlink, nmm_hostlink, G_TYPE_OBJECT)

enum { GONE, ADDRESSES_CHANGED, CARRIER_CHANGED, N_SIGNALS };

static guint signals[N_SIGNALS];

static guint
add_signal(const char *name, guint n_params, GType param)
{
    return g_signal_new(name,
                        NMM_TYPE_HOSTLINK,
                        G_SIGNAL_RUN_LAST,
                        0,
                        NULL,
                        NULL,
                        NULL,
                        G_TYPE_NONE,
                        n_params,
                        param);
}

static void
nmm_hostlink_default_init(NmmHostlinkInterface *iface)
{
    signals[GONE] = add_signal("gone", 1, G_TYPE_STRING);
    signals[ADDRESSES_CHANGED] = add_signal("addresses-changed", 0, G_TYPE_NONE);
    signals[CARRIER_CHANGED] = add_signal("carrier-changed", 1, G_TYPE_BOOLEAN);
}

void
nmm_hostlink_info_free(NmmHostlinkInfo *info)
{
    g_free(info->name);
    g_free(info->profile_uuid);
    g_free(info->parent);
    g_free(info);
}

/**
 * nmm_hostlink_create:
 * @spec: name, parent and profile, copied
 *
 * Returns: whether the link is there
 */
gboolean
nmm_hostlink_create(NmmHostlink *self, const NmmHostlinkSpec *spec, GError **error)
{
    return NMM_HOSTLINK_GET_IFACE(self)->create(self, spec, error);
}

/**
 * nmm_hostlink_remove:
 *
 * Returns: whether the link is gone
 */
gboolean
nmm_hostlink_remove(NmmHostlink *self, GError **error)
{
    return NMM_HOSTLINK_GET_IFACE(self)->remove(self, error);
}

/**
 * nmm_hostlink_set_routes:
 * @routes: (element-type NmmRoute): sorted by nmm_route_compare()
 *
 * Returns: whether the kernel has all of them and no other
 */
gboolean
nmm_hostlink_set_routes(NmmHostlink *self, const GArray *routes, GError **error)
{
    return NMM_HOSTLINK_GET_IFACE(self)->set_routes(self, routes, error);
}

/**
 * nmm_hostlink_has_carrier:
 *
 * Returns: whether the parent is up and has a carrier
 */
gboolean
nmm_hostlink_has_carrier(NmmHostlink *self)
{
    return NMM_HOSTLINK_GET_IFACE(self)->has_carrier(self);
}

/**
 * nmm_hostlink_list_addresses:
 *
 * Returns: (transfer full) (element-type NmmCidr): the parent's
 */
GArray *
nmm_hostlink_list_addresses(NmmHostlink *self, GError **error)
{
    return NMM_HOSTLINK_GET_IFACE(self)->list_addresses(self, error);
}

/**
 * nmm_hostlink_list_neighbours:
 *
 * Returns: (transfer full) (element-type NmmHostlinkNeighbour): on the parent
 */
GArray *
nmm_hostlink_list_neighbours(NmmHostlink *self, GError **error)
{
    return NMM_HOSTLINK_GET_IFACE(self)->list_neighbours(self, error);
}

/**
 * nmm_hostlink_list:
 *
 * Returns: (transfer full) (element-type NmmHostlinkInfo): all of ours
 */
GPtrArray *
nmm_hostlink_list(NmmHostlink *self, GError **error)
{
    return NMM_HOSTLINK_GET_IFACE(self)->list(self, error);
}

/**
 * nmm_hostlink_remove_leftover:
 * @name: the link's
 * @profile_uuid: what its mark has to say
 *
 * Returns: whether it was removed
 */
gboolean
nmm_hostlink_remove_leftover(NmmHostlink *self,
                             const char *name,
                             const char *profile_uuid,
                             GError **error)
{
    return NMM_HOSTLINK_GET_IFACE(self)->remove_leftover(self, name, profile_uuid, error);
}

void
nmm_hostlink_emit_gone(NmmHostlink *self, const char *reason)
{
    g_signal_emit(self, signals[GONE], 0, reason);
}

void
nmm_hostlink_emit_addresses_changed(NmmHostlink *self)
{
    g_signal_emit(self, signals[ADDRESSES_CHANGED], 0);
}

void
nmm_hostlink_emit_carrier_changed(NmmHostlink *self, gboolean carrier)
{
    g_signal_emit(self, signals[CARRIER_CHANGED], 0, carrier);
}

/**
 * nmm_hostlink_make_mark:
 *
 * Returns: (transfer full): the ifalias of that profile's link
 */
char *
nmm_hostlink_make_mark(const char *profile_uuid)
{
    return g_strconcat(NMM_LINK_IFALIAS, profile_uuid, NULL);
}

/**
 * nmm_hostlink_read_mark:
 * @ifalias: (nullable)
 *
 * Returns: (transfer none) (nullable): the profile's UUID
 */
const char *
nmm_hostlink_read_mark(const char *ifalias)
{
    if (ifalias == NULL || !g_str_has_prefix(ifalias, NMM_LINK_IFALIAS))
        return NULL;
    return ifalias + strlen(NMM_LINK_IFALIAS);
}

gboolean
nmm_hostlink_check_mark(const char *name,
                        const char *ifalias,
                        const char *profile_uuid,
                        GError **error)
{
    return nmm_link_check_owner(name, nmm_hostlink_read_mark(ifalias), profile_uuid, error);
}
