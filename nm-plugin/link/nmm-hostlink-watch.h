/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel tells of the host link and its lower device. Decides nothing. For this layer
 * alone.
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#ifndef IFF_LOWER_UP
#define IFF_LOWER_UP (1 << 16)
#endif

typedef struct {
    gboolean gone;            /* the link */
    gboolean down;            /* the link */
    gboolean carrier;         /* the lower device has one now */
    gboolean address;         /* the lower device's have changed … */
    gboolean address_removed; /* … and one was taken away */
} NmmHostlinkSeen;

typedef void (*NmmHostlinkSeenFunc)(const NmmHostlinkSeen *seen, gpointer user_data);

typedef struct _NmmHostlinkWatch NmmHostlinkWatch;

/* Hears at once, so that nothing falls between it and set_links(). */
NmmHostlinkWatch *
nmm_hostlink_watch_new(NmmHostlinkSeenFunc handler, gpointer user_data, GError **error);
/* Before the main loop has its turn. */
void nmm_hostlink_watch_set_links(NmmHostlinkWatch *self, int link, int parent, gboolean carrier);
void nmm_hostlink_watch_free(NmmHostlinkWatch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmHostlinkWatch, nmm_hostlink_watch_free)

G_END_DECLS
