/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One key of the table on the screen: a label, the widget that fits its type, and a line for what
 * is wrong with it. Moves strings between widget and model, and decides nothing.
 */

#pragma once

#include <gtk/gtk.h>

#include "nm-macvtap-editor-model.h"

G_BEGIN_DECLS

typedef struct _NMMacvtapField NMMacvtapField;

/* The user changed the field; the model has the new text already. */
typedef void (*NMMacvtapFieldChanged)(NMMacvtapField *field, gpointer user_data);

NMMacvtapField *nm_macvtap_field_new(NMMacvtapEditorModel *model,
                                     const NMMacvtapKeyInfo *key,
                                     NMMacvtapFieldChanged changed,
                                     gpointer user_data);
void nm_macvtap_field_free(NMMacvtapField *field);

const NMMacvtapKeyInfo *nm_macvtap_field_get_key(const NMMacvtapField *field);
void nm_macvtap_field_attach(NMMacvtapField *field, GtkGrid *grid, int row, GtkSizeGroup *labels);
void nm_macvtap_field_suggest(NMMacvtapField *field, const GPtrArray *texts);
void nm_macvtap_field_refresh(NMMacvtapField *field);
void nm_macvtap_field_reload(NMMacvtapField *field);

G_END_DECLS
