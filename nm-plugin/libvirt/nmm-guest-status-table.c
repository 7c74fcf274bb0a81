/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest is entered if the profile selects it or if it failed. A guest that needs a restart is not
 * tried again after a time; one that another operation holds is tried until it is free.
 */

#include "config.h"

#include "nmm-guest-status-table.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"

#define N_SCOPES 2

/* A user who removes the interface once may have meant it; twice within this time it is a program,
 * or a user who does not know what puts it back. */
#define AGAIN_WITHIN (10 * 60 * G_TIME_SPAN_SECOND)

typedef struct {
    char *name;
    NmmGuestStatus status;
    char *failure;             /* (nullable): the message */
    guint tries;               /* that failed in a row */
    gint64 due;                /* -1: no further try after a time */
    gint64 put_back[N_SCOPES]; /* when the interface was added again; 0: never */
    gboolean put_back_logged;
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

NmmGuestStatusTable *
nmm_guest_status_table_new(const guint *retry_ms)
{
    NmmGuestStatusTable *self = g_new0(NmmGuestStatusTable, 1);

    self->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
    self->retry_ms = retry_ms;
    return self;
}

void
nmm_guest_status_table_free(NmmGuestStatusTable *self)
{
    g_hash_table_unref(self->entries);
    g_free(self);
}

static gboolean
is_of_interest(NmmGuestStatus status)
{
    return status != NMM_GUEST_NOT_MACVTAP && status != NMM_GUEST_NOT_SELECTED;
}

static gint64
next_try(const NmmGuestStatusTable *self, guint tries, const GError *failure, gint64 now)
{
    gboolean busy = g_error_matches(failure, NMM_ERROR, NMM_ERROR_BUSY);

    if (g_error_matches(failure, NMM_ERROR, NMM_ERROR_UNSUPPORTED))
        return -1;
    for (guint i = 0; self->retry_ms[i] > 0; i++) {
        if (i == tries || (busy && self->retry_ms[i + 1] == 0))
            return now + self->retry_ms[i] * (gint64)1000;
    }
    return -1;
}

gboolean
nmm_guest_status_table_note(NmmGuestStatusTable *self,
                            const char *uuid,
                            const char *name,
                            NmmGuestStatus status,
                            const GError *failure,
                            gint64 now)
{
    const char *message = failure ? failure->message : NULL;
    Entry *entry = g_hash_table_lookup(self->entries, uuid);
    gboolean news;

    if (!is_of_interest(status) && !failure)
        return g_hash_table_remove(self->entries, uuid);
    if (!entry) {
        entry = g_new0(Entry, 1);
        g_hash_table_insert(self->entries, g_strdup(uuid), entry);
        news = TRUE;
    } else {
        news = entry->status != status || g_strcmp0(entry->failure, message) != 0;
    }
    g_free(entry->name);
    entry->name = g_strdup(name);
    entry->status = status;
    entry->due = failure ? next_try(self, entry->tries, failure, now) : -1;
    entry->tries = failure ? entry->tries + 1 : 0;
    g_free(entry->failure);
    entry->failure = g_strdup(message);
    return news;
}

static gboolean
was_served(const Entry *entry, NmmScope scope)
{
    if (entry->failure)
        return FALSE;
    return entry->status == NMM_GUEST_SERVED ||
           (entry->status == NMM_GUEST_SHUT_OFF && scope == NMM_SCOPE_CONFIG);
}

gboolean
nmm_guest_status_table_note_put_back(NmmGuestStatusTable *self,
                                     const char *uuid,
                                     NmmScope scope,
                                     gint64 now)
{
    Entry *entry = g_hash_table_lookup(self->entries, uuid);
    gint64 last;

    if (!entry || !was_served(entry, scope))
        return FALSE;
    last = entry->put_back[scope];
    entry->put_back[scope] = now;
    if (entry->put_back_logged || last == 0 || now - last > AGAIN_WITHIN)
        return FALSE;
    entry->put_back_logged = TRUE;
    return TRUE;
}

void
nmm_guest_status_table_set_due(NmmGuestStatusTable *self, const char *uuid, gint64 due)
{
    Entry *entry = g_hash_table_lookup(self->entries, uuid);

    if (entry)
        entry->due = due;
}

void
nmm_guest_status_table_forget(NmmGuestStatusTable *self, const char *uuid)
{
    g_hash_table_remove(self->entries, uuid);
}

void
nmm_guest_status_table_forget_others(NmmGuestStatusTable *self, GPtrArray *reports)
{
    g_autoptr(GHashTable) present = g_hash_table_new(g_str_hash, g_str_equal);
    GHashTableIter iter;
    gpointer uuid;

    for (guint i = 0; i < reports->len; i++)
        g_hash_table_add(present, ((NmmGuestReport *)reports->pdata[i])->guest->uuid);
    g_hash_table_iter_init(&iter, self->entries);
    while (g_hash_table_iter_next(&iter, &uuid, NULL)) {
        if (!g_hash_table_contains(present, uuid))
            g_hash_table_iter_remove(&iter);
    }
}

gint64
nmm_guest_status_table_get_due(const NmmGuestStatusTable *self)
{
    gint64 due = -1;
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, self->entries);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Entry *entry = value;

        if (entry->due >= 0 && (due < 0 || entry->due < due))
            due = entry->due;
    }
    return due;
}

void
nmm_guest_status_table_take_due(NmmGuestStatusTable *self, gint64 now, GHashTable *uuids)
{
    GHashTableIter iter;
    gpointer uuid;
    gpointer value;

    g_hash_table_iter_init(&iter, self->entries);
    while (g_hash_table_iter_next(&iter, &uuid, &value)) {
        Entry *entry = value;

        if (entry->due >= 0 && entry->due <= now) {
            entry->due = -1;
            g_hash_table_add(uuids, g_strdup(uuid));
        }
    }
}

/* (nullable) (transfer full) */
static NmmProblem *
describe_problem(const Entry *entry)
{
    if (entry->status == NMM_GUEST_NEEDS_RESTART)
        return nmm_problem_new(NMM_PROBLEM_NEEDS_RESTART,
                               entry->name,
                               _("guest '%s' needs a restart to reach the host: shut it down, then "
                                 "start it; a reboot is not enough"),
                               entry->name);
    if (entry->failure)
        return nmm_problem_new(NMM_PROBLEM_GUEST_FAILED, entry->name, "%s", entry->failure);
    return NULL;
}

void
nmm_guest_status_table_add_problems(const NmmGuestStatusTable *self, GPtrArray *problems)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, self->entries);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        NmmProblem *problem = describe_problem(value);

        if (problem)
            g_ptr_array_add(problems, problem);
    }
}

char **
nmm_guest_status_table_list_served(const NmmGuestStatusTable *self)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, self->entries);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Entry *entry = value;

        if (entry->status == NMM_GUEST_SERVED)
            g_strv_builder_add(names, entry->name);
    }
    return g_strv_builder_end(names);
}

GHashTable *
nmm_guest_status_table_list_guests(const NmmGuestStatusTable *self)
{
    GHashTable *guests = g_hash_table_new(g_str_hash, g_str_equal);
    GHashTableIter iter;
    gpointer uuid;
    gpointer value;

    g_hash_table_iter_init(&iter, self->entries);
    while (g_hash_table_iter_next(&iter, &uuid, &value)) {
        const Entry *entry = value;

        if (is_of_interest(entry->status))
            g_hash_table_insert(guests, uuid, entry->name);
    }
    return guests;
}
