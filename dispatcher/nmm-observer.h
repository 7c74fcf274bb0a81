/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Collects the scene: NetworkManager's side through libnm, the service's claims, the kernel's
 * links; and on a thread, since it may block, libvirt's side.
 */

#pragma once

#include <NetworkManager.h>

#include "nmm-scene.h"

G_BEGIN_DECLS

/*
 * @config_file: the administrator's. A libvirt that does not answer within the time that the
 * observer allows is not in the scene; nor is it asked again by this process.
 */
void nmm_observer_observe_async(const char *config_file,
                                const char *run_dir,
                                GCancellable *cancellable,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
/* @out_client: (out) (transfer full): the client through which NetworkManager was seen. Errors:
 * NMM_ERROR_UNREACHABLE where NetworkManager does not run. */
NmmScene *nmm_observer_observe_finish(GAsyncResult *result, NMClient **out_client, GError **error);

G_END_DECLS
