/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads guests from libvirt, many guests in parallel. Changes nothing; a guest that cannot be read
 * affects no other.
 */

#include "config.h"

#include "nmm-libvirt-private.h"

#include "nmm-error.h"

/* Threads that read, each over its own connection; up to so many guests are read by one. */
#define READERS    4
#define FEW_ENOUGH 16

/* libvirt returns the definition as "the live XML" of a guest that has just stopped; only the XML
 * of a running guest has an ID. */
static gboolean
is_live_xml(const char *xml)
{
    const char *start = strstr(xml, "<domain");
    const char *end = start ? strchr(start, '>') : NULL;

    return end && g_strstr_len(start, end - start, " id='");
}

/* What is known about a guest before it is read. */
typedef struct {
    gboolean persistent;
    gboolean has_image;
    gboolean has_snapshots;
    gboolean is_paused;
} Traits;

/* One that cannot be read may need any network. */
static void
read_image(virDomainPtr domain, NmmGuest *guest)
{
    g_autofree char *xml = virDomainManagedSaveGetXMLDesc(domain, 0);

    nmm_guest_add_saved(guest, NULL, xml);
}

static void
read_snapshots(virDomainPtr domain, NmmGuest *guest)
{
    virDomainSnapshotPtr *snapshots = NULL;
    int n = virDomainListAllSnapshots(domain, &snapshots, 0);

    if (n < 0)
        nmm_guest_add_saved(guest, "?", NULL);
    for (int i = 0; i < n; i++) {
        g_autofree char *xml = virDomainSnapshotGetXMLDesc(snapshots[i], 0);

        nmm_guest_add_saved(guest, virDomainSnapshotGetName(snapshots[i]), xml);
        virDomainSnapshotFree(snapshots[i]);
    }
    free(snapshots);
}

static NmmGuest *
read_domain(NmmLibvirtCall *call, virDomainPtr domain, const Traits *traits, GError **error)
{
    NmmGuest *guest;
    g_autofree char *config_xml = NULL;
    g_autofree char *live_xml = NULL;

    /* Known from the look-up; no call to libvirtd. */
    if (virDomainGetID(domain) != (unsigned int)-1) {
        live_xml = virDomainGetXMLDesc(domain, 0);
        if (!live_xml) {
            nmm_libvirt_call_fail(call, error);
            return NULL;
        }
        if (!is_live_xml(live_xml))
            g_clear_pointer(&live_xml, g_free);
    }
    if (traits->persistent || !live_xml) {
        config_xml = virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE);
        if (!config_xml) {
            nmm_libvirt_call_fail(call, error);
            return NULL;
        }
    }
    guest = nmm_guest_new_from_xml(config_xml, live_xml, error);
    if (guest)
        guest->paused = live_xml && traits->is_paused;
    if (guest && traits->has_image)
        read_image(domain, guest);
    if (guest && traits->has_snapshots)
        read_snapshots(domain, guest);
    return guest;
}

static gboolean
is_paused(virDomainPtr domain)
{
    int state;

    return virDomainGetState(domain, &state, NULL, 0) == 0 && state == VIR_DOMAIN_PAUSED;
}

NmmGuest *
nmm_libvirt_read_guest(NmmLibvirtCall *call, const char *uuid, GError **error)
{
    g_autoptr(virDomain) domain = virDomainLookupByUUIDString(call->conn, uuid);
    int persistent = domain ? virDomainIsPersistent(domain) : -1;
    Traits traits = {.persistent = persistent};

    if (persistent < 0) {
        nmm_libvirt_call_fail(call, error);
        return NULL;
    }
    /* A driver without images or snapshots fails. */
    traits.has_image = virDomainHasManagedSaveImage(domain, 0) > 0;
    traits.has_snapshots = virDomainSnapshotNum(domain, 0) > 0;
    traits.is_paused = is_paused(domain);
    return read_domain(call, domain, &traits, error);
}

