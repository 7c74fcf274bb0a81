/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-connection-editor's page is higher than its window, so that an error below the last field in
 * sight, or options that were opened at the lower edge, would not be seen.
 */

#include "config.h"

#include "nmm-scroll-into-view.h"

#include "nmm-gtk.h"

/* A widget has its place only when the window was laid out again, some frames from now. */
#define DELAY_MS 60

/* The first of the page is enough of what is higher than the window. */
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
reveal_cb(gpointer user_data)
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

/**
 * nmm_scroll_into_view:
 * @widget: a widget of the page that is about to be shown
 *
 * Does nothing where the page does not scroll.
 */
void
nmm_scroll_into_view(GtkWidget *widget)
{
    GWeakRef *weak = g_new(GWeakRef, 1);

    g_weak_ref_init(weak, widget);
    g_timeout_add(DELAY_MS, reveal_cb, weak);
}
