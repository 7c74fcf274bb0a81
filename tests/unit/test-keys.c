/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks every row of the table of keys: invariants of all rows, and the facts of each. */

#include "config.h"

#include <string.h>

#include "nmm-keys.h"
#include "nmm-profile.h"

static void
test_names(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    const NmmKeyInfo *keys;
    gsize n_keys;
    gsize i;

    keys = nmm_keys_get_all(&n_keys);
    for (i = 0; i < n_keys; i++) {
        g_assert_true(g_regex_match_simple("^[a-z][a-z0-9-]*$", keys[i].name, 0, 0));
        g_assert_true(g_hash_table_add(seen, (gpointer)keys[i].name));
        g_assert_true(nmm_keys_find(keys[i].name) == &keys[i]);
    }
    g_assert_null(nmm_keys_find("Mode"));
    g_assert_null(nmm_keys_find(""));
}

/* Every NMM_KEY_… of the header has a row, and every row one of them. */
static void
test_macros(void)
{
    g_autofree char *path =
        g_canonicalize_filename("../../nm-plugin/core/profile/nmm-keys.h", TEST_DATA_DIR);
    g_autofree char *header = NULL;
    g_autoptr(GRegex) regex = NULL;
    g_autoptr(GMatchInfo) match = NULL;
    g_autoptr(GError) error = NULL;
    gsize n_macros = 0;
    gsize n_keys;

    g_file_get_contents(path, &header, NULL, &error);
    g_assert_no_error(error);
    regex = g_regex_new("^#define NMM_KEY_\\w+ +\"(.*)\"$", G_REGEX_MULTILINE, 0, &error);
    g_assert_no_error(error);
    g_regex_match(regex, header, 0, &match);
    for (; g_match_info_matches(match); g_match_info_next(match, NULL)) {
        g_autofree char *name = g_match_info_fetch(match, 1);

        g_assert_nonnull(nmm_keys_find(name));
        n_macros++;
    }
    nmm_keys_get_all(&n_keys);
    g_assert_cmpuint(n_macros, ==, n_keys);
}

static void
test_values(void)
{
    const NmmKeyInfo *keys;
    gsize n_keys;
    gsize i;

    keys = nmm_keys_get_all(&n_keys);
    for (i = 0; i < n_keys; i++) {
        const char *const *choice;
        g_autoptr(GError) error = NULL;

        g_assert_cmpuint(keys[i].modes, !=, 0);
        g_assert_cmpuint(keys[i].modes & ~NMM_MODES_ALL, ==, 0);
        if (keys[i].default_value) {
            nmm_profile_check_value(&keys[i], keys[i].default_value, &error);
            g_assert_no_error(error);
        }
        if (keys[i].type == &nmm_key_type_enum)
            g_assert_nonnull(keys[i].choices);
        for (choice = keys[i].choices; choice && *choice; choice++) {
            nmm_profile_check_value(&keys[i], *choice, &error);
            g_assert_no_error(error);
        }
        g_assert_false(nmm_profile_check_value(&keys[i], "a\tb", NULL));
    }
}

static void
add_bytes(GHashTable *written, gsize offset, gsize size)
{
    g_assert_cmpuint(offset, >, 0);
    g_assert_cmpuint(offset + size, <=, sizeof(NmmProfile));
    for (gsize i = offset; i < offset + size; i++)
        g_assert_true(g_hash_table_add(written, GSIZE_TO_POINTER(i)));
}

/* Every row writes another field, which has the size of the row's type. */
static void
test_fields(void)
{
    g_autoptr(GHashTable) written = g_hash_table_new(NULL, NULL);
    gsize n_keys;
    const NmmKeyInfo *keys = nmm_keys_get_all(&n_keys);

    for (gsize i = 0; i < n_keys; i++) {
        g_assert_cmpuint(keys[i].size, ==, keys[i].type->size);
        add_bytes(written, keys[i].offset, keys[i].size);
        if (keys[i].state_offset)
            add_bytes(written, keys[i].state_offset, sizeof(int));
    }
}

/* A row alone makes its key readable: no value of any key aborts the parser, and the field stays
 * zero if the value is refused. */
