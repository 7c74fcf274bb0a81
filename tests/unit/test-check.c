/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steps of check on input made by hand: the kernel parameters, and names of guests.
 */

#include "config.h"

#include <glib/gstdio.h>

#include "nmm-check-steps.h"
#include "nmm-check-switch.h"

#define LINK   "net/ipv4/conf/nmmveth0/"
#define PARENT "net/ipv4/conf/eth0/"
#define ALL    "net/ipv4/conf/all/"
#define LINK6  "net/ipv6/conf/nmmveth0/"

static NmmCheckInput *
new_input(NmmMode mode)
{
    NmmCheckInput *input = nmm_check_input_new("web", "qemu:///system");

    input->profile.id = g_strdup("guests");
    input->profile.mode = mode;
    input->link.parent = g_strdup("eth0");
    input->link.name = g_strdup("nmmveth0");
    input->inet6 = TRUE;
    return input;
}

static void
set(NmmCheckInput *input, const char *path, const char *value)
{
    g_hash_table_insert(input->switches.values, g_strdup(path), g_strdup(value));
}

/* Pairs of path and value, ended by NULL. */
typedef struct {
    NmmMode mode;
    const char *values[12];
    NmmCheckVerdict verdict;
    const char *detail; /* (nullable): part of it */
    const char *remedy; /* (nullable) */
} SwitchCase;

static const SwitchCase switch_cases[] = {
    {NMM_MODE_MOVE,
     {LINK "arp_ignore", "0", ALL "arp_ignore", "1", NULL},
     NMM_CHECK_OK,
     NULL,
     NULL},
    {NMM_MODE_MOVE,
     {LINK "arp_ignore", "1", ALL "arp_ignore", "8", NULL},
     NMM_CHECK_BROKEN,
     "(net.ipv4.conf.all.arp_ignore=8)",
     "sysctl -w net.ipv4.conf.all.arp_ignore=1"},
    {NMM_MODE_MOVE,
     {LINK "arp_ignore", "8", ALL "arp_ignore", "8", NULL},
     NMM_CHECK_BROKEN,
     "(net.ipv4.conf.nmmveth0.arp_ignore=8)",
     "sysctl -w net.ipv4.conf.nmmveth0.arp_ignore=1"},
    /* Without forwarding the kernel is no proxy. */
    {NMM_MODE_SHARE,
     {LINK "medium_id", "0", LINK "proxy_arp", "1", LINK "forwarding", "0", NULL},
     NMM_CHECK_OK,
     NULL,
     NULL},
    {NMM_MODE_SHARE,
     {LINK "medium_id", "0", ALL "proxy_arp", "1", LINK "forwarding", "1", NULL},
     NMM_CHECK_BROKEN,
     "(net.ipv4.conf.all.proxy_arp=1, net.ipv4.conf.nmmveth0.medium_id=0)",
     "sysctl -w net.ipv4.conf.nmmveth0.medium_id=-1"},
    {NMM_MODE_SHARE,
     {LINK "medium_id",
      "-1",
      PARENT "proxy_arp",
      "1",
      PARENT "forwarding",
      "1",
      PARENT "medium_id",
      "0",
      NULL},
     NMM_CHECK_HINT,
     "(net.ipv4.conf.eth0.proxy_arp=1, net.ipv4.conf.eth0.medium_id=0)",
     "sysctl -w net.ipv4.conf.eth0.medium_id=1"},
    /* The worst comes first. */
    {NMM_MODE_SHARE,
     {LINK "arp_filter", "0", LINK6 "disable_ipv6", "1", NULL},
     NMM_CHECK_BROKEN,
     "IPv6",
     "sysctl -w net.ipv6.conf.nmmveth0.disable_ipv6=0 && nmcli connection down guests; "
     "nmcli connection up guests"},
    {NMM_MODE_ISOLATED,
     {"net/ipv4/icmp_echo_ignore_all", "1", NULL},
     NMM_CHECK_HINT,
     "(net.ipv4.icmp_echo_ignore_all=1)",
     "sysctl -w net.ipv4.icmp_echo_ignore_all=0"},
};

static void
free_result(NmmCheckResult *result)
{
    g_free(result->detail);
    g_free(result->remedy);
    g_free(result->look);
    g_free(result);
}

static void
test_switches(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(switch_cases); i++) {
        const SwitchCase *c = &switch_cases[i];
        g_autoptr(NmmCheckInput) input = new_input(c->mode);
        NmmCheckResult *result;

        for (const char *const *pair = c->values; *pair; pair += 2)
            set(input, pair[0], pair[1]);
        result = nmm_check_evaluate_host(input);
        g_assert_cmpint(result->verdict, ==, c->verdict);
        g_assert_true(!c->detail || strstr(result->detail, c->detail));
        g_assert_cmpstr(result->remedy, ==, c->remedy);
        free_result(result);
    }
}

