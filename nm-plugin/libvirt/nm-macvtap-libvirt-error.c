/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvirt's errors in the project's domain. libvirt keeps the last error for each thread, so it is
 * taken on the thread of the call that failed, before any other call.
 */

#include "config.h"

#include "nm-macvtap-libvirt-private.h"

#include <glib/gi18n-lib.h>

#include "nm-macvtap-error.h"

/* What is not listed is NM_MACVTAP_ERROR_FAILED. That a connection broke has no number of its own,
 * see nm_macvtap_libvirt_call_fail(). */
static const struct {
    int number;
    NMMacvtapError code;
} error_table[] = {
    {VIR_ERR_OPERATION_DENIED, NM_MACVTAP_ERROR_DENIED},
    {VIR_ERR_ACCESS_DENIED, NM_MACVTAP_ERROR_DENIED},
    {VIR_ERR_AUTH_FAILED, NM_MACVTAP_ERROR_DENIED},
    {VIR_ERR_AUTH_CANCELLED, NM_MACVTAP_ERROR_DENIED},
    {VIR_ERR_AUTH_UNAVAILABLE, NM_MACVTAP_ERROR_DENIED},

    {VIR_ERR_NO_DOMAIN, NM_MACVTAP_ERROR_NOT_FOUND},
    {VIR_ERR_NO_NETWORK, NM_MACVTAP_ERROR_NOT_FOUND},
    {VIR_ERR_DEVICE_MISSING, NM_MACVTAP_ERROR_NOT_FOUND},

    {VIR_ERR_NETWORK_EXIST, NM_MACVTAP_ERROR_CONFLICT},

    {VIR_ERR_NO_SUPPORT, NM_MACVTAP_ERROR_UNSUPPORTED},
    {VIR_ERR_CONFIG_UNSUPPORTED, NM_MACVTAP_ERROR_UNSUPPORTED},
    {VIR_ERR_OPERATION_UNSUPPORTED, NM_MACVTAP_ERROR_UNSUPPORTED},
    {VIR_ERR_ARGUMENT_UNSUPPORTED, NM_MACVTAP_ERROR_UNSUPPORTED},
};

/**
 * nm_macvtap_libvirt_take_error:
 *
 * Returns: (transfer full): the calling thread's last libvirt error, with libvirt's own message
 */
GError *
nm_macvtap_libvirt_take_error(void)
{
    const virError *last = virGetLastError();
    NMMacvtapError code = NM_MACVTAP_ERROR_FAILED;
    gsize i;

    if (!last)
        return g_error_new_literal(NM_MACVTAP_ERROR, code, _("libvirt gave no reason"));

    for (i = 0; i < G_N_ELEMENTS(error_table); i++) {
        if (error_table[i].number == last->code)
            code = error_table[i].code;
    }
    return g_error_new_literal(
        NM_MACVTAP_ERROR, code, last->message ? last->message : _("libvirt gave no reason"));
}
