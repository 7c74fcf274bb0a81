/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-ruleset-reader.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>
#include <unistd.h>

#include "nmm-error.h"
#include "nmm-nft.h"
#include "nmm-ruleset.h"

typedef struct {
    GPtrArray *chains;
    GHashTable *sets;  /* "FAMILY TABLE NAME" → JsonArray */
    GHashTable *texts; /* "FAMILY TABLE HANDLE" → text of a rule */
    GHashTable *hooks; /* "FAMILY TABLE CHAIN" → text of the hook */
} Reader;

/* JSON: each returns NULL if it is of another kind */

static JsonObject *
get_object(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;

    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static JsonArray *
get_array(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;

    return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

static const char *
get_node_string(JsonNode *node)
{
    return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : NULL;
}

static const char *
get_string(JsonObject *object, const char *name)
{
    return get_node_string(object ? json_object_get_member(object, name) : NULL);
}

static guint64
get_number(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);

    return node && JSON_NODE_HOLDS_VALUE(node) ? (guint64)json_node_get_int(node) : 0;
}

/* The name of the only member. */
static const char *
get_kind(JsonObject *object)
{
    g_autoptr(GList) members = json_object_get_members(object);

    return members ? members->data : NULL;
}

/* Texts */

static char *
make_key(const char *family, const char *table, const char *last)
{
    return g_strjoin(" ", family, table, last, NULL);
}

/* "… # handle 7" */
static void
add_text(Reader *self, char **table, char *line)
{
    char *comment = g_strrstr(line, " # handle ");

    if (!comment || !table || g_strv_length(table) < 3)
        return;
    *comment = '\0';
    g_hash_table_insert(self->texts,
                        make_key(table[1], table[2], comment + strlen(" # handle ")),
                        g_strdup(g_strstrip(line)));
}

/* "chain NAME { # handle 7", then "type filter hook ingress devices = { eth0, eth1 } priority 0;
 * …": the JSON of nftables 1.0.6 has the devices only if there is one. */
static void
add_hook(Reader *self, char **table, const char *chain, const char *line)
{
    if (table && g_strv_length(table) >= 3 && chain && strstr(line, " hook "))
        g_hash_table_insert(
            self->hooks, make_key(table[1], table[2], chain), g_strdup(strstr(line, " hook ")));
}

static void
read_line(Reader *self, char ***table, char **chain, char *line)
{
    g_auto(GStrv) words = NULL;

    g_strchug(line);
    words = g_strsplit(line, " ", -1);
    if (g_strcmp0(words[0], "table") == 0) {
        g_strfreev(*table);
        *table = g_steal_pointer(&words);
    } else if (g_strcmp0(words[0], "chain") == 0) {
        g_free(*chain);
        *chain = g_strdup(words[1]);
    } else if (g_strcmp0(words[0], "type") == 0) {
        add_hook(self, *table, *chain, line);
    } else {
        add_text(self, *table, line);
    }
}

static void
read_texts(Reader *self, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_auto(GStrv) table = NULL;
    g_autofree char *chain = NULL;

    for (char **line = lines; *line; line++)
        read_line(self, &table, &chain, *line);
}

/* Interfaces */

static void
add_name(GPtrArray *names, JsonNode *node)
{
    const char *name = get_node_string(node);

    /* An element with a comment or a counter. */
    if (!name && JSON_NODE_HOLDS_OBJECT(node))
        name = get_string(get_object(json_node_get_object(node), "elem"), "val");
    if (name)
        g_ptr_array_add(names, g_strdup(name));
}

static void
add_names(GPtrArray *names, JsonArray *elements)
{
    for (guint i = 0; elements && i < json_array_get_length(elements); i++)
        add_name(names, json_array_get_element(elements, i));
}

static void
set_interfaces(Reader *self,
               const NmmRuleChain *chain,
               NmmRuleInterfaces *interfaces,
               JsonNode *right)
{
    const char *word = get_node_string(right);

    if (interfaces->names)
        g_ptr_array_unref(interfaces->names);
    interfaces->names = g_ptr_array_new_with_free_func(g_free);
    if (word && *word == '@') {
        g_autofree char *key = make_key(chain->family, chain->table, word + 1);

        interfaces->set = g_strdup(word + 1);
        add_names(interfaces->names, g_hash_table_lookup(self->sets, key));
    } else if (JSON_NODE_HOLDS_OBJECT(right)) {
        add_names(interfaces->names, get_array(json_node_get_object(right), "set"));
    } else {
        add_name(interfaces->names, right);
    }
}

/* (nullable): which side @left, the left side of a match or a map's key, is. */
static NmmRuleInterfaces *
find_side(NmmRule *rule, JsonObject *left)
{
    const char *key = get_string(get_object(left, "meta"), "key");

    if (g_strcmp0(key, "iifname") == 0 || g_strcmp0(key, "iif") == 0)
        return &rule->in;
    if (g_strcmp0(key, "oifname") == 0 || g_strcmp0(key, "oif") == 0)
        return &rule->out;
    return NULL;
}

/* Conditions */

/* (transfer full) (element-type utf8): the words of a value, a list or a set. */
static GPtrArray *
list_words(JsonNode *right)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);

    if (JSON_NODE_HOLDS_ARRAY(right))
        add_names(words, json_node_get_array(right));
    else if (JSON_NODE_HOLDS_OBJECT(right))
        add_names(words, get_array(json_node_get_object(right), "set"));
    else
        add_name(words, right);
    return words;
}

