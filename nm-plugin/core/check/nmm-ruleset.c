/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-ruleset.h"

#include <string.h>

/* The kernel allows 16 jumps. */
#define MAX_DEPTH 16

/* firewalld has zones, which another step checks. */
#define FIREWALLD_TABLE "firewalld"

#define BRIDGE_FAMILY "bridge"

/* Values */

static void
interfaces_clear(NmmRuleInterfaces *interfaces)
{
    g_clear_pointer(&interfaces->names, g_ptr_array_unref);
    g_clear_pointer(&interfaces->set, g_free);
}

static void
rule_free(gpointer data)
{
    NmmRule *rule = data;

    interfaces_clear(&rule->in);
    interfaces_clear(&rule->out);
    g_free(rule->target);
    g_free(rule->text);
    g_free(rule);
}

NmmRuleChain *
nmm_rule_chain_new(const char *family, const char *table, const char *name)
{
    NmmRuleChain *chain = g_new0(NmmRuleChain, 1);

    chain->family = g_strdup(family);
    chain->table = g_strdup(table);
    chain->name = g_strdup(name);
    chain->rules = g_ptr_array_new_with_free_func(rule_free);
    return chain;
}

void
nmm_rule_chain_free(NmmRuleChain *chain)
{
    g_free(chain->family);
    g_free(chain->table);
    g_free(chain->name);
    g_free(chain->hook);
    g_clear_pointer(&chain->devices, g_ptr_array_unref);
    g_ptr_array_unref(chain->rules);
    g_free(chain);
}

NmmRule *
nmm_rule_chain_add_rule(NmmRuleChain *chain, guint64 handle)
{
    NmmRule *rule = g_new0(NmmRule, 1);

    rule->handle = handle;
    g_ptr_array_add(chain->rules, rule);
    return rule;
}

NmmRuleChain *
nmm_ruleset_find_chain(const GPtrArray *ruleset,
                       const char *family,
                       const char *table,
                       const char *name)
{
    for (guint i = 0; name && i < ruleset->len; i++) {
        NmmRuleChain *chain = g_ptr_array_index(ruleset, i);

        if (g_str_equal(chain->family, family) && g_str_equal(chain->table, table) &&
            g_str_equal(chain->name, name))
            return chain;
    }
    return NULL;
}

/* Matching */

static gboolean
matches_name(const char *pattern, const char *name)
{
    gsize length = strlen(pattern);

    if (g_str_has_suffix(pattern, "*"))
        return strncmp(pattern, name, length - 1) == 0;
    return g_str_equal(pattern, name);
}

static gboolean
matches_interface(const NmmRuleInterfaces *interfaces, const char *name)
{
    gboolean found = FALSE;

    if (!interfaces->names)
        return TRUE;
    for (guint i = 0; name && i < interfaces->names->len && !found; i++)
        found = matches_name(g_ptr_array_index(interfaces->names, i), name);
    return found != interfaces->negated;
}

static gboolean
matches(const NmmRule *rule, const NmmRulePath *path)
{
    return matches_interface(&rule->in, path->in) && matches_interface(&rule->out, path->out);
}

/* Walking */

typedef enum {
    PASSED, /* to the end of the chain */
    ACCEPTED,
    DROPPED,
} Outcome;

typedef struct {
    const GPtrArray *ruleset;
    const NmmRulePath *path;
    gboolean is_certain;
} Walk;

static const NmmRuleChain *
get_target(const GPtrArray *ruleset, const NmmRuleChain *chain, const NmmRule *rule)
{
    return nmm_ruleset_find_chain(ruleset, chain->family, chain->table, rule->target);
}

/* New connections, whatever the conditions are. */
static gboolean
can_accept(const GPtrArray *ruleset,
           const NmmRuleChain *chain,
           const NmmRulePath *path,
           guint depth)
{
    for (guint i = 0; chain && depth < MAX_DEPTH && i < chain->rules->len; i++) {
        const NmmRule *rule = g_ptr_array_index(chain->rules, i);

        if (!matches(rule, path) || rule->condition == NMM_RULE_REPLY)
            continue;
        if (rule->action == NMM_RULE_ACCEPT || rule->action == NMM_RULE_UNKNOWN)
            return TRUE;
        if ((rule->action == NMM_RULE_JUMP || rule->action == NMM_RULE_GOTO) &&
            can_accept(ruleset, get_target(ruleset, chain, rule), path, depth + 1))
            return TRUE;
    }
    return FALSE;
}

