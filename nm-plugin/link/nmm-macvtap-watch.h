/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's events about macvtap devices: a guest has changed its MAC, was paused or resumed,
 * has arrived by migration, or its device has gone with the card. Decides nothing.
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The device @name appeared, disappeared, came up, went down, or has another MAC, mode or parent.
 * NULL: events were lost, and any device may have changed. Must not free the watch. */
typedef void (*NmmMacvtapChangedFunc)(const char *name, gpointer user_data);

typedef struct _NmmMacvtapWatch NmmMacvtapWatch;

/* Calls @handler on the thread's main context. NMM_ERROR_FAILED. */
NmmMacvtapWatch *
nmm_macvtap_watch_new(NmmMacvtapChangedFunc handler, gpointer user_data, GError **error);
void nmm_macvtap_watch_free(NmmMacvtapWatch *self);

G_END_DECLS
