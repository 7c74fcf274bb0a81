/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The identifiers of suggested profiles are English in every locale, because users type them and
 * scripts rely on them.
 */

#include "config.h"

#include "nmm-mode.h"

#include <glib/gi18n-lib.h>

const char *const nmm_mode_names[] = {
    [NMM_MODE_ISOLATED] = "isolated",
    [NMM_MODE_SHARE] = "share",
    [NMM_MODE_MOVE] = "move",
    [_NMM_MODE_NUM] = NULL,
};

static const NmmModeInfo modes[] = {
    [NMM_MODE_ISOLATED] =
        {
            .title = N_("Isola_ted network"),
            .description = N_("Guests get a second interface on a private network with this "
                              "computer. Works for every guest, even with the cable unplugged."),
            .suggested_as = "Isolated network",
            .has_network = TRUE,
            .loopback = NMM_LOOPBACK_ALWAYS,
        },
    [NMM_MODE_SHARE] =
        {
            .title = N_("_Shared address"),
            .description =
                N_("Guests reach this computer at its usual address and are not changed."),
            .suggested_as = "Guests on",
            .has_host_link = TRUE,
            .routes_guests = TRUE,
            .loopback = NMM_LOOPBACK_IF_UNMANAGED,
        },
    [NMM_MODE_MOVE] =
        {
            .title = N_("Mo_ved address"),
            .description = N_("This computer's address moves to a macvtap interface while the "
                              "profile is on, which makes it a full peer of the guests."),
            .has_host_link = TRUE,
            .moves_configuration = TRUE,
            .loopback = NMM_LOOPBACK_NEVER,
        },
};
G_STATIC_ASSERT(G_N_ELEMENTS(modes) == _NMM_MODE_NUM);

const NmmModeInfo *
nmm_mode_get_info(NmmMode mode)
{
    return &modes[mode];
}

const char *
nmm_mode_to_string(NmmMode mode)
{
    return nmm_mode_names[mode];
}

const char *
nmm_mode_get_target(NmmMode mode, const char *network, const char *parent)
{
    return modes[mode].has_network ? network : parent;
}
