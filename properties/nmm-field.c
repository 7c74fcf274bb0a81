/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The row of a key decides its widget: a check button for a BOOL, a list for an ENUM, else an
 * entry, with a list if there is something to suggest. */

#include "config.h"

#include "nmm-field.h"

#include <glib/gi18n-lib.h>

#include "nmm-gtk.h"
#include "nmm-names.h"

#define ENTRY_WIDTH_CHARS 26

/* The window lays its widgets out again some frames from now. */
#define SCROLL_DELAY_MS 60

struct _NmmField {
    const NmmKeyInfo *key;
    NmmEditorModel *model;
    NmmFieldChanged changed;
    gpointer user_data;
    gboolean reloading; /* this file sets the widget, not the user */

    /* Owned, because a window that is destroyed releases its widgets. */
    GtkWidget *label; /* (nullable): a check button has its own */
    GtkWidget *box;   /* beside the label, with: */
    GtkWidget *input; /* the widget as a whole */
    GtkWidget *entry; /* (nullable): the text entry in it */
    GtkWidget *error;
};

static void
set_model(NmmField *field, const char *text)
{
    if (field->reloading)
        return;
    nmm_editor_model_set(field->model, field->key->name, text);
    field->changed(field, field->user_data);
}

static void
entry_changed_cb(GtkWidget *entry, gpointer user_data)
{
    g_autofree char *text = gtk_editable_get_chars(GTK_EDITABLE(entry), 0, -1);

    set_model(user_data, text);
}

static void
check_toggled_cb(GtkWidget *check, gpointer user_data)
{
    set_model(user_data, nmm_gtk_is_active(check) ? "yes" : "no");
}

static void
combo_changed_cb(GtkWidget *combo, gpointer user_data)
{
    const char *word = gtk_combo_box_get_active_id(GTK_COMBO_BOX(combo));

    set_model(user_data, word ?: "");
}

static void
make_check(NmmField *field)
{
    field->input = gtk_check_button_new_with_mnemonic(_(field->key->label));
    nmm_gtk_set_accessible_name(field->input, _(field->key->label));
    g_signal_connect(field->input, "toggled", G_CALLBACK(check_toggled_cb), field);
}

static void
make_combo(NmmField *field)
{
    field->input = gtk_combo_box_text_new();
    for (guint i = 0; field->key->choices[i]; i++) {
        const char *word = field->key->choices[i];
        const char *label = field->key->choice_labels ? _(field->key->choice_labels[i]) : word;

        gtk_combo_box_text_append(GTK_COMBO_BOX_TEXT(field->input), word, label);
    }
    g_signal_connect(field->input, "changed", G_CALLBACK(combo_changed_cb), field);
}

static void
make_entry(NmmField *field, gboolean with_list)
{
    if (with_list) {
        field->input = gtk_combo_box_text_new_with_entry();
        field->entry = nmm_gtk_combo_entry(field->input);
        for (guint i = 0; field->key->choices && field->key->choices[i]; i++)
            gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(field->input),
                                           field->key->choices[i]);
    } else {
        field->input = field->entry = gtk_entry_new();
    }
    g_object_set(field->entry, "width-chars", ENTRY_WIDTH_CHARS, NULL);
    g_signal_connect(field->entry, "changed", G_CALLBACK(entry_changed_cb), field);
}

/* Guests are ticked in a separate list. The editor suggests parents and networks. */
static gboolean
has_list(const NmmKeyInfo *key)
{
    if (key->type == &nmm_key_type_guests)
        return FALSE;
    return key->choices || key->type == &nmm_key_type_network ||
           g_str_equal(key->name, NMM_KEY_PARENT);
}

static void
make_input(NmmField *field)
{
    if (field->key->type == &nmm_key_type_bool)
        make_check(field);
    else if (field->key->type == &nmm_key_type_enum)
        make_combo(field);
    else
        make_entry(field, has_list(field->key));
    if (GTK_IS_COMBO_BOX(field->input))
        nmm_gtk_set_combo_name(field->input, _(field->key->label));
    nmm_gtk_shown(field->input);
    gtk_widget_set_hexpand(field->input, TRUE);
    g_object_ref_sink(field->input);
    if (field->entry)
        g_object_ref(field->entry);
}

/* Right-aligned and without a colon: GNOME Settings rewrites labels that end in a colon, which
 * removes their mnemonic, and aligns the others to the right. */
static void
make_label(NmmField *field)
{
    if (field->key->type == &nmm_key_type_bool)
        return;
    field->label = nmm_gtk_shown(gtk_label_new_with_mnemonic(_(field->key->label)));
    gtk_label_set_xalign(GTK_LABEL(field->label), 1.0f);
    gtk_widget_set_valign(field->label, GTK_ALIGN_START);
    gtk_widget_set_margin_top(field->label, 8);
    gtk_label_set_mnemonic_widget(GTK_LABEL(field->label), field->entry ?: field->input);
    g_object_ref_sink(field->label);
}

