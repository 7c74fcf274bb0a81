/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads only the children of <devices> that libvirt itself defines: an element in <metadata> or in
 * a foreign namespace is no interface.
 */

#include "config.h"

#include "nmm-guest.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-identity.h"
#include "nmm-network.h"
#include "nmm-text.h"
#include "nmm-xml.h"

static void
nic_free(NmmNic *nic)
{
    g_free(nic->network);
    g_free(nic->lower);
    g_free(nic->lower_altname);
    g_strfreev(nic->lower_names);
    g_free(nic->macvtap_mode);
    g_free(nic->mac);
    g_free(nic->defined_mac);
    g_free(nic->alias);
    g_free(nic->model);
    g_free(nic->target);
    g_free(nic->bridge);
    g_free(nic->xml);
    g_free(nic);
}

static void
guest_state_free(NmmGuestState *state)
{
    g_ptr_array_unref(state->nics);
    g_free(state);
}

static void
saved_state_free(NmmSavedState *saved)
{
    g_free(saved->snapshot);
    g_clear_pointer(&saved->state, guest_state_free);
    g_free(saved);
}

static gboolean
attr_is(xmlNode *node, const char *name, const char *value)
{
    g_autofree char *actual = nmm_xml_attr(node, name);

    return g_strcmp0(actual, value) == 0;
}

static NmmNicType
nic_type_read(xmlNode *interface)
{
    if (attr_is(interface, "type", "direct"))
        return NMM_NIC_DIRECT;
    if (attr_is(interface, "type", "network"))
        return NMM_NIC_NETWORK;
    return NMM_NIC_OTHER;
}

static gboolean
has_our_alias(const NmmNic *nic)
{
    g_autofree char *alias = NULL;

    if (!nic->network || !nmm_identity_is_our_alias(nic->alias))
        return FALSE;
    alias = nmm_identity_alias(nic->network);
    return g_str_equal(alias, nic->alias);
}

/* (transfer full) (nullable): libvirt keeps no alias of a container's interface, but its MAC shows
 * that it is this project's. */
static char *
derive_alias(const NmmNic *nic, const char *container)
{
    g_autofree char *mac = nic->network ? nmm_identity_mac(container, nic->network) : NULL;

    return mac && g_strcmp0(nic->mac, mac) == 0 ? nmm_identity_alias(nic->network) : NULL;
}

/* @container: (nullable): the UUID of the guest if it is a container. */
static NmmNic *
nic_read(xmlNode *interface, const char *container)
{
    NmmNic *nic = g_new0(NmmNic, 1);
    xmlNode *source = nmm_xml_child(interface, "source");
    g_autofree char *mac = nmm_xml_attr(nmm_xml_child(interface, "mac"), "address");

    nic->type = nic_type_read(interface);
    /* A running guest's interface on a network that forwards through macvtap is shown as type
     * direct, with the network's name beside the lower device. */
    nic->network = nmm_xml_attr(source, "network");
    if (nic->type == NMM_NIC_DIRECT) {
        nic->lower = nmm_xml_attr(source, "dev");
        nic->macvtap_mode = nmm_xml_attr(source, "mode");
    }
    nic->mac = mac ? g_ascii_strdown(mac, -1) : NULL;
    nic->alias = nmm_xml_attr(nmm_xml_child(interface, "alias"), "name");
    if (container && !nmm_identity_is_our_alias(nic->alias)) {
        g_free(nic->alias);
        nic->alias = derive_alias(nic, container);
    }
    nic->model = nmm_xml_attr(nmm_xml_child(interface, "model"), "type");
    nic->target = nmm_xml_attr(nmm_xml_child(interface, "target"), "dev");
    nic->unmanaged = attr_is(interface, "type", "ethernet") &&
                     attr_is(nmm_xml_child(interface, "target"), "managed", "no");
    nic->bridge = attr_is(interface, "type", "bridge") ? nmm_xml_attr(source, "bridge") : NULL;
    nic->link_down = attr_is(nmm_xml_child(interface, "link"), "state", "down");
    nic->isolated = attr_is(nmm_xml_child(interface, "port"), "isolated", "yes");
    nic->xml = has_our_alias(nic) ? nmm_xml_to_string(interface) : NULL;
    return nic;
}

