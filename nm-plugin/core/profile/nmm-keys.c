/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The order of the rows is that of the man page and the editor. The choices of an ENUM key have the
 * order of its enumeration.
 */

#include "config.h"

#include "nmm-keys.h"

#include <glib/gi18n-lib.h>

#include "nmm-profile.h"

#define MODE_ISOLATED   NMM_MODE_BIT(NMM_MODE_ISOLATED)
#define MODE_SHARE      NMM_MODE_BIT(NMM_MODE_SHARE)
#define MODE_MOVE       NMM_MODE_BIT(NMM_MODE_MOVE)
#define MODES_WITH_LINK (NMM_MODE_BIT(NMM_MODE_SHARE) | NMM_MODE_BIT(NMM_MODE_MOVE))

#define FIELD(member)                                                                              \
    .offset = G_STRUCT_OFFSET(NmmProfile, member), .size = G_SIZEOF_MEMBER(NmmProfile, member)
#define STATE(member) .state_offset = G_STRUCT_OFFSET(NmmProfile, member)

#define CHOICES(...) ((const char *const[]){__VA_ARGS__, NULL})

static const char *const on_disconnect_names[] = {
    [NMM_ON_DISCONNECT_UNPLUG] = "unplug",
    [NMM_ON_DISCONNECT_KEEP] = "keep",
    [NMM_ON_DISCONNECT_REMOVE] = "remove",
    NULL,
};

static const char *const on_disconnect_labels[] = {
    [NMM_ON_DISCONNECT_UNPLUG] = N_("Unplug the guests' cables"),
    [NMM_ON_DISCONNECT_KEEP] = N_("Keep everything as it is"),
    [NMM_ON_DISCONNECT_REMOVE] = N_("Remove interfaces and network"),
};
G_STATIC_ASSERT(G_N_ELEMENTS(on_disconnect_names) == G_N_ELEMENTS(on_disconnect_labels) + 1);

static const char *const link_mac_names[] = {
    [NMM_LINK_MAC_PARENT] = "parent",
    [NMM_LINK_MAC_OWN] = "own",
    NULL,
};

static const char *const link_mac_labels[] = {
    [NMM_LINK_MAC_PARENT] = N_("That of the parent device"),
    [NMM_LINK_MAC_OWN] = N_("Its own"),
};
G_STATIC_ASSERT(G_N_ELEMENTS(link_mac_names) == G_N_ELEMENTS(link_mac_labels) + 1);

