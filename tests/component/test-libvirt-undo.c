/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Activations that libvirt itself lets fail: everything that the sync engine can change, and the
 * kernel, are as before. Needs its own libvirtd without firewalld.
 */

#include "config.h"

#include "libvirt-host.h"
#include "nmm-libvirt.h"
#include "nmm-sync.h"

#define UUID  "5a2c7b1e-0000-4000-8000-000000000001"
#define AMPLE (60 * 1000)

#define NETWORK(owner, bridge)                                                                     \
    "<network><name>isolated</name>" owner bridge                                                  \
    "<ip address='192.168.77.1' prefix='24'><dhcp><range start='192.168.77.9' "                    \
    "end='192.168.77.99'/><host mac='52:54:00:00:00:01' ip='192.168.77.5'/></dhcp></ip></network>"
#define OWNER "<metadata><x:profile xmlns:x='urn:nm-macvtap:network:1' uuid='" UUID "'/></metadata>"

/* What libvirt and the kernel have. */
#define SNAPSHOT                                                                                                       \
    "for n in $(virsh -q net-list --all --name); do virsh net-info $n; virsh net-dumpxml "                             \
    "--inactive $n; done; for g in $(virsh -q list --all --name); do virsh domstate $g; virsh "                        \
    "dumpxml $g; virsh dumpxml --inactive $g; done; ip -o link | cut -d' ' -f2-6; ip -o addr | sed 's/ tentative//'; " \
    "ip route; ip -6 route; ip neigh; ls /proc/sys/net/ipv4/conf; "                                                    \
    "grep -r . /proc/sys/net/ipv4/conf/all /proc/sys/net/ipv4/conf/eth0"

typedef struct {
    const char *name;
    const char *network; /* (nullable): defined before */
    const char *zone;    /* (nullable): of the profile */
    const char *prepare; /* (nullable): shell command that makes it fail */
    const char *repair;  /* (nullable): shell command after which it succeeds */
    const char *message;
} Case;

static const Case cases[] = {
    {"zone", NULL, "no-such-zone", NULL, NULL, "*no-such-zone*'connection.zone'*"},
    {"zone-of-ours",
     NETWORK(OWNER, "<bridge name='virbr7'/>"),
     "no-such-zone",
     NULL,
     NULL,
     "*no-such-zone*"},
    {"address",
     NULL,
     NULL,
     "ip addr add 192.168.254.9/24 dev eth0",
     "ip addr del 192.168.254.9/24 dev eth0",
     "*already in use by interface eth0*"},
    {"bridge-name",
     NETWORK("", "<bridge name='virbr7'/>"),
     NULL,
     "ip link add virbr7 link lan0 type macvlan",
     "ip link del virbr7",
     "*virbr7*"},
    {"bridge-name-of-ours",
     NETWORK(OWNER, "<bridge name='virbr7' zone='no-such-zone'/>"),
     NULL,
     "ip link add virbr7 link lan0 type macvlan",
     "ip link del virbr7",
     "*virbr7*"},
    {"dnsmasq",
     NULL,
     NULL,
     "mount --bind /bin/false /usr/sbin/dnsmasq",
     "umount /usr/sbin/dnsmasq",
     "*dnsmasq*"},
};

typedef struct {
    guint n_up;
    guint n_stopped;
    GError *failure;
} Result;

static void
up_cb(const NmmPlan *plan, gpointer data)
{
    ((Result *)data)->n_up++;
}

static void
kept_cb(const NmmPlan *plan, gboolean all, gpointer data)
{
}

static void
failed_cb(const GError *error, gpointer data)
{
    ((Result *)data)->failure = g_error_copy(error);
}

static void
stopped_cb(gpointer data)
{
    ((Result *)data)->n_stopped++;
}

static GPtrArray *
collect_subnets_cb(gpointer data)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)nmm_used_subnet_free);
}

static const NmmSyncClient client = {
    .up = up_cb,
    .kept = kept_cb,
    .failed = failed_cb,
    .stopped = stopped_cb,
    .collect_subnets = collect_subnets_cb,
};

/* (transfer full): what it prints. */
static char *
shell(const char *command)
{
    const char *const argv[] = {"sh", "-c", command, NULL};
    g_autoptr(GError) error = NULL;
    char *output = NULL;

    g_spawn_sync(
        NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, NULL, NULL, &error);
    g_assert_no_error(error);
    return output;
}

/* Prints what differs: the documents are long. */
static void
assert_same(const char *before, const char *after)
{
    g_autofree char *difference = NULL;

    if (g_str_equal(before, after))
        return;
    g_assert_true(g_file_set_contents("/run/before", before, -1, NULL));
    g_assert_true(g_file_set_contents("/run/after", after, -1, NULL));
    difference = shell("diff /run/before /run/after");
    g_error("left behind:\n%s", difference);
}

static void
run_shell(const char *command)
{
    if (command)
        g_free(shell(command));
}

static NmmSync *
start(const char *zone, Result *result)
{
    g_autoptr(GHashTable) data = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(NmmHypervisor) hypervisor = nmm_libvirt_new(URI);
    g_autoptr(NmmProfile) profile = nmm_profile_parse("guests", UUID, zone, data, NULL, NULL);
    NmmSync *sync = nmm_sync_new(
        hypervisor, profile, "0123456789abcdef0123456789abcdef", &client, NULL, result);

    nmm_sync_start(sync);
    while (result->n_up == 0 && !result->failure)
        g_main_context_iteration(NULL, TRUE);
    return sync;
}

static void
stop(NmmSync *sync, Result *result)
{
    nmm_sync_stop(sync, AMPLE);
    while (result->n_stopped == 0)
        g_main_context_iteration(NULL, TRUE);
    nmm_sync_free(sync);
}

static void
define_guests(void)
{
    static const char xml[] =
        "<domain type='qemu'><name>%s</name><memory unit='MiB'>32</memory>"
        "<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>"
        "<devices><controller type='usb' model='none'/>"
        "<interface type='direct'><source dev='eth0' mode='bridge'/><model type='virtio'/>"
        "</interface><memballoon model='none'/></devices></domain>";
    g_autofree char *off = g_strdup_printf(xml, "off");
    g_autofree char *running = g_strdup_printf(xml, "running");

    libvirt_host.define_guest(NULL, off);
    libvirt_host.define_guest(NULL, running);
    libvirt_host.start_guest(NULL, "running");
}

static void
test_failure(gconstpointer data)
{
    const Case *c = data;
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    Result failed = {0};
    Result repaired = {0};

    libvirt_host.reset(NULL);
    if (c->network)
        libvirt_host.define_network(NULL, c->network);
    define_guests();
    run_shell(c->prepare);
    before = shell(SNAPSHOT);
    g_assert_nonnull(strstr(before, "<name>running</name>"));
    stop(start(c->zone, &failed), &failed);
    after = shell(SNAPSHOT);
    run_shell(c->repair);
    g_assert_nonnull(failed.failure);
    if (!g_pattern_match_simple(c->message, failed.failure->message))
        g_error("'%s' does not match '%s'", failed.failure->message, c->message);
    assert_same(before, after);

    stop(start(NULL, &repaired), &repaired);
    g_assert_no_error(repaired.failure);
    g_clear_error(&failed.failure);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/libvirt/undo/", cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], test_failure);
    }
    return g_test_run();
}
