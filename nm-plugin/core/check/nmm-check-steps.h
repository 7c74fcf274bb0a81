/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the files of the steps. Each step is a function that judges one fact of the input. A
 * step may rely on the steps before it in the table of its mode.
 */

#pragma once

#include "nmm-check.h"

G_BEGIN_DECLS

/* (transfer full) (element-type NmmCheckResult) */
GPtrArray *nmm_check_results_new(void);

/* Results. @remedy: (transfer full) (nullable): a command that repairs it, run unchanged. */
NmmCheckResult *nmm_check_result_new(NmmCheckVerdict verdict, char *remedy, const char *detail, ...)
    G_GNUC_PRINTF(3, 4);

#define ok(...)             nmm_check_result_new(NMM_CHECK_OK, NULL, __VA_ARGS__)
#define unknown(...)        nmm_check_result_new(NMM_CHECK_UNKNOWN, NULL, __VA_ARGS__)
#define waiting(...)        nmm_check_result_new(NMM_CHECK_WAITING, NULL, __VA_ARGS__)
#define hint(remedy, ...)   nmm_check_result_new(NMM_CHECK_HINT, remedy, __VA_ARGS__)
#define broken(remedy, ...) nmm_check_result_new(NMM_CHECK_BROKEN, remedy, __VA_ARGS__)

/* Broken, and no command repairs it. @look: (transfer full): a command that shows more. */
#define broken_look(command, ...) nmm_check_result_take_look(broken(NULL, __VA_ARGS__), command)
/* (transfer full): @result. @look: (transfer full) */
NmmCheckResult *nmm_check_result_take_look(NmmCheckResult *result, char *look);

/* What several steps report in the same words. */
NmmCheckResult *nmm_check_report_unread(const char *device, const char *problem);
NmmCheckResult *nmm_check_report_bridge_left(const NmmCheckInput *input);

/* Commands, all (transfer full) */

/* A command line of the words, quoted for a shell. */
char *nmm_check_make_command(const char *word, ...) G_GNUC_NULL_TERMINATED;
/* virsh with the words, on the guest's libvirt. */
char *nmm_check_make_virsh(const NmmCheckInput *input, ...) G_GNUC_NULL_TERMINATED;
/* (transfer none): the guest's name, or its UUID if virsh would take the name for something else.
 */
const char *nmm_check_get_guest(const NmmCheckInput *input);
/* Activates the profile. */
char *nmm_check_make_activate(const NmmCheckInput *input);
/* Deactivates the profile, if it is still active, and activates it. */
char *nmm_check_make_again(const NmmCheckInput *input);
/* (nullable): shuts the guest down and starts it again; NULL without a definition. */
char *nmm_check_make_restart(const NmmCheckInput *input);
/* (transfer none): of the guest's interface, "?" if it is not known. */
const char *nmm_check_get_mac(const NmmCheckInput *input);

/* nmm-check-guest.c: the guest and its interface */
NmmCheckResult *nmm_check_evaluate_guest(const NmmCheckInput *input);
NmmCheckResult *nmm_check_evaluate_macvtap(const NmmCheckInput *input);
NmmCheckResult *nmm_check_evaluate_device(const NmmCheckInput *input);
NmmCheckResult *nmm_check_evaluate_port(const NmmCheckInput *input);
NmmCheckResult *nmm_check_evaluate_mode(const NmmCheckInput *input);
NmmCheckResult *nmm_check_evaluate_definition(const NmmCheckInput *input);
NmmCheckResult *nmm_check_evaluate_running(const NmmCheckInput *input);
NmmCheckResult *nmm_check_evaluate_plugged(const NmmCheckInput *input);
NmmCheckResult *nmm_check_evaluate_service(const NmmCheckInput *input);
NmmCheckResult *nmm_check_evaluate_link(const NmmCheckInput *input);

/* nmm-check-network.c: the network of mode isolated, and its bridge */
NmmCheckResult *nmm_check_evaluate_network(const NmmCheckInput *input);
NmmCheckResult *nmm_check_evaluate_bridge(const NmmCheckInput *input);

/* nmm-check-profile.c */
NmmCheckResult *nmm_check_evaluate_profile(const NmmCheckInput *input);

/* nmm-check-host-link.c: the parent and the host link */
NmmCheckResult *nmm_check_evaluate_parent(const NmmCheckInput *input);
NmmCheckResult *nmm_check_evaluate_host_link(const NmmCheckInput *input);

/* nmm-check-firewall.c: zone and rules */
NmmCheckResult *nmm_check_evaluate_zone(const NmmCheckInput *input);
NmmCheckResult *nmm_check_evaluate_rules(const NmmCheckInput *input);

/* nmm-check-switch.c */
NmmCheckResult *nmm_check_evaluate_host(const NmmCheckInput *input);

/* nmm-check-address.c: the guest's address, and whether it answers there */
NmmCheckResult *nmm_check_evaluate_lease(const NmmCheckInput *input);
NmmCheckResult *nmm_check_evaluate_address(const NmmCheckInput *input);
NmmCheckResult *nmm_check_evaluate_route(const NmmCheckInput *input);
NmmCheckResult *nmm_check_evaluate_way(const NmmCheckInput *input);
NmmCheckResult *nmm_check_evaluate_neighbour(const NmmCheckInput *input);

/* nmm-check-names.c: whether programs on the host find the guest by name */
NmmCheckResult *nmm_check_evaluate_names(const NmmCheckInput *input);

G_END_DECLS
