/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap refresh: becomes the dispatcher's helper, which knows what there is to do.
 */

#include "config.h"

#include <errno.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "nm-macvtap-commands.h"

#define HELPER NM_MACVTAP_LIBEXECDIR "/nm-macvtap-dispatcher"

static int
run(const char *argument, gboolean json)
{
    const char *const argv[] = {HELPER, json ? "--json" : NULL, NULL};

    execv(HELPER, (char *const *)argv);
    nm_macvtap_tool_complain(_("cannot start '%s': %s"), HELPER, g_strerror(errno));
    return NM_MACVTAP_EXIT_FAILED;
}

const NMMacvtapCommand nm_macvtap_command_refresh = {
    .name = "refresh",
    .summary = N_("Bring profiles up that are due, clear up, offer profiles for what libvirt has"),
    .run = run,
};
