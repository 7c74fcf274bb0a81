/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds the page from the model's fields. The page is complete at once; suggestions of guests,
 * networks and devices come later or never, and a user can type everything without them.
 */

#include "config.h"

#include "nmm-editor.h"

#include <glib/gi18n-lib.h>
#include <gtk/gtk.h>

#include "nmm-config.h"
#include "nmm-editor-model.h"
#include "nmm-error.h"
#include "nmm-field.h"
#include "nmm-gtk.h"
#include "nmm-guest-list.h"
#include "nmm-names.h"
#include "nmm-profile-users.h"

struct _NmmEditor {
    GObject parent_instance;
    NmmEditorModel *model;
    NmmHypervisorMaker maker;
    GPtrArray *fields; /* (element-type NmmField), in the order of the table of keys */
    NmmGuestList *guests;
    GtkWidget *widget;
    GtkWidget *advanced;

    GCancellable *devices_cancellable;
    GCancellable *choices_cancellable;
    char *choices_uri; /* (nullable): the libvirt whose choices are shown or being loaded */
};

static void editor_iface_init(NMVpnEditorInterface *iface);

G_DEFINE_TYPE_WITH_CODE(NmmEditor,
                        nmm_editor,
                        G_TYPE_OBJECT,
                        G_IMPLEMENT_INTERFACE(NM_TYPE_VPN_EDITOR, editor_iface_init))

static NmmField *
find_field(NmmEditor *self, const char *key)
{
    for (guint i = 0; i < self->fields->len; i++) {
        NmmField *field = self->fields->pdata[i];

        if (g_str_equal(nmm_field_get_key(field)->name, key))
            return field;
    }
    return NULL;
}

static void
emit_changed(NmmEditor *self)
{
    g_signal_emit_by_name(self, "changed");
}

static void
refresh(NmmEditor *self)
{
    for (guint i = 0; i < self->fields->len; i++)
        nmm_field_refresh(self->fields->pdata[i]);
}

/* (transfer full): for weak_take(); a call to libvirt may outlive the editor. */
static GWeakRef *
weak_new(NmmEditor *self)
{
    GWeakRef *weak = g_new(GWeakRef, 1);

    g_weak_ref_init(weak, self);
    return weak;
}

/* (transfer full) (nullable): NULL: the page was closed meanwhile. */
static NmmEditor *
weak_take(GWeakRef *weak)
{
    NmmEditor *self = g_weak_ref_get(weak);

    g_weak_ref_clear(weak);
    g_free(weak);
    return self;
}

static void
choices_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(NmmEditor) self = weak_take(user_data);
    g_autoptr(GError) error = NULL;
    g_autoptr(NmmSuggestions) choices = nmm_suggestions_load_finish(result, &error);

    if (!self || g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    if (!choices) {
        g_debug("cannot list guests to choose from: %s", error->message);
        nmm_guest_list_show_message(
            self->guests, _("libvirt cannot be reached; guests can be typed in by name."));
        return;
    }
    nmm_field_suggest(find_field(self, NMM_KEY_NETWORK), choices->networks);
    nmm_guest_list_show(self->guests, choices);
}

static void
load_choices(NmmEditor *self)
{
    const char *uri = nmm_editor_model_get_effective(self->model, NMM_KEY_LIBVIRT_URI);

    if (g_strcmp0(uri, self->choices_uri) == 0 || !nmm_suggestions_is_safe_uri(uri))
        return;
    g_free(self->choices_uri);
    self->choices_uri = g_strdup(uri);
    g_cancellable_cancel(self->choices_cancellable);
    g_clear_object(&self->choices_cancellable);
    self->choices_cancellable = g_cancellable_new();
    nmm_guest_list_show_message(self->guests, _("Looking for guests…"));
    nmm_suggestions_load_async(
        self->maker, uri, self->choices_cancellable, choices_cb, weak_new(self));
}

static void
devices_cb(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(NmmEditor) self = weak_take(user_data);
    g_autoptr(GError) error = NULL;
    g_autoptr(NMClient) client = nm_client_new_finish(result, &error);
    g_autoptr(GPtrArray) parents = NULL;

    if (!client) {
        g_debug("cannot list devices to choose from: %s", error->message);
        return;
    }
    if (!self)
        return;
    parents = nmm_suggestions_list_parents(nm_client_get_devices(client));
    nmm_field_suggest(find_field(self, NMM_KEY_PARENT), parents);
}

static void
field_changed_cb(NmmField *field, gpointer user_data)
{
    NmmEditor *self = user_data;
    const NmmKeyInfo *key = nmm_field_get_key(field);

    refresh(self);
    if (key->type == &nmm_key_type_guests)
        nmm_guest_list_refresh(self->guests);
    else if (key->type == &nmm_key_type_uri)
        load_choices(self);
    emit_changed(self);
}

static void
guests_changed_cb(gpointer user_data)
{
    NmmEditor *self = user_data;

    nmm_field_reload(find_field(self, NMM_KEY_GUESTS));
    nmm_field_reload(find_field(self, NMM_KEY_EXCLUDE_GUESTS));
    nmm_guest_list_refresh(self->guests);
    refresh(self);
    emit_changed(self);
}

