/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The debounce has one timer, which checks when it fires whether it was quiet for long enough: an
 * event costs no more than reading the clock.
 */

#include "config.h"

#include "nmm-timers.h"

#define US_PER_MS 1000

static gint64
ms_to_us(guint ms)
{
    return ms * (gint64)US_PER_MS;
}

void
nmm_debounce_init(NmmDebounce *self, GSourceOnceFunc settled, gpointer user_data)
{
    *self = (NmmDebounce){.settled = settled, .user_data = user_data};
}

void
nmm_debounce_note(NmmDebounce *self)
{
    self->last_event = g_get_monotonic_time();
}

static gboolean
debounce_cb(gpointer data)
{
    NmmDebounce *self = data;
    gint64 now = g_get_monotonic_time();
    gint64 quiet_at = self->last_event + ms_to_us(self->settle_ms);
    gint64 limit = self->first_event + ms_to_us(self->settle_max_ms);

    self->source = 0;
    if (now < quiet_at && now < limit) {
        guint wait = (guint)((MIN(quiet_at, limit) - now) / US_PER_MS) + 1;

        self->source = g_timeout_add(wait, debounce_cb, self);
    } else {
        self->settled(self->user_data);
    }
    return G_SOURCE_REMOVE;
}

static gboolean
fixed_cb(gpointer data)
{
    NmmDebounce *self = data;

    self->source = 0;
    self->settled(self->user_data);
    return G_SOURCE_REMOVE;
}

void
nmm_debounce_arm(NmmDebounce *self)
{
    if (self->source > 0)
        return;
    self->first_event = g_get_monotonic_time();
    self->source = g_timeout_add(self->settle_ms, debounce_cb, self);
}

void
nmm_debounce_arm_fixed(NmmDebounce *self, guint ms)
{
    g_return_if_fail(self->source == 0);

    self->source = g_timeout_add(ms, fixed_cb, self);
}

void
nmm_debounce_cancel(NmmDebounce *self)
{
    g_clear_handle_id(&self->source, g_source_remove);
}

void
nmm_backoff_init(NmmBackoff *self, GSourceOnceFunc retry, gpointer user_data)
{
    *self = (NmmBackoff){.retry = retry, .user_data = user_data};
}

void
nmm_backoff_set_timing(NmmBackoff *self, guint first_ms, guint max_ms)
{
    self->first_ms = self->next_ms = first_ms;
    self->max_ms = max_ms;
}

void
nmm_backoff_reset(NmmBackoff *self)
{
    self->next_ms = self->first_ms;
}

static gboolean
backoff_cb(gpointer data)
{
    NmmBackoff *self = data;

    self->source = 0;
    self->retry(self->user_data);
    return G_SOURCE_REMOVE;
}

void
nmm_backoff_arm(NmmBackoff *self)
{
    g_return_if_fail(self->source == 0);

    self->source = g_timeout_add(self->next_ms, backoff_cb, self);
    self->next_ms = MIN(self->next_ms * 2, self->max_ms);
}

void
nmm_backoff_cancel(NmmBackoff *self)
{
    g_clear_handle_id(&self->source, g_source_remove);
}
