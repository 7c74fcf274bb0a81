/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A profile in the editor: the text of every field, what is wrong with it, and the default that an
 * empty field has. Knows no toolkit; the editor moves strings between widgets and this model.
 */

#pragma once

#include <NetworkManager.h>

#include "nmm-keys.h"

G_BEGIN_DECLS

typedef struct _NmmEditorModel NmmEditorModel;

/* @connection may have no VPN setting. @allowed_uris: (nullable): libvirt URIs that root allowed
 * besides the built-in ones. */
NmmEditorModel *nmm_editor_model_new(NMConnection *connection, const char *const *allowed_uris);
void nmm_editor_model_free(NmmEditorModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmEditorModel, nmm_editor_model_free)

/* "" if the key is unset. */
const char *nmm_editor_model_get(const NmmEditorModel *model, const char *key);
/* The default, or "", if the key is unset. */
const char *nmm_editor_model_get_effective(const NmmEditorModel *model, const char *key);
/* Strips @text; an empty text or the default unsets the key. */
void nmm_editor_model_set(NmmEditorModel *model, const char *key, const char *text);
NmmMode nmm_editor_model_get_mode(const NmmEditorModel *model);
/* Whether the key has an effect in the chosen mode. */
gboolean nmm_editor_model_is_shown(const NmmEditorModel *model, const NmmKeyInfo *key);
/* (transfer full): translated description of the default, for an empty entry. */
char *nmm_editor_model_get_placeholder(const NmmEditorModel *model, const NmmKeyInfo *key);
/* (transfer full) (nullable): what is wrong with this field, alone or together with others. */
char *nmm_editor_model_get_error(const NmmEditorModel *model, const NmmKeyInfo *key);
/* (transfer full) (nullable): a warning about the profile as a whole. */
char *nmm_editor_model_get_notice(const NmmEditorModel *model);

gboolean
nmm_editor_model_is_guest_selected(const NmmEditorModel *model, const char *name, const char *uuid);
/* Changes guests and exclude-guests; FALSE: one of them is no valid list, and neither changed. */
gboolean nmm_editor_model_select_guest(NmmEditorModel *model,
                                       const char *name,
                                       const char *uuid,
                                       gboolean selected);

/* Replaces the VPN setting of @connection. NMM_ERROR_BAD_PROFILE, naming the key: the service would
 * refuse the profile, and nothing was written. */
gboolean
nmm_editor_model_save(const NmmEditorModel *model, NMConnection *connection, GError **error);

G_END_DECLS
