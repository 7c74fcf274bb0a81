/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guests of the fake host: whole domain documents in which only <interface> elements are added,
 * replaced and removed. The running document gets aliases, target devices and the lower device of a
 * network as libvirt fills them in.
 */

#include "config.h"

#include "fake-host-private.h"

void
fake_guest_free(FakeGuest *guest)
{
    g_free(guest->uuid);
    g_free(guest->name);
    g_clear_pointer(&guest->config, xmlFreeDoc);
    g_clear_pointer(&guest->live, xmlFreeDoc);
    g_clear_pointer(&guest->image, xmlFreeDoc);
    g_hash_table_unref(guest->snapshots);
    g_ptr_array_unref(guest->asked);
    g_free(guest);
}

static FakeGuest *
find_guest(FakeHost *host, const char *name)
{
    for (guint i = 0; i < host->guests->len; i++) {
        FakeGuest *guest = host->guests->pdata[i];

        if (g_str_equal(guest->name, name) || g_str_equal(guest->uuid, name))
            return guest;
    }
    return NULL;
}

FakeGuest *
fake_host_need_guest(FakeHost *host, const char *name, GError **error)
{
    FakeGuest *guest = find_guest(host, name);

    if (!guest)
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_NOT_FOUND,
                    "no domain with matching name or UUID '%s'",
                    name);
    return guest;
}

static gboolean
refuse(GError **error, NmmError code, const char *why)
{
    g_set_error_literal(error, NMM_ERROR, code, why);
    return FALSE;
}

static xmlNode *
get_devices(xmlDoc *doc)
{
    return nmm_xml_child(xmlDocGetRootElement(doc), "devices");
}

/* The attribute of a child of an <interface>: ("mac", "address"), ("source", "network") … */
static char *
get_nic_attr(xmlNode *nic, const char *child, const char *attr)
{
    xmlNode *node = nmm_xml_child(nic, child);

    return node ? nmm_xml_attr(node, attr) : NULL;
}

static xmlNode *
find_nic(xmlDoc *doc, const char *child, const char *attr, const char *value)
{
    xmlNode *nic = nmm_xml_child(get_devices(doc), "interface");

    for (; nic; nic = nmm_xml_next(nic)) {
        g_autofree char *found = get_nic_attr(nic, child, attr);

        if (found && g_ascii_strcasecmp(found, value) == 0)
            return nic;
    }
    return NULL;
}

/* In a running guest, an interface on a network that forwards through macvtap. */
static void
resolve_macvtap(xmlNode *nic, FakeNetwork *network)
{
    g_autoptr(NmmNetwork) read = fake_network_read(network, NULL);
    xmlNode *source = nmm_xml_child(nic, "source");

    if (!read || !read->macvtap || !read->lower[0])
        return;
    xmlSetProp(nic, BAD_CAST "type", BAD_CAST "direct");
    xmlSetProp(source, BAD_CAST "dev", BAD_CAST read->lower[0]);
    xmlSetProp(source, BAD_CAST "mode", BAD_CAST read->forward_mode);
}

/* Turns an <interface> of a definition into one of a running guest. */
static gboolean
realise_nic(FakeHost *host, xmlNode *nic, GError **error)
{
    g_autofree char *network_name = get_nic_attr(nic, "source", "network");
    guint number = ++host->last_device;

    if (network_name) {
        FakeNetwork *network = fake_host_find_network(host, network_name);

        if (!network || !network->active)
            return refuse(error, NMM_ERROR_FAILED, "its network is not active");
        resolve_macvtap(nic, network);
    }
    if (!nmm_xml_child(nic, "target")) {
        g_autofree char *device = g_strdup_printf("vnet%u", number);
        xmlNode *target = xmlNewTextChild(nic, NULL, BAD_CAST "target", NULL);

        xmlSetProp(target, BAD_CAST "dev", BAD_CAST device);
    }
    if (!nmm_xml_child(nic, "alias")) {
        g_autofree char *alias = g_strdup_printf("net%u", number);
        xmlNode *node = xmlNewTextChild(nic, NULL, BAD_CAST "alias", NULL);

        xmlSetProp(node, BAD_CAST "name", BAD_CAST alias);
    }
    return TRUE;
}