static gboolean
can_rule_accept(const GPtrArray *ruleset,
                const NmmRuleChain *chain,
                const NmmRule *rule,
                const NmmRulePath *path)
{
    switch (rule->action) {
    case NMM_RULE_ACCEPT:
    case NMM_RULE_UNKNOWN:
        return rule->condition != NMM_RULE_REPLY;
    case NMM_RULE_JUMP:
    case NMM_RULE_GOTO:
        return rule->condition != NMM_RULE_REPLY &&
               can_accept(ruleset, get_target(ruleset, chain, rule), path, 0);
    default:
        return FALSE;
    }
}

/* It lets packets through, or past the rest of the chain. */
static gboolean
can_rule_pass(const GPtrArray *ruleset,
              const NmmRuleChain *chain,
              const NmmRule *rule,
              const NmmRulePath *path)
{
    return rule->action == NMM_RULE_RETURN || can_rule_accept(ruleset, chain, rule, path);
}

static Outcome walk(Walk *self, const NmmRuleChain *chain, guint depth);

/* @out_ends: whether the walk of the chain ends with this rule. */
static Outcome
apply(Walk *self, const NmmRuleChain *chain, const NmmRule *rule, guint depth, gboolean *out_ends)
{
    Outcome outcome = PASSED;

    switch (rule->action) {
    case NMM_RULE_ACCEPT:
        outcome = ACCEPTED;
        break;
    case NMM_RULE_DROP:
        outcome = DROPPED;
        break;
    case NMM_RULE_JUMP:
    case NMM_RULE_GOTO:
        outcome = walk(self, get_target(self->ruleset, chain, rule), depth + 1);
        break;
    case NMM_RULE_UNKNOWN:
        self->is_certain = FALSE;
        break;
    default:
        break;
    }
    *out_ends =
        outcome != PASSED || rule->action == NMM_RULE_GOTO || rule->action == NMM_RULE_RETURN;
    return outcome;
}

/* @chain: (nullable) */
static Outcome
walk(Walk *self, const NmmRuleChain *chain, guint depth)
{
    for (guint i = 0; chain && depth < MAX_DEPTH && i < chain->rules->len; i++) {
        const NmmRule *rule = g_ptr_array_index(chain->rules, i);
        gboolean ends = FALSE;
        Outcome outcome = PASSED;

        if (!matches(rule, self->path))
            continue;
        if (rule->condition == NMM_RULE_ALWAYS)
            outcome = apply(self, chain, rule, depth, &ends);
        else if (rule->condition == NMM_RULE_SOME &&
                 can_rule_pass(self->ruleset, chain, rule, self->path))
            self->is_certain = FALSE;
        if (ends)
            return outcome;
    }
    return PASSED;
}

/* Whether the packets of @path pass the chains of @family. */
static gboolean
has_family(const NmmRulePath *path, const char *family)
{
    return g_str_equal(family, "ip") || g_str_equal(family, "inet") ||
           g_str_equal(family, "netdev") || (path->inet6 && g_str_equal(family, "ip6")) ||
           (path->arp && g_str_equal(family, "arp")) ||
           (path->port && g_str_equal(family, BRIDGE_FAMILY));
}

static gboolean
has_device(const NmmRuleChain *chain, const char *device)
{
    return device && g_ptr_array_find_with_equal_func(chain->devices, device, g_str_equal, NULL);
}

static gboolean
sees(const NmmRuleChain *chain, const NmmRulePath *path)
{
    return !chain->devices || has_device(chain, path->in) || has_device(chain, path->out) ||
           has_device(chain, path->port);
}

/* The path with the interfaces that the rules of @chain match: the port for chains of a bridge or
 * of that port. */
static NmmRulePath
get_own_path(const NmmRuleChain *chain, const NmmRulePath *path)
{
    NmmRulePath own = *path;
    gboolean is_port = g_str_equal(chain->family, BRIDGE_FAMILY) ||
                       (chain->devices && has_device(chain, path->port));

    if (is_port && own.in)
        own.in = path->port;
    if (is_port && own.out)
        own.out = path->port;
    return own;
}

