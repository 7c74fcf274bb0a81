/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pass: open → observe → plan → edits of the network that come first → edits of the guests,
 * several guests at once, each guest's in the order of the plan → edits of the network that come
 * last. One guest's error never stops another's; an error in the network's part ends the pass.
 */

#include "config.h"

#include "nmm-sync-pass.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-identity.h"

/* libvirtd answers five requests of one client at a time; one is left for whoever reads. */
#define MAX_PARALLEL 4

#define N_SCOPES 2

/* One guest's edits, in the order of the plan. */
typedef struct {
    const char *uuid; /* of the edits; borrowed like them */
    GPtrArray *edits; /* (element-type NmmEdit) */
} Batch;

/* Life */

/**
 * nmm_sync_pass_new:
 * @kind: what the pass is for
 * @hypervisor: where; a reference is taken
 * @profile: what is wanted; a reference is taken
 * @host_id: the machine id, for addresses that are derived from it
 *
 * Returns: (transfer full): a pass over all guests on a connection that is open; the caller may
 *   set the fields that say what to do until it runs
 */
NmmSyncPass *
nmm_sync_pass_new(NmmSyncPassKind kind,
                  NmmHypervisor *hypervisor,
                  NmmProfile *profile,
                  const char *host_id)
{
    NmmSyncPass *pass = g_atomic_rc_box_new0(NmmSyncPass);

    pass->kind = kind;
    pass->hypervisor = g_object_ref(hypervisor);
    pass->profile = nmm_profile_ref(profile);
    pass->host_id = g_strdup(host_id);
    pass->used = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_used_subnet_free);
    pass->asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    pass->cancellable = g_cancellable_new();
    pass->failures =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_error_free);
    pass->unread =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_error_free);
    pass->gone = g_ptr_array_new_with_free_func(g_free);
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
    g_ptr_array_unref(pass->used);
    g_strfreev(pass->uuids);
    g_hash_table_unref(pass->asked);
    g_object_unref(pass->cancellable);
    g_clear_error(&pass->error);
    g_clear_pointer(&pass->plan, nmm_plan_free);
    g_hash_table_unref(pass->failures);
    g_hash_table_unref(pass->unread);
    g_ptr_array_unref(pass->gone);
    g_hash_table_unref(pass->detaching);
    g_hash_table_unref(pass->undone);
    g_mutex_clear(&pass->mutex);
}

/**
 * nmm_sync_pass_ref:
 * @pass: a pass
 *
 * Returns: (transfer full): @pass
 */
NmmSyncPass *
nmm_sync_pass_ref(NmmSyncPass *pass)
{
    return g_atomic_rc_box_acquire(pass);
}

/**
 * nmm_sync_pass_unref:
 * @pass: (transfer full): a pass
 */
void
nmm_sync_pass_unref(NmmSyncPass *pass)
{
    g_atomic_rc_box_release_full(pass, pass_clear);
}

/* Observing */

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

/* (transfer full) (nullable): the guests of pass->uuids that can be read; one that cannot is noted
 * in gone or unread. NULL where the connection broke. */
static GPtrArray *
read_guests(NmmSyncPass *pass, GError **error)
{
    g_autoptr(GPtrArray) guests = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_guest_unref);

    for (char **uuid = pass->uuids; *uuid; uuid++) {
        g_autoptr(GError) guest_error = NULL;
        NmmGuest *guest;

        if (g_cancellable_set_error_if_cancelled(pass->cancellable, error))
            return NULL;
        guest = nmm_hypervisor_read_guest(pass->hypervisor, *uuid, &guest_error);
        if (guest) {
            g_ptr_array_add(guests, guest);
        } else if (is_unreachable(guest_error)) {
            g_propagate_error(error, g_steal_pointer(&guest_error));
            return NULL;
        } else if (is_not_found(guest_error)) {
            g_ptr_array_add(pass->gone, g_strdup(*uuid));
        } else {
            g_prefix_error(&guest_error, _("guest '%s': "), *uuid);
            g_hash_table_insert(pass->unread, g_strdup(*uuid), g_steal_pointer(&guest_error));
        }
    }
    return g_steal_pointer(&guests);
}

static GPtrArray *
observe_guests(NmmSyncPass *pass, GError **error)
{
    if (pass->uuids)
        return read_guests(pass, error);
    return nmm_hypervisor_list_guests(pass->hypervisor, error);
}

static gboolean
check_present(NmmSyncPass *pass, GPtrArray *networks)
{
    const char *name = pass->profile->network;
    NmmNetwork *network = nmm_network_find(networks, name);

    if (network && network->active)
        return TRUE;
    g_set_error(&pass->error,
                NMM_ERROR,
                NMM_ERROR_NOT_FOUND,
                network ? _("network '%s' was stopped") : _("network '%s' was removed"),
                name);
    return FALSE;
}

