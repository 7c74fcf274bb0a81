/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest and the steps of its check have in the reports of several commands; see
 * nm-macvtap(8).
 */

#include "config.h"

#include "nmm-commands.h"

#include <glib/gi18n-lib.h>

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

/* Of one width, in every language. */
static const char *const marks[] = {
    [NMM_CHECK_OK] = N_("ok    "),
    [NMM_CHECK_HINT] = N_("hint  "),
    [NMM_CHECK_UNKNOWN] = N_("?     "),
    [NMM_CHECK_WAITING] = N_("wait  "),
    [NMM_CHECK_BROKEN] = N_("BROKEN"),
};
G_STATIC_ASSERT(G_N_ELEMENTS(marks) == _NMM_CHECK_VERDICT_NUM);

static void
add_step(NmmReport *report, JsonArray *steps, const NmmCheckResult *result)
{
    JsonObject *json = nmm_json_add_object(steps);

    nmm_json_set_string(json, "step", result->step);
    nmm_json_set_string(json, "verdict", nmm_check_verdict_to_string(result->verdict));
    nmm_json_set_string(json, "detail", result->detail);
    nmm_json_set_string(json, "remedy", result->remedy);
    nmm_json_set_string(json, "look", result->look);
    nmm_report_add_text(report, "%s  %s\n", _(marks[result->verdict]), result->detail);
    if (result->remedy)
        nmm_report_add_text(report, "        %s\n", result->remedy);
    if (result->look)
        nmm_report_add_text(report, _("        More shows: %s\n"), result->look);
}

void
nmm_check_add_steps(NmmReport *report, const GPtrArray *results)
{
    JsonArray *steps = nmm_json_set_array(report->json, "steps");

    for (guint i = 0; i < results->len; i++)
        add_step(report, steps, g_ptr_array_index(results, i));
}
