/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The lower device of a profile: which it is, what the host link over it is called, and for mode
 * move whether its configuration can be moved at all. Everything is read from libnm's cache;
 * nothing is changed.
 */

#pragma once

#include <NetworkManager.h>

#include "nmm-profile.h"

G_BEGIN_DECLS

/* The profile's parent, else @base (nullable), or the device under it where that is a host link.
 * (transfer none). Errors: NMM_ERROR_NOT_FOUND, NMM_ERROR_UNSUPPORTED,
 * NMM_ERROR_CONFLICT, with what to do. */
NMDevice *
nmm_parent_find(NMClient *client, const NmmProfile *profile, NMDevice *base, GError **error);
/* (transfer none) (nullable): the device under @device, where that is the host link of mode move of
 * some profile; its name may be the user's choice. */
NMDevice *nmm_parent_below(NMClient *client, NMDevice *device);
/* (transfer full): the name of @profile's host link over @parent. */
char *nmm_parent_name_link(const NmmProfile *profile, NMDevice *parent);
/* Can the parent's configuration be moved? */
gboolean nmm_parent_check(NMClient *client, NMDevice *parent, GError **error);
/* A link of ours over @parent, or one of the name that is somebody else's. */
gboolean nmm_parent_owns_link(NMDevice *parent, NMDevice *link, const char *link_uuid);

/* The part of it that asks what kind of device it is. @master: (nullable): what it is a port of. */
gboolean nmm_parent_check_kind(const char *name,
                               NMDeviceType type,
                               const char *description,
                               const char *master,
                               GError **error);

G_END_DECLS
