/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the sync engine knows of each guest from earlier passes: its status, what went wrong, when
 * to try again. Decides what is news and when the next try is due; time is handed in.
 *
 * Private to the layer.
 */

#pragma once

#include "nmm-plan.h"

G_BEGIN_DECLS

typedef struct _NmmGuestStatusTable NmmGuestStatusTable;

/* @retry_ms: waits before each further try, ended by 0; borrowed for good. */
NmmGuestStatusTable *nmm_guest_status_table_new(const guint *retry_ms);
void nmm_guest_status_table_free(NmmGuestStatusTable *ledger);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmGuestStatusTable, nmm_guest_status_table_free)

/* What a pass found of one guest. @now: monotonic, in microseconds. Returns whether it is news. */
gboolean nmm_guest_status_table_note(NmmGuestStatusTable *ledger,
                                     const char *uuid,
                                     const char *name,
                                     NmmGuestStatus status,
                                     const GError *failure,
                                     gint64 now);
/* The guest is no more. Returns whether it is news. */
gboolean nmm_guest_status_table_forget(NmmGuestStatusTable *ledger, const char *uuid);
/* All guests but those of @reports (element-type NmmGuestReport) are no more. Returns whether
 * it is news. */
gboolean nmm_guest_status_table_forget_others(NmmGuestStatusTable *ledger, GPtrArray *reports);

/* When the next try is due, monotonic, in microseconds; -1: never. */
gint64 nmm_guest_status_table_get_due(const NmmGuestStatusTable *ledger);
/* Adds the guests whose try is due to @uuids (a set of utf8), once. */
void nmm_guest_status_table_take_due(NmmGuestStatusTable *ledger, gint64 now, GHashTable *uuids);

/* (transfer full): names of the guests that have an interface through us. */
char **nmm_guest_status_table_list_served(const NmmGuestStatusTable *ledger);
/* (transfer container) (element-type utf8 utf8): UUID → name of the selected macvtap guests;
 * borrows from @ledger. */
GHashTable *nmm_guest_status_table_list_guests(const NmmGuestStatusTable *ledger);

G_END_DECLS
