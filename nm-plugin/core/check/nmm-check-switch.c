/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-check-switch.h"

#include <glib/gi18n-lib.h>

#include "nmm-check-steps.h"

#define ISOLATED NMM_MODE_BIT(NMM_MODE_ISOLATED)
#define SHARE    NMM_MODE_BIT(NMM_MODE_SHARE)
#define MOVE     NMM_MODE_BIT(NMM_MODE_MOVE)

/* Whose value a switch has. */
typedef enum {
    KERNEL, /* not of an interface */
    ALL,    /* all interfaces */
    DEVICE, /* the interface that the guests reach: host link, or bridge */
    PARENT,
} Place;

typedef struct {
    guint modes;
    Place place;
    const char *directory; /* below /proc/sys/net */
    const char *name;
    gboolean or_all;  /* the kernel takes the greater value of the interface's and that of "all" */
    const char *bad;  /* values, in spaces; NULL: all but @good */
    const char *good; /* the value to set */
    gboolean again;   /* the profile must be activated again, because the kernel dropped routes */
    gboolean inet6;   /* the row matters only if the parent has IPv6 */
    /* (nullable): NULL: the row matters; else the other switch because of which it does */
    char *(*find_cause)(const NmmCheckInput *input);
    NmmCheckVerdict verdict; /* a hint if guest and host reach each other nevertheless */
    const char *effect;      /* N_()-marked */
} Switch;

/* Values */

static const char *
get_device(const NmmCheckInput *input, Place place)
{
    if (place == ALL)
        return "all";
    if (place == PARENT)
        return input->link.parent;
    return input->network.bridge ? input->network.bridge : input->link.name;
}

/* (transfer full) (nullable): NULL if there is no such interface. */
static char *
make_path(const char *directory, const char *device, const char *name)
{
    return device ? g_strdup_printf("net/%s/%s/%s", directory, device, name) : NULL;
}

/* (transfer full) (nullable) */
static char *
get_path(const NmmCheckInput *input, Place place, const char *directory, const char *name)
{
    if (place == KERNEL)
        return g_strdup_printf("net/%s/%s", directory, name);
    return make_path(directory, get_device(input, place), name);
}

/* (nullable): NULL if it is not known, or the kernel has no such switch. */
static const char *
get_value(const NmmCheckInput *input, const char *path)
{
    return path ? g_hash_table_lookup(input->switches.values, path) : NULL;
}

/* (transfer full) (nullable): @name of @device, or of all interfaces, if it is on. */
static char *
find_on(const NmmCheckInput *input, const char *device, const char *name)
{
    const char *const places[] = {device, "all"};

    for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree char *path = make_path("ipv4/conf", places[i], name);
        const char *value = get_value(input, path);

        if (value && g_ascii_strtoll(value, NULL, 10) > 0)
            return g_steal_pointer(&path);
    }
    return NULL;
}

/* (transfer full) (nullable): the switch that makes the kernel answer ARP requests on @device for
 * addresses to which it would forward. */
static char *
find_proxy(const NmmCheckInput *input, const char *device)
{
    g_autofree char *forwarding = make_path("ipv4/conf", device, "forwarding");
    const char *value = get_value(input, forwarding);

    return value && !g_str_equal(value, "0") ? find_on(input, device, "proxy_arp") : NULL;
}

static char *
find_parent_proxy(const NmmCheckInput *input)
{
    return find_proxy(input, input->link.parent);
}

static char *
find_link_proxy(const NmmCheckInput *input)
{
    char *path = find_proxy(input, input->link.name);

    return path ? path : find_parent_proxy(input);
}

/* Table */

