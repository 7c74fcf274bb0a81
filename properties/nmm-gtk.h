/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One name for each call that differs between GTK 3 and GTK 4. The editor's source is compiled once
 * for each toolkit. Where both have a property of the same name, the editor uses the property.
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* (transfer full) */
static inline char *
nmm_gtk_strip_mnemonic(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text, "_", 2);

    return g_strjoinv("", parts);
}

/* Of a check or radio button. */
static inline gboolean
nmm_gtk_is_active(GtkWidget *button)
{
    gboolean active;

    g_object_get(button, "active", &active, NULL);
    return active;
}

#if GTK_CHECK_VERSION(4, 0, 0)

static inline void
nmm_gtk_append(GtkWidget *box, GtkWidget *child)
{
    gtk_box_append(GTK_BOX(box), child);
}

static inline void
nmm_gtk_remove(GtkWidget *box, GtkWidget *child)
{
    gtk_box_remove(GTK_BOX(box), child);
}

/* The natural height, in pixels. */
static inline int
nmm_gtk_measure_height(GtkWidget *widget)
{
    int natural;

    gtk_widget_measure(widget, GTK_ORIENTATION_VERTICAL, -1, NULL, &natural, NULL, NULL);
    return natural;
}

/* The top of @widget in the coordinates of @ancestor; FALSE: it is not shown there. */
static inline gboolean
nmm_gtk_find_top(GtkWidget *widget, GtkWidget *ancestor, double *out_top)
{
    double left;

    return gtk_widget_translate_coordinates(widget, ancestor, 0, 0, &left, out_top);
}

/* A radio button of the group of @other (nullable). */
static inline GtkWidget *
nmm_gtk_new_radio(GtkWidget *other, const char *mnemonic)
{
    GtkWidget *radio = gtk_check_button_new_with_mnemonic(mnemonic);

    if (other)
        gtk_check_button_set_group(GTK_CHECK_BUTTON(radio), GTK_CHECK_BUTTON(other));
    return radio;
}

static inline GtkWidget *
nmm_gtk_combo_entry(GtkWidget *combo)
{
    return gtk_combo_box_get_child(GTK_COMBO_BOX(combo));
}

static inline void
nmm_gtk_set_class(GtkWidget *widget, const char *name, gboolean set)
{
    if (set)
        gtk_widget_add_css_class(widget, name);
    else
        gtk_widget_remove_css_class(widget, name);
}

/* Screen readers announce that the field is invalid and read @message. */
static inline void
nmm_gtk_set_invalid(GtkWidget *widget, GtkWidget *message, gboolean invalid)
{
    gtk_accessible_update_state(GTK_ACCESSIBLE(widget),
                                GTK_ACCESSIBLE_STATE_INVALID,
                                invalid ? GTK_ACCESSIBLE_INVALID_TRUE
                                        : GTK_ACCESSIBLE_INVALID_FALSE,
                                -1);
    if (invalid)
        gtk_accessible_update_relation(
            GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_RELATION_DESCRIBED_BY, message, NULL, -1);
    else
        gtk_accessible_reset_relation(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_RELATION_DESCRIBED_BY);
}

/* GTK 4.8 reads the underscore of a check button aloud, and has no name for an expander. */
static inline void
nmm_gtk_set_accessible_name(GtkWidget *widget, const char *mnemonic)
{
    g_autofree char *name = nmm_gtk_strip_mnemonic(mnemonic);

    gtk_accessible_update_property(GTK_ACCESSIBLE(widget), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

/* The button that opens the list of a combo box can have the focus, but has no text. */
static inline void
nmm_gtk_set_combo_name(GtkWidget *combo, const char *mnemonic)
{
    GtkWidget *child = gtk_widget_get_first_child(gtk_widget_get_first_child(combo));

    for (; child; child = gtk_widget_get_next_sibling(child)) {
        if (GTK_IS_TOGGLE_BUTTON(child))
            nmm_gtk_set_accessible_name(child, mnemonic);
    }
}

/* New widgets are visible. */
static inline GtkWidget *
nmm_gtk_shown(GtkWidget *widget)
{
    return widget;
}

static inline void
nmm_gtk_set_visible(GtkWidget *widget, gboolean visible)
{
    gtk_widget_set_visible(widget, visible);
}

#else

static inline void
nmm_gtk_append(GtkWidget *box, GtkWidget *child)
{
    gtk_box_pack_start(GTK_BOX(box), child, FALSE, FALSE, 0);
}

static inline void
nmm_gtk_remove(GtkWidget *box, GtkWidget *child)
{
    gtk_container_remove(GTK_CONTAINER(box), child);
}

/* The natural height, in pixels. */
static inline int
nmm_gtk_measure_height(GtkWidget *widget)
{
    int natural;

    gtk_widget_get_preferred_height(widget, NULL, &natural);
    return natural;
}

/* The top of @widget in the coordinates of @ancestor; FALSE: it is not shown there. */
static inline gboolean
nmm_gtk_find_top(GtkWidget *widget, GtkWidget *ancestor, double *out_top)
{
    int left, top;

    if (!gtk_widget_translate_coordinates(widget, ancestor, 0, 0, &left, &top))
        return FALSE;
    *out_top = top;
    return TRUE;
}

/* A radio button of the group of @other (nullable). */
static inline GtkWidget *
nmm_gtk_new_radio(GtkWidget *other, const char *mnemonic)
{
    return gtk_radio_button_new_with_mnemonic_from_widget(other ? GTK_RADIO_BUTTON(other) : NULL,
                                                          mnemonic);
}

static inline GtkWidget *
nmm_gtk_combo_entry(GtkWidget *combo)
{
    return gtk_bin_get_child(GTK_BIN(combo));
}

static inline void
nmm_gtk_set_class(GtkWidget *widget, const char *name, gboolean set)
{
    GtkStyleContext *context = gtk_widget_get_style_context(widget);

    if (set)
        gtk_style_context_add_class(context, name);
    else
        gtk_style_context_remove_class(context, name);
}

/* ATK has no such state on these widgets; the relation makes screen readers read @message. */
static inline void
nmm_gtk_set_invalid(GtkWidget *widget, GtkWidget *message, gboolean invalid)
{
    AtkObject *object = gtk_widget_get_accessible(widget);
    AtkObject *target = gtk_widget_get_accessible(message);

    if (invalid)
        atk_object_add_relationship(object, ATK_RELATION_DESCRIBED_BY, target);
    else
        atk_object_remove_relationship(object, ATK_RELATION_DESCRIBED_BY, target);
}

/* GTK 3 takes all names from the visible text. */
static inline void
nmm_gtk_set_accessible_name(GtkWidget *widget, const char *mnemonic)
{
}

static inline void
nmm_gtk_set_combo_name(GtkWidget *combo, const char *mnemonic)
{
}

static inline GtkWidget *
nmm_gtk_shown(GtkWidget *widget)
{
    gtk_widget_show(widget);
    return widget;
}

/* The surrounding window may call gtk_widget_show_all(). */
static inline void
nmm_gtk_set_visible(GtkWidget *widget, gboolean visible)
{
    gtk_widget_set_no_show_all(widget, TRUE);
    gtk_widget_set_visible(widget, visible);
}

#endif

/* Text that wraps at about @chars characters. */
static inline GtkWidget *
nmm_gtk_new_paragraph(const char *text, int chars, const char *css_class)
{
    GtkWidget *label = gtk_label_new(text);

    g_object_set(label, "xalign", 0.0, "wrap", TRUE, "max-width-chars", chars, NULL);
    nmm_gtk_set_class(label, css_class, TRUE);
    return label;
}

G_END_DECLS