static NmmGuestState *
guest_state_new(void)
{
    NmmGuestState *state = g_new0(NmmGuestState, 1);

    state->nics = g_ptr_array_new_with_free_func((GDestroyNotify)nic_free);
    return state;
}

/* @domain, @container: (nullable) */
static void
read_nics(NmmGuestState *state, xmlNode *domain, const char *container)
{
    xmlNode *interface = nmm_xml_child(nmm_xml_child(domain, "devices"), "interface");

    for (; interface; interface = nmm_xml_next(interface))
        g_ptr_array_add(state->nics, nic_read(interface, container));
}

static NmmGuestState *
guest_state_read(xmlDoc *doc, const char *container)
{
    NmmGuestState *state = guest_state_new();

    read_nics(state, xmlDocGetRootElement(doc), container);
    return state;
}

/* Returns: (transfer full) (nullable): the text of the child @name of the root of @doc. */
static char *
read_root_text(xmlDoc *doc, const char *name)
{
    return nmm_xml_text(nmm_xml_child(xmlDocGetRootElement(doc), name));
}

static gboolean
read_identity(NmmGuest *guest, xmlDoc *doc, gboolean need_uuid, GError **error)
{
    g_autofree char *shown = NULL;

    guest->name = read_root_text(doc, "name");
    guest->uuid = read_root_text(doc, "uuid");
    if (!guest->name || !*guest->name) {
        g_set_error_literal(
            error, NMM_ERROR, NMM_ERROR_BAD_XML, _("the guest's definition has no name"));
        return FALSE;
    }
    if (!need_uuid || (guest->uuid && *guest->uuid))
        return TRUE;
    shown = nmm_text_to_display(guest->name);
    return nmm_fail(error, NMM_ERROR_BAD_XML, _("guest '%s': the definition has no UUID"), shown);
}

static NmmGuest *
guest_new(xmlDoc *config, xmlDoc *live, gboolean need_uuid, GError **error)
{
    g_autoptr(NmmGuest) guest = g_new0(NmmGuest, 1);
    const char *container;

    g_atomic_ref_count_init(&guest->ref_count);
    if (!read_identity(guest, config ? config : live, need_uuid, error))
        return NULL;
    guest->container = attr_is(xmlDocGetRootElement(config ? config : live), "type", "lxc");
    guest->saved = g_ptr_array_new_with_free_func((GDestroyNotify)saved_state_free);
    container = guest->container ? guest->uuid : NULL;
    guest->config = config ? guest_state_read(config, container) : NULL;
    guest->live = live ? guest_state_read(live, container) : NULL;
    return g_steal_pointer(&guest);
}

NmmGuest *
nmm_guest_new_from_xml(const char *config_xml, const char *live_xml, GError **error)
{
    g_autoptr(xmlDoc) config = NULL;
    g_autoptr(xmlDoc) live = NULL;
    g_autoptr(GError) config_error = NULL;
    g_autoptr(GError) live_error = NULL;

    g_return_val_if_fail(config_xml || live_xml, NULL);

    /* Both, even if the first fails: each may have the guest's name for the message. */
    if (config_xml)
        config = nmm_xml_parse(config_xml, "domain", &config_error);
    if (live_xml)
        live = nmm_xml_parse(live_xml, "domain", &live_error);
    if (config_error || live_error) {
        g_autofree char *name =
            config || live ? read_root_text(config ? config : live, "name") : NULL;

        g_propagate_error(
            error, config_error ? g_steal_pointer(&config_error) : g_steal_pointer(&live_error));
        if (name) {
            g_autofree char *shown = nmm_text_to_display(name);

            g_prefix_error(error, _("guest '%s': "), shown);
        }
        return NULL;
    }

    return guest_new(config, live, TRUE, error);
}

NmmGuest *
nmm_guest_new_from_definition(const char *xml, GError **error)
{
    g_autoptr(xmlDoc) doc = nmm_xml_parse(xml, "domain", error);

    return doc ? guest_new(doc, NULL, FALSE, error) : NULL;
}

