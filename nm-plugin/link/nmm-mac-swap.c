/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel refuses a link the MAC that its parent has (EADDRINUSE), so the parent gets the
 * stand-in first. It does not refuse the parent the MAC of a link, which receives everything until
 * it changes, too, so the parent changes first on the way back as well, and nothing is lost. The
 * note is written before the first change, and removed after the last.
 */

#include "config.h"

#include "nmm-mac-swap.h"

#include <glib/gi18n-lib.h>

#include "nmm-announce.h"
#include "nmm-error.h"
#include "nmm-identity.h"
#include "nmm-links.h"
#include "nmm-neighbours.h"
#include "nmm-note.h"
#include "nmm-rtnl.h"
#include "nmm-sysctl.h"

#define NOTE        "mac"
#define GROUP       "mac"
#define KEY_OWN     "own"
#define KEY_STANDIN "standin"

/* The note */

typedef struct {
    char *own;
    char *standin;
} Note;

static void
note_free(Note *note)
{
    g_free(note->own);
    g_free(note->standin);
    g_free(note);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Note, note_free)

static gboolean
write_note(const char *run_dir, const char *parent, const Note *note, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();

    g_key_file_set_string(file, GROUP, KEY_OWN, note->own);
    g_key_file_set_string(file, GROUP, KEY_STANDIN, note->standin);
    return nmm_note_write(run_dir, NOTE, parent, file, error);
}

/* (nullable): NULL without a note, and with one that is not valid. */
static Note *
read_note(const char *run_dir, const char *parent)
{
    g_autoptr(GKeyFile) file = nmm_note_read(run_dir, NOTE, parent);
    g_autoptr(Note) note = g_new0(Note, 1);
    guint8 mac[NMM_MAC_BYTES];

    if (!file)
        return NULL;
    note->own = g_key_file_get_string(file, GROUP, KEY_OWN, NULL);
    note->standin = g_key_file_get_string(file, GROUP, KEY_STANDIN, NULL);
    if (!nmm_mac_parse(note->own, mac) || !nmm_mac_parse(note->standin, mac))
        return NULL;
    return g_steal_pointer(&note);
}

static char *
read_mac(const char *device)
{
    g_autoptr(NmmNlSock) sock = nmm_netlink_connect(NULL);
    g_autoptr(NmmNlLink) link = sock ? nmm_rtnl_get_link(sock, device, NULL) : NULL;

    return link ? nmm_netlink_addr_to_mac(rtnl_link_get_addr(link)) : NULL;
}

char *
nmm_mac_swap_find_own(const char *run_dir, const char *parent)
{
    g_autoptr(Note) note = read_note(run_dir, parent);
    char *mac = read_mac(parent);

    if (!note || g_strcmp0(note->standin, mac) != 0)
        return mac;
    g_free(mac);
    return g_strdup(note->own);
}

/* Begin */

/* The host may have its addresses on the parent alone while the LAN sends to the link's MAC. With a
 * filter by the reverse path, the kernel drops these packets; that of "all" counts as well. */
static gboolean
let_in(const char *link)
{
    g_autofree char *path = g_strdup_printf("net/ipv4/conf/%s/rp_filter", link);
    g_autofree char *all = NULL;

    return nmm_sysctl_read("net/ipv4/conf/all/rp_filter", &all, NULL) && g_strcmp0(all, "0") == 0 &&
           nmm_sysctl_write(path, "0", NULL);
}

void
nmm_mac_swap_settle(const char *link)
{
    g_autoptr(GError) error = NULL;

    if (!nmm_sysctl_reset("ipv4", link, "rp_filter", &error))
        g_warning("%s", error->message);
}

/* What the LAN sends between the two changes is lost. The link cannot be down meanwhile, because
 * NetworkManager would fail it without its IPv6 addresses (seen with 1.42). */
static gboolean
change_both(NmmNlSock *sock, const char *parent, const char *link, const Note *note, GError **error)
{
    const NmmMacChange changes[] = {{parent, note->standin}, {link, note->own}};
    const NmmMacChange undo = {parent, note->own};

    if (nmm_rtnl_change_macs(sock, changes, G_N_ELEMENTS(changes), error)) {
        nmm_neighbours_copy(parent, link);
        return TRUE;
    }
    nmm_rtnl_change_macs(sock, &undo, 1, NULL);
    return FALSE;
}

