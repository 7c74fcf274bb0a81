/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The editor never writes a profile that the service refuses. Edits random profiles, with unknown
 * keys among them, at random, and parses every saved profile as the service does.
 */

#include "config.h"

#include <string.h>

#include "model-profile.h"
#include "nmm-error.h"
#include "nmm-profile-reader.h"

static const char *const texts[] = {
    "",
    "all",
    "none",
    "auto",
    "yes",
    "no",
    "isolated",
    "share",
    "move",
    "unplug",
    "keep",
    "remove",
    "default",
    "virtio",
    "e1000e",
    "eth0",
    "nmmveth0",
    "lab",
    "a name",
    "web1",
    "web1 \"web 2\"",
    "\"open",
    "all web1",
    "\\",
    UUID1,
    "10.9.8.1/24",
    "10.9.8.1",
    "10.9.8.0/24",
    "192.168.254.1/24",
    "300.1.1.1/24",
    "10.9.8.2-10.9.8.9",
    "10.9.8.9-10.9.8.2",
    "192.168.254.2-192.168.254.254",
    "fd00::1/64",
    "2001:db8::1/64",
    "qemu:///system",
    "lxc:///system",
    "qemu+ssh://x/system",
    "a/b",
    "a-name-that-is-much-too-long",
    " ",
    "\xc3\xbc",
    "é b",
    "1/2",
    "%d",
    "..",
};

/* A text of the list above, or one with a character added, removed or changed, because typing
 * errors are seldom far from a valid value. */
static char *
random_text(void)
{
    static const char strange[] = "/.-:0 1\"\\'\t,;é=%a";
    GString *text = g_string_new(texts[g_test_rand_int_range(0, G_N_ELEMENTS(texts))]);
    gssize place = text->len > 0 ? g_test_rand_int_range(0, (gint32)text->len) : 0;

    switch (g_test_rand_int_range(0, 8)) {
    case 0:
        if (text->len > 0)
            g_string_erase(text, place, 1);
        break;
    case 1:
        g_string_insert_c(text, place, strange[g_test_rand_int_range(0, sizeof strange - 1)]);
        break;
    case 2:
        if (text->len > 0)
            text->str[place] = strange[g_test_rand_int_range(0, sizeof strange - 1)];
        break;
    default:
        break;
    }
    /* libnm and the toolkits pass only valid UTF-8. */
    if (!g_utf8_validate(text->str, -1, NULL))
        g_string_assign(text, "ü");
    return g_string_free(text, FALSE);
}

static const char *
random_key(void)
{
    gsize n;
    const NmmKeyInfo *keys = nmm_keys_get_all(&n);

    return keys[g_test_rand_int_range(0, (gint32)n)].name;
}

/* Mostly a valid text, so that some whole profiles are valid too. */
static char *
random_value(const char *key)
{
    char *text = random_text();

    for (guint i = 0; i < 60 && g_test_rand_int_range(0, 20) > 0; i++) {
        if (nmm_profile_check_value(nmm_keys_find(key), text, NULL))
            break;
        g_free(text);
        text = random_text();
    }
    return text;
}

static const char *const foreign_keys[] = {"future-key", "Mode", "address4", "zebra"};
static const char *const allowed[] = {"qemu+ssh://x/system", NULL};

/* A profile that any tool may have written. */
static void
fill_at_random(NMConnection *connection)
{
    for (gint32 i = g_test_rand_int_range(0, 20); i > 0; i--) {
        const char *key = random_key();
        g_autofree char *value = random_value(key);

        if (*value)
            put(connection, key, value);
    }
    for (guint i = 0; i < G_N_ELEMENTS(foreign_keys); i++) {
        g_autofree char *value = random_text();

        if (*value && g_test_rand_int_range(0, 12) == 0)
            put(connection, foreign_keys[i], value);
    }
}

/* Edits of a user, in any order. */
static void
edit_at_random(NmmEditorModel *model)
{
    static const char *const modes[] = {"isolated", "share", "move"};

    for (gint32 i = g_test_rand_int_range(0, 20); i > 0; i--) {
        const char *key = random_key();
        g_autofree char *value = random_value(key);

        switch (g_test_rand_int_range(0, 6)) {
        case 0:
            nmm_editor_model_select_guest(model, "web 2", UUID2, g_test_rand_bit());
            break;
        case 1:
            nmm_editor_model_select_guest(model, "all", UUID1, g_test_rand_bit());
            break;
        case 2:
            nmm_editor_model_set(
                model, "mode", modes[g_test_rand_int_range(0, G_N_ELEMENTS(modes))]);
            break;
        default:
            nmm_editor_model_set(model, key, value);
            break;
        }
    }
}

