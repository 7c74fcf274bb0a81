/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration of the NetworkManager that is installed here. Needs no privilege.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* (transfer full) (nullable): as one keyfile; NULL: it cannot be read. Waits for a process, a few
 * milliseconds. */
char *nmm_manager_config_read(void);

G_END_DECLS
