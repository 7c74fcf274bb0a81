/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run has workers, which take one guest after the other. If a worker takes too long, the thread
 * of the run stops waiting for it, and starts another one.
 */

#include "config.h"

#include "nmm-guest-editor.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"

/* libvirtd answers five requests of one client at a time; one is left for readers. */
#define MAX_PARALLEL 4

/* Calls left behind: each holds one of the 20 threads with which libvirtd serves all clients. */
#define MAX_HELD 8

#define N_SCOPES 2

struct _NmmGuestEditor {
    gatomicrefcount ref_count;
    NmmHypervisor *hypervisor;
    guint hold_ms;
    GMutex mutex;       /* guards what is below, and runs and batches */
    GCond changed;      /* a batch began or ended */
    GHashTable *held;   /* (element-type utf8 Held): guests whose call was left behind, by UUID */
    guint n_waiting;    /* of these calls, those that have not returned */
    GHashTable *undone; /* (element-type utf8 utf8): UUID → name of guests with edits pending */
};

typedef struct {
    char *name;
    gint64 ended; /* monotonic: when its call returned; G_MAXINT64 before */
} Held;

typedef enum {
    WAITING,
    RUNNING,
    DONE,
    LEFT, /* behind, or not begun because the guest is held */
} BatchState;

/* One guest's edits, in the order of the plan. */
typedef struct {
    const char *uuid; /* of the edits; borrowed like them */
    const char *name;
    GPtrArray *edits; /* (element-type NmmEdit) */
    gboolean asked;
    BatchState state;
    gint64 begun; /* monotonic, in microseconds */
    gboolean detaching;
    GError *failure; /* (nullable) */
} Batch;

/* Shared by the thread of the run and its workers. */
typedef struct {
    NmmGuestEditor *editor;
    GPtrArray *edits;
    GCancellable *cancellable;
    GPtrArray *batches; /* (element-type Batch): in the order in which the plan names each guest */
    guint next;         /* the batch that a worker takes next */
    guint workers;      /* not left behind */
    gint lost;          /* atomic: the connection broke */
} Run;

/* Life */

static void
held_free(gpointer data)
{
    Held *held = data;

    g_free(held->name);
    g_free(held);
}

NmmGuestEditor *
nmm_guest_editor_new(NmmHypervisor *hypervisor, guint hold_ms)
{
    NmmGuestEditor *self = g_new0(NmmGuestEditor, 1);

    g_atomic_ref_count_init(&self->ref_count);
    self->hypervisor = g_object_ref(hypervisor);
    self->hold_ms = hold_ms;
    g_mutex_init(&self->mutex);
    g_cond_init(&self->changed);
    self->held = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, held_free);
    self->undone = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return self;
}

NmmGuestEditor *
nmm_guest_editor_ref(NmmGuestEditor *self)
{
    g_atomic_ref_count_inc(&self->ref_count);
    return self;
}

void
nmm_guest_editor_unref(NmmGuestEditor *self)
{
    if (!g_atomic_ref_count_dec(&self->ref_count))
        return;
    g_object_unref(self->hypervisor);
    g_mutex_clear(&self->mutex);
    g_cond_clear(&self->changed);
    g_hash_table_unref(self->held);
    g_hash_table_unref(self->undone);
    g_free(self);
}

static void
batch_free(gpointer data)
{
    Batch *batch = data;

    g_ptr_array_unref(batch->edits);
    g_clear_error(&batch->failure);
    g_free(batch);
}

static void
run_clear(gpointer data)
{
    Run *run = data;

    g_ptr_array_unref(run->batches);
    g_ptr_array_unref(run->edits);
    g_object_unref(run->cancellable);
    nmm_guest_editor_unref(run->editor);
}

static void
run_unref(Run *run)
{
    g_atomic_rc_box_release_full(run, run_clear);
}

/* One guest */

/* Keeps the most important failure: one that a restart of the guest repairs is the least. */
static void
note_failure(Run *run, Batch *batch, GError *error)
{
    g_autoptr(GError) owned = error;

    if (g_error_matches(error, NMM_ERROR, NMM_ERROR_UNREACHABLE)) {
        g_atomic_int_set(&run->lost, TRUE);
    } else if (!batch->failure ||
               g_error_matches(batch->failure, NMM_ERROR, NMM_ERROR_UNSUPPORTED)) {
        g_clear_error(&batch->failure);
        batch->failure = g_steal_pointer(&owned);
    }
}

/* A container releases its interface at once. */
static gboolean
needs_release(const NmmEdit *edit)
{
    return edit->kind == NMM_EDIT_NIC_DETACH && edit->scope == NMM_SCOPE_LIVE && !edit->xml;
}

/*
 * A guest that stopped or an interface that was removed meanwhile is no failure: an event follows.
 * Returns: whether later edits of the same guest and scope make sense.
 */
