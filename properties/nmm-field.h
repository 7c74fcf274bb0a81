/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One key of the table on the screen: a label, the widget that fits its type, and a line for what
 * is wrong with it. Moves strings between widget and model, and decides nothing.
 */

#pragma once

#include <gtk/gtk.h>

#include "nmm-editor-model.h"

G_BEGIN_DECLS

typedef struct _NmmField NmmField;

/* The user changed the field; the model has the new text already. */
typedef void (*NmmFieldChanged)(NmmField *field, gpointer user_data);

NmmField *nmm_field_new(NmmEditorModel *model,
                        const NmmKeyInfo *key,
                        NmmFieldChanged changed,
                        gpointer user_data);
void nmm_field_free(NmmField *field);

const NmmKeyInfo *nmm_field_get_key(const NmmField *field);
void nmm_field_attach(NmmField *field, GtkGrid *grid, int row, GtkSizeGroup *labels);
void nmm_field_suggest(NmmField *field, const GPtrArray *texts);
void nmm_field_refresh(NmmField *field);
void nmm_field_reload(NmmField *field);

G_END_DECLS
