/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one reader of the host state. Asynchronous, on the default main context; blocks only for the
 * kernel, which answers at once. Changes nothing: libvirt is opened read-only.
 */

#pragma once

#include <NetworkManager.h>

#include "nmm-host-state.h"
#include "nmm-hypervisor-reader.h"

G_BEGIN_DECLS

typedef enum {
    NMM_HOST_READ_NM = 1 << 0,    /* configuration file, devices, profiles */
    NMM_HOST_READ_LINKS = 1 << 1, /* the kernel's interfaces; NM's parents need them, too */
    /* the libvirt URIs that valid profiles name, besides those of the request */
    NMM_HOST_READ_USED_HYPERVISORS = 1 << 2,
    /* those that profiles may name and that define guests; the default one if none does */
    NMM_HOST_READ_LOCAL_HYPERVISORS = 1 << 8,
    NMM_HOST_READ_LEASES = 1 << 3,   /* of every libvirt that is read */
    NMM_HOST_READ_SUBNETS = 1 << 4,  /* with NM: in use by routes and profiles */
    NMM_HOST_READ_AWAKE = 1 << 6,    /* do not start a libvirt daemon that is not running */
    NMM_HOST_READ_STATUS = 1 << 7,   /* with NM: what services publish, how profiles failed */
    NMM_HOST_READ_REFUSALS = 1 << 5, /* with NM: permissions; in mode move the parent's state */
} NmmHostReadFlags;

typedef struct {
    NmmHostReadFlags flags;
    const char *const *uris;  /* (nullable): libvirt URIs to read */
    const char *config_file;  /* (nullable): NMM_CONFIG_FILE */
    NmmHypervisorMaker maker; /* (nullable): nmm_libvirt_new() */
    guint timeout_s;          /* of NetworkManager, and of each libvirt; 0 waits for ever */
} NmmHostRequest;

/* @state: (nullable) (transfer full): the parts that are read are replaced in it. */
void nmm_host_read_async(NmmHostState *state,
                         const NmmHostRequest *request,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data);
/* (transfer full). @out_client: (optional) (transfer full) (nullable): the client through which NM
 * was read. Fails only with G_IO_ERROR_CANCELLED; what could not be read has its error in the
 * state. */
NmmHostState *nmm_host_read_finish(GAsyncResult *result, NMClient **out_client, GError **error);

G_END_DECLS
