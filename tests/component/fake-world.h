/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host with guests and networks, in memory, that behaves like libvirt 9.0 in what the project
 * relies on (the contract test says so). Tests change it from outside as virsh would; connections
 * (fake-hypervisor.h) change it from within. Both cause the events that libvirt sends.
 *
 * Guests are named by name or UUID. Every function may be called on any thread.
 */

#pragma once

#include "nmm-hypervisor.h"

#include "fake-calls.h"

G_BEGIN_DECLS

typedef struct _FakeWorld FakeWorld;

FakeWorld *fake_world_new(void);
FakeWorld *fake_world_ref(FakeWorld *world);
void fake_world_unref(FakeWorld *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeWorld, fake_world_unref)

/* (transfer none): the log and the faults. */
FakeCalls *fake_world_get_calls(FakeWorld *world);
/* No guest and no network is left; no event. */
void fake_world_reset(FakeWorld *world);

/* Guests. Errors as libvirt's, in the project's domain. */
gboolean fake_world_define_guest(FakeWorld *world, const char *xml, GError **error);
gboolean fake_world_create_guest(FakeWorld *world, const char *xml, GError **error);
gboolean fake_world_start_guest(FakeWorld *world, const char *guest, GError **error);
gboolean fake_world_stop_guest(FakeWorld *world, const char *guest, GError **error);
gboolean fake_world_undefine_guest(FakeWorld *world, const char *guest, GError **error);
gboolean fake_world_attach(FakeWorld *world,
                           const char *guest,
                           NmmScope scope,
                           const char *xml,
                           GError **error);
gboolean fake_world_update(FakeWorld *world,
                           const char *guest,
                           NmmScope scope,
                           const char *xml,
                           GError **error);
gboolean fake_world_detach(FakeWorld *world,
                           const char *guest,
                           NmmScope scope,
                           const char *alias,
                           GError **error);
/* Takes every macvtap interface out, in both scopes. */
gboolean fake_world_strip_macvtap(FakeWorld *world, const char *guest);
/* A guest that takes no further interface while it runs. */
void fake_world_set_rigid(FakeWorld *world, const char *guest, gboolean rigid);
/* A guest that keeps an interface that it is asked for, until it is told to let go. */
void fake_world_set_reluctant(FakeWorld *world, const char *guest, gboolean reluctant);
void fake_world_let_go(FakeWorld *world, const char *guest);

/* (transfer full) (nullable): UUIDs of all guests, in the order defined. */
char **fake_world_list_guests(FakeWorld *world);
/* (transfer full) (nullable): the name of a guest, NULL where there is none. */
char *fake_world_get_guest_name(FakeWorld *world, const char *guest);
/* (transfer full) (nullable): the document of one scope, NULL where there is none. */
char *fake_world_dump_guest(FakeWorld *world, const char *guest, NmmScope scope);

/* Networks. */
gboolean fake_world_define_network(FakeWorld *world, const char *xml, GError **error);
gboolean fake_world_autostart_network(FakeWorld *world, const char *name, GError **error);
gboolean fake_world_start_network(FakeWorld *world, const char *name, GError **error);
gboolean fake_world_stop_network(FakeWorld *world, const char *name, GError **error);
gboolean fake_world_undefine_network(FakeWorld *world, const char *name, GError **error);
void fake_world_add_lease(FakeWorld *world,
                          const char *network,
                          const char *mac,
                          const char *address,
                          const char *hostname);
/* (transfer full) (element-type NmmNetwork) */
GPtrArray *fake_world_list_networks(FakeWorld *world, GError **error);
/* (transfer full) (element-type NmmLease) */
GPtrArray *fake_world_list_leases(FakeWorld *world, const char *name, GError **error);
gboolean fake_world_get_network_active(FakeWorld *world, const char *name);
/* (transfer full) (nullable): NULL where there is none. */
NmmNetwork *fake_world_read_network(FakeWorld *world, const char *name);

/* The daemon dies: connections are closed and open() fails; or it comes back. */
void fake_world_kill(FakeWorld *world, const char *reason);
void fake_world_revive(FakeWorld *world);

/* For connections: those that are joined get events and are told when the daemon dies. */
gboolean
fake_world_join(FakeWorld *world, NmmHypervisor *hypervisor, gboolean read_only, GError **error);
void fake_world_leave(FakeWorld *world, NmmHypervisor *hypervisor);
gboolean fake_world_is_joined(FakeWorld *world, NmmHypervisor *hypervisor);
guint fake_world_count_joined(FakeWorld *world);

G_END_DECLS
