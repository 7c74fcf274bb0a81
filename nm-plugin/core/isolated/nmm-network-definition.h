/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The XML of a network that this project defines, new or changed. The caller chooses the addresses.
 */

#pragma once

#include "nmm-network.h"

G_BEGIN_DECLS

/* @address6: (nullable): guests make theirs by SLAAC. No <bridge name>, because libvirt picks a
 * free one; isolate-guests is a property of each interface, not of the network. */
char *
nmm_network_build_xml(const NmmProfile *profile, const NmmCidr *address, const NmmCidr *address6);
/* (nullable): the definition of a network that exists with zone, addresses and DHCP range as the
 * profile asks for, and the rest unchanged; NULL: it is already so. @address6: (nullable): as it
 * is. */
char *nmm_network_follow(const NmmNetwork *network,
                         const NmmProfile *profile,
                         const NmmCidr *address,
                         const NmmCidr *address6);

G_END_DECLS
