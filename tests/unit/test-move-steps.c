/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps of mode move: up, down, and every event on the way.
 */

#include "config.h"

#include "nmm-move-steps.h"

/* More steps than up and down take, with a recovery. */
#define MAX_DEPTH 48

static const NmmMoveStep way_up[] = {
    NMM_MOVE_STEP_READ,
    NMM_MOVE_STEP_CHECKPOINT,
    NMM_MOVE_STEP_ADD,
    NMM_MOVE_STEP_ACTIVATE,
    NMM_MOVE_STEP_WAIT_MADE,
    NMM_MOVE_STEP_TAKE_MAC,
    NMM_MOVE_STEP_BIND,
    NMM_MOVE_STEP_CONFIGURE,
    NMM_MOVE_STEP_WAIT_LINK,
    NMM_MOVE_STEP_REAPPLY,
    NMM_MOVE_STEP_WAIT_ONLINE,
    NMM_MOVE_STEP_COMMIT,
    NMM_MOVE_STEP_UP,
};

static const NmmMoveStep way_down[] = {
    NMM_MOVE_STEP_RETURN_MAC,
    NMM_MOVE_STEP_RESTORE,
    NMM_MOVE_STEP_WAIT_RESTORED,
    NMM_MOVE_STEP_REMOVE,
    NMM_MOVE_STEP_RELEASE,
    NMM_MOVE_STEP_DOWN,
};

static void
walk(NmmMoveSteps *steps, const NmmMoveStep *way, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        g_assert_cmpint(steps->step, ==, way[i]);
        if (i + 1 < n)
            g_assert_true(nmm_move_steps_handle(steps, NMM_EVENT_DONE));
    }
}

static void
test_up_and_down(void)
{
    NmmMoveSteps steps;

    nmm_move_steps_init(&steps);
    walk(&steps, way_up, G_N_ELEMENTS(way_up));
    g_assert_true(nmm_move_steps_handle(&steps, NMM_EVENT_STOP));
    walk(&steps, way_down, G_N_ELEMENTS(way_down));
    g_assert_true(steps.stopping);
    g_assert_false(steps.failed);
    g_assert_false(nmm_move_steps_handle(&steps, NMM_EVENT_STOP));
}

static void
test_lost_link(void)
{
    NmmMoveSteps steps;

    nmm_move_steps_init(&steps);
    walk(&steps, way_up, G_N_ELEMENTS(way_up));
    g_assert_true(nmm_move_steps_handle(&steps, NMM_EVENT_FAILED));
    walk(&steps, way_down, G_N_ELEMENTS(way_down));
    g_assert_true(steps.failed);
}

/* A stop waits for the reply of a call, and ends a wait at once. */
static void
test_stop_in_call_and_wait(void)
{
    NmmMoveSteps steps;

    nmm_move_steps_init(&steps);
    steps.step = NMM_MOVE_STEP_ADD;
    g_assert_false(nmm_move_steps_handle(&steps, NMM_EVENT_STOP));
    g_assert_cmpint(steps.step, ==, NMM_MOVE_STEP_ADD);
    g_assert_true(nmm_move_steps_handle(&steps, NMM_EVENT_DONE));
    g_assert_cmpint(steps.step, ==, NMM_MOVE_STEP_REMOVE);

    nmm_move_steps_init(&steps);
    steps.step = NMM_MOVE_STEP_WAIT_MADE;
    g_assert_true(nmm_move_steps_handle(&steps, NMM_EVENT_STOP));
    g_assert_cmpint(steps.step, ==, NMM_MOVE_STEP_REMOVE);
}

static void
test_recovery_begins_again(void)
{
    NmmMoveSteps steps;

    nmm_move_steps_init(&steps);
    g_assert_true(nmm_move_steps_handle(&steps, NMM_EVENT_LEFTOVER));
    walk(&steps, way_down, G_N_ELEMENTS(way_down) - 1);
    g_assert_false(steps.recovered);
    g_assert_true(nmm_move_steps_handle(&steps, NMM_EVENT_DONE));
    g_assert_true(steps.recovered);
    walk(&steps, way_up, G_N_ELEMENTS(way_up));

    nmm_move_steps_init(&steps);
    g_assert_true(nmm_move_steps_handle(&steps, NMM_EVENT_LEFTOVER));
    g_assert_false(nmm_move_steps_handle(&steps, NMM_EVENT_STOP));
    walk(&steps, way_down, G_N_ELEMENTS(way_down));
}

