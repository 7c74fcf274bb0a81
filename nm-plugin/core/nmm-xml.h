/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libxml2 at arm's length: parsing without network, entities or unbounded size, the few look-ups
 * that readers share, and serialising a fragment. Thread-safe (libxml2 documents are never shared).
 */

#pragma once

#include <glib.h>
#include <libxml/tree.h>

G_BEGIN_DECLS

/* A document that is larger is refused unread: libvirt's own RPC string limit is 4 MiB (16
 * from 2.0). */
#define NMM_XML_MAX_BYTES (4 * 1024 * 1024)

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)

/* Parses @text, requires the root element @root; NMM_ERROR_BAD_XML. A document type
 * declaration is refused: no libvirt document has one. */
xmlDoc *nmm_xml_parse(const char *text, const char *root, GError **error);
/* First child element of that name without a namespace, or NULL; @node may be NULL. */
xmlNode *nmm_xml_child(xmlNode *node, const char *name);
/* Next sibling element of the same name as @node, or NULL. */
xmlNode *nmm_xml_next(xmlNode *node);
/* (transfer full) (nullable): g_free() it. */
char *nmm_xml_attr(xmlNode *node, const char *name);
char *nmm_xml_text(xmlNode *node);
/* (transfer full): the node as text; g_free() it. */
char *nmm_xml_to_string(xmlNode *node);

G_END_DECLS