static const Switch switches[] = {
    {
        .modes = MOVE | ISOLATED,
        .place = DEVICE,
        .directory = "ipv4/conf",
        .name = "arp_ignore",
        .or_all = TRUE,
        .bad = " 8 ",
        .good = "1",
        .verdict = NMM_CHECK_BROKEN,
        .effect = N_("the host does not answer ARP requests from guests"),
    },
    /* arp_fwd_proxy() in net/ipv4/arp.c: the link answers for no other machine if it has -1, and
     * no interface that has a number answers for what is behind the link. */
    {
        .modes = SHARE,
        .place = DEVICE,
        .directory = "ipv4/conf",
        .name = "medium_id",
        .good = "-1",
        .find_cause = find_link_proxy,
        .verdict = NMM_CHECK_BROKEN,
        .effect = N_("proxy ARP and forwarding make the host answer ARP requests for addresses of "
                     "other machines, so free addresses seem to be in use"),
    },
    {
        .modes = SHARE,
        .place = PARENT,
        .directory = "ipv4/conf",
        .name = "medium_id",
        .bad = " 0 -1 ",
        .good = "1",
        .find_cause = find_parent_proxy,
        .verdict = NMM_CHECK_HINT,
        .effect = N_("proxy ARP and forwarding make the host answer the LAN's ARP requests for "
                     "guests, in addition to the guests"),
    },
    {
        .modes = SHARE,
        .place = DEVICE,
        .directory = "ipv4/conf",
        .name = "arp_filter",
        .or_all = TRUE,
        .bad = " 0 ",
        .good = "1",
        .verdict = NMM_CHECK_HINT,
        .effect = N_("the host answers the LAN's ARP requests for its own address twice: with the "
                     "MAC address of the parent, and with that of the host link"),
    },
    {
        .modes = SHARE,
        .place = DEVICE,
        .directory = "ipv6/conf",
        .name = "disable_ipv6",
        .bad = " 1 ",
        .good = "0",
        .again = TRUE,
        .inet6 = TRUE,
        .verdict = NMM_CHECK_BROKEN,
        .effect = N_("guests and host cannot reach each other over IPv6"),
    },
    {
        .modes = NMM_MODES_ALL,
        .place = KERNEL,
        .directory = "ipv4",
        .name = "icmp_echo_ignore_all",
        .bad = " 1 ",
        .good = "0",
        .verdict = NMM_CHECK_HINT,
        .effect = N_("the host does not answer pings; other traffic still works"),
    },
};

/* What else the rows read. */
static const struct {
    guint modes;
    Place place;
    const char *directory;
    const char *name;
} conditions[] = {
    {SHARE, DEVICE, "ipv4/conf", "forwarding"},
    {SHARE, DEVICE, "ipv4/conf", "proxy_arp"},
    {SHARE, PARENT, "ipv4/conf", "forwarding"},
    {SHARE, PARENT, "ipv4/conf", "proxy_arp"},
    {SHARE, ALL, "ipv4/conf", "proxy_arp"},
    /* The rules of the firewall, see nmm-check-firewall.c. */
    {ISOLATED, KERNEL, "bridge", "bridge-nf-call-iptables"},
};

/* List */

static void
add_path(GPtrArray *paths, char *path)
{
    if (path && !g_ptr_array_find_with_equal_func(paths, path, g_str_equal, NULL))
        g_ptr_array_add(paths, path);
    else
        g_free(path);
}

GPtrArray *
nmm_check_switch_list(const NmmCheckInput *input)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    guint mode = NMM_MODE_BIT(input->profile.mode);

    for (gsize i = 0; i < G_N_ELEMENTS(switches); i++) {
        const Switch *row = &switches[i];

        if (!(row->modes & mode))
            continue;
        add_path(paths, get_path(input, row->place, row->directory, row->name));
        if (row->or_all)
            add_path(paths, make_path(row->directory, "all", row->name));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(conditions); i++) {
        if (conditions[i].modes & mode)
            add_path(
                paths,
                get_path(input, conditions[i].place, conditions[i].directory, conditions[i].name));
    }
    return paths;
}

/* Judgement */

static gboolean
is_bad(const Switch *row, const char *value)
{
    g_autofree char *word = g_strdup_printf(" %s ", value);

    return row->bad ? strstr(row->bad, word) != NULL : !g_str_equal(value, row->good);
}

