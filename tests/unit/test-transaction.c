/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of mode move: the way up, and whatever may happen on it.
 */

#include "config.h"

#include "nm-macvtap-transaction.h"

/* Longer than any way up and down again, recovery included. */
#define MAX_DEPTH 40

static const NMMacvtapStep way_up[] = {
    NM_MACVTAP_STEP_READ,
    NM_MACVTAP_STEP_CHECKPOINT,
    NM_MACVTAP_STEP_ADD,
    NM_MACVTAP_STEP_ACTIVATE,
    NM_MACVTAP_STEP_BIND,
    NM_MACVTAP_STEP_WAIT_LINK,
    NM_MACVTAP_STEP_REAPPLY,
    NM_MACVTAP_STEP_WAIT_ONLINE,
    NM_MACVTAP_STEP_COMMIT,
    NM_MACVTAP_STEP_UP,
};

static const NMMacvtapStep way_down[] = {
    NM_MACVTAP_STEP_RESTORE,
    NM_MACVTAP_STEP_WAIT_RESTORED,
    NM_MACVTAP_STEP_REMOVE,
    NM_MACVTAP_STEP_RELEASE,
    NM_MACVTAP_STEP_DOWN,
};

static void
walk(NMMacvtapTransaction *transaction, const NMMacvtapStep *steps, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        g_assert_cmpint(transaction->step, ==, steps[i]);
        if (i + 1 < n)
            g_assert_true(nm_macvtap_transaction_handle(transaction, NM_MACVTAP_EVENT_DONE));
    }
}

static void
test_up_and_down(void)
{
    NMMacvtapTransaction transaction;

    nm_macvtap_transaction_init(&transaction);
    walk(&transaction, way_up, G_N_ELEMENTS(way_up));
    g_assert_true(nm_macvtap_transaction_handle(&transaction, NM_MACVTAP_EVENT_STOP));
    walk(&transaction, way_down, G_N_ELEMENTS(way_down));
    g_assert_true(transaction.stopping);
    g_assert_false(transaction.failed);
    g_assert_false(nm_macvtap_transaction_handle(&transaction, NM_MACVTAP_EVENT_STOP));
}

static void
test_lost_link(void)
{
    NMMacvtapTransaction transaction;

    nm_macvtap_transaction_init(&transaction);
    walk(&transaction, way_up, G_N_ELEMENTS(way_up));
    g_assert_true(nm_macvtap_transaction_handle(&transaction, NM_MACVTAP_EVENT_FAILED));
    walk(&transaction, way_down, G_N_ELEMENTS(way_down));
    g_assert_true(transaction.failed);
}

/* A call that has been sent is waited for; a wait is not. */
static void
test_stop_in_call_and_wait(void)
{
    NMMacvtapTransaction transaction;

    nm_macvtap_transaction_init(&transaction);
    transaction.step = NM_MACVTAP_STEP_ADD;
    g_assert_false(nm_macvtap_transaction_handle(&transaction, NM_MACVTAP_EVENT_STOP));
    g_assert_cmpint(transaction.step, ==, NM_MACVTAP_STEP_ADD);
    g_assert_true(nm_macvtap_transaction_handle(&transaction, NM_MACVTAP_EVENT_DONE));
    g_assert_cmpint(transaction.step, ==, NM_MACVTAP_STEP_REMOVE);

    nm_macvtap_transaction_init(&transaction);
    transaction.step = NM_MACVTAP_STEP_WAIT_LINK;
    g_assert_true(nm_macvtap_transaction_handle(&transaction, NM_MACVTAP_EVENT_STOP));
    g_assert_cmpint(transaction.step, ==, NM_MACVTAP_STEP_REMOVE);
}

static void
test_recovery_begins_anew(void)
{
    NMMacvtapTransaction transaction;

    nm_macvtap_transaction_init(&transaction);
    g_assert_true(nm_macvtap_transaction_handle(&transaction, NM_MACVTAP_EVENT_LEFTOVER));
    walk(&transaction, way_down, G_N_ELEMENTS(way_down) - 1);
    g_assert_false(transaction.recovered);
    g_assert_true(nm_macvtap_transaction_handle(&transaction, NM_MACVTAP_EVENT_DONE));
    g_assert_true(transaction.recovered);
    walk(&transaction, way_up, G_N_ELEMENTS(way_up));

    nm_macvtap_transaction_init(&transaction);
    g_assert_true(nm_macvtap_transaction_handle(&transaction, NM_MACVTAP_EVENT_LEFTOVER));
    g_assert_false(nm_macvtap_transaction_handle(&transaction, NM_MACVTAP_EVENT_STOP));
    walk(&transaction, way_down, G_N_ELEMENTS(way_down));
}

