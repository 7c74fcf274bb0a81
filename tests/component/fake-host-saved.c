/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The managed save images and snapshots of the fake host's guests. */

#include "config.h"

#include "fake-host-private.h"

static FakeGuest *
need_running(FakeHost *host, const char *name, GError **error)
{
    FakeGuest *guest = fake_host_need_guest(host, name, error);

    if (guest && !guest->live) {
        g_set_error_literal(error, NMM_ERROR, NMM_ERROR_FAILED, "domain is not running");
        return NULL;
    }
    return guest;
}

/* libvirt leaves out what only a running guest has. */
static xmlDoc *
copy_inactive(xmlDoc *live)
{
    xmlDoc *copy = xmlCopyDoc(live, 1);
    xmlNode *nic = nmm_xml_child(nmm_xml_child(xmlDocGetRootElement(copy), "devices"), "interface");

    for (; nic; nic = nmm_xml_next(nic)) {
        xmlNode *target = nmm_xml_child(nic, "target");

        if (!target)
            continue;
        xmlUnlinkNode(target);
        xmlFreeNode(target);
    }
    return copy;
}

gboolean
fake_host_save_guest(FakeHost *host, const char *name, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeGuest *guest = need_running(host, name, error);

    if (!guest)
        return FALSE;
    guest->image = copy_inactive(guest->live);
    g_clear_pointer(&guest->live, xmlFreeDoc);
    fake_host_guest_event(host, guest->uuid);
    return TRUE;
}

gboolean
fake_host_pause_guest(FakeHost *host, const char *name, gboolean paused, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeGuest *guest = need_running(host, name, error);

    if (!guest)
        return FALSE;
    guest->paused = paused;
    return TRUE;
}

gboolean
fake_host_discard_image(FakeHost *host, const char *name, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeGuest *guest = fake_host_need_guest(host, name, error);

    if (!guest)
        return FALSE;
    g_clear_pointer(&guest->image, xmlFreeDoc);
    return TRUE;
}

gboolean
fake_host_snapshot_guest(FakeHost *host, const char *name, const char *snapshot, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeGuest *guest = need_running(host, name, error);
    g_autofree char *domain = NULL;
    xmlDoc *copy;

    if (!guest)
        return FALSE;
    copy = copy_inactive(guest->live);
    domain = nmm_xml_to_string(xmlDocGetRootElement(copy));
    xmlFreeDoc(copy);
    g_hash_table_replace(
        guest->snapshots,
        g_strdup(snapshot),
        g_strdup_printf("<domainsnapshot><name>%s</name>%s</domainsnapshot>", snapshot, domain));
    return TRUE;
}

gboolean
fake_host_delete_snapshot(FakeHost *host, const char *name, const char *snapshot, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeGuest *guest = fake_host_need_guest(host, name, error);

    return guest && g_hash_table_remove(guest->snapshots, snapshot);
}

void
fake_host_add_saved(FakeHost *host, NmmGuest *guest)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeGuest *found = fake_host_need_guest(host, guest->uuid, NULL);
    GHashTableIter iter;
    gpointer name;
    gpointer xml;

    if (!found)
        return;
    guest->paused = found->live && found->paused;
    if (found->image) {
        g_autofree char *image = nmm_xml_to_string(xmlDocGetRootElement(found->image));

        nmm_guest_add_saved(guest, NULL, image);
    }
    g_hash_table_iter_init(&iter, found->snapshots);
    while (g_hash_table_iter_next(&iter, &name, &xml))
        nmm_guest_add_saved(guest, name, xml);
}
