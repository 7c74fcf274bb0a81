/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of modes. A row answers every question that other code asks of a mode; code asks the
 * row and does not compare modes, unless it belongs to only one mode.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    NMM_MODE_ISOLATED,
    NMM_MODE_SHARE,
    NMM_MODE_MOVE,
    _NMM_MODE_NUM, /* the size of tables that a mode indexes */
} NmmMode;

/* Bits for NmmKeyInfo.modes. */
#define NMM_MODE_BIT(mode) (1u << (mode))
#define NMM_MODES_ALL      (NMM_MODE_BIT(_NMM_MODE_NUM) - 1)

/* Whether the loopback device can be the base of a profile's VPN connection. */
typedef enum {
    NMM_LOOPBACK_NEVER,
    NMM_LOOPBACK_ALWAYS,
    NMM_LOOPBACK_IF_UNMANAGED, /* if NetworkManager does not manage the parent */
} NmmLoopback;

typedef struct {
    const char *title;            /* N_()-marked, with mnemonic */
    const char *description;      /* N_()-marked, one or two sentences */
    const char *suggested_as;     /* (nullable): the id of a suggested profile, before its target;
                                     NULL: the mode is not suggested */
    gboolean has_network;         /* host and guests meet on a libvirt network */
    gboolean has_host_link;       /* they meet on a macvtap interface of the host over the parent */
    gboolean routes_guests;       /* the host link carries a route to each guest */
    gboolean moves_configuration; /* the host link takes the parent's IP configuration over */
    NmmLoopback loopback;
} NmmModeInfo;

/* By mode and NULL-terminated: the values of the key "mode". */
extern const char *const nmm_mode_names[_NMM_MODE_NUM + 1];

const NmmModeInfo *nmm_mode_get_info(NmmMode mode);
const char *nmm_mode_to_string(NmmMode mode);
/* (nullable): the one of both that guests of the mode share with the host. */
const char *nmm_mode_get_target(NmmMode mode, const char *network, const char *parent);

G_END_DECLS
