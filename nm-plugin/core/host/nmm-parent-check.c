/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-parent-check.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"

static gboolean
refuse_kind(const NmmParentFacts *facts, GError **error)
{
    if (facts->wireless)
        return nmm_fail(
            error,
            NMM_ERROR_UNSUPPORTED,
            _("parent '%s' is a Wi-Fi device, which cannot use a second MAC address; use mode "
              "'isolated'"),
            facts->name);
    if (!facts->kind)
        return nmm_fail(error,
                        NMM_ERROR_UNSUPPORTED,
                        _("parent '%s' is not an Ethernet device; set vpn.data parent to the "
                          "device that the guests are on"),
                        facts->name);
    return nmm_fail(error,
                    NMM_ERROR_UNSUPPORTED,
                    _("parent '%s' is not an Ethernet device (it is '%s'); set vpn.data parent to "
                      "the device that the guests are on"),
                    facts->name,
                    facts->kind);
}

/* The kernel gives all frames of a port to its master. A VRF is the exception: it routes what its
 * ports receive, and does not take their frames, so a host link works. But a link that takes the
 * port's addresses is not in the VRF, and takes them out of it. */
static gboolean
check_master(const NmmParentFacts *facts, gboolean moves, GError **error)
{
    gboolean is_vrf = g_strcmp0(facts->master_kind, "vrf") == 0;

    if (!facts->master || (is_vrf && !moves))
        return TRUE;
    if (is_vrf)
        return nmm_fail(
            error,
            NMM_ERROR_UNSUPPORTED,
            _("parent '%s' is in VRF '%s', and mode 'move' would take its configuration out of "
              "the VRF; use mode 'share'"),
            facts->name,
            facts->master);
    return nmm_fail(error,
                    NMM_ERROR_CONFLICT,
                    _("parent '%s' is a port of '%s' (%s); use '%s' as the parent"),
                    facts->name,
                    facts->master,
                    facts->master_kind ? facts->master_kind : "?",
                    facts->master);
}

gboolean
nmm_parent_check_fit(const NmmParentFacts *facts, gboolean moves, GError **error)
{
    if (!facts->exists)
        return nmm_fail(
            error, NMM_ERROR_NOT_FOUND, _("there is no network interface '%s'"), facts->name);
    if (facts->wireless || !facts->ethernet)
        return refuse_kind(facts, error);
    if (!check_master(facts, moves, error))
        return FALSE;
    /* Its guest has exclusive use of the device: another macvlan gets EINVAL. */
    if (facts->passthrough)
        return nmm_fail(
            error,
            NMM_ERROR_CONFLICT,
            _("a guest uses parent '%s' exclusively (mode 'passthrough', device '%s'); set "
              "mode='bridge' in its definition, or use a profile of mode 'isolated'"),
            facts->name,
            facts->passthrough);
    return TRUE;
}
