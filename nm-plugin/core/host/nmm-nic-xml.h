/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The XML of one interface for libvirt's device calls: a new interface, or a change of one that
 * this project made. If an update lacks an element, libvirt takes that as a change, so an update is
 * the interface's whole node, with all settings of the user.
 */

#pragma once

#include "nmm-guest.h"

G_BEGIN_DECLS

/* <interface type='network'> with the given properties. */
typedef struct {
    const char *network;
    const char *mac;
    const char *alias;
    const char *model; /* (nullable): NULL writes none */
    gboolean isolated;
    gboolean link_down;
} NmmNicSpec;

char *nmm_nic_spec_to_xml(const NmmNicSpec *spec);

/* The node of @nic, which has an xml, with the differences between @nic and these values, and no
 * other change. @model: (nullable): NULL keeps it. */
char *
nmm_nic_change_to_xml(const NmmNic *nic, const char *model, gboolean isolated, gboolean link_down);

G_END_DECLS
