/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pass: plan → edits of the network that come first → edits of the guests, several guests at
 * once, each guest's in the order of the plan → edits of the network that come last. One guest's
 * error never stops another's; an error in the network's part ends the pass.
 */

#include "config.h"

#include "nmm-sync-pass.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"

/* libvirtd answers five requests of one client at a time; one is left for readers. */
#define MAX_PARALLEL 4

#define N_SCOPES 3

/* One guest's edits, in the order of the plan. */
typedef struct {
    const char *uuid; /* of the edits; borrowed like them */
    GPtrArray *edits; /* (element-type NmmEdit) */
} Batch;

/* Life */

NmmSyncBefore *
nmm_sync_before_new(const NmmReading *reading)
{
    NmmSyncBefore *before = g_atomic_rc_box_new0(NmmSyncBefore);

    before->guests = g_ptr_array_ref(reading->guests);
    before->networks = g_ptr_array_ref(reading->networks);
    return before;
}

NmmSyncBefore *
nmm_sync_before_ref(NmmSyncBefore *before)
{
    return g_atomic_rc_box_acquire(before);
}

static void
before_clear(gpointer data)
{
    NmmSyncBefore *before = data;

    g_ptr_array_unref(before->guests);
    g_ptr_array_unref(before->networks);
}

void
nmm_sync_before_unref(NmmSyncBefore *before)
{
    g_atomic_rc_box_release_full(before, before_clear);
}

NmmSyncPass *
nmm_sync_pass_new(NmmPurpose purpose,
                  NmmHypervisor *hypervisor,
                  NmmProfile *profile,
                  const char *host_id,
                  const NmmReading *reading)
{
    NmmSyncPass *pass = g_atomic_rc_box_new0(NmmSyncPass);

    pass->purpose = purpose;
    pass->hypervisor = g_object_ref(hypervisor);
    pass->profile = nmm_profile_ref(profile);
    pass->host_id = g_strdup(host_id);
    pass->all = !reading->uuids;
    pass->guests = g_ptr_array_ref(reading->guests);
    pass->networks = g_ptr_array_ref(reading->networks);
    pass->used = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_used_subnet_free);
    pass->asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    pass->cancellable = g_cancellable_new();
    pass->failures =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_error_free);
    pass->detaching = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    pass->undone = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_mutex_init(&pass->mutex);
    return pass;
}

static void
pass_clear(gpointer data)
{
    NmmSyncPass *pass = data;

    g_object_unref(pass->hypervisor);
    nmm_profile_unref(pass->profile);
    g_free(pass->host_id);
    g_ptr_array_unref(pass->guests);
    g_ptr_array_unref(pass->networks);
    g_ptr_array_unref(pass->used);
    g_clear_pointer(&pass->before, nmm_sync_before_unref);
    g_hash_table_unref(pass->asked);
    g_object_unref(pass->cancellable);
    g_clear_error(&pass->error);
    g_clear_pointer(&pass->plan, nmm_plan_free);
    g_hash_table_unref(pass->failures);
    g_hash_table_unref(pass->detaching);
    g_hash_table_unref(pass->undone);
    g_mutex_clear(&pass->mutex);
}

void
nmm_sync_pass_unref(NmmSyncPass *pass)
{
    g_atomic_rc_box_release_full(pass, pass_clear);
}

static gboolean
is_unreachable(const GError *error)
{
    return g_error_matches(error, NMM_ERROR, NMM_ERROR_UNREACHABLE);
}

static gboolean
is_not_found(const GError *error)
{
    return g_error_matches(error, NMM_ERROR, NMM_ERROR_NOT_FOUND);
}

static gboolean
make_plan(NmmSyncPass *pass)
{
    NmmObserved observed = {
        .guests = pass->guests,
        .networks = pass->networks,
        .used = pass->used,
        .host_id = pass->host_id,
        .activating = pass->activating,
        .guests_partial = !pass->all,
        .guests_before = pass->before ? pass->before->guests : NULL,
        .networks_before = pass->before ? pass->before->networks : NULL,
    };

    pass->plan = nmm_plan_isolated(pass->profile, pass->purpose, &observed, &pass->error);
    return pass->plan != NULL;
}

/* Edits */

static gboolean
apply(NmmSyncPass *pass, const NmmEdit *edit, GError **error)
{
    if (!nmm_hypervisor_apply(pass->hypervisor, edit, error))
        return FALSE;
    g_info("%s of '%s' on network '%s': %s",
           nmm_edit_kind_to_string(edit->kind),
           edit->guest_name ? edit->guest_name : "the host",
           edit->network,
           edit->reason);
    return TRUE;
}

/* Edits of guests */

static void
batch_free(gpointer data)
{
    Batch *batch = data;

    g_ptr_array_unref(batch->edits);
    g_free(batch);
}

