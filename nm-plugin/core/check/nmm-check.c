/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps, and their order in each mode: that in which the way of a packet is built.
 */

#include "config.h"

#include "nmm-check.h"

#include <glib/gi18n-lib.h>

#include "nmm-reachability.h"

char *
nmm_check_quote(const char *word)
{
    gsize plain = strspn(word,
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                         "+,-./:=@_");

    return *word && !word[plain] ? g_strdup(word) : g_shell_quote(word);
}

/* (transfer full): a command line of the words, quoted for a shell. */
static char *make_command(const char *word, ...) G_GNUC_NULL_TERMINATED;

static char *
make_command(const char *word, ...)
{
    GString *command = g_string_new(NULL);
    va_list words;

    va_start(words, word);
    for (; word; word = va_arg(words, const char *)) {
        g_autofree char *quoted = nmm_check_quote(word);

        g_string_append_printf(command, "%s%s", command->len > 0 ? " " : "", quoted);
    }
    va_end(words);
    return g_string_free(command, FALSE);
}

static char *
virsh(const NmmCheckInput *input, const char *verb, const char *object)
{
    return make_command("virsh", "-c", input->guest.uri, verb, object, NULL);
}

static char *
activate(const NmmCheckInput *input)
{
    return make_command("nmcli", "connection", "up", input->profile.id, NULL);
}

static const char *
get_mac(const NmmCheckInput *input)
{
    return input->nic.mac ? input->nic.mac : "?";
}

/* @remedy: (transfer full) (nullable) */
static NmmCheckResult *
new_result(NmmCheckVerdict verdict, char *remedy, const char *detail, ...) G_GNUC_PRINTF(3, 4);

static NmmCheckResult *
new_result(NmmCheckVerdict verdict, char *remedy, const char *detail, ...)
{
    NmmCheckResult *result = g_new0(NmmCheckResult, 1);
    va_list args;

    va_start(args, detail);
    result->verdict = verdict;
    result->remedy = remedy;
    result->detail = g_strdup_vprintf(detail, args);
    va_end(args);
    return result;
}

#define ok(...)             new_result(NMM_CHECK_OK, NULL, __VA_ARGS__)
#define unknown(...)        new_result(NMM_CHECK_UNKNOWN, NULL, __VA_ARGS__)
#define waiting(...)        new_result(NMM_CHECK_WAITING, NULL, __VA_ARGS__)
#define hint(remedy, ...)   new_result(NMM_CHECK_HINT, remedy, __VA_ARGS__)
#define broken(remedy, ...) new_result(NMM_CHECK_BROKEN, remedy, __VA_ARGS__)

/* Steps of every mode */

static NmmCheckResult *
evaluate_guest(const NmmCheckInput *input)
{
    if (!input->guest.exists)
        return broken(
            virsh(input, "list", "--all"), _("libvirt has no guest '%s'"), input->guest.name);
    return ok(_("the guest exists (%s)"), input->guest.uri);
}

static NmmCheckResult *
evaluate_macvtap(const NmmCheckInput *input)
{
    if (!input->guest.is_macvtap)
        return broken(virsh(input, "domiflist", input->guest.name),
                      _("it has no macvtap interface, so no profile applies to it"));
    if (input->guest.lower)
        return ok(_("it is attached with macvtap to '%s', mode '%s'"),
                  input->guest.lower,
                  input->guest.macvtap_mode);
    return ok(_("it is attached with macvtap through a libvirt network"));
}

static NmmCheckResult *
evaluate_inactive_profile(const NmmCheckInput *input)
{
    if (input->network.bridge_left)
        return broken(
            g_strdup("nm-macvtap cleanup"),
            _("the profile '%s' selects it but is not active, and its network cannot start "
              "because the bridge '%s' was left behind"),
            input->profile.id,
            input->network.bridge);
    return broken(
        activate(input), _("the profile '%s' selects it, but is not active"), input->profile.id);
}

static NmmCheckResult *
evaluate_profile(const NmmCheckInput *input)
{
    if (input->profile.nm_problem)
        return broken(g_strdup("systemctl start NetworkManager"),
                      _("no profile can be active because NetworkManager has a problem: %s"),
                      input->profile.nm_problem);
    if (!input->profile.id)
        return broken(g_strdup("nmcli connection add type vpn vpn-type macvtap con-name guests"),
                      _("no profile selects it"));
    if (!input->profile.active)
        return evaluate_inactive_profile(input);
    return ok(_("the profile '%s' selects it and is active"), input->profile.id);
}

static NmmCheckResult *
evaluate_running(const NmmCheckInput *input)
{
    if (!input->guest.running)
        return broken(virsh(input, "start", input->guest.name), _("the guest is shut off"));
    return ok(_("the guest is running"));
}