static gboolean
is_on_hook(const NmmRuleChain *chain, const char *hook, const NmmRulePath *path)
{
    return g_strcmp0(chain->hook, hook) == 0 && !g_str_equal(chain->table, FIREWALLD_TABLE) &&
           has_family(path, chain->family) && sees(chain, path);
}

static gboolean
is_dropped(const GPtrArray *ruleset,
           const NmmRuleChain *chain,
           const NmmRulePath *path,
           NmmRuleFinding *out)
{
    const NmmRulePath own = get_own_path(chain, path);
    Walk self = {ruleset, &own, TRUE};
    Outcome outcome = walk(&self, chain, 0);

    *out = (NmmRuleFinding){.chain = chain, .is_certain = self.is_certain};
    return outcome == DROPPED || (outcome == PASSED && chain->drops);
}

gboolean
nmm_ruleset_find_drop(const GPtrArray *ruleset,
                      const char *hook,
                      const NmmRulePath *path,
                      NmmRuleFinding *out)
{
    for (guint i = 0; i < ruleset->len; i++) {
        const NmmRuleChain *chain = g_ptr_array_index(ruleset, i);
        NmmRuleFinding finding;

        if (is_on_hook(chain, hook, path) && is_dropped(ruleset, chain, path, &finding) &&
            finding.is_certain) {
            *out = finding;
            return TRUE;
        }
    }
    return FALSE;
}

/* Texts */

/* (transfer full): @text without its match of an interface. */
static char *
strip_interfaces(const char *text)
{
    g_autoptr(GRegex) regex = g_regex_new(
        "\\b[io]if(name)? (!= )?(\"[^\"]*\"|\\{[^}]*\\}|@\\S+|\\S+) ?", G_REGEX_OPTIMIZE, 0, NULL);

    return g_regex_replace_literal(regex, text, -1, 0, "", 0, NULL);
}

/* They do the same to the packets of their interfaces. */
static gboolean
is_same(const NmmRule *a, const NmmRule *b)
{
    g_autofree char *text_a = a->text ? strip_interfaces(a->text) : NULL;
    g_autofree char *text_b = b->text ? strip_interfaces(b->text) : NULL;

    return a->action == b->action && a->condition == b->condition &&
           g_strcmp0(a->target, b->target) == 0 &&
           (a->condition == NMM_RULE_ALWAYS || g_strcmp0(text_a, text_b) == 0);
}

/* Differences */

typedef struct {
    const GPtrArray *ruleset;
    const NmmRulePath *path;
    const NmmRulePath *like;
} Comparison;

