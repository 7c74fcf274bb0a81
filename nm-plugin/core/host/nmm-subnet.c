/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-subnet.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"

/* The candidates 192.168.N.0/24: from the libvirt wiki's choice down to the one before the subnet
 * that most home routers use. */
#define CANDIDATE_FIRST 254
#define CANDIDATE_LAST  1

NmmUsedSubnet *
nmm_used_subnet_new(const NmmCidr *cidr, const char *what)
{
    NmmUsedSubnet *used = g_new(NmmUsedSubnet, 1);

    used->cidr = *cidr;
    used->what = g_strdup(what);
    return used;
}

void
nmm_used_subnet_free(NmmUsedSubnet *used)
{
    g_free(used->what);
    g_free(used);
}

const NmmUsedSubnet *
nmm_subnet_find_overlap(const NmmCidr *cidr, GPtrArray *used)
{
    for (guint i = 0; i < used->len; i++) {
        const NmmUsedSubnet *other = used->pdata[i];

        if (!nmm_cidr_is_default(&other->cidr) && nmm_cidr_overlaps(cidr, &other->cidr))
            return other;
    }
    return NULL;
}

gboolean
nmm_subnet_choose(GPtrArray *used, NmmCidr *out, GError **error)
{
    const NmmUsedSubnet *first_overlap = NULL;

    for (guint8 n = CANDIDATE_FIRST; n >= CANDIDATE_LAST; n--) {
        const NmmCidr candidate = {
            .family = G_SOCKET_FAMILY_IPV4,
            .bytes = {192, 168, n, 1},
            .prefix = 24,
        };
        const NmmUsedSubnet *overlap = nmm_subnet_find_overlap(&candidate, used);

        if (!overlap) {
            *out = candidate;
            return TRUE;
        }
        if (!first_overlap)
            first_overlap = overlap;
    }
    g_set_error(
        error,
        NMM_ERROR,
        NMM_ERROR_CONFLICT,
        _("no subnet from 192.168.254.0/24 down to 192.168.1.0/24 is free: the first one overlaps "
          "with %s; set vpn.data address to an address in a free subnet"),
        first_overlap->what);
    return FALSE;
}
