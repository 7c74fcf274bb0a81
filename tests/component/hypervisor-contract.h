/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every hypervisor must do, as tests. They see a hypervisor through its interface and change
 * the world behind its back, as virsh would, through a few operations that each implementation's
 * test program supplies. The same cases run on libvirt with QEMU and on the fake.
 */

#pragma once

#include "nmm-hypervisor.h"

G_BEGIN_DECLS

/*
 * The world around a hypervisor. Every operation is called on the main thread, blocks until it is
 * done, and aborts the test where it fails. Guests and networks go by name.
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
    /* Defines a guest whose running machine takes no further interface. */
    void (*define_rigid_guest)(gpointer data, const char *name, const char *uuid);
    /* The running guest gives up the interfaces that it was asked to let go of. */
    void (*guest_lets_go)(gpointer data, const char *name);

    void (*define_network)(gpointer data, const char *xml);
    void (*start_network)(gpointer data, const char *name);
    void (*stop_network)(gpointer data, const char *name);
    void (*undefine_network)(gpointer data, const char *name);

    /* The other end of every open connection dies, and nothing answers; guests live on. */
    void (*lose_daemon)(gpointer data);
    /* It is there again. */
    void (*restore_daemon)(gpointer data);
} HypervisorWorld;

/* Adds the cases as /hypervisor/…; @world must live until g_test_run() has returned. */
void hypervisor_contract_add_tests(const HypervisorWorld *world);

G_END_DECLS
