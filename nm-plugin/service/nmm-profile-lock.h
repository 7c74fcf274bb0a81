/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What only one active profile may hold: a network, a host link. A claim is a locked file, so that
 * it ends with the process however that ends. NetworkManager gives every active profile a process
 * of its own, and a profile's old process may still be undoing things when the next one starts.
 */

#pragma once

#include "nmm-lock-key.h"

G_BEGIN_DECLS

typedef struct _NmmProfileLock NmmProfileLock;

/* Tries once. @out_wait is set to whether the claim is about to become free (its holder is going
 * down, or is an older process of the same profile): trying again soon makes sense.
 * Errors: NMM_ERROR_CONFLICT, naming the holder's profile. */
NmmProfileLock *nmm_profile_lock_try(const char *run_dir,
                                     const NmmLockKey *key,
                                     const char *profile_uuid,
                                     const char *profile_id,
                                     gboolean *out_wait,
                                     GError **error);
/* Tells others that it is about to become free. */
void nmm_profile_lock_set_ending(NmmProfileLock *claim);
void nmm_profile_lock_release(NmmProfileLock *claim);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmProfileLock, nmm_profile_lock_release)

G_END_DECLS