static gboolean
has_visible_error(NmmEditorModel *model)
{
    gsize n;
    const NmmKeyInfo *keys = nmm_keys_get_all(&n);

    for (gsize i = 0; i < n; i++) {
        g_autofree char *message = nmm_editor_model_get_error(model, &keys[i]);

        if (message)
            return TRUE;
    }
    return FALSE;
}

/* The user sees the field, and nothing is written. */
static void
check_refused(NmmEditorModel *model, NMConnection *before, NMConnection *after, const GError *error)
{
    g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_PROFILE);
    g_assert_true(has_visible_error(model));
    g_assert_true(nm_connection_compare(before, after, NM_SETTING_COMPARE_FLAG_EXACT));
}

/* Unknown keys are kept and reported, and nothing else makes the service refuse the profile. */
static gboolean
check_foreign(NmmEditorModel *model, NMConnection *before, NMConnection *after)
{
    g_autofree char *notice = nmm_editor_model_get_notice(model);
    NMSettingVpn *vpn = nm_connection_get_setting_vpn(after);
    gboolean found = FALSE;

    for (guint i = 0; i < G_N_ELEMENTS(foreign_keys); i++) {
        g_assert_cmpstr(item(before, foreign_keys[i]), ==, item(after, foreign_keys[i]));
        if (!item(after, foreign_keys[i]))
            continue;
        g_assert_nonnull(strstr(notice, foreign_keys[i]));
        found = TRUE;
    }
    g_assert_true(found == (notice != NULL));
    for (guint i = 0; found && i < G_N_ELEMENTS(foreign_keys); i++) {
        g_autoptr(NmmProfile) profile = nmm_profile_reader_read(after, allowed, NULL);

        g_assert_true(!profile || !nm_setting_vpn_get_data_item(vpn, foreign_keys[i]));
        nm_setting_vpn_remove_data_item(vpn, foreign_keys[i]);
    }
    return found;
}

static void
check_saved(NMConnection *saved)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(NmmProfile) profile = nmm_profile_reader_read(saved, allowed, &error);
    g_autoptr(NMConnection) again = nm_simple_connection_new_clone(saved);
    g_autoptr(NmmEditorModel) model = NULL;

    g_assert_no_error(error);
    g_assert_nonnull(profile);
    g_assert_true(nm_connection_verify(saved, &error));
    /* Opening and saving it again changes nothing. */
    model = nmm_editor_model_new(again, allowed);
    save(model, again);
    g_assert_true(nm_connection_compare(saved, again, NM_SETTING_COMPARE_FLAG_EXACT));
}

static void
test_never_refused(void)
{
    guint saved[3] = {0}, refused = 0, foreign = 0;

    for (guint round = 0; round < 2500; round++) {
        g_autoptr(NMConnection) connection = new_connection();
        g_autoptr(NMConnection) before = NULL;
        g_autoptr(NmmEditorModel) model = NULL;
        g_autoptr(GError) error = NULL;

        fill_at_random(connection);
        before = nm_simple_connection_new_clone(connection);
        model = nmm_editor_model_new(connection, allowed);
        edit_at_random(model);
        if (!nmm_editor_model_save(model, connection, &error)) {
            check_refused(model, before, connection, error);
            refused++;
            continue;
        }
        g_assert_false(has_visible_error(model));
        if (check_foreign(model, before, connection))
            foreign++;
        check_saved(connection);
        saved[nmm_editor_model_get_mode(model)]++;
    }
    g_test_message(
        "saved: %u isolated, %u share, %u move, of them %u with foreign keys; %u refused",
        saved[0],
        saved[1],
        saved[2],
        foreign,
        refused);
    for (guint i = 0; i < G_N_ELEMENTS(saved); i++)
        g_assert_cmpuint(saved[i], >, 60);
    g_assert_cmpuint(foreign, >, 60);
    g_assert_cmpuint(refused, >, 400);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/editor-model/never-refused", test_never_refused);
    return g_test_run();
}