/* A snapshot has the running guest and, if it differs, the definition. */
void
nmm_guest_add_saved(NmmGuest *guest, const char *snapshot, const char *xml)
{
    NmmSavedState *saved = g_new0(NmmSavedState, 1);
    g_autoptr(xmlDoc) doc =
        xml ? nmm_xml_parse(xml, snapshot ? "domainsnapshot" : "domain", NULL) : NULL;
    xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;

    saved->snapshot = g_strdup(snapshot);
    if (root) {
        saved->state = guest_state_new();
        read_nics(saved->state, snapshot ? nmm_xml_child(root, "domain") : root, NULL);
        read_nics(saved->state, nmm_xml_child(root, "inactiveDomain"), NULL);
    }
    g_ptr_array_add(guest->saved, saved);
}

static gboolean
needs_network(const NmmSavedState *saved, const char *network)
{
    for (guint i = 0; saved->state && i < saved->state->nics->len; i++) {
        const NmmNic *nic = g_ptr_array_index(saved->state->nics, i);

        if (g_strcmp0(nic->network, network) == 0)
            return TRUE;
    }
    return !saved->state;
}

const NmmSavedState *
nmm_guest_find_saved(const NmmGuest *guest, const char *network)
{
    for (guint i = 0; i < guest->saved->len; i++) {
        const NmmSavedState *saved = g_ptr_array_index(guest->saved, i);

        if (needs_network(saved, network))
            return saved;
    }
    return NULL;
}

char *
nmm_guest_describe_saved(const NmmGuest *guest, const NmmSavedState *saved)
{
    if (saved->snapshot)
        return g_strdup_printf(_("snapshot '%s' of guest '%s'"), saved->snapshot, guest->name);
    return g_strdup_printf(_("the managed save image of guest '%s'"), guest->name);
}

NmmGuest *
nmm_guest_ref(NmmGuest *guest)
{
    g_atomic_ref_count_inc(&guest->ref_count);
    return guest;
}

void
nmm_guest_unref(NmmGuest *guest)
{
    if (!g_atomic_ref_count_dec(&guest->ref_count))
        return;
    g_free(guest->uuid);
    g_free(guest->name);
    g_clear_pointer(&guest->config, guest_state_free);
    g_clear_pointer(&guest->live, guest_state_free);
    g_clear_pointer(&guest->saved, g_ptr_array_unref);
    g_free(guest);
}

gboolean
nmm_nic_is_ours(const NmmNic *nic)
{
    return nic->xml != NULL;
}

static gboolean
has_name(char **names, const char *name)
{
    return names && g_strv_contains((const char *const *)names, name);
}

gboolean
nmm_nic_is_macvtap(const NmmNic *nic, const char *parent, GPtrArray *networks)
{
    const NmmNetwork *network;

    switch (nic->type) {
    case NMM_NIC_DIRECT:
        return !parent || g_strcmp0(nic->lower, parent) == 0 || has_name(nic->lower_names, parent);
    case NMM_NIC_NETWORK:
        network = nic->network ? nmm_network_find(networks, nic->network) : NULL;
        if (!network || !network->macvtap)
            return FALSE;
        return !parent || has_name(network->lower, parent) ||
               has_name(network->lower_names, parent);
    case NMM_NIC_OTHER:
        break;
    }
    return FALSE;
}

const char *
nmm_nic_get_macvtap_mode(const NmmNic *nic, GPtrArray *networks)
{
    const NmmNetwork *network = nic->type == NMM_NIC_NETWORK && nic->network
                                    ? nmm_network_find(networks, nic->network)
                                    : NULL;

    if (network && network->forward_mode)
        return network->forward_mode;
    return nic->macvtap_mode ? nic->macvtap_mode : "vepa";
}

const NmmNic *
nmm_guest_state_find_macvtap(const NmmGuestState *state, const char *parent, GPtrArray *networks)
{
    for (guint i = 0; i < state->nics->len; i++) {
        const NmmNic *nic = g_ptr_array_index(state->nics, i);

        if (nmm_nic_is_macvtap(nic, parent, networks))
            return nic;
    }
    return NULL;
}
