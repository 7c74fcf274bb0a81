/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why can a guest and its host not reach each other? Evaluates the facts about a guest, with one
 * table of steps per mode. nmm-check-collect.c in the tool collects the facts.
 */

#pragma once

#include <glib.h>

#include "nmm-problem.h"
#include "nmm-profile.h"

G_BEGIN_DECLS

#define NMM_CHECK_NSSWITCH "/etc/nsswitch.conf"

/* An address of a guest behind a host link. */
typedef struct {
    char *address;
    gint64 since; /* Unix time in s when the guest last got it; 0 if unknown */
    char *source; /* (nullable): the host's address on the route to it; NULL without a route */
    gboolean answers;
} NmmCheckAddress;

/* The facts about one guest and one profile. The strings are owned, and NULL if unknown or not
 * applicable. If a fact could not be read, the member *_problem beside it has the reason. */
typedef struct {
    struct {
        char *name; /* what the user typed if the guest does not exist */
        char *uuid;
        char *uri; /* of the libvirt that has the guest, or that should have it */
        gboolean exists;
        gboolean running;
        gboolean paused;
        gint64 age_s;       /* since its start; -1 if unknown */
        gboolean transient; /* without a persistent definition */
        gboolean container; /* of libvirt's LXC driver */
        gboolean is_macvtap;
        char *lower; /* NULL if a libvirt network chooses it */
        char *macvtap_mode;
        gboolean definition_is_bridge; /* macvtap mode in the definition, whatever runs now */
        char *device;                  /* the macvtap device of the running guest */
        gboolean gone;                 /* the kernel does not have it */
        char *mac;                     /* of the macvtap interface … */
        char *defined_mac;             /* … and libvirt's, if the guest has changed it */
        gboolean macvtap_in_definition;
        char *missing; /* without macvtap: another program's device, which does not exist */
    } guest;

    struct {
        char *id; /* of the profile that selects the guest */
        gboolean active;
        NmmMode mode;        /* isolated without a profile */
        char *refusal;       /* why it cannot be activated; if it is not active */
        char *other_network; /* with @refusal: a network with which it can be activated */
        char *nm_problem;    /* NetworkManager */
    } profile;

    /* The guest's interface: on the network (isolated), or the macvtap one (share, move) */
    struct {
        char *mac;
        char *defined_mac; /* libvirt's, if the guest has changed it */
        char *alias;
        char *target;       /* device on the host */
        gboolean in_kernel; /* the host's kernel has it; not that of a container's macvtap */
        gboolean is_up;     /* target */
        char *master;       /* of target: the interface that it is a port of */
        gboolean in_definition;
        gboolean plugged; /* in the running guest */
        gboolean link_down;
    } nic;

    struct { /* isolated */
        char *name;
        gboolean exists;
        gboolean active;
        gboolean has_dhcp;
        char *bridge;
        gboolean bridge_left; /* left behind by libvirt; keeps the network from starting */
        gboolean bridge_exists;
        gboolean bridge_up;
        gboolean bridge_has_address;
        gboolean guests_isolated; /* guests do not reach each other */
        char *lease_problem;
        char *problem; /* why libvirt has no networks */
    } network;

    struct { /* share, move */
        char *name;
        char *problem; /* why the profile has no host link */
        gboolean up;
        char *parent;
        char *parent_problem; /* why the parent cannot carry a host link */
        gboolean parent_up;
        gboolean parent_carrier;
        GPtrArray *addresses; /* (element-type NmmCheckAddress) */
    } link;

    struct {
        gboolean firewalld; /* runs */
        char *zone;         /* of bridge or host link; "" if it is in none */
        char *wanted_zone;
        char *zone_problem;
        GPtrArray *rules;      /* (element-type NmmRuleChain) */
        gboolean rules_denied; /* rules_problem: the user may not read them */
        char *rules_problem;
        gboolean legacy_rules; /* of iptables-legacy, which are not in rules, can drop packets */
    } firewall;

    struct { /* of the kernel, see nmm_check_switch_list() */
        /* (element-type filename utf8): path → value; without those that the kernel lacks */
        GHashTable *values;
        char *problem;
    } switches;

    struct { /* that the kernel chooses for a packet to address */
        char *device;
        gboolean is_main; /* by the main table, not by that of a rule */
        char *problem;
    } way;

    GPtrArray *problems; /* (element-type NmmProblem): of the guest, as the service publishes them,
                            without those that another step tests; NULL if it publishes nothing */
    char **silent_services; /* (nullable): process IDs of services that do not answer; one of them
                               is the profile's if @problems is NULL */
    char *kernel_problem;   /* bridge, host link, parent and their addresses */
    char *host_address;     /* with prefix */
    gboolean inet6;  /* the host has an address of IPv6 that is not link-local: on parent, host link
                        or bridge */
    char *address;   /* of the guest: lease, neighbour, or the best of link.addresses */
    gint64 since;    /* of address, as in NmmCheckAddress */
    gboolean routed; /* share: the host has a route to address */
    gboolean answers;
    gboolean unprivileged; /* the user cannot probe: silence proves nothing */
    char *probe_problem;   /* answers */

    struct {             /* of guests, for programs on the host */
        gboolean wanted; /* the key guest-names */
        gboolean module; /* the NSS module is installed */
        char *nsswitch;  /* the text of NMM_CHECK_NSSWITCH; NULL if there is no such file */
        char *problem;
    } names;
} NmmCheckInput;

NmmCheckInput *nmm_check_input_new(const char *guest, const char *uri);
void nmm_check_input_free(NmmCheckInput *input);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmCheckInput, nmm_check_input_free)

/* The definition has the interface, but the running guest does not. */
gboolean nmm_check_input_needs_restart(const NmmCheckInput *input);
/* It answers, or is routed if the user cannot probe. */
gboolean nmm_check_input_is_reachable(const NmmCheckInput *input);
/* @source: (nullable) */
void nmm_check_input_add_address(NmmCheckInput *input,
                                 const char *address,
                                 gint64 since,
                                 const char *source);
/* Takes the best of link.addresses: one that answers, else the first. */
void nmm_check_input_choose_address(NmmCheckInput *input);

typedef enum {
    NMM_CHECK_OK,
    NMM_CHECK_HINT,    /* not a fault, but worth mentioning */
    NMM_CHECK_UNKNOWN, /* could not be read; the evaluation continues */
    NMM_CHECK_WAITING, /* ends the evaluation, but is not a fault */
    NMM_CHECK_BROKEN,  /* ends the evaluation */
    _NMM_CHECK_VERDICT_NUM,
} NmmCheckVerdict;

const char *nmm_check_verdict_to_string(NmmCheckVerdict verdict); /* "broken", stable */

typedef struct {
    const char *step; /* "bridge", stable */
    NmmCheckVerdict verdict;
    char *detail; /* translated */
    char *remedy; /* (nullable): a command that repairs it */
    char *look;   /* (nullable): a command that shows more */
} NmmCheckResult;

/* (transfer full) (element-type NmmCheckResult): in the order of the steps, at least one. A step
 * may rely on all before it: the last one is the first that is waiting or broken. */
GPtrArray *nmm_check_evaluate(const NmmCheckInput *input);
/* (nullable) (transfer none): the one that is broken */
const NmmCheckResult *nmm_check_find_broken(const GPtrArray *results);
/* (nullable) (transfer none): why the guest is not reachable: the step that is waiting or broken,
 * else the first unknown one */
const NmmCheckResult *nmm_check_find_reason(const GPtrArray *results);

/* (transfer full): @word for a shell, quoted only if necessary */
char *nmm_check_quote(const char *word);

G_END_DECLS