static NmmCheckResult *
evaluate_plugged(const NmmCheckInput *input)
{
    if (!input->nic.plugged)
        return broken(
            virsh(input, "shutdown", input->guest.name),
            _("the running guest does not have that interface: it needs a restart (shut it "
              "down, then start it; a reboot is not enough)"));
    return ok(_("the running guest has that interface"));
}

static NmmCheckResult *
evaluate_link(const NmmCheckInput *input)
{
    if (input->nic.link_down)
        return broken(make_command("virsh",
                                   "-c",
                                   input->guest.uri,
                                   "domif-setlink",
                                   input->guest.name,
                                   get_mac(input),
                                   "up",
                                   NULL),
                      _("the interface's cable is unplugged (link state down)"));
    return ok(_("its link is up"));
}

static NmmCheckResult *
evaluate_neighbour(const NmmCheckInput *input)
{
    if (input->answers)
        return ok(_("the guest answers at '%s'"), input->address);
    if (!input->address)
        return unknown(_("its address is not known"));
    if (input->unprivileged)
        return hint(NULL,
                    _("it has a route, but only root can probe whether it answers at '%s'"),
                    input->address);
    if (input->probe_problem)
        return unknown(_("cannot probe '%s': %s"), input->address, input->probe_problem);
    return broken(virsh(input, "console", input->guest.name),
                  _("there is no answer from '%s': the interface may be down in the guest, or have "
                    "another address by now"),
                  input->address);
}

/* Steps of mode isolated: the guest's second interface, the network, its bridge, the firewall, the
 * lease */

static NmmCheckResult *
evaluate_definition(const NmmCheckInput *input)
{
    if (input->guest.transient)
        return ok(_("it has no persistent definition, so only the running guest is checked"));
    if (!input->nic.in_definition)
        return broken(
            g_strdup("journalctl -t nm-macvtap-service"),
            _("its definition has no interface on the network '%s'; the journal shows why the "
              "profile could not add one"),
            input->network.name);
    return ok(_("its definition has an interface on the network '%s' (%s)"),
              input->network.name,
              get_mac(input));
}

static NmmCheckResult *
evaluate_inactive_network(const NmmCheckInput *input)
{
    if (input->network.bridge_left)
        return broken(
            g_strdup("nm-macvtap cleanup"),
            _("the network '%s' is not active, and cannot start because the bridge '%s' was "
              "left behind"),
            input->network.name,
            input->network.bridge);
    return broken(virsh(input, "net-start", input->network.name),
                  _("the network '%s' is not active"),
                  input->network.name);
}

static NmmCheckResult *
evaluate_network(const NmmCheckInput *input)
{
    if (!input->network.exists)
        return broken(activate(input), _("there is no libvirt network '%s'"), input->network.name);
    if (!input->network.active)
        return evaluate_inactive_network(input);
    return ok(_("the network '%s' is active"), input->network.name);
}

static NmmCheckResult *
evaluate_bridge_device(const NmmCheckInput *input)
{
    const char *bridge = input->network.bridge;

    if (input->kernel_problem)
        return unknown(_("cannot read the state of '%s': %s"), bridge, input->kernel_problem);
    if (!input->network.bridge_up)
        return broken(make_command("ip", "link", "set", bridge, "up", NULL),
                      _("the bridge '%s' is missing or down"),
                      bridge);
    if (!input->network.bridge_has_address)
        return broken(
            make_command("ip", "address", "add", input->host_address, "dev", bridge, NULL),
            _("the bridge '%s' has lost the host's address '%s'"),
            bridge,
            input->host_address);
    return ok(_("the bridge '%s' has the host's address '%s'"), bridge, input->host_address);
}

static NmmCheckResult *
evaluate_bridge(const NmmCheckInput *input)
{
    if (!input->network.bridge || !input->host_address)
        return broken(virsh(input, "net-edit", input->network.name),
                      _("the network '%s' gives the host no address"),
                      input->network.name);
    return evaluate_bridge_device(input);
}

static char *
make_firewall_command(const NmmCheckInput *input)
{
    g_autofree char *zone = g_strdup_printf("--zone=%s", input->network.wanted_zone);
    g_autofree char *interface = g_strdup_printf("--change-interface=%s", input->network.bridge);

    return make_command("firewall-cmd", zone, interface, NULL);
}

static NmmCheckResult *
evaluate_firewall(const NmmCheckInput *input)
{
    const char *zone = input->network.zone;
    const char *wanted = input->network.wanted_zone;

    if (input->network.zone_problem)
        return unknown(_("cannot read the bridge's firewalld zone: %s"),
                       input->network.zone_problem);
    if (!input->network.firewalld)
        return ok(_("firewalld is not running, so the bridge needs no zone"));
    if (g_strcmp0(zone, wanted) == 0)
        return ok(_("the bridge is in firewalld's zone '%s'"), zone);
    if (zone && *zone)
        return broken(make_firewall_command(input),
                      _("the bridge is in firewalld's zone '%s', but should be in '%s'"),
                      zone,
                      wanted);
    return broken(make_firewall_command(input),
                  _("the bridge is in no firewalld zone, but should be in '%s'"),
                  wanted);
}

