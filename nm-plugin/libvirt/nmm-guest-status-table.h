/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the sync engine knows about each guest from earlier passes: its status, what failed, when to
 * try again. Decides what is new and when the next try is due. Times are monotonic, in
 * microseconds; the caller passes the current one.
 *
 * Private to the layer.
 */

#pragma once

#include "nmm-plan.h"
#include "nmm-problem.h"

G_BEGIN_DECLS

typedef struct _NmmGuestStatusTable NmmGuestStatusTable;

/* @retry_ms: waits before each further try, in milliseconds, ended by 0; static. */
NmmGuestStatusTable *nmm_guest_status_table_new(const guint *retry_ms);
void nmm_guest_status_table_free(NmmGuestStatusTable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmGuestStatusTable, nmm_guest_status_table_free)

/* Enters what a pass found of one guest. Returns: whether status or failure differ from before. */
gboolean nmm_guest_status_table_note(NmmGuestStatusTable *self,
                                     const char *uuid,
                                     const char *name,
                                     NmmGuestStatus status,
                                     const GError *failure,
                                     gint64 now);
/* Another program removed the interface of a guest that was served without failure, and it was
 * added again; before note(). Returns: whether to log that: the second time within a few minutes,
 * once for each guest. */
gboolean nmm_guest_status_table_note_put_back(NmmGuestStatusTable *self,
                                              const char *uuid,
                                              NmmScope scope,
                                              gint64 now);
/* The guest is due at that time, whatever its status. */
void nmm_guest_status_table_set_due(NmmGuestStatusTable *self, const char *uuid, gint64 due);
void nmm_guest_status_table_forget(NmmGuestStatusTable *self, const char *uuid);
/* Forgets all guests but those of @reports (element-type NmmGuestReport). */
void nmm_guest_status_table_forget_others(NmmGuestStatusTable *self, GPtrArray *reports);

/* When the next try is due, -1: never. */
gint64 nmm_guest_status_table_get_due(const NmmGuestStatusTable *self);
/* Adds the guests whose try is due to @uuids (a set of utf8), once. */
void nmm_guest_status_table_take_due(NmmGuestStatusTable *self, gint64 now, GHashTable *uuids);

/* Adds what is wrong with each guest to @problems (element-type NmmProblem). */
void nmm_guest_status_table_add_problems(const NmmGuestStatusTable *self, GPtrArray *problems);

/* (transfer full): names of the guests that have an interface on the profile's network. */
char **nmm_guest_status_table_list_served(const NmmGuestStatusTable *self);
/* (transfer container) (element-type utf8 utf8): UUID → name of the selected macvtap guests;
 * borrows from @self. */
GHashTable *nmm_guest_status_table_list_guests(const NmmGuestStatusTable *self);

G_END_DECLS
