/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only file that lets libxml2 parse or serialise. Documents come from libvirt or from a file
 * that a user picked and count as hostile: nothing is loaded, no entity expanded, size and depth
 * are bounded, and libxml2 prints nothing.
 */

#include "config.h"

#include "nmm-xml.h"

#include <string.h>
#include <glib/gi18n-lib.h>
#include <libxml/parser.h>

#include "nmm-error.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlParserCtxt, xmlFreeParserCtxt)

/* Without XML_PARSE_HUGE, libxml2 bounds depth and the length of a text node. Its messages are read
 * from the context; NOERROR and NOWARNING keep them off stderr. */
#define PARSE_OPTIONS                                                                              \
    (XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA)

static void
refuse_doctype_cb(void *data,
                  const xmlChar *name,
                  const xmlChar *public_id,
                  const xmlChar *system_id)
{
    xmlParserCtxt *context = data;
    gboolean *has_doctype = context->_private;

    *has_doctype = TRUE;
    /* Stops before the declarations: an entity that is not declared cannot be expanded. */
    xmlStopParser(context);
}

static void
set_parse_error(GError **error, xmlParserCtxt *context)
{
    const xmlError *xml_error = xmlCtxtGetLastError(context);
    g_autofree char *message = NULL;

    if (!xml_error || !xml_error->message) {
        nmm_fail(error, NMM_ERROR_BAD_XML, _("the XML document is malformed"));
        return;
    }

    /* The message contains bytes of the document. */
    message = g_utf8_make_valid(xml_error->message, -1);
    nmm_fail(error,
             NMM_ERROR_BAD_XML,
             _("the XML document is malformed at line %d: %s"),
             xml_error->line,
             g_strstrip(message));
}

static xmlDoc *
read_document(const char *text, gsize length, GError **error)
{
    g_autoptr(xmlParserCtxt) context = xmlNewParserCtxt();
    g_autoptr(xmlDoc) doc = NULL;
    gboolean has_doctype = FALSE;

    context->_private = &has_doctype;
    context->sax->internalSubset = refuse_doctype_cb;
    doc = xmlCtxtReadMemory(context, text, (int)length, NULL, NULL, PARSE_OPTIONS);

    if (has_doctype) {
        nmm_fail(
            error,
            NMM_ERROR_BAD_XML,
            _("the XML document has a document type declaration, which is not allowed; remove it"));
        return NULL;
    }
    if (!doc) {
        set_parse_error(error, context);
        return NULL;
    }
    return g_steal_pointer(&doc);
}

static gboolean
is_element(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && !node->ns &&
           strcmp((const char *)node->name, name) == 0;
}

xmlDoc *
nmm_xml_parse(const char *text, const char *root, GError **error)
{
    g_autoptr(xmlDoc) doc = NULL;
    gsize length = strnlen(text, NMM_XML_MAX_BYTES + 1);
    const xmlNode *node;

    if (length > NMM_XML_MAX_BYTES) {
        nmm_fail(error,
                 NMM_ERROR_BAD_XML,
                 _("the XML document is larger than %d MiB"),
                 NMM_XML_MAX_BYTES / (1024 * 1024));
        return NULL;
    }

    doc = read_document(text, length, error);
    if (!doc)
        return NULL;

    node = xmlDocGetRootElement(doc);
    if (!is_element(node, root)) {
        nmm_fail(error,
                 NMM_ERROR_BAD_XML,
                 _("the XML document's root element is '%s', not '%s'"),
                 (const char *)node->name,
                 root);
        return NULL;
    }
    return g_steal_pointer(&doc);
}

static xmlNode *
find_element(xmlNode *node, const char *name)
{
    while (node && !is_element(node, name))
        node = node->next;
    return node;
}

xmlNode *
nmm_xml_child(xmlNode *node, const char *name)
{
    return node ? find_element(node->children, name) : NULL;
}

xmlNode *
nmm_xml_next(xmlNode *node)
{
    return find_element(node->next, (const char *)node->name);
}

static char *
steal_xml_string(xmlChar *string)
{
    char *copy = g_strdup((const char *)string);

    xmlFree(string);
    return copy;
}

char *
nmm_xml_attr(xmlNode *node, const char *name)
{
    xmlChar *value = node ? xmlGetNoNsProp(node, (const xmlChar *)name) : NULL;

    return value ? steal_xml_string(value) : NULL;
}

char *
nmm_xml_text(xmlNode *node)
{
    xmlChar *content = node ? xmlNodeGetContent(node) : NULL;

    return content ? steal_xml_string(content) : NULL;
}

char *
nmm_xml_to_string(xmlNode *node)
{
    /* The copy declares the namespaces that ancestors of @node declare. */
    xmlNode *copy = xmlDocCopyNode(node, node->doc, 1);
    xmlBuffer *buffer = xmlBufferCreate();
    char *text;

    xmlNodeDump(buffer, node->doc, copy, 0, 1);
    text = g_strdup((const char *)xmlBufferContent(buffer));
    xmlBufferFree(buffer);
    xmlFreeNode(copy);
    return text;
}
