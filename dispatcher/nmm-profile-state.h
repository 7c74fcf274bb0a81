/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the dispatcher remembers about profiles from one event to the next, until the next boot: who
 * switched what, and what did not work. Values and their text form; the file is the helper's.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    NMM_PROFILE_SWITCH_UNSET, /* neither yet */
    NMM_PROFILE_SWITCH_ON,    /* it shall be up whenever it can */
    NMM_PROFILE_SWITCH_OFF,   /* a person took it down */
} NmmProfileSwitch;

typedef struct {
    NmmProfileSwitch wanted;
    gboolean tried;   /* its activation was asked for and it has not been up since */
    gboolean stopped; /* its network was stopped from outside */
    guint losses;     /* how often it went down by itself */
    gint64 up_since;  /* in s, the scene's clock */
    gint64 heard;     /* the order of the last event of its own */
    char **arrived;   /* (nullable): devices that came up while there was no default route */
    char *moved;      /* (nullable): device that mode move took the addresses from */
    char *told;       /* (nullable): the problem that is in the log already */
} NmmProfileState;

/* uuid → NmmProfileState */
typedef struct _GHashTable NmmProfileStates;

NmmProfileStates *nmm_profile_states_new(void);
/* A text that is damaged is a memory lost: what can be read of it counts. (transfer full) */
NmmProfileStates *nmm_profile_states_new_from_text(const char *text);
char *nmm_profile_states_to_text(NmmProfileStates *memory);
/* Makes the entry where there is none. (transfer none) */
NmmProfileState *nmm_profile_states_get(NmmProfileStates *memory, const char *uuid);

G_END_DECLS
