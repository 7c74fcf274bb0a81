/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log of calls and the faults. Does not depend on what the calls do. */

#include "config.h"

#include "fake-calls.h"

typedef enum {
    FAULT_FAIL,
    FAULT_HANG,
    FAULT_DELAY,
} FaultKind;

typedef struct {
    FaultKind kind;
    char *pattern;
    guint skip;
    guint times;
    gulong microseconds;
    GError *error;
} Fault;

struct _FakeCalls {
    GMutex mutex;
    GCond released;
    GPtrArray *log;
    GPtrArray *faults;
    GHashTable *per_guest; /* guest → calls in flight */
    guint generation;      /* counts releases, so that a call never hangs on a later fault */
    guint hanging;
    guint in_flight;
    guint max_in_flight;
    guint max_per_guest;
};

static void
fault_free(Fault *fault)
{
    g_free(fault->pattern);
    g_clear_error(&fault->error);
    g_free(fault);
}

FakeCalls *
fake_calls_new(void)
{
    FakeCalls *calls = g_new0(FakeCalls, 1);

    g_mutex_init(&calls->mutex);
    g_cond_init(&calls->released);
    calls->log = g_ptr_array_new_with_free_func(g_free);
    calls->faults = g_ptr_array_new_with_free_func((GDestroyNotify)fault_free);
    calls->per_guest = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return calls;
}

void
fake_calls_free(FakeCalls *calls)
{
    g_ptr_array_unref(calls->log);
    g_ptr_array_unref(calls->faults);
    g_hash_table_unref(calls->per_guest);
    g_cond_clear(&calls->released);
    g_mutex_clear(&calls->mutex);
    g_free(calls);
}

static void
count_in(FakeCalls *calls, const char *guest)
{
    guint n;

    calls->in_flight++;
    calls->max_in_flight = MAX(calls->max_in_flight, calls->in_flight);
    if (!guest)
        return;
    n = GPOINTER_TO_UINT(g_hash_table_lookup(calls->per_guest, guest)) + 1;
    calls->max_per_guest = MAX(calls->max_per_guest, n);
    g_hash_table_replace(calls->per_guest, g_strdup(guest), GUINT_TO_POINTER(n));
}

static void
count_out(FakeCalls *calls, const char *guest)
{
    calls->in_flight--;
    if (guest) {
        guint n = GPOINTER_TO_UINT(g_hash_table_lookup(calls->per_guest, guest));

        g_hash_table_replace(calls->per_guest, g_strdup(guest), GUINT_TO_POINTER(n - 1));
    }
}

/* Returns: (nullable): the fault's error, if the call is to fail. */
static GError *
suffer(FakeCalls *calls, const char *line)
{
    gboolean hang = FALSE;
    gulong delay = 0;
    GError *error = NULL;

    for (guint i = 0; i < calls->faults->len; i++) {
        Fault *fault = calls->faults->pdata[i];

        if (!g_pattern_match_simple(fault->pattern, line))
            continue;
        if (fault->kind == FAULT_HANG) {
            hang = TRUE;
        } else if (fault->kind == FAULT_DELAY) {
            delay = MAX(delay, fault->microseconds);
        } else if (fault->skip > 0) {
            fault->skip--;
        } else if (fault->times > 0) {
            fault->times--;
            if (!error)
                error = g_error_copy(fault->error);
        }
    }

    if (hang) {
        guint generation = calls->generation;

        calls->hanging++;
        while (calls->generation == generation)
            g_cond_wait(&calls->released, &calls->mutex);
        calls->hanging--;
    }
    if (delay > 0) {
        g_mutex_unlock(&calls->mutex);
        g_usleep(delay);
        g_mutex_lock(&calls->mutex);
    }
    return error;
}

