/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "tool-fixture.h"

void
set_string(char **where, const char *value)
{
    g_free(*where);
    *where = g_strdup(value);
}

void
set_switch(NmmCheckInput *input, const char *path, const char *value)
{
    g_hash_table_insert(input->switches.values, g_strdup(path), g_strdup(value));
}

NmmCheckInput *
new_selected_input(const char *guest)
{
    NmmCheckInput *input = nmm_check_input_new(guest, URI);

    input->guest.uuid = g_strdup(GUEST_UUID);
    input->guest.exists = TRUE;
    input->guest.running = TRUE;
    input->guest.is_macvtap = TRUE;
    input->guest.lower = g_strdup("eth0");
    input->guest.macvtap_mode = g_strdup("bridge");
    input->guest.device = g_strdup("macvtap0");
    input->guest.mac = g_strdup("52:54:00:00:00:0a");
    input->profile.id = g_strdup("guests");
    input->profile.active = TRUE;
    input->nic.in_definition = TRUE;
    input->nic.plugged = TRUE;
    input->nic.in_kernel = TRUE;
    input->nic.is_up = TRUE;
    input->names.wanted = TRUE;
    input->names.module = TRUE;
    input->names.nsswitch = g_strdup("hosts: files macvtap dns\n");
    set_switch(input, "net/ipv4/icmp_echo_ignore_all", "0");
    input->firewall.rules = g_ptr_array_new();
    return input;
}

NmmCheckInput *
new_isolated_input(void)
{
    NmmCheckInput *input = new_selected_input("web one");

    input->network.name = g_strdup("isolated");
    input->nic.mac = g_strdup("52:11:22:33:44:55");
    input->nic.alias = g_strdup("ua-nm-macvtap-01234567");
    input->nic.target = g_strdup("vnet3");
    input->network.exists = TRUE;
    input->network.active = TRUE;
    input->network.bridge = g_strdup("virbr1");
    input->host_address = g_strdup("192.168.254.1/24");
    input->network.bridge_exists = TRUE;
    input->way.device = g_strdup("virbr1");
    input->nic.master = g_strdup("virbr1");
    input->network.bridge_up = TRUE;
    input->network.bridge_has_address = TRUE;
    input->network.has_dhcp = TRUE;
    input->firewall.firewalld = TRUE;
    input->firewall.zone = g_strdup("libvirt");
    input->firewall.wanted_zone = g_strdup("libvirt");
    input->address = g_strdup("192.168.254.7");
    input->answers = TRUE;
    return input;
}

NmmCheckInput *
new_link_input(NmmMode mode)
{
    NmmCheckInput *input = new_selected_input("web");

    input->profile.mode = mode;
    input->nic.mac = g_strdup(MAC);
    input->nic.target = g_strdup("macvtap0");
    input->guest.definition_is_bridge = TRUE;
    input->link.parent = g_strdup("eth0");
    input->link.parent_up = TRUE;
    input->link.parent_carrier = TRUE;
    input->link.name = g_strdup("nmmveth0");
    input->link.up = TRUE;
    input->way.device = g_strdup("nmmveth0");
    input->host_address = g_strdup("10.0.0.2/24");
    nmm_check_input_add_address(input, "10.0.0.7", SINCE, "10.0.0.2");
    ((NmmCheckAddress *)g_ptr_array_index(input->link.addresses, 0))->answers = TRUE;
    nmm_check_input_choose_address(input);
    return input;
}

const NmmCheckResult *
find_step(const GPtrArray *results, const char *step)
{
    for (guint i = 0; i < results->len; i++) {
        const NmmCheckResult *result = g_ptr_array_index(results, i);

        if (g_str_equal(result->step, step))
            return result;
    }
    g_assert_not_reached();
}

void
spoil_input(NmmCheckInput *input, const BrokenCase *c)
{
    gboolean *flag = G_STRUCT_MEMBER_P(input, c->offset);

    if (c->is_string)
        set_string(G_STRUCT_MEMBER_P(input, c->offset), c->value);
    else
        *flag = !*flag;
}

void
assert_broken(const NmmCheckInput *input, const char *step, const char *detail, const char *remedy)
{
    g_autoptr(GPtrArray) results = nmm_check_evaluate(input);
    const NmmCheckResult *broken = nmm_check_find_broken(results);

    g_assert_nonnull(broken);
    g_assert_true(broken == nmm_check_find_reason(results));
    g_assert_cmpstr(broken->step, ==, step);
    g_assert_nonnull(strstr(broken->detail, detail));
    g_assert_true(!broken->remedy != !broken->look);
    g_assert_nonnull(strstr(broken->remedy ? broken->remedy : broken->look, remedy));
    for (guint i = 0; i + 1 < results->len; i++) {
        const NmmCheckResult *result = g_ptr_array_index(results, i);

        g_assert_cmpint(result->verdict, ==, NMM_CHECK_OK);
    }
}

void
assert_case(const NmmCheckInput *input, const BrokenCase *c)
{
    assert_broken(input, c->step, c->detail, c->remedy);
}

NmmHostHypervisor *
add_host(NmmHostState *state, const char *uri)
{
    NmmHostHypervisor *hypervisor = nmm_host_hypervisor_new(uri);

    nmm_host_state_set_hypervisor(state, hypervisor);
    return hypervisor;
}

