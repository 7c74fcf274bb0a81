/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probes guests: do they answer at the addresses that are known of them?
 */

#pragma once

#include "nmm-check.h"

G_BEGIN_DECLS

/* @inputs: (element-type NmmCheckInput): sets what they say of answers, and chooses their address.
 * Probes all guests behind one device at the same time; blocks for some seconds. */
void nmm_check_probe(GPtrArray *inputs);

G_END_DECLS
