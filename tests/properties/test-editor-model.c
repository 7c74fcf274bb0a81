/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The editor without its widgets. */

#include "config.h"

#include <string.h>

#include "model-profile.h"
#include "nmm-error.h"
#include "nmm-selection.h"

static void
assert_error(NmmEditorModel *model, const char *key, const char *part)
{
    g_autofree char *message = nmm_editor_model_get_error(model, nmm_keys_find(key));

    if (!part) {
        g_assert_cmpstr(message, ==, NULL);
        return;
    }
    g_assert_nonnull(message);
    g_assert_nonnull(strstr(message, part));
    /* The label of the field already names the key. */
    g_assert_null(strstr(message, "vpn.data"));
}

static void
test_new_profile(void)
{
    g_autoptr(NMConnection) connection = new_connection();
    g_autoptr(NmmEditorModel) model = nmm_editor_model_new(connection, NULL);
    g_autoptr(NMConnection) bare = nm_simple_connection_new();
    g_autoptr(NmmEditorModel) bare_model = nmm_editor_model_new(bare, NULL);
    gsize n;
    const NmmKeyInfo *keys = nmm_keys_get_all(&n);

    for (gsize i = 0; i < n; i++) {
        g_assert_cmpstr(nmm_editor_model_get(model, keys[i].name), ==, "");
        assert_error(model, keys[i].name, NULL);
    }
    g_assert_cmpint(nmm_editor_model_get_mode(model), ==, NMM_MODE_ISOLATED);
    g_assert_null(nmm_editor_model_get_notice(model));
    save(model, connection);
    g_assert_cmpuint(count_items(connection), ==, 1);
    g_assert_cmpstr(item(connection, "mode"), ==, "isolated");
    save(bare_model, bare);
    g_assert_cmpstr(item(bare, "mode"), ==, "isolated");
}

static void
test_every_choice_has_text(void)
{
    gsize n;
    const NmmKeyInfo *keys = nmm_keys_get_all(&n);
    guint seen = 0;

    for (gsize i = 0; i < n; i++) {
        for (guint j = 0; keys[i].type == &nmm_key_type_enum && keys[i].choices[j]; j++) {
            const NmmModeInfo *mode = nmm_mode_get_info((NmmMode)j);
            gboolean is_mode = g_str_equal(keys[i].name, "mode");
            const char *text = is_mode ? mode->title : keys[i].choice_labels[j];

            g_assert_nonnull(text);
            g_assert_true(text[0] != '\0');
            g_assert_true(!is_mode || mode->description);
            seen++;
        }
    }
    g_assert_cmpuint(seen, >=, 6);
    g_assert_null(nmm_keys_find("nic-model")->choice_labels);
}

static void
test_set_and_unset(void)
{
    g_autoptr(NMConnection) connection = new_connection();
    g_autoptr(NmmEditorModel) model = NULL;

    put(connection, "hotplug", "yes");
    put(connection, "network", "lab");
    model = nmm_editor_model_new(connection, NULL);
    save(model, connection);
    /* A default that the profile states is kept. */
    g_assert_cmpstr(item(connection, "hotplug"), ==, "yes");

    nmm_editor_model_set(model, "network", "  new name ");
    nmm_editor_model_set(model, "hotplug", "no");
    g_assert_cmpstr(nmm_editor_model_get(model, "network"), ==, "new name");
    g_assert_cmpstr(nmm_editor_model_get_effective(model, "on-disconnect"), ==, "unplug");
    save(model, connection);
    g_assert_cmpstr(item(connection, "network"), ==, "new name");
    g_assert_cmpstr(item(connection, "hotplug"), ==, "no");

    nmm_editor_model_set(model, "network", " ");
    nmm_editor_model_set(model, "hotplug", "yes");
    save(model, connection);
    g_assert_cmpuint(count_items(connection), ==, 1);
}

static void
test_modes(void)
{
    g_autoptr(NMConnection) connection = new_connection();
    g_autoptr(NmmEditorModel) model = NULL;
    const NmmKeyInfo *network = nmm_keys_find("network");
    const NmmKeyInfo *link_name = nmm_keys_find("link-name");

    put(connection, "mode", "share");
    put(connection, "network", "lab");
    model = nmm_editor_model_new(connection, NULL);
    g_assert_cmpint(nmm_editor_model_get_mode(model), ==, NMM_MODE_SHARE);
    g_assert_false(nmm_editor_model_is_shown(model, network));
    g_assert_true(nmm_editor_model_is_shown(model, link_name));

    nmm_editor_model_set(model, "mode", "isolated");
    g_assert_true(nmm_editor_model_is_shown(model, network));
    g_assert_false(nmm_editor_model_is_shown(model, link_name));

    /* A hidden value is kept unless it is bad, because the user could not see why saving fails. */
    nmm_editor_model_set(model, "network", "a/b");
    nmm_editor_model_set(model, "address", "10.0.0.1/24");
    assert_error(model, "network", "not a valid name of a libvirt network");
    nmm_editor_model_set(model, "mode", "move");
    assert_error(model, "network", NULL);
    save(model, connection);
    g_assert_cmpstr(item(connection, "mode"), ==, "move");
    g_assert_cmpstr(item(connection, "address"), ==, "10.0.0.1/24");
    g_assert_null(item(connection, "network"));
}

