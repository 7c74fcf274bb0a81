/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The administrator's configuration file: its defaults, its keys, and invalid files.
 */

#include "config.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include "nmm-config.h"
#include "nmm-error.h"

static const char *const keys[] = {"\nlibvirt-uris=", "\nadmin-groups=", "\noffer-profiles=", NULL};

static NmmConfig *
read_text(const char *text, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autofree char *path = NULL;
    NmmConfig *config;
    int fd = g_file_open_tmp("test-config-XXXXXX", &path, &local);

    g_assert_no_error(local);
    close(fd);
    g_assert_true(g_file_set_contents(path, text, -1, &local));
    config = nmm_config_read(path, error);
    g_unlink(path);
    return config;
}

/* @uris, @groups: the items, separated by '|'. */
static void
assert_config(const char *text, const char *uris, const char *groups, gboolean offers)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(NmmConfig) config =
        text ? read_text(text, &error) : nmm_config_read("/nonexistent/nm-macvtap.conf", &error);
    g_autofree char *read_uris = NULL;
    g_autofree char *read_groups = NULL;

    g_assert_no_error(error);
    read_uris = g_strjoinv("|", config->libvirt_uris);
    read_groups = g_strjoinv("|", config->admin_groups);
    g_assert_cmpstr(read_uris, ==, uris);
    g_assert_cmpstr(read_groups, ==, groups);
    g_assert_cmpint(config->offers_profiles, ==, offers);
}

static void
test_defaults(void)
{
    static const char *const texts[] = {
        NULL, "", "# only a comment\n", "[libvirt]\n", "[dispatcher]\n[libvirt]\n"};

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        assert_config(texts[i], "", "libvirt|wheel|sudo", TRUE);
}

static void
test_keys(void)
{
    assert_config("[libvirt]\nlibvirt-uris=xen:///system;qemu:///session;\n",
                  "xen:///system|qemu:///session",
                  "libvirt|wheel|sudo",
                  TRUE);
    assert_config("[libvirt]\nadmin-groups=libvirt\n", "", "libvirt", TRUE);
}

static void
test_booleans(void)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "On", "0", "1 "};

    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autofree char *text = g_strdup_printf("[dispatcher]\noffer-profiles=%s\n", words[i]);

        assert_config(text, "", "libvirt|wheel|sudo", i % 2);
    }
}

/* The installed example shows the defaults: uncommented, its keys change nothing except
 * libvirt-uris. */
static void
test_example(void)
{
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "data", "examples", "nm-macvtap.conf", NULL);
    g_autoptr(GRegex) commented = g_regex_new("^#(?=[a-z-]+=)", G_REGEX_MULTILINE, 0, NULL);
    g_autofree char *text = NULL;
    g_autofree char *all = NULL;
    g_autoptr(GError) error = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    assert_config(text, "", "libvirt|wheel|sudo", TRUE);
    all = g_regex_replace_literal(commented, text, -1, 0, "", 0, &error);
    g_assert_no_error(error);
    assert_config(all, "ch:///system", "libvirt|wheel|sudo", TRUE);
    for (const char *const *key = keys; *key; key++)
        g_assert_nonnull(strstr(all, *key));
}

/* An empty list allows only root, and differs from the default. */
static void
test_lists(void)
{
    static const struct {
        const char *value;
        const char *groups;
    } cases[] = {
        {"", ""},
        {";", ""},
        {" ; ;", ""},
        {"libvirt; sudo ;", "libvirt|sudo"},
        {"domain admins;DOM\\\\admins", "domain admins|DOM\\admins"},
        {"a\\;b", "a;b"},
        {"verwaltung-ü", "verwaltung-ü"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf("[libvirt]\nadmin-groups=%s\n", cases[i].value);

        assert_config(text, "", cases[i].groups, TRUE);
    }
}

/* A limit that is misspelt must not be ignored. */
static void
test_errors(void)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"libvirt-uris=xen:///system\n", "cannot read '"},
        {"[libvirt]\nadmin-group=libvirt\n", "unknown key 'admin-group' in [libvirt]"},
        {"[dispatcher]\nadmin-groups=libvirt\n", "unknown key 'admin-groups' in [dispatcher]"},
        {"[Libvirt]\nadmin-groups=libvirt\n", "unknown group [Libvirt]"},
        {"[libvirt]\nadmin-groups=lib\\virt\n", "admin-groups"},
        {"[libvirt]\nadmin-groups=\xff\n", "admin-groups"},
        {"[dispatcher]\noffer-profiles=perhaps\n", "offer-profiles"},
        {"[libvirt\n", "cannot read '"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(read_text(cases[i].text, &error));
        g_assert_error(error, NMM_ERROR, NMM_ERROR_FAILED);
        if (!strstr(error->message, cases[i].message))
            g_error("'%s' is not in '%s'", cases[i].message, error->message);
    }
}

/* A directory, as an example of a file that exists and cannot be read. */
static void
test_unreadable(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(nmm_config_read("/", &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_FAILED);
    g_assert_nonnull(strstr(error->message, "cannot read '/'"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/config/defaults", test_defaults);
    g_test_add_func("/config/keys", test_keys);
    g_test_add_func("/config/booleans", test_booleans);
    g_test_add_func("/config/example", test_example);
    g_test_add_func("/config/lists", test_lists);
    g_test_add_func("/config/errors", test_errors);
    g_test_add_func("/config/unreadable", test_unreadable);
    return g_test_run();
}
