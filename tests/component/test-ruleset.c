/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading what libnftables prints: documents of another shape, and rules that no test on the real
 * kernel has. tests/mock/test_check.py has the others.
 */

#include "config.h"

#include "nmm-error.h"
#include "nmm-ruleset-reader.h"
#include "nmm-ruleset.h"

#define DOCUMENT(rules) "{\"nftables\": [" rules "]}"
#define CHAIN(name, more)                                                                          \
    "{\"chain\": {\"family\": \"ip\", \"table\": \"t\", \"name\": \"" name "\"" more "}}"
#define BASE CHAIN("in", ", \"type\": \"filter\", \"hook\": \"input\", \"policy\": \"drop\"")
#define RULE(chain, expressions)                                                                   \
    ", {\"rule\": {\"family\": \"ip\", \"table\": \"t\", \"chain\": \"" chain                      \
    "\", \"handle\": 7, \"expr\": [" expressions "]}}"
#define MATCH(key, right)                                                                          \
    "{\"match\": {\"op\": \"==\", \"left\": {\"meta\": {\"key\": \"" key "\"}}, \"right\": " right \
    "}}"
#define ACCEPT    "{\"accept\": null}"
#define JUMP(to)  "{\"jump\": {\"target\": \"" to "\"}}"
#define FROM_ETH0 MATCH("iifname", "\"eth0\"")

static const NmmRulePath parent = {.in = "eth0"};
static const NmmRulePath guest = {.in = "nmmveth0"};

static GPtrArray *
parse(const char *json)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *ruleset = nmm_ruleset_parse(json, "", &error);

    g_assert_no_error(error);
    return ruleset;
}

/* Other programs and later versions may print anything. */
static void
test_other_shapes(void)
{
    static const char *const documents[] = {
        "null",
        "[]",
        "{}",
        "{\"nftables\": {}}",
        "{\"nftables\": [null, 1, [], {\"rule\": 1}, {\"chain\": {\"name\": 1}}, {\"set\": []}]}",
        DOCUMENT(BASE ", {\"rule\": {\"family\": \"ip\", \"table\": \"t\", \"chain\": \"in\"}}"),
        DOCUMENT(BASE RULE("in", "null, 1, {}, {\"match\": 1}, {\"match\": {}}, {\"xt\": null}")),
        DOCUMENT(BASE RULE("in", "{\"vmap\": {\"key\": 1, \"data\": \"@map\"}}, {\"jump\": null}")),
        DOCUMENT(BASE RULE("in", MATCH("iifname", "{\"set\": 1}") ", " MATCH("iif", "null"))),
        DOCUMENT(
            BASE RULE("in", "{\"vmap\": {\"key\": {}, \"data\": {\"set\": [1, [], [1, 2]]}}}")),
    };

    for (gsize i = 0; i < G_N_ELEMENTS(documents); i++) {
        g_autoptr(GPtrArray) ruleset = parse(documents[i]);
        NmmRuleFinding finding;

        nmm_ruleset_find_drop(ruleset, "input", &guest, &finding);
        g_assert_false(nmm_ruleset_find_difference(ruleset, "input", &guest, &parent, &finding));
    }
}

static void
test_no_json(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(nmm_ruleset_parse("{", "", &error));
    g_assert_nonnull(error);
}

/* The kernel allows no circle, but another program may print one. */
static void
test_circle(void)
{
    g_autoptr(GPtrArray) ruleset =
        parse(DOCUMENT(BASE ", " CHAIN("a", "") RULE("in", JUMP("a")) RULE("a", JUMP("a"))));
    NmmRuleFinding finding;

    g_assert_true(nmm_ruleset_find_drop(ruleset, "input", &guest, &finding));
    g_assert_false(nmm_ruleset_find_difference(ruleset, "input", &guest, &parent, &finding));
}

/* A rule that may accept anything makes a drop uncertain; one of a reply does not. */
static void
test_certainty(void)
{
    g_autoptr(GPtrArray) subnet = parse(DOCUMENT(
        BASE RULE("in",
                  "{\"match\": {\"op\": \"==\", \"left\": {\"payload\": {\"protocol\": \"ip\", "
                  "\"field\": \"saddr\"}}, \"right\": \"10.0.0.7\"}}, " ACCEPT)
            RULE("in", FROM_ETH0 ", " ACCEPT)));
    g_autoptr(GPtrArray) queue =
        parse(DOCUMENT(BASE RULE("in", "{\"queue\": null}") RULE("in", FROM_ETH0 ", " ACCEPT)));
    g_autoptr(GPtrArray) reply = parse(DOCUMENT(
        BASE RULE("in",
                  "{\"match\": {\"op\": \"in\", \"left\": {\"ct\": {\"key\": \"state\"}}, "
                  "\"right\": [\"established\"]}}, " ACCEPT) RULE("in", FROM_ETH0 ", " ACCEPT)));
    NmmRuleFinding finding;

    g_assert_true(nmm_ruleset_find_difference(subnet, "input", &guest, &parent, &finding));
    g_assert_false(finding.is_certain);
    /* What a program decides, it decides for both. */
    g_assert_false(nmm_ruleset_find_difference(queue, "input", &guest, &parent, &finding));
    g_assert_true(nmm_ruleset_find_difference(reply, "input", &guest, &parent, &finding));
    g_assert_true(finding.is_certain);
}

static void
test_command(void)
{
    g_autoptr(GPtrArray) ruleset = parse(DOCUMENT(BASE ", " CHAIN("lan", "") RULE("lan", ACCEPT)
                                                      RULE("in", FROM_ETH0 ", " JUMP("lan"))));
    NmmRuleFinding finding;
    g_autofree char *command = NULL;

    g_assert_true(nmm_ruleset_find_difference(ruleset, "input", &guest, &parent, &finding));
    command = nmm_rule_finding_make_command(&finding, &guest);
    g_assert_cmpstr(command, ==, "add rule ip t in handle 7 iifname \"nmmveth0\" jump lan");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ruleset/other-shapes", test_other_shapes);
    g_test_add_func("/ruleset/no-json", test_no_json);
    g_test_add_func("/ruleset/circle", test_circle);
    g_test_add_func("/ruleset/certainty", test_certainty);
    g_test_add_func("/ruleset/command", test_command);
    return g_test_run();
}
