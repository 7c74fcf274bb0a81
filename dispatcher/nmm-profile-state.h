/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of profiles that the helper keeps from one event to the next, until the next boot: who
 * activated or deactivated a profile, and what failed. Values and their text form; nmm-loop.c reads
 * and writes the file.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    NMM_PROFILE_SWITCH_UNSET,
    NMM_PROFILE_SWITCH_ON,  /* activate it whenever that is possible */
    NMM_PROFILE_SWITCH_OFF, /* a user deactivated it */
} NmmProfileSwitch;

typedef struct {
    NmmProfileSwitch wanted;
    gboolean tried;       /* its activation was requested, and it has not been up since */
    gboolean stopped;     /* another program stopped its network */
    guint losses;         /* how often it went down by itself */
    gint64 up_since;      /* in s, monotonic */
    gint64 last_event;    /* order of the last event of the profile itself */
    char **devices_up;    /* (nullable): devices that came up without a default route */
    char *moved;          /* (nullable): device that mode move took the addresses from */
    char *logged_problem; /* (nullable) */
} NmmProfileState;

/* (element-type utf8 NmmProfileState): by UUID */
typedef struct _GHashTable NmmProfileStates;

NmmProfileStates *nmm_profile_states_new(void);
/* Ignores what it cannot read. (transfer full) */
NmmProfileStates *nmm_profile_states_new_from_text(const char *text);
/* Sorted by UUID: equal states give equal text. */
char *nmm_profile_states_to_text(NmmProfileStates *states);
/* Adds an empty one if there is none. (transfer none) */
NmmProfileState *nmm_profile_states_get(NmmProfileStates *states, const char *uuid);

G_END_DECLS
