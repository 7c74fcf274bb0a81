/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of the tool, tables, and nm-macvtap refresh.
 */

#include "config.h"

#include "nmm-table.h"
#include "nmm-text.h"
#include "nmm-tool.h"
#include "tool-fixture.h"

static void
test_text(void)
{
    g_autofree char *escape = nmm_text_clean("a\033[2Jb\nc");
    g_autofree char *invalid = nmm_text_clean("a\xff");

    g_assert_cmpstr(escape, ==, "a\357\277\275[2Jb\357\277\275c");
    g_assert_true(g_utf8_validate(invalid, -1, NULL));
    g_assert_cmpuint(nmm_text_width("web1"), ==, 4);
    g_assert_cmpuint(nmm_text_width("büro"), ==, 4);
    g_assert_cmpuint(nmm_text_width("bu\xcc\x88ro"), ==, 4);
    g_assert_cmpuint(nmm_text_width("客人"), ==, 4);
}

static void
test_table(void)
{
    const char *titles[] = {"A", "LONG", "C", NULL};
    const char *first[] = {"客人", "x", NULL};
    const char *second[] = {"web", "", "end"};
    g_autoptr(NmmTable) table = nmm_table_new(titles);
    g_autofree char *text = NULL;

    nmm_table_add(table, first);
    nmm_table_add(table, second);
    text = nmm_table_to_string(table);
    g_assert_cmpstr(text,
                    ==,
                    "A     LONG  C\n"
                    "客人  x     -\n"
                    "web   -     end\n");
}

static void
test_refresh_output(void)
{
    g_autoptr(NmmReport) none = nmm_refresh_report("");
    g_autoptr(NmmReport) two = nmm_refresh_report("activate 'a \"b\"' on lo\nsuggest 'c'\n");
    g_autoptr(JsonNode) root = parse_again(two);

    assert_text(none, "");
    assert_text(two, "activate 'a \"b\"' on lo\nsuggest 'c'\n");
    assert_path(root, "$.actions", "[[\"activate 'a \\\"b\\\"' on lo\",\"suggest 'c'\"]]");
}

static int
run_tool(const char *arguments)
{
    g_autofree char *line = g_strconcat("nm-macvtap ", arguments, NULL);
    g_auto(GStrv) argv = NULL;
    int argc;
    g_autofree char **copy = NULL;

    g_assert_true(g_shell_parse_argv(line, &argc, &argv, NULL));
    /* Option parsing removes words from the array. */
    copy = g_memdup2(argv, sizeof(char *) * ((gsize)argc + 1));
    return nmm_tool_main(argc, copy);
}

static void
test_usage(void)
{
    g_assert_cmpint(run_tool(""), ==, NMM_EXIT_USAGE);
    g_assert_cmpint(run_tool("--no-such-option status"), ==, NMM_EXIT_USAGE);
    g_assert_cmpint(run_tool("no-such-command"), ==, NMM_EXIT_USAGE);
    g_assert_cmpint(run_tool("status web1"), ==, NMM_EXIT_USAGE);
    g_assert_cmpint(run_tool("check"), ==, NMM_EXIT_USAGE);
    g_assert_cmpint(run_tool("check web1 web2"), ==, NMM_EXIT_USAGE);
    g_assert_cmpint(run_tool("plan --yes guests"), ==, NMM_EXIT_USAGE);
    g_assert_cmpint(run_tool("cleanup --yes everything"), ==, NMM_EXIT_USAGE);
    g_assert_cmpint(run_tool("check --"), ==, NMM_EXIT_USAGE);
    g_assert_cmpint(run_tool("check -- -web1 -web2"), ==, NMM_EXIT_USAGE);
    /* A name like an option. The guest does not exist, or libvirt does not answer. */
    g_assert_cmpint(run_tool("check -- -no-such-guest"), !=, NMM_EXIT_USAGE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/tool/text", test_text);
    g_test_add_func("/tool/table", test_table);
    g_test_add_func("/tool/refresh/output", test_refresh_output);
    g_test_add_func("/tool/usage", test_usage);
    return g_test_run();
}