/* Everything is in place already. */
static void
test_adoption(void)
{
    NMMacvtapTransaction transaction;

    nm_macvtap_transaction_init(&transaction);
    g_assert_true(nm_macvtap_transaction_handle(&transaction, NM_MACVTAP_EVENT_ADOPT));
    g_assert_cmpint(transaction.step, ==, NM_MACVTAP_STEP_UP);
    g_assert_true(nm_macvtap_transaction_handle(&transaction, NM_MACVTAP_EVENT_STOP));
    walk(&transaction, way_down, G_N_ELEMENTS(way_down));
}

/* Another NetworkManager is waited for, as often as it goes away, and everything moved back. */
static void
test_lost_manager(void)
{
    NMMacvtapTransaction transaction;

    nm_macvtap_transaction_init(&transaction);
    walk(&transaction, way_up, G_N_ELEMENTS(way_up));
    g_assert_true(nm_macvtap_transaction_handle(&transaction, NM_MACVTAP_EVENT_LOST));
    g_assert_cmpint(transaction.step, ==, NM_MACVTAP_STEP_WAIT_MANAGER);
    g_assert_false(nm_macvtap_transaction_handle(&transaction, NM_MACVTAP_EVENT_STOP));
    g_assert_false(nm_macvtap_transaction_handle(&transaction, NM_MACVTAP_EVENT_LOST));
    g_assert_true(nm_macvtap_transaction_handle(&transaction, NM_MACVTAP_EVENT_DONE));
    g_assert_cmpint(transaction.step, ==, NM_MACVTAP_STEP_RESTORE);
    g_assert_true(nm_macvtap_transaction_handle(&transaction, NM_MACVTAP_EVENT_LOST));
    g_assert_cmpint(transaction.step, ==, NM_MACVTAP_STEP_WAIT_MANAGER);
    g_assert_true(nm_macvtap_transaction_handle(&transaction, NM_MACVTAP_EVENT_DONE));
    walk(&transaction, way_down, G_N_ELEMENTS(way_down));

    /* Nobody waits any longer. */
    nm_macvtap_transaction_init(&transaction);
    walk(&transaction, way_up, G_N_ELEMENTS(way_up));
    g_assert_true(nm_macvtap_transaction_handle(&transaction, NM_MACVTAP_EVENT_LOST));
    g_assert_true(nm_macvtap_transaction_handle(&transaction, NM_MACVTAP_EVENT_FAILED));
    g_assert_cmpint(transaction.step, ==, NM_MACVTAP_STEP_DOWN);

    /* Nothing was moved, and nothing is to be moved any more. */
    nm_macvtap_transaction_init(&transaction);
    g_assert_true(nm_macvtap_transaction_handle(&transaction, NM_MACVTAP_EVENT_LOST));
    g_assert_cmpint(transaction.step, ==, NM_MACVTAP_STEP_DOWN);
    nm_macvtap_transaction_init(&transaction);
    transaction.step = NM_MACVTAP_STEP_RELEASE;
    g_assert_true(nm_macvtap_transaction_handle(&transaction, NM_MACVTAP_EVENT_LOST));
    g_assert_cmpint(transaction.step, ==, NM_MACVTAP_STEP_DOWN);
}

/* What the parent's address, the link's and the checkpoint are after some steps. */
typedef struct {
    gboolean is_bare; /* the parent, maybe */
    gboolean has_link;
    gboolean has_checkpoint;
    gboolean was_lost; /* NetworkManager, once */
} World;

static guint n_ends;

