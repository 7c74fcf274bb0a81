/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes nm-settings-macvtap(5): replaces @KEYS@ in the template by the table of keys, and the name
 * of each example, such as @guests.nmconnection@, by its text. The build runs it, so that the
 * manual always matches the service and the examples that are installed and tested.
 */

#include "config.h"

#include <string.h>

#include "nmm-keys.h"

/* In roff, these characters are escapes or print as typographic ones, and '.' at the start of a
 * line is a request. A reader must be able to copy what the page shows. */
static const struct {
    char character;
    const char *escape;
} escapes[] = {
    {'-', "\\-"},
    {'\\', "\\e"},
    {'\'', "\\(aq"},
    {'`', "\\(ga"},
    {'^', "\\(ha"},
    {'~', "\\(ti"},
};

static const char *
find_escape(char character)
{
    for (gsize i = 0; i < G_N_ELEMENTS(escapes); i++) {
        if (escapes[i].character == character)
            return escapes[i].escape;
    }
    return NULL;
}

static void
append_escaped(GString *out, const char *text)
{
    for (const char *at = text; *at; at++) {
        const char *escape = find_escape(*at);

        if (escape) {
            g_string_append(out, escape);
            continue;
        }
        if (*at == '.' && (at == text || at[-1] == '\n'))
            g_string_append(out, "\\&");
        g_string_append_c(out, *at);
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

static void
replace_keys(GString *page)
{
    g_autoptr(GString) keys = g_string_new(NULL);
    const NmmKeyInfo *infos;
    gsize n;

    infos = nmm_keys_get_all(&n);
    for (gsize i = 0; i < n; i++)
        append_key(keys, &infos[i]);
    replace(page, "@KEYS@\n", keys->str);
}

static gboolean
replace_example(GString *page, const char *path, GError **error)
{
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *placeholder = g_strdup_printf("@%s@\n", name);
    g_autoptr(GString) escaped = g_string_new(NULL);
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, error))
        return FALSE;
    append_escaped(escaped, text);
    replace(page, placeholder, escaped->str);
    return TRUE;
}

static gboolean
write_page(const char *template, const char *output, char **examples, GError **error)
{
    g_autoptr(GString) page = NULL;
    g_autofree char *text = NULL;

    if (!g_file_get_contents(template, &text, NULL, error))
        return FALSE;
    page = g_string_new(text);
    replace(page, "@VERSION@", NMM_VERSION);
    replace_keys(page);
    for (; *examples; examples++) {
        if (!replace_example(page, *examples, error))
            return FALSE;
    }
    return g_file_set_contents(output, page->str, page->len, error);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    if (argc < 3) {
        g_printerr("usage: generate-settings-man TEMPLATE OUTPUT EXAMPLE...\n");
        return 1;
    }
    if (!write_page(argv[1], argv[2], argv + 3, &error)) {
        g_printerr("%s\n", error->message);
        return 1;
    }
    return 0;
}