/* The host is moved already. */
static void
test_adoption(void)
{
    NmmMoveSteps steps;

    nmm_move_steps_init(&steps);
    g_assert_true(nmm_move_steps_handle(&steps, NMM_EVENT_ADOPT));
    g_assert_cmpint(steps.step, ==, NMM_MOVE_STEP_UP);
    g_assert_true(nmm_move_steps_handle(&steps, NMM_EVENT_STOP));
    walk(&steps, way_down, G_N_ELEMENTS(way_down));
}

/* Another program configured the parent. */
static void
test_return(void)
{
    static const NmmMoveStep way[] = {
        NMM_MOVE_STEP_FOLLOW,
        NMM_MOVE_STEP_WAIT_FOLLOWED,
        NMM_MOVE_STEP_STRIP,
        NMM_MOVE_STEP_UP,
    };
    NmmMoveSteps steps;

    nmm_move_steps_init(&steps);
    g_assert_false(nmm_move_steps_handle(&steps, NMM_EVENT_RETURNED));
    walk(&steps, way_up, G_N_ELEMENTS(way_up));
    for (guint i = 0; i < 3; i++) {
        g_assert_true(nmm_move_steps_handle(&steps, NMM_EVENT_RETURNED));
        walk(&steps, way, G_N_ELEMENTS(way));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(way); i++) {
        NmmMoveSteps failed = {.step = way[i]};

        g_assert_true(nmm_move_step_is_up(way[i]));
        g_assert_true(nmm_move_steps_handle(&failed, NMM_EVENT_FAILED));
        walk(&failed, way_down, G_N_ELEMENTS(way_down));
    }
    g_assert_false(nmm_move_step_is_up(NMM_MOVE_STEP_COMMIT));
    g_assert_false(nmm_move_step_is_up(NMM_MOVE_STEP_WAIT_MANAGER));
}

/* Waits for a new NetworkManager each time it goes away, then moves everything back. */
static void
test_lost_manager(void)
{
    NmmMoveSteps steps;

    nmm_move_steps_init(&steps);
    walk(&steps, way_up, G_N_ELEMENTS(way_up));
    g_assert_true(nmm_move_steps_handle(&steps, NMM_EVENT_LOST));
    g_assert_cmpint(steps.step, ==, NMM_MOVE_STEP_WAIT_MANAGER);
    g_assert_false(nmm_move_steps_handle(&steps, NMM_EVENT_STOP));
    g_assert_false(nmm_move_steps_handle(&steps, NMM_EVENT_LOST));
    g_assert_true(nmm_move_steps_handle(&steps, NMM_EVENT_DONE));
    g_assert_cmpint(steps.step, ==, NMM_MOVE_STEP_RETURN_MAC);
    g_assert_true(nmm_move_steps_handle(&steps, NMM_EVENT_LOST));
    g_assert_cmpint(steps.step, ==, NMM_MOVE_STEP_WAIT_MANAGER);
    g_assert_true(nmm_move_steps_handle(&steps, NMM_EVENT_DONE));
    walk(&steps, way_down, G_N_ELEMENTS(way_down));

    /* A second stop ends the wait. */
    nmm_move_steps_init(&steps);
    walk(&steps, way_up, G_N_ELEMENTS(way_up));
    g_assert_true(nmm_move_steps_handle(&steps, NMM_EVENT_LOST));
    g_assert_true(nmm_move_steps_handle(&steps, NMM_EVENT_FAILED));
    g_assert_cmpint(steps.step, ==, NMM_MOVE_STEP_DOWN);

    /* Nothing was moved, or everything was moved back. */
    nmm_move_steps_init(&steps);
    g_assert_true(nmm_move_steps_handle(&steps, NMM_EVENT_LOST));
    g_assert_cmpint(steps.step, ==, NMM_MOVE_STEP_DOWN);
    nmm_move_steps_init(&steps);
    steps.step = NMM_MOVE_STEP_RELEASE;
    g_assert_true(nmm_move_steps_handle(&steps, NMM_EVENT_LOST));
    g_assert_cmpint(steps.step, ==, NMM_MOVE_STEP_DOWN);
}

/* The state of parent, link and checkpoint after some steps. */
typedef struct {
    gboolean is_stripped; /* the parent, maybe */
    gboolean has_taken;   /* the link has the parent's MAC, maybe */
    gboolean has_link;
    gboolean has_checkpoint;
    gboolean was_lost;     /* NetworkManager, once */
    gboolean has_returned; /* the parent's configuration, once */
} State;

static guint n_ends;

