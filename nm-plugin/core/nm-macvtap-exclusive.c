/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A list a mode: the service claims what is on it, and the tool foretells what that would meet.
 */

#include "config.h"

#include "nm-macvtap-exclusive.h"

#include <glib/gi18n-lib.h>

#include "nm-macvtap-error.h"

static void
add(GStrvBuilder *list, char *what)
{
    g_strv_builder_add(list, what);
    g_free(what);
}

/**
 * nm_macvtap_exclusive_list:
 * @profile: a profile
 * @link: (nullable): the name of its host link
 * @parent: (nullable): the name of its lower device
 *
 * Returns: (transfer full) (array zero-terminated=1): what it holds for itself alone while it is up
 */
char **
nm_macvtap_exclusive_list(const NMMacvtapProfile *profile, const char *link, const char *parent)
{
    g_autoptr(GStrvBuilder) list = g_strv_builder_new();

    if (profile->mode == NM_MACVTAP_MODE_ISOLATED)
        add(list,
            g_strdup_printf(_("network '%s' of '%s'"), profile->network, profile->libvirt_uri));
    else if (link)
        add(list, g_strdup_printf(_("host link '%s'"), link));
    /* Two links of different names over one device could not both have its configuration. */
    if (profile->mode == NM_MACVTAP_MODE_MOVE && parent)
        add(list, g_strdup_printf(_("the configuration of '%s'"), parent));
    return g_strv_builder_end(list);
}

/**
 * nm_macvtap_exclusive_refuse:
 * @what: one of a profile's list
 * @holder: (nullable): the name of the profile that holds it
 * @error: return location; %NM_MACVTAP_ERROR_CONFLICT
 *
 * Returns: %FALSE
 */
gboolean
nm_macvtap_exclusive_refuse(const char *what, const char *holder, GError **error)
{
    g_set_error(error,
                NM_MACVTAP_ERROR,
                NM_MACVTAP_ERROR_CONFLICT,
                _("%s is in use by profile '%s'; take that one down first, or choose another"),
                what,
                holder ?: "?");
    return FALSE;
}
