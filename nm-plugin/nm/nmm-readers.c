/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-readers.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/xattr.h>

#define ACL_XATTR "system.posix_acl_access"

static void
add_entry(GByteArray *acl, guint16 tag, guint16 permissions, guint32 id)
{
    const struct posix_acl_xattr_entry entry = {
        .e_tag = GUINT16_TO_LE(tag),
        .e_perm = GUINT16_TO_LE(permissions),
        .e_id = GUINT32_TO_LE(id),
    };

    g_byte_array_append(acl, (const guint8 *)&entry, sizeof(entry));
}

static int
compare_ids(gconstpointer a, gconstpointer b)
{
    uid_t left = *(const uid_t *)a;
    uid_t right = *(const uid_t *)b;

    return left < right ? -1 : left > right;
}

/* An access control list, because NetworkManager's sandbox has no CAP_CHOWN, and root must stay the
 * owner. The kernel wants the entries in this order (posix_acl_valid()). */
static gboolean
set_list(const char *path, const GArray *readers)
{
    const struct posix_acl_xattr_header header = {GUINT32_TO_LE(POSIX_ACL_XATTR_VERSION)};
    g_autoptr(GByteArray) acl = g_byte_array_new();
    g_autoptr(GArray) sorted = g_array_new(FALSE, FALSE, sizeof(uid_t));

    g_array_append_vals(sorted, readers->data, readers->len);
    g_array_sort(sorted, compare_ids);
    g_byte_array_append(acl, (const guint8 *)&header, sizeof(header));
    add_entry(acl, ACL_USER_OBJ, ACL_READ | ACL_WRITE, G_MAXUINT32);
    for (guint i = 0; i < sorted->len; i++) {
        uid_t uid = g_array_index(sorted, uid_t, i);

        if (i == 0 || uid != g_array_index(sorted, uid_t, i - 1))
            add_entry(acl, ACL_USER, ACL_READ, uid);
    }
    add_entry(acl, ACL_GROUP_OBJ, 0, G_MAXUINT32);
    add_entry(acl, ACL_MASK, ACL_READ, G_MAXUINT32);
    add_entry(acl, ACL_OTHER, 0, G_MAXUINT32);
    return setxattr(path, ACL_XATTR, acl->data, acl->len, 0) == 0;
}

gboolean
nmm_readers_admit(const char *path, const GArray *readers, GError **error)
{
    int code;

    if (readers ? set_list(path, readers) : g_chmod(path, 0644) == 0)
        return TRUE;
    code = errno;
    g_set_error(error,
                G_FILE_ERROR,
                (int)g_file_error_from_errno(code),
                "cannot change who may read '%s': %s",
                path,
                g_strerror(code));
    return FALSE;
}
