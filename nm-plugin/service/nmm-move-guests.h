/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guests of a profile of mode move while it is up: warnings about those that cannot reach the
 * host, and multicast. The host is moved whether or not libvirt can be reached.
 */

#pragma once

#include "nmm-hypervisor.h"
#include "nmm-profile.h"

G_BEGIN_DECLS

typedef struct _NmmMoveGuests NmmMoveGuests;

/* @problems: (transfer full) (element-type NmmProblem): all that the guests have now. */
typedef void (*NmmMoveGuestsFunc)(GPtrArray *problems, gpointer user_data);

/* Follows the guests on @parent from now on. @hypervisor: not open; takes a reference. */
NmmMoveGuests *nmm_move_guests_new(NmmProfile *profile,
                                   const char *parent,
                                   NmmHypervisor *hypervisor,
                                   NmmMoveGuestsFunc changed,
                                   gpointer user_data);
void nmm_move_guests_free(NmmMoveGuests *self);

G_END_DECLS
