/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest is entered when it is one that matters or when something went wrong with it; what fails
 * for want of a restart is never tried again by the clock.
 */

#include "config.h"

#include "nmm-guest-status-table.h"

#include "nmm-error.h"

typedef struct {
    char *name;
    NmmGuestStatus status;
    char *failure; /* (nullable): the message */
    guint tries;   /* failed one after the other */
    gint64 due;    /* -1: no further try by the clock */
} Entry;

struct _NmmGuestStatusTable {
    GHashTable *entries; /* (element-type utf8 Entry): by UUID */
    const guint *retry_ms;
};

static void
entry_free(gpointer data)
{
    Entry *entry = data;

    g_free(entry->name);
    g_free(entry->failure);
    g_free(entry);
}

/**
 * nmm_guest_status_table_new:
 * @retry_ms: waits before each further try of a guest, in milliseconds, ended by 0
 *
 * Returns: (transfer full): an empty ledger
 */
NmmGuestStatusTable *
nmm_guest_status_table_new(const guint *retry_ms)
{
    NmmGuestStatusTable *ledger = g_new0(NmmGuestStatusTable, 1);

    ledger->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
    ledger->retry_ms = retry_ms;
    return ledger;
}

/**
 * nmm_guest_status_table_free:
 * @ledger: (transfer full): a ledger
 */
void
nmm_guest_status_table_free(NmmGuestStatusTable *ledger)
{
    g_hash_table_unref(ledger->entries);
    g_free(ledger);
}

static gboolean
is_of_interest(NmmGuestStatus status)
{
    return status != NMM_GUEST_NOT_MACVTAP && status != NMM_GUEST_NOT_SELECTED;
}

static gint64
next_try(const NmmGuestStatusTable *ledger, guint tries, const GError *failure, gint64 now)
{
    if (g_error_matches(failure, NMM_ERROR, NMM_ERROR_UNSUPPORTED))
        return -1;
    for (guint i = 0; ledger->retry_ms[i] > 0; i++) {
        if (i == tries)
            return now + ledger->retry_ms[i] * (gint64)1000;
    }
    return -1;
}

/**
 * nmm_guest_status_table_note:
 * @ledger: the ledger
 * @uuid: the guest's UUID
 * @name: its name
 * @status: what the pass found
 * @failure: (nullable): what went wrong with it
 * @now: monotonic time in microseconds
 *
 * Returns: whether status or failure differ from what was known
 */
gboolean
nmm_guest_status_table_note(NmmGuestStatusTable *ledger,
                            const char *uuid,
                            const char *name,
                            NmmGuestStatus status,
                            const GError *failure,
                            gint64 now)
{
    const char *message = failure ? failure->message : NULL;
    Entry *entry = g_hash_table_lookup(ledger->entries, uuid);
    gboolean news;

    if (!is_of_interest(status) && !failure)
        return nmm_guest_status_table_forget(ledger, uuid);
    if (!entry) {
        entry = g_new0(Entry, 1);
        g_hash_table_insert(ledger->entries, g_strdup(uuid), entry);
        news = TRUE;
    } else {
        news = entry->status != status || g_strcmp0(entry->failure, message) != 0;
    }
    if (g_strcmp0(entry->name, name) != 0) {
        g_free(entry->name);
        entry->name = g_strdup(name);
    }
    entry->status = status;
    entry->due = failure ? next_try(ledger, entry->tries, failure, now) : -1;
    entry->tries = failure ? entry->tries + 1 : 0;
    if (news) {
        g_free(entry->failure);
        entry->failure = g_strdup(message);
    }
    return news;
}

/**
 * nmm_guest_status_table_forget:
 * @ledger: the ledger
 * @uuid: the UUID of a guest that is no more
 *
 * Returns: whether it was in the ledger
 */
gboolean
nmm_guest_status_table_forget(NmmGuestStatusTable *ledger, const char *uuid)
{
    return g_hash_table_remove(ledger->entries, uuid);
}

/**
 * nmm_guest_status_table_forget_others:
 * @ledger: the ledger
 * @reports: (element-type NmmGuestReport): the guests that there are
 *
 * Returns: whether any guest was forgotten
 */
gboolean
nmm_guest_status_table_forget_others(NmmGuestStatusTable *ledger, GPtrArray *reports)
{
    g_autoptr(GHashTable) present = g_hash_table_new(g_str_hash, g_str_equal);
    gboolean news = FALSE;
    GHashTableIter iter;
    gpointer uuid;

    for (guint i = 0; i < reports->len; i++)
        g_hash_table_add(present, ((NmmGuestReport *)reports->pdata[i])->guest->uuid);
    g_hash_table_iter_init(&iter, ledger->entries);
    while (g_hash_table_iter_next(&iter, &uuid, NULL)) {
        if (!g_hash_table_contains(present, uuid)) {
            g_hash_table_iter_remove(&iter);
            news = TRUE;
        }
    }
    return news;
}

/**
 * nmm_guest_status_table_get_due:
 * @ledger: the ledger
 *
 * Returns: when the next try is due, monotonic time in microseconds, or -1 where none is
 */
gint64
nmm_guest_status_table_get_due(const NmmGuestStatusTable *ledger)
{
    gint64 due = -1;
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, ledger->entries);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Entry *entry = value;

        if (entry->due >= 0 && (due < 0 || entry->due < due))
            due = entry->due;
    }
    return due;
}

/**
 * nmm_guest_status_table_take_due:
 * @ledger: the ledger
 * @now: monotonic time in microseconds
 * @uuids: (element-type utf8): set to which the guests are added that are due
 */
void
nmm_guest_status_table_take_due(NmmGuestStatusTable *ledger, gint64 now, GHashTable *uuids)
{
    GHashTableIter iter;
    gpointer uuid;
    gpointer value;

    g_hash_table_iter_init(&iter, ledger->entries);
    while (g_hash_table_iter_next(&iter, &uuid, &value)) {
        Entry *entry = value;

        if (entry->due >= 0 && entry->due <= now) {
            entry->due = -1;
            g_hash_table_add(uuids, g_strdup(uuid));
        }
    }
}

/**
 * nmm_guest_status_table_list_served:
 * @ledger: the ledger
 *
 * Returns: (transfer full): names of the guests that have an interface through us
 */
char **
nmm_guest_status_table_list_served(const NmmGuestStatusTable *ledger)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, ledger->entries);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Entry *entry = value;

        if (entry->status == NMM_GUEST_SERVED)
            g_strv_builder_add(names, entry->name);
    }
    return g_strv_builder_end(names);
}

/**
 * nmm_guest_status_table_list_guests:
 * @ledger: the ledger
 *
 * Returns: (transfer container) (element-type utf8 utf8): UUID → name of the selected guests that
 *   have a macvtap interface; borrows from @ledger
 */
GHashTable *
nmm_guest_status_table_list_guests(const NmmGuestStatusTable *ledger)
{
    GHashTable *guests = g_hash_table_new(g_str_hash, g_str_equal);
    GHashTableIter iter;
    gpointer uuid;
    gpointer value;

    g_hash_table_iter_init(&iter, ledger->entries);
    while (g_hash_table_iter_next(&iter, &uuid, &value)) {
        const Entry *entry = value;

        if (is_of_interest(entry->status))
            g_hash_table_insert(guests, uuid, entry->name);
    }
    return guests;
}
