/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pass: plan → edits of the network that come first → edits of the guests → edits of the
 * network that come last. One guest's error never stops another's; an error in the network's part
 * ends the pass.
 */

#include "config.h"

#include "nmm-sync-pass.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"

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
                  NmmGuestEditor *editor,
                  NmmProfile *profile,
                  const char *host_id,
                  const NmmReading *reading)
{
    NmmSyncPass *pass = g_atomic_rc_box_new0(NmmSyncPass);

    pass->purpose = purpose;
    pass->hypervisor = g_object_ref(hypervisor);
    pass->editor = nmm_guest_editor_ref(editor);
    pass->profile = nmm_profile_ref(profile);
    pass->host_id = g_strdup(host_id);
    pass->all = !reading->uuids;
    pass->read_time = reading->begun;
    pass->guests = g_ptr_array_ref(reading->guests);
    pass->networks = g_ptr_array_ref(reading->networks);
    pass->used = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_used_subnet_free);
    pass->arrived = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    pass->asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    pass->cancellable = g_cancellable_new();
    pass->failures =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_error_free);
    pass->detaching = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return pass;
}

static void
pass_clear(gpointer data)
{
    NmmSyncPass *pass = data;

    g_object_unref(pass->hypervisor);
    nmm_guest_editor_unref(pass->editor);
    nmm_profile_unref(pass->profile);
    g_free(pass->host_id);
    g_ptr_array_unref(pass->guests);
    g_ptr_array_unref(pass->networks);
    g_ptr_array_unref(pass->used);
    g_clear_pointer(&pass->before, nmm_sync_before_unref);
    g_hash_table_unref(pass->arrived);
    g_hash_table_unref(pass->asked);
    g_object_unref(pass->cancellable);
    g_clear_error(&pass->error);
    g_clear_pointer(&pass->plan, nmm_plan_free);
    g_hash_table_unref(pass->failures);
    g_hash_table_unref(pass->detaching);
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
make_plan(NmmSyncPass *pass)
{
    NmmObserved observed = {
        .guests = pass->guests,
        .networks = pass->networks,
        .used = pass->used,
        .host_id = pass->host_id,
        .activating = pass->activating,
        .guests_partial = !pass->all,
        .arrived = pass->arrived,
        .guests_before = pass->before ? pass->before->guests : NULL,
        .networks_before = pass->before ? pass->before->networks : NULL,
    };

    pass->plan = nmm_plan_isolated(pass->profile, pass->purpose, &observed, &pass->error);
    return pass->plan != NULL;
}

/* Edits */

static void
apply_nic_edits(NmmSyncPass *pass)
{
    NmmGuestEdits edits = {
        .edits = pass->plan->edits,
        .read_time = pass->read_time,
        .asked = pass->asked,
        .cancellable = pass->cancellable,
        .failures = pass->failures,
        .detaching = pass->detaching,
    };

    nmm_guest_editor_run(pass->editor, &edits);
    pass->lost |= edits.lost;
}

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
        _("%s; if the cause is firewalld zone '%s', which the profile has in 'connection.zone', "
          "start firewalld, create the zone, or remove the property"),
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
    if (nmm_hypervisor_apply(pass->hypervisor, edit, &pass->error))
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
    /* A guest that keeps its interface cannot start without the network. */
    if (!pass->lost && g_hash_table_size(pass->failures) == 0)
        apply_network_edits(pass, TRUE);
}

static void
run_in_thread_cb(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    NmmSyncPass *pass = data;

    run(pass);
    if (is_unreachable(pass->error))
        pass->lost = TRUE;
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
