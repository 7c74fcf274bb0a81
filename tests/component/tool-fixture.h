/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Input, host state and reports for the tests of the tool.
 */

#pragma once

#include "nmm-commands.h"

G_BEGIN_DECLS

#define UUID       "11111111-2222-3333-4444-555555555555"
#define OTHER_UUID "11111111-2222-3333-4444-000000000000"
#define GUEST_UUID "aaaaaaaa-2222-3333-4444-555555555555"
#define URI        "qemu:///system"
#define MAC        "52:54:00:00:00:01"
#define SINCE      1795694400 /* 2026-11-26 12:00:00 UTC */

#define NIC(device, mode, mac)                                                                     \
    "<interface type='direct'><mac address='" mac "'/><source dev='" device "'" mode               \
    "/><target dev='macvtap0'/></interface>"
#define BRIDGE "  mode='bridge'"

/* A fact that is wrong, the step that it breaks, and its result. */
typedef struct {
    gsize offset;
    gboolean is_string; /* else a boolean, which is negated */
    const char *value;
    const char *step;
    const char *detail; /* part of it */
    const char *remedy; /* part of it, or of the command that shows more */
} BrokenCase;

#define BOOLEAN(field) G_STRUCT_OFFSET(NmmCheckInput, field), FALSE, NULL
#define STRING(field)  G_STRUCT_OFFSET(NmmCheckInput, field), TRUE

void set_string(char **where, const char *value);
/* @path: below /proc/sys. */
void set_switch(NmmCheckInput *input, const char *path, const char *value);
/* A running guest on eth0 in mode bridge, selected by the active profile 'guests'. */
NmmCheckInput *new_selected_input(const char *guest);
/* Nothing is wrong in mode isolated … */
NmmCheckInput *new_isolated_input(void);
/* … or share or move. */
NmmCheckInput *new_link_input(NmmMode mode);
void spoil_input(NmmCheckInput *input, const BrokenCase *c);
/* @step is broken, and all steps before it are ok. @detail, @remedy: part of it. */
void
assert_broken(const NmmCheckInput *input, const char *step, const char *detail, const char *remedy);
/* (transfer none) */
const NmmCheckResult *find_step(const GPtrArray *results, const char *step);
void assert_case(const NmmCheckInput *input, const BrokenCase *c);

/* (transfer none): a libvirt without guests and networks */
NmmHostHypervisor *add_host(NmmHostState *state, const char *uri);
/* (transfer none): an active profile. @data: pairs of key and value, ended by NULL. */
NmmHostProfile *
add_profile(NmmHostState *state, const char *id, const char *uuid, const char *const *data);

/* An active profile of mode isolated. */
NmmHostProfile *
add_isolated(NmmHostState *state, const char *id, const char *uuid, const char *network);
/* An active profile of mode share or move on eth0. */
NmmHostProfile *add_link_profile(NmmHostState *state, const char *mode);
/* @owner: (nullable): UUID of the profile that made it. */
void add_network(NmmHostHypervisor *hypervisor, const char *name, const char *owner);
/* A running macvtap guest that has an interface with @alias on @network. */
void add_guest_on(NmmHostHypervisor *hypervisor,
                  const char *name,
                  const char *network,
                  const char *alias);
/* (transfer none). @nics: of its definition, and of the running guest if @running. */
NmmGuest *
add_guest(NmmHostHypervisor *hypervisor, const char *name, const char *nics, gboolean running);
/* (transfer none): up, with carrier */
NmmLink *add_link(NmmHostState *state, const char *name, const char *kind, const char *parent);
void add_address(NmmLink *link, const char *text);

void assert_status_code(const NmmHostState *state, const GPtrArray *inputs, NmmExit code);
void assert_text(const NmmReport *report, const char *expected);
void assert_text_has(const NmmReport *report, const char *part);
void assert_text_lacks(const NmmReport *report, const char *part);
/* (transfer full): the document, printed and parsed again */
JsonNode *parse_again(const NmmReport *report);
void assert_path(JsonNode *root, const char *path, const char *expected);

G_END_DECLS