static NmmCheckResult *
evaluate_lease(const NmmCheckInput *input)
{
    if (input->address)
        return ok(_("its address is '%s'"), input->address);
    if (input->network.lease_problem)
        return unknown(_("cannot read the leases of the network '%s': %s"),
                       input->network.name,
                       input->network.lease_problem);
    if (input->network.has_dhcp)
        return broken(
            virsh(input, "console", input->guest.name),
            _("the guest has not requested an address on the interface with MAC '%s': enable "
              "DHCP for it in the guest"),
            get_mac(input));
    return broken(
        virsh(input, "console", input->guest.name),
        _("the network has no DHCP, and the interface with MAC '%s' has no known address: "
          "set one in the guest"),
        get_mac(input));
}

static NmmCheckResult *
evaluate_names(const NmmCheckInput *input)
{
    if (input->names_problem)
        return unknown(_("cannot find out whether the host resolves guest names: %s"),
                       input->names_problem);
    if (!input->names)
        return hint(g_strdup("sed -i '/^hosts:/s/files/files libvirt_guest/' /etc/nsswitch.conf"),
                    _("the host does not find guests by name: install libnss-libvirt, and add "
                      "'libvirt_guest' to the line 'hosts:' of /etc/nsswitch.conf"));
    return ok(_("the host finds guests by name"));
}

/* Steps of the modes share and move: the host has a link of its own beside those of the guests */

static NmmCheckResult *
evaluate_mode(const NmmCheckInput *input)
{
    const char *mode = input->guest.macvtap_mode;

    if (nmm_reachability_has_mode(mode))
        return ok(_("its macvtap mode is 'bridge', which reaches the host link"));
    if (input->guest.definition_is_bridge)
        return broken(
            virsh(input, "shutdown", input->guest.name),
            _("it runs with macvtap mode '%s', which cannot reach the host link; its definition "
              "already has 'bridge': it needs a restart (shut it down, then start it; a reboot is "
              "not enough)"),
            mode);
    return broken(
        virsh(input, "edit", input->guest.name),
        _("its macvtap mode is '%s', which cannot reach the host link: set mode='bridge' in its "
          "definition and restart it, or use a profile of mode 'isolated'"),
        mode);
}

static NmmCheckResult *
evaluate_parent(const NmmCheckInput *input)
{
    const char *parent = input->link.parent;

    if (input->link.parent_problem)
        return broken(make_command("nmcli", "connection", "edit", input->profile.id, NULL),
                      "%s",
                      input->link.parent_problem);
    if (input->kernel_problem)
        return unknown(_("cannot read the state of '%s': %s"), parent, input->kernel_problem);
    if (!input->link.parent_carrier)
        return broken(make_command("ip", "link", "show", parent, NULL),
                      _("'%s' has no carrier, so macvtap passes no traffic"),
                      parent);
    return ok(_("'%s' can carry a host link"), parent);
}

static NmmCheckResult *
evaluate_host_link(const NmmCheckInput *input)
{
    const char *link = input->link.name;

    if (input->kernel_problem)
        return unknown(_("cannot read the state of '%s': %s"), link, input->kernel_problem);
    if (input->link.problem)
        return broken(activate(input), _("there is no host link: %s"), input->link.problem);
    if (!input->link.up)
        return broken(activate(input), _("the host link '%s' is down"), link);
    if (!input->host_address)
        return broken(make_command("nmcli", "device", "show", input->link.parent, NULL),
                      _("the host has no address on '%s'"),
                      input->link.parent);
    return ok(_("the host link '%s' is up, and the host has the address '%s'"),
              link,
              input->host_address);
}

/* NULL if it has none yet. */
static NmmCheckResult *
evaluate_address(const NmmCheckInput *input)
{
    if (input->address)
        return ok(_("its address is '%s'"), input->address);
    if (input->kernel_problem)
        return unknown(_("cannot read its addresses: %s"), input->kernel_problem);
    return NULL;
}

static NmmCheckResult *
evaluate_routed_address(const NmmCheckInput *input)
{
    NmmCheckResult *result = evaluate_address(input);

    if (result)
        return result;
    return waiting(
        _("no traffic from it yet (MAC '%s'): it gets its route when it first communicates "
          "with the host"),
        get_mac(input));
}

