/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All but the UUIDs come from SHA-256 over a purpose and the inputs. Each ends in a NUL, so that
 * different purposes, or different splits of one text, give different results.
 */

#include "config.h"

#include "nmm-identity.h"

#include <string.h>

#include "nmm-names.h"

#define DIGEST_BYTES 32

/* IFNAMSIZ without its NUL. */
#define IFNAME_MAX_BYTES 15

#define ALIAS_HEX_DIGITS     8
#define LINK_NAME_HEX_DIGITS 6

/* SHA-256 of @purpose, @first and @second (nullable). */
static void
digest(const char *purpose, const char *first, const char *second, guint8 out[DIGEST_BYTES])
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize size = DIGEST_BYTES;

    g_checksum_update(checksum, (const guchar *)purpose, strlen(purpose) + 1);
    g_checksum_update(checksum, (const guchar *)first, strlen(first) + 1);
    if (second)
        g_checksum_update(checksum, (const guchar *)second, strlen(second) + 1);
    g_checksum_get_digest(checksum, out, &size);
}

static char *
digest_to_hex(const guint8 *bytes, guint digits)
{
    GString *hex = g_string_new(NULL);
    guint i;

    for (i = 0; i < digits / 2; i++)
        g_string_append_printf(hex, "%02x", bytes[i]);
    return g_string_free(hex, FALSE);
}

/* Locally administered, unicast, and not 0xfe, which libvirt uses for the host's side. */
static char *
digest_to_mac(const guint8 d[DIGEST_BYTES])
{
    return g_strdup_printf("52:%02x:%02x:%02x:%02x:%02x", d[0], d[1], d[2], d[3], d[4]);
}

char *
nmm_identity_mac(const char *guest_uuid, const char *network)
{
    g_autofree char *uuid = g_ascii_strdown(guest_uuid, -1);
    guint8 d[DIGEST_BYTES];

    digest("mac", uuid, network, d);
    return digest_to_mac(d);
}

char *
nmm_identity_alias(const char *network)
{
    g_autofree char *hex = NULL;
    guint8 d[DIGEST_BYTES];

    digest("alias", network, NULL, d);
    hex = digest_to_hex(d, ALIAS_HEX_DIGITS);
    return g_strconcat(NMM_ALIAS_PREFIX, hex, NULL);
}

gboolean
nmm_identity_is_our_alias(const char *alias)
{
    const char *hex;

    if (!alias || !g_str_has_prefix(alias, NMM_ALIAS_PREFIX))
        return FALSE;
    hex = alias + strlen(NMM_ALIAS_PREFIX);
    return strlen(hex) == ALIAS_HEX_DIGITS && strspn(hex, "0123456789abcdef") == ALIAS_HEX_DIGITS;
}

void
nmm_identity_ula(const char *host_id, const char *network, NmmCidr *out)
{
    guint8 d[DIGEST_BYTES];

    digest("ula", host_id, network, d);
    *out = (NmmCidr){.family = G_SOCKET_FAMILY_IPV6, .prefix = 64};
    out->bytes[0] = 0xfd;
    memcpy(out->bytes + 1, d, 5);
    out->bytes[15] = 1;
}

char *
nmm_identity_link_name(const char *parent)
{
    gsize room = IFNAME_MAX_BYTES - strlen(NMM_LINK_PREFIX);
    g_autofree char *head = NULL;
    g_autofree char *hex = NULL;
    guint8 d[DIGEST_BYTES];

    if (strlen(parent) <= room)
        return g_strconcat(NMM_LINK_PREFIX, parent, NULL);

    room -= LINK_NAME_HEX_DIGITS;
    while (room > 0 && (parent[room] & 0xc0) == 0x80)
        room--;
    head = g_strndup(parent, room);
    digest("link", parent, NULL, d);
    hex = digest_to_hex(d, LINK_NAME_HEX_DIGITS);
    return g_strconcat(NMM_LINK_PREFIX, head, hex, NULL);
}

char *
nmm_identity_link_mac(const char *profile_uuid, const char *parent_mac)
{
    g_autofree char *uuid = g_ascii_strdown(profile_uuid, -1);
    g_autofree char *mac = g_ascii_strdown(parent_mac, -1);
    guint8 d[DIGEST_BYTES];

    digest("link-mac", uuid, mac, d);
    return digest_to_mac(d);
}

char *
nmm_identity_standin_mac(const char *parent_mac)
{
    g_autofree char *mac = g_ascii_strdown(parent_mac, -1);
    guint8 d[DIGEST_BYTES];

    digest("standin-mac", mac, NULL, d);
    return digest_to_mac(d);
}

/* Namespace of the UUIDs of suggested profiles (RFC 4122, version 5): random, never changes. */
static const char namespace_uuid[] =
    "\x6a\x1f\x0c\x52\x3b\x9e\x4d\x07\x9c\x41\x5e\x83\xd2\x70\xb8\x19";

char *
nmm_identity_suggested_uuid(NmmMode mode, const char *target, const char *uri)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA1);
    const char *kind = nmm_mode_to_string(mode);
    g_autofree char *hex = NULL;
    guint8 b[20];
    gsize size = sizeof(b);

    g_checksum_update(checksum, (const guchar *)namespace_uuid, sizeof(namespace_uuid) - 1);
    /* With the terminating NUL, so that no other mode and target give the same text. */
    g_checksum_update(checksum, (const guchar *)kind, (gssize)strlen(kind) + 1);
    g_checksum_update(checksum, (const guchar *)target, -1);
    if (!nmm_keys_is_default(NMM_KEY_LIBVIRT_URI, uri)) {
        g_checksum_update(checksum, (const guchar *)"", 1);
        g_checksum_update(checksum, (const guchar *)uri, -1);
    }
    g_checksum_get_digest(checksum, b, &size);
    b[6] = (b[6] & 0x0f) | 0x50;
    b[8] = (b[8] & 0x3f) | 0x80;
    hex = digest_to_hex(b, 32);
    return g_strdup_printf("%.8s-%.4s-%.4s-%.4s-%s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

gboolean
nmm_identity_is_suggested(const char *uuid, NmmMode mode, const char *target, const char *uri)
{
    g_autofree char *suggested = target ? nmm_identity_suggested_uuid(mode, target, uri) : NULL;

    return suggested && g_str_equal(suggested, uuid);
}