static xmlDoc *
realise(FakeHost *host, xmlDoc *config, GError **error)
{
    g_autoptr(xmlDoc) live = xmlCopyDoc(config, 1);
    xmlNode *nic = nmm_xml_child(get_devices(live), "interface");

    for (; nic; nic = nmm_xml_next(nic)) {
        if (!realise_nic(host, nic, error))
            return NULL;
    }
    return g_steal_pointer(&live);
}

static char *
take_text(xmlNode *root, const char *name)
{
    xmlNode *node = nmm_xml_child(root, name);

    return node ? nmm_xml_text(node) : NULL;
}

/* Finds or adds the guest that @doc describes; libvirt fills in a missing UUID. */
static FakeGuest *
ensure_guest(FakeHost *host, xmlDoc *doc)
{
    xmlNode *root = xmlDocGetRootElement(doc);
    g_autofree char *name = take_text(root, "name");
    g_autofree char *uuid = take_text(root, "uuid");
    FakeGuest *guest = find_guest(host, uuid ? uuid : name);

    if (!guest) {
        guest = g_new0(FakeGuest, 1);
        guest->name = g_steal_pointer(&name);
        guest->uuid = uuid ? g_strdup(uuid) : g_uuid_string_random();
        guest->asked = g_ptr_array_new_with_free_func(g_free);
        guest->snapshots = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_ptr_array_add(host->guests, guest);
    }
    if (!uuid)
        xmlNewTextChild(root, NULL, BAD_CAST "uuid", BAD_CAST guest->uuid);
    return guest;
}

static void
drop_if_gone(FakeHost *host, FakeGuest *guest)
{
    if (!guest->config && !guest->live)
        g_ptr_array_remove(host->guests, guest);
}

gboolean
fake_host_define_guest(FakeHost *host, const char *xml, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    xmlDoc *doc = nmm_xml_parse(xml, "domain", error);
    FakeGuest *guest;

    if (!doc)
        return FALSE;
    guest = ensure_guest(host, doc);
    g_clear_pointer(&guest->config, xmlFreeDoc);
    guest->config = doc;
    fake_host_guest_event(host, guest->uuid);
    return TRUE;
}

gboolean
fake_host_create_guest(FakeHost *host, const char *xml, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    g_autoptr(xmlDoc) doc = nmm_xml_parse(xml, "domain", error);
    FakeGuest *guest;

    if (!doc)
        return FALSE;
    guest = ensure_guest(host, doc);
    if (guest->live)
        return refuse(error, NMM_ERROR_FAILED, "is already running");
    guest->live = realise(host, doc, error);
    if (!guest->live) {
        drop_if_gone(host, guest);
        return FALSE;
    }
    fake_host_guest_event(host, guest->uuid);
    return TRUE;
}

gboolean
fake_host_start_guest(FakeHost *host, const char *name, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeGuest *guest = fake_host_need_guest(host, name, error);

    if (!guest)
        return FALSE;
    if (guest->live)
        return refuse(error, NMM_ERROR_FAILED, "is already running");
    guest->live = realise(host, guest->image ? guest->image : guest->config, error);
    if (!guest->live)
        return FALSE;
    g_clear_pointer(&guest->image, xmlFreeDoc);
    fake_host_guest_event(host, guest->uuid);
    return TRUE;
}

gboolean
fake_host_stop_guest(FakeHost *host, const char *name, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeGuest *guest = fake_host_need_guest(host, name, error);

    if (!guest)
        return FALSE;
    if (!guest->live)
        return refuse(error, NMM_ERROR_FAILED, "is not running");
    g_clear_pointer(&guest->live, xmlFreeDoc);
    g_ptr_array_set_size(guest->asked, 0);
    fake_host_guest_event(host, guest->uuid);
    drop_if_gone(host, guest);
    return TRUE;
}