gboolean
nmm_mac_swap_begin(const char *run_dir,
                   const char *parent,
                   const char *link,
                   gboolean *out_is_quiet,
                   GError **error)
{
    g_autoptr(NmmNlSock) sock = nmm_netlink_connect(error);
    g_autoptr(GPtrArray) links = sock ? nmm_links_read_interfaces(sock, "/sys", error) : NULL;
    const NmmLink *device = links ? nmm_links_find(links, parent) : NULL;
    g_autoptr(Note) note = NULL;

    if (!links)
        return FALSE;
    if (!device || !device->mac)
        return nmm_fail(
            error, NMM_ERROR_NOT_FOUND, _("there is no network interface '%s'"), parent);
    note = g_new(Note, 1);
    note->own = nmm_mac_swap_find_own(run_dir, parent);
    note->standin = nmm_identity_standin_mac(note->own);
    if (!write_note(run_dir, parent, note, error))
        return FALSE;
    *out_is_quiet = let_in(link);
    if (!change_both(sock, parent, link, note, error)) {
        nmm_note_remove(run_dir, NOTE, parent, NULL);
        nmm_mac_swap_settle(link);
        return FALSE;
    }
    if (!*out_is_quiet)
        nmm_announce(parent, AF_UNSPEC, NULL);
    return TRUE;
}

/* Undo */

static gboolean
is_over(const NmmLink *link, const char *parent)
{
    return link->macvtap_mode && g_strcmp0(link->parent, parent) == 0;
}

/* The host may still have its addresses on a link, so the LAN must know. */
static void
announce(const GPtrArray *links, const GArray *changes)
{
    for (guint i = 1; i < changes->len; i++) {
        const NmmLink *link = nmm_links_find(links, g_array_index(changes, NmmMacChange, i).name);
        g_autoptr(GError) error = NULL;

        if (link && link->up && !nmm_announce(link->name, AF_UNSPEC, &error))
            g_debug("%s", error->message);
    }
}

static gboolean
change_back(NmmNlSock *sock,
            const GPtrArray *links,
            const NmmLink *parent,
            const Note *note,
            const char *profile_uuid,
            gboolean *changed,
            GError **error)
{
    g_autofree char *mac = nmm_identity_link_mac(profile_uuid, note->own);
    const NmmMacChange own = {parent->name, note->own};
    g_autoptr(GArray) changes = g_array_new(FALSE, FALSE, sizeof(NmmMacChange));
    gboolean done;

    g_array_append_val(changes, own);
    for (guint i = 0; i < links->len; i++) {
        const NmmLink *link = links->pdata[i];
        const NmmMacChange change = {link->name, mac};

        if (is_over(link, parent->name) && g_ascii_strcasecmp(link->mac, note->own) == 0)
            g_array_append_val(changes, change);
    }
    /* Also what a process that died has changed: NetworkManager may not know it yet. */
    *changed = TRUE;
    done =
        nmm_rtnl_change_macs(sock, &g_array_index(changes, NmmMacChange, 0), changes->len, error);
    announce(links, changes);
    return done;
}

static gboolean
undo(NmmNlSock *sock,
     const char *parent,
     const Note *note,
     const char *profile_uuid,
     gboolean *changed,
     GError **error)
{
    g_autoptr(GPtrArray) links = nmm_links_read_interfaces(sock, "/sys", error);
    const NmmLink *device = links ? nmm_links_find(links, parent) : NULL;

    if (!device)
        return links != NULL;
    if (g_strcmp0(device->mac, note->standin) != 0 && g_strcmp0(device->mac, note->own) != 0)
        return TRUE;
    return change_back(sock, links, device, note, profile_uuid, changed, error);
}

/* NetworkManager may remove a link meanwhile, which then needs nothing. */
gboolean
nmm_mac_swap_undo(const char *run_dir,
                  const char *parent,
                  const char *profile_uuid,
                  gboolean *out_changed,
                  GError **error)
{
    g_autoptr(Note) note = read_note(run_dir, parent);
    g_autoptr(NmmNlSock) sock = note ? nmm_netlink_connect(error) : NULL;
    g_autoptr(GError) failure = NULL;

    *out_changed = FALSE;
    if (!sock)
        return !note;
    while (!undo(sock, parent, note, profile_uuid, out_changed, &failure)) {
        if (!g_error_matches(failure, NMM_ERROR, NMM_ERROR_NOT_FOUND)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        g_clear_error(&failure);
    }
    nmm_note_remove(run_dir, NOTE, parent, NULL);
    return TRUE;
}