/* What an event does to the world; a call that failed may have taken effect all the same. */
static void
play(World *world, NMMacvtapStep step, NMMacvtapEvent event)
{
    if (event == NM_MACVTAP_EVENT_LOST) {
        world->was_lost = TRUE;
        world->has_checkpoint = FALSE;
        world->has_link = world->has_link || step == NM_MACVTAP_STEP_ADD;
        world->is_bare = world->is_bare || step == NM_MACVTAP_STEP_REAPPLY;
        return;
    }
    switch (step) {
    case NM_MACVTAP_STEP_CHECKPOINT:
        world->has_checkpoint = event == NM_MACVTAP_EVENT_DONE;
        break;
    case NM_MACVTAP_STEP_ADD:
        world->has_link = TRUE;
        break;
    case NM_MACVTAP_STEP_REAPPLY:
        world->is_bare = TRUE;
        break;
    case NM_MACVTAP_STEP_WAIT_RESTORED:
        if (event == NM_MACVTAP_EVENT_DONE)
            world->is_bare = FALSE;
        break;
    case NM_MACVTAP_STEP_REMOVE:
        world->has_link = FALSE;
        break;
    case NM_MACVTAP_STEP_COMMIT:
    case NM_MACVTAP_STEP_RELEASE:
        world->has_checkpoint = FALSE;
        break;
    default:
        break;
    }
}

static void
explore(NMMacvtapTransaction transaction, World world, guint depth)
{
    static const NMMacvtapEvent events[] = {
        NM_MACVTAP_EVENT_DONE,
        NM_MACVTAP_EVENT_FAILED,
        NM_MACVTAP_EVENT_STOP,
        NM_MACVTAP_EVENT_LOST,
    };

    g_assert_cmpuint(depth, <, MAX_DEPTH);
    g_assert_true(!world.is_bare || world.has_link);
    if (transaction.step == NM_MACVTAP_STEP_DOWN) {
        g_assert_false(world.has_checkpoint);
        n_ends++;
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(events); i++) {
        NMMacvtapTransaction next = transaction;
        World after = world;
        gboolean begins = nm_macvtap_transaction_handle(&next, events[i]);

        /* Nothing is done with being up; a stop is asked for once. */
        if ((transaction.step == NM_MACVTAP_STEP_UP && events[i] == NM_MACVTAP_EVENT_DONE) ||
            (transaction.stopping && events[i] == NM_MACVTAP_EVENT_STOP) ||
            (world.was_lost && events[i] == NM_MACVTAP_EVENT_LOST))
            continue;
        g_assert_true(begins || events[i] == NM_MACVTAP_EVENT_STOP);
        if (begins)
            play(&after, transaction.step, events[i]);
        explore(next, after, depth + 1);
    }
}

/* Whatever fails and whenever it is stopped: it comes to its end, there is no checkpoint left, and
 * the host has an address all the time. */
static void
test_every_way(void)
{
    NMMacvtapTransaction transaction;
    World left = {.is_bare = TRUE, .has_link = TRUE};

    nm_macvtap_transaction_init(&transaction);
    n_ends = 0;
    explore(transaction, (World){0}, 0);
    g_assert_cmpuint(n_ends, >, 50);

    g_assert_true(nm_macvtap_transaction_handle(&transaction, NM_MACVTAP_EVENT_LEFTOVER));
    n_ends = 0;
    explore(transaction, left, 0);
    g_assert_cmpuint(n_ends, >, 50);
}

static void
test_names(void)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i <= NM_MACVTAP_STEP_LAST; i++) {
        const char *name = nm_macvtap_step_to_string(i);

        g_assert_nonnull(name);
        g_assert_true(g_hash_table_add(names, (gpointer)name));
        g_assert_cmpint(nm_macvtap_step_is_wait(i),
                        ==,
                        g_str_has_prefix(name, "wait-") || i == NM_MACVTAP_STEP_UP);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/transaction/up-and-down", test_up_and_down);
    g_test_add_func("/transaction/lost-link", test_lost_link);
    g_test_add_func("/transaction/stop", test_stop_in_call_and_wait);
    g_test_add_func("/transaction/recovery", test_recovery_begins_anew);
    g_test_add_func("/transaction/adoption", test_adoption);
    g_test_add_func("/transaction/lost-manager", test_lost_manager);
    g_test_add_func("/transaction/every-way", test_every_way);
    g_test_add_func("/transaction/names", test_names);
    return g_test_run();
}
