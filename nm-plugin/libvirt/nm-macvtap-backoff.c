/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One timer, and how long it waits the next time.
 */

#include "config.h"

#include "nm-macvtap-backoff.h"

/**
 * nm_macvtap_backoff_init:
 * @self: memory of the caller's; cancel() before it goes
 * @retry: (scope forever): what to do after the wait
 * @user_data: for @retry
 */
void
nm_macvtap_backoff_init(NMMacvtapBackoff *self, GSourceOnceFunc retry, gpointer user_data)
{
    *self = (NMMacvtapBackoff){.retry = retry, .user_data = user_data};
}

/**
 * nm_macvtap_backoff_set_timing:
 * @self: a back-off that does not wait
 * @first_ms: the first wait, in ms
 * @max_ms: the longest wait, in ms
 */
void
nm_macvtap_backoff_set_timing(NMMacvtapBackoff *self, guint first_ms, guint max_ms)
{
    self->first_ms = self->next_ms = first_ms;
    self->max_ms = max_ms;
}

/**
 * nm_macvtap_backoff_reset:
 * @self: a back-off
 *
 * What was tried has worked: the next wait is the first one again.
 */
void
nm_macvtap_backoff_reset(NMMacvtapBackoff *self)
{
    self->next_ms = self->first_ms;
}

static gboolean
timer_cb(gpointer data)
{
    NMMacvtapBackoff *self = data;

    self->source = 0;
    self->retry(self->user_data);
    return G_SOURCE_REMOVE;
}

/**
 * nm_macvtap_backoff_arm:
 * @self: a back-off that does not wait
 */
void
nm_macvtap_backoff_arm(NMMacvtapBackoff *self)
{
    g_return_if_fail(self->source == 0);

    self->source = g_timeout_add(self->next_ms, timer_cb, self);
    self->next_ms = MIN(self->next_ms * 2, self->max_ms);
}

/**
 * nm_macvtap_backoff_cancel:
 * @self: a back-off
 */
void
nm_macvtap_backoff_cancel(NMMacvtapBackoff *self)
{
    g_clear_handle_id(&self->source, g_source_remove);
}
