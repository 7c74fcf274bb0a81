/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of nm-macvtap.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Returns: an NmmExit. */
int nmm_tool_main(int argc, char **argv);

G_END_DECLS
