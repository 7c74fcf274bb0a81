/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The addresses of the guests on the network of a profile of mode isolated: those that they lease,
 * and those that they have without DHCP.
 */

#pragma once

#include "nmm-host-name.h"
#include "nmm-hypervisor.h"
#include "nmm-plan.h"

G_BEGIN_DECLS

typedef struct _NmmIsolatedNames NmmIsolatedNames;

/* @addresses: (element-type NmmGuestAddress): all; valid during the call. */
typedef void (*NmmIsolatedNamesFunc)(const GArray *addresses, gpointer user_data);

/* @hypervisor: not open; takes a reference. */
NmmIsolatedNames *nmm_isolated_names_new(NmmHypervisor *hypervisor,
                                         const char *network,
                                         NmmIsolatedNamesFunc changed,
                                         gpointer user_data);
void nmm_isolated_names_free(NmmIsolatedNames *self);

/* After a pass. @all: @plan has all guests, else only some. */
void nmm_isolated_names_update(NmmIsolatedNames *self, const NmmPlan *plan, gboolean all);
/* The guest does not exist any more. */
void nmm_isolated_names_forget(NmmIsolatedNames *self, const char *uuid);

G_END_DECLS
