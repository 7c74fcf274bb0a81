/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor behind a libvirt URI. The only code that includes <libvirt/…>.
 */

#pragma once

#include "nm-macvtap-hypervisor.h"

G_BEGIN_DECLS

#define NM_MACVTAP_TYPE_LIBVIRT (nm_macvtap_libvirt_get_type())
G_DECLARE_FINAL_TYPE(NMMacvtapLibvirt, nm_macvtap_libvirt, NM_MACVTAP, LIBVIRT, GObject)

/* Does not connect; nm_macvtap_hypervisor_open() does. Call on the main thread: registers libvirt's
 * event loop with the default main context the first time. */
NMMacvtapHypervisor *nm_macvtap_libvirt_new(const char *uri);

G_END_DECLS
