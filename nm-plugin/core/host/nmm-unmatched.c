/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compares what a profile names with the guests that there are. A profile that names nothing is for
 * whoever comes, and nothing is amiss while nobody does.
 */

#include "config.h"

#include "nmm-unmatched.h"

#include <glib/gi18n-lib.h>

static gboolean
is_there(const char *wanted, GHashTable *guests)
{
    GHashTableIter iter;
    gpointer uuid;
    gpointer name;

    g_hash_table_iter_init(&iter, guests);
    while (g_hash_table_iter_next(&iter, &uuid, &name)) {
        if (g_str_equal(wanted, name) || g_ascii_strcasecmp(wanted, uuid) == 0)
            return TRUE;
    }
    return FALSE;
}

/**
 * nmm_unmatched_list:
 * @profile: the profile
 * @guests: (element-type utf8 utf8): UUID → name
 *
 * Returns: (transfer full): names and UUIDs as the profile has them, maybe none
 */
char **
nmm_unmatched_list(const NmmProfile *profile, GHashTable *guests)
{
    g_autoptr(GStrvBuilder) unmatched = g_strv_builder_new();

    for (char **wanted = profile->guests; wanted && *wanted; wanted++) {
        if (!is_there(*wanted, guests))
            g_strv_builder_add(unmatched, *wanted);
    }
    return g_strv_builder_end(unmatched);
}

static char *
describe_names(char **names, const char *parent)
{
    g_autofree char *list = g_strjoinv("', '", names);

    if (parent)
        return g_strdup_printf(
            _("no guest with a macvtap interface on '%s' is called '%s'; correct "
              "vpn.data guests, or attach the guest there with macvtap"),
            parent,
            list);
    return g_strdup_printf(_("no guest with a macvtap interface is called '%s'; correct vpn.data "
                             "guests, or attach the guest with macvtap"),
                           list);
}

/**
 * nmm_unmatched_describe:
 * @profile: the profile
 * @parent: (nullable): the lower device in use
 * @guests: (element-type utf8 utf8): UUID → name
 *
 * Returns: (transfer full) (nullable): one sentence; %NULL where everything that the profile names
 *   is there
 */
char *
nmm_unmatched_describe(const NmmProfile *profile, const char *parent, GHashTable *guests)
{
    g_auto(GStrv) names = nmm_unmatched_list(profile, guests);

    if (names[0])
        return describe_names(names, parent);
    if (!profile->parent || g_hash_table_size(guests) > 0)
        return NULL;
    return g_strdup_printf(
        _("no guest of the profile has a macvtap interface on '%s'; set vpn.data "
          "parent to the network device that the guests are on"),
        profile->parent);
}
