/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The facts that the chain is judged by, as a value: made, asked and freed.
 */

#include "config.h"

#include "nmm-check.h"

/**
 * nmm_check_input_needs_restart:
 * @facts: what is known of a guest
 *
 * Returns: whether only a restart gives the guest the interface that its definition has.
 */
gboolean
nmm_check_input_needs_restart(const NmmCheckInput *facts)
{
    return facts->running && facts->in_definition && !facts->plugged;
}

/**
 * nmm_check_input_is_reachable:
 * @facts: what is known of a guest
 *
 * Returns: whether the host reaches it, as far as can be told
 */
gboolean
nmm_check_input_is_reachable(const NmmCheckInput *facts)
{
    return facts->answers || (facts->unasked && facts->routed && facts->link_up);
}

static void
address_free(gpointer data)
{
    NmmCheckAddress *address = data;

    g_free(address->address);
    g_free(address->source);
    g_free(address);
}

/**
 * nmm_check_input_add_address:
 * @facts: what is known of a guest
 * @address: where it was heard
 * @since: Unix time in s; 0 where nobody knows
 * @source: (nullable): the host's address on the way to it
 */
void
nmm_check_input_add_address(NmmCheckInput *facts,
                            const char *address,
                            gint64 since,
                            const char *source)
{
    NmmCheckAddress *heard = g_new0(NmmCheckAddress, 1);

    heard->address = g_strdup(address);
    heard->since = since;
    heard->source = g_strdup(source);
    if (!facts->addresses)
        facts->addresses = g_ptr_array_new_with_free_func(address_free);
    g_ptr_array_add(facts->addresses, heard);
}

/**
 * nmm_check_input_choose_address:
 * @facts: what is known of a guest, and which of its addresses answer
 */
void
nmm_check_input_choose_address(NmmCheckInput *facts)
{
    const NmmCheckAddress *best = NULL;

    for (guint i = 0; facts->addresses && i < facts->addresses->len; i++) {
        const NmmCheckAddress *address = g_ptr_array_index(facts->addresses, i);

        if (!best || (address->answers && !best->answers))
            best = address;
    }
    if (!best)
        return;
    g_free(facts->address);
    facts->address = g_strdup(best->address);
    facts->since = best->since;
    facts->routed = best->source != NULL;
    facts->answers = best->answers;
}

/**
 * nmm_check_input_free:
 * @facts: (nullable): the facts
 */
void
nmm_check_input_free(NmmCheckInput *facts)
{
    if (!facts)
        return;
    g_free(facts->guest);
    g_free(facts->guest_uuid);
    g_free(facts->uri);
    g_free(facts->lower);
    g_free(facts->macvtap_mode);
    g_free(facts->profile);
    g_free(facts->network);
    g_free(facts->mac);
    g_free(facts->alias);
    g_free(facts->target);
    g_free(facts->bridge);
    g_free(facts->host_address);
    g_free(facts->zone);
    g_free(facts->wanted_zone);
    g_free(facts->address);
    g_free(facts->parent);
    g_free(facts->parent_problem);
    g_free(facts->link);
    g_free(facts->link_problem);
    g_clear_pointer(&facts->addresses, g_ptr_array_unref);
    g_free(facts);
}
