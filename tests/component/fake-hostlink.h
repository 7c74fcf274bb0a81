/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host link in memory, for tests that need no kernel; held to the contract like the real one.
 */

#pragma once

#include "nmm-hostlink.h"

G_BEGIN_DECLS

#define TYPE_FAKE_HOSTLINK (fake_hostlink_get_type())
G_DECLARE_FINAL_TYPE(FakeHostlink, fake_hostlink, FAKE, HOSTLINK, GObject)

FakeHostlink *fake_hostlink_new(void);

/* What somebody else does. Signals come from the main loop, as the kernel's do. */
void fake_hostlink_add_parent(FakeHostlink *self, const char *name);
void fake_hostlink_set_wireless(FakeHostlink *self, const char *parent);
void fake_hostlink_set_carrier(FakeHostlink *self, const char *parent, gboolean carrier);
void fake_hostlink_enslave(FakeHostlink *self, const char *parent, const char *bridge);
/* @passthrough: holds the parent alone. @ifalias: (nullable) */
void fake_hostlink_add_link(FakeHostlink *self,
                            const char *name,
                            const char *parent,
                            const char *ifalias,
                            gboolean passthrough);
void fake_hostlink_add_address(FakeHostlink *self, const char *parent, const char *address);
void fake_hostlink_remove_address(FakeHostlink *self, const char *parent, const char *address);
void fake_hostlink_add_neighbour(FakeHostlink *self, const NmmHostlinkNeighbour *neighbour);
void fake_hostlink_delete(FakeHostlink *self, const char *name);
void fake_hostlink_set_down(FakeHostlink *self, const char *name);

/* What there is to see; formats as in hostlink-contract.h. */
char *fake_hostlink_describe_link(FakeHostlink *self, const char *name);
char *fake_hostlink_describe_routes(FakeHostlink *self, const char *name);
char *fake_hostlink_get_mac(FakeHostlink *self, const char *name);

G_END_DECLS
