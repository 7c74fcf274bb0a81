/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small hypervisor in memory for the tests of the plan: what was observed, and what becomes of it
 * when a plan is carried out. It refuses, by failing the test, what libvirt would refuse.
 */

#pragma once

#include "nmm-plan.h"

G_BEGIN_DECLS

#define WORLD_NETWORK "isolated"
#define WORLD_PROFILE "8a7c1a0e-2b7f-4f0e-9f7e-0a4a6f1f2d11"

typedef struct {
    GPtrArray *guests;
    GPtrArray *networks;
    GPtrArray *used;
    NmmObserved observed;
} World;

World *world_new(void);
void world_free(World *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/* Guest number 1, 2, … has UUID …01, …02, …; @config_nics and @live_nics: (nullable): interface
 * elements, NULL where the guest has no such state. */
NmmGuest *world_add_guest(World *world, const char *config_nics, const char *live_nics);
char *world_guest_uuid(guint number);
/* The interface that the plan gives to guest @number, but for @spec's other fields. */
char *world_our_nic(guint number, const NmmNicSpec *spec);

NmmNetwork *world_add_network(World *world, const char *xml, gboolean active);
void world_add_used(World *world, const char *cidr, const char *what);

void world_apply(World *world, const NmmPlan *plan);

/* Every interface of every guest in that state as text, one a line; with @foreign_only, only those
 * that the plan may not touch. */
char *world_print(const World *world, NmmScope scope, gboolean foreign_only);
/* How many interfaces of ours (or others) on the network a state has. */
guint world_count(const NmmGuestState *state, gboolean ours);

/* A profile with the given keys and values, ended by NULL. */
NmmProfile *world_profile_new(const char *key, ...) G_GNUC_NULL_TERMINATED;

G_END_DECLS
