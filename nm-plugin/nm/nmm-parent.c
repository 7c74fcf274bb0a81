/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "nmm-parent.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-identity.h"
#include "nmm-mac-obstacle.h"
#include "nmm-manager-config.h"
#include "nmm-move-profile.h"
#include "nmm-names.h"
#include "nmm-parent-check.h"
#include "nmm-profile-reader.h"

static gboolean
is_host_link(NMDevice *device)
{
    return NM_IS_DEVICE_MACVLAN(device) &&
           g_str_has_prefix(nm_device_get_iface(device), NMM_LINK_PREFIX);
}

NMDevice *
nmm_parent_below(NMClient *client, NMDevice *device)
{
    const GPtrArray *connections = nm_client_get_connections(client);
    NMActiveConnection *active = nm_device_get_active_connection(device);
    NMDevice *parent = NM_IS_DEVICE_MACVLAN(device)
                           ? nm_device_macvlan_get_parent(NM_DEVICE_MACVLAN(device))
                           : NULL;

    for (guint i = 0; active && parent && i < connections->len; i++) {
        NMConnection *connection = connections->pdata[i];
        g_autofree char *uuid = NULL;

        if (!nmm_profile_reader_is_macvtap(connection))
            continue;
        uuid = nmm_move_profile_build_uuid(nm_connection_get_uuid(connection),
                                           nm_device_get_iface(parent));
        if (g_strcmp0(nm_active_connection_get_uuid(active), uuid) == 0)
            return parent;
    }
    return NULL;
}

/* By the link's name if its profile is gone. */
static NMDevice *
find_under(NMClient *client, NMDevice *base)
{
    NMDevice *below = nmm_parent_below(client, base);

    if (below || !is_host_link(base))
        return below ?: base;
    return nm_device_macvlan_get_parent(NM_DEVICE_MACVLAN(base));
}

NMDevice *
nmm_parent_find(NMClient *client, const char *name, NMDevice *base, GError **error)
{
    NMDevice *device;

    /* The base device of profiles that need no uplink. */
    if (base && g_strcmp0(nm_device_get_iface(base), "lo") == 0)
        base = NULL;
    device = base;
    if (name)
        device = nm_client_get_device_by_iface(client, name);
    else if (base)
        device = find_under(client, base);
    if (device)
        return device;
    if (name)
        nmm_fail(error,
                 NMM_ERROR_NOT_FOUND,
                 _("parent '%s' does not exist; set vpn.data parent to the network device that "
                   "the guests are on"),
                 name);
    else
        nmm_fail(error,
                 NMM_ERROR_NOT_FOUND,
                 _("vpn.data parent is not set, and there is no base device; set it to the network "
                   "device that the guests are on"));
    return NULL;
}

char *
nmm_parent_name_link(const NmmProfile *profile, NMDevice *parent)
{
    if (profile->link_name)
        return g_strdup(profile->link_name);
    return nmm_identity_link_name(nm_device_get_ip_iface(parent) ?: nm_device_get_iface(parent));
}

static char *
read_master(const char *name)
{
    g_autofree char *path = g_build_filename("/sys/class/net", name, "master", NULL);
    g_autofree char *target = g_file_read_link(path, NULL);

    return target ? g_path_get_basename(target) : NULL;
}

/* Types that carry Ethernet frames of any MAC, and that NetworkManager can configure. */
gboolean
nmm_parent_is_ethernet(NMDeviceType type)
{
    switch (type) {
    case NM_DEVICE_TYPE_ETHERNET:
    case NM_DEVICE_TYPE_VETH:
    case NM_DEVICE_TYPE_BOND:
    case NM_DEVICE_TYPE_TEAM:
    case NM_DEVICE_TYPE_BRIDGE:
    case NM_DEVICE_TYPE_VLAN:
        return TRUE;
    default:
        return FALSE;
    }
}

static gboolean
check_managed(NMDevice *parent, const char *name, GError **error)
{
    NMActiveConnection *active = nm_device_get_active_connection(parent);
    NMActivationStateFlags flags = active ? nm_active_connection_get_state_flags(active) : 0;

    if (!nm_device_get_managed(parent) || (flags & NM_ACTIVATION_STATE_FLAG_EXTERNAL))
        return nmm_fail(error,
                        NMM_ERROR_UNSUPPORTED,
                        _("parent '%s' is not managed by NetworkManager, so its "
                          "configuration cannot be moved; use mode 'isolated' or 'share'"),
                        name);
    if (nm_device_get_state(parent) > NM_DEVICE_STATE_DISCONNECTED &&
        nm_device_get_state(parent) != NM_DEVICE_STATE_ACTIVATED)
        return nmm_fail(error,
                        NMM_ERROR_CONFLICT,
                        _("parent '%s' is being activated or deactivated at the moment; "
                          "try again when it is connected"),
                        name);
    if (!active || nm_device_get_state(parent) != NM_DEVICE_STATE_ACTIVATED)
        return nmm_fail(error,
                        NMM_ERROR_NOT_FOUND,
                        _("parent '%s' is not connected; bring it up first (nmcli device "
                          "connect %s)"),
                        name,
                        name);
    return TRUE;
}

