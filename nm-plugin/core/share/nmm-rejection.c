/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-rejection.h"

#include <string.h>

#include "nmm-keys.h"

typedef struct {
    const char *name;
    const char *sentence; /* %1$s guest or peer, %2$s address, %3$s holder */
    gboolean by_host;
    const char *key; /* (nullable): lifts it */
} Reason;

#define CLAIM "%1$s claims '%2$s', "

static const Reason reasons[] = {
    [NMM_REJECTION_HOST] = {"host", CLAIM "which is the host's own address", TRUE},
    [NMM_REJECTION_GATEWAY] = {"gateway",
                               CLAIM "which is a gateway in use",
                               TRUE,
                               NMM_KEY_TRUSTED_ADDRESSES},
    [NMM_REJECTION_DNS_SERVER] = {"dns-server",
                                  CLAIM "which is a DNS server in use",
                                  TRUE,
                                  NMM_KEY_TRUSTED_ADDRESSES},
    [NMM_REJECTION_OFF_LINK] = {"off-link",
                                CLAIM "which is outside the parent's subnets",
                                TRUE,
                                NMM_KEY_TRUSTED_ADDRESSES},
    [NMM_REJECTION_NOT_A_HOST] = {"not-a-host", CLAIM "which no single host can have", TRUE},
    [NMM_REJECTION_LAN_HOST] = {"lan-host", CLAIM "which '%3$s' on the LAN already uses"},
    [NMM_REJECTION_OTHER_GUEST] = {"other-guest", CLAIM "which '%3$s' already uses"},
    [NMM_REJECTION_NOT_BRIDGE] = {"not-bridge",
                                  CLAIM
                                  "but the host reaches only macvtap interfaces in mode 'bridge'"},
    [NMM_REJECTION_GUEST_FULL] = {"guest-full", CLAIM "but has too many addresses already"},
    [NMM_REJECTION_FULL] = {"full", CLAIM "but the guests together have too many addresses"},
    [NMM_REJECTION_TOO_MANY] = {"too-many", CLAIM "and no further rejections of it will be logged"},
};

struct _NmmRejections {
    GHashTable *keys; /* guest's name or peer's MAC → set of keys */
};

NmmRejection *
nmm_rejection_new(NmmRejectionReason reason,
                  const char *guest,
                  const char *mac,
                  const char *address,
                  const char *holder)
{
    NmmRejection *rejection = g_new(NmmRejection, 1);

    *rejection = (NmmRejection){
        .reason = reason,
        .guest = g_strdup(guest),
        .mac = g_strdup(mac),
        .address = g_strdup(address),
        .holder = g_strdup(holder),
    };
    return rejection;
}

void
nmm_rejection_free(NmmRejection *rejection)
{
    g_free(rejection->guest);
    g_free(rejection->mac);
    g_free(rejection->address);
    g_free(rejection->holder);
    g_free(rejection);
}

const char *
nmm_rejection_reason_to_string(NmmRejectionReason reason)
{
    g_return_val_if_fail((gsize)reason < G_N_ELEMENTS(reasons), NULL);
    return reasons[reason].name;
}

gboolean
nmm_rejection_is_by_host(NmmRejectionReason reason)
{
    return reasons[reason].by_host;
}

const char *
nmm_rejection_get_key(NmmRejectionReason reason)
{
    return reasons[reason].key;
}

static char *
describe_claimant(const NmmRejection *rejection)
{
    if (!rejection->guest)
        return g_strdup_printf("macvlan peer '%s'", rejection->mac);
    return g_strdup_printf("guest '%s' (%s)", rejection->guest, rejection->mac);
}

char *
nmm_rejection_to_string(const NmmRejection *rejection)
{
    g_autofree char *claimant = describe_claimant(rejection);
    const char *const values[] = {
        claimant,
        rejection->address,
        rejection->holder ? rejection->holder : "",
    };
    GString *text = g_string_new(reasons[rejection->reason].sentence);

    /* A value comes from outside and may contain a '%', so it is skipped. */
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

    self->keys =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);
    return self;
}

void
nmm_rejections_free(NmmRejections *self)
{
    g_hash_table_unref(self->keys);
    g_free(self);
}

static char *
make_key(NmmRejectionReason reason, const char *mac, const char *address)
{
    return g_strdup_printf("%s %s %s", reasons[reason].name, mac, address);
}

NmmRejection *
nmm_rejections_add(NmmRejections *self,
                   NmmRejectionReason reason,
                   const char *guest,
                   const char *mac,
                   const char *address,
                   const char *holder)
{
    const char *claimant = guest ?: mac;
    GHashTable *keys = g_hash_table_lookup(self->keys, claimant);
    g_autofree char *key = make_key(reason, mac, address);

    if (!keys) {
        keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_hash_table_insert(self->keys, g_strdup(claimant), keys);
    }
    if (g_hash_table_contains(keys, key) || g_hash_table_size(keys) >= NMM_REJECTION_MAX_REPORTED)
        return NULL;
    g_hash_table_add(keys, g_steal_pointer(&key));
    if (g_hash_table_size(keys) == NMM_REJECTION_MAX_REPORTED)
        reason = NMM_REJECTION_TOO_MANY;
    return nmm_rejection_new(reason, guest, mac, address, holder);
}

void
nmm_rejections_forget(NmmRejections *self, const char *guest, const char *mac, const char *address)
{
    GHashTable *keys = g_hash_table_lookup(self->keys, guest ?: mac);

    for (guint reason = 0; keys && reason < G_N_ELEMENTS(reasons); reason++) {
        g_autofree char *key = make_key(reason, mac, address);

        g_hash_table_remove(keys, key);
    }
}

void
nmm_rejections_retain(NmmRejections *self, GHashTable *guests)
{
    GHashTableIter iter;
    gpointer guest;

    g_hash_table_iter_init(&iter, self->keys);
    while (g_hash_table_iter_next(&iter, &guest, NULL)) {
        if (!g_hash_table_contains(guests, guest))
            g_hash_table_iter_remove(&iter);
    }
}
