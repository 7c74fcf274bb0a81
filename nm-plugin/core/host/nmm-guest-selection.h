/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which guests a profile selects, and through which of their interfaces. A profile that names
 * guests or a parent and matches no guest reports it.
 */

#pragma once

#include "nmm-host-state.h"

G_BEGIN_DECLS

/* (nullable) (transfer none): the macvtap interface of @guest that @profile (nullable: any) uses:
 * of the running guest, else of its definition. For a host link, one in mode bridge comes first.
 * Does not check guests= and exclude-guests=. */
const NmmNic *nmm_guest_selection_find_nic(const NmmHostProfile *profile,
                                           const NmmHostHypervisor *hypervisor,
                                           const NmmGuest *guest);
/* The profile selects the guest, and the guest has an interface for it. */
gboolean nmm_guest_selection_has(const NmmHostProfile *profile,
                                 const NmmHostHypervisor *hypervisor,
                                 const NmmGuest *guest);
/* Guests that the profile selects, running or not. */
guint nmm_guest_selection_count(const NmmHostState *state, const NmmHostProfile *profile);

/* (transfer full) (nullable): a sentence fragment with the remedy: the names in guests= that are
 * none of @guests, or that no guest is on the profile's parent. NULL if everything that the profile
 * names exists. @parent: (nullable): the parent in use. @guests: (element-type utf8 utf8): UUID →
 * name of the selected guests with a macvtap interface on @parent. */
char *nmm_guest_selection_describe_unmatched(const NmmProfile *profile,
                                             const char *parent,
                                             GHashTable *guests);
/* The same for a profile that selects no guest at all; NULL if it selects one, is suggested, or its
 * libvirt is not known. */
char *nmm_guest_selection_describe_empty(const NmmHostState *state, const NmmHostProfile *profile);

/* An interface of a running guest. */
typedef struct {
    const NmmGuest *guest;
    const NmmNic *nic;
} NmmGuestNic;

/* (transfer full) (element-type NmmGuestNic): those on @parent through which the running guests
 * that @profile selects reach a host link. @guests: (element-type NmmGuest); @networks:
 * (element-type NmmNetwork): all. */
GArray *nmm_guest_selection_list_nics(const NmmProfile *profile,
                                      const char *parent,
                                      const GPtrArray *guests,
                                      GPtrArray *networks);
/* (transfer full) (element-type utf8): the macvtap devices on @parent through which the running
 * guests that @profile selects reach a host link. @guests: (element-type NmmGuest); @networks:
 * (element-type NmmNetwork): all. */
GPtrArray *nmm_guest_selection_list_devices(const NmmProfile *profile,
                                            const char *parent,
                                            const GPtrArray *guests,
                                            GPtrArray *networks);

G_END_DECLS
