/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names under which programs on the host find guests, and the file with which the service gives
 * them to the NSS module. A name is libvirt's, never one that the guest chose.
 *
 * A name has no dot, so it is never in the way of a DNS name; neither is it the host's own name,
 * nor one that programs look up by themselves.
 */

#pragma once

#include "nmm-cidr.h"

G_BEGIN_DECLS

/* An address at which the host reaches a guest. */
typedef struct {
    const char *guest; /* libvirt's name */
    NmmCidr address;
} NmmGuestAddress;

/* (transfer full): the name of @guest in lower case, or NULL with NMM_ERROR_UNSUPPORTED and the
 * reason, a fragment. @own: (nullable): the name of this host. */
char *nmm_host_name_from_guest(const char *guest, const char *own, GError **error);

/*
 * (transfer full) (nullable): the text of the file, a sorted line "ADDRESS NAME # URI GUEST" for
 * each of @addresses (element-type NmmGuestAddress); NULL if there is none. Adds to @problems
 * (element-type NmmProblem) each guest that has no name on the host. Link-local addresses are left
 * out, because they are of no use without an interface.
 */
char *nmm_host_name_build_file(const GArray *addresses,
                               const char *uri,
                               const char *own,
                               GPtrArray *problems);

G_END_DECLS
