/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The widgets of one key: a label, an input that fits its type, and a line for the error. Moves
 * strings between input and model, and decides nothing.
 */

#pragma once

#include <gtk/gtk.h>

#include "nmm-editor-model.h"

G_BEGIN_DECLS

typedef struct _NmmField NmmField;

/* The user changed the field; the model already has the new text. */
typedef void (*NmmFieldChanged)(NmmField *field, gpointer user_data);

/* @model must outlive the field. */
NmmField *nmm_field_new(NmmEditorModel *model,
                        const NmmKeyInfo *key,
                        NmmFieldChanged changed,
                        gpointer user_data);
/* The widgets stay in the window, but do nothing any more. */
void nmm_field_free(NmmField *field);

const NmmKeyInfo *nmm_field_get_key(const NmmField *field);
/* @grid has two columns; @labels makes labels equally wide. */
void nmm_field_attach(NmmField *field, GtkGrid *grid, int row, GtkSizeGroup *labels);
/* Replaces the list of an entry; keeps its text. @texts: (element-type utf8). */
void nmm_field_suggest(NmmField *field, const GPtrArray *texts);
/* Updates visibility, placeholder and error. */
void nmm_field_refresh(NmmField *field);
/* Shows the model's text and refreshes. */
void nmm_field_reload(NmmField *field);

/* Scrolls to @widget, which was just shown. nm-connection-editor's page is higher than its window,
 * so an error or the opened options could be out of sight. */
void nmm_scroll_into_view(GtkWidget *widget);

G_END_DECLS
