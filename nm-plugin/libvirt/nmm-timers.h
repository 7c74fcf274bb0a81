/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two waits on the main loop: until a burst of events has settled (NmmDebounce), and before a
 * further try (NmmBackoff). Without a wait there is no timer. Main thread only; the owner holds the
 * struct, and cancels it before it frees it.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    GSourceOnceFunc settled; /* called once for each arm() */
    gpointer user_data;

    guint settle_ms;     /* quiet time after an event */
    guint settle_max_ms; /* the longest wait: events that never pause do not delay for ever */
    gint64 first_event;  /* monotonic, in microseconds; of the current wait */
    gint64 last_event;
    guint source;
} NmmDebounce;

void nmm_debounce_init(NmmDebounce *self, GSourceOnceFunc settled, gpointer user_data);
/* Prolongs a wait, starts none. */
void nmm_debounce_note(NmmDebounce *self);
/* No effect during a wait. */
void nmm_debounce_arm(NmmDebounce *self);
/* Waits @ms whatever events come. Not during a wait. */
void nmm_debounce_arm_fixed(NmmDebounce *self, guint ms);
void nmm_debounce_cancel(NmmDebounce *self);

/* Each wait is twice as long as the one before, up to a limit. */
typedef struct {
    GSourceOnceFunc retry; /* called once for each arm() */
    gpointer user_data;

    guint first_ms;
    guint max_ms;
    guint next_ms;
    guint source;
} NmmBackoff;

void nmm_backoff_init(NmmBackoff *self, GSourceOnceFunc retry, gpointer user_data);
void nmm_backoff_set_timing(NmmBackoff *self, guint first_ms, guint max_ms);
/* The next wait is the first one again. */
void nmm_backoff_reset(NmmBackoff *self);
/* Not during a wait. */
void nmm_backoff_arm(NmmBackoff *self);
void nmm_backoff_cancel(NmmBackoff *self);

G_END_DECLS
