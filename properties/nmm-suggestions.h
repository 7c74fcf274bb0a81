/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Suggestions for the editor's fields: libvirt's networks and macvtap guests, NetworkManager's
 * devices.
 */

#pragma once

#include <NetworkManager.h>

#include "nmm-hypervisor-reader.h"

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

/* Never calls back if libvirt hangs: @user_data must be weak. @uri: a safe one, see below. */
void nmm_suggestions_load_async(NmmHypervisorMaker maker,
                                const char *uri,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
/* (transfer full): NULL with libvirt's error, or G_IO_ERROR_CANCELLED. */
NmmSuggestions *nmm_suggestions_load_finish(GAsyncResult *result, GError **error);

/* Whether @uri is built in. Opening a URI may run a command ("qemu+ssh://…?command=…"), and the
 * editor must not do that for a profile that is only looked at: URIs that root allowed for the
 * service do not count. */
gboolean nmm_suggestions_is_safe_uri(const char *uri);
/* (transfer full) (element-type utf8): names of @devices (element-type NMDevice) that can carry a
 * host link, sorted. */
GPtrArray *nmm_suggestions_list_parents(const GPtrArray *devices);

G_END_DECLS
