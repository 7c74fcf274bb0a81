/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the editor offers beside free text: libvirt's networks and macvtap guests, NetworkManager's
 * devices. Reading libvirt blocks, and may block for good, so it has a thread of its own; nobody
 * waits for it.
 */

#pragma once

#include <NetworkManager.h>

#include "nmm-hypervisor.h"

G_BEGIN_DECLS

/* A guest with a macvtap interface. */
typedef struct {
    char *name;
    char *uuid;
    char *lower; /* (nullable): the lower device of its first one */
} NmmGuestChoice;

typedef struct {
    GPtrArray *guests;   /* (element-type NmmGuestChoice), by name */
    GPtrArray *networks; /* (element-type utf8): names of those that do not forward, sorted */
} NmmSuggestions;

NmmSuggestions *nmm_suggestions_ref(NmmSuggestions *choices);
void nmm_suggestions_unref(NmmSuggestions *choices);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmSuggestions, nmm_suggestions_unref)

/* nmm_libvirt_new(), or what a test puts in its place. */
typedef NmmHypervisor *(*NmmHypervisorMaker)(const char *uri);

void nmm_suggestions_load_async(NmmHypervisorMaker maker,
                                const char *uri,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
NmmSuggestions *nmm_suggestions_load_finish(GAsyncResult *result, GError **error);

gboolean nmm_suggestions_is_safe_uri(const char *uri);
GPtrArray *nmm_suggestions_list_parents(const GPtrArray *devices);

G_END_DECLS
