/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap refresh: becomes the dispatcher's helper, which knows what there is to do.
 */

#include "config.h"

#include <errno.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "nmm-commands.h"

#define HELPER NMM_LIBEXECDIR "/nm-macvtap-dispatcher"

static int
run(const char *argument, gboolean json)
{
    const char *const argv[] = {HELPER, json ? "--json" : NULL, NULL};

    execv(HELPER, (char *const *)argv);
    nmm_tool_complain(_("cannot start '%s': %s"), HELPER, g_strerror(errno));
    return NMM_EXIT_FAILED;
}

const NmmCommand nmm_command_refresh = {
    .name = "refresh",
    .summary = N_("Bring profiles up that are due, clear up, offer profiles for what libvirt has"),
    .run = run,
};
