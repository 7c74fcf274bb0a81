/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two halves of the fake world, guests and networks, share. Everything here wants the
 * world's mutex held.
 */

#pragma once

#include "nmm-xml.h"

#include "fake-world.h"

G_BEGIN_DECLS

typedef struct {
    char *uuid;
    char *name;
    xmlDoc *config; /* (nullable) */
    xmlDoc *live;   /* (nullable) */
    gboolean rigid;
    gboolean reluctant;
    GPtrArray *asked; /* (element-type utf8): aliases that the guest was asked to let go of */
} FakeGuest;

typedef struct {
    char *name;
    char *xml;
    gboolean active;
    gboolean autostart;
    gboolean persistent;
    GPtrArray *leases; /* (element-type NmmLease) */
} FakeNetwork;

typedef struct {
    NmmHypervisor *hypervisor; /* borrowed: it leaves before it goes */
    gboolean read_only;
} FakeMember;

struct _FakeWorld {
    gatomicrefcount ref_count;
    GMutex mutex;
    FakeCalls *calls;
    GPtrArray *guests;   /* (element-type FakeGuest) */
    GPtrArray *networks; /* (element-type FakeNetwork) */
    GArray *members;     /* (element-type FakeMember) */
    gboolean dead;
    guint last_device; /* numbers target devices, bridges and aliases */
};

void fake_guest_free(FakeGuest *guest);
void fake_network_free(FakeNetwork *network);

FakeNetwork *fake_world_find_network(FakeWorld *world, const char *name);
/* (transfer full) (nullable): as the plan sees it. */
NmmNetwork *fake_network_read(const FakeNetwork *network, GError **error);

void fake_world_guest_event(FakeWorld *world, const char *uuid);
void fake_world_network_event(FakeWorld *world, const char *name);

G_END_DECLS
