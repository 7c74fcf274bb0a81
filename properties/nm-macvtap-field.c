/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which widget a key gets follows from its row in the table: a check button for yes and no, a list
 * for words, an entry for the rest, with a list beside it where there is something to suggest.
 */

#include "config.h"

#include "nm-macvtap-field.h"

#include <glib/gi18n-lib.h>

#include "nm-macvtap-gtk.h"
#include "nm-macvtap-names.h"
#include "nm-macvtap-reveal.h"

#define ENTRY_WIDTH_CHARS 26

struct _NMMacvtapField {
    const NMMacvtapKeyInfo *key;
    NMMacvtapEditorModel *model;
    NMMacvtapFieldChanged changed;
    gpointer user_data;
    gboolean reloading; /* the widget is being set, not the user's doing */

    /* Owned by the field: a window that is destroyed takes its widgets apart. */
    GtkWidget *label; /* (nullable): a check button has its own */
    GtkWidget *box;   /* what stands beside the label: */
    GtkWidget *input; /* the widget as a whole */
    GtkWidget *entry; /* (nullable): where one types */
    GtkWidget *error;
};

static void
set_model(NMMacvtapField *field, const char *text)
{
    if (field->reloading)
        return;
    nm_macvtap_editor_model_set(field->model, field->key->name, text);
    field->changed(field, field->user_data);
}

static void
entry_changed_cb(GtkWidget *entry, gpointer user_data)
{
    set_model(user_data, nm_macvtap_gtk_get_text(entry));
}

static void
check_toggled_cb(GtkWidget *check, gpointer user_data)
{
    set_model(user_data, nm_macvtap_gtk_is_active(check) ? "yes" : "no");
}

static void
combo_changed_cb(GtkWidget *combo, gpointer user_data)
{
    const char *word = gtk_combo_box_get_active_id(GTK_COMBO_BOX(combo));

    set_model(user_data, word ?: "");
}

/*****************************************************************************/

static void
make_check(NMMacvtapField *field)
{
    field->input = gtk_check_button_new_with_mnemonic(_(field->key->label));
    nm_macvtap_gtk_set_accessible_name(field->input, _(field->key->label));
    g_signal_connect(field->input, "toggled", G_CALLBACK(check_toggled_cb), field);
}

static void
make_combo(NMMacvtapField *field)
{
    field->input = gtk_combo_box_text_new();
    for (guint i = 0; field->key->choices[i]; i++) {
        const char *word = field->key->choices[i];
        const NMMacvtapChoiceText *text =
            nm_macvtap_editor_model_find_choice_text(field->key, word);

        gtk_combo_box_text_append(
            GTK_COMBO_BOX_TEXT(field->input), word, text ? _(text->title) : word);
    }
    g_signal_connect(field->input, "changed", G_CALLBACK(combo_changed_cb), field);
}

static void
make_entry(NMMacvtapField *field, gboolean with_list)
{
    if (with_list) {
        field->input = gtk_combo_box_text_new_with_entry();
        field->entry = nm_macvtap_gtk_combo_entry(field->input);
        for (guint i = 0; field->key->choices && field->key->choices[i]; i++)
            gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(field->input),
                                           field->key->choices[i]);
    } else {
        field->input = field->entry = gtk_entry_new();
    }
    nm_macvtap_gtk_set_width_chars(field->entry, ENTRY_WIDTH_CHARS);
    g_signal_connect(field->entry, "changed", G_CALLBACK(entry_changed_cb), field);
}

static void
make_input(NMMacvtapField *field)
{
    switch (field->key->type) {
    case NM_MACVTAP_KEY_TYPE_BOOL:
        make_check(field);
        break;
    case NM_MACVTAP_KEY_TYPE_ENUM:
        make_combo(field);
        break;
    case NM_MACVTAP_KEY_TYPE_IFNAME:
        /* The host's link is a new one: there is nothing to choose from. */
        make_entry(field, g_str_equal(field->key->name, NM_MACVTAP_KEY_PARENT));
        break;
    case NM_MACVTAP_KEY_TYPE_NETWORK:
    case NM_MACVTAP_KEY_TYPE_ADDRESS6:
    case NM_MACVTAP_KEY_TYPE_DHCP_RANGE:
    case NM_MACVTAP_KEY_TYPE_NIC_MODEL:
    case NM_MACVTAP_KEY_TYPE_URI:
        make_entry(field, TRUE);
        break;
    case NM_MACVTAP_KEY_TYPE_GUESTS:
    case NM_MACVTAP_KEY_TYPE_ADDRESS4:
        make_entry(field, FALSE);
        break;
    }
    if (GTK_IS_COMBO_BOX(field->input))
        nm_macvtap_gtk_set_combo_name(field->input, _(field->key->label));
    nm_macvtap_gtk_shown(field->input);
    gtk_widget_set_hexpand(field->input, TRUE);
    g_object_ref_sink(field->input);
    if (field->entry)
        g_object_ref(field->entry);
}

/* No colon and to the right: GNOME Settings rewrites labels that end in one, which costs them their
 * mnemonic, and then puts them there itself. */
static void
make_label(NMMacvtapField *field)
{
    if (field->key->type == NM_MACVTAP_KEY_TYPE_BOOL)
        return;
    field->label = nm_macvtap_gtk_shown(gtk_label_new_with_mnemonic(_(field->key->label)));
    gtk_label_set_xalign(GTK_LABEL(field->label), 1.0f);
    gtk_widget_set_valign(field->label, GTK_ALIGN_START);
    gtk_widget_set_margin_top(field->label, 8);
    gtk_label_set_mnemonic_widget(GTK_LABEL(field->label), field->entry ?: field->input);
    g_object_ref_sink(field->label);
}

