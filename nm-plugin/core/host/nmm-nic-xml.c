/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "nmm-nic-xml.h"

#include "nmm-xml.h"

static xmlNode *
add_child(xmlNode *parent, const char *name)
{
    return xmlNewChild(parent, NULL, (const xmlChar *)name, NULL);
}

static void
set_attr(xmlNode *node, const char *attribute, const char *value)
{
    xmlSetProp(node, (const xmlChar *)attribute, (const xmlChar *)value);
}

/* Adds the child if it is missing. */
static void
set_child_attr(xmlNode *parent, const char *name, const char *attribute, const char *value)
{
    xmlNode *child = nmm_xml_child(parent, name);

    set_attr(child ? child : add_child(parent, name), attribute, value);
}

char *
nmm_nic_spec_to_xml(const NmmNicSpec *spec)
{
    g_autoptr(xmlDoc) doc = xmlNewDoc((const xmlChar *)"1.0");
    xmlNode *interface = xmlNewNode(NULL, (const xmlChar *)"interface");

    xmlDocSetRootElement(doc, interface);
    set_attr(interface, "type", "network");
    set_child_attr(interface, "mac", "address", spec->mac);
    set_child_attr(interface, "source", "network", spec->network);
    if (spec->isolated)
        set_child_attr(interface, "port", "isolated", "yes");
    if (spec->model)
        set_child_attr(interface, "model", "type", spec->model);
    if (spec->link_down)
        set_child_attr(interface, "link", "state", "down");
    set_child_attr(interface, "alias", "name", spec->alias);
    return nmm_xml_to_string(interface);
}

char *
nmm_nic_change_to_xml(const NmmNic *nic, const char *model, gboolean isolated, gboolean link_down)
{
    g_autoptr(xmlDoc) doc = nmm_xml_parse(nic->xml, "interface", NULL);
    xmlNode *interface = xmlDocGetRootElement(doc);

    g_return_val_if_fail(interface, NULL);

    if (nic->link_down != link_down)
        set_child_attr(interface, "link", "state", link_down ? "down" : "up");
    if (nic->isolated != isolated)
        set_child_attr(interface, "port", "isolated", isolated ? "yes" : "no");
    if (model && g_strcmp0(nic->model, model) != 0)
        set_child_attr(interface, "model", "type", model);
    return nmm_xml_to_string(interface);
}