static void
test_parse_every_row(void)
{
    static const char *const values[] = {"yes",
                                         "no",
                                         "none",
                                         "auto",
                                         "all",
                                         "share",
                                         "x",
                                         "0",
                                         "a b",
                                         "\"",
                                         "-",
                                         "1-2",
                                         "/",
                                         ":",
                                         "%"};
    static const char zero[sizeof(NmmProfile)];
    gsize n_keys;
    const NmmKeyInfo *keys = nmm_keys_get_all(&n_keys);

    for (gsize i = 0; i < n_keys * G_N_ELEMENTS(values); i++) {
        const NmmKeyInfo *key = &keys[i % n_keys];
        const char *value = values[i / n_keys];
        g_autoptr(GHashTable) data = g_hash_table_new(g_str_hash, g_str_equal);
        g_autoptr(GError) error = NULL;
        g_autoptr(NmmProfile) profile = NULL;
        NmmProfile scratch = {0};

        g_hash_table_insert(data, (gpointer)key->name, (gpointer)value);
        profile = nmm_profile_parse("id", "uuid", NULL, data, NULL, &error);
        g_assert_true((profile != NULL) == (error == NULL));
        if (!nmm_value_parse(key, value, &scratch, NULL))
            g_assert_cmpmem(&scratch, sizeof(scratch), zero, sizeof(zero));
        nmm_value_clear(key, &scratch);
    }
}

/* Mnemonics of one editor page differ. */
static void
test_labels(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    const NmmKeyInfo *keys;
    gsize n_keys;
    gsize i;

    keys = nmm_keys_get_all(&n_keys);
    for (i = 0; i < n_keys; i++) {
        const char *mnemonic = strchr(keys[i].label, '_');

        g_assert_nonnull(mnemonic);
        g_assert_true(g_ascii_isalnum(mnemonic[1]));
        g_assert_null(strchr(mnemonic + 1, '_'));
        g_assert_true(g_hash_table_add(seen, GINT_TO_POINTER(g_ascii_tolower(mnemonic[1]))));
        g_assert_null(strchr(keys[i].label, ':'));
        g_assert_true(g_regex_match_simple("^[A-Z][^.]*[^. ]\\.$", keys[i].description, 0, 0));
    }
}

/* The index of a choice is its number in the enumeration. */
static void
test_enums(void)
{
    const NmmKeyInfo *mode = nmm_keys_find(NMM_KEY_MODE);
    const NmmKeyInfo *down = nmm_keys_find(NMM_KEY_ON_DISCONNECT);

    g_assert_cmpstr(mode->choices[NMM_MODE_ISOLATED], ==, "isolated");
    g_assert_cmpstr(mode->choices[NMM_MODE_SHARE], ==, "share");
    g_assert_cmpstr(mode->choices[NMM_MODE_MOVE], ==, "move");
    g_assert_cmpuint(g_strv_length((char **)mode->choices), ==, _NMM_MODE_NUM);
    g_assert_cmpstr(nmm_mode_to_string(NMM_MODE_SHARE), ==, "share");

    g_assert_cmpstr(down->choices[NMM_ON_DISCONNECT_UNPLUG], ==, "unplug");
    g_assert_cmpstr(down->choices[NMM_ON_DISCONNECT_KEEP], ==, "keep");
    g_assert_cmpstr(down->choices[NMM_ON_DISCONNECT_REMOVE], ==, "remove");
    g_assert_cmpuint(g_strv_length((char **)down->choices), ==, 3);
}

/* Promises to users: the default of a key, and the modes in which it has an effect. */
static void
test_promises(void)
{
    enum { ISOLATED = 1, SHARE = 2, MOVE = 4, LINK = 6, ALL = ISOLATED | LINK };
    static const struct {
        const char *name;
        guint modes;
        const char *default_value;
    } rows[] = {
        {"mode", ALL, "isolated"},
        {"guests", ALL, "all"},
        {"exclude-guests", ALL, ""},
        {"parent", ALL, NULL},
        {"network", ISOLATED, "isolated"},
        {"address", ISOLATED, NULL},
        {"address6", ISOLATED, "none"},
        {"dhcp-range", ISOLATED, NULL},
        {"isolate-guests", ISOLATED, "no"},
        {"nic-model", ISOLATED, "virtio"},
        {"hotplug", ISOLATED, "yes"},
        {"on-disconnect", ISOLATED, "unplug"},
        {"link-name", LINK, NULL},
        {"mac", MOVE, "parent"},
        {"trusted-addresses", SHARE, ""},
        {"peers", SHARE, "guests"},
        {"multicast", LINK, "yes"},
        {"guest-names", ALL, "yes"},
        {"libvirt-uri", ALL, "qemu:///system"},
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        const NmmKeyInfo *key = nmm_keys_find(rows[i].name);

        g_assert_nonnull(key);
        g_assert_cmpuint(key->modes & ALL, ==, rows[i].modes);
        g_assert_cmpstr(key->default_value, ==, rows[i].default_value);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/keys/names", test_names);
    g_test_add_func("/keys/macros", test_macros);
    g_test_add_func("/keys/values", test_values);
    g_test_add_func("/keys/fields", test_fields);
    g_test_add_func("/keys/parse-every-row", test_parse_every_row);
    g_test_add_func("/keys/labels", test_labels);
    g_test_add_func("/keys/enums", test_enums);
    g_test_add_func("/keys/promises", test_promises);
    return g_test_run();
}
