/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which names guests have on the host, and the file with which the service gives them away. */

#include "config.h"

#include "nmm-error.h"
#include "nmm-host-name.h"
#include "nmm-problem.h"

#define LABEL63 "a23456789012345678901234567890123456789012345678901234567890123"

typedef struct {
    const char *guest;
    const char *name; /* NULL: none */
} Case;

static const Case cases[] = {
    {"web1", "web1"},
    {"Web-1", "web-1"},
    {"project_default", "project_default"},
    {"9front", "9front"},
    {"0xdebian", "0xdebian"},
    {"a", "a"},
    {LABEL63, LABEL63},
    {LABEL63 "4", NULL},
    {"", NULL},
    /* what a DNS name may look like */
    {"ubuntu22.04", NULL},
    {"www.example.com", NULL},
    {"web1.", NULL},
    {".web1", NULL},
    /* no host names */
    {"Windows 11", NULL},
    {"-web1", NULL},
    {"web1-", NULL},
    {"_gateway", NULL},
    {"web1\n10.0.0.1 mail", NULL},
    {"web#1", NULL},
    {"b\xc3\xa4r", NULL},
    {"web1:0", NULL},
    /* addresses */
    {"10", NULL},
    {"0x10", NULL},
    {"0XFF", NULL},
    /* others' names */
    {"localhost", NULL},
    {"LocalHost", NULL},
    {"ip6-loopback", NULL},
    {"wpad", NULL},
    {"WPAD", NULL},
    {"isatap", NULL},
    {"myhost", NULL},
    {"MyHost", NULL},
    {"myhost2", "myhost2"},
    {"myhos", "myhos"},
};

static void
test_names(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *name =
            nmm_host_name_from_guest(cases[i].guest, "myhost.example.com", &error);

        g_assert_cmpstr(name, ==, cases[i].name);
        if (cases[i].name)
            g_assert_no_error(error);
        else
            g_assert_error(error, NMM_ERROR, NMM_ERROR_UNSUPPORTED);
    }
}

/* A host without a name, or whose name has no domain. */
static void
test_own_names(void)
{
    g_autofree char *without = nmm_host_name_from_guest("web1", NULL, NULL);
    g_autofree char *empty = nmm_host_name_from_guest("web1", "", NULL);
    g_autofree char *same = nmm_host_name_from_guest("web1", "WEB1", NULL);

    g_assert_cmpstr(without, ==, "web1");
    g_assert_cmpstr(empty, ==, "web1");
    g_assert_null(same);
}

static void
add(GArray *addresses, const char *guest, const char *text)
{
    NmmGuestAddress address = {.guest = guest};

    g_assert_true(nmm_cidr_init_host(&address.address, text, NULL));
    g_array_append_val(addresses, address);
}

static void
test_file(void)
{
    g_autoptr(GArray) addresses = g_array_new(FALSE, FALSE, sizeof(NmmGuestAddress));
    g_autoptr(GPtrArray) problems = nmm_problems_new();
    g_autofree char *none = NULL;
    g_autofree char *text = NULL;
    const NmmProblem *problem;

    none = nmm_host_name_build_file(addresses, "qemu:///system", NULL, problems);
    g_assert_null(none);

    add(addresses, "Web2", "10.0.0.52");
    add(addresses, "web1", "fd00::50");
    add(addresses, "web1", "fe80::50");
    add(addresses, "web1", "169.254.3.4");
    add(addresses, "Windows 11", "10.0.0.53");
    add(addresses, "Windows 11", "fd00::53");
    add(addresses, "web1", "10.0.0.50");
    text = nmm_host_name_build_file(addresses, "qemu:///system", NULL, problems);
    g_assert_cmpstr(text,
                    ==,
                    "10.0.0.52 web2 # qemu:///system Web2\n"
                    "10.0.0.50 web1 # qemu:///system web1\n"
                    "fd00::50 web1 # qemu:///system web1\n");

    g_assert_cmpuint(problems->len, ==, 1);
    problem = problems->pdata[0];
    g_assert_cmpstr(problem->guest, ==, "Windows 11");
    g_assert_cmpint(problem->kind, ==, NMM_PROBLEM_NAME);
    g_assert_false(nmm_problem_is_fault(problem));
}

/* A guest's name alone is no reason for a notification on each activation. */
static void
test_banner(void)
{
    g_autoptr(GPtrArray) problems = nmm_problems_new();
    g_autofree char *minor = NULL;
    g_autofree char *text = NULL;

    g_ptr_array_add(problems, nmm_problem_new(NMM_PROBLEM_NAME, "a b", "no name"));
    minor = nmm_problems_describe(problems, 2);
    g_assert_null(minor);

    g_ptr_array_add(problems, nmm_problem_new(NMM_PROBLEM_ZONE, NULL, "one"));
    g_ptr_array_add(problems, nmm_problem_new(NMM_PROBLEM_ZONE, NULL, "two"));
    g_ptr_array_add(problems, nmm_problem_new(NMM_PROBLEM_ZONE, NULL, "three"));
    text = nmm_problems_describe(problems, 2);
    g_assert_true(g_str_has_prefix(text, "one\ntwo\nfurther problems: 1;"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host-name/names", test_names);
    g_test_add_func("/host-name/own-names", test_own_names);
    g_test_add_func("/host-name/file", test_file);
    g_test_add_func("/host-name/banner", test_banner);
    return g_test_run();
}
