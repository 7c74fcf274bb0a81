/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-status-variant.h"

#include "nmm-names.h"

#define PROPERTY_UUID     "Uuid"
#define PROPERTY_ID       "Id"
#define PROPERTY_STATE    "State"
#define PROPERTY_PROBLEMS "Problems"

#define MEMBER_KIND  "kind"
#define MEMBER_FAULT "fault"

/* The strings of a problem. */
static const struct {
    const char *name;
    gsize offset;
} members[] = {
    {"guest", G_STRUCT_OFFSET(NmmProblem, guest)},
    {"address", G_STRUCT_OFFSET(NmmProblem, address)},
    {"reason", G_STRUCT_OFFSET(NmmProblem, reason)},
    {"key", G_STRUCT_OFFSET(NmmProblem, key)},
    {"message", G_STRUCT_OFFSET(NmmProblem, message)},
    {"remedy", G_STRUCT_OFFSET(NmmProblem, remedy)},
};

static const char introspection[] =
    "<node>"
    "<interface name='" NMM_DBUS_STATUS_INTERFACE "'>"
    "<property name='" PROPERTY_UUID "' type='s' access='read'/>"
    "<property name='" PROPERTY_ID "' type='s' access='read'/>"
    "<property name='" PROPERTY_STATE "' type='s' access='read'/>"
    "<property name='" PROPERTY_PROBLEMS "' type='aa{sv}' access='read'/>"
    "</interface>"
    "</node>";

GDBusInterfaceInfo *
nmm_status_variant_get_interface(void)
{
    static GDBusNodeInfo *node = NULL;

    if (!node)
        node = g_dbus_node_info_new_for_xml(introspection, NULL);
    return node->interfaces[0];
}

/* The names of guests come from libvirt, and D-Bus closes the connection for invalid UTF-8. */
static GVariant *
build_string(const char *text)
{
    return g_variant_new_take_string(g_utf8_make_valid(text, -1));
}

static GVariant *
build_problem(const NmmProblem *problem)
{
    GVariantDict dict;

    g_variant_dict_init(&dict, NULL);
    g_variant_dict_insert(&dict, MEMBER_KIND, "s", nmm_problem_kind_to_string(problem->kind));
    g_variant_dict_insert(&dict, MEMBER_FAULT, "b", nmm_problem_is_fault(problem));
    for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
        const char *text = G_STRUCT_MEMBER(char *, problem, members[i].offset);

        if (text)
            g_variant_dict_insert_value(&dict, members[i].name, build_string(text));
    }
    return g_variant_dict_end(&dict);
}

static GVariant *
build_problems(const GPtrArray *problems)
{
    GVariantBuilder builder;

    g_variant_builder_init(&builder, G_VARIANT_TYPE("aa{sv}"));
    for (guint i = 0; i < problems->len; i++)
        g_variant_builder_add_value(&builder, build_problem(g_ptr_array_index(problems, i)));
    return g_variant_builder_end(&builder);
}

GVariant *
nmm_status_variant_build(const NmmProfileStatus *status)
{
    GVariantDict dict;

    g_variant_dict_init(&dict, NULL);
    g_variant_dict_insert_value(&dict, PROPERTY_UUID, build_string(status->uuid));
    g_variant_dict_insert_value(&dict, PROPERTY_ID, build_string(status->id));
    g_variant_dict_insert(&dict, PROPERTY_STATE, "s", nmm_phase_to_string(status->phase));
    g_variant_dict_insert_value(&dict, PROPERTY_PROBLEMS, build_problems(status->problems));
    return g_variant_dict_end(&dict);
}

/* (transfer full) (nullable): NULL without a message. */
static NmmProblem *
parse_problem(GVariant *variant)
{
    g_autoptr(NmmProblem) problem = g_new0(NmmProblem, 1);
    const char *kind = NULL;

    g_variant_lookup(variant, MEMBER_KIND, "&s", &kind);
    problem->kind = nmm_problem_kind_from_string(kind);
    for (gsize i = 0; i < G_N_ELEMENTS(members); i++)
        g_variant_lookup(
            variant, members[i].name, "s", &G_STRUCT_MEMBER(char *, problem, members[i].offset));
    return problem->message ? g_steal_pointer(&problem) : NULL;
}

static void
parse_problems(GVariant *list, GPtrArray *problems)
{
    for (gsize i = 0; list && i < g_variant_n_children(list); i++) {
        g_autoptr(GVariant) child = g_variant_get_child_value(list, i);
        NmmProblem *problem = parse_problem(child);

        if (problem)
            g_ptr_array_add(problems, problem);
    }
}

NmmProfileStatus *
nmm_status_variant_parse(GVariant *properties)
{
    g_autoptr(GVariant) problems = NULL;
    g_autoptr(NmmProfileStatus) status = NULL;
    const char *uuid = NULL;
    const char *id = NULL;
    const char *state = NULL;

    g_variant_lookup(properties, PROPERTY_UUID, "&s", &uuid);
    g_variant_lookup(properties, PROPERTY_ID, "&s", &id);
    g_variant_lookup(properties, PROPERTY_STATE, "&s", &state);
    if (!uuid || !id)
        return NULL;
    status = nmm_profile_status_new(uuid, id);
    if (!nmm_phase_from_string(state, &status->phase))
        return NULL;
    problems = g_variant_lookup_value(properties, PROPERTY_PROBLEMS, G_VARIANT_TYPE("aa{sv}"));
    parse_problems(problems, status->problems);
    return g_steal_pointer(&status);
}
