/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "nmm-text.h"

#include <string.h>

#define DISPLAY_MAX_CHARS 64

/* What a terminal may execute, or what changes the order or the lines of the text around it. */
static gboolean
is_control(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return TRUE;
    case G_UNICODE_FORMAT:
        return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    default:
        return FALSE;
    }
}

char *
nmm_text_clean(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *clean = g_string_new(NULL);

    for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        g_string_append_unichar(clean, is_control(c) ? 0xfffd : c);
    }
    return g_string_free(clean, FALSE);
}

char *
nmm_text_to_message(const char *text, guint max)
{
    /* A character has at most four bytes; one that is cut here comes after the last one shown. */
    gsize size = strnlen(text, ((gsize)max + 1) * 4);
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)size);
    GString *shown = g_string_new(NULL);
    guint n = 0;

    for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (n++ == max) {
            g_string_append(shown, "…");
            break;
        }
        if (is_control(c))
            g_string_append_printf(shown, c > 0xff ? "\\u%04x" : "\\x%02x", c);
        else
            g_string_append_unichar(shown, c);
    }
    return g_string_free(shown, FALSE);
}

char *
nmm_text_to_display(const char *text)
{
    return nmm_text_to_message(text, DISPLAY_MAX_CHARS);
}

guint
nmm_text_width(const char *text)
{
    guint width = 0;

    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (g_unichar_iszerowidth(c))
            continue;
        width += g_unichar_iswide(c) ? 2 : 1;
    }
    return width;
}
