/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-check.h"

NmmCheckInput *
nmm_check_input_new(const char *guest, const char *uri)
{
    NmmCheckInput *input = g_new0(NmmCheckInput, 1);

    input->guest.name = g_strdup(guest);
    input->guest.uri = g_strdup(uri);
    input->guest.age_s = -1;
    input->switches.values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return input;
}

gboolean
nmm_check_input_needs_restart(const NmmCheckInput *input)
{
    return input->guest.running && input->nic.in_definition && !input->nic.plugged;
}

gboolean
nmm_check_input_is_reachable(const NmmCheckInput *input)
{
    return input->answers || (input->unprivileged && input->routed && input->link.up);
}

static void
address_free(gpointer data)
{
    NmmCheckAddress *address = data;

    g_free(address->address);
    g_free(address->source);
    g_free(address);
}

void
nmm_check_input_add_address(NmmCheckInput *input,
                            const char *text,
                            gint64 since,
                            const char *source)
{
    NmmCheckAddress *address = g_new0(NmmCheckAddress, 1);

    address->address = g_strdup(text);
    address->since = since;
    address->source = g_strdup(source);
    if (!input->link.addresses)
        input->link.addresses = g_ptr_array_new_with_free_func(address_free);
    g_ptr_array_add(input->link.addresses, address);
}

void
nmm_check_input_choose_address(NmmCheckInput *input)
{
    const NmmCheckAddress *best = NULL;

    for (guint i = 0; input->link.addresses && i < input->link.addresses->len; i++) {
        const NmmCheckAddress *address = g_ptr_array_index(input->link.addresses, i);

        if (!best || (address->answers && !best->answers))
            best = address;
    }
    if (!best)
        return;
    g_free(input->address);
    input->address = g_strdup(best->address);
    input->since = best->since;
    input->routed = best->source != NULL;
    input->answers = best->answers;
}

void
nmm_check_input_free(NmmCheckInput *input)
{
    if (!input)
        return;
    g_free(input->guest.name);
    g_free(input->guest.uuid);
    g_free(input->guest.uri);
    g_free(input->guest.lower);
    g_free(input->guest.macvtap_mode);
    g_free(input->guest.device);
    g_free(input->guest.mac);
    g_free(input->guest.defined_mac);
    g_free(input->guest.missing);
    g_free(input->profile.id);
    g_free(input->profile.nm_problem);
    g_free(input->profile.refusal);
    g_free(input->profile.other_network);
    g_free(input->nic.mac);
    g_free(input->nic.defined_mac);
    g_free(input->nic.alias);
    g_free(input->nic.target);
    g_free(input->nic.master);
    g_free(input->network.name);
    g_free(input->network.bridge);
    g_free(input->network.lease_problem);
    g_free(input->network.problem);
    g_free(input->link.name);
    g_free(input->link.problem);
    g_free(input->link.parent);
    g_free(input->link.parent_problem);
    g_clear_pointer(&input->link.addresses, g_ptr_array_unref);
    g_free(input->firewall.zone);
    g_free(input->firewall.wanted_zone);
    g_free(input->firewall.zone_problem);
    g_clear_pointer(&input->firewall.rules, g_ptr_array_unref);
    g_free(input->firewall.rules_problem);
    g_hash_table_unref(input->switches.values);
    g_free(input->switches.problem);
    g_free(input->way.device);
    g_free(input->way.problem);
    g_clear_pointer(&input->problems, g_ptr_array_unref);
    g_strfreev(input->silent_services);
    g_free(input->kernel_problem);
    g_free(input->host_address);
    g_free(input->address);
    g_free(input->probe_problem);
    g_free(input->names.nsswitch);
    g_free(input->names.problem);
    g_free(input);
}
