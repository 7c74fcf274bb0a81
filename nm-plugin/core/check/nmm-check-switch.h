/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Switches of the kernel (sysctl) that keep a guest and its host apart. Each row of the table was
 * measured: the value breaks the way of a packet in the row's modes, and the command mends it.
 */

#pragma once

#include "nmm-check.h"

G_BEGIN_DECLS

/* (transfer full) (element-type utf8): paths below /proc/sys of all switches that the step judges
 * in the profile's mode, each once. */
GPtrArray *nmm_check_switch_list(const NmmCheckInput *input);

/* (transfer full): the assignment of @path as sysctl(8) takes it. Its separator is '/' if the name
 * of an interface has a dot. */
char *nmm_check_switch_format(const char *path, const char *value);

G_END_DECLS
