/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the macvtap guests of one libvirt use, running or not: the reason for suggested profiles,
 * and the devices of a profile of mode isolated.
 */

#pragma once

#include "nmm-host-state.h"

G_BEGIN_DECLS

typedef struct {
    gboolean has_guests;  /* there is a macvtap guest */
    char **parents;       /* sorted: lower devices of interfaces that a host link can reach */
    GHashTable *networks; /* (element-type utf8): names of networks that these guests are on */
} NmmGuestUse;

NmmGuestUse *nmm_guest_use_new(const NmmHostHypervisor *hypervisor);
/* @use: (nullable) */
void nmm_guest_use_free(NmmGuestUse *use);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmGuestUse, nmm_guest_use_free)

G_END_DECLS
