/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading guests from libvirt: which states a guest has, its XML for each, and many guests at a
 * time. Changes nothing; one guest that cannot be read spoils no other.
 */

#include "config.h"

#include "nm-macvtap-libvirt-private.h"

#include "nm-macvtap-error.h"

/* libvirtd works on 5 requests of a client at a time; one is left for whatever else goes on. */
#define READ_THREADS 4

/* libvirt gives the definition for "the live XML" of a guest that has just stopped; only a running
 * guest has an ID in it. */
static gboolean
is_live_xml(const char *xml)
{
    const char *start = strstr(xml, "<domain");
    const char *end = start ? strchr(start, '>') : NULL;

    return end && g_strstr_len(start, end - start, " id='");
}

static NMMacvtapGuest *
read_domain(NMMacvtapLibvirtLink *link, virDomainPtr domain, gboolean persistent, GError **error)
{
    g_autofree char *config_xml = NULL;
    g_autofree char *live_xml = NULL;

    /* Known from the look-up; asks nobody. */
    if (virDomainGetID(domain) != (unsigned int)-1) {
        live_xml = virDomainGetXMLDesc(domain, 0);
        if (!live_xml) {
            nm_macvtap_libvirt_link_fail(link, error);
            return NULL;
        }
        if (!is_live_xml(live_xml))
            g_clear_pointer(&live_xml, g_free);
    }
    if (persistent || !live_xml) {
        config_xml = virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE);
        if (!config_xml) {
            nm_macvtap_libvirt_link_fail(link, error);
            return NULL;
        }
    }
    return nm_macvtap_guest_new_from_xml(config_xml, live_xml, error);
}

/**
 * nm_macvtap_libvirt_read_guest:
 * @link: a connection
 * @uuid: the guest's UUID
 * @error: (out) (optional): as nm_macvtap_hypervisor_read_guest() has it
 *
 * Returns: (transfer full) (nullable): the guest
 */
NMMacvtapGuest *
nm_macvtap_libvirt_read_guest(NMMacvtapLibvirtLink *link, const char *uuid, GError **error)
{
    g_autoptr(virDomain) domain =
        virDomainLookupByUUIDString(nm_macvtap_libvirt_link_get_conn(link), uuid);
    int persistent = domain ? virDomainIsPersistent(domain) : -1;

    if (persistent < 0) {
        nm_macvtap_libvirt_link_fail(link, error);
        return NULL;
    }
    return read_domain(link, domain, persistent, error);
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

/* A reading of all guests; the threads share it and each takes its own element of the arrays. */
typedef struct {
    NMMacvtapLibvirtLink *link;
    DomainList domains;
    GHashTable *transient; /* (element-type utf8): UUIDs of guests without a definition */
    NMMacvtapGuest **guests;
    GError **errors;
} Reading;

static gboolean
is_transient(Reading *reading, virDomainPtr domain)
{
    char uuid[VIR_UUID_STRING_BUFLEN];

    return virDomainGetUUIDString(domain, uuid) == 0 &&
           g_hash_table_contains(reading->transient, uuid);
}

static void
read_job(gpointer data, gpointer user_data)
{
    Reading *reading = user_data;
    guint i = GPOINTER_TO_UINT(data) - 1;
    virDomainPtr domain = reading->domains[i];

    reading->guests[i] =
        read_domain(reading->link, domain, !is_transient(reading, domain), &reading->errors[i]);
}

/* (transfer full): one call says it for all guests, where asking each would double the time. */
static GHashTable *
list_transient(NMMacvtapLibvirtLink *link, GError **error)
{
    g_autoptr(GHashTable) uuids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_auto(DomainList) domains = NULL;
    char uuid[VIR_UUID_STRING_BUFLEN];
    int i, n;

    n = virConnectListAllDomains(
        nm_macvtap_libvirt_link_get_conn(link), &domains, VIR_CONNECT_LIST_DOMAINS_TRANSIENT);
    if (n < 0) {
        nm_macvtap_libvirt_link_fail(link, error);
        return NULL;
    }
    for (i = 0; i < n; i++) {
        if (virDomainGetUUIDString(domains[i], uuid) == 0)
            g_hash_table_add(uuids, g_strdup(uuid));
    }
    return g_steal_pointer(&uuids);
}

/* Moves the guests that were read into an array. Only a broken connection spoils all of it. */
static GPtrArray *
collect_guests(Reading *reading, int n, GError **error)
{
    g_autoptr(GPtrArray) guests =
        g_ptr_array_new_with_free_func((GDestroyNotify)nm_macvtap_guest_unref);
    g_autoptr(GError) broken = NULL;
    int i;

    for (i = 0; i < n; i++) {
        g_autoptr(GError) local = reading->errors[i];

        if (reading->guests[i])
            g_ptr_array_add(guests, reading->guests[i]);
        else if (g_error_matches(local, NM_MACVTAP_ERROR, NM_MACVTAP_ERROR_UNREACHABLE)) {
            if (!broken)
                broken = g_steal_pointer(&local);
        } else if (!g_error_matches(local, NM_MACVTAP_ERROR, NM_MACVTAP_ERROR_NOT_FOUND))
            g_warning("guest '%s' is left out: %s",
                      virDomainGetName(reading->domains[i]),
                      local->message);
    }
    if (broken) {
        g_propagate_error(error, g_steal_pointer(&broken));
        return NULL;
    }
    return g_steal_pointer(&guests);
}

/**
 * nm_macvtap_libvirt_list_guests:
 * @link: a connection
 * @error: (out) (optional): as nm_macvtap_hypervisor_list_guests() has it
 *
 * Returns: (transfer full) (element-type NMMacvtapGuest) (nullable): the guests, in libvirt's order
 */
GPtrArray *
nm_macvtap_libvirt_list_guests(NMMacvtapLibvirtLink *link, GError **error)
{
    g_autoptr(GHashTable) transient = list_transient(link, error);
    g_auto(DomainList) domains = NULL;
    g_autofree NMMacvtapGuest **guests = NULL;
    g_autofree GError **errors = NULL;
    Reading reading = {.link = link, .transient = transient};
    GThreadPool *pool;
    int i, n;

    if (!transient)
        return NULL;
    n = virConnectListAllDomains(nm_macvtap_libvirt_link_get_conn(link), &domains, 0);
    if (n < 0) {
        nm_macvtap_libvirt_link_fail(link, error);
        return NULL;
    }
    reading.domains = domains;
    reading.guests = guests = g_new0(NMMacvtapGuest *, n);
    reading.errors = errors = g_new0(GError *, n);

    pool = g_thread_pool_new(read_job, &reading, READ_THREADS, FALSE, NULL);
    for (i = 0; i < n; i++)
        g_thread_pool_push(pool, GUINT_TO_POINTER((guint)i + 1), NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
    return collect_guests(&reading, n, error);
}
