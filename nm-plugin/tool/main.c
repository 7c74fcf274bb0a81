/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap(8).
 */

#include "config.h"

#include "nmm-tool.h"

int
main(int argc, char **argv)
{
    return nmm_tool_main(argc, argv);
}
