/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carries out one action, through libnm or the kernel.
 */

#pragma once

#include <NetworkManager.h>

#include "nmm-decision.h"

G_BEGIN_DECLS

/* Requests an activation but does not wait for its end: that may take a minute, and is an event.
 * Not for NMM_ACTION_LOG. */
void nmm_actions_run_async(NMClient *client,
                           const NmmAction *action,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
/* @out_changed: (out): FALSE if there was nothing to do. */
gboolean nmm_actions_run_finish(GAsyncResult *result, gboolean *out_changed, GError **error);

G_END_DECLS