/* (nullable) */
static const char *
find_passthrough(NMClient *client, NMDevice *parent)
{
    const GPtrArray *devices = nm_client_get_devices(client);

    for (guint i = 0; i < devices->len; i++) {
        NMDevice *device = devices->pdata[i];

        if (NM_IS_DEVICE_MACVLAN(device) &&
            nm_device_macvlan_get_parent(NM_DEVICE_MACVLAN(device)) == parent &&
            g_strcmp0(nm_device_macvlan_get_mode(NM_DEVICE_MACVLAN(device)), "passthru") == 0)
            return nm_device_get_iface(device);
    }
    return NULL;
}

gboolean
nmm_parent_check(NMClient *client, NMDevice *parent, GError **error)
{
    const char *name = nm_device_get_iface(parent);
    NMDeviceType type = nm_device_get_device_type(parent);
    g_autofree char *master = read_master(name);
    NMDevice *master_device = master ? nm_client_get_device_by_iface(client, master) : NULL;
    const NmmParentFacts facts = {
        .name = name,
        .exists = TRUE,
        .ethernet = nmm_parent_is_ethernet(type),
        .wireless = type == NM_DEVICE_TYPE_WIFI,
        .kind = nm_device_get_type_description(parent),
        .master = master,
        .master_kind = master_device ? nm_device_get_type_description(master_device) : NULL,
        .passthrough = find_passthrough(client, parent),
    };

    return nmm_parent_check_fit(&facts, error) && check_managed(parent, name, error);
}

static const char *
find_vlan(NMClient *client, NMDevice *parent)
{
    const GPtrArray *devices = nm_client_get_devices(client);

    for (guint i = 0; i < devices->len; i++) {
        NMDevice *device = devices->pdata[i];

        if (NM_IS_DEVICE_VLAN(device) &&
            nm_device_vlan_get_parent(NM_DEVICE_VLAN(device)) == parent)
            return nm_device_get_iface(device);
    }
    return NULL;
}

/* The fallback of NM 1.52 ends as soon as there is another address, but begins again without one.
 */
static NmmLinkLocal
find_link_local(NMConnection *applied)
{
    NMSettingIPConfig *setting = nm_connection_get_setting_ip4_config(applied);
    const char *method = setting ? nm_setting_ip_config_get_method(setting) : NULL;

    if (!method || g_str_equal(method, NM_SETTING_IP4_CONFIG_METHOD_DISABLED))
        return NMM_LINK_LOCAL_NO;
    if (g_str_equal(method, NM_SETTING_IP4_CONFIG_METHOD_LINK_LOCAL))
        return NMM_LINK_LOCAL_YES;
    switch (nm_setting_ip4_config_get_link_local(NM_SETTING_IP4_CONFIG(setting))) {
    case NM_SETTING_IP4_LL_DEFAULT:
        return NMM_LINK_LOCAL_DEFAULT;
    case NM_SETTING_IP4_LL_AUTO:
    case NM_SETTING_IP4_LL_DISABLED:
        return NMM_LINK_LOCAL_NO;
    case NM_SETTING_IP4_LL_ENABLED:
    default:
        return NMM_LINK_LOCAL_YES;
    }
}

char *
nmm_parent_find_mac_obstacle(NMClient *client, NMDevice *parent, NMConnection *applied)
{
    NMDeviceType type = nm_device_get_device_type(parent);
    NMSettingWired *wired = nm_connection_get_setting_wired(applied);
    g_autofree char *config = nmm_manager_config_read();
    const NmmMacFacts facts = {
        .name = nm_device_get_iface(parent),
        .is_ethernet = type == NM_DEVICE_TYPE_ETHERNET || type == NM_DEVICE_TYPE_VETH,
        .has_8021x = nm_connection_get_setting_802_1x(applied) != NULL,
        .cloned_mac = wired ? nm_setting_wired_get_cloned_mac_address(wired) : NULL,
        .link_local = find_link_local(applied),
        .vlan = client ? find_vlan(client, parent) : NULL,
        .config = config,
    };

    return nmm_mac_obstacle_find(&facts);
}

/* Mode share marks its links; NetworkManager does not mark those of mode move. */
static gboolean
is_marked(const char *name)
{
    g_autofree char *path = g_build_filename("/sys/class/net", name, "ifalias", NULL);
    g_autofree char *alias = NULL;

    return g_file_get_contents(path, &alias, NULL, NULL) &&
           g_str_has_prefix(alias, NMM_LINK_IFALIAS);
}

gboolean
nmm_parent_owns_link(NMDevice *parent, NMDevice *link, const char *link_uuid)
{
    NMActiveConnection *active = nm_device_get_active_connection(link);

    if (active && g_strcmp0(nm_active_connection_get_uuid(active), link_uuid) == 0)
        return TRUE;
    return is_host_link(link) && !is_marked(nm_device_get_iface(link)) &&
           nm_device_macvlan_get_parent(NM_DEVICE_MACVLAN(link)) == parent;
}