/* Where the text of a radio button begins. */
#define RADIO_INDENT 28

static void
mode_toggled_cb(GtkWidget *radio, gpointer user_data)
{
    NmmEditor *self = user_data;

    if (!nmm_gtk_is_active(radio))
        return;
    nmm_editor_model_set(
        self->model, NMM_KEY_MODE, g_object_get_data(G_OBJECT(radio), "nm-macvtap-mode"));
    refresh(self);
    emit_changed(self);
}

static GtkWidget *
append_mode(GtkWidget *box, GtkWidget *group, NmmMode mode)
{
    const NmmModeInfo *info = nmm_mode_get_info(mode);
    GtkWidget *radio = nmm_gtk_shown(nmm_gtk_new_radio(group, _(info->title)));
    GtkWidget *sentence = nmm_gtk_new_paragraph(_(info->description), 60, "dim-label");

    nmm_gtk_set_accessible_name(radio, _(info->title));
    gtk_widget_set_tooltip_text(radio, _(info->description));
    g_object_set_data(G_OBJECT(radio), "nm-macvtap-mode", (gpointer)nmm_mode_to_string(mode));
    gtk_widget_set_margin_start(sentence, RADIO_INDENT);
    gtk_widget_set_margin_bottom(sentence, 4);
    nmm_gtk_append(box, radio);
    nmm_gtk_append(box, nmm_gtk_shown(sentence));
    return radio;
}

/* Radio buttons instead of a list, because a user needs the sentences to choose. */
static GtkWidget *
make_mode_choice(NmmEditor *self)
{
    GtkWidget *box = nmm_gtk_shown(gtk_box_new(GTK_ORIENTATION_VERTICAL, 0));
    GtkWidget *radios[_NMM_MODE_NUM];

    for (guint i = 0; i < _NMM_MODE_NUM; i++)
        radios[i] = append_mode(box, i > 0 ? radios[0] : NULL, (NmmMode)i);
    g_object_set(radios[nmm_editor_model_get_mode(self->model)], "active", TRUE, NULL);
    for (guint i = 0; i < _NMM_MODE_NUM; i++)
        g_signal_connect_object(radios[i], "toggled", G_CALLBACK(mode_toggled_cb), self, 0);
    return box;
}

static GtkWidget *
make_grid(void)
{
    GtkWidget *grid = nmm_gtk_shown(gtk_grid_new());

    gtk_grid_set_column_spacing(GTK_GRID(grid), 12);
    gtk_grid_set_row_spacing(GTK_GRID(grid), 6);
    return grid;
}

static void
append_notice(NmmEditor *self, const char *text)
{
    GtkWidget *label = nmm_gtk_new_paragraph(text, 60, "warning");

    nmm_gtk_append(self->widget, nmm_gtk_shown(label));
}

/* In the words of the surrounding window: GNOME Settings or nm-connection-editor. */
static const char *
get_share_hint(void)
{
    if (GTK_MAJOR_VERSION >= 4)
        return _("This profile is only for users who may not manage libvirt, so it cannot "
                 "be switched on. Once it is added, open it again and tick \"Make available to "
                 "other users\" under Details.");
    return _("This profile is only for users who may not manage libvirt, so it cannot be switched "
             "on. Tick \"All users may connect to this network\" under General.");
}

/* (transfer full) */
static char *
build_private_notice(const char *const *admin_groups)
{
    g_autofree char *names = nmm_profile_users_describe_groups(admin_groups);
    g_autofree char *groups =
        g_strdup_printf(_("Or ask an administrator to add you to one of these groups: %s."), names);

    return *admin_groups ? g_strjoin(" ", get_share_hint(), groups, NULL)
                         : g_strdup(get_share_hint());
}

/* Without a notice, the window would only show a switch that turns itself off again. GNOME Settings
 * makes every new profile private. */
static void
append_private_notice(NmmEditor *self, NMConnection *connection, const NmmConfig *config)
{
    const char *const *groups = (const char *const *)config->admin_groups;
    g_autoptr(GError) error = NULL;
    g_autofree char *notice = NULL;

    if (nmm_profile_users_check(connection, groups, &error) ||
        !g_error_matches(error, NMM_ERROR, NMM_ERROR_DENIED))
        return;
    notice = build_private_notice(groups);
    append_notice(self, notice);
}

/* @config: (nullable): NULL with @config_error */
static void
append_notices(NmmEditor *self,
               NMConnection *connection,
               const NmmConfig *config,
               const GError *config_error)
{
    g_autofree char *foreign = nmm_editor_model_get_notice(self->model);

    if (foreign)
        append_notice(self, foreign);
    if (config)
        append_private_notice(self, connection, config);
    else
        append_notice(self, config_error->message);
}

