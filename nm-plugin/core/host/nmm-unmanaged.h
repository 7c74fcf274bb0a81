/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Devices that NetworkManager never manages: keyfile.unmanaged-devices in NetworkManager.conf(5),
 * which no activation overrides, and the remedy. Other ways to make a device unmanaged ("managed"
 * of a section "device", udev's NM_UNMANAGED) do not matter for a host link: activating its profile
 * overrides them (seen with NM 1.42).
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    const char *name;
    const char *type;   /* as NetworkManager names it: "macvlan" */
    const char *driver; /* "macvtap" */
} NmmManagedDevice;

/* Whether @config, the output of `NetworkManager --print-config`, excludes @device. */
gboolean nmm_unmanaged_has(const char *config, const NmmManagedDevice *device);
/* Sets NMM_ERROR_UNSUPPORTED with the remedy, and returns FALSE. @link_name: (nullable): as in
 * vpn.data; NULL: a derived one. */
gboolean nmm_unmanaged_fail_link(const char *link, const char *link_name, GError **error);
/* (transfer full): a sentence fragment about a profile of mode isolated on @base. */
char *nmm_unmanaged_describe_loopback(const char *base);

G_END_DECLS
