/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvirt's errors in the project's domain. libvirt keeps the last error for each thread, so it is
 * taken on the thread of the call that failed, before any other call.
 */

#include "config.h"

#include "nmm-libvirt-private.h"

#include <glib/gi18n-lib.h>

#include "nmm-error.h"

/* What is not listed is NMM_ERROR_FAILED. That a connection broke has no number of its own,
 * see nmm_libvirt_call_fail(). */
static const struct {
    int number;
    NmmError code;
} error_table[] = {
    {VIR_ERR_OPERATION_DENIED, NMM_ERROR_DENIED},
    {VIR_ERR_ACCESS_DENIED, NMM_ERROR_DENIED},
    {VIR_ERR_AUTH_FAILED, NMM_ERROR_DENIED},
    {VIR_ERR_AUTH_CANCELLED, NMM_ERROR_DENIED},
    {VIR_ERR_AUTH_UNAVAILABLE, NMM_ERROR_DENIED},

    {VIR_ERR_NO_DOMAIN, NMM_ERROR_NOT_FOUND},
    {VIR_ERR_NO_NETWORK, NMM_ERROR_NOT_FOUND},
    {VIR_ERR_DEVICE_MISSING, NMM_ERROR_NOT_FOUND},

    {VIR_ERR_NETWORK_EXIST, NMM_ERROR_CONFLICT},

    {VIR_ERR_NO_SUPPORT, NMM_ERROR_UNSUPPORTED},
    {VIR_ERR_CONFIG_UNSUPPORTED, NMM_ERROR_UNSUPPORTED},
    {VIR_ERR_OPERATION_UNSUPPORTED, NMM_ERROR_UNSUPPORTED},
    {VIR_ERR_ARGUMENT_UNSUPPORTED, NMM_ERROR_UNSUPPORTED},
};

GError *
nmm_libvirt_take_error(void)
{
    const virError *last = virGetLastError();
    NmmError code = NMM_ERROR_FAILED;
    gsize i;

    if (!last)
        return g_error_new_literal(NMM_ERROR, code, _("libvirt gave no reason"));

    for (i = 0; i < G_N_ELEMENTS(error_table); i++) {
        if (error_table[i].number == last->code)
            code = error_table[i].code;
    }
    return g_error_new_literal(
        NMM_ERROR, code, last->message ? last->message : _("libvirt gave no reason"));
}
