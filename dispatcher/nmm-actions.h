/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carries one action out, through libnm or the kernel.
 */

#pragma once

#include <NetworkManager.h>

#include "nmm-decision.h"

G_BEGIN_DECLS

/* An activation is only asked for, not waited for: it may take a minute, and what becomes of it is
 * the next event. Not for TELL. */
void nmm_actions_run_async(NMClient *client,
                           const NmmAction *action,
                           GCancellable *cancellable,
                           GAsyncReadyCallback callback,
                           gpointer user_data);
/* @out_changed: (out): whether there was anything to do. */
gboolean nmm_actions_run_finish(GAsyncResult *result, gboolean *out_changed, GError **error);

G_END_DECLS
