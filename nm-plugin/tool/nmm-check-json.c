/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts of a guest in JSON, where status and check say the same; see nm-macvtap(8).
 */

#include "config.h"

#include "nmm-commands.h"

static void
set_time(JsonObject *json, const char *name, gint64 time)
{
    g_autoptr(GDateTime) when = time > 0 ? g_date_time_new_from_unix_utc(time) : NULL;
    g_autofree char *text = when ? g_date_time_format_iso8601(when) : NULL;

    nmm_tool_set_string(json, name, text);
}

static JsonArray *
addresses_to_json(const NmmCheckInput *facts)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; facts->addresses && i < facts->addresses->len; i++) {
        const NmmCheckAddress *address = g_ptr_array_index(facts->addresses, i);
        JsonObject *json = json_object_new();

        nmm_tool_set_string(json, "address", address->address);
        set_time(json, "since", address->since);
        json_object_set_boolean_member(json, "answers", address->answers);
        json_array_add_object_element(array, json);
    }
    return array;
}

/**
 * nmm_check_input_to_json:
 * @facts: of a guest
 * @json: gets its members
 */
void
nmm_check_input_to_json(const NmmCheckInput *facts, JsonObject *json)
{
    const char *mode = facts->profile ? nmm_mode_to_string(facts->mode) : NULL;

    nmm_tool_set_string(json, "profile", facts->profile);
    nmm_tool_set_string(json, "mode", mode);
    nmm_tool_set_string(json, "macvtap-mode", facts->macvtap_mode);
    nmm_tool_set_string(json, "network", facts->network);
    nmm_tool_set_string(json, "link", facts->link);
    nmm_tool_set_string(json, "parent", facts->parent);
    nmm_tool_set_string(json, "address", facts->address);
    set_time(json, "since", facts->since);
    json_object_set_array_member(json, "addresses", addresses_to_json(facts));
}
