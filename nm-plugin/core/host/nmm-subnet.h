/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The choice of a free subnet. The caller collects the subnets in use.
 */

#pragma once

#include "nmm-cidr.h"

G_BEGIN_DECLS

/* A subnet in use, and by what, for the user: "route 10.0.0.0/8 dev tun0", "profile 'office'",
 * "libvirt network 'default'". */
typedef struct {
    NmmCidr cidr;
    char *what;
} NmmUsedSubnet;

NmmUsedSubnet *nmm_used_subnet_new(const NmmCidr *cidr, const char *what);
void nmm_used_subnet_free(NmmUsedSubnet *used);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmUsedSubnet, nmm_used_subnet_free)

/* (transfer none) (nullable): the first of @used (element-type NmmUsedSubnet) that overlaps @cidr;
 * default routes do not count. */
const NmmUsedSubnet *nmm_subnet_find_overlap(const NmmCidr *cidr, GPtrArray *used);
/* The host's address in the first free of 192.168.254.0/24, 192.168.253.0/24 … 192.168.1.0/24.
 * NMM_ERROR_CONFLICT: none is free. */
gboolean nmm_subnet_choose(GPtrArray *used, NmmCidr *out, GError **error);

G_END_DECLS
