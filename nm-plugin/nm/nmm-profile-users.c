/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-profile-users.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-names.h"
#include "nmm-text.h"

/* The only type of permission; libnm has no public name for it. */
#define PERMISSION_TYPE_USER "user"

#define MAX_BUFFER (16 * 1024 * 1024)

/* The answer to a look-up that can fail: unknown is not "no". */
typedef enum { NO, YES, UNKNOWN } Answer;

/* For a name that does not exist, getpwnam_r(3) and getgrnam_r(3) return one of several errors,
 * depending on the system. */
static Answer
answer_of(int code, gboolean found)
{
    if (found)
        return YES;
    return code == 0 || code == ENOENT || code == ESRCH || code == EBADF || code == EPERM ? NO
                                                                                          : UNKNOWN;
}

typedef struct {
    struct passwd entry;
    char *buffer; /* of the entry's strings */
} User;

static void
user_clear(User *user)
{
    g_free(user->buffer);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(User, user_clear)

/* @user: zeroed; set even if it is not found. */
static Answer
find_user(const char *name, User *user)
{
    gsize size = 1024;
    struct passwd *found = NULL;
    int code;

    do {
        size *= 2;
        user->buffer = g_realloc(user->buffer, size);
        code = getpwnam_r(name, &user->entry, user->buffer, size, &found);
    } while (code == ERANGE && size < MAX_BUFFER);
    return answer_of(code, found != NULL);
}

static Answer
find_group(const char *name, gid_t *out_gid)
{
    g_autofree char *buffer = NULL;
    gsize size = 1024;
    struct group space;
    struct group *found = NULL;
    int code;

    do {
        size *= 2;
        buffer = g_realloc(buffer, size);
        code = getgrnam_r(name, &space, buffer, size, &found);
    } while (code == ERANGE && size < MAX_BUFFER);
    if (found)
        *out_gid = found->gr_gid;
    return answer_of(code, found != NULL);
}

/* (transfer full) (element-type gid_t) (nullable): the primary and all other groups; NULL: they
 * changed each time. */
static GArray *
list_groups(const struct passwd *user)
{
    GArray *groups = g_array_new(FALSE, FALSE, sizeof(gid_t));
    int n = 64;

    for (int i = 0; i < 3; i++) {
        g_array_set_size(groups, (guint)n);
        if (getgrouplist(user->pw_name, user->pw_gid, (gpointer)groups->data, &n) >= 0) {
            g_array_set_size(groups, (guint)n);
            return groups;
        }
    }
    g_array_unref(groups);
    return NULL;
}

static gboolean
has_group(const GArray *groups, gid_t gid)
{
    for (guint i = 0; i < groups->len; i++) {
        if (g_array_index(groups, gid_t, i) == gid)
            return TRUE;
    }
    return FALSE;
}

static Answer
may_manage_libvirt(const struct passwd *user, const char *const *admin_groups)
{
    g_autoptr(GArray) groups = user->pw_uid == 0 ? NULL : list_groups(user);
    Answer answer = groups ? NO : UNKNOWN;

    if (user->pw_uid == 0)
        return YES;
    for (; groups && *admin_groups; admin_groups++) {
        gid_t gid = 0;
        Answer found = find_group(*admin_groups, &gid);

        if (found == YES && has_group(groups, gid))
            return YES;
        if (found == UNKNOWN)
            answer = UNKNOWN;
    }
    return answer;
}

/* Messages; @name and @id are quoted for them. */

static gboolean
fail_no_user(const char *name, const char *id, GError **error)
{
    return nmm_fail(error,
                    NMM_ERROR_DENIED,
                    _("the profile is private to '%s', but this host has no such user: make it "
                      "available to all users (nmcli connection modify %s "
                      "connection.permissions '')"),
                    name,
                    id);
}

static gboolean
fail_unknown(const char *name, const char *id, GError **error)
{
    return nmm_fail(
        error,
        NMM_ERROR_FAILED,
        _("the profile is private to '%s', and looking up this user or the user's "
          "groups failed: try again (getent passwd; getent group), or make it available "
          "to all users (nmcli connection modify %s connection.permissions '')"),
        name,
        id);
}

static gboolean
fail_denied(const char *name, const char *id, const char *const *admin_groups, GError **error)
{
    g_autofree char *groups = nmm_profile_users_describe_groups(admin_groups);

    if (!*admin_groups)
        return nmm_fail(error,
                        NMM_ERROR_DENIED,
                        _("the profile is private to '%s', who may not manage libvirt: make it "
                          "available to all users (nmcli connection modify %s "
                          "connection.permissions ''); admin-groups in '%s' is empty"),
                        name,
                        id,
                        NMM_CONFIG_FILE);
    return nmm_fail(error,
                    NMM_ERROR_DENIED,
                    _("the profile is private to '%s', who may not manage libvirt: make it "
                      "available to all users (nmcli connection modify %s "
                      "connection.permissions ''), or add the user to one of the groups %s "
                      "(admin-groups in '%s')"),
                    name,
                    id,
                    groups,
                    NMM_CONFIG_FILE);
}

static gboolean
check_user(const char *name, const char *id, const char *const *admin_groups, GError **error)
{
    g_auto(User) user = {0};
    g_autofree char *shown = nmm_text_to_display(name);
    Answer answer = find_user(name, &user);

    if (answer == NO)
        return fail_no_user(shown, id, error);
    if (answer == YES)
        answer = may_manage_libvirt(&user.entry, admin_groups);
    if (answer == UNKNOWN)
        return fail_unknown(shown, id, error);
    return answer == YES || fail_denied(shown, id, admin_groups, error);
}

/* (nullable): of permission @i; NULL: it is not of a user. */
static const char *
get_user(NMSettingConnection *base, guint i, const char **out_text)
{
    const char *type = NULL;

    *out_text = NULL;
    return nm_setting_connection_get_permission(base, i, &type, out_text, NULL) &&
                   g_strcmp0(type, PERMISSION_TYPE_USER) == 0
               ? *out_text
               : NULL;
}

gboolean
nmm_profile_users_check(NMConnection *connection, const char *const *admin_groups, GError **error)
{
    NMSettingConnection *base = nm_connection_get_setting_connection(connection);
    g_autofree char *id = g_shell_quote(nm_connection_get_id(connection) ?: "");
    guint n = base ? nm_setting_connection_get_num_permissions(base) : 0;

    for (guint i = 0; i < n; i++) {
        const char *text;
        const char *name = get_user(base, i, &text);
        g_autofree char *shown = nmm_text_to_display(text ?: "");

        if (!name)
            return fail_no_user(shown, id, error);
        if (!check_user(name, id, admin_groups, error))
            return FALSE;
    }
    return TRUE;
}

char *
nmm_profile_users_describe_groups(const char *const *admin_groups)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) found = NULL;
    gid_t gid;

    for (const char *const *group = admin_groups; *group; group++) {
        if (find_group(*group, &gid) == YES)
            g_strv_builder_add(builder, *group);
    }
    found = g_strv_builder_end(builder);
    return g_strjoinv(", ", *found ? found : (char **)admin_groups);
}

GArray *
nmm_profile_users_list(NMConnection *connection)
{
    NMSettingConnection *base = nm_connection_get_setting_connection(connection);
    guint n = base ? nm_setting_connection_get_num_permissions(base) : 0;
    GArray *uids = n > 0 ? g_array_new(FALSE, FALSE, sizeof(uid_t)) : NULL;

    for (guint i = 0; i < n; i++) {
        const char *text;
        const char *name = get_user(base, i, &text);
        g_auto(User) user = {0};

        if (name && find_user(name, &user) == YES)
            g_array_append_val(uids, user.entry.pw_uid);
    }
    return uids;
}
