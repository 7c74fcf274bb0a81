/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of the host's packet filter, and what they do to a packet if only its interfaces are
 * known. Other conditions are not evaluated, only classified into four kinds.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    NMM_RULE_ALWAYS,
    NMM_RULE_REPLY,   /* replies of connections that exist already */
    NMM_RULE_SERVICE, /* one service: a port, ICMP */
    NMM_RULE_SOME,    /* anything else, such as the packets of a subnet */
} NmmRuleCondition;

typedef enum {
    NMM_RULE_NOTHING, /* counts, logs, … */
    NMM_RULE_ACCEPT,
    NMM_RULE_DROP, /* or reject */
    NMM_RULE_JUMP,
    NMM_RULE_GOTO,
    NMM_RULE_RETURN,
    NMM_RULE_UNKNOWN,
} NmmRuleAction;

/* On one side of the packet. */
typedef struct {
    GPtrArray *names; /* (nullable) (element-type utf8): "eth0", "eth*"; NULL: any interface */
    gboolean negated;
    char *set; /* (nullable): the named set that @names are from */
} NmmRuleInterfaces;

typedef struct {
    guint64 handle;
    NmmRuleInterfaces in;
    NmmRuleInterfaces out;
    NmmRuleCondition condition;
    NmmRuleAction action;
    char *target;    /* (nullable): chain of a jump */
    char *text;      /* (nullable): as nft writes it */
    gboolean is_map; /* an element of a verdict map */
} NmmRule;

typedef struct {
    char *family;
    char *table;
    char *name;
    char *hook;         /* (nullable): of a base chain */
    GPtrArray *devices; /* (nullable) (element-type utf8): the chain applies only to these */
    gboolean drops;     /* its policy */
    GPtrArray *rules;   /* (element-type NmmRule) */
} NmmRuleChain;

NmmRuleChain *nmm_rule_chain_new(const char *family, const char *table, const char *name);
void nmm_rule_chain_free(NmmRuleChain *chain);
/* (transfer none) */
NmmRule *nmm_rule_chain_add_rule(NmmRuleChain *chain, guint64 handle);
/* (nullable) (transfer none). @ruleset: (element-type NmmRuleChain) */
NmmRuleChain *nmm_ruleset_find_chain(const GPtrArray *ruleset,
                                     const char *family,
                                     const char *table,
                                     const char *name);

/* The interfaces of a packet; NULL if there is none. */
typedef struct {
    const char *in;
    const char *out;
    const char *port; /* (nullable): of the bridge that is @in or @out, as its own rules see it */
    gboolean inet6;   /* evaluate IPv6, too */
    gboolean arp;     /* evaluate ARP, too: the kernel resolves addresses, not the service */
} NmmRulePath;

/* What a base chain does to the packets of a path. */
typedef struct {
    const NmmRuleChain *chain;
    const NmmRule *rule; /* (nullable): of @chain or another, see nmm_ruleset_find_difference() */
    const NmmRuleChain *rule_chain; /* (nullable): where @rule is */
    gboolean is_certain;            /* no rule that was not evaluated accepts packets */
} NmmRuleFinding;

/* The first base chain on @hook that certainly drops what is not a reply or of one service. */
gboolean nmm_ruleset_find_drop(const GPtrArray *ruleset,
                               const char *hook,
                               const NmmRulePath *path,
                               NmmRuleFinding *out);
/* Finds a base chain that drops the packets of @path, and its first rule that lets packets of @like
 * through, or that is negated and drops those of @path; no rule if the chain does not see @like. */
gboolean nmm_ruleset_find_difference(const GPtrArray *ruleset,
                                     const char *hook,
                                     const NmmRulePath *path,
                                     const NmmRulePath *like,
                                     NmmRuleFinding *out);

/* (transfer full): a command for nft(8) that lets packets of @path through as @finding's rule does
 * for the others; without a rule, all of them. */
char *nmm_rule_finding_make_command(const NmmRuleFinding *finding, const NmmRulePath *path);

G_END_DECLS
