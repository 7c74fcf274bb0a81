/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Probes guests at their known addresses.
 */

#pragma once

#include "nmm-check.h"

G_BEGIN_DECLS

/* @inputs: (element-type NmmCheckInput): sets their members about answers, and chooses their
 * address. Probes all guests behind one device at the same time; blocks for some seconds. */
void nmm_check_probe(GPtrArray *inputs);

G_END_DECLS
