/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-refused-address.h"

#include <glib/gi18n-lib.h>

/* (transfer full): the value of the key with @address added. */
static char *
add_to_trusted(const NmmProfile *profile, const char *address)
{
    g_autoptr(GString) value = g_string_new(NULL);

    for (guint i = 0; i < profile->trusted_addresses->len; i++) {
        g_autofree char *text =
            nmm_cidr_to_string(&g_array_index(profile->trusted_addresses, NmmCidr, i));

        g_string_append_printf(value, "%s ", text);
    }
    g_string_append(value, address);
    return g_string_free(g_steal_pointer(&value), FALSE);
}

static char *
build_remedy(const NmmProfile *profile, const char *key, const char *address)
{
    g_autofree char *value = add_to_trusted(profile, address);
    g_autofree char *item = g_strdup_printf("%s=%s", key, value);
    g_autofree char *quoted = g_shell_quote(item);
    g_autofree char *id = g_shell_quote(profile->id);
    g_autofree char *reactivate = nmm_profile_build_reactivation(profile->id);

    return g_strdup_printf("nmcli connection modify %s +vpn.data %s && %s", id, quoted, reactivate);
}

NmmProblem *
nmm_refused_address_describe(const NmmRejection *rejection, const NmmProfile *profile)
{
    g_autofree char *sentence = nmm_rejection_to_string(rejection);
    const char *key = rejection->guest ? nmm_rejection_get_key(rejection->reason) : NULL;
    NmmProblem *problem;

    if (key)
        problem = nmm_problem_new(NMM_PROBLEM_REFUSED_ADDRESS,
                                  rejection->guest,
                                  _("%s; if the guest may have the address, add it to '%s'"),
                                  sentence,
                                  key);
    else
        problem = nmm_problem_new(NMM_PROBLEM_REFUSED_ADDRESS, rejection->guest, "%s", sentence);
    problem->address = g_strdup(rejection->address);
    problem->reason = g_strdup(nmm_rejection_reason_to_string(rejection->reason));
    problem->key = g_strdup(key);
    if (key)
        problem->remedy = build_remedy(profile, key, rejection->address);
    return problem;
}
