/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ordinary and hostile documents. Hostile ones are refused with NMM_ERROR_BAD_XML, quickly, and
 * without output on stderr.
 */

#include "config.h"

#include <fcntl.h>
#include <unistd.h>
#include <string.h>
#include <glib/gstdio.h>

#include "nmm-error.h"
#include "nmm-xml.h"

static void
assert_refused(const char *text, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(xmlDoc) doc = nmm_xml_parse(text, "domain", &error);

    g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_XML);
    g_assert_null(doc);
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
    if (!strstr(error->message, message))
        g_error("'%s' is not in '%s'", message, error->message);
}

static void
test_malformed(void)
{
    assert_refused("", "malformed");
    assert_refused("   ", "malformed");
    assert_refused("domain", "line 1");
    assert_refused("<domain>\n<name>web1</name>\n", "line 3");
    assert_refused("<domain><name>web1</domain>", "line 1");
    assert_refused("<domain/><domain/>", "malformed");
    assert_refused("<domain><name>\x01</name></domain>", "malformed");
    assert_refused("<domain><name>\xff\xfe</name></domain>", "malformed");
    assert_refused("<domain>&undeclared;</domain>", "malformed");
    assert_refused("<domain a='1' a='2'/>", "malformed");
}

static void
test_wrong_root(void)
{
    assert_refused("<network/>", "'network'");
    assert_refused("<Domain/>", "'Domain'");
    assert_refused("<domain xmlns='urn:other'/>", "root element");
    assert_refused("<o:domain xmlns:o='urn:other'/>", "root element");
}

static void
test_document_type(void)
{
    g_autoptr(GString) laughs = g_string_new("<!DOCTYPE domain [<!ENTITY l0 'ha'>");
    gint64 start;

    for (guint i = 1; i <= 30; i++)
        g_string_append_printf(
            laughs, "<!ENTITY l%u '&l%u;&l%u;&l%u;&l%u;'>", i, i - 1, i - 1, i - 1, i - 1);
    g_string_append(laughs, "]><domain a='&l30;'>&l30;</domain>");

    start = g_get_monotonic_time();
    assert_refused(laughs->str, "document type declaration");
    g_assert_cmpint(g_get_monotonic_time() - start, <, G_USEC_PER_SEC);

    assert_refused("<!DOCTYPE domain><domain/>", "document type declaration");
    assert_refused("<!DOCTYPE domain SYSTEM 'http://192.0.2.1/d.dtd'><domain/>",
                   "document type declaration");
    assert_refused(
        "<!DOCTYPE domain [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><domain>&f;</domain>",
        "document type declaration");
}

static void
test_size(void)
{
    g_autofree char *huge = g_strnfill(10 * 1024 * 1024, ' ');
    g_autofree char *full = g_strnfill(NMM_XML_MAX_BYTES, ' ');
    g_autoptr(GString) deep = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(xmlDoc) doc = NULL;

    memcpy(huge, "<domain/>", strlen("<domain/>"));
    assert_refused(huge, "larger than 4 MiB");

    memcpy(full, "<domain/>", strlen("<domain/>"));
    doc = nmm_xml_parse(full, "domain", &error);
    g_assert_no_error(error);
    g_assert_nonnull(doc);

    for (guint i = 0; i < 100000; i++)
        g_string_append(deep, "<domain>");
    assert_refused(deep->str, "malformed");
}

static void
test_truncated(void)
{
    g_autofree char *text = NULL;
    gsize length;

    g_assert_true(
        g_file_get_contents(TEST_DATA_DIR "/domains/macvtap-live.xml", &text, &length, NULL));
    length = strlen(g_strchomp(text));
    while (--length > 0) {
        text[length] = '\0';
        assert_refused(text, "malformed");
    }
}

static void
test_look_ups(void)
{
    static const char text[] =
        "<domain xmlns:f='urn:f'><!-- <name>no</name> -->"
        "<f:name>foreign</f:name><name>a<!-- x -->b<![CDATA[<c>]]>&amp;</name>"
        "<nic f:id='9' id='1'/><other/><nic id='&quot;2'/><empty/></domain>";
    g_autoptr(xmlDoc) doc = nmm_xml_parse(text, "domain", NULL);
    xmlNode *root = xmlDocGetRootElement(doc);
    xmlNode *nic = nmm_xml_child(root, "nic");
    g_autofree char *name = nmm_xml_text(nmm_xml_child(root, "name"));
    g_autofree char *empty = nmm_xml_text(nmm_xml_child(root, "empty"));
    g_autofree char *first = nmm_xml_attr(nic, "id");
    g_autofree char *second = nmm_xml_attr(nmm_xml_next(nic), "id");

    g_assert_cmpstr(name, ==, "ab<c>&");
    g_assert_cmpstr(empty, ==, "");
    g_assert_cmpstr(first, ==, "1");
    g_assert_cmpstr(second, ==, "\"2");
    g_assert_null(nmm_xml_next(nmm_xml_next(nic)));
    g_assert_null(nmm_xml_attr(nic, "missing"));
    g_assert_null(nmm_xml_child(root, "missing"));
    g_assert_null(nmm_xml_child(NULL, "name"));
    g_assert_null(nmm_xml_attr(NULL, "id"));
    g_assert_null(nmm_xml_text(NULL));
}

static void
test_to_string(void)
{
    g_autoptr(xmlDoc) doc = nmm_xml_parse("<domain><a b='&lt;&quot;'/></domain>", "domain", NULL);
    g_autofree char *text = nmm_xml_to_string(xmlDocGetRootElement(doc));

    g_assert_cmpstr(text, ==, "<domain>\n  <a b=\"&lt;&quot;\"/>\n</domain>");
}

/* Runs every refusal with stderr in a file. */
static void
test_silent(void)
{
    g_autofree char *path = NULL;
    g_autofree char *printed = NULL;
    int fd = g_file_open_tmp("test-xml-XXXXXX", &path, NULL);
    int saved = dup(STDERR_FILENO);

    g_assert_cmpint(fd, >=, 0);
    dup2(fd, STDERR_FILENO);
    test_malformed();
    test_document_type();
    test_size();
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(fd);

    g_assert_true(g_file_get_contents(path, &printed, NULL, NULL));
    g_unlink(path);
    g_assert_cmpstr(printed, ==, "");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/xml/malformed", test_malformed);
    g_test_add_func("/xml/wrong-root", test_wrong_root);
    g_test_add_func("/xml/document-type", test_document_type);
    g_test_add_func("/xml/size", test_size);
    g_test_add_func("/xml/truncated", test_truncated);
    g_test_add_func("/xml/look-ups", test_look_ups);
    g_test_add_func("/xml/to-string", test_to_string);
    g_test_add_func("/xml/silent", test_silent);
    return g_test_run();
}
