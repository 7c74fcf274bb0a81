/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only file that lets libxml2 parse or serialise. Documents come from libvirt or from a file
 * that a user picked and count as hostile: nothing is loaded, no entity expanded, size and depth
 * are bounded, the time grows with the size, and libxml2 prints nothing.
 */

#include "config.h"

#include "nmm-xml.h"

#include <string.h>
#include <glib/gi18n-lib.h>
#include <libxml/parser.h>

#include "nmm-error.h"
#include "nmm-text.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlParserCtxt, xmlFreeParserCtxt)

/* Without XML_PARSE_HUGE, libxml2 bounds depth and the length of a text node. The text is UTF-8,
 * whatever its XML declaration names. */
#define PARSE_OPTIONS (XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_IGNORE_ENC)

/* libxml2 before 2.12 compares each attribute of an element with each other one, and looks each
 * prefix up in a list. libvirt's documents have a tenth of these. */
#define MAX_ATTRIBUTES 256
#define MAX_NAMESPACES 256

#if LIBXML_VERSION >= 21200
typedef const xmlError *ErrorArgument;
#else
typedef xmlError *ErrorArgument;
#endif

/* The text as libxml2 reads it: it gets no more after an error. It goes on after an error, in time
 * that grows with the square of what it reads, and only the first error is one of the document. */
typedef struct {
    const char *next;
    gsize left;
    gboolean has_doctype;
    int line;      /* of the first error */
    char *message; /* (nullable): of the first error */
} Source;

static int
read_cb(void *data, char *buffer, int size)
{
    Source *source = data;
    gsize n = source->message || source->has_doctype ? 0 : MIN((gsize)size, source->left);

    memcpy(buffer, source->next, n);
    source->next += n;
    source->left -= n;
    return (int)n;
}

static void
error_cb(void *data, ErrorArgument error)
{
    xmlParserCtxt *context = data;
    Source *source = context->_private;
    g_autofree char *message = g_strdup(error->message ? error->message : "");

    if (error->level != XML_ERR_FATAL || source->message)
        return;
    source->line = error->line;
    source->message = nmm_text_to_display(g_strchomp(message));
}

static void
refuse_doctype_cb(void *data,
                  const xmlChar *name,
                  const xmlChar *public_id,
                  const xmlChar *system_id)
{
    xmlParserCtxt *context = data;
    Source *source = context->_private;

    source->has_doctype = TRUE;
    /* Stops before the declarations: an entity that is not declared cannot be expanded. */
    xmlStopParser(context);
}

static gboolean
set_source_error(const Source *source, GError **error)
{
    if (source->has_doctype)
        return nmm_fail(
            error,
            NMM_ERROR_BAD_XML,
            _("the XML document has a document type declaration, which is not allowed; remove it"));
    if (source->message)
        return nmm_fail(error,
                        NMM_ERROR_BAD_XML,
                        _("the XML document is malformed at line %d: %s"),
                        source->line,
                        source->message);
    return nmm_fail(error, NMM_ERROR_BAD_XML, _("the XML document is malformed"));
}

static xmlDoc *
read_document(const char *text, gsize length, GError **error)
{
    g_autoptr(xmlParserCtxt) context = xmlNewParserCtxt();
    Source source = {.next = text, .left = length};
    g_autoptr(xmlDoc) doc = NULL;
    g_autofree char *message = NULL;

    context->_private = &source;
    context->sax->internalSubset = refuse_doctype_cb;
    context->sax->serror = error_cb;
    doc = xmlCtxtReadIO(context, read_cb, NULL, &source, NULL, NULL, PARSE_OPTIONS);
    message = source.message;

    if (doc && !source.has_doctype && !source.message)
        return g_steal_pointer(&doc);
    set_source_error(&source, error);
    return NULL;
}

/* Bounds, before libxml2 reads anything */

static gboolean
fail_at(GError **error, const char *text, const char *place, const char *what)
{
    guint line = 1;

    for (const char *p = text; p < place; p++)
        line += *p == '\n';
    return nmm_fail(
        error, NMM_ERROR_BAD_XML, _("the XML document is refused at line %u: %s"), line, what);
}

/* Behind the next @mark, or at the end. */
static const char *
skip_past(const char *p, const char *mark)
{
    const char *end = strstr(p, mark);

    return end ? end + strlen(mark) : p + strlen(p);
}

/* @p: behind "<". Returns: at the end of the tag. */
static const char *
count_in_tag(const char *p, guint *attributes, guint *namespaces)
{
    *attributes = 0;
    for (; *p && *p != '>' && *p != '<'; p++) {
        if (g_ascii_isspace(*p) && g_str_has_prefix(p + 1, "xmlns"))
            (*namespaces)++;
        if (*p != '\'' && *p != '"')
            continue;
        (*attributes)++;
        p = strchr(p + 1, *p);
        if (!p)
            return "";
    }
    return p;
}

/* Behind a comment or another thing in "<…>" that is no tag; @p itself if it is a tag. */
static const char *
skip_other(const char *p)
{
    if (g_str_has_prefix(p, "<!--"))
        return skip_past(p + 4, "-->");
    if (g_str_has_prefix(p, "<![CDATA["))
        return skip_past(p, "]]>");
    if (g_str_has_prefix(p, "<?"))
        return skip_past(p, "?>");
    return p;
}

static gboolean
check_bounds(const char *text, GError **error)
{
    guint attributes = 0;
    guint namespaces = 0;
    const char *p = text;

    while ((p = strchr(p, '<'))) {
        const char *tag = p;

        p = skip_other(tag);
        if (p != tag)
            continue;
        p = count_in_tag(tag + 1, &attributes, &namespaces);
        if (attributes > MAX_ATTRIBUTES)
            return fail_at(error, text, tag, _("an element has more than 256 attributes"));
        if (namespaces > MAX_NAMESPACES)
            return fail_at(error, text, tag, _("there are more than 256 namespaces"));
    }
    return TRUE;
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

    if (!check_bounds(text, error))
        return NULL;
    doc = read_document(text, length, error);
    if (!doc)
        return NULL;

    node = xmlDocGetRootElement(doc);
    if (!is_element(node, root)) {
        g_autofree char *shown = nmm_text_to_display((const char *)node->name);

        nmm_fail(error,
                 NMM_ERROR_BAD_XML,
                 _("the XML document's root element is '%s', not '%s'"),
                 shown,
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
