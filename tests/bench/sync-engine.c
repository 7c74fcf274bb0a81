/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest sync as the service does it, without NetworkManager: brings a profile up on the real
 * libvirt and prints the seconds from start to up(). A second run on the same guests shows the cost
 * of a pass without edits.
 */

#include <glib.h>

#include "nmm-keys.h"
#include "nmm-libvirt.h"
#include "nmm-sync.h"

typedef struct {
    GMainLoop *loop;
    NmmSync *sync;
    gint64 start;
} Run;

static GPtrArray *
no_used_subnets(gpointer user_data)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)nmm_used_subnet_free);
}

/* Later passes do not matter: the first one ends in a stop. */
static void
kept_cb(const NmmPlan *plan, gboolean all, gpointer user_data)
{
}

static void
up_cb(const NmmPlan *plan, gpointer user_data)
{
    Run *run = user_data;

    g_print("%.3f\n", (double)(g_get_monotonic_time() - run->start) / 1e6);
    nmm_sync_stop(run->sync, 120 * 1000);
}

static void
failed_cb(const GError *error, gpointer user_data)
{
    g_error("sync: %s", error->message);
}

static void
stopped_cb(gpointer user_data)
{
    Run *run = user_data;

    g_main_loop_quit(run->loop);
}

static const NmmSyncClient client = {
    .up = up_cb,
    .kept = kept_cb,
    .failed = failed_cb,
    .stopped = stopped_cb,
    .collect_subnets = no_used_subnets,
};

int
main(int argc, char **argv)
{
    g_autoptr(GHashTable) data = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(NmmHypervisor) hypervisor = NULL;
    g_autoptr(NmmProfile) profile = NULL;
    g_autoptr(GError) error = NULL;
    Run run = {.loop = g_main_loop_new(NULL, FALSE)};

    if (argc != 3)
        g_error("usage: sync-engine keep|remove NETWORK");
    g_hash_table_insert(data, (gpointer)NMM_KEY_ON_DISCONNECT, argv[1]);
    g_hash_table_insert(data, (gpointer)NMM_KEY_NETWORK, argv[2]);
    profile = nmm_profile_parse("bench", "bench", NULL, data, NULL, &error);
    if (!profile)
        g_error("%s", error->message);

    run.start = g_get_monotonic_time();
    hypervisor = nmm_libvirt_new(profile->libvirt_uri);
    run.sync = nmm_sync_new(hypervisor, profile, "", &client, NULL, &run);
    nmm_sync_start(run.sync);
    g_main_loop_run(run.loop);
    nmm_sync_free(run.sync);
    g_main_loop_unref(run.loop);
    return 0;
}