NmmHostProfile *
add_profile(NmmHostState *state, const char *id, const char *uuid, const char *const *data)
{
    NmmHostProfile *profile = nmm_host_state_add_profile(state, id, uuid);
    g_autoptr(GHashTable) table = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GError) error = NULL;

    for (; *data; data += 2)
        g_hash_table_insert(table, (gpointer)data[0], (gpointer)data[1]);
    profile->state = NMM_ACTIVE_UP;
    profile->profile = nmm_profile_parse(id, uuid, NULL, table, NULL, &error);
    g_assert_no_error(error);
    return profile;
}

JsonNode *
parse_again(const NmmReport *report)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    JsonNode *parsed;

    json_node_set_object(node, report->json);
    text = json_to_string(node, TRUE);
    parsed = json_from_string(text, &error);
    g_assert_no_error(error);
    return parsed;
}

void
add_network(NmmHostHypervisor *hypervisor, const char *name, const char *owner)
{
    g_autofree char *metadata =
        owner ? g_strdup_printf("<metadata><nmmacvtap:profile xmlns:nmmacvtap="
                                "'urn:nm-macvtap:network:1' uuid='%s' id='guests'/></metadata>",
                                owner)
              : g_strdup("");
    g_autofree char *xml =
        g_strdup_printf("<network><name>%s</name><uuid>%s</uuid>%s<bridge name='virbr1'/>"
                        "<ip address='192.168.254.1' prefix='24'/></network>",
                        name,
                        UUID,
                        metadata);
    g_autoptr(GError) error = NULL;
    NmmNetwork *network = nmm_network_new_from_xml(xml, TRUE, TRUE, TRUE, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(network->owner_uuid, ==, owner);
    g_ptr_array_add(hypervisor->networks, network);
}

void
add_guest_on(NmmHostHypervisor *hypervisor,
             const char *name,
             const char *network,
             const char *alias)
{
    g_autofree char *xml = g_strdup_printf(
        "<domain><name>%s</name><uuid>%s</uuid><devices>"
        "<interface type='direct'><source dev='eth0' mode='bridge'/></interface>"
        "<interface type='network'><mac address='52:00:00:00:00:01'/><source network='%s'/>"
        "<alias name='%s'/></interface></devices></domain>",
        name,
        GUEST_UUID,
        network,
        alias);
    g_autoptr(GError) error = NULL;
    NmmGuest *guest = nmm_guest_new_from_xml(xml, xml, &error);

    g_assert_no_error(error);
    g_ptr_array_add(hypervisor->guests, guest);
}

NmmHostProfile *
add_isolated(NmmHostState *state, const char *id, const char *uuid, const char *network)
{
    const char *data[] = {NMM_KEY_NETWORK, network, NULL};

    return add_profile(state, id, uuid, data);
}

NmmGuest *
add_guest(NmmHostHypervisor *hypervisor, const char *name, const char *nics, gboolean running)
{
    g_autofree char *xml = g_strdup_printf("<domain><name>%s</name><uuid>%s</uuid>"
                                           "<devices>%s</devices></domain>",
                                           name,
                                           GUEST_UUID,
                                           nics);
    g_autoptr(GError) error = NULL;
    NmmGuest *guest = nmm_guest_new_from_xml(xml, running ? xml : NULL, &error);

    g_assert_no_error(error);
    g_ptr_array_add(hypervisor->guests, guest);
    return guest;
}

NmmHostProfile *
add_link_profile(NmmHostState *state, const char *mode)
{
    const char *data[] = {"mode", mode, NULL};
    NmmHostProfile *profile = add_profile(state, "guests", UUID, data);

    profile->parent = g_strdup("eth0");
    profile->link = g_strdup("nmmveth0");
    return profile;
}

NmmLink *
add_link(NmmHostState *state, const char *name, const char *kind, const char *parent)
{
    NmmLink *link = nmm_link_new(name);

    link->kind = g_strdup(kind);
    link->parent = g_strdup(parent);
    link->up = link->carrier = link->ethernet = TRUE;
    g_ptr_array_add(state->links, link);
    return link;
}

void
add_address(NmmLink *link, const char *text)
{
    NmmCidr cidr;

    g_assert_true(nmm_cidr_parse(text, &cidr, NULL));
    g_array_append_val(link->addresses, cidr);
}

void
assert_status_code(const NmmHostState *state, const GPtrArray *inputs, NmmExit code)
{
    g_autoptr(NmmReport) report = nmm_status_report(state, inputs);

    g_assert_cmpint(report->code, ==, code);
}

void
assert_text(const NmmReport *report, const char *expected)
{
    g_autofree char *text = nmm_report_to_text(report);

    g_assert_cmpstr(text, ==, expected);
}

void
assert_text_has(const NmmReport *report, const char *part)
{
    g_autofree char *text = nmm_report_to_text(report);

    g_assert_nonnull(strstr(text, part));
}

void
assert_text_lacks(const NmmReport *report, const char *part)
{
    g_autofree char *text = nmm_report_to_text(report);

    g_assert_null(strstr(text, part));
}

void
assert_path(JsonNode *root, const char *path, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) found = json_path_query(path, root, &error);
    g_autofree char *text = NULL;

    g_assert_no_error(error);
    text = json_to_string(found, FALSE);
    g_assert_cmpstr(text, ==, expected);
}
