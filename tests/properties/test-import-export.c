/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Import and export over a directory of files: FILE is the input, FILE.expect the result, with one
 * "name=value" a line, or "error=MESSAGE". With NMM_TEST_REGENERATE in the environment, the test
 * writes the second file instead of comparing. Every imported profile must survive export and
 * import.
 */

#include "config.h"

#include <string.h>

#include <sys/stat.h>

#include <glib/gstdio.h>

#include "nmm-error.h"
#include "nmm-export.h"
#include "nmm-import.h"
#include "nmm-names.h"
#include "nmm-profile-reader.h"

#define HOST_ID "0123456789abcdef0123456789abcdef"

static void
append_data_item(const char *key, const char *value, gpointer user_data)
{
    g_ptr_array_add(user_data, g_strdup_printf("vpn.%s=%s", key, value));
}

static void
append_property(GPtrArray *lines, NMConnection *connection, const char *property)
{
    NMSettingConnection *base = nm_connection_get_setting_connection(connection);
    g_autofree char *value = NULL;

    g_object_get(base, property, &value, NULL);
    if (value)
        g_ptr_array_add(lines, g_strdup_printf("%s=%s", property, value));
}

static int
compare_lines(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* (transfer full): in the form of the .expect files. */
static char *
describe(NMConnection *connection)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    NMSettingConnection *base = nm_connection_get_setting_connection(connection);
    const char *user = NULL;

    append_property(lines, connection, NM_SETTING_CONNECTION_ID);
    append_property(lines, connection, NM_SETTING_CONNECTION_UUID);
    append_property(lines, connection, NM_SETTING_CONNECTION_ZONE);
    if (nm_setting_connection_get_num_permissions(base) > 0 &&
        nm_setting_connection_get_permission(base, 0, NULL, &user, NULL))
        g_ptr_array_add(lines, g_strdup_printf("permission=%s", user));
    nm_setting_vpn_foreach_data_item(
        nm_connection_get_setting_vpn(connection), append_data_item, lines);
    g_ptr_array_sort(lines, compare_lines);
    g_ptr_array_add(lines, g_strdup(""));
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("\n", (char **)lines->pdata);
}

static NMConnection *
normalized(NMConnection *connection, const char *uuid)
{
    NMConnection *copy = nm_simple_connection_new_clone(connection);
    g_autoptr(GError) error = NULL;

    if (!nm_connection_get_uuid(copy))
        g_object_set(
            nm_connection_get_setting_connection(copy), NM_SETTING_CONNECTION_UUID, uuid, NULL);
    nm_connection_normalize(copy, NULL, NULL, &error);
    g_assert_no_error(error);
    return copy;
}

static void
check_keyfile_round_trip(NMConnection *connection)
{
    g_autofree char *uuid = nm_utils_uuid_generate();
    g_autoptr(NMConnection) before = normalized(connection, uuid);
    g_autoptr(NMConnection) after = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = nmm_export_keyfile(before, NULL, &error);

    g_assert_no_error(error);
    after = nmm_import_text(text, strlen(text), NULL, &error);
    g_assert_no_error(error);
    g_assert_true(nm_connection_compare(before, after, NM_SETTING_COMPARE_FLAG_EXACT));
}

/* The network's definition has fewer keys than the profile, but keeps these. */
static void
check_network_round_trip(NMConnection *connection)
{
    static const char *const keys[] = {NMM_KEY_NETWORK, NMM_KEY_ADDRESS, NMM_KEY_DHCP_RANGE, NULL};
    NMSettingVpn *vpn = nm_connection_get_setting_vpn(connection);
    g_autofree char *uuid = nm_utils_uuid_generate();
    g_autoptr(NMConnection) before = normalized(connection, uuid);
    g_autoptr(NMConnection) after = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = nmm_export_network(before, NULL, HOST_ID, &error);

    g_assert_no_error(error);
    after = nmm_import_text(text, strlen(text), NULL, &error);
    g_assert_no_error(error);
    for (guint i = 0; keys[i]; i++) {
        const char *wanted = nm_setting_vpn_get_data_item(vpn, keys[i]);

        if (wanted)
            g_assert_cmpstr(
                nm_setting_vpn_get_data_item(nm_connection_get_setting_vpn(after), keys[i]),
                ==,
                wanted);
    }
    g_assert_cmpstr(nm_setting_connection_get_zone(nm_connection_get_setting_connection(after)),
                    ==,
                    nm_setting_connection_get_zone(nm_connection_get_setting_connection(before)));
}