gboolean
fake_host_arrive(FakeHost *host, const char *name)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeGuest *guest = find_guest(host, name);

    if (!guest || !guest->live)
        return FALSE;
    fake_host_emit(host, "guest-arrived", guest->uuid);
    return TRUE;
}

gboolean
fake_host_undefine_guest(FakeHost *host, const char *name, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeGuest *guest = fake_host_need_guest(host, name, error);

    if (!guest)
        return FALSE;
    if (!guest->config)
        return refuse(error, NMM_ERROR_FAILED, "is transient");
    g_clear_pointer(&guest->config, xmlFreeDoc);
    fake_host_guest_event(host, guest->uuid);
    drop_if_gone(host, guest);
    return TRUE;
}

/* The document that an edit of @scope is about, or NULL with an error. */
static xmlDoc *
need_doc(FakeGuest *guest, NmmScope scope, GError **error)
{
    if (scope == NMM_SCOPE_LIVE) {
        if (!guest->live)
            refuse(error, NMM_ERROR_NOT_FOUND, "is not running");
        return guest->live;
    }
    if (!guest->config)
        refuse(error, NMM_ERROR_NOT_FOUND, "is transient");
    return guest->config;
}

gboolean
fake_host_attach(FakeHost *host, const char *name, NmmScope scope, const char *xml, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    g_autoptr(xmlDoc) nic_doc = nmm_xml_parse(xml, "interface", error);
    FakeGuest *guest = nic_doc ? fake_host_need_guest(host, name, error) : NULL;
    xmlDoc *doc = guest ? need_doc(guest, scope, error) : NULL;
    g_autofree char *alias = NULL;
    xmlNode *nic;

    if (!doc)
        return FALSE;
    nic = xmlDocGetRootElement(nic_doc);
    alias = get_nic_attr(nic, "alias", "name");
    if (alias && find_nic(doc, "alias", "name", alias))
        return refuse(error, NMM_ERROR_FAILED, "non unique alias detected");
    if (scope == NMM_SCOPE_LIVE) {
        if (guest->rigid)
            return refuse(error, NMM_ERROR_UNSUPPORTED, "no free slot is left");
        if (!realise_nic(host, nic, error))
            return FALSE;
    }
    xmlAddChild(get_devices(doc), xmlDocCopyNode(nic, doc, 1));
    if (scope == NMM_SCOPE_LIVE)
        fake_host_guest_event(host, guest->uuid);
    return TRUE;
}

/* (transfer full): the interface without what libvirt changes in a running guest, without
 * indentation. */
static char *
print_fixed_part(xmlNode *nic)
{
    g_autofree char *text = nmm_xml_to_string(nic);
    g_autoptr(GRegex) free_part = g_regex_new("<(link|port) [^>]*/>|\\n\\s*", 0, 0, NULL);

    return g_regex_replace_literal(free_part, text, -1, 0, "", 0, NULL);
}

/* libvirt reads an element that is missing as a change, and refuses most changes. */
static gboolean
differ_in_link_alone(xmlNode *old, xmlNode *nic)
{
    g_autofree char *old_part = print_fixed_part(old);
    g_autofree char *part = print_fixed_part(nic);

    return g_str_equal(old_part, part);
}

gboolean
fake_host_update(FakeHost *host, const char *name, NmmScope scope, const char *xml, GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    g_autoptr(xmlDoc) nic_doc = nmm_xml_parse(xml, "interface", error);
    FakeGuest *guest = nic_doc ? fake_host_need_guest(host, name, error) : NULL;
    xmlDoc *doc = guest ? need_doc(guest, scope, error) : NULL;
    g_autofree char *mac = NULL;
    xmlNode *old;
    xmlNode *nic;

    if (!doc)
        return FALSE;
    nic = xmlDocGetRootElement(nic_doc);
    mac = get_nic_attr(nic, "mac", "address");
    old = mac ? find_nic(doc, "mac", "address", mac) : NULL;
    if (!old)
        return refuse(error, NMM_ERROR_NOT_FOUND, "no interface with that MAC");
    if (scope == NMM_SCOPE_LIVE && !differ_in_link_alone(old, nic))
        return refuse(
            error, NMM_ERROR_UNSUPPORTED, "only link and port of a running guest can be changed");
    xmlReplaceNode(old, xmlDocCopyNode(nic, doc, 1));
    xmlFreeNode(old);
    return TRUE;
}

