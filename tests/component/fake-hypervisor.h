/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection to a fake host. Every call goes through the host's log and faults first. */

#pragma once

#include "fake-host.h"

G_BEGIN_DECLS

#define FAKE_TYPE_HYPERVISOR (fake_hypervisor_get_type())
G_DECLARE_FINAL_TYPE(FakeHypervisor, fake_hypervisor, FAKE, HYPERVISOR, GObject)

/* Not open. */
NmmHypervisor *fake_hypervisor_new(FakeHost *host);

G_END_DECLS