static gboolean
has_word(JsonNode *right, const char *word)
{
    g_autoptr(GPtrArray) words = list_words(right);

    return g_ptr_array_find_with_equal_func(words, word, g_str_equal, NULL);
}

/* Protocols of which a host needs all packets, and which are no traffic of a user. */
static gboolean
is_control_protocol(JsonNode *right)
{
    static const char *const bulk[] = {"tcp", "udp", "udplite", "sctp", "dccp"};

    for (gsize i = 0; i < G_N_ELEMENTS(bulk); i++) {
        if (has_word(right, bulk[i]))
            return FALSE;
    }
    return TRUE;
}

static NmmRuleCondition
judge_state(JsonNode *right)
{
    return has_word(right, "new") ? NMM_RULE_ALWAYS : NMM_RULE_REPLY;
}

static NmmRuleCondition
judge_payload(const char *field, JsonNode *right)
{
    static const char *const services[] = {"dport", "sport", "type", "code"};

    for (gsize i = 0; i < G_N_ELEMENTS(services); i++) {
        if (g_strcmp0(field, services[i]) == 0)
            return NMM_RULE_SERVICE;
    }
    if (g_strcmp0(field, "protocol") == 0 || g_strcmp0(field, "nexthdr") == 0)
        return is_control_protocol(right) ? NMM_RULE_SERVICE : NMM_RULE_SOME;
    return NMM_RULE_SOME;
}

static NmmRuleCondition
judge_meta(const char *key, JsonNode *right)
{
    if (g_strcmp0(key, "nfproto") == 0)
        return has_word(right, "ipv4") ? NMM_RULE_ALWAYS : NMM_RULE_SERVICE;
    if (g_strcmp0(key, "pkttype") == 0)
        return NMM_RULE_SERVICE;
    if (g_strcmp0(key, "l4proto") == 0)
        return is_control_protocol(right) ? NMM_RULE_SERVICE : NMM_RULE_SOME;
    return NMM_RULE_SOME;
}

static NmmRuleCondition
judge(JsonObject *left, JsonNode *right)
{
    if (g_strcmp0(get_string(get_object(left, "ct"), "key"), "state") == 0)
        return judge_state(right);
    if (json_object_has_member(left, "payload"))
        return judge_payload(get_string(get_object(left, "payload"), "field"), right);
    if (json_object_has_member(left, "meta"))
        return judge_meta(get_string(get_object(left, "meta"), "key"), right);
    return NMM_RULE_SOME;
}

static void
add_condition(NmmRule *rule, NmmRuleCondition condition)
{
    static const int weights[] = {
        [NMM_RULE_ALWAYS] = 0,
        [NMM_RULE_SOME] = 1,
        [NMM_RULE_SERVICE] = 2,
        [NMM_RULE_REPLY] = 3,
    };

    if (weights[condition] > weights[rule->condition])
        rule->condition = condition;
}

static void
read_match(Reader *self, const NmmRuleChain *chain, NmmRule *rule, JsonObject *match)
{
    JsonObject *left = get_object(match, "left");
    JsonNode *right = json_object_get_member(match, "right");
    gboolean negated = g_strcmp0(get_string(match, "op"), "!=") == 0;
    NmmRuleInterfaces *side = left ? find_side(rule, left) : NULL;

    if (side && right) {
        side->negated = negated;
        set_interfaces(self, chain, side, right);
    } else {
        add_condition(rule, left && right && !negated ? judge(left, right) : NMM_RULE_SOME);
    }
}

/* Extensions of iptables, of which only the name is known; nft's text may have more. */

