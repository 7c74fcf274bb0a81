/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which users may use a private profile. The test has its own /etc/passwd and /etc/group, in a
 * mount namespace. Needs root.
 */

#include "config.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "nmm-error.h"
#include "nmm-profile-users.h"

#define PASSWD                                                                                     \
    "root:x:0:0::/root:/bin/sh\n"                                                                  \
    "toor:x:0:0::/root:/bin/sh\n"                                                                  \
    "alice:x:1000:1000::/:/bin/sh\n"                                                               \
    "bob:x:1001:1001::/:/bin/sh\n"                                                                 \
    "primary:x:1002:27::/:/bin/sh\n"                                                               \
    "sudo:x:1003:1003::/:/bin/sh\n"                                                                \
    "DOM\\karl heinz@example.com:x:1004:1004::/:/bin/sh\n"                                         \
    "1005:x:1005:1005::/:/bin/sh\n"                                                                \
    "rooted:x:1006:0::/:/bin/sh\n"

/* "wheel" is missing, as on Debian. */
#define GROUPS                                                                                     \
    "root:x:0:rooted\n"                                                                            \
    "sudo:x:27:alice\n"                                                                            \
    "libvirt:x:64055:DOM\\karl heinz@example.com,1005\n"                                           \
    "users:x:100:alice,bob\n"                                                                      \
    "alice:x:1000:\n"                                                                              \
    "bob:x:1001:\n"

static const char *const default_groups[] = {"libvirt", "wheel", "sudo", NULL};

static void
check_errno(int code, const char *what)
{
    if (code < 0)
        g_error("%s: %s", what, g_strerror(errno));
}

/* Replaces a file of /etc. */
static void
replace(const char *path, const char *text)
{
    static guint number;
    g_autoptr(GError) error = NULL;
    g_autofree char *temporary = g_strdup_printf("/tmp/%u", number++);

    g_file_set_contents(temporary, text, -1, &error);
    g_assert_no_error(error);
    check_errno(mount(temporary, path, NULL, MS_BIND, NULL), path);
}

static void
make_users(void)
{
    check_errno(unshare(CLONE_NEWNS), "unshare");
    check_errno(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "/");
    check_errno(mount("tmpfs", "/tmp", "tmpfs", 0, NULL), "/tmp");
    replace("/etc/nsswitch.conf", "passwd: files\ngroup: files\n");
    replace("/etc/passwd", PASSWD);
    replace("/etc/group", GROUPS);
}

static NMConnection *
new_connection(const char *id)
{
    NMConnection *connection = nm_simple_connection_new();
    NMSetting *base = nm_setting_connection_new();

    g_object_set(base, NM_SETTING_CONNECTION_ID, id, NULL);
    nm_connection_add_setting(connection, base);
    return connection;
}

/* @users: separated by '|', NULL for a profile for all users. */
static NMConnection *
new_private(const char *users)
{
    NMConnection *connection = new_connection("my guests");
    NMSettingConnection *base = nm_connection_get_setting_connection(connection);
    g_auto(GStrv) names = g_strsplit(users ? users : "", "|", -1);

    for (char **name = names; users && *name; name++)
        g_assert_true(nm_setting_connection_add_permission(base, "user", *name, NULL));
    return connection;
}

static void
assert_allowed(const char *users, const char *const *groups)
{
    g_autoptr(NMConnection) connection = new_private(users);
    g_autoptr(GError) error = NULL;

    nmm_profile_users_check(connection, groups, &error);
    g_assert_no_error(error);
}

/* (transfer full): the message */
static char *
assert_refused(const char *users, const char *const *groups, NmmError code, const char *text)
{
    g_autoptr(NMConnection) connection = new_private(users);
    g_autoptr(GError) error = NULL;

    if (nmm_profile_users_check(connection, groups, &error))
        g_error("'%s' is allowed", users);
    g_assert_error(error, NMM_ERROR, (int)code);
    if (!strstr(error->message, text))
        g_error("'%s' is not in '%s'", text, error->message);
    g_assert_nonnull(
        strstr(error->message, "nmcli connection modify 'my guests' connection.permissions ''"));
    return g_strdup(error->message);
}

static void
assert_denied(const char *users, const char *const *groups, const char *text)
{
    G_GNUC_UNUSED g_autofree char *message = assert_refused(users, groups, NMM_ERROR_DENIED, text);
}

static void
test_allowed(void)
{
    static const char *const users[] = {
        NULL,
        "root",
        "toor",
        "alice",
        "primary",
        "DOM\\karl heinz@example.com",
        "1005",
        "root|alice|primary",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(users); i++)
        assert_allowed(users[i], default_groups);
}

/* Neither a user's name, nor the user's own group, nor any other group, nor a number gives a right.
 */
static void
test_denied(void)
{
    assert_denied("bob", default_groups, "private to 'bob', who may not manage libvirt");
    assert_denied("sudo", default_groups, "private to 'sudo', who may not manage libvirt");
    assert_denied("rooted", default_groups, "private to 'rooted', who may not manage libvirt");
    assert_denied("root|alice|bob", default_groups, "private to 'bob'");
    assert_denied("bob|root", default_groups, "private to 'bob'");
}

