/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a file that a user picked for import. What comes out must be a profile that export
 * takes and that imports to the same again. With libFuzzer (-fsanitize=fuzzer -DFUZZ) it is a fuzz
 * target; without, its main takes files and directories, so that what a fuzzer found becomes a
 * regression test.
 */

#include "config.h"

#include <string.h>

#include "nmm-error.h"
#include "nmm-export.h"
#include "nmm-import.h"

#define HOST_ID "0123456789abcdef0123456789abcdef"
#define UUID    "5f0e2b60-6a0c-4d0b-8d1c-111111111111"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize length);

static void
check_keyfile(NMConnection *connection)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = nmm_export_keyfile(connection, NULL, &error);
    g_autoptr(NMConnection) again = NULL;

    g_assert_no_error(error);
    again = nmm_import_text(text, strlen(text), NULL, &error);
    g_assert_no_error(error);
    g_assert_true(nm_connection_compare(connection, again, NM_SETTING_COMPARE_FLAG_EXACT));
}

/* Modes without a network have none to export, all others one that imports. */
static void
check_network(NMConnection *connection)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = nmm_export_network(connection, NULL, HOST_ID, &error);
    g_autoptr(NMConnection) again = NULL;

    if (!text) {
        g_assert_true(g_error_matches(error, NMM_ERROR, NMM_ERROR_BAD_PROFILE) ||
                      g_error_matches(error, NMM_ERROR, NMM_ERROR_BAD_XML));
        return;
    }
    again = nmm_import_text(text, strlen(text), NULL, &error);
    g_assert_no_error(error);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize length)
{
    /* Not g_strndup(), which stops at a zero byte. */
    g_autofree char *text = g_malloc(length + 1);
    g_autoptr(GError) error = NULL;
    g_autoptr(NMConnection) connection = NULL;
    NMSettingConnection *base;

    memcpy(text, data, length);
    text[length] = '\0';
    connection = nmm_import_text(text, length, NULL, &error);
    if (!connection) {
        g_assert_nonnull(error);
        g_assert_true(error->domain == NMM_ERROR);
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
        return 0;
    }
    g_assert_no_error(error);
    base = nm_connection_get_setting_connection(connection);
    if (!nm_setting_connection_get_uuid(base))
        g_object_set(base, NM_SETTING_CONNECTION_UUID, UUID, NULL);
    nm_connection_normalize(connection, NULL, NULL, &error);
    g_assert_no_error(error);
    check_keyfile(connection);
    check_network(connection);
    return 0;
}

#ifndef FUZZ
static guint
run_file(const char *path)
{
    g_autofree char *data = NULL;
    g_autoptr(GError) error = NULL;
    gsize length;

    if (!g_file_get_contents(path, &data, &length, &error))
        g_error("%s", error->message);
    LLVMFuzzerTestOneInput((const guint8 *)data, length);
    return 1;
}

static guint
run_directory(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(path, 0, &error);
    const char *name;
    guint n = 0;

    g_assert_no_error(error);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        n += run_file(file);
    }
    return n;
}

int
main(int argc, char **argv)
{
    guint n = 0;

    for (int i = 1; i < argc; i++)
        n += g_file_test(argv[i], G_FILE_TEST_IS_DIR) ? run_directory(argv[i]) : run_file(argv[i]);
    g_print("%u files\n", n);
    return n > 0 ? 0 : 1;
}
#endif
