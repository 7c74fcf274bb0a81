/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads one libvirt without blocking the main loop. Each read runs on its own thread, because
 * libvirt can hang for good: a URI that hangs costs one thread however often it is read. A read of
 * a URI that is being read joins it.
 */

#pragma once

#include <gio/gio.h>

#include "nmm-host-state.h"
#include "nmm-hypervisor.h"

G_BEGIN_DECLS

/* nmm_libvirt_new(), or a fake of the tests. */
typedef NmmHypervisor *(*NmmHypervisorMaker)(const char *uri);

/* Call on the thread of the default main context. @leases: read them as well. @wake: see
 * nmm_hypervisor_read(). @timeout_s: 0 waits
 * for ever; after a timeout the URI is not read again by this process until the thread returns. */
void nmm_hypervisor_read_async(NmmHypervisorMaker maker,
                               const char *uri,
                               gboolean leases,
                               gboolean wake,
                               guint timeout_s,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
/* (transfer full): if libvirt could not be read, its @error has the reason, NMM_ERROR_UNREACHABLE
 * after the timeout. Fails only with G_IO_ERROR_CANCELLED. */
NmmHostHypervisor *nmm_hypervisor_read_finish(GAsyncResult *result, GError **error);

G_END_DECLS
