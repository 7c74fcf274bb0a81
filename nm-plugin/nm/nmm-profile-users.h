/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The users that a private profile is for (connection.permissions): who they are, and whether they
 * may manage libvirt. Asks NSS like a login does, so that users and groups of LDAP and systemd
 * count too. It may block.
 */

#pragma once

#include <NetworkManager.h>

G_BEGIN_DECLS

/* NetworkManager lets only users who may change the system make a profile for all users. Any user
 * can make a private one, and root carries it out: each of its users must be root or a member of
 * one of @admin_groups now. Without @admin_groups (empty), only root may. Groups that this host
 * does not have are ignored. FALSE with the remedy: NMM_ERROR_DENIED if a user may not, or does not
 * exist, NMM_ERROR_FAILED if NSS did not find out. */
gboolean
nmm_profile_users_check(NMConnection *connection, const char *const *admin_groups, GError **error);

/* (transfer full): the names of @admin_groups that this host has, separated by commas; all of
 * @admin_groups if it has none of them. */
char *nmm_profile_users_describe_groups(const char *const *admin_groups);

/* (transfer full) (element-type uid_t) (nullable): the users who may see the profile besides root;
 * NULL: everybody. A user who does not exist is left out. */
GArray *nmm_profile_users_list(NMConnection *connection);

G_END_DECLS
