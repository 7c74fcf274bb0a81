/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor behind a libvirt URI. The only code that includes <libvirt/…>.
 */

#pragma once

#include "nmm-hypervisor.h"

G_BEGIN_DECLS

#define NMM_TYPE_LIBVIRT (nmm_libvirt_get_type())
G_DECLARE_FINAL_TYPE(NmmLibvirt, nmm_libvirt, NMM, LIBVIRT, GObject)

/* Does not connect; nmm_hypervisor_open() does. Call on the main thread: registers libvirt's
 * event loop with the default main context the first time. */
NmmHypervisor *nmm_libvirt_new(const char *uri);

G_END_DECLS