/* Another rule of @chain does to the packets of the path what @rule does to the others. */
static gboolean
has_counterpart(const Comparison *self, const NmmRuleChain *chain, const NmmRule *rule)
{
    for (guint i = 0; i < chain->rules->len; i++) {
        const NmmRule *other = g_ptr_array_index(chain->rules, i);

        if (matches(other, self->path) && is_same(rule, other))
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_different(const Comparison *self, const NmmRuleChain *chain, const NmmRule *rule)
{
    gboolean is_like = matches(rule, self->like);
    gboolean is_path = matches(rule, self->path);

    if (is_like && !is_path)
        return can_rule_accept(self->ruleset, chain, rule, self->like) &&
               !has_counterpart(self, chain, rule);
    return is_path && !is_like && rule->action == NMM_RULE_DROP &&
           rule->condition == NMM_RULE_ALWAYS;
}

/* Both end here, in the same way. */
static gboolean
is_end(const Comparison *self, const NmmRule *rule)
{
    return rule->condition == NMM_RULE_ALWAYS && rule->action != NMM_RULE_NOTHING &&
           rule->action != NMM_RULE_JUMP && matches(rule, self->like) && matches(rule, self->path);
}

static gboolean
find_difference(const Comparison *self, const NmmRuleChain *chain, NmmRuleFinding *out, guint depth)
{
    for (guint i = 0; chain && depth < MAX_DEPTH && i < chain->rules->len; i++) {
        const NmmRule *rule = g_ptr_array_index(chain->rules, i);

        if (is_different(self, chain, rule)) {
            out->rule = rule;
            out->rule_chain = chain;
            return TRUE;
        }
        if (rule->target && matches(rule, self->like) && matches(rule, self->path) &&
            find_difference(self, get_target(self->ruleset, chain, rule), out, depth + 1))
            return TRUE;
        if (is_end(self, rule))
            return FALSE;
    }
    return FALSE;
}

gboolean
nmm_ruleset_find_difference(const GPtrArray *ruleset,
                            const char *hook,
                            const NmmRulePath *path,
                            const NmmRulePath *like,
                            NmmRuleFinding *out)
{
    const Comparison self = {ruleset, path, like};

    for (guint i = 0; i < ruleset->len; i++) {
        const NmmRuleChain *chain = g_ptr_array_index(ruleset, i);
        NmmRuleFinding finding;

        if (is_on_hook(chain, hook, path) && is_dropped(ruleset, chain, path, &finding) &&
            (sees(chain, like) ? find_difference(&self, chain, &finding, 0) : finding.is_certain)) {
            *out = finding;
            return TRUE;
        }
    }
    return FALSE;
}

/* Commands */

static void
append_path(GString *text, const NmmRulePath *path)
{
    if (path->in)
        g_string_append_printf(text, "iifname \"%s\" ", path->in);
    if (path->out)
        g_string_append_printf(text, "oifname \"%s\" ", path->out);
}

static const char *
get_action_word(NmmRuleAction action)
{
    switch (action) {
    case NMM_RULE_JUMP:
        return "jump ";
    case NMM_RULE_GOTO:
        return "goto ";
    default:
        return "accept";
    }
}

static void
append_statement(GString *text, const NmmRule *rule)
{
    g_autofree char *rest = NULL;

    if (rule->condition != NMM_RULE_ALWAYS && rule->text && !rule->is_map) {
        rest = strip_interfaces(rule->text);
        g_string_append(text, rest);
    } else {
        g_string_append(text, get_action_word(rule->action));
        g_string_append(text, rule->target ? rule->target : "");
    }
}

/* Behind the rule, whose place is right. An element of a map cannot be added to a map without a
 * name, and what a negated rule drops must be accepted before it. */
static char *
make_rule_command(const NmmRuleFinding *finding, const NmmRulePath *path)
{
    const NmmRuleChain *chain = finding->rule_chain;
    const NmmRule *rule = finding->rule;
    gboolean before = rule->is_map || rule->action == NMM_RULE_DROP;
    GString *text = g_string_new(before ? "insert rule" : "add rule");

    g_string_append_printf(text,
                           " %s %s %s handle %" G_GUINT64_FORMAT " ",
                           chain->family,
                           chain->table,
                           chain->name,
                           rule->handle);
    append_path(text, path);
    append_statement(text, rule);
    return g_string_free(text, FALSE);
}

static char *
make_element_command(const NmmRuleFinding *finding, const NmmRulePath *path)
{
    const NmmRule *rule = finding->rule;

    return g_strdup_printf("add element %s %s %s { \"%s\" }",
                           finding->rule_chain->family,
                           finding->rule_chain->table,
                           rule->in.set ? rule->in.set : rule->out.set,
                           path->in ? path->in : path->out);
}

static void
append_accept(GString *text, const NmmRuleChain *chain, const NmmRulePath *path)
{
    g_string_append_printf(text,
                           "%sinsert rule %s %s %s ",
                           text->len > 0 ? "; " : "",
                           chain->family,
                           chain->table,
                           chain->name);
    append_path(text, path);
    g_string_append(text, "accept");
}

/* Between two ports: from the port to any other, and back. */
static char *
make_chain_command(const NmmRuleFinding *finding, const NmmRulePath *path)
{
    GString *text = g_string_new(NULL);

    if (path->port && path->in == path->port && path->out == path->port) {
        append_accept(text, finding->chain, &(NmmRulePath){.in = path->in});
        append_accept(text, finding->chain, &(NmmRulePath){.out = path->out});
    } else {
        append_accept(text, finding->chain, path);
    }
    return g_string_free(text, FALSE);
}

char *
nmm_rule_finding_make_command(const NmmRuleFinding *finding, const NmmRulePath *path)
{
    const NmmRule *rule = finding->rule;
    const NmmRulePath own = get_own_path(finding->chain, path);

    if (!rule)
        return make_chain_command(finding, &own);
    if ((rule->in.set || rule->out.set) && rule->action != NMM_RULE_DROP)
        return make_element_command(finding, &own);
    return make_rule_command(finding, &own);
}
