/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The things that only one active profile may use: a libvirt network, a host link, a parent's
 * configuration. A key identifies such a thing for every process of every version, so its id
 * depends on no translation; the label is for messages only.
 */

#pragma once

#include "nmm-profile.h"

G_BEGIN_DECLS

typedef struct {
    char *id;    /* never changes: lock files are named after it */
    char *label; /* translated, for messages: "network 'isolated' of 'qemu:///system'" */
} NmmLockKey;

void nmm_lock_key_free(NmmLockKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmLockKey, nmm_lock_key_free)

/* (transfer full) (element-type NmmLockKey): what no other active profile may use beside @profile.
 * @link, @parent: (nullable): names of devices; a mode without a host link has neither. */
GPtrArray *nmm_lock_key_list(const NmmProfile *profile, const char *link, const char *parent);
/* (nullable) (transfer none): the first key of @keys that @other has too. */
const NmmLockKey *nmm_lock_key_find_shared(const GPtrArray *keys, const GPtrArray *other);
/* (transfer full): the name of the key's lock file; it never changes. */
char *nmm_lock_key_get_file_name(const NmmLockKey *key);
/* Always FALSE, with NMM_ERROR_CONFLICT. @holder: (nullable): the profile that has it. */
gboolean nmm_lock_key_refuse(const NmmLockKey *key, const char *holder, GError **error);

G_END_DECLS
