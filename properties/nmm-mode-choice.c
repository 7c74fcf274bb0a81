/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Radio buttons rather than a list, since the choice cannot be made without the sentences.
 */

#include "config.h"

#include "nmm-mode-choice.h"

#include <glib/gi18n-lib.h>

#include "nmm-gtk.h"

/* Where the text of a radio button begins. */
#define INDENT 28

typedef struct {
    NmmMode mode;
    NmmModeChanged changed;
    GObject *owner;
} Choice;

static void
toggled_cb(GtkWidget *radio, gpointer user_data)
{
    const Choice *choice = g_object_get_data(G_OBJECT(radio), "nm-macvtap-choice");

    if (nmm_gtk_is_active(radio))
        choice->changed(choice->mode, choice->owner);
}

static GtkWidget *
make_sentence(const char *text)
{
    GtkWidget *label = nmm_gtk_new_paragraph(text, 60, "dim-label");

    gtk_widget_set_margin_start(label, INDENT);
    gtk_widget_set_margin_bottom(label, 4);
    return nmm_gtk_shown(label);
}

static GtkWidget *
append_mode(GtkWidget *box, GtkWidget *group, const Choice *choice, gboolean active)
{
    const NmmChoiceText *text = nmm_editor_model_find_choice_text(nmm_keys_find(NMM_KEY_MODE),
                                                                  nmm_mode_to_string(choice->mode));
    GtkWidget *radio = nmm_gtk_shown(nmm_gtk_new_radio(group, _(text->title)));
    GtkWidget *sentence = make_sentence(_(text->description));

    nmm_gtk_set_accessible_name(radio, _(text->title));
    nmm_gtk_set_active(radio, active);
    gtk_widget_set_tooltip_text(radio, _(text->description));
    g_object_set_data_full(
        G_OBJECT(radio), "nm-macvtap-choice", g_memdup2(choice, sizeof *choice), g_free);
    nmm_gtk_append(box, radio);
    nmm_gtk_append(box, sentence);
    return radio;
}

/**
 * nmm_mode_choice_new:
 * @mode: the mode that is chosen now
 * @changed: called for what the user does
 * @owner: the user data of @changed
 *
 * Returns: (transfer floating): the widget
 */
GtkWidget *
nmm_mode_choice_new(NmmMode mode, NmmModeChanged changed, GObject *owner)
{
    static const NmmMode modes[] = {
        NMM_MODE_ISOLATED,
        NMM_MODE_SHARE,
        NMM_MODE_MOVE,
    };
    GtkWidget *box = nmm_gtk_shown(gtk_box_new(GTK_ORIENTATION_VERTICAL, 0));
    GtkWidget *radios[G_N_ELEMENTS(modes)];

    for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
        const Choice choice = {modes[i], changed, owner};

        radios[i] = append_mode(box, i > 0 ? radios[0] : NULL, &choice, modes[i] == mode);
    }
    /* Only now: what was set above is not the user's doing. */
    for (guint i = 0; i < G_N_ELEMENTS(modes); i++)
        g_signal_connect_object(radios[i], "toggled", G_CALLBACK(toggled_cb), owner, 0);
    return box;
}
