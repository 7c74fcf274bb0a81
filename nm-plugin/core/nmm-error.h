/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The error domain of the project. The code shows what a caller can do about an error. */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define NMM_ERROR (nmm_error_quark())

typedef enum {
    NMM_ERROR_FAILED,      /* anything else */
    NMM_ERROR_BAD_PROFILE, /* the user must change the profile */
    NMM_ERROR_BAD_XML,     /* a document is malformed, too large or of another kind */
    NMM_ERROR_CONFLICT,    /* a subnet, network or link is in use, or does not fit */
    NMM_ERROR_DENIED,      /* the user behind the profile may not do this */
    NMM_ERROR_UNREACHABLE, /* libvirt or NetworkManager does not reply; try again later */
    NMM_ERROR_NOT_FOUND,   /* the guest, network or device is gone */
    NMM_ERROR_BUSY,        /* another operation holds the guest; try again until it is free */
    NMM_ERROR_UNSUPPORTED, /* the guest or host cannot do this while running (hotplug) */
    NMM_ERROR_FIREWALL,    /* libvirt's firewall rules; restart the daemon of its networks */
} NmmError;

GQuark nmm_error_quark(void);

/* Sets @error and returns FALSE, for "return nmm_fail(error, …);". */
gboolean nmm_fail(GError **error, NmmError code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Replaces @text in the message of @error, if that is set, by nmm_text_to_display() of it. Returns
 * FALSE. */
gboolean nmm_fail_shown(GError **error, const char *text);

/* (nullable): the message of @error (nullable). */
const char *nmm_error_get_message(const GError *error);

G_END_DECLS