static gboolean
apply_edit(Run *run, Batch *batch, const NmmEdit *edit)
{
    GError *error = NULL;

    if (nmm_hypervisor_apply(run->editor->hypervisor, edit, &error))
        return TRUE;
    if (g_error_matches(error, NMM_ERROR, NMM_ERROR_NOT_FOUND)) {
        g_clear_error(&error);
        return edit->kind == NMM_EDIT_NIC_DETACH;
    }
    note_failure(run, batch, error);
    return FALSE;
}

/*
 * A guest releases its interface at any time, if ever, and an event follows: later live edits wait
 * for that. It is asked once: some hypervisors send an event for a refusal too, which must not
 * cause another try.
 */
static void
apply_live_detach(Run *run, Batch *batch, const NmmEdit *edit)
{
    if (batch->asked || apply_edit(run, batch, edit))
        batch->detaching = TRUE;
}

static gboolean
may_go_on(Run *run, const Batch *batch)
{
    gboolean left;

    g_mutex_lock(&run->editor->mutex);
    left = batch->state == LEFT;
    g_mutex_unlock(&run->editor->mutex);
    return !left && !g_atomic_int_get(&run->lost) && !g_cancellable_is_cancelled(run->cancellable);
}

static void
carry_out(Run *run, Batch *batch)
{
    gboolean ended[N_SCOPES] = {FALSE};

    for (guint i = 0; i < batch->edits->len && may_go_on(run, batch); i++) {
        const NmmEdit *edit = batch->edits->pdata[i];

        if (ended[edit->scope])
            continue;
        if (needs_release(edit)) {
            apply_live_detach(run, batch, edit);
            ended[edit->scope] = TRUE;
        } else {
            ended[edit->scope] = !apply_edit(run, batch, edit);
        }
    }
}

/* Workers */

/* (nullable): the next guest. */
static Batch *
begin_batch(Run *run)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&run->editor->mutex);

    while (run->next < run->batches->len) {
        Batch *batch = run->batches->pdata[run->next++];

        if (batch->state != WAITING)
            continue;
        batch->state = RUNNING;
        batch->begun = g_get_monotonic_time();
        return batch;
    }
    run->workers--;
    g_cond_broadcast(&run->editor->changed);
    return NULL;
}

/* Under the editor's mutex. */
static void
note_returned(NmmGuestEditor *editor, const Batch *batch)
{
    Held *held = g_hash_table_lookup(editor->held, batch->uuid);

    held->ended = g_get_monotonic_time();
    editor->n_waiting--;
}

/* Returns: whether the worker was not left behind. */
static gboolean
end_batch(Run *run, Batch *batch, gboolean complete)
{
    NmmGuestEditor *editor = run->editor;
    gboolean left;

    g_mutex_lock(&editor->mutex);
    left = batch->state == LEFT;
    if (left)
        note_returned(editor, batch);
    else
        batch->state = DONE;
    if (complete)
        g_hash_table_remove(editor->undone, batch->uuid);
    g_cond_broadcast(&editor->changed);
    g_mutex_unlock(&editor->mutex);
    if (left)
        nmm_hypervisor_emit(editor->hypervisor, "guest-changed", batch->uuid);
    return !left;
}

static gpointer
worker_thread(gpointer data)
{
    Run *run = data;
    gboolean stays = TRUE;
    Batch *batch;

    while (stays && (batch = begin_batch(run))) {
        carry_out(run, batch);
        stays = end_batch(run, batch, may_go_on(run, batch));
    }
    run_unref(run);
    return NULL;
}

/* Under the editor's mutex. */
static void
start_worker(Run *run)
{
    run->workers++;
    g_thread_unref(g_thread_new("guest-edits", worker_thread, g_atomic_rc_box_acquire(run)));
}

/* The thread of the run */

static GError *
new_busy_error(const Batch *batch)
{
    return g_error_new(NMM_ERROR,
                       NMM_ERROR_BUSY,
                       _("guest '%s': another operation holds the guest, for example a save, a "
                         "migration or a disk that does not answer; its interface is changed when "
                         "that operation ends"),
                       batch->name);
}

/* Under the editor's mutex. */
static void
leave(Run *run, Batch *batch)
{
    Held *held = g_new(Held, 1);

    held->name = g_strdup(batch->name);
    held->ended = G_MAXINT64;
    g_hash_table_replace(run->editor->held, g_strdup(batch->uuid), held);
    run->editor->n_waiting++;
    run->workers--;
    batch->state = LEFT;
}

static guint
count_waiting(const Run *run)
{
    guint n = 0;

    for (guint i = 0; i < run->batches->len; i++)
        n += ((Batch *)run->batches->pdata[i])->state == WAITING;
    return n;
}

/* Under the editor's mutex. Leaves behind what takes too long. Returns: when to look again. */
static gint64
leave_held(Run *run, gint64 now)
{
    gint64 hold = run->editor->hold_ms * (gint64)1000;
    gint64 next = now + hold;

    for (guint i = 0; i < run->batches->len; i++) {
        Batch *batch = run->batches->pdata[i];

        if (batch->state != RUNNING)
            continue;
        if (batch->begun + hold <= now)
            leave(run, batch);
        else
            next = MIN(next, batch->begun + hold);
    }
    return next;
}

