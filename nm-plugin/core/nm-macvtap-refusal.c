/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of reasons for which a claim is refused, and the memory of what was reported.
 */

#include "config.h"

#include "nm-macvtap-refusal.h"

#include <string.h>

typedef struct {
    const char *name;
    const char *sentence; /* %1$s guest, %2$s MAC, %3$s address, %4$s holder */
} Reason;

#define CLAIM "guest '%1$s' (%2$s) claims '%3$s', "

/* One row for each reason: stable name, and what the log says. */
static const Reason reasons[] = {
    [NM_MACVTAP_REFUSAL_HOST] = {"host", CLAIM "which is the host's own address"},
    [NM_MACVTAP_REFUSAL_GATEWAY] = {"gateway", CLAIM "which is a gateway in use"},
    [NM_MACVTAP_REFUSAL_DNS_SERVER] = {"dns-server", CLAIM "which is a DNS server in use"},
    [NM_MACVTAP_REFUSAL_OFF_LINK] = {"off-link", CLAIM "which is outside the parent's subnets"},
    [NM_MACVTAP_REFUSAL_NOT_A_HOST] = {"not-a-host", CLAIM "which is no host's address"},
    [NM_MACVTAP_REFUSAL_LAN_HOST] = {"lan-host", CLAIM "which '%4$s' on the LAN has"},
    [NM_MACVTAP_REFUSAL_OTHER_GUEST] = {"other-guest", CLAIM "for which guest '%4$s' answers"},
    [NM_MACVTAP_REFUSAL_NOT_BRIDGE] =
        {"not-bridge", CLAIM "but only a macvtap interface in mode 'bridge' can be reached"},
    [NM_MACVTAP_REFUSAL_GUEST_FULL] = {"guest-full", CLAIM "but has too many addresses already"},
    [NM_MACVTAP_REFUSAL_FULL] = {"full", CLAIM "but the guests together have too many addresses"},
    [NM_MACVTAP_REFUSAL_TOO_MANY] = {"too-many",
                                     CLAIM "and further refusals of this guest are not reported"},
};

struct _NMMacvtapRefusals {
    GHashTable *reported; /* guest's name → set of keys */
    GPtrArray *fresh;     /* NMMacvtapRefusal */
};

void
nm_macvtap_refusal_free(NMMacvtapRefusal *refusal)
{
    g_free(refusal->guest);
    g_free(refusal->mac);
    g_free(refusal->address);
    g_free(refusal->holder);
    g_free(refusal);
}

/**
 * nm_macvtap_refusal_reason_to_string:
 *
 * Returns: the reason's stable name
 */
const char *
nm_macvtap_refusal_reason_to_string(NMMacvtapRefusalReason reason)
{
    g_return_val_if_fail((gsize)reason < G_N_ELEMENTS(reasons), NULL);
    return reasons[reason].name;
}

/**
 * nm_macvtap_refusal_to_string:
 *
 * Returns: (transfer full): what the log says of it
 */
char *
nm_macvtap_refusal_to_string(const NMMacvtapRefusal *refusal)
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

NMMacvtapRefusals *
nm_macvtap_refusals_new(void)
{
    NMMacvtapRefusals *self = g_new0(NMMacvtapRefusals, 1);

    self->reported =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);
    self->fresh = g_ptr_array_new_with_free_func((GDestroyNotify)nm_macvtap_refusal_free);
    return self;
}

void
nm_macvtap_refusals_free(NMMacvtapRefusals *self)
{
    g_hash_table_unref(self->reported);
    g_ptr_array_unref(self->fresh);
    g_free(self);
}

static char *
make_key(NMMacvtapRefusalReason reason, const char *mac, const char *address)
{
    return g_strdup_printf("%s %s %s", reasons[reason].name, mac, address);
}

/**
 * nm_macvtap_refusals_add:
 * @holder: (nullable): who has the address
 *
 * Keeps the refusal for nm_macvtap_refusals_take() unless it was reported before.
 */
void
nm_macvtap_refusals_add(NMMacvtapRefusals *self,
                        NMMacvtapRefusalReason reason,
                        const char *guest,
                        const char *mac,
                        const char *address,
                        const char *holder)
{
    GHashTable *keys = g_hash_table_lookup(self->reported, guest);
    g_autofree char *key = make_key(reason, mac, address);
    NMMacvtapRefusal *refusal;

    if (keys == NULL) {
        keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_hash_table_insert(self->reported, g_strdup(guest), keys);
    }
    if (g_hash_table_contains(keys, key) ||
        g_hash_table_size(keys) >= NM_MACVTAP_REFUSAL_MAX_REPORTED)
        return;
    g_hash_table_add(keys, g_steal_pointer(&key));
    if (g_hash_table_size(keys) == NM_MACVTAP_REFUSAL_MAX_REPORTED)
        reason = NM_MACVTAP_REFUSAL_TOO_MANY;
    refusal = g_new0(NMMacvtapRefusal, 1);
    refusal->reason = reason;
    refusal->guest = g_strdup(guest);
    refusal->mac = g_strdup(mac);
    refusal->address = g_strdup(address);
    refusal->holder = g_strdup(holder);
    g_ptr_array_add(self->fresh, refusal);
}

void
nm_macvtap_refusals_forget(NMMacvtapRefusals *self,
                           const char *guest,
                           const char *mac,
                           const char *address)
{
    GHashTable *keys = g_hash_table_lookup(self->reported, guest);

    for (guint reason = 0; keys != NULL && reason < G_N_ELEMENTS(reasons); reason++) {
        g_autofree char *key = make_key(reason, mac, address);

        g_hash_table_remove(keys, key);
    }
}

void
nm_macvtap_refusals_retain(NMMacvtapRefusals *self, GHashTable *guests)
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
 * nm_macvtap_refusals_take:
 *
 * Returns: (transfer full) (element-type NMMacvtapRefusal): what is new since the last call
 */
GPtrArray *
nm_macvtap_refusals_take(NMMacvtapRefusals *self)
{
    GPtrArray *fresh = self->fresh;

    self->fresh = g_ptr_array_new_with_free_func((GDestroyNotify)nm_macvtap_refusal_free);
    return fresh;
}
