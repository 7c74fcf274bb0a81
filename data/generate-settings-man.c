/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes nm-settings-macvtap(5): replaces @KEYS@ in the template by the table of keys. The build runs
 * it, so that the manual always matches the service.
 */

#include "config.h"

#include <string.h>

#include "nmm-keys.h"

/* In roff, '-' is a hyphen, '\' an escape, and '.' or ''' at the start of a line a request. */
static void
append_escaped(GString *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '-' || *text == '\\')
            g_string_append_c(out, '\\');
        g_string_append_c(out, *text);
    }
}

static void
append_modes(GString *out, const NmmKeyInfo *key)
{
    gboolean is_first = TRUE;

    if (key->modes == NMM_MODES_ALL)
        return;
    g_string_append(out, "Only in mode");
    for (int mode = 0; mode < _NMM_MODE_NUM; mode++) {
        if (nmm_keys_has_mode(key, (NmmMode)mode)) {
            g_string_append_printf(
                out, "%s \\fB%s\\fR", is_first ? "" : " or", nmm_mode_to_string(mode));
            is_first = FALSE;
        }
    }
    g_string_append(out, ".\n");
}

static void
append_key(GString *out, const NmmKeyInfo *key)
{
    g_string_append(out, ".TP\n.B ");
    append_escaped(out, key->name);
    g_string_append_c(out, '\n');
    append_escaped(out, key->description);
    g_string_append_c(out, '\n');
    append_modes(out, key);
    if (key->choices && key->choices[0]) {
        g_string_append(out, key->type == &nmm_key_type_enum ? "Values:" : "Predefined values:");
        for (gsize i = 0; key->choices[i]; i++) {
            g_string_append(out, i ? ", \\fB" : " \\fB");
            append_escaped(out, key->choices[i]);
            g_string_append(out, "\\fR");
        }
        g_string_append(out, ".\n");
    }
    if (key->default_value && key->default_value[0]) {
        g_string_append(out, "Default: \\fB");
        append_escaped(out, key->default_value);
        g_string_append(out, "\\fR.\n");
    }
}

static void
replace(GString *text, const char *placeholder, const char *value)
{
    if (g_string_replace(text, placeholder, value, 1) != 1)
        g_error("the template has no %s", placeholder);
}

int
main(int argc, char **argv)
{
    g_autoptr(GString) keys = g_string_new(NULL);
    g_autoptr(GString) page = NULL;
    g_autofree char *template = NULL;
    g_autoptr(GError) error = NULL;
    const NmmKeyInfo *infos;
    gsize n;

    if (argc != 3 || !g_file_get_contents(argv[1], &template, NULL, &error)) {
        g_printerr("%s\n", error ? error->message : "usage: generate-settings-man TEMPLATE OUTPUT");
        return 1;
    }
    infos = nmm_keys_get_all(&n);
    for (gsize i = 0; i < n; i++)
        append_key(keys, &infos[i]);

    page = g_string_new(template);
    replace(page, "@VERSION@", NMM_VERSION);
    replace(page, "@KEYS@\n", keys->str);
    if (!g_file_set_contents(argv[2], page->str, page->len, &error)) {
        g_printerr("%s\n", error->message);
        return 1;
    }
    return 0;
}
