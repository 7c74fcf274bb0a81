/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libxml2 for this project: parsing without network, entities or unbounded size, the look-ups that
 * readers share, and serialising. Thread-safe: no two threads share a document.
 */

#pragma once

#include <glib.h>
#include <libxml/tree.h>

G_BEGIN_DECLS

/* libvirt's own limit of a string over RPC is 4 MiB (16 MiB from 2.0). */
#define NMM_XML_MAX_BYTES (4 * 1024 * 1024)

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)

/* @text: UTF-8, even if its XML declaration names another encoding. NMM_ERROR_BAD_XML: larger than
 * NMM_XML_MAX_BYTES, malformed (the first error), more attributes or namespaces than any libvirt
 * document has, another root element than @root, or a document type declaration. */
xmlDoc *nmm_xml_parse(const char *text, const char *root, GError **error);
/* (nullable): the first child element without a namespace. @node: (nullable). */
xmlNode *nmm_xml_child(xmlNode *node, const char *name);
/* (nullable): the next sibling element with the name of @node. */
xmlNode *nmm_xml_next(xmlNode *node);
/* (transfer full) (nullable). @node: (nullable). */
char *nmm_xml_attr(xmlNode *node, const char *name);
/* (transfer full) (nullable): with CDATA, without comments; "" if empty. @node: (nullable). */
char *nmm_xml_text(xmlNode *node);
/* (transfer full): indented, without an XML declaration. */
char *nmm_xml_to_string(xmlNode *node);

G_END_DECLS
