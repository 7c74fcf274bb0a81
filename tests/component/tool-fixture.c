/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts, worlds and documents for the tests of the tool, made by hand.
 */

#include "config.h"

#include "tool-fixture.h"

void
set_string(char **where, const char *value)
{
    g_free(*where);
    *where = g_strdup(value);
}

NmmCheckInput *
new_selected_facts(const char *guest)
{
    NmmCheckInput *facts = g_new0(NmmCheckInput, 1);

    facts->guest = g_strdup(guest);
    facts->guest_uuid = g_strdup(GUEST_UUID);
    facts->uri = g_strdup(URI);
    facts->exists = TRUE;
    facts->running = TRUE;
    facts->is_macvtap = TRUE;
    facts->lower = g_strdup("eth0");
    facts->macvtap_mode = g_strdup("bridge");
    facts->nm_answers = TRUE;
    facts->profile = g_strdup("guests");
    facts->profile_active = TRUE;
    facts->in_definition = TRUE;
    facts->plugged = TRUE;
    return facts;
}

void
spoil_facts(NmmCheckInput *facts, const BrokenCase *c)
{
    gboolean *flag = G_STRUCT_MEMBER_P(facts, c->offset);

    if (c->is_string)
        set_string(G_STRUCT_MEMBER_P(facts, c->offset), c->value);
    else
        *flag = !*flag;
}

void
assert_broken(const NmmCheckInput *facts, const char *step, const char *detail, const char *remedy)
{
    g_autoptr(GPtrArray) findings = nmm_check_walk(facts);
    const NmmCheckResult *broken = nmm_check_find_broken(findings);

    g_assert_nonnull(broken);
    g_assert_true(broken == nmm_check_find_end(findings));
    g_assert_cmpstr(broken->step, ==, step);
    g_assert_nonnull(strstr(broken->detail, detail));
    g_assert_nonnull(strstr(broken->remedy, remedy));
    for (guint i = 0; i + 1 < findings->len; i++) {
        const NmmCheckResult *finding = g_ptr_array_index(findings, i);

        g_assert_cmpint(finding->verdict, ==, NMM_CHECK_OK);
    }
}

void
assert_case(const NmmCheckInput *facts, const BrokenCase *c)
{
    assert_broken(facts, c->step, c->detail, c->remedy);
}

NmmWorldHost *
add_host(NmmWorld *world, const char *uri)
{
    NmmWorldHost *host = g_new0(NmmWorldHost, 1);

    host->uri = g_strdup(uri);
    host->guests = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_guest_unref);
    host->networks = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_network_unref);
    g_ptr_array_add(world->hosts, host);
    return host;
}

NmmWorldProfile *
add_profile(NmmWorld *world, const char *id, const char *uuid, const char *const *data)
{
    NmmWorldProfile *profile = g_new0(NmmWorldProfile, 1);
    g_autoptr(GHashTable) table = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GError) error = NULL;

    for (; *data; data += 2)
        g_hash_table_insert(table, (gpointer)data[0], (gpointer)data[1]);
    profile->id = g_strdup(id);
    profile->uuid = g_strdup(uuid);
    profile->state = "active";
    profile->profile = nmm_profile_parse(id, uuid, NULL, table, NULL, &error);
    g_assert_no_error(error);
    g_ptr_array_add(world->profiles, profile);
    return profile;
}

JsonNode *
parse_again(JsonObject *object)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    JsonNode *parsed;

    json_node_take_object(node, object);
    text = json_to_string(node, TRUE);
    parsed = json_from_string(text, &error);
    g_assert_no_error(error);
    return parsed;
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