/**
 * nm_macvtap_field_new:
 * @model: the model, which must outlive the field
 * @key: the row of the table
 * @changed: called for what the user does
 * @user_data: for @changed
 *
 * Returns: (transfer full): the field, showing what the model has
 */
NMMacvtapField *
nm_macvtap_field_new(NMMacvtapEditorModel *model,
                     const NMMacvtapKeyInfo *key,
                     NMMacvtapFieldChanged changed,
                     gpointer user_data)
{
    NMMacvtapField *field = g_new0(NMMacvtapField, 1);

    field->model = model;
    field->key = key;
    field->changed = changed;
    field->user_data = user_data;
    make_input(field);
    field->error =
        g_object_ref_sink(nm_macvtap_gtk_new_paragraph(NULL, ENTRY_WIDTH_CHARS, "error"));
    make_label(field);
    field->box = nm_macvtap_gtk_shown(gtk_box_new(GTK_ORIENTATION_VERTICAL, 0));
    g_object_ref_sink(field->box);
    nm_macvtap_gtk_append(field->box, field->input);
    nm_macvtap_gtk_append(field->box, field->error);
    nm_macvtap_field_reload(field);
    return field;
}

/**
 * nm_macvtap_field_free:
 * @field: (transfer full): the field; widgets that are still in a window stay there, but do nothing
 */
void
nm_macvtap_field_free(NMMacvtapField *field)
{
    g_signal_handlers_disconnect_by_data(field->input, field);
    if (field->entry)
        g_signal_handlers_disconnect_by_data(field->entry, field);
    g_clear_object(&field->label);
    g_clear_object(&field->entry);
    g_object_unref(field->input);
    g_object_unref(field->error);
    g_object_unref(field->box);
    g_free(field);
}

/**
 * nm_macvtap_field_get_key:
 * @field: a field
 *
 * Returns: its row in the table
 */
const NMMacvtapKeyInfo *
nm_macvtap_field_get_key(const NMMacvtapField *field)
{
    return field->key;
}

/**
 * nm_macvtap_field_attach:
 * @field: a field
 * @grid: a grid of two columns
 * @row: where to put it
 * @labels: of labels that are to be equally wide
 */
void
nm_macvtap_field_attach(NMMacvtapField *field, GtkGrid *grid, int row, GtkSizeGroup *labels)
{
    if (field->label) {
        gtk_grid_attach(grid, field->label, 0, row, 1, 1);
        gtk_size_group_add_widget(labels, field->label);
    }
    gtk_grid_attach(grid, field->box, 1, row, 1, 1);
}

/**
 * nm_macvtap_field_suggest:
 * @field: a field with a list
 * @texts: (element-type utf8): what the list offers; what was typed stays
 */
void
nm_macvtap_field_suggest(NMMacvtapField *field, const GPtrArray *texts)
{
    GtkComboBoxText *combo = GTK_COMBO_BOX_TEXT(field->input);

    gtk_combo_box_text_remove_all(combo);
    for (guint i = 0; i < texts->len; i++)
        gtk_combo_box_text_append_text(combo, texts->pdata[i]);
}

/*****************************************************************************/

static void
refresh_error(NMMacvtapField *field)
{
    GtkWidget *target = field->entry ?: field->input;
    g_autofree char *message = nm_macvtap_editor_model_get_error(field->model, field->key);

    if (message && !gtk_widget_get_visible(field->error))
        nm_macvtap_reveal(field->error);
    gtk_label_set_text(GTK_LABEL(field->error), message ?: "");
    nm_macvtap_gtk_set_visible(field->error, message != NULL);
    nm_macvtap_gtk_set_class(target, "error", message != NULL);
    nm_macvtap_gtk_set_invalid(target, field->error, message != NULL);
    gtk_widget_set_tooltip_text(target, message ?: _(field->key->description));
}

/**
 * nm_macvtap_field_refresh:
 * @field: a field
 *
 * Shows what changed around the text: whether the mode has such a key, the default, the error.
 */
void
nm_macvtap_field_refresh(NMMacvtapField *field)
{
    gboolean shown = nm_macvtap_editor_model_is_shown(field->model, field->key);

    if (field->label)
        nm_macvtap_gtk_set_visible(field->label, shown);
    nm_macvtap_gtk_set_visible(field->box, shown);
    if (field->entry) {
        g_autofree char *placeholder =
            nm_macvtap_editor_model_get_placeholder(field->model, field->key);

        gtk_entry_set_placeholder_text(GTK_ENTRY(field->entry), placeholder);
    }
    refresh_error(field);
}

/**
 * nm_macvtap_field_reload:
 * @field: a field
 *
 * Shows the model's text, and refreshes.
 */
void
nm_macvtap_field_reload(NMMacvtapField *field)
{
    const char *name = field->key->name;

    field->reloading = TRUE;
    if (field->entry)
        nm_macvtap_gtk_set_text(field->entry, nm_macvtap_editor_model_get(field->model, name));
    else if (field->key->type == NM_MACVTAP_KEY_TYPE_BOOL)
        nm_macvtap_gtk_set_active(
            field->input,
            g_str_equal(nm_macvtap_editor_model_get_effective(field->model, name), "yes"));
    else
        gtk_combo_box_set_active_id(GTK_COMBO_BOX(field->input),
                                    nm_macvtap_editor_model_get_effective(field->model, name));
    field->reloading = FALSE;
    nm_macvtap_field_refresh(field);
}