/* What was not read is not ok. */
static void
test_switches_unknown(void)
{
    g_autoptr(NmmCheckInput) input = new_input(NMM_MODE_SHARE);
    NmmCheckResult *result = nmm_check_evaluate_host(input);

    g_assert_cmpint(result->verdict, ==, NMM_CHECK_UNKNOWN);
    free_result(result);
    set(input, "net/ipv4/icmp_echo_ignore_all", "0");
    input->switches.problem = g_strdup("Permission denied");
    result = nmm_check_evaluate_host(input);
    g_assert_cmpint(result->verdict, ==, NMM_CHECK_UNKNOWN);
    g_assert_nonnull(strstr(result->detail, "Permission denied"));
    free_result(result);
}

static gboolean
has_path(const GPtrArray *paths, const char *path)
{
    return g_ptr_array_find_with_equal_func((GPtrArray *)paths, path, g_str_equal, NULL);
}

static void
test_switch_list(void)
{
    g_autoptr(NmmCheckInput) share = new_input(NMM_MODE_SHARE);
    g_autoptr(NmmCheckInput) isolated = new_input(NMM_MODE_ISOLATED);
    g_autoptr(GPtrArray) paths = nmm_check_switch_list(share);
    g_autoptr(GPtrArray) none = NULL;
    g_autoptr(GPtrArray) bridge = NULL;

    g_assert_true(has_path(paths, PARENT "proxy_arp"));
    g_assert_true(has_path(paths, ALL "proxy_arp"));
    g_assert_true(has_path(paths, LINK6 "disable_ipv6"));
    for (guint i = 0; i < paths->len; i++) {
        for (guint j = i + 1; j < paths->len; j++)
            g_assert_cmpstr(paths->pdata[i], !=, paths->pdata[j]);
    }
    /* Without a network there is no bridge. */
    g_clear_pointer(&isolated->link.name, g_free);
    none = nmm_check_switch_list(isolated);
    g_assert_true(has_path(none, ALL "arp_ignore"));
    isolated->network.bridge = g_strdup("virbr1");
    bridge = nmm_check_switch_list(isolated);
    g_assert_true(has_path(bridge, "net/ipv4/conf/virbr1/arp_ignore"));
}

/* A VLAN has a dot in its name. */
static void
test_switch_format(void)
{
    g_autofree char *plain = nmm_check_switch_format(PARENT "arp_ignore", "1");
    g_autofree char *vlan = nmm_check_switch_format("net/ipv4/conf/eth0.100/arp_ignore", "1");

    g_assert_cmpstr(plain, ==, "net.ipv4.conf.eth0.arp_ignore=1");
    g_assert_cmpstr(vlan, ==, "net/ipv4/conf/eth0.100/arp_ignore=1");
}

/* Names of guests */

/* @repaired: what the command makes of @nsswitch; NULL if there is none. */
typedef struct {
    const char *nsswitch;
    NmmCheckVerdict verdict;
    const char *detail; /* part of it */
    const char *repaired;
} NamesCase;

#define LACKS "does not have 'macvtap'"
#define LATE  "'macvtap' comes after DNS"

static const NamesCase names_cases[] = {
    {"hosts: files macvtap dns\n", NMM_CHECK_OK, "", NULL},
    {"passwd: files\nhosts:\tfiles\tmacvtap", NMM_CHECK_OK, "", NULL},
    {"  hosts:macvtap[NOTFOUND=continue] files # dns\n", NMM_CHECK_OK, "", NULL},
    {"hosts: files mdns4_minimal [NOTFOUND=return] macvtap resolve [!UNAVAIL=return] dns\n",
     NMM_CHECK_OK,
     "",
     NULL},
    /* glibc takes the last line. */
    {"hosts: files dns\nhosts: files macvtap\n", NMM_CHECK_OK, "", NULL},
    {"hosts: files dns\n", NMM_CHECK_HINT, LACKS, "hosts: files macvtap dns\n"},
    {"hosts:files[NOTFOUND=continue]dns # macvtap\nnetworks: files\n",
     NMM_CHECK_HINT,
     LACKS,
     "hosts:files[NOTFOUND=continue] macvtap dns # macvtap\nnetworks: files\n"},
    {"hosts: files libvirt libvirt_guest dns\n",
     NMM_CHECK_HINT,
     LACKS,
     "hosts: files macvtap libvirt libvirt_guest dns\n"},
    {"hosts: files [SUCCESS=return] [NOTFOUND=continue] dns\n",
     NMM_CHECK_HINT,
     LACKS,
     "hosts: files [SUCCESS=return] [NOTFOUND=continue] macvtap dns\n"},
    {"hosts:dns\n", NMM_CHECK_HINT, LACKS, "hosts: macvtap dns\n"},
    {"hosts: dns files\n", NMM_CHECK_HINT, LACKS, "hosts: macvtap dns files\n"},
    {"hosts: files resolve [!UNAVAIL=return] dns macvtap\n",
     NMM_CHECK_HINT,
     LATE,
     "hosts: files macvtap resolve [!UNAVAIL=return] dns\n"},
    {"hosts: dns macvtap [NOTFOUND=return] files\n",
     NMM_CHECK_HINT,
     LATE,
     "hosts: macvtap dns files\n"},
    {"#hosts: files macvtap\nnetworks: macvtap\n",
     NMM_CHECK_HINT,
     LACKS,
     "#hosts: files macvtap\nnetworks: macvtap\nhosts: files macvtap dns\n"},
    {"# Generated by authselect\nhosts: files dns\n", NMM_CHECK_HINT, LACKS, NULL},
    {NULL, NMM_CHECK_HINT, LACKS, "hosts: files macvtap dns\n"},
};