/* A profile with such a key opens the options. */
static gboolean
has_advanced(NmmEditor *self)
{
    gsize n;
    const NmmKeyInfo *keys = nmm_keys_get_all(&n);

    for (gsize i = 0; i < n; i++) {
        if (!keys[i].is_basic && nmm_editor_model_is_shown(self->model, &keys[i]) &&
            *nmm_editor_model_get(self->model, keys[i].name))
            return TRUE;
    }
    return FALSE;
}

static void
attach_fields(NmmEditor *self, GtkGrid *plain, GtkGrid *advanced)
{
    gsize n;
    const NmmKeyInfo *keys = nmm_keys_get_all(&n);
    g_autoptr(GtkSizeGroup) labels = gtk_size_group_new(GTK_SIZE_GROUP_HORIZONTAL);
    int row = 0;

    for (gsize i = 0; i < n; i++) {
        NmmField *field;

        if (g_str_equal(keys[i].name, NMM_KEY_MODE))
            continue;
        field = nmm_field_new(self->model, &keys[i], field_changed_cb, self);
        g_ptr_array_add(self->fields, field);
        nmm_field_attach(field, keys[i].is_basic ? plain : advanced, row++, labels);
        if (g_str_equal(keys[i].name, NMM_KEY_GUESTS))
            gtk_grid_attach(plain, nmm_guest_list_get_widget(self->guests), 1, row++, 1, 1);
    }
}

static void
expanded_cb(GtkExpander *expander, GParamSpec *pspec, gpointer user_data)
{
    if (gtk_expander_get_expanded(expander))
        nmm_scroll_into_view(user_data);
}

static void
build_page(NmmEditor *self,
           NMConnection *connection,
           const NmmConfig *config,
           const GError *config_error)
{
    GtkWidget *plain = make_grid();
    GtkWidget *advanced = make_grid();

    self->widget = nmm_gtk_shown(gtk_box_new(GTK_ORIENTATION_VERTICAL, 12));
    g_object_ref_sink(self->widget);
    append_notices(self, connection, config, config_error);
    nmm_gtk_append(self->widget, make_mode_choice(self));
    nmm_gtk_append(self->widget, plain);
    self->advanced = nmm_gtk_shown(gtk_expander_new_with_mnemonic(_("_More options")));
    nmm_gtk_set_accessible_name(self->advanced, _("_More options"));
    g_object_set(self->advanced, "child", advanced, NULL);
    nmm_gtk_append(self->widget, self->advanced);
    attach_fields(self, GTK_GRID(plain), GTK_GRID(advanced));
    gtk_widget_set_margin_top(advanced, 6);
    gtk_expander_set_expanded(GTK_EXPANDER(self->advanced), has_advanced(self));
    g_signal_connect_object(
        self->advanced, "notify::expanded", G_CALLBACK(expanded_cb), advanced, 0);
}

static GObject *
get_widget(NMVpnEditor *editor)
{
    return G_OBJECT(NMM_EDITOR(editor)->widget);
}

static gboolean
update_connection(NMVpnEditor *editor, NMConnection *connection, GError **error)
{
    return nmm_editor_model_save(NMM_EDITOR(editor)->model, connection, error);
}

static void
editor_iface_init(NMVpnEditorInterface *iface)
{
    iface->get_widget = get_widget;
    iface->update_connection = update_connection;
}

static void
dispose(GObject *object)
{
    NmmEditor *self = NMM_EDITOR(object);

    g_cancellable_cancel(self->devices_cancellable);
    g_clear_object(&self->devices_cancellable);
    g_cancellable_cancel(self->choices_cancellable);
    g_clear_object(&self->choices_cancellable);
    g_clear_pointer(&self->fields, g_ptr_array_unref);
    g_clear_pointer(&self->guests, nmm_guest_list_free);
    g_clear_object(&self->widget);

    G_OBJECT_CLASS(nmm_editor_parent_class)->dispose(object);
}

static void
finalize(GObject *object)
{
    NmmEditor *self = NMM_EDITOR(object);

    g_free(self->choices_uri);
    nmm_editor_model_free(self->model);

    G_OBJECT_CLASS(nmm_editor_parent_class)->finalize(object);
}

static void
nmm_editor_class_init(NmmEditorClass *klass)
{
    G_OBJECT_CLASS(klass)->dispose = dispose;
    G_OBJECT_CLASS(klass)->finalize = finalize;
}

static void
nmm_editor_init(NmmEditor *self)
{
    self->fields = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_field_free);
}

NMVpnEditor *
nmm_editor_new(NMConnection *connection, NmmHypervisorMaker maker)
{
    NmmEditor *self = g_object_new(NMM_TYPE_EDITOR, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(NmmConfig) config = nmm_config_read(NMM_CONFIG_FILE, &error);

    self->maker = maker;
    self->model =
        nmm_editor_model_new(connection, config ? (const char *const *)config->libvirt_uris : NULL);
    self->guests = nmm_guest_list_new(self->model, guests_changed_cb, self);
    build_page(self, connection, config, error);
    load_choices(self);
    self->devices_cancellable = g_cancellable_new();
    nm_client_new_async(self->devices_cancellable, devices_cb, weak_new(self));
    return NM_VPN_EDITOR(self);
}
