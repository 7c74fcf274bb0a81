/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The macvtap guests with a check box each, as far as libvirt tells, and a line on how far that is.
 */

#pragma once

#include <gtk/gtk.h>

#include "nm-macvtap-choices.h"
#include "nm-macvtap-editor-model.h"

G_BEGIN_DECLS

typedef struct _NMMacvtapGuestList NMMacvtapGuestList;

/* The user ticked a guest; the model has it already. */
typedef void (*NMMacvtapGuestListChanged)(gpointer user_data);

NMMacvtapGuestList *nm_macvtap_guest_list_new(NMMacvtapEditorModel *model,
                                              NMMacvtapGuestListChanged changed,
                                              gpointer user_data);
void nm_macvtap_guest_list_free(NMMacvtapGuestList *list);

GtkWidget *nm_macvtap_guest_list_get_widget(NMMacvtapGuestList *list);
void nm_macvtap_guest_list_show_message(NMMacvtapGuestList *list, const char *message);
void nm_macvtap_guest_list_show(NMMacvtapGuestList *list, NMMacvtapChoices *choices);
void nm_macvtap_guest_list_refresh(NMMacvtapGuestList *list);

G_END_DECLS
