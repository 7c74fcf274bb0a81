/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of the table of vpn.data keys. Only facts: how a value is checked is in
 * nmm-value.c. The order is that of the man page and the editor; the choices of an ENUM key
 * stand in the order of its enumeration.
 */

#include "config.h"

#include "nmm-keys.h"

#include <glib/gi18n-lib.h>

#define MODE_ISOLATED   NMM_MODE_BIT(NMM_MODE_ISOLATED)
#define MODES_WITH_LINK (NMM_MODE_BIT(NMM_MODE_SHARE) | NMM_MODE_BIT(NMM_MODE_MOVE))

#define CHOICES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const char *const mode_names[] = {
    [NMM_MODE_ISOLATED] = "isolated",
    [NMM_MODE_SHARE] = "share",
    [NMM_MODE_MOVE] = "move",
    NULL,
};
G_STATIC_ASSERT(G_N_ELEMENTS(mode_names) == _NMM_MODE_NUM + 1);

static const char *const on_disconnect_names[] = {
    [NMM_ON_DISCONNECT_UNPLUG] = "unplug",
    [NMM_ON_DISCONNECT_KEEP] = "keep",
    [NMM_ON_DISCONNECT_REMOVE] = "remove",
    NULL,
};

static const NmmKeyInfo keys[] = {
    {
        .name = NMM_KEY_MODE,
        .type = NMM_KEY_TYPE_ENUM,
        .modes = NMM_MODES_ALL,
        .choices = mode_names,
        .default_value = "isolated",
        .label = N_("_Mode"),
        .description = N_("How the host and its macvtap guests reach each other."),
    },
    {
        .name = NMM_KEY_GUESTS,
        .type = NMM_KEY_TYPE_GUESTS,
        .modes = NMM_MODES_ALL,
        .choices = CHOICES("all"),
        .default_value = "all",
        .label = N_("_Guests"),
        .description = N_("The guests to serve: all that have a macvtap interface, or names and "
                          "UUIDs separated by spaces."),
    },
    {
        .name = NMM_KEY_EXCLUDE_GUESTS,
        .type = NMM_KEY_TYPE_GUESTS,
        .modes = NMM_MODES_ALL,
        .default_value = "",
        .label = N_("E_xcluded guests"),
        .description = N_("The guests to leave alone: names and UUIDs separated by spaces."),
    },
    {
        .name = NMM_KEY_PARENT,
        .type = NMM_KEY_TYPE_IFNAME,
        .modes = NMM_MODES_ALL,
        .label = N_("_Parent device"),
        .description = N_("The network interface that the guests are attached to; any one, or that "
                          "of the base connection, if unset."),
    },
    {
        .name = NMM_KEY_NETWORK,
        .type = NMM_KEY_TYPE_NETWORK,
        .modes = MODE_ISOLATED,
        .default_value = "isolated",
        .label = N_("libvirt _network"),
        .description = N_("The libvirt network that joins host and guests; it is made if there is "
                          "none of that name."),
    },
    {
        .name = NMM_KEY_ADDRESS,
        .type = NMM_KEY_TYPE_ADDRESS4,
        .modes = MODE_ISOLATED,
        .label = N_("IPv4 _address"),
        .description = N_("The host's address on the network with its prefix length; an address in "
                          "a free subnet, if unset."),
    },
    {
        .name = NMM_KEY_ADDRESS6,
        .type = NMM_KEY_TYPE_ADDRESS6,
        .modes = MODE_ISOLATED,
        .choices = CHOICES("auto", "none"),
        .default_value = "none",
        .label = N_("IPv_6 address"),
        .description = N_("The host's unique local IPv6 address on the network with prefix length "
                          "64, or whether to derive one."),
    },
    {
        .name = NMM_KEY_DHCP_RANGE,
        .type = NMM_KEY_TYPE_DHCP_RANGE,
        .modes = MODE_ISOLATED,
        .choices = CHOICES("none"),
        .label = N_("_DHCP range"),
        .description = N_("The addresses that guests get by DHCP, first and last joined by a "
                          "hyphen; the whole subnet but the host, if unset."),
    },
    {
        .name = NMM_KEY_ISOLATE_GUESTS,
        .type = NMM_KEY_TYPE_BOOL,
        .modes = MODE_ISOLATED,
        .default_value = "no",
        .label = N_("_Isolate guests from each other"),
        .description = N_("Whether guests reach only the host over the network, not each other."),
    },
    {
        .name = NMM_KEY_NIC_MODEL,
        .type = NMM_KEY_TYPE_NIC_MODEL,
        .modes = MODE_ISOLATED,
        .choices = CHOICES("default"),
        .default_value = "virtio",
        .label = N_("Interface mode_l"),
        .description = N_("The model of the interface that guests get; \"default\" leaves it to "
                          "libvirt."),
    },
    {
        .name = NMM_KEY_HOTPLUG,
        .type = NMM_KEY_TYPE_BOOL,
        .modes = MODE_ISOLATED,
        .default_value = "yes",
        .label = N_("Plug in to _running guests"),
        .description = N_("Whether running guests get their interface at once, not with their next "
                          "start."),
    },
    {
        .name = NMM_KEY_ON_DISCONNECT,
        .type = NMM_KEY_TYPE_ENUM,
        .modes = MODE_ISOLATED,
        .choices = on_disconnect_names,
        .default_value = "unplug",
        .label = N_("_On disconnect"),
        .description = N_("What becomes of the guests' interfaces when the profile goes down: "
                          "unplug their cables, keep them, or remove them."),
    },
    {
        .name = NMM_KEY_LINK_NAME,
        .type = NMM_KEY_TYPE_IFNAME,
        .modes = MODES_WITH_LINK,
        .label = N_("Host lin_k name"),
        .description = N_("The name of the host's own macvtap interface; derived from the parent "
                          "device, if unset."),
    },
    {
        .name = NMM_KEY_LIBVIRT_URI,
        .type = NMM_KEY_TYPE_URI,
        .modes = NMM_MODES_ALL,
        .choices = CHOICES("qemu:///system", "lxc:///system"),
        .default_value = "qemu:///system",
        .label = N_("libvirt _URI"),
        .description = N_("The hypervisor whose guests are served."),
    },
};

/**
 * nmm_keys_get_all:
 * @out_n: (out): number of rows
 *
 * Returns: (transfer none) (array length=out_n): the table
 */
const NmmKeyInfo *
nmm_keys_get_all(gsize *out_n)
{
    *out_n = G_N_ELEMENTS(keys);
    return keys;
}

/**
 * nmm_keys_find:
 * @name: a vpn.data key
 *
 * Returns: (transfer none) (nullable): its row
 */
const NmmKeyInfo *
nmm_keys_find(const char *name)
{
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (g_str_equal(keys[i].name, name))
            return &keys[i];
    }
    return NULL;
}

/**
 * nmm_mode_to_string:
 *
 * Returns: (transfer none): the word of the key "mode"
 */
const char *
nmm_mode_to_string(NmmMode mode)
{
    return mode_names[mode];
}
