/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Walks every row of the table of modes and checks its invariants.
 */

#include "config.h"

#include <string.h>

#include "nmm-keys.h"
#include "nmm-lock-key.h"

static NmmProfile *
parse(const char *mode)
{
    g_autoptr(GHashTable) data = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GError) error = NULL;
    NmmProfile *profile;

    g_hash_table_insert(data, (gpointer) "mode", (gpointer)mode);
    profile = nmm_profile_parse("id", "uuid", NULL, data, NULL, &error);
    g_assert_no_error(error);
    return profile;
}

static void
test_names(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (int mode = 0; mode < _NMM_MODE_NUM; mode++) {
        const char *name = nmm_mode_to_string((NmmMode)mode);
        g_autoptr(NmmProfile) profile = NULL;

        g_assert_true(g_regex_match_simple("^[a-z][a-z0-9-]*$", name, 0, 0));
        g_assert_true(g_hash_table_add(seen, (gpointer)name));
        profile = parse(name);
        g_assert_cmpint(profile->mode, ==, mode);
    }
    g_assert_null(nmm_mode_names[_NMM_MODE_NUM]);
}

/* The editor shows the titles on one page with the labels of the keys. */
static void
test_texts(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    gsize n_keys;
    const NmmKeyInfo *keys = nmm_keys_get_all(&n_keys);

    for (gsize i = 0; i < n_keys; i++) {
        if (!g_str_equal(keys[i].name, NMM_KEY_MODE))
            g_hash_table_add(seen, GINT_TO_POINTER(strchr(keys[i].label, '_')[1] | 0x20));
    }
    for (int mode = 0; mode < _NMM_MODE_NUM; mode++) {
        const NmmModeInfo *info = nmm_mode_get_info((NmmMode)mode);
        const char *mnemonic = strchr(info->title, '_');

        g_assert_nonnull(mnemonic);
        g_test_message("%s", info->title);
        g_assert_true(g_hash_table_add(seen, GINT_TO_POINTER(mnemonic[1] | 0x20)));
        g_assert_true(g_str_has_suffix(info->description, "."));
    }
}

static void
test_answers(void)
{
    for (int mode = 0; mode < _NMM_MODE_NUM; mode++) {
        const NmmModeInfo *info = nmm_mode_get_info((NmmMode)mode);

        g_assert_true(info->has_network || info->has_host_link);
        g_assert_true(info->has_host_link || (!info->routes_guests && !info->moves_configuration));
        g_assert_cmpstr(nmm_mode_get_target((NmmMode)mode, "net", "eth0"),
                        ==,
                        info->has_network ? "net" : "eth0");
    }
}

/* Two profiles of one mode never serve the same target. */
static void
test_locks(void)
{
    for (int mode = 0; mode < _NMM_MODE_NUM; mode++) {
        g_autoptr(NmmProfile) profile = parse(nmm_mode_to_string((NmmMode)mode));
        g_autoptr(GPtrArray) keys = nmm_lock_key_list(profile, "nmmveth0", "eth0");

        g_assert_cmpuint(keys->len, >, 0);
        g_assert_nonnull(nmm_lock_key_find_shared(keys, keys));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mode/names", test_names);
    g_test_add_func("/mode/texts", test_texts);
    g_test_add_func("/mode/answers", test_answers);
    g_test_add_func("/mode/locks", test_locks);
    return g_test_run();
}