/* (transfer full) (nullable): the path whose value is the one that breaks the way. */
static char *
find_culprit(const Switch *row, const NmmCheckInput *input)
{
    g_autofree char *own = get_path(input, row->place, row->directory, row->name);
    g_autofree char *all = row->or_all ? make_path(row->directory, "all", row->name) : NULL;
    const char *own_value = get_value(input, own);
    const char *all_value = get_value(input, all);

    if (!own_value || (row->inet6 && !input->inet6))
        return NULL;
    if (!all_value || g_ascii_strtoll(own_value, NULL, 10) >= g_ascii_strtoll(all_value, NULL, 10))
        return is_bad(row, own_value) ? g_steal_pointer(&own) : NULL;
    return is_bad(row, all_value) ? g_steal_pointer(&all) : NULL;
}

char *
nmm_check_switch_format(const char *path, const char *value)
{
    g_autofree char *name = g_strdup(path);

    if (!strchr(name, '.'))
        g_strdelimit(name, "/", '.');
    return g_strconcat(name, "=", value, NULL);
}

/* What is wrong. */
typedef struct {
    const Switch *row;
    char *path;  /* the switch to set */
    char *cause; /* (nullable) */
} Fault;

static void
fault_clear(Fault *fault)
{
    g_clear_pointer(&fault->path, g_free);
    g_clear_pointer(&fault->cause, g_free);
}

static gboolean
find_fault(const Switch *row, const NmmCheckInput *input, Fault *out)
{
    g_autofree char *cause = row->find_cause ? row->find_cause(input) : NULL;
    g_autofree char *path = row->find_cause && !cause ? NULL : find_culprit(row, input);

    if (!path)
        return FALSE;
    fault_clear(out);
    out->row = row;
    out->path = g_steal_pointer(&path);
    out->cause = g_steal_pointer(&cause);
    return TRUE;
}

/* (transfer full): "net.ipv4.conf.eth0.proxy_arp=1, …" */
static char *
describe(const Fault *fault, const NmmCheckInput *input)
{
    g_autofree char *path = nmm_check_switch_format(fault->path, get_value(input, fault->path));
    g_autofree char *cause = NULL;

    if (!fault->cause)
        return g_steal_pointer(&path);
    cause = nmm_check_switch_format(fault->cause, get_value(input, fault->cause));
    return g_strdup_printf("%s, %s", cause, path);
}

static char *
make_remedy(const Switch *row, const NmmCheckInput *input, const char *assignment)
{
    g_autofree char *set = nmm_check_make_command("sysctl", "-w", assignment, NULL);
    g_autofree char *again = nmm_check_make_again(input);

    return row->again ? g_strdup_printf("%s && %s", set, again) : g_steal_pointer(&set);
}

static NmmCheckResult *
report(const Fault *fault, const NmmCheckInput *input)
{
    g_autofree char *values = describe(fault, input);
    g_autofree char *good = nmm_check_switch_format(fault->path, fault->row->good);

    return nmm_check_result_new(
        fault->row->verdict,
        make_remedy(fault->row, input, good),
        _("%s (%s); to keep the new value after a reboot, set it in /etc/sysctl.d"),
        _(fault->row->effect),
        values);
}

/* The first of the worst. */
static gboolean
find_worst(const NmmCheckInput *input, Fault *out)
{
    for (gsize i = 0; i < G_N_ELEMENTS(switches); i++) {
        const Switch *row = &switches[i];

        if (row->modes & NMM_MODE_BIT(input->profile.mode) &&
            (!out->row || out->row->verdict < row->verdict))
            find_fault(row, input, out);
    }
    return out->row != NULL;
}

NmmCheckResult *
nmm_check_evaluate_host(const NmmCheckInput *input)
{
    Fault fault = {NULL};
    NmmCheckResult *result;

    if (input->switches.problem)
        return unknown(_("cannot read the kernel parameters: %s"), input->switches.problem);
    if (g_hash_table_size(input->switches.values) == 0)
        return unknown(_("the kernel parameters were not read"));
    if (!find_worst(input, &fault))
        return ok(_("no kernel parameter blocks the traffic"));
    result = report(&fault, input);
    fault_clear(&fault);
    return result;
}
