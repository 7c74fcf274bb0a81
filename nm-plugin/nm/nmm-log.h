/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sends the messages of a program to the journal under the program's name, or to standard error if
 * that is not the journal. Adds the fields of the profile that the program works for. The journal
 * fields of single messages are in core: nmm-journal.h.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Once, before the first message. @identifier must stay valid. */
void nmm_log_init(const char *identifier);

/* The messages that follow, of every thread, belong to the profile @uuid and its base device: they
 * have the fields of NetworkManager's own entries, because nmcli names both after a failure
 * (journalctl NM_CONNECTION=UUID + NM_DEVICE=DEVICE). Both (nullable): NULL adds no such field. */
void nmm_log_set_profile(const char *uuid, const char *device);

G_END_DECLS