static void
test_bad_choice(void)
{
    g_autoptr(NMConnection) connection = new_connection();
    g_autoptr(NmmEditorModel) model = NULL;

    put(connection, "mode", "bridge");
    put(connection, "hotplug", "maybe");
    model = nmm_editor_model_new(connection, NULL);
    g_assert_cmpint(nmm_editor_model_get_mode(model), ==, NMM_MODE_ISOLATED);
    save(model, connection);
    g_assert_cmpstr(item(connection, "mode"), ==, "isolated");
    g_assert_null(item(connection, "hotplug"));
}

static void
test_errors(void)
{
    g_autoptr(NMConnection) connection = new_connection();
    g_autoptr(NMConnection) before = NULL;
    g_autoptr(NmmEditorModel) model = nmm_editor_model_new(connection, NULL);
    g_autoptr(GError) error = NULL;

    nmm_editor_model_set(model, "address", "10.9.8.1");
    assert_error(model, "address", "prefix length");
    nmm_editor_model_set(model, "address", "10.9.8.1/24");
    assert_error(model, "address", NULL);

    /* Wrong only together: the error is shown at the field to correct. */
    nmm_editor_model_set(model, "dhcp-range", "10.9.9.1-10.9.9.9");
    assert_error(model, "dhcp-range", "10.9.8.0/24");
    assert_error(model, "address", NULL);

    before = nm_simple_connection_new_clone(connection);
    g_assert_false(nmm_editor_model_save(model, connection, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_PROFILE);
    g_assert_nonnull(strstr(error->message, "dhcp-range"));
    g_assert_true(nm_connection_compare(before, connection, NM_SETTING_COMPARE_FLAG_EXACT));

    nmm_editor_model_set(model, "dhcp-range", "");
    nmm_editor_model_set(model, "libvirt-uri", "qemu:///session");
    assert_error(model, "libvirt-uri", "not allowed");
    nmm_editor_model_set(model, "libvirt-uri", "");
    nmm_editor_model_set(model, "mode", "share");
    nmm_editor_model_set(model, "parent", "eth0");
    nmm_editor_model_set(model, "link-name", "eth0");
    assert_error(model, "link-name", "parent");
    assert_error(model, "parent", NULL);
}

static void
test_allowed_uri(void)
{
    static const char *const allowed[] = {"qemu:///session", NULL};
    g_autoptr(NMConnection) connection = new_connection();
    g_autoptr(NmmEditorModel) model = nmm_editor_model_new(connection, allowed);

    nmm_editor_model_set(model, "libvirt-uri", "qemu:///session");
    assert_error(model, "libvirt-uri", NULL);
    save(model, connection);
    g_assert_cmpstr(item(connection, "libvirt-uri"), ==, "qemu:///session");
}

static void
test_foreign_keys(void)
{
    g_autoptr(NMConnection) connection = new_connection();
    g_autoptr(NmmEditorModel) model = NULL;
    g_autofree char *notice = NULL;

    put(connection, "zebra", "1");
    put(connection, "future-key", "a b");
    model = nmm_editor_model_new(connection, NULL);
    notice = nmm_editor_model_get_notice(model);
    g_assert_nonnull(strstr(notice, "future-key, zebra"));
    nmm_editor_model_set(model, "network", "lab");
    save(model, connection);
    g_assert_cmpstr(item(connection, "zebra"), ==, "1");
    g_assert_cmpstr(item(connection, "future-key"), ==, "a b");
    g_assert_cmpstr(item(connection, "network"), ==, "lab");
}

static void
assert_placeholder(NmmEditorModel *model, const char *key, const char *expected)
{
    g_autofree char *text = nmm_editor_model_get_placeholder(model, nmm_keys_find(key));

    g_assert_cmpstr(text, ==, expected);
}

static void
test_placeholders(void)
{
    g_autoptr(NMConnection) connection = new_connection();
    g_autoptr(NmmEditorModel) model = nmm_editor_model_new(connection, NULL);

    assert_placeholder(model, "network", "isolated");
    assert_placeholder(model, "guests", "All");
    assert_placeholder(model, "exclude-guests", "None");
    assert_placeholder(model, "dhcp-range", "The whole subnet");
    assert_placeholder(model, "parent", "Any");
    nmm_editor_model_set(model, "address", "10.9.8.1/24");
    assert_placeholder(model, "dhcp-range", "10.9.8.2-10.9.8.254");
    nmm_editor_model_set(model, "address", "fd00::1/64");
    assert_placeholder(model, "dhcp-range", "The whole subnet");
    nmm_editor_model_set(model, "mode", "share");
    assert_placeholder(model, "parent", "The device with the default route");
    assert_placeholder(model, "link-name", "Automatic");
    nmm_editor_model_set(model, "parent", "eth0");
    assert_placeholder(model, "link-name", "nmmveth0");
}

static void
assert_texts(const NmmSelection *selection, const char *guests, const char *exclude)
{
    g_assert_cmpstr(selection->guests, ==, guests);
    g_assert_cmpstr(selection->exclude, ==, exclude);
}

static void
test_selection(void)
{
    g_auto(NmmSelection) s = {NULL};

    g_assert_true(nmm_selection_has(&s, "web1", UUID1));
    g_assert_true(nmm_selection_set(&s, "web 1", UUID1, FALSE));
    assert_texts(&s, NULL, "\"web 1\"");
    g_assert_false(nmm_selection_has(&s, "web 1", UUID1));
    g_assert_true(nmm_selection_has(&s, "web2", UUID2));
    g_assert_true(nmm_selection_set(&s, "web 1", UUID1, TRUE));
    assert_texts(&s, NULL, "");

    /* A list of names or UUIDs; names of missing guests are kept. */
    s.guests = g_strdup("gone " UUID1);
    g_assert_true(nmm_selection_has(&s, "web1", UUID1));
    g_assert_false(nmm_selection_has(&s, "web2", UUID2));
    g_assert_true(nmm_selection_set(&s, "web2", UUID2, TRUE));
    assert_texts(&s, "gone " UUID1 " web2", "");
    g_assert_true(nmm_selection_set(&s, "web1", UUID1, FALSE));
    assert_texts(&s, "gone web2", "");
    g_assert_true(nmm_selection_set(&s, "gone", "x", FALSE));
    assert_texts(&s, "web2", "");

    /* The last one, because an empty list would mean all guests. */
    g_assert_true(nmm_selection_set(&s, "web2", UUID2, FALSE));
    assert_texts(&s, "web2", "web2");
    g_assert_false(nmm_selection_has(&s, "web2", UUID2));
    g_assert_true(nmm_selection_set(&s, "web2", UUID2, TRUE));
    assert_texts(&s, "web2", "");
}

static void
test_selection_corners(void)
{
    g_auto(NmmSelection) s = {g_strdup("all"), NULL};
    g_auto(NmmSelection) twice = {g_strdup("web1 " UUID1), NULL};
    g_auto(NmmSelection) open_quote = {g_strdup("\"web1"), g_strdup("")};

    /* A guest named "all" is listed by its UUID, which can be combined with others. */
    g_assert_true(nmm_selection_set(&s, "all", UUID1, FALSE));
    assert_texts(&s, "all", UUID1);
    g_assert_true(nmm_selection_set(&s, "all", UUID1, TRUE));
    g_free(s.guests);
    s.guests = g_strdup("web2");
    g_assert_true(nmm_selection_set(&s, "all", UUID1, TRUE));
    assert_texts(&s, "web2 " UUID1, "");

    g_assert_true(nmm_selection_set(&twice, "web1", UUID1, FALSE));
    g_assert_false(nmm_selection_has(&twice, "web1", UUID1));
    g_assert_false(nmm_selection_has(&twice, "web2", UUID2));

    g_assert_false(nmm_selection_has(&open_quote, "web1", UUID1));
    g_assert_false(nmm_selection_set(&open_quote, "web1", UUID1, TRUE));
    assert_texts(&open_quote, "\"web1", "");
}

static void
test_select_guests(void)
{
    g_autoptr(NMConnection) connection = new_connection();
    g_autoptr(NmmEditorModel) model = nmm_editor_model_new(connection, NULL);

    g_assert_true(nmm_editor_model_is_guest_selected(model, "web1", UUID1));
    g_assert_true(nmm_editor_model_select_guest(model, "web1", UUID1, FALSE));
    g_assert_false(nmm_editor_model_is_guest_selected(model, "web1", UUID1));
    save(model, connection);
    g_assert_cmpstr(item(connection, "exclude-guests"), ==, "web1");
    g_assert_null(item(connection, "guests"));
    g_assert_true(nmm_editor_model_select_guest(model, "web1", UUID1, TRUE));
    save(model, connection);
    g_assert_null(item(connection, "exclude-guests"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/editor-model/new-profile", test_new_profile);
    g_test_add_func("/editor-model/every-choice-has-text", test_every_choice_has_text);
    g_test_add_func("/editor-model/set-and-unset", test_set_and_unset);
    g_test_add_func("/editor-model/modes", test_modes);
    g_test_add_func("/editor-model/bad-choice", test_bad_choice);
    g_test_add_func("/editor-model/errors", test_errors);
    g_test_add_func("/editor-model/allowed-uri", test_allowed_uri);
    g_test_add_func("/editor-model/foreign-keys", test_foreign_keys);
    g_test_add_func("/editor-model/placeholders", test_placeholders);
    g_test_add_func("/editor-model/selection", test_selection);
    g_test_add_func("/editor-model/selection-corners", test_selection_corners);
    g_test_add_func("/editor-model/select-guests", test_select_guests);
    return g_test_run();
}
