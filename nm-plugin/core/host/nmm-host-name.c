/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-host-name.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "nmm-error.h"
#include "nmm-problem.h"

#define MAX_NAME 63 /* of a label, RFC 1035 */

/* The host itself, as /etc/hosts of the distributions names it, and servers that programs look for
 * without being asked: proxies (WPAD) and tunnels (ISATAP, RFC 5214). */
static const char *const reserved[] = {
    "localhost",
    "localhost4",
    "localhost6",
    "ip6-localhost",
    "ip6-loopback",
    "ip6-allnodes",
    "ip6-allrouters",
    "broadcasthost",
    "isatap",
    "wpad",
    NULL,
};

/* Not of RFC 952, but resolvers accept "_", and Vagrant's guests have it. */
static gboolean
is_valid(const char *name)
{
    gsize length = strlen(name);

    if (length == 0 || length > MAX_NAME)
        return FALSE;
    for (gsize i = 0; i < length; i++) {
        if (!g_ascii_isalnum(name[i]) && name[i] != '-' && name[i] != '_')
            return FALSE;
    }
    return g_ascii_isalnum(name[0]) && g_ascii_isalnum(name[length - 1]);
}

/* inet_aton() reads them as an IPv4 address: "10", "0x10". */
static gboolean
is_number(const char *name)
{
    gboolean hex = g_str_has_prefix(name, "0x");

    for (const char *c = hex ? name + 2 : name; *c; c++) {
        if (!(hex ? g_ascii_isxdigit(*c) : g_ascii_isdigit(*c)))
            return FALSE;
    }
    return TRUE;
}

/* @own may have a domain. */
static gboolean
is_own(const char *name, const char *own)
{
    gsize length = own ? strcspn(own, ".") : 0;

    return own && strlen(name) == length && g_ascii_strncasecmp(name, own, length) == 0;
}

char *
nmm_host_name_from_guest(const char *guest, const char *own, GError **error)
{
    g_autofree char *name = g_ascii_strdown(guest, -1);

    if (!is_valid(name))
        nmm_fail(
            error,
            NMM_ERROR_UNSUPPORTED,
            _("a host name has up to %d letters, digits, '-' and '_', and begins and ends with "
              "a letter or digit"),
            MAX_NAME);
    else if (is_number(name))
        nmm_fail(error, NMM_ERROR_UNSUPPORTED, _("programs read it as an address"));
    else if (g_strv_contains(reserved, name))
        nmm_fail(error, NMM_ERROR_UNSUPPORTED, _("the name is reserved"));
    else if (is_own(name, own))
        nmm_fail(error, NMM_ERROR_UNSUPPORTED, _("it is the name of this host"));
    else
        return g_steal_pointer(&name);
    return NULL;
}

static int
compare(gconstpointer a, gconstpointer b)
{
    const NmmGuestAddress *left = *(const NmmGuestAddress *const *)a;
    const NmmGuestAddress *right = *(const NmmGuestAddress *const *)b;

    return strcmp(left->guest, right->guest)
               ?: nmm_cidr_compare_address(&left->address, &right->address);
}

/* (transfer container): without link-local addresses; an address may be there twice. */
static GPtrArray *
sort(const GArray *addresses)
{
    GPtrArray *sorted = g_ptr_array_new();

    for (guint i = 0; i < addresses->len; i++) {
        NmmGuestAddress *address = &g_array_index(addresses, NmmGuestAddress, i);

        if (!nmm_cidr_is_link_local(&address->address))
            g_ptr_array_add(sorted, address);
    }
    g_ptr_array_sort(sorted, compare);
    return sorted;
}

static void
add_line(GString *text, const NmmGuestAddress *address, const char *name, const char *uri)
{
    g_autofree char *numbers = nmm_cidr_address_to_string(&address->address);

    g_string_append_printf(text, "%s %s # %s %s\n", numbers, name, uri, address->guest);
}

static NmmProblem *
describe(const char *guest, const GError *error)
{
    return nmm_problem_new(NMM_PROBLEM_NAME,
                           guest,
                           _("this host does not find guest '%s' by its name: %s"),
                           guest,
                           error->message);
}

char *
nmm_host_name_build_file(const GArray *addresses,
                         const char *uri,
                         const char *own,
                         GPtrArray *problems)
{
    g_autoptr(GPtrArray) sorted = sort(addresses);
    g_autoptr(GString) text = g_string_new(NULL);
    const char *refused = NULL;

    for (guint i = 0; i < sorted->len; i++) {
        const NmmGuestAddress *address = sorted->pdata[i];
        g_autoptr(GError) error = NULL;
        g_autofree char *name = nmm_host_name_from_guest(address->guest, own, &error);

        if (i > 0 && compare(&sorted->pdata[i - 1], &sorted->pdata[i]) == 0)
            continue;
        if (name)
            add_line(text, address, name, uri);
        else if (g_strcmp0(address->guest, refused) != 0)
            g_ptr_array_add(problems, describe(address->guest, error));
        refused = name ? NULL : address->guest;
    }
    return text->len > 0 ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}