typedef virDomainPtr *DomainList; /* ends with NULL */

static void
domains_free(DomainList domains)
{
    virDomainPtr *domain;

    for (domain = domains; domain && *domain; domain++)
        virDomainFree(*domain);
    free(domains);
}

G_DEFINE_AUTO_CLEANUP_FREE_FUNC(DomainList, domains_free, NULL)

/* @out_domains: (transfer full) (nullable) */
static gboolean
list_domains(NmmLibvirtCall *call,
             unsigned int flags,
             DomainList *out_domains,
             int *out_n,
             GError **error)
{
    DomainList domains = NULL;
    int n = virConnectListAllDomains(call->conn, &domains, flags);

    if (n < 0)
        return nmm_libvirt_call_fail(call, error);
    *out_domains = domains;
    *out_n = n;
    return TRUE;
}

/* (transfer full): their UUIDs. */
static GHashTable *
list_uuids(DomainList domains, int n)
{
    GHashTable *uuids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    char uuid[VIR_UUID_STRING_BUFLEN];

    for (int i = 0; i < n; i++) {
        if (virDomainGetUUIDString(domains[i], uuid) == 0)
            g_hash_table_add(uuids, g_strdup(uuid));
    }
    return uuids;
}

/* (transfer full): the UUIDs of guests that @flags select. One call for all guests, because one
 * for each would double the time. */
static GHashTable *
list_selected(NmmLibvirtCall *call, unsigned int flags, GError **error)
{
    g_auto(DomainList) domains = NULL;
    int n = 0;

    if (!list_domains(call, flags, &domains, &n, error))
        return NULL;
    return list_uuids(domains, n);
}

/* Of all guests: (element-type utf8): UUIDs. */
typedef struct {
    GHashTable *transient;
    GHashTable *with_image;
    GHashTable *with_snapshots;
    GHashTable *paused;
} AllTraits;

static gboolean
list_traits(NmmLibvirtCall *call, AllTraits *traits, GError **error)
{
    const struct {
        GHashTable **uuids;
        unsigned int flags;
    } lists[] = {
        {&traits->transient, VIR_CONNECT_LIST_DOMAINS_TRANSIENT},
        {&traits->with_image, VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE},
        {&traits->with_snapshots, VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT},
        {&traits->paused, VIR_CONNECT_LIST_DOMAINS_PAUSED},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
        *lists[i].uuids = list_selected(call, lists[i].flags, error);
        if (!*lists[i].uuids)
            return FALSE;
    }
    return TRUE;
}

static void
all_traits_clear(AllTraits *traits)
{
    g_clear_pointer(&traits->transient, g_hash_table_unref);
    g_clear_pointer(&traits->with_image, g_hash_table_unref);
    g_clear_pointer(&traits->with_snapshots, g_hash_table_unref);
    g_clear_pointer(&traits->paused, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AllTraits, all_traits_clear)

/* What the readers share. The list may change while the readers list the guests, so they take
 * guests by UUID; an event follows about a guest that was defined meanwhile. */
typedef struct {
    NmmLibvirtConn *owner;
    const AllTraits *traits; /* borrowed */
    GMutex mutex;            /* guards what is below */
    GHashTable *waiting;     /* (element-type utf8): UUIDs of guests that no reader has taken */
    GPtrArray *guests;       /* (element-type NmmGuest) */
    GError *error;           /* (nullable): why the connection broke */
} Reading;

static gboolean
has_waiting(Reading *reading)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&reading->mutex);

    return !reading->error && g_hash_table_size(reading->waiting) > 0;
}

static gboolean
take(Reading *reading, const char *uuid)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&reading->mutex);

    return g_hash_table_remove(reading->waiting, uuid);
}

/* @guest: (transfer full) */
static void
add_guest(Reading *reading, NmmGuest *guest)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&reading->mutex);

    g_ptr_array_add(reading->guests, guest);
}

