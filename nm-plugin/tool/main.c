/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap(8).
 */

#include "config.h"

#include "nm-macvtap-tool.h"

int
main(int argc, char **argv)
{
    return nm_macvtap_tool_main(argc, argv);
}
