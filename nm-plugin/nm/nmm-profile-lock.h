/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The locks of active profiles: a network, a host link. NetworkManager gives every active profile
 * its own process, and the old process of a profile may still be undoing things when the next one
 * starts. The file names the profile that holds the lock; that is a hint for messages and for
 * waiting, only the lock decides.
 */

#pragma once

#include "nmm-lock-key.h"

G_BEGIN_DECLS

typedef struct _NmmProfileLock NmmProfileLock;

/* Tries once. NULL with an error: NMM_ERROR_CONFLICT, which names the holder's profile, or
 * NMM_ERROR_FAILED. @out_wait is always set: whether the lock will soon be free because its holder
 * is going down or is an older process of the same profile. */
NmmProfileLock *nmm_profile_lock_try(const char *run_dir,
                                     const NmmLockKey *key,
                                     const char *profile_uuid,
                                     const char *profile_id,
                                     gboolean *out_wait,
                                     GError **error);
/* Notes that the holder is going down, so that others wait instead of giving up. */
void nmm_profile_lock_set_ending(NmmProfileLock *lock);
void nmm_profile_lock_release(NmmProfileLock *lock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmProfileLock, nmm_profile_lock_release)

/* (transfer full) (element-type utf8): UUIDs of the profiles that hold a lock, so their processes
 * are running. Takes no lock. */
GHashTable *nmm_profile_lock_list_holders(const char *run_dir);

G_END_DECLS
