/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the editor offers beside free text: libvirt's networks and macvtap guests, NetworkManager's
 * devices. Reading libvirt blocks, and may block for good, so it has a thread of its own; nobody
 * waits for it.
 */

#pragma once

#include <NetworkManager.h>

#include "nm-macvtap-hypervisor.h"

G_BEGIN_DECLS

/* A guest with a macvtap interface. */
typedef struct {
    char *name;
    char *uuid;
    char *lower; /* (nullable): the lower device of its first one */
} NMMacvtapGuestChoice;

typedef struct {
    GPtrArray *guests;   /* (element-type NMMacvtapGuestChoice), by name */
    GPtrArray *networks; /* (element-type utf8): names of those that do not forward, sorted */
} NMMacvtapChoices;

NMMacvtapChoices *nm_macvtap_choices_ref(NMMacvtapChoices *choices);
void nm_macvtap_choices_unref(NMMacvtapChoices *choices);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapChoices, nm_macvtap_choices_unref)

/* nm_macvtap_libvirt_new(), or what a test puts in its place. */
typedef NMMacvtapHypervisor *(*NMMacvtapHypervisorMaker)(const char *uri);

void nm_macvtap_choices_load_async(NMMacvtapHypervisorMaker maker,
                                   const char *uri,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
NMMacvtapChoices *nm_macvtap_choices_load_finish(GAsyncResult *result, GError **error);

gboolean nm_macvtap_choices_is_safe_uri(const char *uri);
GPtrArray *nm_macvtap_choices_list_parents(const GPtrArray *devices);

G_END_DECLS