static void
test_no_such_user(void)
{
    static const char *const users[] = {"carol", "1000", "0", "ALICE", "alice ", "root,alice"};

    for (gsize i = 0; i < G_N_ELEMENTS(users); i++)
        assert_denied(users[i], default_groups, "this host has no such user");
    assert_denied("alice|carol", default_groups, "private to 'carol', but this host has no such");
    assert_denied("a\x1b[31m\nb", default_groups, "'a\\x1b[31m\\x0ab'");
}

/* A permission that is not of a user must not make the profile available to all users. */
static void
test_no_user(void)
{
    static const char *const texts[] = {"user:", "user::", "group:sudo:", "alice", "user:al:ice:"};

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        const char *permissions[] = {"user:root:", texts[i], NULL};
        g_autoptr(NMConnection) connection = new_private(NULL);
        g_autoptr(GError) error = NULL;

        g_object_set(nm_connection_get_setting_connection(connection),
                     NM_SETTING_CONNECTION_PERMISSIONS,
                     permissions,
                     NULL);
        if (nmm_profile_users_check(connection, default_groups, &error))
            g_error("'%s' is allowed", texts[i]);
        g_assert_error(error, NMM_ERROR, NMM_ERROR_DENIED);
    }
}

static void
test_groups_of_the_configuration(void)
{
    static const char *const libvirt[] = {"libvirt", NULL};
    static const char *const missing[] = {"wheel", "operators", NULL};
    static const char *const users[] = {"users", NULL};
    static const char *const number[] = {"27", NULL};
    static const char *const none[] = {NULL};

    assert_denied("alice", libvirt, "groups libvirt (admin-groups in '");
    assert_denied("bob", default_groups, "groups libvirt, sudo (admin-groups in '");
    assert_denied("alice", missing, "groups wheel, operators (admin-groups in '");
    assert_denied("alice", number, "who may not manage libvirt");
    assert_allowed("alice|bob", users);
    assert_allowed("root|toor", none);
    assert_denied("alice", none, "admin-groups in '");
    assert_denied("alice", none, "is empty");
}

/* The membership at the time of the check counts. */
static void
test_membership_that_changes(void)
{
    assert_allowed("alice", default_groups);
    replace("/etc/group", "sudo:x:27:bob\n");
    assert_denied("alice", default_groups, "groups sudo (admin-groups in '");
    assert_allowed("bob", default_groups);
    check_errno(umount("/etc/group"), "/etc/group");
    assert_allowed("alice", default_groups);

    replace("/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    assert_denied("alice", default_groups, "this host has no such user");
    check_errno(umount("/etc/passwd"), "/etc/passwd");
    assert_allowed("alice", default_groups);
}

/* If NSS cannot open a file, the membership is unknown and the user is refused. */
static void
test_look_up_that_fails(void)
{
    struct rlimit before;
    struct rlimit none = {0};
    g_autofree char *message = NULL;

    check_errno(getrlimit(RLIMIT_NOFILE, &before), "getrlimit");
    none.rlim_max = before.rlim_max;
    check_errno(setrlimit(RLIMIT_NOFILE, &none), "setrlimit");
    message = assert_refused("alice", default_groups, NMM_ERROR_FAILED, "looking up this user");
    check_errno(setrlimit(RLIMIT_NOFILE, &before), "setrlimit");
    assert_allowed("alice", default_groups);
}

/* An entry that is larger than the first buffer. */
static void
test_many_groups(void)
{
    g_autoptr(GString) text = g_string_new(GROUPS);

    for (guint i = 0; i < 400; i++)
        g_string_append_printf(text, "project%u:x:%u:bob,alice\n", i, 2000 + i);
    g_string_append(text, "wheel:x:10:");
    for (guint i = 0; i < 4000; i++)
        g_string_append_printf(text, "employee%u,", i);
    g_string_append(text, "bob\n");
    replace("/etc/group", text->str);
    assert_allowed("bob|alice", default_groups);
    check_errno(umount("/etc/group"), "/etc/group");
    assert_denied("bob", default_groups, "who may not manage libvirt");
}

static void
test_list(void)
{
    g_autoptr(NMConnection) shared = new_private(NULL);
    g_autoptr(NMConnection) some = new_private("alice|carol|bob");
    g_autoptr(NMConnection) gone = new_private("carol");
    g_autoptr(GArray) uids = nmm_profile_users_list(some);
    g_autoptr(GArray) nobody = nmm_profile_users_list(gone);

    g_assert_null(nmm_profile_users_list(shared));
    g_assert_cmpuint(uids->len, ==, 2);
    g_assert_cmpuint(g_array_index(uids, uid_t, 0), ==, 1000);
    g_assert_cmpuint(g_array_index(uids, uid_t, 1), ==, 1001);
    g_assert_cmpuint(nobody->len, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    make_users();
    g_test_add_func("/profile-users/allowed", test_allowed);
    g_test_add_func("/profile-users/denied", test_denied);
    g_test_add_func("/profile-users/no-such-user", test_no_such_user);
    g_test_add_func("/profile-users/no-user", test_no_user);
    g_test_add_func("/profile-users/groups-of-the-configuration", test_groups_of_the_configuration);
    g_test_add_func("/profile-users/membership-that-changes", test_membership_that_changes);
    g_test_add_func("/profile-users/look-up-that-fails", test_look_up_that_fails);
    g_test_add_func("/profile-users/many-groups", test_many_groups);
    g_test_add_func("/profile-users/list", test_list);
    return g_test_run();
}