/* @error: (transfer full): ends the reading. */
static void
fail(Reading *reading, GError *error)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&reading->mutex);

    if (reading->error)
        g_error_free(error);
    else
        reading->error = error;
}

static void
read_one(Reading *reading, NmmLibvirtCall *call, virDomainPtr domain)
{
    const AllTraits *all = reading->traits;
    char uuid[VIR_UUID_STRING_BUFLEN];
    g_autoptr(GError) error = NULL;
    Traits traits;
    NmmGuest *guest;

    if (virDomainGetUUIDString(domain, uuid) < 0 || !take(reading, uuid))
        return;
    traits = (Traits){
        .persistent = !g_hash_table_contains(all->transient, uuid),
        .has_image = g_hash_table_contains(all->with_image, uuid),
        .has_snapshots = g_hash_table_contains(all->with_snapshots, uuid),
        .is_paused = g_hash_table_contains(all->paused, uuid),
    };
    guest = read_domain(call, domain, &traits, &error);
    if (guest)
        add_guest(reading, guest);
    else if (g_error_matches(error, NMM_ERROR, NMM_ERROR_UNREACHABLE))
        fail(reading, g_steal_pointer(&error));
    else if (!g_error_matches(error, NMM_ERROR, NMM_ERROR_NOT_FOUND))
        g_warning("ignoring guest '%s': %s", virDomainGetName(domain), error->message);
}

/* Readers begin at different places of the list, so that one seldom meets what another has taken:
 * libvirt's client formats the UUID in every call about a domain, which takes longer than a look
 * into a hash table by far. */
static void
read_from(Reading *reading, NmmLibvirtCall *call, DomainList domains, guint n, guint start)
{
    for (guint i = 0; i < n && has_waiting(reading); i++)
        read_one(reading, call, domains[(start + i) % n]);
}

typedef struct {
    Reading *reading;
    guint number; /* 1, 2, … */
    GThread *thread;
} Reader;

static gpointer
reader_thread(gpointer data)
{
    const Reader *reader = data;
    Reading *reading = reader->reading;
    GError *error = NULL;
    g_autoptr(NmmLibvirtCall) call = nmm_libvirt_call_begin(reading->owner, &error);
    g_auto(DomainList) domains = NULL;
    int n = 0;

    if (call && list_domains(call, 0, &domains, &n, &error))
        read_from(reading, call, domains, (guint)n, (guint)n * reader->number / READERS);
    else
        fail(reading, error);
    return NULL;
}

static void
read_with(Reading *reading, NmmLibvirtCall *call, DomainList domains, guint n)
{
    guint n_readers = n > FEW_ENOUGH ? READERS : 1;
    Reader readers[READERS];

    for (guint i = 1; i < n_readers; i++) {
        readers[i] = (Reader){reading, i};
        readers[i].thread = g_thread_new("libvirt-read", reader_thread, &readers[i]);
    }
    read_from(reading, call, domains, n, 0);
    for (guint i = 1; i < n_readers; i++)
        g_thread_join(readers[i].thread);
}

GPtrArray *
nmm_libvirt_list_guests(NmmLibvirtCall *call, GError **error)
{
    g_auto(AllTraits) traits = {0};
    g_auto(DomainList) domains = NULL;
    g_autoptr(GHashTable) waiting = NULL;
    g_autoptr(GPtrArray) guests = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_guest_unref);
    Reading reading = {.owner = call->owner, .traits = &traits, .guests = guests};
    int n = 0;

    if (!list_traits(call, &traits, error) || !list_domains(call, 0, &domains, &n, error))
        return NULL;
    waiting = reading.waiting = list_uuids(domains, n);
    g_mutex_init(&reading.mutex);
    read_with(&reading, call, domains, (guint)n);
    g_mutex_clear(&reading.mutex);
    if (!reading.error)
        return g_steal_pointer(&guests);
    g_propagate_error(error, reading.error);
    return NULL;
}