gboolean
fake_calls_begin(FakeCalls *calls, const char *line, const char *guest, GError **error)
{
    GError *fault_error;

    g_mutex_lock(&calls->mutex);
    g_ptr_array_add(calls->log, g_strdup(line));
    count_in(calls, guest);
    fault_error = suffer(calls, line);
    if (fault_error)
        count_out(calls, guest);
    g_mutex_unlock(&calls->mutex);

    if (!fault_error)
        return TRUE;
    g_propagate_error(error, fault_error);
    return FALSE;
}

void
fake_calls_end(FakeCalls *calls, const char *guest)
{
    g_mutex_lock(&calls->mutex);
    count_out(calls, guest);
    g_mutex_unlock(&calls->mutex);
}

static void
add_fault(FakeCalls *calls, Fault *fault)
{
    g_mutex_lock(&calls->mutex);
    g_ptr_array_add(calls->faults, fault);
    g_mutex_unlock(&calls->mutex);
}

void
fake_calls_fail(FakeCalls *calls,
                const char *pattern,
                guint nth,
                guint times,
                NmmError code,
                const char *message)
{
    Fault *fault = g_new0(Fault, 1);

    fault->kind = FAULT_FAIL;
    fault->pattern = g_strdup(pattern);
    fault->skip = nth - 1;
    fault->times = times;
    fault->error = g_error_new_literal(NMM_ERROR, code, message);
    add_fault(calls, fault);
}

void
fake_calls_hang(FakeCalls *calls, const char *pattern)
{
    Fault *fault = g_new0(Fault, 1);

    fault->kind = FAULT_HANG;
    fault->pattern = g_strdup(pattern);
    add_fault(calls, fault);
}

void
fake_calls_delay(FakeCalls *calls, const char *pattern, gulong microseconds)
{
    Fault *fault = g_new0(Fault, 1);

    fault->kind = FAULT_DELAY;
    fault->pattern = g_strdup(pattern);
    fault->microseconds = microseconds;
    add_fault(calls, fault);
}

void
fake_calls_release(FakeCalls *calls)
{
    g_mutex_lock(&calls->mutex);
    g_ptr_array_set_size(calls->faults, 0);
    calls->generation++;
    g_cond_broadcast(&calls->released);
    g_mutex_unlock(&calls->mutex);
}

guint
fake_calls_count(FakeCalls *calls, const char *pattern)
{
    guint n = 0;

    g_mutex_lock(&calls->mutex);
    for (guint i = 0; i < calls->log->len; i++) {
        if (g_pattern_match_simple(pattern, calls->log->pdata[i]))
            n++;
    }
    g_mutex_unlock(&calls->mutex);
    return n;
}

guint
fake_calls_get_hanging(FakeCalls *calls)
{
    guint n;

    g_mutex_lock(&calls->mutex);
    n = calls->hanging;
    g_mutex_unlock(&calls->mutex);
    return n;
}

char *
fake_calls_dump(FakeCalls *calls)
{
    GString *text = g_string_new(NULL);

    g_mutex_lock(&calls->mutex);
    for (guint i = 0; i < calls->log->len; i++)
        g_string_append_printf(text, "%s\n", (const char *)calls->log->pdata[i]);
    g_mutex_unlock(&calls->mutex);
    return g_string_free(text, FALSE);
}

void
fake_calls_clear(FakeCalls *calls)
{
    g_mutex_lock(&calls->mutex);
    g_ptr_array_set_size(calls->log, 0);
    g_mutex_unlock(&calls->mutex);
}

guint
fake_calls_get_max_in_flight(FakeCalls *calls)
{
    guint n;

    g_mutex_lock(&calls->mutex);
    n = calls->max_in_flight;
    g_mutex_unlock(&calls->mutex);
    return n;
}

guint
fake_calls_get_max_in_flight_per_guest(FakeCalls *calls)
{
    guint n;

    g_mutex_lock(&calls->mutex);
    n = calls->max_per_guest;
    g_mutex_unlock(&calls->mutex);
    return n;
}
