/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides if a device can carry a host link, with a message that names the remedy. The facts come
 * from the kernel or from NetworkManager; the rule is the same.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    const char *name;
    gboolean exists;
    gboolean ethernet;
    gboolean wireless;
    const char *kind;        /* (nullable): for messages */
    const char *master;      /* (nullable): the device that it is a port of */
    const char *master_kind; /* (nullable): "bridge", "bond", … */
    const char *passthrough; /* (nullable): a macvtap or macvlan with exclusive use of it */
} NmmParentFacts;

/* NMM_ERROR_NOT_FOUND, NMM_ERROR_UNSUPPORTED, NMM_ERROR_CONFLICT; the message names the remedy. */
gboolean nmm_parent_check_fit(const NmmParentFacts *facts, GError **error);

G_END_DECLS
