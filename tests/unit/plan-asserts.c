/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "plan-asserts.h"

#include <string.h>

#include "nmm-error.h"

NmmPlan *
plan_isolated_for(PlanHost *host, const NmmProfile *profile, NmmPurpose purpose)
{
    g_autoptr(GError) error = NULL;
    NmmPlan *plan = nmm_plan_isolated(profile, purpose, &host->observed, &error);

    g_assert_no_error(error);
    return plan;
}

void
assert_plan_edits(const NmmPlan *plan, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < plan->edits->len; i++) {
        const NmmEdit *edit = g_ptr_array_index(plan->edits, i);

        g_string_append_printf(
            text, "%s%s", i > 0 ? ", " : "", nmm_edit_kind_to_string(edit->kind));
        if (edit->guest_name)
            g_string_append_printf(
                text, " %s %s", nmm_scope_to_string(edit->scope), edit->guest_name);
    }
    g_assert_cmpstr(text->str, ==, expected);
}

const NmmEdit *
plan_edit_at(const NmmPlan *plan, guint i)
{
    g_assert_cmpuint(i, <, plan->edits->len);
    return g_ptr_array_index(plan->edits, i);
}

void
assert_plan_status(const NmmPlan *plan, guint i, const char *expected)
{
    const NmmGuestReport *report = g_ptr_array_index(plan->reports, i);

    g_assert_cmpstr(nmm_guest_status_to_string(report->status), ==, expected);
}

void
assert_text_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        g_error("'%s' is not in '%s'", part, text);
}

void
assert_plan_note(const NmmPlan *plan, const char *part)
{
    g_assert_cmpuint(plan->notes->len, ==, part ? 1 : 0);
    if (part)
        assert_text_contains(g_ptr_array_index(plan->notes, 0), part);
}

void
assert_cidr(const NmmCidr *cidr, const char *expected)
{
    g_autofree char *text = nmm_cidr_to_string(cidr);

    g_assert_cmpstr(text, ==, expected);
}

void
assert_plan_conflict(PlanHost *host, const NmmProfile *profile, const char *const *parts)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(NmmPlan) plan = nmm_plan_isolated(profile, NMM_PURPOSE_UP, &host->observed, &error);

    g_assert_null(plan);
    g_assert_error(error, NMM_ERROR, NMM_ERROR_CONFLICT);
    for (; *parts; parts++)
        assert_text_contains(error->message, *parts);
}

char *
plan_expand_nics(const char *nics)
{
    GString *text;
    static const struct {
        const char *mark;
        NmmNicSpec spec;
    } marks[] = {
        {"O", {.model = "virtio"}},
        {"W", {.model = "virtio", .mac = "52:54:00:99:99:99"}},
        {"D", {.model = "virtio", .link_down = TRUE}},
        {"I", {.model = "virtio", .isolated = TRUE}},
        {"E", {.model = "e1000e"}},
        {"S", {.model = "virtio", .network = "default"}},
    };

    if (!nics)
        return NULL;
    text = g_string_new(nics);
    for (guint i = 0; i < G_N_ELEMENTS(marks); i++) {
        g_autofree char *nic = plan_host_our_nic(1, &marks[i].spec);

        g_string_replace(text, marks[i].mark, nic, 1);
    }
    return g_string_free(text, FALSE);
}