static void
check_no_network(NMConnection *connection)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = nmm_export_network(connection, NULL, HOST_ID, &error);

    g_assert_null(text);
    g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_PROFILE);
}

/* libxml2's messages differ between versions. */
static char *
describe_error(const GError *error)
{
    static const char malformed[] = "the XML document is malformed";

    g_assert_nonnull(error);
    g_assert_true(error->domain == NMM_ERROR);
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
    return g_strdup_printf(
        "error=%s\n", g_str_has_prefix(error->message, malformed) ? malformed : error->message);
}

static char *
import_and_describe(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(NMConnection) connection = nmm_import_file(path, NULL, &error);
    const char *mode;

    if (!connection)
        return describe_error(error);
    g_assert_no_error(error);
    check_keyfile_round_trip(connection);
    mode = nm_setting_vpn_get_data_item(nm_connection_get_setting_vpn(connection), NMM_KEY_MODE);
    if (!mode || g_str_equal(mode, "isolated"))
        check_network_round_trip(connection);
    else
        check_no_network(connection);
    return describe(connection);
}

static void
test_file(gconstpointer user_data)
{
    const char *path = user_data;
    g_autofree char *expect_path = g_strconcat(path, ".expect", NULL);
    g_autofree char *found = import_and_describe(path);
    g_autofree char *expected = NULL;
    g_autoptr(GError) error = NULL;

    if (g_getenv("NM_MACVTAP_TEST_REGENERATE"))
        g_file_set_contents(expect_path, found, -1, &error);
    else if (g_file_get_contents(expect_path, &expected, NULL, &error))
        g_assert_cmpstr(found, ==, expected);
    g_assert_no_error(error);
}

static void
add_files(const char *directory)
{
    g_autoptr(GError) error = NULL;
    GDir *dir = g_dir_open(directory, 0, &error);
    const char *name;
    guint n = 0;

    g_assert_no_error(error);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *test = g_strdup_printf("/import/%s", name);

        if (g_str_has_suffix(name, ".expect"))
            continue;
        g_test_add_data_func_full(test, g_build_filename(directory, name, NULL), test_file, g_free);
        n++;
    }
    g_dir_close(dir);
    g_assert_cmpuint(n, >=, 40);
}

static char *
make_directory(void)
{
    g_autoptr(GError) error = NULL;
    char *directory = g_dir_make_tmp("nm-macvtap-XXXXXX", &error);

    g_assert_no_error(error);
    return directory;
}

static void
expect_refused(const char *path, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(NMConnection) connection = nmm_import_file(path, NULL, &error);

    g_assert_null(connection);
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, part));
}

static void
test_too_large(void)
{
    g_autofree char *directory = make_directory();
    g_autofree char *path = g_build_filename(directory, "huge.xml", NULL);
    gsize length = 10 * 1024 * 1024;
    g_autofree char *text = g_malloc(length);
    g_autoptr(GError) error = NULL;

    memset(text, ' ', length);
    memcpy(text, "<network>", 9);
    g_file_set_contents(path, text, (gssize)length, &error);
    g_assert_no_error(error);
    expect_refused(path, "larger than 4 MiB");
    g_unlink(path);
    g_rmdir(directory);
}

/* Files that libxml2 or a message could need minutes for: the reader stops at the first fault, with
 * one line that a window can show. Each is @head, @times @part, @tail. */
