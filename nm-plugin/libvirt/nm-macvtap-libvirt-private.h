/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the libvirt implementation share. The only header that includes <libvirt/…>;
 * only nm-macvtap-libvirt*.c include it.
 */

#pragma once

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "nm-macvtap-libvirt.h"

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, virDomainFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virNetwork, virNetworkFree)

/*
 * One connection with its event callbacks, from open to drop. Calls in flight hold a reference, so
 * that close() takes nothing away from under them.
 */
typedef struct _NMMacvtapLibvirtLink NMMacvtapLibvirtLink;

NMMacvtapLibvirtLink *nm_macvtap_libvirt_link_open(NMMacvtapHypervisor *owner,
                                                   const char *uri,
                                                   gboolean read_only,
                                                   GError **error);
NMMacvtapLibvirtLink *nm_macvtap_libvirt_link_ref(NMMacvtapLibvirtLink *link);
void nm_macvtap_libvirt_link_unref(NMMacvtapLibvirtLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapLibvirtLink, nm_macvtap_libvirt_link_unref)
void nm_macvtap_libvirt_link_drop(NMMacvtapLibvirtLink *link);
virConnectPtr nm_macvtap_libvirt_link_get_conn(NMMacvtapLibvirtLink *link);

/*
 * Takes the calling thread's libvirt error: to be called right after the call that failed. FALSE
 * and NULL stand for the failed call's result, so that callers can return it.
 */
gboolean nm_macvtap_libvirt_link_fail(NMMacvtapLibvirtLink *link, GError **error);
GError *nm_macvtap_libvirt_take_error(void);

GPtrArray *nm_macvtap_libvirt_list_guests(NMMacvtapLibvirtLink *link, GError **error);
NMMacvtapGuest *
nm_macvtap_libvirt_read_guest(NMMacvtapLibvirtLink *link, const char *uuid, GError **error);

G_END_DECLS
