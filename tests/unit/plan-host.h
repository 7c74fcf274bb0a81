/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host in memory for the tests of the plan, with guests and networks. It can carry a plan out,
 * and fails the test if libvirt would refuse an edit.
 */

#pragma once

#include "nmm-nic-xml.h"
#include "nmm-plan.h"

G_BEGIN_DECLS

#define PLAN_HOST_NETWORK "isolated"
#define PLAN_HOST_PROFILE "8a7c1a0e-2b7f-4f0e-9f7e-0a4a6f1f2d11"

typedef struct {
    GPtrArray *guests;
    GPtrArray *networks;
    GPtrArray *used;
    gboolean containers; /* guests that are added are containers, and lose their aliases */
    NmmObserved observed;
} PlanHost;

PlanHost *plan_host_new(void);
void plan_host_free(PlanHost *host);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PlanHost, plan_host_free)

/* Guest number 1, 2, … has UUID …01, …02, …; @config_nics and @live_nics: (nullable): interface
 * elements; NULL: the guest has no such state. */
NmmGuest *plan_host_add_guest(PlanHost *host, const char *config_nics, const char *live_nics);
char *plan_host_guest_uuid(guint number);
/* The interface that the plan gives to guest @number, with the other fields of @spec. */
char *plan_host_our_nic(guint number, const NmmNicSpec *spec);

NmmNetwork *plan_host_add_network(PlanHost *host, const char *xml, gboolean active);
void plan_host_add_used(PlanHost *host, const char *cidr, const char *what);

void plan_host_apply(PlanHost *host, const NmmPlan *plan);

/* Every interface of every guest in that state, one per line; with @foreign_only, only those that
 * the plan must not change. */
char *plan_host_print(const PlanHost *host, NmmScope scope, gboolean foreign_only);
/* The number of interfaces on the network, of the profile or of the user. */
guint plan_host_count(const NmmGuestState *state, gboolean ours);

/* A profile with the given keys and values, ended by NULL. */
NmmProfile *plan_host_profile_new(const char *key, ...) G_GNUC_NULL_TERMINATED;

G_END_DECLS
