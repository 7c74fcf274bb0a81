/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's events about the host link and its lower device. Decides nothing. Private to the
 * layer.
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct {
    gboolean gone;            /* the link */
    gboolean down;            /* the link */
    gboolean address;         /* an address of the lower device changed … */
    gboolean address_removed; /* … and one was removed */
} NmmHostlinkSeen;

/* One call for all events of a wake-up, even if none matters; may free the watch. */
typedef void (*NmmHostlinkSeenFunc)(const NmmHostlinkSeen *seen, gpointer user_data);

typedef struct _NmmHostlinkWatch NmmHostlinkWatch;

/* Listens at once, so that no change is lost before set_links(), which must follow before the main
 * loop runs. Calls @handler on the thread's main context. NMM_ERROR_FAILED. */
NmmHostlinkWatch *
nmm_hostlink_watch_new(NmmHostlinkSeenFunc handler, gpointer user_data, GError **error);
void nmm_hostlink_watch_set_links(NmmHostlinkWatch *self, int link, int parent);
void nmm_hostlink_watch_free(NmmHostlinkWatch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmHostlinkWatch, nmm_hostlink_watch_free)

G_END_DECLS