static NmmCheckInput *
new_names_input(const char *nsswitch)
{
    NmmCheckInput *input = new_input(NMM_MODE_SHARE);

    input->names.wanted = TRUE;
    input->names.module = TRUE;
    input->names.nsswitch = g_strdup(nsswitch);
    return input;
}

/* Runs @command on a file with @text. */
static void
assert_repairs(const char *command, const char *text, const char *expected)
{
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "nsswitch-XXXXXX", NULL);
    int fd = g_mkstemp(path);
    g_auto(GStrv) parts = g_strsplit(command, NMM_CHECK_NSSWITCH, -1);
    g_autofree char *here = g_strjoinv(path, parts);
    const char *argv[] = {"sh", "-c", here, NULL};
    g_autofree char *repaired = NULL;
    int status;

    g_assert_true(g_close(fd, NULL) && g_file_set_contents(path, text, -1, NULL));
    g_assert_true(g_spawn_sync(
        NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, NULL));
    g_assert_cmpint(status, ==, 0);
    g_assert_true(g_file_get_contents(path, &repaired, NULL, NULL));
    g_assert_cmpstr(repaired, ==, expected);
    g_assert_cmpint(g_unlink(path), ==, 0);
}

static void
test_names(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(names_cases); i++) {
        const NamesCase *c = &names_cases[i];
        g_autoptr(NmmCheckInput) input = new_names_input(c->nsswitch);
        g_autoptr(NmmCheckInput) after = new_names_input(c->repaired);
        NmmCheckResult *result = nmm_check_evaluate_names(input);

        g_test_message("%s", c->nsswitch);
        g_assert_cmpint(result->verdict, ==, c->verdict);
        g_assert_nonnull(strstr(result->detail, c->detail));
        g_assert_cmpint(result->remedy != NULL, ==, c->repaired != NULL);
        if (c->repaired)
            assert_repairs(result->remedy, c->nsswitch ? c->nsswitch : "", c->repaired);
        free_result(result);
        if (!c->repaired)
            continue;
        result = nmm_check_evaluate_names(after);
        g_assert_cmpint(result->verdict, ==, NMM_CHECK_OK);
        free_result(result);
    }
}

static void
test_names_authselect(void)
{
    g_autoptr(NmmCheckInput) input =
        new_names_input("# Generated by authselect\nhosts: files dns\n");
    NmmCheckResult *result = nmm_check_evaluate_names(input);

    g_assert_cmpstr(result->look, ==, "man nm-settings-macvtap");
    free_result(result);
}

/* Not wanted, the module missing, the file unreadable, a name that is none on the host. */
static void
test_names_without_file(void)
{
    g_autoptr(NmmCheckInput) input = new_names_input(NULL);
    NmmCheckResult *result;

    input->names.problem = g_strdup("Permission denied");
    result = nmm_check_evaluate_names(input);
    g_assert_cmpint(result->verdict, ==, NMM_CHECK_UNKNOWN);
    g_assert_nonnull(strstr(result->detail, "Permission denied"));
    free_result(result);

    input->names.module = FALSE;
    result = nmm_check_evaluate_names(input);
    g_assert_cmpint(result->verdict, ==, NMM_CHECK_HINT);
    g_assert_nonnull(strstr(result->detail, "libnss-macvtap"));
    free_result(result);

    input->problems = nmm_problems_new();
    g_ptr_array_add(input->problems, nmm_problem_new(NMM_PROBLEM_NAME, "web", "it has a dot"));
    result = nmm_check_evaluate_names(input);
    g_assert_cmpint(result->verdict, ==, NMM_CHECK_HINT);
    g_assert_cmpstr(result->detail, ==, "it has a dot");
    free_result(result);

    input->names.wanted = FALSE;
    g_assert_null(nmm_check_evaluate_names(input));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/check/switches", test_switches);
    g_test_add_func("/check/switches/unknown", test_switches_unknown);
    g_test_add_func("/check/switches/list", test_switch_list);
    g_test_add_func("/check/switches/format", test_switch_format);
    g_test_add_func("/check/names", test_names);
    g_test_add_func("/check/names/authselect", test_names_authselect);
    g_test_add_func("/check/names/without-file", test_names_without_file);
    return g_test_run();
}
