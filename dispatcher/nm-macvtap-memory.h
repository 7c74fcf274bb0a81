/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the dispatcher remembers about profiles from one event to the next, until the next boot: who
 * switched what, and what did not work. Values and their text form; the file is the helper's.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    NM_MACVTAP_MEMORY_UNSET, /* neither yet */
    NM_MACVTAP_MEMORY_ON,    /* it shall be up whenever it can */
    NM_MACVTAP_MEMORY_OFF,   /* a person took it down */
} NMMacvtapMemorySwitch;

typedef struct {
    NMMacvtapMemorySwitch wanted;
    gboolean tried;   /* its activation was asked for and it has not been up since */
    gboolean stopped; /* its network was stopped from outside */
    guint losses;     /* how often it went down by itself */
    gint64 up_since;  /* in s, the scene's clock */
    gint64 heard;     /* the order of the last event of its own */
    char **arrived;   /* (nullable): devices that came up while there was no default route */
    char *moved;      /* (nullable): device that mode move took the addresses from */
    char *told;       /* (nullable): the problem that is in the log already */
} NMMacvtapMemoryEntry;

/* uuid → NMMacvtapMemoryEntry */
typedef struct _GHashTable NMMacvtapMemory;

NMMacvtapMemory *nm_macvtap_memory_new(void);
/* A text that is damaged is a memory lost: what can be read of it counts. (transfer full) */
NMMacvtapMemory *nm_macvtap_memory_new_from_text(const char *text);
char *nm_macvtap_memory_to_text(NMMacvtapMemory *memory);
/* Makes the entry where there is none. (transfer none) */
NMMacvtapMemoryEntry *nm_macvtap_memory_get(NMMacvtapMemory *memory, const char *uuid);

G_END_DECLS
