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

virConnectPtr nm_macvtap_libvirt_connect(const char *uri, gboolean read_only, GError **error);
void nm_macvtap_libvirt_keep_alive(virConnectPtr conn);

/* All that is open at a time; broken as a whole. */
typedef struct _NMMacvtapLibvirtLink NMMacvtapLibvirtLink;

NMMacvtapLibvirtLink *nm_macvtap_libvirt_link_open(NMMacvtapHypervisor *owner,
                                                   const char *uri,
                                                   gboolean read_only,
                                                   GError **error);
void nm_macvtap_libvirt_link_drop(NMMacvtapLibvirtLink *link);
NMMacvtapLibvirtLink *nm_macvtap_libvirt_link_ref(NMMacvtapLibvirtLink *link);
void nm_macvtap_libvirt_link_unref(NMMacvtapLibvirtLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapLibvirtLink, nm_macvtap_libvirt_link_unref)
void nm_macvtap_libvirt_link_give_up(NMMacvtapLibvirtLink *link, const char *reason);
virConnectPtr nm_macvtap_libvirt_link_take_conn(NMMacvtapLibvirtLink *link, GError **error);
void nm_macvtap_libvirt_link_return_conn(NMMacvtapLibvirtLink *link, virConnectPtr conn);

/* One or more libvirt calls in a row, on one thread, with a connection of their own. */
typedef struct _NMMacvtapLibvirtCall NMMacvtapLibvirtCall;

NMMacvtapLibvirtCall *nm_macvtap_libvirt_call_begin(NMMacvtapLibvirtLink *link, GError **error);
void nm_macvtap_libvirt_call_end(NMMacvtapLibvirtCall *call);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapLibvirtCall, nm_macvtap_libvirt_call_end)
NMMacvtapLibvirtLink *nm_macvtap_libvirt_call_get_link(NMMacvtapLibvirtCall *call);
virConnectPtr nm_macvtap_libvirt_call_get_conn(NMMacvtapLibvirtCall *call);

/*
 * These take the calling thread's libvirt error: right after the call that failed. FALSE stands for
 * that call's result, so that callers can return it.
 */
gboolean nm_macvtap_libvirt_call_fail(NMMacvtapLibvirtCall *call, GError **error);
GError *nm_macvtap_libvirt_take_error(void);

GPtrArray *nm_macvtap_libvirt_list_guests(NMMacvtapLibvirtCall *call, GError **error);
NMMacvtapGuest *
nm_macvtap_libvirt_read_guest(NMMacvtapLibvirtCall *call, const char *uuid, GError **error);

G_END_DECLS
