/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is wrong with an active profile or with one of its guests, as the service knows it. The
 * service publishes its problems on D-Bus; status, check and the banner show them.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* In one table with their words, which are on D-Bus and in JSON and never change. */
typedef enum {
    NMM_PROBLEM_OTHER,
    NMM_PROBLEM_REFUSED_ADDRESS, /* a guest's address is not routed to it */
    NMM_PROBLEM_GUEST_FAILED,    /* a guest could not be changed or read */
    NMM_PROBLEM_GUEST_BUSY,      /* likewise, while another job has it; it is tried again */
    NMM_PROBLEM_NEEDS_RESTART,
    NMM_PROBLEM_MACVTAP_MODE, /* a guest's interface cannot reach the host link */
    NMM_PROBLEM_MACVTAP_GONE, /* a guest's interface disappeared with its parent */
    NMM_PROBLEM_NO_GUEST,     /* the profile names guests that do not exist, or none matches */
    NMM_PROBLEM_ZONE,         /* the firewall zone of a link or network */
    NMM_PROBLEM_PARENT,       /* the parent is not as the profile needs it */
    NMM_PROBLEM_OWN_MAC,      /* the host link does not have the parent's MAC */
    NMM_PROBLEM_MULTICAST,
    NMM_PROBLEM_NAME,            /* the host does not find a guest by its name */
    NMM_PROBLEM_LIBVIRT,         /* the connection to it */
    NMM_PROBLEM_PROFILE_CHANGED, /* since its activation */
    _NMM_PROBLEM_KIND_NUM,
} NmmProblemKind;

typedef struct {
    NmmProblemKind kind;
    char *guest;   /* (nullable): name; NULL: it concerns the profile */
    char *address; /* (nullable): REFUSED_ADDRESS */
    char *reason;  /* (nullable): REFUSED_ADDRESS: nmm_rejection_reason_to_string() */
    char *key;     /* (nullable): the vpn.data key that would change it */
    char *message; /* a fragment that names the guest, without full stop */
    char *remedy;  /* (nullable): a command line for a shell */
} NmmProblem;

/* @guest: (nullable). The other fields are NULL; the caller sets them. */
NmmProblem *nmm_problem_new(NmmProblemKind kind, const char *guest, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
NmmProblem *nmm_problem_copy(const NmmProblem *problem);
void nmm_problem_free(NmmProblem *problem);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmProblem, nmm_problem_free)

const char *nmm_problem_kind_to_string(NmmProblemKind kind);   /* "refused-address" */
NmmProblemKind nmm_problem_kind_from_string(const char *word); /* OTHER for an unknown one */

/* A guest is not served, or the profile does not do what it promises; otherwise a warning. */
gboolean nmm_problem_is_fault(const NmmProblem *problem);

/* Only status shows it, not the banner. */
gboolean nmm_problem_is_minor(const NmmProblem *problem);

/* `check` has a step that measures it. */
gboolean nmm_problem_is_measured(const NmmProblem *problem);

/* Lists of problems: (element-type NmmProblem), which they own. */
GPtrArray *nmm_problems_new(void);
/* By guest, those of the profile first, then by kind and message. */
void nmm_problems_sort(GPtrArray *problems);
/* (transfer full): for the banner: one sentence fragment per line, of at most @max problems that
 * are not minor, and the number of further ones; NULL without such problems. */
char *nmm_problems_describe(const GPtrArray *problems, guint max);

G_END_DECLS
