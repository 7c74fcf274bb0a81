/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walks every row of the table of keys: what all rows promise, and what each single one says.
 */

#include "config.h"

#include <string.h>

#include "nm-macvtap-keys.h"
#include "nm-macvtap-profile.h"

static const char *const known_names[] = {
    NM_MACVTAP_KEY_MODE,
    NM_MACVTAP_KEY_GUESTS,
    NM_MACVTAP_KEY_EXCLUDE_GUESTS,
    NM_MACVTAP_KEY_PARENT,
    NM_MACVTAP_KEY_NETWORK,
    NM_MACVTAP_KEY_ADDRESS,
    NM_MACVTAP_KEY_ADDRESS6,
    NM_MACVTAP_KEY_DHCP_RANGE,
    NM_MACVTAP_KEY_ISOLATE_GUESTS,
    NM_MACVTAP_KEY_NIC_MODEL,
    NM_MACVTAP_KEY_HOTPLUG,
    NM_MACVTAP_KEY_ON_DISCONNECT,
    NM_MACVTAP_KEY_LINK_NAME,
    NM_MACVTAP_KEY_LIBVIRT_URI,
};

static void
test_names(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    const NMMacvtapKeyInfo *keys;
    gsize n_keys;
    gsize i;

    keys = nm_macvtap_keys_get_all(&n_keys);
    g_assert_cmpuint(n_keys, ==, G_N_ELEMENTS(known_names));
    for (i = 0; i < n_keys; i++) {
        g_assert_true(g_regex_match_simple("^[a-z][a-z0-9-]*$", keys[i].name, 0, 0));
        g_assert_true(g_hash_table_add(seen, (gpointer)keys[i].name));
        g_assert_true(nm_macvtap_keys_find(keys[i].name) == &keys[i]);
    }
    for (i = 0; i < G_N_ELEMENTS(known_names); i++)
        g_assert_nonnull(nm_macvtap_keys_find(known_names[i]));
    g_assert_null(nm_macvtap_keys_find("Mode"));
    g_assert_null(nm_macvtap_keys_find(""));
}

static void
test_values(void)
{
    const NMMacvtapKeyInfo *keys;
    gsize n_keys;
    gsize i;

    keys = nm_macvtap_keys_get_all(&n_keys);
    for (i = 0; i < n_keys; i++) {
        const char *const *choice;
        g_autoptr(GError) error = NULL;

        g_assert_cmpuint(keys[i].modes, !=, 0);
        g_assert_cmpuint(keys[i].modes & ~NM_MACVTAP_MODES_ALL, ==, 0);
        if (keys[i].default_value) {
            nm_macvtap_profile_check_value(&keys[i], keys[i].default_value, &error);
            g_assert_no_error(error);
        }
        if (keys[i].type == NM_MACVTAP_KEY_TYPE_ENUM)
            g_assert_nonnull(keys[i].choices);
        for (choice = keys[i].choices; choice && *choice; choice++) {
            nm_macvtap_profile_check_value(&keys[i], *choice, &error);
            g_assert_no_error(error);
        }
        g_assert_false(nm_macvtap_profile_check_value(&keys[i], "a\tb", NULL));
    }
}

/* Two fields of one editor page must not answer to the same letter. */
static void
test_labels(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    const NMMacvtapKeyInfo *keys;
    gsize n_keys;
    gsize i;

    keys = nm_macvtap_keys_get_all(&n_keys);
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

/* Choices of ENUM keys are used as numbers of their enumeration. */
static void
test_enums(void)
{
    const NMMacvtapKeyInfo *mode = nm_macvtap_keys_find(NM_MACVTAP_KEY_MODE);
    const NMMacvtapKeyInfo *down = nm_macvtap_keys_find(NM_MACVTAP_KEY_ON_DISCONNECT);

    g_assert_cmpstr(mode->choices[NM_MACVTAP_MODE_ISOLATED], ==, "isolated");
    g_assert_cmpstr(mode->choices[NM_MACVTAP_MODE_SHARE], ==, "share");
    g_assert_cmpstr(mode->choices[NM_MACVTAP_MODE_MOVE], ==, "move");
    g_assert_cmpuint(g_strv_length((char **)mode->choices), ==, 3);
    g_assert_cmpstr(nm_macvtap_mode_to_string(NM_MACVTAP_MODE_SHARE), ==, "share");

    g_assert_cmpstr(down->choices[NM_MACVTAP_ON_DISCONNECT_UNPLUG], ==, "unplug");
    g_assert_cmpstr(down->choices[NM_MACVTAP_ON_DISCONNECT_KEEP], ==, "keep");
    g_assert_cmpstr(down->choices[NM_MACVTAP_ON_DISCONNECT_REMOVE], ==, "remove");
    g_assert_cmpuint(g_strv_length((char **)down->choices), ==, 3);
}

/* What is promised to users: defaults, and where a key has an effect. */
static void
test_promises(void)
{
    enum { ALL = NM_MACVTAP_MODES_ALL, ISOLATED = 1, LINK = 6 };
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
        {"libvirt-uri", ALL, "qemu:///system"},
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(rows); i++) {
        const NMMacvtapKeyInfo *key = nm_macvtap_keys_find(rows[i].name);

        g_assert_nonnull(key);
        g_assert_cmpuint(key->modes, ==, rows[i].modes);
        g_assert_cmpstr(key->default_value, ==, rows[i].default_value);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/keys/names", test_names);
    g_test_add_func("/keys/values", test_values);
    g_test_add_func("/keys/labels", test_labels);
    g_test_add_func("/keys/enums", test_enums);
    g_test_add_func("/keys/promises", test_promises);
    return g_test_run();
}
