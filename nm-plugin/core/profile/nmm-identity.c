/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Derivation of MACs, aliases, prefixes, link names and UUIDs. All but the last come from SHA-256
 * over a purpose and the inputs, each ended by a NUL, so that no two purposes and no two splits of
 * the same text meet. Nothing here may ever give another result for the same input: it would change
 * users' leases and lose the marks on interfaces already made.
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
digest_to_hex(const guint8 bytes[DIGEST_BYTES], guint digits)
{
    GString *hex = g_string_new(NULL);
    guint i;

    for (i = 0; i < digits / 2; i++)
        g_string_append_printf(hex, "%02x", bytes[i]);
    return g_string_free(hex, FALSE);
}

/* Locally administered and unicast. */
static char *
digest_to_mac(const guint8 d[DIGEST_BYTES])
{
    return g_strdup_printf("52:%02x:%02x:%02x:%02x:%02x", d[0], d[1], d[2], d[3], d[4]);
}

/**
 * nmm_identity_mac:
 * @guest_uuid: the guest's UUID, in whatever case
 * @network: the libvirt network's name
 *
 * The first octet is 0x52: locally administered, unicast, and not the 0xfe that libvirt keeps for
 * the host's side of an interface.
 *
 * Returns: (transfer full): "52:…", lower case
 */
char *
nmm_identity_mac(const char *guest_uuid, const char *network)
{
    g_autofree char *uuid = g_ascii_strdown(guest_uuid, -1);
    guint8 d[DIGEST_BYTES];

    digest("mac", uuid, network, d);
    return digest_to_mac(d);
}

/**
 * nmm_identity_alias:
 * @network: the libvirt network's name
 *
 * Returns: (transfer full): the alias of every interface of ours on @network
 */
char *
nmm_identity_alias(const char *network)
{
    g_autofree char *hex = NULL;
    guint8 d[DIGEST_BYTES];

    digest("alias", network, NULL, d);
    hex = digest_to_hex(d, ALIAS_HEX_DIGITS);
    return g_strconcat(NMM_ALIAS_PREFIX, hex, NULL);
}

/**
 * nmm_identity_is_our_alias:
 * @alias: (nullable): an interface's alias
 *
 * Returns: whether nmm_identity_alias() can have made it. An alias that only begins like
 *   ours is the user's.
 */
gboolean
nmm_identity_is_our_alias(const char *alias)
{
    const char *hex;

    if (!alias || !g_str_has_prefix(alias, NMM_ALIAS_PREFIX))
        return FALSE;
    hex = alias + strlen(NMM_ALIAS_PREFIX);
    return strlen(hex) == ALIAS_HEX_DIGITS && strspn(hex, "0123456789abcdef") == ALIAS_HEX_DIGITS;
}

/**
 * nmm_identity_ula:
 * @host_id: what tells this host from others, the machine id
 * @network: the libvirt network's name
 * @out: (out): ::1/64 in the first subnet of a /48 of fd00::/8 (RFC 4193)
 */
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

/**
 * nmm_identity_link_name:
 * @parent: the lower device's name
 *
 * Returns: (transfer full): the host link's name, at most 15 bytes; a long parent keeps its
 *   beginning, and never half a UTF-8 character, since the name goes over D-Bus
 */
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

/**
 * nmm_identity_link_mac:
 * @profile_uuid: the profile's UUID, in whatever case
 * @parent_mac: the lower device's MAC, in whatever case
 *
 * Returns: (transfer full): "52:…", lower case
 */
char *
nmm_identity_link_mac(const char *profile_uuid, const char *parent_mac)
{
    g_autofree char *uuid = g_ascii_strdown(profile_uuid, -1);
    g_autofree char *mac = g_ascii_strdown(parent_mac, -1);
    guint8 d[DIGEST_BYTES];

    digest("link-mac", uuid, mac, d);
    return digest_to_mac(d);
}

/* Namespace of the UUIDs of offered profiles (RFC 4122, version 5): of no meaning, never to change.
 */
static const char namespace_uuid[] =
    "\x6a\x1f\x0c\x52\x3b\x9e\x4d\x07\x9c\x41\x5e\x83\xd2\x70\xb8\x19";

/**
 * nmm_identity_suggested_uuid:
 * @mode: isolated or share
 * @target: the network's name, or the lower device's
 *
 * Returns: (transfer full): the UUID of the profile that is offered for it
 */
char *
nmm_identity_suggested_uuid(NmmMode mode, const char *target)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA1);
    const char *kind = nmm_mode_to_string(mode);
    guint8 b[20];
    gsize size = sizeof(b);

    g_checksum_update(checksum, (const guchar *)namespace_uuid, sizeof(namespace_uuid) - 1);
    /* With the terminating zero: no mode and target read like another pair. */
    g_checksum_update(checksum, (const guchar *)kind, (gssize)strlen(kind) + 1);
    g_checksum_update(checksum, (const guchar *)target, -1);
    g_checksum_get_digest(checksum, b, &size);
    b[6] = (b[6] & 0x0f) | 0x50;
    b[8] = (b[8] & 0x3f) | 0x80;
    return g_strdup_printf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                           b[0],
                           b[1],
                           b[2],
                           b[3],
                           b[4],
                           b[5],
                           b[6],
                           b[7],
                           b[8],
                           b[9],
                           b[10],
                           b[11],
                           b[12],
                           b[13],
                           b[14],
                           b[15]);
}

/**
 * nmm_identity_is_suggested:
 * @uuid: a profile's UUID
 * @mode: its mode
 * @target: (nullable): its network, or its parent
 *
 * Returns: whether it is the profile that is offered for @target
 */
gboolean
nmm_identity_is_suggested(const char *uuid, NmmMode mode, const char *target)
{
    g_autofree char *offer = target ? nmm_identity_suggested_uuid(mode, target) : NULL;

    return offer && g_str_equal(offer, uuid);
}
