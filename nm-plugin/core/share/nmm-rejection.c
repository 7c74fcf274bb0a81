/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of reasons for which a claim is refused, and the memory of what was reported.
 */

#include "config.h"

#include "nmm-rejection.h"

#include <string.h>

typedef struct {
    const char *name;
    const char *sentence; /* %1$s guest, %2$s MAC, %3$s address, %4$s holder */
} Reason;

#define CLAIM "guest '%1$s' (%2$s) claims '%3$s', "

/* One row for each reason: stable name, and what the log says. */
static const Reason reasons[] = {
    [NMM_REJECTION_HOST] = {"host", CLAIM "which is the host's own address"},
    [NMM_REJECTION_GATEWAY] = {"gateway", CLAIM "which is a gateway in use"},
    [NMM_REJECTION_DNS_SERVER] = {"dns-server", CLAIM "which is a DNS server in use"},
    [NMM_REJECTION_OFF_LINK] = {"off-link", CLAIM "which is outside the parent's subnets"},
    [NMM_REJECTION_NOT_A_HOST] = {"not-a-host", CLAIM "which is no host's address"},
    [NMM_REJECTION_LAN_HOST] = {"lan-host", CLAIM "which '%4$s' on the LAN has"},
    [NMM_REJECTION_OTHER_GUEST] = {"other-guest", CLAIM "for which guest '%4$s' answers"},
    [NMM_REJECTION_NOT_BRIDGE] = {"not-bridge",
                                  CLAIM
                                  "but only a macvtap interface in mode 'bridge' can be reached"},
    [NMM_REJECTION_GUEST_FULL] = {"guest-full", CLAIM "but has too many addresses already"},
    [NMM_REJECTION_FULL] = {"full", CLAIM "but the guests together have too many addresses"},
    [NMM_REJECTION_TOO_MANY] = {"too-many",
                                CLAIM "and further refusals of this guest are not reported"},
};

struct _NmmRejections {
    GHashTable *reported; /* guest's name → set of keys */
    GPtrArray *fresh;     /* NmmRejection */
};

void
nmm_rejection_free(NmmRejection *refusal)
{
    g_free(refusal->guest);
    g_free(refusal->mac);
    g_free(refusal->address);
    g_free(refusal->holder);
    g_free(refusal);
}

/**
 * nmm_rejection_reason_to_string:
 *
 * Returns: the reason's stable name
 */
const char *
nmm_rejection_reason_to_string(NmmRejectionReason reason)
{
    g_return_val_if_fail((gsize)reason < G_N_ELEMENTS(reasons), NULL);
    return reasons[reason].name;
}

/**
 * nmm_rejection_to_string:
 *
 * Returns: (transfer full): what the log says of it
 */
char *
nmm_rejection_to_string(const NmmRejection *refusal)
{
    const char *const values[] = {
        refusal->guest,
        refusal->mac,
        refusal->address,
        refusal->holder != NULL ? refusal->holder : "",
    };
    GString *text = g_string_new(reasons[refusal->reason].sentence);

    /* The values come from outside and may hold a '%': none is looked at twice. */
    for (gsize at = 0; at + 3 < text->len;) {
        const char *value;

        if (text->str[at] != '%') {
            at++;
            continue;
        }
        value = values[text->str[at + 1] - '1'];
        g_string_erase(text, (gssize)at, 4);
        g_string_insert(text, (gssize)at, value);
        at += strlen(value);
    }
    return g_string_free(text, FALSE);
}

NmmRejections *
nmm_rejections_new(void)
{
    NmmRejections *self = g_new0(NmmRejections, 1);

    self->reported =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);
    self->fresh = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_rejection_free);
    return self;
}

void
nmm_rejections_free(NmmRejections *self)
{
    g_hash_table_unref(self->reported);
    g_ptr_array_unref(self->fresh);
    g_free(self);
}

static char *
make_key(NmmRejectionReason reason, const char *mac, const char *address)
{
    return g_strdup_printf("%s %s %s", reasons[reason].name, mac, address);
}

/**
 * nmm_rejections_add:
 * @holder: (nullable): who has the address
 *
 * Keeps the refusal for nmm_rejections_take() unless it was reported before.
 */
void
nmm_rejections_add(NmmRejections *self,
                   NmmRejectionReason reason,
                   const char *guest,
                   const char *mac,
                   const char *address,
                   const char *holder)
{
    GHashTable *keys = g_hash_table_lookup(self->reported, guest);
    g_autofree char *key = make_key(reason, mac, address);
    NmmRejection *refusal;

    if (keys == NULL) {
        keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_hash_table_insert(self->reported, g_strdup(guest), keys);
    }
    if (g_hash_table_contains(keys, key) || g_hash_table_size(keys) >= NMM_REJECTION_MAX_REPORTED)
        return;
    g_hash_table_add(keys, g_steal_pointer(&key));
    if (g_hash_table_size(keys) == NMM_REJECTION_MAX_REPORTED)
        reason = NMM_REJECTION_TOO_MANY;
    refusal = g_new0(NmmRejection, 1);
    refusal->reason = reason;
    refusal->guest = g_strdup(guest);
    refusal->mac = g_strdup(mac);
    refusal->address = g_strdup(address);
    refusal->holder = g_strdup(holder);
    g_ptr_array_add(self->fresh, refusal);
}

void
nmm_rejections_forget(NmmRejections *self, const char *guest, const char *mac, const char *address)
{
    GHashTable *keys = g_hash_table_lookup(self->reported, guest);

    for (guint reason = 0; keys != NULL && reason < G_N_ELEMENTS(reasons); reason++) {
        g_autofree char *key = make_key(reason, mac, address);

        g_hash_table_remove(keys, key);
    }
}

void
nmm_rejections_retain(NmmRejections *self, GHashTable *guests)
{
    GHashTableIter iter;
    gpointer guest;

    g_hash_table_iter_init(&iter, self->reported);
    while (g_hash_table_iter_next(&iter, &guest, NULL)) {
        if (!g_hash_table_contains(guests, guest))
            g_hash_table_iter_remove(&iter);
    }
}

/**
 * nmm_rejections_take:
 *
 * Returns: (transfer full) (element-type NmmRejection): what is new since the last call
 */
GPtrArray *
nmm_rejections_take(NmmRejections *self)
{
    GPtrArray *fresh = self->fresh;

    self->fresh = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_rejection_free);
    return fresh;
}
