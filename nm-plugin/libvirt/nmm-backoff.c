/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One timer, and how long it waits the next time.
 */

#include "config.h"

#include "nmm-backoff.h"

/**
 * nmm_backoff_init:
 * @self: memory of the caller's; cancel() before it goes
 * @retry: (scope forever): what to do after the wait
 * @user_data: for @retry
 */
void
nmm_backoff_init(NmmBackoff *self, GSourceOnceFunc retry, gpointer user_data)
{
    *self = (NmmBackoff){.retry = retry, .user_data = user_data};
}

/**
 * nmm_backoff_set_timing:
 * @self: a back-off that does not wait
 * @first_ms: the first wait, in ms
 * @max_ms: the longest wait, in ms
 */
void
nmm_backoff_set_timing(NmmBackoff *self, guint first_ms, guint max_ms)
{
    self->first_ms = self->next_ms = first_ms;
    self->max_ms = max_ms;
}

/**
 * nmm_backoff_reset:
 * @self: a back-off
 *
 * What was tried has worked: the next wait is the first one again.
 */
void
nmm_backoff_reset(NmmBackoff *self)
{
    self->next_ms = self->first_ms;
}

static gboolean
timer_cb(gpointer data)
{
    NmmBackoff *self = data;

    self->source = 0;
    self->retry(self->user_data);
    return G_SOURCE_REMOVE;
}

/**
 * nmm_backoff_arm:
 * @self: a back-off that does not wait
 */
void
nmm_backoff_arm(NmmBackoff *self)
{
    g_return_if_fail(self->source == 0);

    self->source = g_timeout_add(self->next_ms, timer_cb, self);
    self->next_ms = MIN(self->next_ms * 2, self->max_ms);
}

/**
 * nmm_backoff_cancel:
 * @self: a back-off
 */
void
nmm_backoff_cancel(NmmBackoff *self)
{
    g_clear_handle_id(&self->source, g_source_remove);
}
