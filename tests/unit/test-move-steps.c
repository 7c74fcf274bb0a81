/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of mode move: the way up, and whatever may happen on it.
 */

#include "config.h"

#include "nmm-move-steps.h"

/* Longer than any way up and down again, recovery included. */
#define MAX_DEPTH 40

static const NmmMoveStep way_up[] = {
    NMM_MOVE_STEP_READ,
    NMM_MOVE_STEP_CHECKPOINT,
    NMM_MOVE_STEP_ADD,
    NMM_MOVE_STEP_ACTIVATE,
    NMM_MOVE_STEP_BIND,
    NMM_MOVE_STEP_WAIT_LINK,
    NMM_MOVE_STEP_REAPPLY,
    NMM_MOVE_STEP_WAIT_ONLINE,
    NMM_MOVE_STEP_COMMIT,
    NMM_MOVE_STEP_UP,
};

static const NmmMoveStep way_down[] = {
    NMM_MOVE_STEP_RESTORE,
    NMM_MOVE_STEP_WAIT_RESTORED,
    NMM_MOVE_STEP_REMOVE,
    NMM_MOVE_STEP_RELEASE,
    NMM_MOVE_STEP_DOWN,
};

static void
walk(NmmMoveSteps *transaction, const NmmMoveStep *steps, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        g_assert_cmpint(transaction->step, ==, steps[i]);
        if (i + 1 < n)
            g_assert_true(nmm_move_steps_handle(transaction, NMM_EVENT_DONE));
    }
}

static void
test_up_and_down(void)
{
    NmmMoveSteps transaction;

    nmm_move_steps_init(&transaction);
    walk(&transaction, way_up, G_N_ELEMENTS(way_up));
    g_assert_true(nmm_move_steps_handle(&transaction, NMM_EVENT_STOP));
    walk(&transaction, way_down, G_N_ELEMENTS(way_down));
    g_assert_true(transaction.stopping);
    g_assert_false(transaction.failed);
    g_assert_false(nmm_move_steps_handle(&transaction, NMM_EVENT_STOP));
}

static void
test_lost_link(void)
{
    NmmMoveSteps transaction;

    nmm_move_steps_init(&transaction);
    walk(&transaction, way_up, G_N_ELEMENTS(way_up));
    g_assert_true(nmm_move_steps_handle(&transaction, NMM_EVENT_FAILED));
    walk(&transaction, way_down, G_N_ELEMENTS(way_down));
    g_assert_true(transaction.failed);
}

/* A call that has been sent is waited for; a wait is not. */
static void
test_stop_in_call_and_wait(void)
{
    NmmMoveSteps transaction;

    nmm_move_steps_init(&transaction);
    transaction.step = NMM_MOVE_STEP_ADD;
    g_assert_false(nmm_move_steps_handle(&transaction, NMM_EVENT_STOP));
    g_assert_cmpint(transaction.step, ==, NMM_MOVE_STEP_ADD);
    g_assert_true(nmm_move_steps_handle(&transaction, NMM_EVENT_DONE));
    g_assert_cmpint(transaction.step, ==, NMM_MOVE_STEP_REMOVE);

    nmm_move_steps_init(&transaction);
    transaction.step = NMM_MOVE_STEP_WAIT_LINK;
    g_assert_true(nmm_move_steps_handle(&transaction, NMM_EVENT_STOP));
    g_assert_cmpint(transaction.step, ==, NMM_MOVE_STEP_REMOVE);
}

static void
test_recovery_begins_anew(void)
{
    NmmMoveSteps transaction;

    nmm_move_steps_init(&transaction);
    g_assert_true(nmm_move_steps_handle(&transaction, NMM_EVENT_LEFTOVER));
    walk(&transaction, way_down, G_N_ELEMENTS(way_down) - 1);
    g_assert_false(transaction.recovered);
    g_assert_true(nmm_move_steps_handle(&transaction, NMM_EVENT_DONE));
    g_assert_true(transaction.recovered);
    walk(&transaction, way_up, G_N_ELEMENTS(way_up));

    nmm_move_steps_init(&transaction);
    g_assert_true(nmm_move_steps_handle(&transaction, NMM_EVENT_LEFTOVER));
    g_assert_false(nmm_move_steps_handle(&transaction, NMM_EVENT_STOP));
    walk(&transaction, way_down, G_N_ELEMENTS(way_down));
}

/* Everything is in place already. */
static void
test_adoption(void)
{
    NmmMoveSteps transaction;

    nmm_move_steps_init(&transaction);
    g_assert_true(nmm_move_steps_handle(&transaction, NMM_EVENT_ADOPT));
    g_assert_cmpint(transaction.step, ==, NMM_MOVE_STEP_UP);
    g_assert_true(nmm_move_steps_handle(&transaction, NMM_EVENT_STOP));
    walk(&transaction, way_down, G_N_ELEMENTS(way_down));
}

