/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carries out the edits of guests: several guests at once, each guest's in order. While another
 * operation holds a guest (a save, a dump, a migration, a hung disk), a call for it blocks. Such a
 * guest does not delay the others: its call continues in the background, and "guest-changed"
 * follows when it ends. The guest is edited again after it was read again.
 *
 * Every function may be called on any thread.
 */

#pragma once

#include "nmm-hypervisor.h"

G_BEGIN_DECLS

typedef struct _NmmGuestEditor NmmGuestEditor;

/* @hold_ms: a guest whose edit takes longer is held. */
NmmGuestEditor *nmm_guest_editor_new(NmmHypervisor *hypervisor, guint hold_ms);
NmmGuestEditor *nmm_guest_editor_ref(NmmGuestEditor *self);
void nmm_guest_editor_unref(NmmGuestEditor *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmGuestEditor, nmm_guest_editor_unref)

typedef struct {
    GPtrArray *edits;          /* (element-type NmmEdit): those without a guest are left out */
    gint64 read_time;          /* monotonic: when the reading began that the edits are based on */
    GHashTable *asked;         /* (element-type utf8): guests that are not asked again to release
                                  their interface */
    GCancellable *cancellable; /* edits that have not begun are left out */

    /* Result. */
    GHashTable *failures;  /* (element-type utf8 GError): by guest UUID; NMM_ERROR_BUSY if held */
    GHashTable *detaching; /* (element-type utf8 utf8): UUID → name, asked to release */
    gboolean lost;         /* the connection broke */
} NmmGuestEdits;

/* Blocks, but not for a guest that is held. */
void nmm_guest_editor_run(NmmGuestEditor *self, NmmGuestEdits *edits);

/* (transfer full): names of the guests whose edits are pending. */
char **nmm_guest_editor_list_undone(NmmGuestEditor *self);
/* (transfer full) (element-type utf8 utf8): UUID → name of the guests that were held at @time. */
GHashTable *nmm_guest_editor_list_held(NmmGuestEditor *self, gint64 time);

G_END_DECLS
