/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waits until events that come in bursts have settled, but not for ever. While none waits there is
 * no timer. Main thread only; decides nothing about what is done then.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    GSourceOnceFunc settled; /* called once for each arm() */
    gpointer user_data;

    guint settle_ms;
    guint settle_max_ms;
    gint64 first_event; /* monotonic, in microseconds; of those that wait */
    gint64 last_event;
    guint source;
} NmmDebounce;

void nmm_debounce_init(NmmDebounce *self, GSourceOnceFunc settled, gpointer user_data);
/* @settle_ms: quiet time after an event; @settle_max_ms: events may put it off for so long. */
void nmm_debounce_set_timing(NmmDebounce *self, guint settle_ms, guint settle_max_ms);

/* An event came: prolongs a wait, starts none. */
void nmm_debounce_note(NmmDebounce *self);
/* Begins to wait, unless it does. */
void nmm_debounce_arm(NmmDebounce *self);
/* @settled is called after @ms whatever comes. Nothing waits yet. */
void nmm_debounce_arm_fixed(NmmDebounce *self, guint ms);
void nmm_debounce_cancel(NmmDebounce *self);
gboolean nmm_debounce_is_armed(const NmmDebounce *self);

G_END_DECLS
