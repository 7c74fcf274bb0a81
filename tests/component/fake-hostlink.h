/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host link in memory, for tests without a kernel; it passes the contract of the real one.
 */

#pragma once

#include "nmm-hostlink.h"

G_BEGIN_DECLS

typedef struct _FakeHostlink FakeHostlink;

/* As an NmmHostlink, to be freed by nmm_hostlink_free(). */
NmmHostlink *fake_hostlink_new(void);

/* Changes by another program. Callbacks come from the main loop, as the kernel's events do. */
void fake_hostlink_add_parent(FakeHostlink *self, const char *name);
void fake_hostlink_set_wireless(FakeHostlink *self, const char *parent);
void fake_hostlink_enslave(FakeHostlink *self, const char *parent, const char *bridge);
/* @passthrough: holds the parent alone. @ifalias: (nullable) */
void fake_hostlink_add_link(FakeHostlink *self,
                            const char *name,
                            const char *parent,
                            const char *ifalias,
                            gboolean passthrough);
void fake_hostlink_add_address(FakeHostlink *self, const char *parent, const char *address);
void fake_hostlink_remove_address(FakeHostlink *self, const char *parent, const char *address);
void fake_hostlink_delete(FakeHostlink *self, const char *name);
void fake_hostlink_set_down(FakeHostlink *self, const char *name);

/* Formats as in hostlink-contract.h. */
char *fake_hostlink_describe_link(FakeHostlink *self, const char *name);
char *fake_hostlink_describe_routes(FakeHostlink *self, const char *name);
char *fake_hostlink_get_mac(FakeHostlink *self, const char *name);

G_END_DECLS
