/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A profile while somebody edits it: the text of every field, what is wrong with it, what it would
 * be if left empty. Free of any toolkit; the editor moves strings between widgets and this model.
 */

#pragma once

#include <NetworkManager.h>

#include "nm-macvtap-keys.h"

G_BEGIN_DECLS

typedef struct _NMMacvtapEditorModel NMMacvtapEditorModel;

NMMacvtapEditorModel *
nm_macvtap_editor_model_new(NMConnection *connection, const char *const *allowed_uris);
void nm_macvtap_editor_model_free(NMMacvtapEditorModel *model);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapEditorModel, nm_macvtap_editor_model_free)

const char *nm_macvtap_editor_model_get(const NMMacvtapEditorModel *model, const char *key);
const char *
nm_macvtap_editor_model_get_effective(const NMMacvtapEditorModel *model, const char *key);
void nm_macvtap_editor_model_set(NMMacvtapEditorModel *model, const char *key, const char *text);
NMMacvtapMode nm_macvtap_editor_model_get_mode(const NMMacvtapEditorModel *model);
gboolean
nm_macvtap_editor_model_is_shown(const NMMacvtapEditorModel *model, const NMMacvtapKeyInfo *key);
char *nm_macvtap_editor_model_get_placeholder(const NMMacvtapEditorModel *model,
                                              const NMMacvtapKeyInfo *key);
char *
nm_macvtap_editor_model_get_error(const NMMacvtapEditorModel *model, const NMMacvtapKeyInfo *key);
char *nm_macvtap_editor_model_get_notice(const NMMacvtapEditorModel *model);

gboolean nm_macvtap_editor_model_is_guest_selected(const NMMacvtapEditorModel *model,
                                                   const char *name,
                                                   const char *uuid);
gboolean nm_macvtap_editor_model_select_guest(NMMacvtapEditorModel *model,
                                              const char *name,
                                              const char *uuid,
                                              gboolean selected);

gboolean nm_macvtap_editor_model_check(const NMMacvtapEditorModel *model, GError **error);
gboolean nm_macvtap_editor_model_save(const NMMacvtapEditorModel *model,
                                      NMConnection *connection,
                                      GError **error);

/* A word of a key in the user's language. */
typedef struct {
    const char *word;
    const char *title;       /* N_()-marked */
    const char *description; /* (nullable): N_()-marked, one sentence */
} NMMacvtapChoiceText;

const NMMacvtapChoiceText *
nm_macvtap_editor_model_find_choice_text(const NMMacvtapKeyInfo *key, const char *word);

G_END_DECLS
