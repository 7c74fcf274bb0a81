/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NetworkManager joins its files itself, in an order and with rules that depend on its version, and
 * has no D-Bus property for the result.
 */

#include "config.h"

#include "nmm-manager-config.h"

#include <gio/gio.h>

#include "nmm-unmanaged.h"

/* Debian, Fedora; the PATH of a user may lack both. */
static const char *const programs[] = {"/usr/sbin/NetworkManager", "/usr/bin/NetworkManager"};

char *
nmm_manager_config_read(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(programs); i++) {
        g_autoptr(GSubprocess) process =
            g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE,
                             NULL,
                             programs[i],
                             "--print-config",
                             NULL);
        char *text = NULL;

        if (process && g_subprocess_communicate_utf8(process, NULL, NULL, &text, NULL, NULL) &&
            g_subprocess_get_successful(process))
            return text;
        g_free(text);
    }
    return NULL;
}

gboolean
nmm_manager_config_check_link(const char *link, const char *link_name, GError **error)
{
    const NmmManagedDevice device = {link, "macvlan", "macvtap"};
    g_autofree char *config = nmm_manager_config_read();

    return !config || !nmm_unmanaged_has(config, &device) ||
           nmm_unmanaged_fail_link(link, link_name, error);
}