/* The effect of an event. A call that failed may have taken effect. */
static void
play(State *state, NmmMoveStep step, NmmEvent event)
{
    if (event == NMM_EVENT_LOST) {
        state->was_lost = TRUE;
        state->has_checkpoint = FALSE;
        /* The step WAIT_MANAGER begins with it. */
        state->has_taken = FALSE;
        state->has_link = state->has_link || step == NMM_MOVE_STEP_ADD;
        state->is_stripped =
            state->is_stripped || step == NMM_MOVE_STEP_REAPPLY || step == NMM_MOVE_STEP_STRIP;
        return;
    }
    switch (step) {
    case NMM_MOVE_STEP_CHECKPOINT:
        state->has_checkpoint = event == NMM_EVENT_DONE;
        break;
    case NMM_MOVE_STEP_ADD:
        state->has_link = TRUE;
        break;
    case NMM_MOVE_STEP_TAKE_MAC:
        state->has_taken = TRUE;
        break;
    case NMM_MOVE_STEP_RETURN_MAC:
    case NMM_MOVE_STEP_UNDO_MAC:
        state->has_taken = FALSE;
        break;
    case NMM_MOVE_STEP_UP:
        state->is_stripped = event != NMM_EVENT_RETURNED;
        break;
    case NMM_MOVE_STEP_REAPPLY:
    case NMM_MOVE_STEP_STRIP:
        state->is_stripped = TRUE;
        break;
    case NMM_MOVE_STEP_WAIT_RESTORED:
        if (event == NMM_EVENT_DONE)
            state->is_stripped = FALSE;
        break;
    case NMM_MOVE_STEP_REMOVE:
        state->has_link = FALSE;
        break;
    case NMM_MOVE_STEP_COMMIT:
    case NMM_MOVE_STEP_RELEASE:
        state->has_checkpoint = FALSE;
        break;
    default:
        break;
    }
}

static void
explore(NmmMoveSteps steps, State state, guint depth)
{
    static const NmmEvent events[] = {
        NMM_EVENT_DONE,
        NMM_EVENT_FAILED,
        NMM_EVENT_STOP,
        NMM_EVENT_LOST,
        NMM_EVENT_RETURNED,
    };

    g_assert_cmpuint(depth, <, MAX_DEPTH);
    g_assert_true(!state.is_stripped || state.has_link);
    g_assert_true(!state.has_taken ||
                  (steps.step != NMM_MOVE_STEP_RESTORE && steps.step != NMM_MOVE_STEP_REMOVE &&
                   steps.step != NMM_MOVE_STEP_DOWN));
    if (steps.step == NMM_MOVE_STEP_DOWN) {
        g_assert_false(state.has_checkpoint);
        n_ends++;
        return;
    }
    for (guint i = 0; i < G_N_ELEMENTS(events); i++) {
        NmmMoveSteps next = steps;
        State after = state;
        gboolean begins = nmm_move_steps_handle(&next, events[i]);

        /* UP does not end by itself; a stop is requested once. */
        if ((steps.step == NMM_MOVE_STEP_UP && events[i] == NMM_EVENT_DONE) ||
            (steps.stopping && events[i] == NMM_EVENT_STOP) ||
            (state.was_lost && events[i] == NMM_EVENT_LOST) ||
            (events[i] == NMM_EVENT_RETURNED &&
             (state.has_returned || steps.step != NMM_MOVE_STEP_UP)))
            continue;
        g_assert_true(begins || events[i] == NMM_EVENT_STOP);
        after.has_returned |= events[i] == NMM_EVENT_RETURNED;
        if (begins)
            play(&after, steps.step, events[i]);
        explore(next, after, depth + 1);
    }
}

/* Whatever fails and whenever it is stopped: it comes to its end, there is no checkpoint left, and
 * the host has an address all the time, and before the parent is configured and the link is removed
 * the parent has its MAC back. */
static void
test_every_way(void)
{
    NmmMoveSteps steps;
    State left = {.is_stripped = TRUE, .has_link = TRUE, .has_taken = TRUE};

    nmm_move_steps_init(&steps);
    n_ends = 0;
    explore(steps, (State){0}, 0);
    g_assert_cmpuint(n_ends, >, 50);

    g_assert_true(nmm_move_steps_handle(&steps, NMM_EVENT_LEFTOVER));
    n_ends = 0;
    explore(steps, left, 0);
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
    g_test_add_func("/move-steps/up-and-down", test_up_and_down);
    g_test_add_func("/move-steps/lost-link", test_lost_link);
    g_test_add_func("/move-steps/stop", test_stop_in_call_and_wait);
    g_test_add_func("/move-steps/recovery", test_recovery_begins_again);
    g_test_add_func("/move-steps/adoption", test_adoption);
    g_test_add_func("/move-steps/return", test_return);
    g_test_add_func("/move-steps/lost-manager", test_lost_manager);
    g_test_add_func("/move-steps/every-way", test_every_way);
    g_test_add_func("/move-steps/names", test_names);
    return g_test_run();
}
