/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Adds a thousand guests a few at a time, so that the window never freezes. */

#include "config.h"

#include "nmm-guest-list.h"

#include <glib/gi18n-lib.h>

#include "nmm-gtk.h"

#define ROWS_AT_A_TIME 25
#define MAX_HEIGHT     150

struct _NmmGuestList {
    NmmEditorModel *model;
    NmmGuestListChanged changed;
    gpointer user_data;
    gboolean refreshing; /* this file sets the check boxes, not the user */

    NmmSuggestions *choices; /* (nullable) */
    GPtrArray *checks;       /* (element-type GtkWidget): of the first choices->guests */
    guint fill_id;           /* idle source, while there are more to add */

    /* Owned, because a window that is destroyed releases its widgets. */
    GtkWidget *widget;
    GtkWidget *message;
    GtkWidget *frame; /* around the scrolled window */
    GtkWidget *scrolled;
    GtkWidget *rows;
};

static void
toggled_cb(GtkWidget *check, gpointer user_data)
{
    NmmGuestList *list = user_data;
    const NmmGuestChoice *guest;

    if (list->refreshing)
        return;
    guest = g_object_get_data(G_OBJECT(check), "nm-macvtap-guest");
    nmm_editor_model_select_guest(list->model, guest->name, guest->uuid, nmm_gtk_is_active(check));
    list->changed(list->user_data);
}

static void
append_guest(NmmGuestList *list, NmmGuestChoice *guest)
{
    g_autofree char *text = guest->lower ? g_strdup_printf("%s (%s)", guest->name, guest->lower)
                                         : g_strdup(guest->name);
    GtkWidget *check = nmm_gtk_shown(gtk_check_button_new_with_label(text));

    g_object_set(check,
                 "active",
                 nmm_editor_model_is_guest_selected(list->model, guest->name, guest->uuid),
                 NULL);
    g_object_set_data(G_OBJECT(check), "nm-macvtap-guest", guest);
    g_signal_connect(check, "toggled", G_CALLBACK(toggled_cb), list);
    gtk_widget_set_margin_start(check, 6);
    gtk_widget_set_margin_end(check, 6);
    nmm_gtk_append(list->rows, check);
    g_ptr_array_add(list->checks, g_object_ref(check));
}

/* Scrolls only if the rows are too high: a window that is already open gives a list that may scroll
 * no more than its minimum height. */
static void
fit_height(NmmGuestList *list)
{
    GtkScrolledWindow *scrolled = GTK_SCROLLED_WINDOW(list->scrolled);
    gboolean fits = nmm_gtk_measure_height(list->rows) <= MAX_HEIGHT;

    gtk_scrolled_window_set_policy(
        scrolled, GTK_POLICY_NEVER, fits ? GTK_POLICY_NEVER : GTK_POLICY_AUTOMATIC);
    gtk_scrolled_window_set_min_content_height(scrolled, fits ? -1 : MAX_HEIGHT);
}

static gboolean
fill_cb(gpointer user_data)
{
    NmmGuestList *list = user_data;
    GPtrArray *guests = list->choices->guests;

    for (guint i = 0; i < ROWS_AT_A_TIME && list->checks->len < guests->len; i++)
        append_guest(list, guests->pdata[list->checks->len]);
    fit_height(list);
    if (list->checks->len < guests->len)
        return G_SOURCE_CONTINUE;
    list->fill_id = 0;
    return G_SOURCE_REMOVE;
}

static void
clear_rows(NmmGuestList *list)
{
    g_clear_handle_id(&list->fill_id, g_source_remove);
    for (guint i = 0; i < list->checks->len; i++) {
        GtkWidget *check = list->checks->pdata[i];

        g_signal_handlers_disconnect_by_data(check, list);
        nmm_gtk_remove(list->rows, check);
    }
    g_ptr_array_set_size(list->checks, 0);
}

NmmGuestList *
nmm_guest_list_new(NmmEditorModel *model, NmmGuestListChanged changed, gpointer user_data)
{
    NmmGuestList *list = g_new0(NmmGuestList, 1);

    list->model = model;
    list->changed = changed;
    list->user_data = user_data;
    list->checks = g_ptr_array_new_with_free_func(g_object_unref);
    list->widget = nmm_gtk_shown(gtk_box_new(GTK_ORIENTATION_VERTICAL, 6));
    g_object_ref_sink(list->widget);
    list->message = g_object_ref_sink(nmm_gtk_new_paragraph(NULL, 40, "dim-label"));
    list->frame = g_object_ref_sink(gtk_frame_new(NULL));
    list->rows = g_object_ref_sink(nmm_gtk_shown(gtk_box_new(GTK_ORIENTATION_VERTICAL, 0)));
    list->scrolled = g_object_ref_sink(nmm_gtk_shown(g_object_new(GTK_TYPE_SCROLLED_WINDOW, NULL)));
    gtk_widget_set_margin_top(list->rows, 3);
    gtk_widget_set_margin_bottom(list->rows, 3);
    g_object_set(list->scrolled, "child", list->rows, NULL);
    g_object_set(list->frame, "child", list->scrolled, NULL);
    fit_height(list);
    nmm_gtk_set_visible(list->frame, FALSE);
    nmm_gtk_set_visible(list->message, FALSE);
    nmm_gtk_append(list->widget, list->frame);
    nmm_gtk_append(list->widget, list->message);
    return list;
}

void
nmm_guest_list_free(NmmGuestList *list)
{
    g_clear_handle_id(&list->fill_id, g_source_remove);
    for (guint i = 0; i < list->checks->len; i++)
        g_signal_handlers_disconnect_by_data(list->checks->pdata[i], list);
    g_ptr_array_unref(list->checks);
    g_clear_pointer(&list->choices, nmm_suggestions_unref);
    g_object_unref(list->message);
    g_object_unref(list->rows);
    g_object_unref(list->scrolled);
    g_object_unref(list->frame);
    g_object_unref(list->widget);
    g_free(list);
}

GtkWidget *
nmm_guest_list_get_widget(NmmGuestList *list)
{
    return list->widget;
}

void
nmm_guest_list_show_message(NmmGuestList *list, const char *message)
{
    gtk_label_set_text(GTK_LABEL(list->message), message);
    nmm_gtk_set_visible(list->message, TRUE);
    nmm_gtk_set_visible(list->frame, FALSE);
}

void
nmm_guest_list_show(NmmGuestList *list, NmmSuggestions *choices)
{
    clear_rows(list);
    g_clear_pointer(&list->choices, nmm_suggestions_unref);
    list->choices = nmm_suggestions_ref(choices);
    if (choices->guests->len == 0) {
        nmm_guest_list_show_message(
            list, _("No guest has a macvtap interface yet; those that get one are served too."));
        return;
    }
    nmm_gtk_set_visible(list->message, FALSE);
    nmm_gtk_set_visible(list->frame, TRUE);
    list->fill_id = g_idle_add(fill_cb, list);
}

void
nmm_guest_list_refresh(NmmGuestList *list)
{
    list->refreshing = TRUE;
    for (guint i = 0; i < list->checks->len; i++) {
        const NmmGuestChoice *guest = list->choices->guests->pdata[i];

        g_object_set(list->checks->pdata[i],
                     "active",
                     nmm_editor_model_is_guest_selected(list->model, guest->name, guest->uuid),
                     NULL);
    }
    list->refreshing = FALSE;
}
