/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-problem.h"

#include <glib/gi18n-lib.h>

#include "nmm-text.h"

typedef struct {
    const char *word;
    gboolean is_fault;
    gboolean is_measured;
    gboolean is_minor;
} Kind;

static const Kind kinds[] = {
    [NMM_PROBLEM_OTHER] = {"other", FALSE},
    [NMM_PROBLEM_REFUSED_ADDRESS] = {"refused-address", TRUE},
    [NMM_PROBLEM_GUEST_FAILED] = {"guest-failed", TRUE},
    [NMM_PROBLEM_GUEST_BUSY] = {"guest-busy", TRUE},
    [NMM_PROBLEM_NEEDS_RESTART] = {"needs-restart", TRUE, TRUE},
    [NMM_PROBLEM_MACVTAP_MODE] = {"macvtap-mode", TRUE, TRUE},
    [NMM_PROBLEM_MACVTAP_GONE] = {"macvtap-gone", TRUE, TRUE},
    [NMM_PROBLEM_NO_GUEST] = {"no-guest", FALSE, TRUE},
    [NMM_PROBLEM_ZONE] = {"zone", TRUE},
    [NMM_PROBLEM_PARENT] = {"parent", TRUE},
    [NMM_PROBLEM_OWN_MAC] = {"own-mac", FALSE},
    [NMM_PROBLEM_MULTICAST] = {"multicast", FALSE},
    [NMM_PROBLEM_NAME] = {"name", .is_minor = TRUE},
    [NMM_PROBLEM_LIBVIRT] = {"libvirt", TRUE},
    [NMM_PROBLEM_PROFILE_CHANGED] = {"profile-changed", .is_minor = TRUE},
};
G_STATIC_ASSERT(G_N_ELEMENTS(kinds) == _NMM_PROBLEM_KIND_NUM);

NmmProblem *
nmm_problem_new(NmmProblemKind kind, const char *guest, const char *format, ...)
{
    NmmProblem *problem = g_new0(NmmProblem, 1);
    g_autofree char *message = NULL;
    va_list args;

    va_start(args, format);
    message = g_strdup_vprintf(format, args);
    va_end(args);
    problem->kind = kind;
    problem->guest = g_strdup(guest);
    problem->message = nmm_text_to_message(message, NMM_TEXT_LOG_MAX);
    return problem;
}

NmmProblem *
nmm_problem_copy(const NmmProblem *problem)
{
    NmmProblem *copy = g_new(NmmProblem, 1);

    *copy = (NmmProblem){
        .kind = problem->kind,
        .guest = g_strdup(problem->guest),
        .address = g_strdup(problem->address),
        .reason = g_strdup(problem->reason),
        .key = g_strdup(problem->key),
        .message = g_strdup(problem->message),
        .remedy = g_strdup(problem->remedy),
    };
    return copy;
}

void
nmm_problem_free(NmmProblem *problem)
{
    g_free(problem->guest);
    g_free(problem->address);
    g_free(problem->reason);
    g_free(problem->key);
    g_free(problem->message);
    g_free(problem->remedy);
    g_free(problem);
}

const char *
nmm_problem_kind_to_string(NmmProblemKind kind)
{
    g_return_val_if_fail((gsize)kind < G_N_ELEMENTS(kinds), NULL);
    return kinds[kind].word;
}

NmmProblemKind
nmm_problem_kind_from_string(const char *word)
{
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_strcmp0(word, kinds[i].word) == 0)
            return (NmmProblemKind)i;
    }
    return NMM_PROBLEM_OTHER;
}

gboolean
nmm_problem_is_fault(const NmmProblem *problem)
{
    return kinds[problem->kind].is_fault;
}

gboolean
nmm_problem_is_measured(const NmmProblem *problem)
{
    return kinds[problem->kind].is_measured;
}

gboolean
nmm_problem_is_minor(const NmmProblem *problem)
{
    return kinds[problem->kind].is_minor;
}

GPtrArray *
nmm_problems_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)nmm_problem_free);
}

static int
compare(gconstpointer a, gconstpointer b)
{
    const NmmProblem *left = *(NmmProblem *const *)a;
    const NmmProblem *right = *(NmmProblem *const *)b;
    int order = g_strcmp0(left->guest, right->guest);

    if (order == 0)
        order = (int)left->kind - (int)right->kind;
    return order != 0 ? order : g_strcmp0(left->message, right->message);
}

void
nmm_problems_sort(GPtrArray *problems)
{
    g_ptr_array_sort(problems, compare);
}

char *
nmm_problems_describe(const GPtrArray *problems, guint max)
{
    g_autoptr(GString) text = g_string_new(NULL);
    guint n = 0;

    for (guint i = 0; problems && i < problems->len; i++) {
        const NmmProblem *problem = g_ptr_array_index(problems, i);

        if (nmm_problem_is_minor(problem) || n++ >= max)
            continue;
        g_string_append_printf(text, "%s%s", n > 1 ? "\n" : "", problem->message);
    }
    if (n == 0)
        return NULL;
    if (n > max)
        g_string_append_printf(
            text, _("\nfurther problems: %u; 'nm-macvtap status' lists them"), n - max);
    return g_string_free(g_steal_pointer(&text), FALSE);
}