static gboolean
make_plan(NmmSyncPass *pass, GPtrArray *networks, GPtrArray *guests)
{
    NmmPurpose purpose = pass->kind == NMM_SYNC_PASS_DOWN ? NMM_PURPOSE_DOWN : NMM_PURPOSE_UP;
    NmmObserved observed = {
        .guests = guests,
        .networks = networks,
        .used = pass->used,
        .host_id = pass->host_id,
        .guests_partial = pass->uuids != NULL,
    };

    pass->plan = nmm_plan_isolated(pass->profile, purpose, &observed, &pass->error);
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

/* Keeps the failure that matters most: what a restart of the guest mends matters least. */
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
 * What is gone meanwhile (guest stopped, interface taken out) is no failure: an event tells.
 * Returns: whether later edits of the same guest and scope make sense.
 */
static gboolean
apply_nic_edit(NmmSyncPass *pass, const NmmEdit *edit)
{
    GError *error = NULL;

    if (apply(pass, edit, &error)) {
        g_mutex_lock(&pass->mutex);
        pass->n_applied++;
        g_mutex_unlock(&pass->mutex);
        return TRUE;
    }
    if (is_not_found(error)) {
        g_clear_error(&error);
        return edit->kind == NMM_EDIT_NIC_DETACH;
    }
    note_failure(pass, edit->guest_uuid, error);
    return FALSE;
}

/*
 * A guest lets go when it likes, if ever, and an event tells: later live edits wait for that. It is
 * asked once: some hypervisors tell of a refusal by an event too, which must not cause another try.
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
    gboolean ended[N_SCOPES] = {FALSE, FALSE};

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

static gboolean
apply_network_edits(NmmSyncPass *pass, gboolean removal)
{
    for (guint i = 0; i < pass->plan->edits->len; i++) {
        const NmmEdit *edit = pass->plan->edits->pdata[i];

        if (edit->guest_uuid || is_network_removal(edit) != removal)
            continue;
        if (g_cancellable_set_error_if_cancelled(pass->cancellable, &pass->error) ||
            !apply(pass, edit, &pass->error))
            return FALSE;
        pass->n_applied++;
    }
    return TRUE;
}

/* libvirt picks the bridge of a network that was made just now. */
static gboolean
complete_bridge(NmmSyncPass *pass)
{
    g_autoptr(GPtrArray) networks = NULL;
    NmmNetwork *network;

    if (pass->plan->bridge || pass->kind != NMM_SYNC_PASS_UP)
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

/* What the plan promised and could not be kept shows in its reports. */
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
look(NmmSyncPass *pass)
{
    g_autofree char *alias = nmm_identity_alias(pass->profile->network);
    g_autoptr(GPtrArray) guests = observe_guests(pass, &pass->error);

    for (guint i = 0; guests && i < guests->len; i++) {
        NmmGuest *guest = guests->pdata[i];

        for (guint j = 0; guest->live && j < guest->live->nics->len; j++) {
            const NmmNic *nic = guest->live->nics->pdata[j];

            if (g_strcmp0(nic->alias, alias) == 0)
                g_hash_table_replace(pass->detaching, g_strdup(guest->uuid), g_strdup(guest->name));
        }
    }
}

/* Returns: (transfer full) (nullable): the networks, on a connection that stands. */
static GPtrArray *
open_and_observe(NmmSyncPass *pass)
{
    if (g_cancellable_set_error_if_cancelled(pass->cancellable, &pass->error))
        return NULL;
    if (pass->open) {
        pass->opened = nmm_hypervisor_open(pass->hypervisor, FALSE, &pass->error);
        if (!pass->opened)
            return NULL;
    }
    pass->stage = NMM_SYNC_STAGE_OBSERVE;
    return nmm_hypervisor_list_networks(pass->hypervisor, &pass->error);
}

static void
run(NmmSyncPass *pass)
{
    g_autoptr(GPtrArray) networks = NULL;
    g_autoptr(GPtrArray) guests = NULL;

    networks = open_and_observe(pass);
    if (!networks)
        return;
    if (pass->kind == NMM_SYNC_PASS_KEEP && !check_present(pass, networks)) {
        pass->stage = NMM_SYNC_STAGE_ABSENT;
        return;
    }
    guests = observe_guests(pass, &pass->error);
    if (!guests)
        return;
    pass->stage = NMM_SYNC_STAGE_PLAN;
    if (!make_plan(pass, networks, guests))
        return;
    pass->stage = NMM_SYNC_STAGE_NETWORK;
    if (!apply_network_edits(pass, FALSE) || !complete_bridge(pass))
        return;
    apply_nic_edits(pass);
    amend_plan(pass);
    if (!apply_network_edits(pass, TRUE))
        return;
    pass->stage = NMM_SYNC_STAGE_DONE;
}

static void
run_in_thread_cb(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    NmmSyncPass *pass = data;

    if (pass->kind == NMM_SYNC_PASS_LOOK)
        look(pass);
    else
        run(pass);
    if (is_unreachable(pass->error))
        g_atomic_int_set(&pass->lost, TRUE);
    g_task_return_pointer(task, nmm_sync_pass_ref(pass), (GDestroyNotify)nmm_sync_pass_unref);
}

/**
 * nmm_sync_pass_run_async:
 * @pass: a pass that has not run
 * @callback: called when it is finished, however long that takes; cancelling the pass leaves out
 *   the edits that have not begun
 * @user_data: for @callback
 */
void
nmm_sync_pass_run_async(NmmSyncPass *pass, GAsyncReadyCallback callback, gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(NULL, NULL, callback, user_data);

    g_task_set_source_tag(task, nmm_sync_pass_run_async);
    g_task_set_task_data(task, nmm_sync_pass_ref(pass), (GDestroyNotify)nmm_sync_pass_unref);
    g_task_run_in_thread(task, run_in_thread_cb);
}

/**
 * nmm_sync_pass_run_finish:
 * @result: what the callback was given
 *
 * Returns: (transfer full): the pass; its fields say what came of it
 */
NmmSyncPass *
nmm_sync_pass_run_finish(GAsyncResult *result)
{
    return g_task_propagate_pointer(G_TASK(result), NULL);
}

/**
 * nmm_sync_pass_list_undone:
 * @pass: a pass, which may be running
 *
 * Returns: (transfer full): names of the guests whose edits are still owed
 */
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
