/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contract of NmmHypervisor as tests. They use a hypervisor through its interface and change
 * its host from outside, as virsh would, through operations that the test program of each
 * implementation supplies. The same cases run on libvirt with QEMU and on the fake.
 */

#pragma once

#include "nmm-hypervisor.h"

G_BEGIN_DECLS

/*
 * The host of a hypervisor. Every operation is called on the main thread, blocks until it is done,
 * and aborts the test if it fails. Names identify guests and networks.
 */
typedef struct {
    gpointer data; /* first argument of each operation */

    /* Called first in every case: no guest and no network is left, connections can be made. */
    void (*reset)(gpointer data);
    /* (transfer full): not open. */
    NmmHypervisor *(*new_hypervisor)(gpointer data);

    void (*define_guest)(gpointer data, const char *xml);
    void (*undefine_guest)(gpointer data, const char *name);
    void (*start_guest)(gpointer data, const char *name);
    void (*stop_guest)(gpointer data, const char *name);
    /* Starts a guest without a persistent definition. */
    void (*create_transient_guest)(gpointer data, const char *xml);
    /* Defines a guest that takes no further interface while it runs. */
    void (*define_rigid_guest)(gpointer data, const char *name, const char *uuid);
    /* The running guest releases the interfaces that it was asked for. */
    void (*guest_releases)(gpointer data, const char *name);

    /* The running guest is saved; when it is started, it is resumed, unless the image is discarded.
     */
    void (*save_guest)(gpointer data, const char *name);
    void (*discard_image)(gpointer data, const char *name);
    void (*pause_guest)(gpointer data, const char *name, gboolean paused);
    void (*snapshot_guest)(gpointer data, const char *name, const char *snapshot);
    void (*delete_snapshot)(gpointer data, const char *name, const char *snapshot);

    void (*define_network)(gpointer data, const char *xml);
    void (*start_network)(gpointer data, const char *name);
    void (*stop_network)(gpointer data, const char *name);
    void (*undefine_network)(gpointer data, const char *name);

    /* A network filter, which an interface may name. */
    void (*define_filter)(gpointer data, const char *xml);

    /* Every open connection breaks, and nothing answers; guests run on. */
    void (*lose_daemon)(gpointer data);
    /* The daemon answers again. */
    void (*restore_daemon)(gpointer data);
} HypervisorHost;

/* Adds the cases as /hypervisor/…; @host must live until g_test_run() has returned. */
void hypervisor_contract_add_tests(const HypervisorHost *host);

G_END_DECLS