NmmField *
nmm_field_new(NmmEditorModel *model,
              const NmmKeyInfo *key,
              NmmFieldChanged changed,
              gpointer user_data)
{
    NmmField *field = g_new0(NmmField, 1);

    field->model = model;
    field->key = key;
    field->changed = changed;
    field->user_data = user_data;
    make_input(field);
    field->error = g_object_ref_sink(nmm_gtk_new_paragraph(NULL, ENTRY_WIDTH_CHARS, "error"));
    make_label(field);
    field->box = nmm_gtk_shown(gtk_box_new(GTK_ORIENTATION_VERTICAL, 0));
    g_object_ref_sink(field->box);
    nmm_gtk_append(field->box, field->input);
    nmm_gtk_append(field->box, field->error);
    nmm_field_reload(field);
    return field;
}

void
nmm_field_free(NmmField *field)
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

const NmmKeyInfo *
nmm_field_get_key(const NmmField *field)
{
    return field->key;
}

void
nmm_field_attach(NmmField *field, GtkGrid *grid, int row, GtkSizeGroup *labels)
{
    if (field->label) {
        gtk_grid_attach(grid, field->label, 0, row, 1, 1);
        gtk_size_group_add_widget(labels, field->label);
    }
    gtk_grid_attach(grid, field->box, 1, row, 1, 1);
}

void
nmm_field_suggest(NmmField *field, const GPtrArray *texts)
{
    GtkComboBoxText *combo = GTK_COMBO_BOX_TEXT(field->input);

    gtk_combo_box_text_remove_all(combo);
    for (guint i = 0; i < texts->len; i++)
        gtk_combo_box_text_append_text(combo, texts->pdata[i]);
}

/* Of a widget that is higher than the window, shows the first page. */
static void
scroll_to(GtkScrolledWindow *scrolled, GtkWidget *widget)
{
    GtkAdjustment *adjustment = gtk_scrolled_window_get_vadjustment(scrolled);
    double page = gtk_adjustment_get_page_size(adjustment);
    double now = gtk_adjustment_get_value(adjustment);
    double top;

    if (nmm_gtk_find_top(widget, GTK_WIDGET(scrolled), &top))
        gtk_adjustment_clamp_page(
            adjustment, now + top, now + top + MIN(page, gtk_widget_get_allocated_height(widget)));
}

static gboolean
scroll_cb(gpointer user_data)
{
    GWeakRef *weak = user_data;
    g_autoptr(GtkWidget) widget = g_weak_ref_get(weak);
    GtkWidget *scrolled = widget ? gtk_widget_get_ancestor(widget, GTK_TYPE_SCROLLED_WINDOW) : NULL;

    g_weak_ref_clear(weak);
    g_free(weak);
    if (scrolled && gtk_widget_get_mapped(widget))
        scroll_to(GTK_SCROLLED_WINDOW(scrolled), widget);
    return G_SOURCE_REMOVE;
}

void
nmm_scroll_into_view(GtkWidget *widget)
{
    GWeakRef *weak = g_new(GWeakRef, 1);

    g_weak_ref_init(weak, widget);
    g_timeout_add(SCROLL_DELAY_MS, scroll_cb, weak);
}

static void
refresh_error(NmmField *field)
{
    GtkWidget *target = field->entry ?: field->input;
    g_autofree char *message = nmm_editor_model_get_error(field->model, field->key);

    if (message && !gtk_widget_get_visible(field->error))
        nmm_scroll_into_view(field->error);
    gtk_label_set_text(GTK_LABEL(field->error), message ?: "");
    nmm_gtk_set_visible(field->error, message != NULL);
    nmm_gtk_set_class(target, "error", message != NULL);
    nmm_gtk_set_invalid(target, field->error, message != NULL);
    gtk_widget_set_tooltip_text(target, message ?: _(field->key->description));
}

void
nmm_field_refresh(NmmField *field)
{
    gboolean shown = nmm_editor_model_is_shown(field->model, field->key);

    if (field->label)
        nmm_gtk_set_visible(field->label, shown);
    nmm_gtk_set_visible(field->box, shown);
    if (field->entry) {
        g_autofree char *placeholder = nmm_editor_model_get_placeholder(field->model, field->key);

        gtk_entry_set_placeholder_text(GTK_ENTRY(field->entry), placeholder);
    }
    refresh_error(field);
}

void
nmm_field_reload(NmmField *field)
{
    const char *name = field->key->name;

    field->reloading = TRUE;
    if (field->entry)
        g_object_set(field->entry, "text", nmm_editor_model_get(field->model, name), NULL);
    else if (field->key->type == &nmm_key_type_bool)
        g_object_set(field->input,
                     "active",
                     g_str_equal(nmm_editor_model_get_effective(field->model, name), "yes"),
                     NULL);
    else
        gtk_combo_box_set_active_id(GTK_COMBO_BOX(field->input),
                                    nmm_editor_model_get_effective(field->model, name));
    field->reloading = FALSE;
    nmm_field_refresh(field);
}
