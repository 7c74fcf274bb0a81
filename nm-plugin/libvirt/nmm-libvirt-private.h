/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the libvirt implementation share. The only header that includes <libvirt/…>;
 * only nm-macvtap-libvirt*.c include it.
 */

#pragma once

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "nmm-libvirt.h"

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, virDomainFree)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virNetwork, virNetworkFree)

virConnectPtr nmm_libvirt_connect(const char *uri, gboolean read_only, GError **error);
void nmm_libvirt_keep_alive(virConnectPtr conn);

/* All that is open at a time; broken as a whole. */
typedef struct _NmmLibvirtConn NmmLibvirtConn;

NmmLibvirtConn *
nmm_libvirt_conn_open(NmmHypervisor *owner, const char *uri, gboolean read_only, GError **error);
void nmm_libvirt_conn_drop(NmmLibvirtConn *link);
NmmLibvirtConn *nmm_libvirt_conn_ref(NmmLibvirtConn *link);
void nmm_libvirt_conn_unref(NmmLibvirtConn *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmLibvirtConn, nmm_libvirt_conn_unref)
void nmm_libvirt_conn_give_up(NmmLibvirtConn *link, const char *reason);
virConnectPtr nmm_libvirt_conn_take_conn(NmmLibvirtConn *link, GError **error);
void nmm_libvirt_conn_return_conn(NmmLibvirtConn *link, virConnectPtr conn);

/* One or more libvirt calls in a row, on one thread, with a connection of their own. */
typedef struct _NmmLibvirtCall NmmLibvirtCall;

NmmLibvirtCall *nmm_libvirt_call_begin(NmmLibvirtConn *link, GError **error);
void nmm_libvirt_call_end(NmmLibvirtCall *call);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmLibvirtCall, nmm_libvirt_call_end)
NmmLibvirtConn *nmm_libvirt_call_get_link(NmmLibvirtCall *call);
virConnectPtr nmm_libvirt_call_get_conn(NmmLibvirtCall *call);

/*
 * These take the calling thread's libvirt error: right after the call that failed. FALSE stands for
 * that call's result, so that callers can return it.
 */
gboolean nmm_libvirt_call_fail(NmmLibvirtCall *call, GError **error);
GError *nmm_libvirt_take_error(void);

GPtrArray *nmm_libvirt_list_guests(NmmLibvirtCall *call, GError **error);
NmmGuest *nmm_libvirt_read_guest(NmmLibvirtCall *call, const char *uuid, GError **error);

G_END_DECLS