static void
test_costly(void)
{
    static const struct {
        const char *head;
        const char *part;
        guint times;
        const char *tail;
        const char *message;
    } cases[] = {
        {"<domain ",
         " a%u='1'",
         200000,
         "/>",
         "at line 1: an element has more than 256 attributes"},
        {"<domain>\n", "<a xmlns:p%u='x'/>", 100000, "</domain>", "more than 256 namespaces"},
        {"<domain>\n<!-- \n", "--x%u", 300000, " --></domain>", "malformed at line"},
        {"<domain>\n<a></b>\n", "&%u", 400000, "</domain>", "malformed at line 2: "},
        {"<domain>\n", "<a%u>", 300000, "", "malformed at line 2: "},
        {"<domain>\n", "]]>%u", 300000, "</domain>", "malformed at line 2: "},
        {"<domain>\n", "<?p%u ", 300000, "</domain>", "malformed at line 2: "},
        /* Fewer, because libxml2 grows one text piece by piece, which AddressSanitizer copies. */
        {"<domain>\n", "<![CDATA[%u]]>", 20000, "</domain>", "has no name"},
        {"<domain><name>", "n%u", 400000, "</name></domain>", "guest 'n0n1n2"},
        {"<", "d%u", 400000, "/>", "its first element is <d0d1d2"},
        {"<network><name>a</name><", "x%u", 200000, "/></network>", "malformed"},
        {"<network><name>a</name><ip address='", "1%u", 300000, "'/></network>", "network 'a': '1"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) text = g_string_new(cases[i].head);
        g_autoptr(GError) error = NULL;
        g_autoptr(NMConnection) connection = NULL;

        for (guint n = 0; n < cases[i].times && text->len < 4000000; n++) {
            g_auto(GStrv) pieces = g_strsplit(cases[i].part, "%u", 2);

            g_string_append_printf(text, "%s%u%s", pieces[0], n, pieces[1]);
        }
        g_string_append(text, cases[i].tail);
        connection = nmm_import_text(text->str, text->len, NULL, &error);
        g_assert_null(connection);
        g_assert_nonnull(error);
        g_assert_cmpuint(strlen(error->message), <, 600);
        if (!strstr(error->message, cases[i].message))
            g_error("'%s' is not in '%s'", cases[i].message, error->message);
    }
}

/* None of them may be opened: a pipe without a writer would block the window forever. */
static void
test_not_a_file(void)
{
    g_autofree char *directory = make_directory();
    g_autofree char *pipe_path = g_build_filename(directory, "pipe", NULL);
    g_autofree char *missing = g_build_filename(directory, "missing", NULL);

    g_assert_cmpint(mkfifo(pipe_path, 0600), ==, 0);
    expect_refused(pipe_path, "not a regular file");
    expect_refused(directory, "not a regular file");
    expect_refused("/dev/zero", "not a regular file");
    expect_refused(missing, missing);
    g_unlink(pipe_path);
    g_rmdir(directory);
}

static void
test_nameless(void)
{
    static const char text[] =
        "[connection]\ntype=vpn\n[vpn]\nservice-type=" NMM_DBUS_SERVICE "\n[ipv4]\nmethod=auto\n";
    g_autoptr(GError) error = NULL;
    g_autoptr(NMConnection) connection = nmm_import_text(text, strlen(text), NULL, &error);

    g_assert_null(connection);
    g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_PROFILE);
    g_assert_nonnull(strstr(error->message, "connection.id"));
}

static NMConnection *
import_ours(const char *name)
{
    g_autofree char *path = g_build_filename(TEST_DATA_DIR, "import", name, NULL);
    g_autoptr(GError) error = NULL;
    NMConnection *connection = nmm_import_file(path, NULL, &error);

    g_assert_no_error(error);
    return connection;
}

