/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page in either toolkit, loaded by libnm as in GNOME Settings and nm-connection-editor. Needs
 * a display, but neither NetworkManager nor libvirt. Compiled once for each toolkit.
 */

#include "config.h"

#include <dlfcn.h>
#include <string.h>

#include <glib/gstdio.h>

#include "nmm-editor-plugin.h"
#include "nmm-editor.h"
#include "nmm-gtk.h"
#include "nmm-keys.h"
#include "nmm-names.h"

/* Every widget below @widget, itself first. */
static void
collect(GtkWidget *widget, GPtrArray *out)
{
    g_ptr_array_add(out, widget);
#if GTK_CHECK_VERSION(4, 0, 0)
    for (GtkWidget *child = gtk_widget_get_first_child(widget); child;
         child = gtk_widget_get_next_sibling(child))
        collect(child, out);
#else
    if (GTK_IS_CONTAINER(widget)) {
        g_autoptr(GList) children = gtk_container_get_children(GTK_CONTAINER(widget));

        for (const GList *l = children; l; l = l->next)
            collect(l->data, out);
    }
#endif
}

/* As GNOME Settings does: removes the colon and the mnemonic of labels that end in a colon. */
static void
rewrite_labels(GtkWidget *page)
{
    g_autoptr(GPtrArray) widgets = g_ptr_array_new();

    collect(page, widgets);
    for (guint i = 0; i < widgets->len; i++) {
        const char *text;

        if (!GTK_IS_LABEL(widgets->pdata[i]) || gtk_label_get_xalign(widgets->pdata[i]) > 0.0f)
            continue;
        text = gtk_label_get_text(widgets->pdata[i]);
        if (strlen(text) >= 2 && g_str_has_suffix(text, ":")) {
            g_autofree char *cut = g_strndup(text, strlen(text) - 1);

            gtk_label_set_text(widgets->pdata[i], cut);
            gtk_label_set_xalign(widgets->pdata[i], 1.0f);
        }
    }
}

/* (nullable): the mnemonic widget of the label of @key. */
static GtkWidget *
find_input(GtkWidget *page, const char *key)
{
    g_autofree char *text = nmm_gtk_strip_mnemonic(nmm_keys_find(key)->label);
    g_autoptr(GPtrArray) widgets = g_ptr_array_new();

    collect(page, widgets);
    for (guint i = 0; i < widgets->len; i++) {
        if (GTK_IS_LABEL(widgets->pdata[i]) &&
            g_str_equal(gtk_label_get_text(widgets->pdata[i]), text) &&
            gtk_label_get_mnemonic_widget(widgets->pdata[i]))
            return gtk_label_get_mnemonic_widget(widgets->pdata[i]);
    }
    return NULL;
}

static GtkWidget *
find_button(GtkWidget *page, const char *text)
{
    g_autoptr(GPtrArray) widgets = g_ptr_array_new();

    collect(page, widgets);
    for (guint i = 0; i < widgets->len; i++) {
        g_autofree char *label = NULL;

        if (!GTK_IS_CHECK_BUTTON(widgets->pdata[i]))
            continue;
        g_object_get(widgets->pdata[i], "label", &label, NULL);
        if (label) {
            g_autofree char *plain = nmm_gtk_strip_mnemonic(label);

            if (g_str_equal(plain, text))
                return widgets->pdata[i];
        }
    }
    return NULL;
}

static gboolean
is_label_shown(GtkWidget *page, const char *text)
{
    g_autoptr(GPtrArray) widgets = g_ptr_array_new();

    collect(page, widgets);
    for (guint i = 0; i < widgets->len; i++) {
        if (GTK_IS_LABEL(widgets->pdata[i]) && gtk_widget_get_visible(widgets->pdata[i]) &&
            strstr(gtk_label_get_text(widgets->pdata[i]), text))
            return TRUE;
    }
    return FALSE;
}

/* The widget and its ancestors are visible; it need not be drawn yet. */
static gboolean
is_seen(GtkWidget *widget)
{
    while (widget && gtk_widget_get_visible(widget))
        widget = gtk_widget_get_parent(widget);
    return !widget;
}

