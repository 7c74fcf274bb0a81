/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The choice between the modes: a radio button for each, with a sentence on what it does.
 */

#pragma once

#include <gtk/gtk.h>

#include "nmm-editor-model.h"

G_BEGIN_DECLS

typedef void (*NmmModeChanged)(NmmMode mode, gpointer user_data);

/* The widget, floating. @changed is called for what the user does, for as long as @owner lives. */
GtkWidget *nmm_mode_choice_new(NmmMode mode, NmmModeChanged changed, GObject *owner);

G_END_DECLS