static void
test_export_file(void)
{
    g_autofree char *directory = make_directory();
    g_autofree char *keyfile_path = g_build_filename(directory, "guests.nmconnection", NULL);
    g_autofree char *xml_path = g_build_filename(directory, "guests.XML", NULL);
    g_autofree char *nowhere = g_build_filename(directory, "missing", "x", NULL);
    g_autoptr(NMConnection) connection = import_ours("profile-isolated-all-keys.nmconnection");
    g_autofree char *keyfile = NULL;
    g_autofree char *xml = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(nmm_export_file(connection, keyfile_path, NULL, HOST_ID, &error));
    g_assert_true(nmm_export_file(connection, xml_path, NULL, HOST_ID, &error));
    g_assert_no_error(error);
    g_file_get_contents(keyfile_path, &keyfile, NULL, &error);
    g_file_get_contents(xml_path, &xml, NULL, &error);
    g_assert_no_error(error);
    g_assert_true(g_str_has_prefix(keyfile, "[connection]\n"));
    g_assert_true(g_str_has_prefix(xml, "<network"));

    g_assert_false(nmm_export_file(connection, nowhere, NULL, HOST_ID, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_false(nmm_export_file(connection, "/dev/full", NULL, HOST_ID, &error));
    g_assert_nonnull(error);

    g_unlink(keyfile_path);
    g_unlink(xml_path);
    g_rmdir(directory);
}

static void
test_export_refuses(void)
{
    g_autoptr(NMConnection) connection = import_ours("profile-share.nmconnection");
    g_autoptr(NMConnection) stranger = nm_simple_connection_new();
    g_autoptr(GError) error = NULL;

    nm_setting_vpn_add_data_item(nm_connection_get_setting_vpn(connection), "mode", "bridge");
    g_assert_null(nmm_export_keyfile(connection, NULL, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_PROFILE);
    g_clear_error(&error);

    nm_connection_add_setting(stranger, nm_setting_connection_new());
    g_assert_null(nmm_export_keyfile(stranger, NULL, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_PROFILE);
}

/* A range without an address: the service may accept it, because the network may exist. */
static void
test_export_range_alone(void)
{
    g_autoptr(NMConnection) connection = import_ours("profile-empty.nmconnection");
    NMSettingVpn *vpn = nm_connection_get_setting_vpn(connection);
    g_autofree char *good = NULL;
    g_autofree char *bad = NULL;
    g_autoptr(GError) error = NULL;

    nm_setting_vpn_add_data_item(vpn, "dhcp-range", "192.168.254.10-192.168.254.20");
    good = nmm_export_network(connection, NULL, HOST_ID, &error);
    g_assert_no_error(error);
    g_assert_nonnull(strstr(good, "start=\"192.168.254.10\""));
    nm_setting_vpn_add_data_item(vpn, "dhcp-range", "10.9.9.2-10.9.9.9");
    bad = nmm_export_network(connection, NULL, HOST_ID, &error);
    g_assert_null(bad);
    g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_PROFILE);
    g_assert_nonnull(strstr(error->message, "dhcp-range"));
}

static void
test_allowed_uri(void)
{
    static const char *const allowed[] = {"qemu+ssh://host/system?command=/tmp/x", NULL};
    g_autofree char *path =
        g_build_filename(TEST_DATA_DIR, "import", "profile-uri-not-allowed.nmconnection", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(NMConnection) connection = nmm_import_file(path, allowed, &error);

    g_assert_no_error(error);
    g_assert_nonnull(connection);
}

static void
test_suggested_filename(void)
{
    g_autoptr(NMConnection) connection = import_ours("profile-empty.nmconnection");
    NMSettingConnection *base = nm_connection_get_setting_connection(connection);
    g_autofree char *plain = nmm_export_suggest_filename(connection);
    g_autofree char *slashed = NULL;
    g_autofree char *nameless = NULL;

    g_assert_cmpstr(plain, ==, "guests.nmconnection");
    g_object_set(base, NM_SETTING_CONNECTION_ID, "../../etc/passwd", NULL);
    slashed = nmm_export_suggest_filename(connection);
    g_assert_null(strchr(slashed, '/'));
    g_object_set(base, NM_SETTING_CONNECTION_ID, NULL, NULL);
    nameless = nmm_export_suggest_filename(connection);
    g_assert_cmpstr(nameless, ==, "macvtap.nmconnection");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_files(TEST_DATA_DIR "/import");
    g_test_add_func("/import/costly", test_costly);
    g_test_add_func("/import/too-large", test_too_large);
    g_test_add_func("/import/not-a-file", test_not_a_file);
    g_test_add_func("/import/nameless", test_nameless);
    g_test_add_func("/import/allowed-uri", test_allowed_uri);
    g_test_add_func("/export/file", test_export_file);
    g_test_add_func("/export/refuses", test_export_refuses);
    g_test_add_func("/export/range-alone", test_export_range_alone);
    g_test_add_func("/export/suggested-filename", test_suggested_filename);
    return g_test_run();
}