/* In GTK 4, the child of a closed expander is not in the tree. */
static void
open_expander(GtkWidget *page)
{
    g_autoptr(GPtrArray) widgets = g_ptr_array_new();

    collect(page, widgets);
    for (guint i = 0; i < widgets->len; i++) {
        if (GTK_IS_EXPANDER(widgets->pdata[i]))
            gtk_expander_set_expanded(widgets->pdata[i], TRUE);
    }
}

static NMVpnEditorPlugin *
load_plugin(void)
{
    g_autoptr(GError) error = NULL;
    NMVpnEditorPlugin *plugin =
        nm_vpn_editor_plugin_load_from_file(PLUGIN_PATH, NMM_DBUS_SERVICE, -1, NULL, NULL, &error);

    g_assert_no_error(error);
    return plugin;
}

static NMConnection *
new_connection(void)
{
    NMConnection *connection = nm_simple_connection_new();
    NMSetting *base = nm_setting_connection_new();
    NMSetting *vpn = nm_setting_vpn_new();

    g_object_set(base, NM_SETTING_CONNECTION_ID, "VPN 1", NULL);
    g_object_set(vpn, NM_SETTING_VPN_SERVICE_TYPE, NMM_DBUS_SERVICE, NULL);
    nm_connection_add_setting(connection, base);
    nm_connection_add_setting(connection, vpn);
    return connection;
}

static const char *
item(NMConnection *connection, const char *key)
{
    return nm_setting_vpn_get_data_item(nm_connection_get_setting_vpn(connection), key);
}

static GtkWidget *
put_in_window(GtkWidget *page)
{
#if GTK_CHECK_VERSION(4, 0, 0)
    GtkWidget *window = gtk_window_new();

    gtk_window_set_child(GTK_WINDOW(window), page);
    gtk_window_present(GTK_WINDOW(window));
#else
    GtkWidget *window = gtk_window_new(GTK_WINDOW_TOPLEVEL);

    gtk_container_add(GTK_CONTAINER(window), page);
    /* As nm-connection-editor does: hidden widgets must stay hidden. */
    gtk_widget_show_all(window);
#endif
    return window;
}

static void
destroy_window(GtkWidget *window)
{
#if GTK_CHECK_VERSION(4, 0, 0)
    gtk_window_destroy(GTK_WINDOW(window));
#else
    gtk_widget_destroy(window);
#endif
}

typedef struct {
    NMVpnEditorPlugin *plugin;
    NMConnection *connection;
    NMVpnEditor *editor;
    GtkWidget *page;
    GtkWidget *window;
    guint changes;
} Fixture;

static void
count_change_cb(Fixture *fixture)
{
    fixture->changes++;
}

static void
open_page(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;

    fixture->editor = nm_vpn_editor_plugin_get_editor(fixture->plugin, fixture->connection, &error);
    g_assert_no_error(error);
    g_signal_connect_swapped(fixture->editor, "changed", G_CALLBACK(count_change_cb), fixture);
    fixture->page = GTK_WIDGET(nm_vpn_editor_get_widget(fixture->editor));
    open_expander(fixture->page);
    rewrite_labels(fixture->page);
    fixture->window = put_in_window(fixture->page);
    g_assert_cmpuint(fixture->changes, ==, 0);
}

static void
close_page(Fixture *fixture)
{
    gpointer editor = fixture->editor;

    g_object_add_weak_pointer(editor, &editor);
    destroy_window(fixture->window);
    g_object_unref(fixture->editor);
    g_assert_null(editor);
}

static void
set_up(Fixture *fixture, gconstpointer user_data)
{
    fixture->plugin = load_plugin();
    fixture->connection = new_connection();
}

static void
tear_down(Fixture *fixture, gconstpointer user_data)
{
    g_object_unref(fixture->connection);
    g_object_unref(fixture->plugin);
}

static gboolean
save(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    gboolean saved = nm_vpn_editor_update_connection(fixture->editor, fixture->connection, &error);

    g_assert_true(saved == (error == NULL));
    return saved;
}

