/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-decode.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-text.h"

/* The XML declaration is at the beginning, and short. */
#define DECLARATION_MAX 256

/* The marks, and what "<" looks like in UTF-16 without one. */
static const struct {
    const char *bytes;
    gsize length;
    gsize skip;
    const char *encoding;
} marks[] = {
    {"\xef\xbb\xbf", 3, 3, "UTF-8"},
    {"\xff\xfe\0\0", 4, 4, "UTF-32LE"},
    {"\xff\xfe", 2, 2, "UTF-16LE"},
    {"\xfe\xff", 2, 2, "UTF-16BE"},
    {"<\0", 2, 0, "UTF-16LE"},
    {"\0<", 2, 0, "UTF-16BE"},
};

static const char *const declarable[] = {
    "UTF-8",
    "US-ASCII",
    "ISO-8859-1",
    "ISO-8859-2",
    "ISO-8859-5",
    "ISO-8859-7",
    "ISO-8859-9",
    "ISO-8859-15",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "KOI8-R",
};

/* (transfer full) (nullable): what the XML declaration names. */
static char *
read_declared(const char *text)
{
    g_autoptr(GRegex) regex = g_regex_new(
        "^\\s*<\\?xml\\s[^>]*?encoding\\s*=\\s*[\"']([^\"']*)[\"']", G_REGEX_RAW, 0, NULL);
    g_autofree char *start = g_strndup(text, DECLARATION_MAX);
    g_autoptr(GMatchInfo) match = NULL;

    return g_regex_match(regex, start, 0, &match) ? g_match_info_fetch(match, 1) : NULL;
}

/* (nullable): the entry of the list, for iconv. */
static const char *
find_declarable(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(declarable); i++) {
        if (g_ascii_strcasecmp(declarable[i], name) == 0)
            return declarable[i];
    }
    return NULL;
}

static char *
convert(const char *bytes, gsize length, const char *encoding, GError **error)
{
    gsize written = 0;
    g_autofree char *text =
        g_convert(bytes, (gssize)length, "UTF-8", encoding, NULL, &written, NULL);

    if (text && strlen(text) == written)
        return g_steal_pointer(&text);
    nmm_fail(error,
             NMM_ERROR_BAD_XML,
             _("the file is not valid text in the encoding %s; save it as UTF-8"),
             encoding);
    return NULL;
}

static gboolean
is_utf8(const char *bytes, gsize length)
{
    return g_utf8_validate(bytes, (gssize)length, NULL);
}

/* Without a mark. */
static char *
decode_declared(const char *bytes, gsize length, GError **error)
{
    g_autofree char *declared = read_declared(bytes);
    const char *encoding = declared ? find_declarable(declared) : NULL;
    g_autofree char *shown = declared ? nmm_text_to_display(declared) : NULL;

    /* With an unknown declaration it may still be UTF-8: some editors convert and keep the line. */
    if (is_utf8(bytes, length) && (!encoding || g_str_equal(encoding, "UTF-8")))
        return g_strdup(bytes);
    if (encoding)
        return convert(bytes, length, encoding, error);
    if (declared)
        nmm_fail(
            error,
            NMM_ERROR_BAD_XML,
            _("the file is in the encoding '%s', which import does not read; save it as UTF-8"),
            shown);
    else if (bytes[strspn(bytes, " \t\r\n")] == '<' && !memchr(bytes, '\0', length))
        nmm_fail(error,
                 NMM_ERROR_BAD_XML,
                 _("the file is not UTF-8, and its first line declares no other encoding; save it "
                   "as UTF-8, or add a line such as %s"),
                 "<?xml version='1.0' encoding='ISO-8859-1'?>");
    return NULL;
}

char *
nmm_decode_text(const char *bytes, gsize length, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(marks); i++) {
        if (length >= marks[i].length && memcmp(bytes, marks[i].bytes, marks[i].length) == 0)
            return convert(bytes + marks[i].skip, length - marks[i].skip, marks[i].encoding, error);
    }
    return decode_declared(bytes, length, error);
}
