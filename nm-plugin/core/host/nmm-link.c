/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-link.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-parent-check.h"
#include "nmm-xml.h"

static void
neighbour_free(gpointer data)
{
    NmmNeighbour *neighbour = data;

    g_free(neighbour->mac);
    g_free(neighbour);
}

NmmLink *
nmm_link_new(const char *name)
{
    NmmLink *link = g_new0(NmmLink, 1);

    link->name = g_strdup(name);
    link->addresses = g_array_new(FALSE, FALSE, sizeof(NmmCidr));
    link->neighbours = g_ptr_array_new_with_free_func(neighbour_free);
    return link;
}

/* A device without carrier may be "down" or "lowerlayerdown"; lo and dummies are "unknown". */
static gboolean
is_up(xmlNode *net)
{
    g_autofree char *state = nmm_xml_attr(nmm_xml_child(net, "link"), "state");

    return !state || !g_str_has_suffix(state, "down");
}

NmmLink *
nmm_link_new_from_xml(const char *xml, GError **error)
{
    g_autoptr(xmlDoc) doc = nmm_xml_parse(xml, "device", error);
    xmlNode *net = doc ? nmm_xml_child(xmlDocGetRootElement(doc), "capability") : NULL;
    g_autofree char *name = nmm_xml_text(nmm_xml_child(net, "interface"));
    NmmLink *link;

    if (!doc)
        return NULL;
    if (!name || !*name) {
        g_set_error_literal(error, NMM_ERROR, NMM_ERROR_BAD_XML, "the device has no interface");
        return NULL;
    }
    link = nmm_link_new(name);
    link->up = is_up(net);
    return link;
}

void
nmm_link_free(NmmLink *link)
{
    if (!link)
        return;
    g_free(link->name);
    g_strfreev(link->altnames);
    g_free(link->kind);
    g_free(link->mac);
    g_free(link->parent);
    g_free(link->macvtap_mode);
    g_free(link->profile_uuid);
    g_free(link->master);
    g_free(link->master_kind);
    g_free(link->passthrough);
    g_array_unref(link->addresses);
    g_ptr_array_unref(link->neighbours);
    g_free(link);
}

void
nmm_link_add_neighbour(NmmLink *link,
                       const NmmCidr *address,
                       const char *mac,
                       gboolean permanent,
                       gint64 age_ms)
{
    NmmNeighbour *neighbour = g_new0(NmmNeighbour, 1);

    neighbour->address = *address;
    neighbour->mac = g_strdup(mac);
    neighbour->permanent = permanent;
    neighbour->age_ms = age_ms;
    g_ptr_array_add(link->neighbours, neighbour);
}

gboolean
nmm_link_has_name(const NmmLink *link, const char *name)
{
    return g_str_equal(link->name, name) ||
           (link->altnames && g_strv_contains((const char *const *)link->altnames, name));
}

NmmLink *
nmm_links_find(const GPtrArray *links, const char *name)
{
    for (guint i = 0; name && i < links->len; i++) {
        NmmLink *link = g_ptr_array_index(links, i);

        if (nmm_link_has_name(link, name))
            return link;
    }
    return NULL;
}

gboolean
nmm_links_check_parent(const GPtrArray *links, const char *name, GError **error)
{
    const NmmLink *link = nmm_links_find(links, name);
    NmmParentFacts facts = {.name = name, .exists = link != NULL};

    if (link) {
        facts.ethernet = link->ethernet;
        facts.wireless = link->wireless;
        facts.kind = link->kind;
        facts.master = link->master;
        facts.master_kind = link->master_kind;
        facts.passthrough = link->passthrough;
    }
    return nmm_parent_check_fit(&facts, error);
}

const NmmCidr *
nmm_link_get_address(const NmmLink *link)
{
    const NmmCidr *best = NULL;

    for (guint i = 0; i < link->addresses->len; i++) {
        const NmmCidr *cidr = &g_array_index(link->addresses, NmmCidr, i);

        if (!nmm_cidr_is_link_local(cidr) &&
            (!best || nmm_cidr_get_rank(cidr) > nmm_cidr_get_rank(best)))
            best = cidr;
    }
    return best;
}

gboolean
nmm_link_has_address(const NmmLink *link, const NmmCidr *address)
{
    for (guint i = 0; i < link->addresses->len; i++) {
        const NmmCidr *cidr = &g_array_index(link->addresses, NmmCidr, i);

        if (cidr->family == address->family &&
            memcmp(cidr->bytes, address->bytes, address->family == G_SOCKET_FAMILY_IPV4 ? 4 : 16) ==
                0)
            return TRUE;
    }
    return FALSE;
}

gboolean
nmm_link_check_owner(const char *name, const char *owner, const char *profile_uuid, GError **error)
{
    if (!owner) {
        g_set_error(
            error,
            NMM_ERROR,
            NMM_ERROR_CONFLICT,
            _("another interface is already named '%s'; set vpn.data link-name to another name"),
            name);
        return FALSE;
    }
    if (g_ascii_strcasecmp(owner, profile_uuid) != 0) {
        g_set_error(
            error,
            NMM_ERROR,
            NMM_ERROR_CONFLICT,
            _("host link '%s' belongs to the profile with UUID '%s'; set vpn.data link-name to "
              "another name"),
            name,
            owner);
        return FALSE;
    }
    return TRUE;
}