static NmmRuleCondition
judge_extension(const char *name, const char *text)
{
    static const char *const services[] = {"tcp", "udp", "multiport", "icmp", "icmp6", "pkttype"};
    g_autoptr(GRegex) regex = NULL;
    g_autoptr(GMatchInfo) info = NULL;
    g_autofree char *states = NULL;

    if (g_strcmp0(name, "comment") == 0)
        return NMM_RULE_ALWAYS;
    for (gsize i = 0; i < G_N_ELEMENTS(services); i++) {
        if (g_strcmp0(name, services[i]) == 0)
            return NMM_RULE_SERVICE;
    }
    regex = g_regex_new("ct state (\\S+)", 0, 0, NULL);
    if (!text || !g_regex_match(regex, text, 0, &info))
        return NMM_RULE_SOME;
    states = g_match_info_fetch(info, 1);
    return strstr(states, "new") ? NMM_RULE_ALWAYS : NMM_RULE_REPLY;
}

static void
read_extension(NmmRule *rule, JsonObject *extension)
{
    const char *name = get_string(extension, "name");

    if (g_strcmp0(get_string(extension, "type"), "target") != 0)
        add_condition(rule, judge_extension(name, rule->text));
    else if (g_strcmp0(name, "REJECT") == 0)
        rule->action = NMM_RULE_DROP;
}

/* Verdicts */

static gboolean
read_verdict(NmmRule *rule, const char *kind, JsonObject *value)
{
    static const struct {
        const char *kind;
        NmmRuleAction action;
    } verdicts[] = {
        {"accept", NMM_RULE_ACCEPT},
        {"drop", NMM_RULE_DROP},
        {"reject", NMM_RULE_DROP},
        {"jump", NMM_RULE_JUMP},
        {"goto", NMM_RULE_GOTO},
        {"return", NMM_RULE_RETURN},
        {"queue", NMM_RULE_UNKNOWN},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(verdicts); i++) {
        if (g_strcmp0(kind, verdicts[i].kind) == 0) {
            rule->action = verdicts[i].action;
            g_free(rule->target);
            rule->target = g_strdup(get_string(value, "target"));
            return TRUE;
        }
    }
    return FALSE;
}

static void
copy_interfaces(NmmRuleInterfaces *to, const NmmRuleInterfaces *from)
{
    to->names = from->names ? g_ptr_array_ref(from->names) : NULL;
    to->negated = from->negated;
}

/* Each element of a verdict map is a separate rule, with the conditions before it. */
static void
read_element(Reader *self,
             NmmRuleChain *chain,
             const NmmRule *before,
             JsonObject *key,
             JsonArray *pair)
{
    NmmRule *rule = nmm_rule_chain_add_rule(chain, before->handle);
    JsonNode *verdict = json_array_get_element(pair, 1);
    NmmRuleInterfaces *side = find_side(rule, key);

    rule->is_map = TRUE;
    rule->condition = before->condition;
    copy_interfaces(&rule->in, &before->in);
    copy_interfaces(&rule->out, &before->out);
    if (side)
        set_interfaces(self, chain, side, json_array_get_element(pair, 0));
    else
        add_condition(rule, judge(key, json_array_get_element(pair, 0)));
    if (JSON_NODE_HOLDS_OBJECT(verdict)) {
        JsonObject *object = json_node_get_object(verdict);
        const char *kind = get_kind(object);

        read_verdict(rule, kind, get_object(object, kind));
    }
}

static void
read_map(Reader *self, NmmRuleChain *chain, NmmRule *rule, JsonObject *map)
{
    JsonObject *key = get_object(map, "key");
    JsonArray *elements = get_array(get_object(map, "data"), "set");

    /* One with a name can be changed at any time. */
    if (!key || !elements) {
        add_condition(rule, NMM_RULE_SOME);
        rule->action = NMM_RULE_UNKNOWN;
        return;
    }
    for (guint i = 0; i < json_array_get_length(elements); i++) {
        JsonNode *pair = json_array_get_element(elements, i);

        if (JSON_NODE_HOLDS_ARRAY(pair) && json_array_get_length(json_node_get_array(pair)) == 2)
            read_element(self, chain, rule, key, json_node_get_array(pair));
    }
}

/* Rules */

static void
read_expression(Reader *self, NmmRuleChain *chain, NmmRule *rule, JsonObject *expression)
{
    const char *kind = get_kind(expression);
    JsonObject *value = kind ? get_object(expression, kind) : NULL;

    if (!kind || read_verdict(rule, kind, value))
        return;
    if (g_str_equal(kind, "match") && value)
        read_match(self, chain, rule, value);
    else if (g_str_equal(kind, "xt") && value)
        read_extension(rule, value);
    else if (g_str_equal(kind, "vmap") && value)
        read_map(self, chain, rule, value);
    else if (g_str_equal(kind, "limit") || g_str_equal(kind, "xt"))
        add_condition(rule, NMM_RULE_SOME);
}

