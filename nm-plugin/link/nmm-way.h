/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks the kernel on which device a packet leaves, with every rule of policy routing.
 */

#pragma once

#include "nmm-cidr.h"

G_BEGIN_DECLS

/* @address: prefix 32 or 128. @out_device: (transfer full): where the packet leaves. @out_main: the
 * main table decided, not that of a rule. NMM_ERROR_NOT_FOUND (there is no route),
 * NMM_ERROR_FAILED. */
gboolean
nmm_way_find(const NmmCidr *address, char **out_device, gboolean *out_main, GError **error);

G_END_DECLS