/* Another NetworkManager is waited for, as often as it goes away, and everything moved back. */
static void
test_lost_manager(void)
{
    NmmMoveSteps transaction;

    nmm_move_steps_init(&transaction);
    walk(&transaction, way_up, G_N_ELEMENTS(way_up));
    g_assert_true(nmm_move_steps_handle(&transaction, NMM_EVENT_LOST));
    g_assert_cmpint(transaction.step, ==, NMM_MOVE_STEP_WAIT_MANAGER);
    g_assert_false(nmm_move_steps_handle(&transaction, NMM_EVENT_STOP));
    g_assert_false(nmm_move_steps_handle(&transaction, NMM_EVENT_LOST));
    g_assert_true(nmm_move_steps_handle(&transaction, NMM_EVENT_DONE));
    g_assert_cmpint(transaction.step, ==, NMM_MOVE_STEP_RESTORE);
    g_assert_true(nmm_move_steps_handle(&transaction, NMM_EVENT_LOST));
    g_assert_cmpint(transaction.step, ==, NMM_MOVE_STEP_WAIT_MANAGER);
    g_assert_true(nmm_move_steps_handle(&transaction, NMM_EVENT_DONE));
    walk(&transaction, way_down, G_N_ELEMENTS(way_down));

    /* Nobody waits any longer. */
    nmm_move_steps_init(&transaction);
    walk(&transaction, way_up, G_N_ELEMENTS(way_up));
    g_assert_true(nmm_move_steps_handle(&transaction, NMM_EVENT_LOST));
    g_assert_true(nmm_move_steps_handle(&transaction, NMM_EVENT_FAILED));
    g_assert_cmpint(transaction.step, ==, NMM_MOVE_STEP_DOWN);

    /* Nothing was moved, and nothing is to be moved any more. */
    nmm_move_steps_init(&transaction);
    g_assert_true(nmm_move_steps_handle(&transaction, NMM_EVENT_LOST));
    g_assert_cmpint(transaction.step, ==, NMM_MOVE_STEP_DOWN);
    nmm_move_steps_init(&transaction);
    transaction.step = NMM_MOVE_STEP_RELEASE;
    g_assert_true(nmm_move_steps_handle(&transaction, NMM_EVENT_LOST));
    g_assert_cmpint(transaction.step, ==, NMM_MOVE_STEP_DOWN);
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
play(World *world, NmmMoveStep step, NmmEvent event)
{
    if (event == NMM_EVENT_LOST) {
        world->was_lost = TRUE;
        world->has_checkpoint = FALSE;
        world->has_link = world->has_link || step == NMM_MOVE_STEP_ADD;
        world->is_bare = world->is_bare || step == NMM_MOVE_STEP_REAPPLY;
        return;
    }
    switch (step) {
    case NMM_MOVE_STEP_CHECKPOINT:
        world->has_checkpoint = event == NMM_EVENT_DONE;
        break;
    case NMM_MOVE_STEP_ADD:
        world->has_link = TRUE;
        break;
    case NMM_MOVE_STEP_REAPPLY:
        world->is_bare = TRUE;
        break;
    case NMM_MOVE_STEP_WAIT_RESTORED:
        if (event == NMM_EVENT_DONE)
            world->is_bare = FALSE;
        break;
    case NMM_MOVE_STEP_REMOVE:
        world->has_link = FALSE;
        break;
    case NMM_MOVE_STEP_COMMIT:
    case NMM_MOVE_STEP_RELEASE:
        world->has_checkpoint = FALSE;
        break;
    default:
        break;
    }
}

static void
explore(NmmMoveSteps transaction, World world, guint depth)
{
    static const NmmEvent events[] = {
        NMM_EVENT_DONE,
        NMM_EVENT_FAILED,
        NMM_EVENT_STOP,
        NMM_EVENT_LOST,
    };

    g_assert_cmpuint(depth, <, MAX_DEPTH);
    g_assert_true(!world.is_bare || world.has_link);
    if (transaction.step == NMM_MOVE_STEP_DOWN) {
        g_assert_false(world.has_checkpoint);
        n_ends++;
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(events); i++) {
        NmmMoveSteps next = transaction;
        World after = world;
        gboolean begins = nmm_move_steps_handle(&next, events[i]);

        /* Nothing is done with being up; a stop is asked for once. */
        if ((transaction.step == NMM_MOVE_STEP_UP && events[i] == NMM_EVENT_DONE) ||
            (transaction.stopping && events[i] == NMM_EVENT_STOP) ||
            (world.was_lost && events[i] == NMM_EVENT_LOST))
            continue;
        g_assert_true(begins || events[i] == NMM_EVENT_STOP);
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
    NmmMoveSteps transaction;
    World left = {.is_bare = TRUE, .has_link = TRUE};

    nmm_move_steps_init(&transaction);
    n_ends = 0;
    explore(transaction, (World){0}, 0);
    g_assert_cmpuint(n_ends, >, 50);

    g_assert_true(nmm_move_steps_handle(&transaction, NMM_EVENT_LEFTOVER));
    n_ends = 0;
    explore(transaction, left, 0);
    g_assert_cmpuint(n_ends, >, 50);
}

static void
test_names(void)
{
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i <= NMM_MOVE_STEP_LAST; i++) {
        const char *name = nmm_move_step_to_string(i);

        g_assert_nonnull(name);
        g_assert_true(g_hash_table_add(names, (gpointer)name));
        g_assert_cmpint(
            nmm_move_step_is_wait(i), ==, g_str_has_prefix(name, "wait-") || i == NMM_MOVE_STEP_UP);
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
