/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host link's interface, and the decisions that every implementation shares: on what parent a
 * link can be made, and which links are ours.
 */

#include "config.h"

#include "nm-macvtap-hostlink.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "nm-macvtap-error.h"
#include "nm-macvtap-names.h"

G_DEFINE_INTERFACE(NMMacvtapHostlink, nm_macvtap_hostlink, G_TYPE_OBJECT)

enum { GONE, ADDRESSES_CHANGED, CARRIER_CHANGED, N_SIGNALS };

static guint signals[N_SIGNALS];

static guint
add_signal(const char *name, guint n_params, GType param)
{
    return g_signal_new(name,
                        NM_MACVTAP_TYPE_HOSTLINK,
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
nm_macvtap_hostlink_default_init(NMMacvtapHostlinkInterface *iface)
{
    signals[GONE] = add_signal("gone", 1, G_TYPE_STRING);
    signals[ADDRESSES_CHANGED] = add_signal("addresses-changed", 0, G_TYPE_NONE);
    signals[CARRIER_CHANGED] = add_signal("carrier-changed", 1, G_TYPE_BOOLEAN);
}

void
nm_macvtap_hostlink_info_free(NMMacvtapHostlinkInfo *info)
{
    g_free(info->name);
    g_free(info->profile_uuid);
    g_free(info->parent);
    g_free(info);
}

/**
 * nm_macvtap_hostlink_create:
 * @spec: name, parent and profile, copied
 *
 * Returns: whether the link is there
 */
gboolean
nm_macvtap_hostlink_create(NMMacvtapHostlink *self,
                           const NMMacvtapHostlinkSpec *spec,
                           GError **error)
{
    return NM_MACVTAP_HOSTLINK_GET_IFACE(self)->create(self, spec, error);
}

/**
 * nm_macvtap_hostlink_remove:
 *
 * Returns: whether the link is gone
 */
gboolean
nm_macvtap_hostlink_remove(NMMacvtapHostlink *self, GError **error)
{
    return NM_MACVTAP_HOSTLINK_GET_IFACE(self)->remove(self, error);
}

/**
 * nm_macvtap_hostlink_set_routes:
 * @routes: (element-type NMMacvtapRoute): sorted by nm_macvtap_route_compare()
 *
 * Returns: whether the kernel has all of them and no other
 */
gboolean
nm_macvtap_hostlink_set_routes(NMMacvtapHostlink *self, const GArray *routes, GError **error)
{
    return NM_MACVTAP_HOSTLINK_GET_IFACE(self)->set_routes(self, routes, error);
}

/**
 * nm_macvtap_hostlink_has_carrier:
 *
 * Returns: whether the parent is up and has a carrier
 */
gboolean
nm_macvtap_hostlink_has_carrier(NMMacvtapHostlink *self)
{
    return NM_MACVTAP_HOSTLINK_GET_IFACE(self)->has_carrier(self);
}

/**
 * nm_macvtap_hostlink_list_addresses:
 *
 * Returns: (transfer full) (element-type NMMacvtapCidr): the parent's
 */
GArray *
nm_macvtap_hostlink_list_addresses(NMMacvtapHostlink *self, GError **error)
{
    return NM_MACVTAP_HOSTLINK_GET_IFACE(self)->list_addresses(self, error);
}

/**
 * nm_macvtap_hostlink_list_neighbours:
 *
 * Returns: (transfer full) (element-type NMMacvtapHostlinkNeighbour): on the parent
 */
GArray *
nm_macvtap_hostlink_list_neighbours(NMMacvtapHostlink *self, GError **error)
{
    return NM_MACVTAP_HOSTLINK_GET_IFACE(self)->list_neighbours(self, error);
}

/**
 * nm_macvtap_hostlink_list:
 *
 * Returns: (transfer full) (element-type NMMacvtapHostlinkInfo): all of ours
 */
GPtrArray *
nm_macvtap_hostlink_list(NMMacvtapHostlink *self, GError **error)
{
    return NM_MACVTAP_HOSTLINK_GET_IFACE(self)->list(self, error);
}

/**
 * nm_macvtap_hostlink_remove_leftover:
 * @name: the link's
 * @profile_uuid: what its mark has to say
 *
 * Returns: whether it was removed
 */
gboolean
nm_macvtap_hostlink_remove_leftover(NMMacvtapHostlink *self,
                                    const char *name,
                                    const char *profile_uuid,
                                    GError **error)
{
    return NM_MACVTAP_HOSTLINK_GET_IFACE(self)->remove_leftover(self, name, profile_uuid, error);
}

void
nm_macvtap_hostlink_emit_gone(NMMacvtapHostlink *self, const char *reason)
{
    g_signal_emit(self, signals[GONE], 0, reason);
}

void
nm_macvtap_hostlink_emit_addresses_changed(NMMacvtapHostlink *self)
{
    g_signal_emit(self, signals[ADDRESSES_CHANGED], 0);
}

void
nm_macvtap_hostlink_emit_carrier_changed(NMMacvtapHostlink *self, gboolean carrier)
{
    g_signal_emit(self, signals[CARRIER_CHANGED], 0, carrier);
}

static gboolean
refuse_port(const NMMacvtapHostlinkParent *parent, GError **error)
{
    g_set_error(error,
                NM_MACVTAP_ERROR,
                NM_MACVTAP_ERROR_CONFLICT,
                _("'%s' is a port of '%s' (%s): set parent=%s"),
                parent->name,
                parent->master,
                parent->master_kind != NULL ? parent->master_kind : "?",
                parent->master);
    return FALSE;
}

/**
 * nm_macvtap_hostlink_check_parent:
 *
 * Returns: whether a macvtap link in mode bridge can be made on it
 */
gboolean
nm_macvtap_hostlink_check_parent(const NMMacvtapHostlinkParent *parent, GError **error)
{
    if (!parent->exists) {
        g_set_error(error,
                    NM_MACVTAP_ERROR,
                    NM_MACVTAP_ERROR_NOT_FOUND,
                    _("there is no network interface '%s'"),
                    parent->name);
        return FALSE;
    }
    if (parent->wireless || !parent->ethernet) {
        g_set_error(error,
                    NM_MACVTAP_ERROR,
                    NM_MACVTAP_ERROR_UNSUPPORTED,
                    parent->wireless
                        ? _("'%s' is a Wi-Fi card, which takes no second MAC: use mode=isolated")
                        : _("'%s' is no Ethernet interface: use mode=isolated"),
                    parent->name);
        return FALSE;
    }
    /* A VRF routes what its ports receive; it does not take their frames. */
    if (parent->master != NULL && g_strcmp0(parent->master_kind, "vrf") != 0)
        return refuse_port(parent, error);
    if (parent->passthrough != NULL) {
        g_set_error(error,
                    NM_MACVTAP_ERROR,
                    NM_MACVTAP_ERROR_CONFLICT,
                    _("'%s' holds '%s' alone, in mode 'passthrough': use mode=isolated"),
                    parent->passthrough,
                    parent->name);
        return FALSE;
    }
    return TRUE;
}

/**
 * nm_macvtap_hostlink_make_mark:
 *
 * Returns: (transfer full): the ifalias of that profile's link
 */
char *
nm_macvtap_hostlink_make_mark(const char *profile_uuid)
{
    return g_strconcat(NM_MACVTAP_LINK_IFALIAS, profile_uuid, NULL);
}

/**
 * nm_macvtap_hostlink_read_mark:
 * @ifalias: (nullable)
 *
 * Returns: (transfer none) (nullable): the profile's UUID
 */
const char *
nm_macvtap_hostlink_read_mark(const char *ifalias)
{
    if (ifalias == NULL || !g_str_has_prefix(ifalias, NM_MACVTAP_LINK_IFALIAS))
        return NULL;
    return ifalias + strlen(NM_MACVTAP_LINK_IFALIAS);
}

/**
 * nm_macvtap_hostlink_check_mark:
 * @name: an interface that exists
 * @ifalias: (nullable): its alias
 *
 * Returns: whether it is the profile's
 */
gboolean
nm_macvtap_hostlink_check_mark(const char *name,
                               const char *ifalias,
                               const char *profile_uuid,
                               GError **error)
{
    const char *owner = nm_macvtap_hostlink_read_mark(ifalias);

    if (owner == NULL) {
        g_set_error(error,
                    NM_MACVTAP_ERROR,
                    NM_MACVTAP_ERROR_CONFLICT,
                    _("there is another interface called '%s': set another link-name"),
                    name);
        return FALSE;
    }
    if (g_ascii_strcasecmp(owner, profile_uuid) != 0) {
        g_set_error(error,
                    NM_MACVTAP_ERROR,
                    NM_MACVTAP_ERROR_CONFLICT,
                    _("the link '%s' belongs to the profile with UUID '%s'"),
                    name,
                    owner);
        return FALSE;
    }
    return TRUE;
}
