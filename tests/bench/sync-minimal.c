/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The yardstick for guest sync: the least that must be asked of libvirt. Reads every defined guest
 * ("read"), gives each macvtap guest an interface on a network as well ("attach"), or takes that
 * out again ("detach"). Nothing is decided, checked or reported. Without THREADS, in sequence. With
 * THREADS, each has its own connection and its part of the guests, libvirt-glib's event loop runs,
 * as a program needs it that must notice a libvirtd that hangs, and libxml2 parses each definition,
 * as a program needs it that decides by more than one word: the most that the libraries can do at a
 * time on this machine.
 */

#include <glib.h>
#include <libvirt-glib/libvirt-glib.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <libxml/parser.h>
#include <string.h>

#define ALIAS "ua-bench-minimal"

typedef struct {
    const char *action;
    const char *network;
    guint n_threads;
    guint number; /* of the thread */
    gboolean parses;
    virConnectPtr connection;
} Work;

/* Returns: whether the guest has a macvtap interface. */
static gboolean
read_guest(virDomainPtr domain, gboolean parses)
{
    g_autofree char *definition = virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE);

    if (definition && parses)
        xmlFreeDoc(xmlReadMemory(definition, (int)strlen(definition), NULL, NULL, 0));
    return definition && strstr(definition, "type='direct'");
}

static void
attach(virDomainPtr domain, const char *network, guint n)
{
    g_autofree char *nic = NULL;

    nic = g_markup_printf_escaped("<interface type='network'><mac address='52:aa:00:00:%02x:%02x'/>"
                                  "<source network='%s'/><model type='virtio'/>"
                                  "<alias name='" ALIAS "'/></interface>",
                                  n >> 8 & 0xff,
                                  n & 0xff,
                                  network);
    if (virDomainAttachDeviceFlags(domain, nic, VIR_DOMAIN_AFFECT_CONFIG) < 0)
        g_error("attach: %s", virGetLastErrorMessage());
}

static void
treat(const Work *work, virDomainPtr domain, guint n)
{
    if (strcmp(work->action, "detach") == 0)
        virDomainDetachDeviceAlias(domain, ALIAS, VIR_DOMAIN_AFFECT_CONFIG);
    else if (read_guest(domain, work->parses) && strcmp(work->action, "attach") == 0)
        attach(domain, work->network, n);
}

static gpointer
work_thread(gpointer data)
{
    Work *work = data;
    virDomainPtr *domains = NULL;
    int n = -1;

    work->connection = virConnectOpen("qemu:///system");
    if (work->connection)
        n = virConnectListAllDomains(work->connection, &domains, 0);
    if (n < 0)
        g_error("libvirt: %s", virGetLastErrorMessage());
    for (guint i = 0; i < (guint)n; i++) {
        if (i % work->n_threads == work->number)
            treat(work, domains[i], i);
        virDomainFree(domains[i]);
    }
    g_free(domains);
    return NULL;
}

typedef struct {
    Work *works;
    guint n;
    GMainLoop *loop; /* (nullable) */
} Run;

static gpointer
run_threads(gpointer data)
{
    Run *run = data;
    g_autofree GThread **threads = g_new0(GThread *, run->n);

    for (guint i = 0; i < run->n; i++)
        threads[i] = g_thread_new("work", work_thread, &run->works[i]);
    for (guint i = 0; i < run->n; i++)
        g_thread_join(threads[i]);
    if (run->loop)
        g_main_loop_quit(run->loop);
    return NULL;
}

static void
run_beside_events(Run *run)
{
    GThread *thread;

    gvir_event_register();
    run->loop = g_main_loop_new(NULL, FALSE);
    thread = g_thread_new("threads", run_threads, run);
    g_main_loop_run(run->loop);
    g_thread_join(thread);
    g_main_loop_unref(run->loop);
}

int
main(int argc, char **argv)
{
    Run run = {.n = argc == 4 ? (guint)g_ascii_strtoull(argv[3], NULL, 10) : 1};
    gint64 start;

    if (argc < 3 || argc > 4 || run.n == 0)
        g_error("usage: sync-minimal read|attach|detach NETWORK [THREADS]");

    start = g_get_monotonic_time();
    run.works = g_new0(Work, run.n);
    for (guint i = 0; i < run.n; i++)
        run.works[i] = (Work){argv[1], argv[2], run.n, i, argc == 4};
    virInitialize();
    xmlInitParser();
    if (argc == 4)
        run_beside_events(&run);
    else
        run_threads(&run);
    g_print("%.3f\n", (double)(g_get_monotonic_time() - start) / 1e6);
    for (guint i = 0; i < run.n; i++)
        virConnectClose(run.works[i].connection);
    g_free(run.works);
    return 0;
}
