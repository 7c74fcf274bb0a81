/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the sync engine knows of each guest from earlier passes: its status, what went wrong, when
 * to try again. Decides what is news and when the next try is due; time is handed in.
 *
 * Private to the layer.
 */

#pragma once

#include "nm-macvtap-plan.h"

G_BEGIN_DECLS

typedef struct _NMMacvtapSyncLedger NMMacvtapSyncLedger;

/* @retry_ms: waits before each further try, ended by 0; borrowed for good. */
NMMacvtapSyncLedger *nm_macvtap_sync_ledger_new(const guint *retry_ms);
void nm_macvtap_sync_ledger_free(NMMacvtapSyncLedger *ledger);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapSyncLedger, nm_macvtap_sync_ledger_free)

/* What a pass found of one guest. @now: monotonic, in microseconds. Returns whether it is news. */
gboolean nm_macvtap_sync_ledger_note(NMMacvtapSyncLedger *ledger,
                                     const char *uuid,
                                     const char *name,
                                     NMMacvtapGuestStatus status,
                                     const GError *failure,
                                     gint64 now);
/* The guest is no more. Returns whether it is news. */
gboolean nm_macvtap_sync_ledger_forget(NMMacvtapSyncLedger *ledger, const char *uuid);
/* All guests but those of @reports (element-type NMMacvtapGuestReport) are no more. Returns whether
 * it is news. */
gboolean nm_macvtap_sync_ledger_forget_others(NMMacvtapSyncLedger *ledger, GPtrArray *reports);

/* When the next try is due, monotonic, in microseconds; -1: never. */
gint64 nm_macvtap_sync_ledger_get_due(const NMMacvtapSyncLedger *ledger);
/* Adds the guests whose try is due to @uuids (a set of utf8), once. */
void nm_macvtap_sync_ledger_take_due(NMMacvtapSyncLedger *ledger, gint64 now, GHashTable *uuids);

/* (transfer full): names of the guests that have an interface through us. */
char **nm_macvtap_sync_ledger_list_served(const NMMacvtapSyncLedger *ledger);
/* (transfer container) (element-type utf8 utf8): UUID → name of the selected macvtap guests;
 * borrows from @ledger. */
GHashTable *nm_macvtap_sync_ledger_list_guests(const NMMacvtapSyncLedger *ledger);

G_END_DECLS
