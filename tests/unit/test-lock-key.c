/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Golden values: ids and file names of locks. They never change, or an old and a new process of the
 * service would not exclude each other.
 */

#include "config.h"

#include <string.h>

#include "nmm-error.h"
#include "nmm-lock-key.h"

#define UUID "0d0a8a4e-6f6b-4d77-9f0e-0c2b9e6c1a01"

static NmmProfile *
new_profile(const char *mode, const char *network, const char *uri)
{
    static const char *const allowed_uris[] = {NULL};
    g_autoptr(GHashTable) data = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GError) error = NULL;
    NmmProfile *profile;

    g_hash_table_insert(data, (gpointer) "mode", (gpointer)mode);
    if (network)
        g_hash_table_insert(data, (gpointer) "network", (gpointer)network);
    g_hash_table_insert(data, (gpointer) "libvirt-uri", (gpointer)uri);
    profile = nmm_profile_parse("guests", UUID, NULL, data, allowed_uris, &error);
    g_assert_no_error(error);
    return profile;
}

static GPtrArray *
list(const char *mode, const char *network, const char *uri, const char *link, const char *parent)
{
    g_autoptr(NmmProfile) profile = new_profile(mode, network, uri);

    return nmm_lock_key_list(profile, link, parent);
}

static void
assert_key(const GPtrArray *keys, guint index, const char *id, const char *file)
{
    const NmmLockKey *key;
    g_autofree char *name = NULL;

    g_assert_cmpuint(index, <, keys->len);
    key = keys->pdata[index];
    name = nmm_lock_key_get_file_name(key);
    g_assert_cmpstr(key->id, ==, id);
    g_assert_cmpstr(name, ==, file);
}

static void
test_golden(void)
{
    g_autoptr(GPtrArray) isolated = list("isolated", NULL, "qemu:///system", NULL, NULL);
    g_autoptr(GPtrArray) lxc = list("isolated", "büro netz", "lxc:///system", NULL, NULL);
    g_autoptr(GPtrArray) share = list("share", NULL, "qemu:///system", "nmmveth0", "eth0");
    g_autoptr(GPtrArray) move = list("move", NULL, "qemu:///system", "nmmveth0", "eth0");

    g_assert_cmpuint(isolated->len, ==, 1);
    assert_key(isolated, 0, "network qemu:///system isolated", "lock-694aa0db3cae6960");
    g_assert_cmpuint(lxc->len, ==, 1);
    assert_key(lxc, 0, "network lxc:///system büro netz", "lock-dd6fe6ddd41d9c59");
    g_assert_cmpuint(share->len, ==, 1);
    assert_key(share, 0, "link nmmveth0", "lock-04bc3cce1067347f");
    g_assert_cmpuint(move->len, ==, 2);
    assert_key(move, 0, "link nmmveth0", "lock-04bc3cce1067347f");
    assert_key(move, 1, "configuration eth0", "lock-23307ce8370ac801");
}

/* As if another process had another translation of the label. */
static void
test_other_locale(void)
{
    g_autoptr(GPtrArray) before = list("isolated", NULL, "qemu:///system", NULL, NULL);
    g_autoptr(GPtrArray) after = NULL;
    NmmLockKey *key = before->pdata[0];

    g_free(key->label);
    key->label = g_strdup("das Netz »isolated«");
    after = list("isolated", NULL, "qemu:///system", NULL, NULL);
    g_assert_true(nmm_lock_key_find_shared(after, before) == after->pdata[0]);
    assert_key(before, 0, "network qemu:///system isolated", "lock-694aa0db3cae6960");
}

static void
test_shared(void)
{
    g_autoptr(GPtrArray) share = list("share", NULL, "qemu:///system", "nmmveth0", "eth0");
    g_autoptr(GPtrArray) move = list("move", NULL, "qemu:///system", "other", "eth0");
    g_autoptr(GPtrArray) move_two = list("move", NULL, "qemu:///system", "nmmveth0", "eth0");
    g_autoptr(GPtrArray) isolated = list("isolated", NULL, "qemu:///system", NULL, NULL);
    g_autoptr(GPtrArray) unknown = list("move", NULL, "qemu:///system", NULL, NULL);

    g_assert_null(nmm_lock_key_find_shared(share, move));
    g_assert_true(nmm_lock_key_find_shared(move, move_two) == move->pdata[1]);
    g_assert_true(nmm_lock_key_find_shared(share, move_two) == share->pdata[0]);
    g_assert_null(nmm_lock_key_find_shared(isolated, share));
    g_assert_cmpuint(unknown->len, ==, 0);
}

static void
test_refuse(void)
{
    g_autoptr(GPtrArray) keys = list("share", NULL, "qemu:///system", "nmmveth0", "eth0");
    g_autoptr(GError) error = NULL;

    g_assert_false(nmm_lock_key_refuse(keys->pdata[0], "guests", &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_CONFLICT);
    g_assert_nonnull(strstr(error->message, "host link 'nmmveth0'"));
    g_assert_nonnull(strstr(error->message, "'guests'"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/lock-key/golden", test_golden);
    g_test_add_func("/lock-key/other-locale", test_other_locale);
    g_test_add_func("/lock-key/shared", test_shared);
    g_test_add_func("/lock-key/refuse", test_refuse);
    return g_test_run();
}
