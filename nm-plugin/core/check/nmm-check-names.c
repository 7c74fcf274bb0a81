/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The step of names: does the host's Name Service Switch ask the module that knows the guests, and
 * before DNS, which may know another machine of that name?
 */

#include "config.h"

#include "nmm-check-steps.h"

#include <glib/gi18n-lib.h>

#define MODULE "macvtap"

/* sed's commands for the line "hosts". An action such as [!UNAVAIL=return] belongs to the service
 * before it. */
#define HOSTS     "^([[:space:]]*hosts:"
#define ACTIONS   "([[:space:]]*\\[[^]]*\\])*"
#define REMOVE    "s/" HOSTS "[^#]*)[[:space:]]" MODULE ACTIONS "([[:space:]]|$)/\\1\\3/"
#define ADD_FIRST "s/" HOSTS ")[[:space:]]*/\\1 " MODULE " /"
#define ADD_FILES "s/" HOSTS "([^#]*[[:space:]])?files" ACTIONS ")[[:space:]]*/\\1 " MODULE " /"

/* The line "hosts". */
typedef struct {
    gboolean exists;
    gboolean has_files; /* before DNS */
    gboolean has_dns;
    gboolean has_module;
    gboolean is_late; /* the module comes after DNS */
} HostsLine;

static void
blank_actions(char *services)
{
    gboolean inside = FALSE;

    for (char *c = services; *c; c++) {
        inside = inside || *c == '[';
        if (!inside)
            continue;
        inside = *c != ']';
        *c = ' ';
    }
}

static void
add_service(HostsLine *line, const char *service)
{
    if (g_str_equal(service, "files")) {
        line->has_files |= !line->has_dns;
    } else if (g_str_equal(service, "dns") || g_str_equal(service, "resolve")) {
        line->has_dns = TRUE;
    } else if (g_str_equal(service, MODULE) && !line->has_module) {
        line->has_module = TRUE;
        line->is_late = line->has_dns;
    }
}

static HostsLine
parse_services(char *text)
{
    HostsLine line = {.exists = TRUE};
    g_auto(GStrv) services = NULL;

    blank_actions(text);
    services = g_strsplit_set(text, " \t", -1);
    for (char **service = services; *service; service++)
        add_service(&line, *service);
    return line;
}

/* If there are several, glibc takes the last one. */
static HostsLine
find_hosts(const char *nsswitch)
{
    g_auto(GStrv) lines = g_strsplit(nsswitch, "\n", -1);
    HostsLine hosts = {FALSE};

    for (guint i = 0; lines[i]; i++) {
        char *text = g_strchug(lines[i]);

        text[strcspn(text, "#")] = '\0';
        if (g_str_has_prefix(text, "hosts:"))
            hosts = parse_services(text + strlen("hosts:"));
    }
    return hosts;
}

/* /etc/hosts stays first. Without the line, glibc uses "files dns". */
static char *
make_command(const HostsLine *hosts)
{
    const char *add = hosts->has_files ? ADD_FILES : ADD_FIRST;

    if (!hosts->exists)
        return g_strdup("echo 'hosts: files " MODULE " dns' >>" NMM_CHECK_NSSWITCH);
    if (!hosts->has_module)
        return nmm_check_make_command("sed", "-E", "-i", add, NMM_CHECK_NSSWITCH, NULL);
    return nmm_check_make_command(
        "sed", "-E", "-i", "-e", REMOVE, "-e", add, NMM_CHECK_NSSWITCH, NULL);
}

/* authselect would write over the change; the page shows what to do. */
static NmmCheckResult *
take_command(NmmCheckResult *result, const char *nsswitch, const HostsLine *hosts)
{
    if (strstr(nsswitch, "authselect"))
        return nmm_check_result_take_look(result, g_strdup("man nm-settings-macvtap"));
    result->remedy = make_command(hosts);
    return result;
}

static NmmCheckResult *
evaluate_order(const char *nsswitch)
{
    HostsLine hosts = find_hosts(nsswitch);

    if (!hosts.has_module)
        return take_command(hint(NULL,
                                 _("the host does not find guests by name, because the line "
                                   "'hosts' of '%s' does not have '%s'"),
                                 NMM_CHECK_NSSWITCH,
                                 MODULE),
                            nsswitch,
                            &hosts);
    if (hosts.is_late)
        return take_command(hint(NULL,
                                 _("the host may not find guests by name, because '%s' comes "
                                   "after DNS in the line 'hosts' of '%s'"),
                                 MODULE,
                                 NMM_CHECK_NSSWITCH),
                            nsswitch,
                            &hosts);
    return ok(_("the host finds guests by name"));
}

/* (nullable): what the service reports of the guest's own name. */
static const NmmProblem *
find_problem(const NmmCheckInput *input)
{
    for (guint i = 0; input->problems && i < input->problems->len; i++) {
        const NmmProblem *problem = g_ptr_array_index(input->problems, i);

        if (problem->kind == NMM_PROBLEM_NAME)
            return problem;
    }
    return NULL;
}

NmmCheckResult *
nmm_check_evaluate_names(const NmmCheckInput *input)
{
    const NmmProblem *problem = find_problem(input);

    if (!input->names.wanted)
        return NULL;
    if (problem)
        return hint(NULL, "%s", problem->message);
    if (!input->names.module)
        return hint(NULL,
                    _("the host does not find guests by name, because the NSS module '%s' is not "
                      "installed: install libnss-macvtap (Debian) or NetworkManager-macvtap-nss "
                      "(Fedora)"),
                    MODULE);
    if (input->names.problem)
        return unknown(_("cannot find out whether the host resolves guest names: %s"),
                       input->names.problem);
    return evaluate_order(input->names.nsswitch ? input->names.nsswitch : "");
}
