/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One timer that looks, when it fires, whether it was quiet for long enough; an event costs no more
 * than reading the clock.
 */

#include "config.h"

#include "nmm-debounce.h"

#define US_PER_MS 1000

static gint64
ms_to_us(guint ms)
{
    return ms * (gint64)US_PER_MS;
}

/**
 * nmm_debounce_init:
 * @self: memory of the caller's; cancel() before it goes
 * @settled: (scope forever): what to do when events have settled
 * @user_data: for @settled
 */
void
nmm_debounce_init(NmmDebounce *self, GSourceOnceFunc settled, gpointer user_data)
{
    *self = (NmmDebounce){.settled = settled, .user_data = user_data};
}

/**
 * nmm_debounce_set_timing:
 * @self: a debounce that does not wait
 * @settle_ms: quiet time after an event, in ms
 * @settle_max_ms: the longest wait, in ms
 */
void
nmm_debounce_set_timing(NmmDebounce *self, guint settle_ms, guint settle_max_ms)
{
    self->settle_ms = settle_ms;
    self->settle_max_ms = settle_max_ms;
}

/**
 * nmm_debounce_note:
 * @self: a debounce
 *
 * An event came: prolongs a wait, starts none.
 */
void
nmm_debounce_note(NmmDebounce *self)
{
    self->last_event = g_get_monotonic_time();
}

static gboolean
timer_cb(gpointer data)
{
    NmmDebounce *self = data;
    gint64 now = g_get_monotonic_time();
    gint64 quiet_at = self->last_event + ms_to_us(self->settle_ms);
    gint64 limit = self->first_event + ms_to_us(self->settle_max_ms);

    self->source = 0;
    if (now < quiet_at && now < limit) {
        guint wait = (guint)((MIN(quiet_at, limit) - now) / US_PER_MS) + 1;

        self->source = g_timeout_add(wait, timer_cb, self);
    } else {
        self->settled(self->user_data);
    }
    return G_SOURCE_REMOVE;
}

static gboolean
fixed_timer_cb(gpointer data)
{
    NmmDebounce *self = data;

    self->source = 0;
    self->settled(self->user_data);
    return G_SOURCE_REMOVE;
}

/**
 * nmm_debounce_arm:
 * @self: a debounce
 *
 * Begins to wait for quiet, unless it waits already.
 */
void
nmm_debounce_arm(NmmDebounce *self)
{
    if (self->source > 0)
        return;
    self->first_event = g_get_monotonic_time();
    self->source = g_timeout_add(self->settle_ms, timer_cb, self);
}

/**
 * nmm_debounce_arm_fixed:
 * @self: a debounce that does not wait
 * @ms: how long, in ms
 */
void
nmm_debounce_arm_fixed(NmmDebounce *self, guint ms)
{
    g_return_if_fail(self->source == 0);

    self->source = g_timeout_add(ms, fixed_timer_cb, self);
}

/**
 * nmm_debounce_cancel:
 * @self: a debounce
 */
void
nmm_debounce_cancel(NmmDebounce *self)
{
    g_clear_handle_id(&self->source, g_source_remove);
}

/**
 * nmm_debounce_is_armed:
 * @self: a debounce
 *
 * Returns: whether it waits
 */
gboolean
nmm_debounce_is_armed(const NmmDebounce *self)
{
    return self->source > 0;
}
