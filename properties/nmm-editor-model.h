/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A profile while somebody edits it: the text of every field, what is wrong with it, what it would
 * be if left empty. Free of any toolkit; the editor moves strings between widgets and this model.
 */

#pragma once

#include <NetworkManager.h>

#include "nmm-keys.h"

G_BEGIN_DECLS

typedef struct _NmmEditorModel NmmEditorModel;

NmmEditorModel *nmm_editor_model_new(NMConnection *connection, const char *const *allowed_uris);
void nmm_editor_model_free(NmmEditorModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmEditorModel, nmm_editor_model_free)

const char *nmm_editor_model_get(const NmmEditorModel *model, const char *key);
const char *nmm_editor_model_get_effective(const NmmEditorModel *model, const char *key);
void nmm_editor_model_set(NmmEditorModel *model, const char *key, const char *text);
NmmMode nmm_editor_model_get_mode(const NmmEditorModel *model);
gboolean nmm_editor_model_is_shown(const NmmEditorModel *model, const NmmKeyInfo *key);
char *nmm_editor_model_get_placeholder(const NmmEditorModel *model, const NmmKeyInfo *key);
char *nmm_editor_model_get_error(const NmmEditorModel *model, const NmmKeyInfo *key);
char *nmm_editor_model_get_notice(const NmmEditorModel *model);

gboolean
nmm_editor_model_is_guest_selected(const NmmEditorModel *model, const char *name, const char *uuid);
gboolean nmm_editor_model_select_guest(NmmEditorModel *model,
                                       const char *name,
                                       const char *uuid,
                                       gboolean selected);

gboolean
nmm_editor_model_save(const NmmEditorModel *model, NMConnection *connection, GError **error);

G_END_DECLS
