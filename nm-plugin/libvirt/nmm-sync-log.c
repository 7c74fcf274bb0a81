/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the engine says in the log, each thing once.
 */

#include "config.h"

#include "nmm-sync-private.h"

#include "nmm-error.h"
#include "nmm-journal.h"
#include "nmm-unmatched.h"

void
nmm_sync_log_guest(NmmSync *self, const char *uuid, const char *name, const GError *failure)
{
    gboolean restart = g_error_matches(failure, NMM_ERROR, NMM_ERROR_UNSUPPORTED);

    nmm_log_warning(
        NMM_LOG_GUEST(name),
        NMM_LOG_GUEST_UUID(uuid),
        NMM_LOG_NETWORK(self->profile->network),
        NMM_LOG_MESSAGE(restart ? "%s; the guest needs a restart" : "%s", failure->message));
}

/* What a plan cannot do for the user is said once, however many plans find it. */
void
nmm_sync_log_notes(NmmSync *self, const NmmPlan *plan)
{
    for (guint i = 0; i < plan->notes->len; i++) {
        const char *note = plan->notes->pdata[i];

        if (g_hash_table_add(self->told, g_strdup(note)))
            nmm_log_warning(NMM_LOG_NETWORK(self->profile->network), NMM_LOG_MESSAGE("%s", note));
    }
}

/* What the profile names and is not there is said when it changes. */
void
nmm_sync_log_unmatched(NmmSync *self)
{
    g_autoptr(GHashTable) guests = nmm_guest_status_table_list_guests(self->ledger);
    g_autofree char *text = nmm_unmatched_describe(self->profile, self->profile->parent, guests);

    if (text && g_strcmp0(text, self->unmatched) != 0)
        nmm_log_warning(NMM_LOG_NETWORK(self->profile->network),
                        NMM_LOG_MESSAGE("profile '%s': %s", self->profile->id, text));
    g_free(self->unmatched);
    self->unmatched = g_steal_pointer(&text);
}
