/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The syntax is that of "Device List Format" in NetworkManager.conf(5). What the host link cannot
 * have (MAC, s390 channels, DHCP client) matches nothing.
 */

#include "config.h"

#include "nmm-unmanaged.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "nmm-error.h"
#include "nmm-names.h"

#define GROUP "keyfile"
#define KEY   "unmanaged-devices"

/* The rest of @text after @prefix, or NULL. */
static const char *
skip_prefix(const char *text, const char *prefix)
{
    return g_ascii_strncasecmp(text, prefix, strlen(prefix)) == 0 ? text + strlen(prefix) : NULL;
}

static gboolean
matches_name(const char *pattern, const char *name)
{
    if (*pattern == '=')
        return g_str_equal(pattern + 1, name);
    return g_pattern_match_simple(*pattern == '~' ? pattern + 1 : pattern, name);
}

/* @driver may be followed by the version, after a slash. */
static gboolean
matches_driver(const char *pattern, const char *driver)
{
    g_autofree char *name = g_strndup(pattern, strcspn(pattern, "/"));

    return g_pattern_match_simple(name, driver);
}

static gboolean
matches_one(const char *spec, const NmmManagedDevice *device)
{
    const char *rest;

    if (g_str_equal(spec, "*"))
        return TRUE;
    if ((rest = skip_prefix(spec, "interface-name:")))
        return matches_name(rest, device->name);
    if ((rest = skip_prefix(spec, "type:")))
        return g_str_equal(rest, device->type);
    if ((rest = skip_prefix(spec, "driver:")))
        return matches_driver(rest, device->driver);
    return g_str_equal(spec, device->name);
}

/* An exception wins; a list with only exceptions means every other device. */
static gboolean
matches(const char *list, const NmmManagedDevice *device)
{
    g_auto(GStrv) specs = g_strsplit_set(list, ",; \t\n", -1);
    gboolean has_positive = FALSE, has_exception = FALSE, found = FALSE;

    for (char **spec = specs; *spec; spec++) {
        const char *exception = skip_prefix(*spec, "except:");

        if (!**spec)
            continue;
        if (exception && matches_one(exception, device))
            return FALSE;
        has_exception |= exception != NULL;
        has_positive |= !exception;
        found |= !exception && matches_one(*spec, device);
    }
    return found || (has_exception && !has_positive);
}

gboolean
nmm_unmanaged_has(const char *config, const NmmManagedDevice *device)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *list = NULL;

    if (g_key_file_load_from_data(file, config, (gsize)-1, G_KEY_FILE_NONE, NULL))
        list = g_key_file_get_string(file, GROUP, KEY, NULL);
    return list && matches(list, device);
}

gboolean
nmm_unmanaged_fail_link(const char *link, const char *link_name, GError **error)
{
    return nmm_fail(error,
                    NMM_ERROR_UNSUPPORTED,
                    _("NetworkManager does not manage the host link '%s' because of "
                      "unmanaged-devices in its configuration; add the lines '[keyfile]' and "
                      "'unmanaged-devices+=except:interface-name:%s' to a new file "
                      "/etc/NetworkManager/conf.d/zz-nm-macvtap.conf, and run 'nmcli general "
                      "reload'"),
                    link,
                    link_name ? link_name : NMM_LINK_PREFIX "*");
}

char *
nmm_unmanaged_describe_loopback(const char *base)
{
    return g_strdup_printf(
        _("the profile goes down together with '%s', because NetworkManager does not manage 'lo'; "
          "to keep it up without a cable, add the lines '[keyfile]' and "
          "'unmanaged-devices+=except:interface-name:lo' to a new file "
          "/etc/NetworkManager/conf.d/zz-nm-macvtap.conf, and run 'nmcli general reload'"),
        base);
}