static void
read_rule(Reader *self, JsonObject *object)
{
    const char *family = get_string(object, "family");
    const char *table = get_string(object, "table");
    NmmRuleChain *chain =
        family && table
            ? nmm_ruleset_find_chain(self->chains, family, table, get_string(object, "chain"))
            : NULL;
    JsonArray *expressions = get_array(object, "expr");
    guint64 handle = get_number(object, "handle");
    g_autofree char *word = g_strdup_printf("%" G_GUINT64_FORMAT, handle);
    g_autofree char *key = NULL;
    NmmRule *rule;

    if (!chain || !expressions)
        return;
    key = make_key(family, table, word);
    rule = nmm_rule_chain_add_rule(chain, handle);
    rule->text = g_strdup(g_hash_table_lookup(self->texts, key));
    for (guint i = 0; i < json_array_get_length(expressions); i++) {
        JsonNode *expression = json_array_get_element(expressions, i);

        if (JSON_NODE_HOLDS_OBJECT(expression))
            read_expression(self, chain, rule, json_node_get_object(expression));
    }
}

/* (transfer full) (nullable) */
static GPtrArray *
list_devices(const char *hook)
{
    g_autoptr(GRegex) regex =
        g_regex_new("^ hook \\S+ devices? (= )?(\\{[^}]*\\}|\\S+)", 0, 0, NULL);
    g_autoptr(GMatchInfo) info = NULL;
    g_autofree char *found = NULL;
    g_auto(GStrv) names = NULL;
    GPtrArray *devices;

    if (!hook || !g_regex_match(regex, hook, 0, &info))
        return NULL;
    found = g_match_info_fetch(info, 2);
    names = g_strsplit_set(found, "{}\", ", -1);
    devices = g_ptr_array_new_with_free_func(g_free);
    for (char **name = names; *name; name++) {
        if (**name)
            g_ptr_array_add(devices, g_strdup(*name));
    }
    return devices;
}

static void
read_chain(Reader *self, JsonObject *object)
{
    const char *family = get_string(object, "family");
    const char *table = get_string(object, "table");
    const char *name = get_string(object, "name");
    g_autofree char *key = NULL;
    NmmRuleChain *chain;

    if (!family || !table || !name)
        return;
    chain = nmm_rule_chain_new(family, table, name);
    key = make_key(family, table, name);
    chain->devices = list_devices(g_hash_table_lookup(self->hooks, key));
    /* NAT and routing decide nothing here. */
    if (g_strcmp0(get_string(object, "type"), "filter") == 0)
        chain->hook = g_strdup(get_string(object, "hook"));
    chain->drops = g_strcmp0(get_string(object, "policy"), "drop") == 0;
    g_ptr_array_add(self->chains, chain);
}

static void
read_set(Reader *self, JsonObject *object)
{
    JsonArray *elements = get_array(object, "elem");

    if (elements)
        g_hash_table_insert(self->sets,
                            make_key(get_string(object, "family"),
                                     get_string(object, "table"),
                                     get_string(object, "name")),
                            elements);
}

static void
read_entries(Reader *self,
             JsonArray *entries,
             const char *kind,
             void (*read)(Reader *, JsonObject *))
{
    for (guint i = 0; entries && i < json_array_get_length(entries); i++) {
        JsonNode *entry = json_array_get_element(entries, i);
        JsonObject *object =
            JSON_NODE_HOLDS_OBJECT(entry) ? get_object(json_node_get_object(entry), kind) : NULL;

        if (object)
            read(self, object);
    }
}

GPtrArray *
nmm_ruleset_parse(const char *json, const char *text, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GHashTable) sets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autoptr(GHashTable) hooks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    Reader self = {.sets = sets, .texts = texts, .hooks = hooks};
    JsonNode *root;
    JsonArray *entries;

    if (!json_parser_load_from_data(parser, json, -1, error))
        return NULL;
    root = json_parser_get_root(parser);
    entries = root && JSON_NODE_HOLDS_OBJECT(root)
                  ? get_array(json_node_get_object(root), "nftables")
                  : NULL;
    self.chains = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_rule_chain_free);
    read_texts(&self, text);
    read_entries(&self, entries, "set", read_set);
    read_entries(&self, entries, "chain", read_chain);
    read_entries(&self, entries, "rule", read_rule);
    return self.chains;
}

GPtrArray *
nmm_ruleset_read(GError **error)
{
    g_autofree char *json = NULL;
    g_autofree char *text = NULL;

    if (geteuid() != 0) {
        nmm_fail(error, NMM_ERROR_DENIED, "%s", _("only root can read the rules of the firewall"));
        return NULL;
    }
    json = nmm_nft_run("list ruleset", TRUE, error);
    text = json ? nmm_nft_run("list ruleset", FALSE, error) : NULL;
    return text ? nmm_ruleset_parse(json, text, error) : NULL;
}
