/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The error domain's name. Nothing is decided here.
 */

#include "config.h"

#include "nmm-error.h"

G_DEFINE_QUARK(nm - macvtap - error - quark, nmm_error)