static const NmmKeyInfo keys[] = {
    {
        .name = NMM_KEY_MODE,
        .type = &nmm_key_type_enum,
        FIELD(mode),
        .modes = NMM_MODES_ALL,
        .is_basic = TRUE,
        .choices = nmm_mode_names,
        .default_value = "isolated",
        .label = N_("_Mode"),
        .description = N_("How the host and its macvtap guests reach each other."),
    },
    {
        .name = NMM_KEY_GUESTS,
        .type = &nmm_key_type_guests,
        FIELD(guests),
        .modes = NMM_MODES_ALL,
        .is_basic = TRUE,
        .choices = CHOICES("all"),
        .default_value = "all",
        .label = N_("_Guests"),
        .description = N_("The guests to serve: all that have a macvtap interface, or names and "
                          "UUIDs separated by spaces."),
    },
    {
        .name = NMM_KEY_EXCLUDE_GUESTS,
        .type = &nmm_key_type_guests,
        FIELD(exclude_guests),
        .modes = NMM_MODES_ALL,
        .default_value = "",
        .label = N_("E_xcluded guests"),
        .description = N_("The guests to leave alone: names and UUIDs separated by spaces."),
    },
    {
        .name = NMM_KEY_PARENT,
        .type = &nmm_key_type_device,
        FIELD(parent),
        .modes = NMM_MODES_ALL,
        .is_basic = TRUE,
        .label = N_("_Parent device"),
        .description = N_("The network interface that the guests are attached to, by any of its "
                          "names; any one, or that of the base connection, if unset."),
    },
    {
        .name = NMM_KEY_NETWORK,
        .type = &nmm_key_type_network,
        FIELD(network),
        .modes = MODE_ISOLATED,
        .is_basic = TRUE,
        .default_value = "isolated",
        .keeps_default = TRUE,
        .label = N_("libvirt _network"),
        .description = N_("The libvirt network that joins host and guests; it is made if there is "
                          "none of that name."),
    },
    {
        .name = NMM_KEY_ADDRESS,
        .type = &nmm_key_type_address4,
        FIELD(address),
        STATE(has_address),
        .modes = MODE_ISOLATED,
        .is_basic = TRUE,
        .label = N_("IPv4 _address"),
        .description = N_("The host's address on the network with its prefix length; an address in "
                          "a free subnet, if unset."),
    },
    {
        .name = NMM_KEY_ADDRESS6,
        .type = &nmm_key_type_address6,
        FIELD(address6),
        STATE(address6_type),
        .modes = MODE_ISOLATED,
        .choices = CHOICES("auto", "none"),
        .default_value = "none",
        .label = N_("IPv_6 address"),
        .description = N_("The host's unique local IPv6 address on the network with prefix length "
                          "64, or whether to derive one."),
    },
    {
        .name = NMM_KEY_DHCP_RANGE,
        .type = &nmm_key_type_dhcp_range,
        FIELD(dhcp_range),
        STATE(dhcp_type),
        .modes = MODE_ISOLATED,
        .choices = CHOICES("none"),
        .label = N_("_DHCP range"),
        .description = N_("The addresses that guests get by DHCP, first and last joined by a "
                          "hyphen; the whole subnet but the host, if unset."),
    },
    {
        .name = NMM_KEY_ISOLATE_GUESTS,
        .type = &nmm_key_type_bool,
        FIELD(isolate_guests),
        .modes = MODE_ISOLATED,
        .default_value = "no",
        .label = N_("_Isolate guests from each other"),
        .description = N_("Whether guests reach only the host over the network, not each other."),
    },
    {
        .name = NMM_KEY_NIC_MODEL,
        .type = &nmm_key_type_nic_model,
        FIELD(nic_model),
        .modes = MODE_ISOLATED,
        .choices = CHOICES("default"),
        .default_value = "virtio",
        .label = N_("Interface mode_l"),
        .description = N_("The model of the interface that guests get; \"default\" leaves it to "
                          "libvirt."),
    },
    {
        .name = NMM_KEY_HOTPLUG,
        .type = &nmm_key_type_bool,
        FIELD(hotplug),
        .modes = MODE_ISOLATED,
        .default_value = "yes",
        .label = N_("Plug in to _running guests"),
        .description = N_("Whether running guests get their interface at once, not with their next "
                          "start."),
    },
    {
        .name = NMM_KEY_ON_DISCONNECT,
        .type = &nmm_key_type_enum,
        FIELD(on_disconnect),
        .modes = MODE_ISOLATED,
        .choices = on_disconnect_names,
        .choice_labels = on_disconnect_labels,
        .default_value = "unplug",
        .label = N_("_On disconnect"),
        .description = N_("What becomes of the guests' interfaces when the profile goes down: "
                          "unplug their cables, keep them, or remove them."),
    },
    {
        .name = NMM_KEY_LINK_NAME,
        .type = &nmm_key_type_ifname,
        FIELD(link_name),
        .modes = MODES_WITH_LINK,
        .label = N_("Host lin_k name"),
        .description = N_("The name of the host's own macvtap interface; derived from the parent "
                          "device, if unset."),
    },
    {
        .name = NMM_KEY_MAC,
        .type = &nmm_key_type_enum,
        FIELD(link_mac),
        .modes = MODE_MOVE,
        .choices = link_mac_names,
        .choice_labels = link_mac_labels,
        .default_value = "parent",
        .label = N_("_Host link MAC address"),
        .description =
            N_("The MAC address of the host's own macvtap interface: that of the parent "
               "device, which gets another one while the profile is active, or its own."),
    },
    {
        .name = NMM_KEY_TRUSTED_ADDRESSES,
        .type = &nmm_key_type_cidrs,
        FIELD(trusted_addresses),
        .modes = MODE_SHARE,
        .default_value = "",
        .label = N_("Trusted addr_esses"),
        .description = N_("The addresses and prefixes, separated by spaces, that a selected guest "
                          "may have even if they are a gateway or DNS server in use, or outside "
                          "the subnets of the parent device."),
    },
    {
        .name = NMM_KEY_PEERS,
        .type = &nmm_key_type_cidrs,
        FIELD(peers),
        .modes = MODE_SHARE,
        .choices = CHOICES("guests"),
        .default_value = "guests",
        .label = N_("Peers _besides guests"),
        .description = N_("Which other macvlan interfaces on the parent device are served, for "
                          "example those of containers: none (\"guests\"), or those with "
                          "addresses in the given prefixes, separated by spaces."),
    },
    {
        .name = NMM_KEY_MULTICAST,
        .type = &nmm_key_type_bool,
        FIELD(multicast),
        .modes = MODES_WITH_LINK,
        .default_value = "yes",
        .label = N_("Deliver all multi_cast to guests"),
        .description = N_("Whether running guests receive all multicast, which mDNS, SSDP and IPv6 "
                          "privacy addresses need, not only the groups that macvtap lets pass."),
    },
    {
        .name = NMM_KEY_GUEST_NAMES,
        .type = &nmm_key_type_bool,
        FIELD(guest_names),
        .modes = NMM_MODES_ALL,
        .default_value = "yes",
        .label = N_("_Find guests by name"),
        .description =
            N_("Whether programs on the host find running guests by their libvirt names, "
               "if the NSS module macvtap is in use."),
    },
    {
        .name = NMM_KEY_LIBVIRT_URI,
        .type = &nmm_key_type_uri,
        FIELD(libvirt_uri),
        .modes = NMM_MODES_ALL,
        .choices = CHOICES("qemu:///system", "lxc:///system"),
        .default_value = "qemu:///system",
        .label = N_("libvirt _URI"),
        .description = N_("The hypervisor whose guests are served."),
    },
};

const NmmKeyInfo *
nmm_keys_get_all(gsize *out_n)
{
    *out_n = G_N_ELEMENTS(keys);
    return keys;
}

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

gboolean
nmm_keys_is_default(const char *name, const char *value)
{
    return g_strcmp0(value, nmm_keys_find(name)->default_value) == 0;
}

gboolean
nmm_keys_has_mode(const NmmKeyInfo *key, NmmMode mode)
{
    return (key->modes & NMM_MODE_BIT(mode)) != 0;
}