static void
test_plugin(Fixture *fixture, gconstpointer user_data)
{
    g_autofree char *name = NULL;
    g_autofree char *description = NULL;
    guint capabilities = nm_vpn_editor_plugin_get_capabilities(fixture->plugin);

    g_object_get(fixture->plugin, "name", &name, "description", &description, NULL);
    g_assert_nonnull(strstr(name, "macvtap"));
    g_assert_true(description[0] != '\0');
    g_assert_cmphex(capabilities,
                    ==,
                    NM_VPN_EDITOR_PLUGIN_CAPABILITY_IMPORT |
                        NM_VPN_EDITOR_PLUGIN_CAPABILITY_EXPORT |
                        NM_VPN_EDITOR_PLUGIN_CAPABILITY_IPV6);
}

/* Without an installed editor, libnm 1.52 gets the capability and older ones an error. Runs in its
 * own process, because a plugin's types cannot be registered twice. */
static void
test_no_editor(void)
{
    g_autoptr(NMVpnEditorPlugin) plugin = NULL;
    g_autoptr(NMConnection) connection = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *directory = NULL;
    g_autofree char *path = NULL;
    g_autofree char *bytes = NULL;
    gsize length;

    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
        g_test_trap_assert_passed();
        return;
    }
    directory = g_dir_make_tmp("nm-macvtap-XXXXXX", &error);
    g_assert_no_error(error);
    path = g_build_filename(directory, "plugin.so", NULL);
    g_assert_true(g_file_get_contents(PLUGIN_PATH, &bytes, &length, &error));
    g_assert_true(g_file_set_contents(path, bytes, (gssize)length, &error));
    plugin = nm_vpn_editor_plugin_load_from_file(path, NMM_DBUS_SERVICE, -1, NULL, NULL, &error);
    g_assert_no_error(error);
    g_assert_true((guint)nm_vpn_editor_plugin_get_capabilities(plugin) & NMM_CAPABILITY_NO_EDITOR);
    connection = new_connection();
    g_assert_null(nm_vpn_editor_plugin_get_editor(plugin, connection, &error));
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, "editor"));
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_rmdir(directory), ==, 0);
}

static void
test_labels(Fixture *fixture, gconstpointer user_data)
{
    gsize n;
    const NmmKeyInfo *keys = nmm_keys_get_all(&n);

    open_page(fixture);
    for (gsize i = 0; i < n; i++) {
        g_autofree char *text = nmm_gtk_strip_mnemonic(keys[i].label);
        GtkWidget *input;

        if (g_str_equal(keys[i].name, NMM_KEY_MODE))
            continue;
        input = keys[i].type == &nmm_key_type_bool ? find_button(fixture->page, text)
                                                   : find_input(fixture->page, keys[i].name);
        g_assert_nonnull(input);
        g_assert_true(gtk_widget_get_can_focus(input) || GTK_IS_COMBO_BOX(input));
        if (keys[i].type != &nmm_key_type_enum) {
            g_autofree char *tooltip = NULL;

            g_object_get(input, "tooltip-text", &tooltip, NULL);
            g_assert_cmpstr(tooltip, ==, keys[i].description);
        }
    }
    close_page(fixture);
}

/* Whether label and input are on the page, even in a closed expander. */
static gboolean
is_shown(Fixture *fixture, const char *key)
{
    GtkWidget *widget = find_input(fixture->page, key);

    for (; widget && widget != fixture->page; widget = gtk_widget_get_parent(widget)) {
        if (!gtk_widget_get_visible(widget))
            return FALSE;
    }
    return widget != NULL;
}

