/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the two files of the fake host, guests and networks. The caller holds the host's mutex.
 */

#pragma once

#include "nmm-xml.h"

#include "fake-host.h"

G_BEGIN_DECLS

typedef struct {
    char *uuid;
    char *name;
    xmlDoc *config;        /* (nullable) */
    xmlDoc *live;          /* (nullable) */
    xmlDoc *image;         /* (nullable): managed save */
    GHashTable *snapshots; /* (element-type utf8 utf8): name → <domainsnapshot> */
    gboolean paused;
    gboolean rigid;
    gboolean reluctant;
    GPtrArray *asked; /* (element-type utf8): aliases that the guest was asked to release */
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
    NmmHypervisor *hypervisor; /* borrowed: it leaves before it is freed */
    gboolean read_only;
} FakeMember;

struct _FakeHost {
    gatomicrefcount ref_count;
    GMutex mutex;
    FakeCalls *calls;
    GPtrArray *guests;   /* (element-type FakeGuest) */
    GPtrArray *networks; /* (element-type FakeNetwork) */
    GPtrArray *links;    /* (element-type utf8): XML of libvirt's node devices */
    GArray *members;     /* (element-type FakeMember) */
    gboolean dead;
    gboolean asleep;
    gboolean missing;
    gboolean networks_asleep;
    GPtrArray *waiters; /* (element-type NmmHypervisor): borrowed; wait for the daemon */
    guint last_device;  /* numbers target devices, bridges and aliases */
};

void fake_guest_free(FakeGuest *guest);
void fake_network_free(FakeNetwork *network);

/* By name or UUID. NMM_ERROR_NOT_FOUND. */
FakeGuest *fake_host_need_guest(FakeHost *host, const char *name, GError **error);
FakeNetwork *fake_host_find_network(FakeHost *host, const char *name);
/* (transfer full) (nullable): as the plan sees it. */
NmmNetwork *fake_network_read(const FakeNetwork *network, GError **error);

/* To every connection that takes events. */
void fake_host_emit(FakeHost *host, const char *signal, const char *text);
void fake_host_guest_event(FakeHost *host, const char *uuid);
void fake_host_network_event(FakeHost *host, const char *name);

G_END_DECLS
