/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The members that a guest has in the documents of both status and check; see nm-macvtap(8).
 */

#include "config.h"

#include "nmm-commands.h"

static void
set_time(JsonObject *json, const char *name, gint64 time)
{
    g_autoptr(GDateTime) when = time > 0 ? g_date_time_new_from_unix_utc(time) : NULL;
    g_autofree char *text = when ? g_date_time_format_iso8601(when) : NULL;

    nmm_json_set_string(json, name, text);
}

void
nmm_check_input_to_json(const NmmCheckInput *input, JsonObject *json)
{
    const GPtrArray *addresses = input->link.addresses;
    const char *mode = input->profile.id ? nmm_mode_to_string(input->profile.mode) : NULL;
    JsonArray *array;

    nmm_json_set_string(json, "profile", input->profile.id);
    nmm_json_set_string(json, "mode", mode);
    nmm_json_set_string(json, "macvtap-mode", input->guest.macvtap_mode);
    nmm_json_set_string(json, "network", input->network.name);
    nmm_json_set_string(json, "link", input->link.name);
    nmm_json_set_string(json, "parent", input->link.parent);
    nmm_json_set_string(json, "address", input->address);
    set_time(json, "since", input->since);
    array = nmm_json_set_array(json, "addresses");
    for (guint i = 0; addresses && i < addresses->len; i++) {
        const NmmCheckAddress *address = g_ptr_array_index(addresses, i);
        JsonObject *element = nmm_json_add_object(array);

        nmm_json_set_string(element, "address", address->address);
        set_time(element, "since", address->since);
        json_object_set_boolean_member(element, "answers", address->answers);
    }
}
