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

/* The kernel gives all frames of a port to its master. A VRF leaves them to its port, but the
 * port's addresses are local in the VRF only: the kernel refuses them as the source of a route over
 * a host link, which is not in the VRF, and does not answer at them there. */
static gboolean
check_master(const NmmParentFacts *facts, GError **error)
{
    if (!facts->master)
        return TRUE;
    if (g_strcmp0(facts->master_kind, "vrf") == 0)
        return nmm_fail(error,
                        NMM_ERROR_UNSUPPORTED,
                        _("parent '%s' is in VRF '%s', so its addresses are not available on a "
                          "host link; use mode 'isolated'"),
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
nmm_parent_check_fit(const NmmParentFacts *facts, GError **error)
{
    if (!facts->exists)
        return nmm_fail(
            error, NMM_ERROR_NOT_FOUND, _("there is no network interface '%s'"), facts->name);
    if (facts->wireless || !facts->ethernet)
        return refuse_kind(facts, error);
    if (!check_master(facts, error))
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
