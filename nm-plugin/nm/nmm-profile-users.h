/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The users of a private profile (connection.permissions), and whether they may manage libvirt.
 * Asks NSS, as a login does, so users and groups of LDAP and systemd count too. May block.
 */

#pragma once

#include <NetworkManager.h>

G_BEGIN_DECLS

/* Each user of a private profile must be root or a member of one of @admin_groups at the time of
 * the call, because any user can create such a profile, and the service runs as root. If
 * @admin_groups is empty, only root is allowed. Groups that this host does not have are ignored.
 * The error has a remedy: NMM_ERROR_DENIED if a user is not allowed or does not exist,
 * NMM_ERROR_FAILED if NSS failed. */
gboolean
nmm_profile_users_check(NMConnection *connection, const char *const *admin_groups, GError **error);

/* (transfer full): the names of @admin_groups that this host has, separated by commas; all of
 * @admin_groups if it has none of them. */
char *nmm_profile_users_describe_groups(const char *const *admin_groups);

/* (transfer full) (element-type uid_t) (nullable): the users who may see the profile besides root;
 * NULL: everybody. A user who does not exist is left out. */
GArray *nmm_profile_users_list(NMConnection *connection);

G_END_DECLS
