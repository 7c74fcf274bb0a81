/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The firewalld zone of the host link: the zone that firewalld has for the parent, so that the
 * firewall treats guests as it treats the LAN, or the zone of the profile. Puts the link there when
 * firewalld starts, reloads, or moves the link or its parent. Never starts firewalld.
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _NmmLinkZone NmmLinkZone;

/* @link has changed to @zone (nullable: to none), or could not: @error. Must not free the
 * NmmLinkZone. */
typedef void (*NmmLinkZoneFunc)(const char *link,
                                const char *zone,
                                const GError *error,
                                gpointer user_data);

/* @zone: (nullable): NULL is that of the parent. */
NmmLinkZone *nmm_link_zone_new(GDBusConnection *bus,
                               const char *link,
                               const char *parent,
                               const char *zone,
                               NmmLinkZoneFunc changed,
                               gpointer user_data);
/* The link stays in its zone: NetworkManager takes the device of a VPN out of it. */
void nmm_link_zone_free(NmmLinkZone *self);

G_END_DECLS
