/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tests that every implementation of the host link passes, on the real kernel or on a fake one.
 */

#pragma once

#include "nmm-hostlink.h"

G_BEGIN_DECLS

/* How another program changes and sees the kernel. */
typedef struct {
    gpointer data;
    NmmHostlink *hostlink;

    void (*add_parent)(gpointer data, const char *name); /* Ethernet, up, carrier, no address */
    void (*set_wireless)(gpointer data, const char *parent);
    void (*enslave)(gpointer data, const char *parent, const char *bridge); /* makes the bridge */
    void (*add_passthrough)(gpointer data, const char *name, const char *parent);
    void (*add_address)(gpointer data, const char *parent, const char *address);
    void (*remove_address)(gpointer data, const char *parent, const char *address);
    /* A macvtap in mode bridge. @ifalias: (nullable) */
    void (*add_link)(gpointer data, const char *name, const char *parent, const char *ifalias);
    void (*delete_link)(gpointer data, const char *name);
    void (*set_down)(gpointer data, const char *name);
    /* (transfer full) (nullable): "eth0 up 52:… nm-macvtap:…": parent, state, MAC, alias or "-" */
    char *(*describe_link)(gpointer data, const char *name);
    /* (transfer full): "10.0.0.5/32 src 10.0.0.1 at 52:…" per line, sorted as routes are */
    char *(*describe_routes)(gpointer data, const char *name);
    /* (transfer full): the MAC of a parent */
    char *(*get_mac)(gpointer data, const char *name);
} HostlinkKernel;

/* Registers every test below @prefix. @setup fills @kernel, @teardown frees its data. */
void hostlink_contract_add(const char *prefix,
                           void (*setup)(HostlinkKernel *kernel),
                           void (*teardown)(HostlinkKernel *kernel));

G_END_DECLS
