/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guests of a profile of mode move while it is up: warnings about those that cannot reach the
 * host, multicast, and their addresses. The host is moved whether or not libvirt can be reached.
 */

#pragma once

#include "nmm-activation.h"

G_BEGIN_DECLS

typedef struct _NmmMoveGuests NmmMoveGuests;

/* Follows the guests on @parent from now on, which the host reaches over @link, and reports to
 * @activation. */
NmmMoveGuests *nmm_move_guests_new(NmmActivation *activation, const char *parent, const char *link);
void nmm_move_guests_free(NmmMoveGuests *self);

G_END_DECLS
