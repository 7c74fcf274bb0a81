/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Collects the facts about the firewall: firewalld's zones and the rules of the packet filter. Each
 * is read once.
 */

#pragma once

#include "nmm-check.h"

G_BEGIN_DECLS

typedef struct _NmmCheckFirewall NmmCheckFirewall;

/* Never starts firewalld. */
NmmCheckFirewall *nmm_check_firewall_new(void);
void nmm_check_firewall_free(NmmCheckFirewall *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmCheckFirewall, nmm_check_firewall_free)

/* Of the bridge of input->network. @zone: (nullable): that of the network. */
void nmm_check_firewall_add_bridge(NmmCheckFirewall *self, const char *zone, NmmCheckInput *input);
/* Of the host link and the parent. @zone: (nullable): that of the profile. */
void nmm_check_firewall_add_link(NmmCheckFirewall *self, const char *zone, NmmCheckInput *input);

G_END_DECLS