/* Under the editor's mutex. */
static void
start_workers(Run *run)
{
    guint waiting = count_waiting(run);

    while (waiting-- > 0 && run->workers < MAX_PARALLEL && run->editor->n_waiting < MAX_HELD)
        start_worker(run);
}

/* Under the editor's mutex. With all workers left behind, what waits is not begun. */
static void
watch_workers(Run *run)
{
    start_workers(run);
    while (run->workers > 0) {
        gint64 next = leave_held(run, g_get_monotonic_time());

        start_workers(run);
        if (run->workers > 0)
            g_cond_wait_until(&run->editor->changed, &run->editor->mutex, next);
    }
}

/* Under the editor's mutex. (transfer full) (nullable): of a batch that is not DONE its worker may
 * still write the failure. */
static GError *
get_failure(const Batch *batch)
{
    if (batch->state != DONE)
        return new_busy_error(batch);
    return batch->failure ? g_error_copy(batch->failure) : NULL;
}

/* Under the editor's mutex. */
static void
collect(Run *run, NmmGuestEdits *edits)
{
    for (guint i = 0; i < run->batches->len; i++) {
        const Batch *batch = run->batches->pdata[i];
        GError *failure = get_failure(batch);

        if (failure)
            g_hash_table_replace(edits->failures, g_strdup(batch->uuid), failure);
        if (batch->state == DONE && batch->detaching)
            g_hash_table_replace(edits->detaching, g_strdup(batch->uuid), g_strdup(batch->name));
    }
    edits->lost = g_atomic_int_get(&run->lost);
}

static gboolean
is_released(gpointer uuid, gpointer value, gpointer read_time)
{
    return ((Held *)value)->ended < *(gint64 *)read_time;
}

/* Under the editor's mutex. A guest that is still held is not begun. */
static Batch *
add_batch(Run *run, const NmmEdit *edit, GHashTable *asked)
{
    Batch *batch = g_new0(Batch, 1);

    batch->uuid = edit->guest_uuid;
    batch->name = edit->guest_name;
    batch->edits = g_ptr_array_new();
    batch->asked = g_hash_table_contains(asked, edit->guest_uuid);
    batch->state = g_hash_table_contains(run->editor->held, edit->guest_uuid) ? LEFT : WAITING;
    g_ptr_array_add(run->batches, batch);
    g_hash_table_replace(run->editor->undone, g_strdup(batch->uuid), g_strdup(batch->name));
    return batch;
}

/* Under the editor's mutex. */
static void
add_batches(Run *run, GHashTable *asked)
{
    g_autoptr(GHashTable) by_uuid = g_hash_table_new(g_str_hash, g_str_equal);

    g_hash_table_remove_all(run->editor->undone);
    for (guint i = 0; i < run->edits->len; i++) {
        NmmEdit *edit = run->edits->pdata[i];
        Batch *batch;

        if (!edit->guest_uuid)
            continue;
        batch = g_hash_table_lookup(by_uuid, edit->guest_uuid);
        if (!batch) {
            batch = add_batch(run, edit, asked);
            g_hash_table_insert(by_uuid, edit->guest_uuid, batch);
        }
        g_ptr_array_add(batch->edits, edit);
    }
}

void
nmm_guest_editor_run(NmmGuestEditor *self, NmmGuestEdits *edits)
{
    Run *run = g_atomic_rc_box_new0(Run);

    run->editor = nmm_guest_editor_ref(self);
    run->edits = g_ptr_array_ref(edits->edits);
    run->cancellable = g_object_ref(edits->cancellable);
    run->batches = g_ptr_array_new_with_free_func(batch_free);

    g_mutex_lock(&self->mutex);
    g_hash_table_foreach_remove(self->held, is_released, &edits->read_time);
    add_batches(run, edits->asked);
    watch_workers(run);
    collect(run, edits);
    g_mutex_unlock(&self->mutex);
    run_unref(run);
}

/* What is pending */

char **
nmm_guest_editor_list_undone(NmmGuestEditor *self)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    GHashTableIter iter;
    gpointer name;

    g_hash_table_iter_init(&iter, self->undone);
    while (g_hash_table_iter_next(&iter, NULL, &name))
        g_strv_builder_add(names, name);
    return g_strv_builder_end(names);
}

GHashTable *
nmm_guest_editor_list_held(NmmGuestEditor *self, gint64 time)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->mutex);
    GHashTable *held = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    GHashTableIter iter;
    gpointer uuid;
    gpointer value;

    g_hash_table_iter_init(&iter, self->held);
    while (g_hash_table_iter_next(&iter, &uuid, &value)) {
        if (!is_released(uuid, value, &time))
            g_hash_table_insert(held, g_strdup(uuid), g_strdup(((Held *)value)->name));
    }
    return held;
}
