/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When to try again: each wait is twice the one before, up to a limit. While none waits there is no
 * timer. Main thread only; decides nothing about what is tried.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    GSourceOnceFunc retry; /* called once for each arm() */
    gpointer user_data;

    guint first_ms;
    guint max_ms;
    guint next_ms;
    guint source;
} NmmBackoff;

void nmm_backoff_init(NmmBackoff *self, GSourceOnceFunc retry, gpointer user_data);
/* Nothing waits yet. */
void nmm_backoff_set_timing(NmmBackoff *self, guint first_ms, guint max_ms);

/* The next wait is the first one again. */
void nmm_backoff_reset(NmmBackoff *self);
/* Begins to wait. Nothing waits yet. */
void nmm_backoff_arm(NmmBackoff *self);
void nmm_backoff_cancel(NmmBackoff *self);

G_END_DECLS