#if GTK_CHECK_VERSION(4, 0, 0)
/* The accessible names of everything that can have the focus. */
static void
test_accessible_names(Fixture *fixture, gconstpointer user_data)
{
    static const char *const buttons[] = {
        "Isolated network",
        "Shared address",
        "Moved address",
        "Isolate guests from each other",
        "Plug in to running guests",
    };
    g_autoptr(GPtrArray) widgets = g_ptr_array_new();
    guint n_lists = 0;

    open_page(fixture);
    for (guint i = 0; i < G_N_ELEMENTS(buttons); i++)
        gtk_test_accessible_assert_property(
            find_button(fixture->page, buttons[i]), GTK_ACCESSIBLE_PROPERTY_LABEL, buttons[i]);
    collect(fixture->page, widgets);
    for (guint i = 0; i < widgets->len; i++) {
        if (GTK_IS_EXPANDER(widgets->pdata[i]))
            gtk_test_accessible_assert_property(
                widgets->pdata[i], GTK_ACCESSIBLE_PROPERTY_LABEL, "More options");
        if (!GTK_IS_TOGGLE_BUTTON(widgets->pdata[i]))
            continue;
        g_assert_true(
            gtk_test_accessible_has_property(widgets->pdata[i], GTK_ACCESSIBLE_PROPERTY_LABEL));
        n_lists++;
    }
    g_assert_cmpuint(n_lists, >, 0);
    close_page(fixture);
}
#endif

/* Visible mnemonics differ; with the same letter, the keyboard would only cycle among them. */
static void
test_mnemonics(Fixture *fixture, gconstpointer user_data)
{
    static const char *const modes[] = {"Isolated network", "Shared address", "Moved address"};

    open_page(fixture);
    for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_autoptr(GPtrArray) widgets = g_ptr_array_new();
        g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

        g_object_set(find_button(fixture->page, modes[i]), "active", TRUE, NULL);
        collect(fixture->page, widgets);
        for (guint j = 0; j < widgets->len; j++) {
            guint letter;

            if (!GTK_IS_LABEL(widgets->pdata[j]) || !is_seen(widgets->pdata[j]))
                continue;
            letter = gtk_label_get_mnemonic_keyval(widgets->pdata[j]);
            g_test_message("%s", gtk_label_get_label(widgets->pdata[j]));
            g_assert_true(letter == GDK_KEY_VoidSymbol ||
                          g_hash_table_add(seen, GUINT_TO_POINTER(letter)));
        }
        g_assert_cmpuint(g_hash_table_size(seen), >=, 9);
    }
    close_page(fixture);
}

static void
test_modes(Fixture *fixture, gconstpointer user_data)
{
    open_page(fixture);
    g_assert_true(is_shown(fixture, "network"));
    g_assert_true(is_shown(fixture, "address"));
    g_assert_false(is_shown(fixture, "link-name"));

    g_object_set(find_button(fixture->page, "Shared address"), "active", TRUE, NULL);
    g_assert_cmpuint(fixture->changes, ==, 1);
    g_assert_false(is_shown(fixture, "network"));
    g_assert_true(is_shown(fixture, "parent"));
    g_assert_true(is_shown(fixture, "link-name"));
    g_assert_true(save(fixture));
    g_assert_cmpstr(item(fixture->connection, "mode"), ==, "share");
    close_page(fixture);
}

static gboolean
has_text(GtkWidget *entry, const char *expected)
{
    g_autofree char *text = gtk_editable_get_chars(GTK_EDITABLE(entry), 0, -1);

    return g_str_equal(text, expected);
}

static void
test_typing(Fixture *fixture, gconstpointer user_data)
{
    open_page(fixture);
    g_object_set(find_input(fixture->page, "network"), "text", "lab", NULL);
    g_object_set(find_input(fixture->page, "address"), "text", "10.9.8.1/24", NULL);
    gtk_combo_box_set_active_id(GTK_COMBO_BOX(find_input(fixture->page, "on-disconnect")),
                                "remove");
    g_object_set(find_button(fixture->page, "Plug in to running guests"), "active", FALSE, NULL);
    g_assert_cmpuint(fixture->changes, ==, 4);
    g_assert_true(save(fixture));
    g_assert_cmpstr(item(fixture->connection, "mode"), ==, "isolated");
    g_assert_cmpstr(item(fixture->connection, "network"), ==, "lab");
    g_assert_cmpstr(item(fixture->connection, "address"), ==, "10.9.8.1/24");
    g_assert_cmpstr(item(fixture->connection, "on-disconnect"), ==, "remove");
    g_assert_cmpstr(item(fixture->connection, "hotplug"), ==, "no");
    close_page(fixture);

    /* Opened again, it shows the saved values and emits no change. */
    fixture->changes = 0;
    open_page(fixture);
    g_assert_true(has_text(find_input(fixture->page, "network"), "lab"));
    g_assert_false(nmm_gtk_is_active(find_button(fixture->page, "Plug in to running guests")));
    g_assert_cmpstr(
        gtk_combo_box_get_active_id(GTK_COMBO_BOX(find_input(fixture->page, "on-disconnect"))),
        ==,
        "remove");
    close_page(fixture);
}