static void
remove_nic(xmlNode *nic)
{
    xmlUnlinkNode(nic);
    xmlFreeNode(nic);
}

gboolean
fake_host_detach(FakeHost *host,
                 const char *name,
                 NmmScope scope,
                 const char *alias,
                 GError **error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeGuest *guest = fake_host_need_guest(host, name, error);
    xmlDoc *doc = guest ? need_doc(guest, scope, error) : NULL;
    xmlNode *nic;

    if (!doc)
        return FALSE;
    nic = find_nic(doc, "alias", "name", alias);
    if (!nic)
        return refuse(error, NMM_ERROR_NOT_FOUND, "no device with that alias");
    if (scope == NMM_SCOPE_LIVE && guest->reluctant) {
        if (!g_ptr_array_find_with_equal_func(guest->asked, alias, g_str_equal, NULL))
            g_ptr_array_add(guest->asked, g_strdup(alias));
        return TRUE;
    }
    remove_nic(nic);
    if (scope == NMM_SCOPE_LIVE)
        fake_host_guest_event(host, guest->uuid);
    return TRUE;
}

static void
strip_direct(xmlDoc *doc)
{
    xmlNode *nic = nmm_xml_child(get_devices(doc), "interface");

    while (nic) {
        xmlNode *next = nmm_xml_next(nic);
        g_autofree char *type = nmm_xml_attr(nic, "type");

        if (g_strcmp0(type, "direct") == 0)
            remove_nic(nic);
        nic = next;
    }
}

gboolean
fake_host_strip_macvtap(FakeHost *host, const char *name)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeGuest *guest = find_guest(host, name);

    if (!guest)
        return FALSE;
    if (guest->config)
        strip_direct(guest->config);
    if (guest->live)
        strip_direct(guest->live);
    fake_host_guest_event(host, guest->uuid);
    return TRUE;
}

void
fake_host_set_rigid(FakeHost *host, const char *name, gboolean rigid)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);

    find_guest(host, name)->rigid = rigid;
}

void
fake_host_set_reluctant(FakeHost *host, const char *name, gboolean reluctant)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);

    find_guest(host, name)->reluctant = reluctant;
}

void
fake_host_release_nics(FakeHost *host, const char *name)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeGuest *guest = find_guest(host, name);

    guest->reluctant = FALSE;
    for (guint i = 0; i < guest->asked->len; i++) {
        xmlNode *nic = find_nic(guest->live, "alias", "name", guest->asked->pdata[i]);

        if (nic)
            remove_nic(nic);
    }
    g_ptr_array_set_size(guest->asked, 0);
    fake_host_guest_event(host, guest->uuid);
}

char **
fake_host_list_guests(FakeHost *host)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    g_autoptr(GStrvBuilder) uuids = g_strv_builder_new();

    for (guint i = 0; i < host->guests->len; i++)
        g_strv_builder_add(uuids, ((FakeGuest *)host->guests->pdata[i])->uuid);
    return g_strv_builder_end(uuids);
}

char *
fake_host_get_guest_name(FakeHost *host, const char *name)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeGuest *guest = find_guest(host, name);

    return guest ? g_strdup(guest->name) : NULL;
}

char *
fake_host_dump_guest(FakeHost *host, const char *name, NmmScope scope)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&host->mutex);
    FakeGuest *guest = find_guest(host, name);
    xmlDoc *doc = NULL;

    if (guest)
        doc = scope == NMM_SCOPE_LIVE ? guest->live : guest->config;
    return doc ? nmm_xml_to_string(xmlDocGetRootElement(doc)) : NULL;
}
