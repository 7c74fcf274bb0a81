/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A check box for every macvtap guest that libvirt reports, or a message instead. */

#pragma once

#include <gtk/gtk.h>

#include "nmm-suggestions.h"
#include "nmm-editor-model.h"

G_BEGIN_DECLS

typedef struct _NmmGuestList NmmGuestList;

/* The user ticked a guest; the model is already up to date. */
typedef void (*NmmGuestListChanged)(gpointer user_data);

NmmGuestList *
nmm_guest_list_new(NmmEditorModel *model, NmmGuestListChanged changed, gpointer user_data);
void nmm_guest_list_free(NmmGuestList *list);

GtkWidget *nmm_guest_list_get_widget(NmmGuestList *list);
void nmm_guest_list_show_message(NmmGuestList *list, const char *message);
void nmm_guest_list_show(NmmGuestList *list, NmmSuggestions *choices);
void nmm_guest_list_refresh(NmmGuestList *list);

G_END_DECLS