/* (transfer full) (element-type Batch): in the order in which the plan first names each guest. */
static GPtrArray *
make_batches(NmmSyncPass *pass)
{
    g_autoptr(GHashTable) by_uuid = g_hash_table_new(g_str_hash, g_str_equal);
    GPtrArray *batches = g_ptr_array_new_with_free_func(batch_free);

    for (guint i = 0; i < pass->plan->edits->len; i++) {
        NmmEdit *edit = pass->plan->edits->pdata[i];
        Batch *batch;

        if (!edit->guest_uuid)
            continue;
        batch = g_hash_table_lookup(by_uuid, edit->guest_uuid);
        if (!batch) {
            batch = g_new0(Batch, 1);
            batch->uuid = edit->guest_uuid;
            batch->edits = g_ptr_array_new();
            g_ptr_array_add(batches, batch);
            g_hash_table_insert(by_uuid, edit->guest_uuid, batch);
            g_mutex_lock(&pass->mutex);
            g_hash_table_insert(
                pass->undone, g_strdup(edit->guest_uuid), g_strdup(edit->guest_name));
            g_mutex_unlock(&pass->mutex);
        }
        g_ptr_array_add(batch->edits, edit);
    }
    return batches;
}

/* Keeps the most important failure: one that a restart of the guest mends is the least. */
static void
note_failure(NmmSyncPass *pass, const char *uuid, GError *error)
{
    g_autoptr(GError) owned = error;
    GError *known;

    if (is_unreachable(error)) {
        g_atomic_int_set(&pass->lost, TRUE);
        return;
    }
    g_mutex_lock(&pass->mutex);
    known = g_hash_table_lookup(pass->failures, uuid);
    if (!known || g_error_matches(known, NMM_ERROR, NMM_ERROR_UNSUPPORTED))
        g_hash_table_replace(pass->failures, g_strdup(uuid), g_steal_pointer(&owned));
    g_mutex_unlock(&pass->mutex);
}

static gboolean
is_live_detach(const NmmEdit *edit)
{
    return edit->kind == NMM_EDIT_NIC_DETACH && edit->scope == NMM_SCOPE_LIVE;
}

/*
 * A guest that stopped or an interface that was removed meanwhile is no failure: an event follows.
 * Returns: whether later edits of the same guest and scope make sense.
 */
static gboolean
apply_nic_edit(NmmSyncPass *pass, const NmmEdit *edit)
{
    GError *error = NULL;

    if (apply(pass, edit, &error))
        return TRUE;
    if (is_not_found(error)) {
        g_clear_error(&error);
        return edit->kind == NMM_EDIT_NIC_DETACH;
    }
    note_failure(pass, edit->guest_uuid, error);
    return FALSE;
}

/*
 * A guest releases its interface at any time, if ever, and an event follows: later live edits wait
 * for that. It is asked once: some hypervisors send an event for a refusal too, which must not
 * cause another try.
 */
static void
apply_live_detach(NmmSyncPass *pass, const NmmEdit *edit)
{
    if (!g_hash_table_contains(pass->asked, edit->guest_uuid) && !apply_nic_edit(pass, edit))
        return;
    g_mutex_lock(&pass->mutex);
    g_hash_table_replace(pass->detaching, g_strdup(edit->guest_uuid), g_strdup(edit->guest_name));
    g_mutex_unlock(&pass->mutex);
}

static void
run_batch(gpointer data, gpointer user_data)
{
    Batch *batch = data;
    NmmSyncPass *pass = user_data;
    gboolean ended[N_SCOPES] = {FALSE};

    for (guint i = 0; i < batch->edits->len; i++) {
        const NmmEdit *edit = batch->edits->pdata[i];

        if (g_cancellable_is_cancelled(pass->cancellable) || g_atomic_int_get(&pass->lost))
            return;
        if (ended[edit->scope])
            continue;
        if (is_live_detach(edit)) {
            apply_live_detach(pass, edit);
            ended[edit->scope] = TRUE;
        } else {
            ended[edit->scope] = !apply_nic_edit(pass, edit);
        }
    }
    g_mutex_lock(&pass->mutex);
    g_hash_table_remove(pass->undone, batch->uuid);
    g_mutex_unlock(&pass->mutex);
}