static NmmCheckResult *
evaluate_lan_address(const NmmCheckInput *input)
{
    NmmCheckResult *result = evaluate_address(input);

    if (result)
        return result;
    return waiting(
        _("no traffic with it yet (MAC '%s'): the host reaches the guest directly at the guest's "
          "address"),
        get_mac(input));
}

static NmmCheckResult *
evaluate_route(const NmmCheckInput *input)
{
    if (!input->address)
        return unknown(_("its address is not known"));
    if (!input->routed)
        return broken(activate(input),
                      _("the host's route to '%s' over '%s' is missing"),
                      input->address,
                      input->link.name);
    return ok(_("the host's route to '%s' goes over '%s'"), input->address, input->link.name);
}

/* Tables */

typedef struct {
    const char *id; /* stable; NULL ends a table */
    NmmCheckResult *(*evaluate)(const NmmCheckInput *input);
} Step;

static const Step isolated_steps[] = {
    {"guest", evaluate_guest},
    {"macvtap", evaluate_macvtap},
    {"profile", evaluate_profile},
    {"definition", evaluate_definition},
    {"running", evaluate_running},
    {"plugged", evaluate_plugged},
    {"link", evaluate_link},
    {"network", evaluate_network},
    {"bridge", evaluate_bridge},
    {"firewall", evaluate_firewall},
    {"address", evaluate_lease},
    {"neighbour", evaluate_neighbour},
    {"names", evaluate_names},
    {NULL},
};

/* What a profile cannot change comes before whether the profile is active. */
static const Step share_steps[] = {
    {"guest", evaluate_guest},
    {"macvtap", evaluate_macvtap},
    {"mode", evaluate_mode},
    {"parent", evaluate_parent},
    {"profile", evaluate_profile},
    {"host-link", evaluate_host_link},
    {"running", evaluate_running},
    {"plugged", evaluate_plugged},
    {"link", evaluate_link},
    {"address", evaluate_routed_address},
    {"route", evaluate_route},
    {"neighbour", evaluate_neighbour},
    {NULL},
};

static const Step move_steps[] = {
    {"guest", evaluate_guest},
    {"macvtap", evaluate_macvtap},
    {"mode", evaluate_mode},
    {"parent", evaluate_parent},
    {"profile", evaluate_profile},
    {"host-link", evaluate_host_link},
    {"running", evaluate_running},
    {"plugged", evaluate_plugged},
    {"link", evaluate_link},
    {"address", evaluate_lan_address},
    {"neighbour", evaluate_neighbour},
    {NULL},
};

static const Step *const steps_by_mode[] = {
    [NMM_MODE_ISOLATED] = isolated_steps,
    [NMM_MODE_SHARE] = share_steps,
    [NMM_MODE_MOVE] = move_steps,
};
G_STATIC_ASSERT(G_N_ELEMENTS(steps_by_mode) == _NMM_MODE_NUM);

/* Results */

static void
result_free(gpointer data)
{
    NmmCheckResult *result = data;

    g_free(result->detail);
    g_free(result->remedy);
    g_free(result);
}

GPtrArray *
nmm_check_evaluate(const NmmCheckInput *input)
{
    GPtrArray *results = g_ptr_array_new_with_free_func(result_free);

    for (const Step *step = steps_by_mode[input->profile.mode]; step->id; step++) {
        NmmCheckResult *result = step->evaluate(input);

        result->step = step->id;
        g_ptr_array_add(results, result);
        if (result->verdict >= NMM_CHECK_WAITING)
            break;
    }
    return results;
}

const NmmCheckResult *
nmm_check_find_broken(const GPtrArray *results)
{
    const NmmCheckResult *last = g_ptr_array_index(results, results->len - 1);

    return last->verdict == NMM_CHECK_BROKEN ? last : NULL;
}

const NmmCheckResult *
nmm_check_find_reason(const GPtrArray *results)
{
    const NmmCheckResult *last = g_ptr_array_index(results, results->len - 1);

    if (last->verdict >= NMM_CHECK_WAITING)
        return last;
    for (guint i = 0; i < results->len; i++) {
        const NmmCheckResult *result = g_ptr_array_index(results, i);

        if (result->verdict == NMM_CHECK_UNKNOWN)
            return result;
    }
    return NULL;
}

const char *
nmm_check_verdict_to_string(NmmCheckVerdict verdict)
{
    static const char *const words[] = {
        [NMM_CHECK_OK] = "ok",
        [NMM_CHECK_HINT] = "hint",
        [NMM_CHECK_UNKNOWN] = "unknown",
        [NMM_CHECK_WAITING] = "waiting",
        [NMM_CHECK_BROKEN] = "broken",
    };
    G_STATIC_ASSERT(G_N_ELEMENTS(words) == _NMM_CHECK_VERDICT_NUM);

    return words[verdict];
}