static void
test_error_beside_field(Fixture *fixture, gconstpointer user_data)
{
    GtkWidget *address;

    open_page(fixture);
    address = find_input(fixture->page, "address");
    g_assert_false(is_label_shown(fixture->page, "prefix length"));
    g_object_set(address, "text", "10.9.8.1", NULL);
    g_assert_true(is_label_shown(fixture->page, "has no prefix length"));
    g_assert_false(save(fixture));
    g_assert_null(item(fixture->connection, "mode"));
    g_object_set(address, "text", "10.9.8.1/24", NULL);
    g_assert_false(is_label_shown(fixture->page, "has no prefix length"));
    g_assert_true(save(fixture));
    close_page(fixture);
}

static void
test_foreign_keys(Fixture *fixture, gconstpointer user_data)
{
    nm_setting_vpn_add_data_item(
        nm_connection_get_setting_vpn(fixture->connection), "future-key", "1");
    open_page(fixture);
    g_assert_true(is_label_shown(fixture->page, "future-key"));
    g_assert_true(save(fixture));
    g_assert_cmpstr(item(fixture->connection, "future-key"), ==, "1");
    close_page(fixture);
}

/* Distinguishes profiles for all users from private ones. */
static void
test_private(Fixture *fixture, gconstpointer user_data)
{
    NMSettingConnection *base = nm_connection_get_setting_connection(fixture->connection);

    nm_setting_connection_add_permission(base, "user", "root", NULL);
    open_page(fixture);
    g_assert_false(is_label_shown(fixture->page, "only for"));
    close_page(fixture);

    nm_setting_connection_add_permission(base, "user", "nobody", NULL);
    open_page(fixture);
    g_assert_true(is_label_shown(fixture->page, "only for"));
    g_assert_true(is_label_shown(fixture->page, "one of these groups: "));
    g_assert_true(save(fixture));
    close_page(fixture);
}

/* Without libvirt, the page shows a message, and everything can be typed. */
static void
test_without_libvirt(Fixture *fixture, gconstpointer user_data)
{
    gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;

    open_page(fixture);
    while (!is_label_shown(fixture->page, "libvirt cannot be reached")) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        g_main_context_iteration(NULL, TRUE);
    }
    g_object_set(find_input(fixture->page, "guests"), "text", "web1 \"web 2\"", NULL);
    g_assert_true(save(fixture));
    g_assert_cmpstr(item(fixture->connection, "guests"), ==, "web1 \"web 2\"");
    close_page(fixture);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#if GTK_CHECK_VERSION(4, 0, 0)
    gtk_init();
#else
    gtk_init(&argc, &argv);
#endif
#define ADD(name, function) g_test_add(name, Fixture, NULL, set_up, function, tear_down)
    ADD("/editor/plugin", test_plugin);
    ADD("/editor/labels", test_labels);
#if GTK_CHECK_VERSION(4, 0, 0)
    ADD("/editor/accessible-names", test_accessible_names);
#endif
    ADD("/editor/mnemonics", test_mnemonics);
    ADD("/editor/modes", test_modes);
    ADD("/editor/typing", test_typing);
    ADD("/editor/error-beside-field", test_error_beside_field);
    ADD("/editor/foreign-keys", test_foreign_keys);
    ADD("/editor/private", test_private);
    ADD("/editor/without-libvirt", test_without_libvirt);
#undef ADD
    g_test_add_func("/editor/no-editor", test_no_editor);
    return g_test_run();
}