static void
apply_nic_edits(NmmSyncPass *pass)
{
    g_autoptr(GPtrArray) batches = make_batches(pass);
    GThreadPool *pool;

    if (batches->len == 1)
        run_batch(batches->pdata[0], pass);
    if (batches->len <= 1)
        return;
    pool = g_thread_pool_new(run_batch, pass, MAX_PARALLEL, FALSE, NULL);
    for (guint i = 0; i < batches->len; i++)
        g_thread_pool_push(pool, batches->pdata[i], NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
}

/* Edits of the network */

static gboolean
is_network_removal(const NmmEdit *edit)
{
    return edit->kind >= NMM_EDIT_NETWORK_DESTROY;
}

/* libvirt's message names the zone, but not where it comes from. */
static void
explain_zone(NmmSyncPass *pass)
{
    g_autofree char *message = NULL;

    if (!pass->profile->zone || is_unreachable(pass->error))
        return;
    message = g_strdup_printf(
        _("%s; if it is because of firewalld zone '%s', which 'connection.zone' of the profile "
          "asks for, start firewalld, create the zone, or remove the property"),
        pass->error->message,
        pass->profile->zone);
    g_free(pass->error->message);
    pass->error->message = g_steal_pointer(&message);
}

static gboolean
apply_network_edit(NmmSyncPass *pass, const NmmEdit *edit)
{
    if (g_cancellable_set_error_if_cancelled(pass->cancellable, &pass->error))
        return FALSE;
    if (apply(pass, edit, &pass->error))
        return TRUE;
    if (edit->kind == NMM_EDIT_NETWORK_START)
        explain_zone(pass);
    return FALSE;
}

static gboolean
apply_network_edits(NmmSyncPass *pass, gboolean removal)
{
    for (guint i = 0; i < pass->plan->edits->len; i++) {
        const NmmEdit *edit = pass->plan->edits->pdata[i];

        if (edit->guest_uuid || is_network_removal(edit) != removal)
            continue;
        if (!apply_network_edit(pass, edit))
            return FALSE;
    }
    return TRUE;
}

/* libvirt chooses the bridge of a network that this pass defined. */
static gboolean
complete_bridge(NmmSyncPass *pass)
{
    g_autoptr(GPtrArray) networks = NULL;
    NmmNetwork *network;

    if (pass->plan->bridge || pass->purpose != NMM_PURPOSE_UP)
        return TRUE;
    networks = nmm_hypervisor_list_networks(pass->hypervisor, &pass->error);
    if (!networks)
        return FALSE;
    network = nmm_network_find(networks, pass->profile->network);
    if (network)
        pass->plan->bridge = g_strdup(network->bridge);
    return TRUE;
}

/* The pass */

/* The reports show which promises of the plan failed. */
static void
amend_plan(NmmSyncPass *pass)
{
    for (guint i = 0; i < pass->plan->reports->len; i++) {
        NmmGuestReport *report = pass->plan->reports->pdata[i];
        const GError *failure = g_hash_table_lookup(pass->failures, report->guest->uuid);

        if (g_error_matches(failure, NMM_ERROR, NMM_ERROR_UNSUPPORTED))
            report->status = NMM_GUEST_NEEDS_RESTART;
    }
}

static void
run(NmmSyncPass *pass)
{
    if (!make_plan(pass) || !apply_network_edits(pass, FALSE) || !complete_bridge(pass))
        return;
    apply_nic_edits(pass);
    amend_plan(pass);
    apply_network_edits(pass, TRUE);
}

static void
run_in_thread_cb(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    NmmSyncPass *pass = data;

    run(pass);
    if (is_unreachable(pass->error))
        g_atomic_int_set(&pass->lost, TRUE);
    g_task_return_boolean(task, TRUE);
}

static void
done_cb(GObject *source, GAsyncResult *result, gpointer data)
{
    NmmSyncPass *pass = g_task_get_task_data(G_TASK(result));

    if (pass->callback)
        pass->callback(pass, pass->user_data);
}

void
nmm_sync_pass_run(NmmSyncPass *pass, NmmSyncPassFunc callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, NULL, done_cb, NULL);

    pass->callback = callback;
    pass->user_data = user_data;
    g_task_set_source_tag(task, nmm_sync_pass_run);
    g_task_set_task_data(task, g_atomic_rc_box_acquire(pass), (GDestroyNotify)nmm_sync_pass_unref);
    g_task_run_in_thread(task, run_in_thread_cb);
}

void
nmm_sync_pass_cancel(NmmSyncPass *pass)
{
    g_cancellable_cancel(pass->cancellable);
}

void
nmm_sync_pass_abandon(NmmSyncPass *pass)
{
    pass->callback = NULL;
    nmm_sync_pass_cancel(pass);
    nmm_sync_pass_unref(pass);
}

char **
nmm_sync_pass_list_undone(NmmSyncPass *pass)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&pass->mutex);
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    GHashTableIter iter;
    gpointer name;

    g_hash_table_iter_init(&iter, pass->undone);
    while (g_hash_table_iter_next(&iter, NULL, &name))
        g_strv_builder_add(names, name);
    return g_strv_builder_end(names);
}
