/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel parameters (sysctl) that block traffic between a guest and its host. Each row of the table
 * is tested: the value blocks a packet in the row's modes, and the command repairs that.
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
