/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-check-probe.h"

#include <unistd.h>

#include "nmm-neighbour-monitor.h"
#include "nmm-neighbour-probe.h"

/* The kernel gives up on a neighbour after 3 s. Only root can make it probe again at once what it
 * knew before, see nmm_neighbour_probe(). */
#define TIMEOUT_ROOT_MS 3500
#define TIMEOUT_USER_MS 9000

/* Mode share's own probes go to one guest each. */
#define PROBE_TIMES       5
#define PROBE_INTERVAL_MS 300

/* Mode share's datagrams, if the user cannot send a probe: a guest that answers does so at once. */
#define DATAGRAM_TIMEOUT_MS 1000

/* One address of one guest. */
typedef struct {
    NmmCheckInput *input;
    const char *device;
    const char *address;
    const char *source; /* (nullable) */
    gboolean *answers;
} Target;

static void
add_target(GArray *targets,
           NmmCheckInput *input,
           const char *device,
           const char *address,
           const char *source,
           gboolean *answers)
{
    Target target = {input, device, address, source, answers};

    g_array_append_val(targets, target);
}

/* (transfer full) (element-type Target) */
static GArray *
list_targets(GPtrArray *inputs)
{
    GArray *targets = g_array_new(FALSE, FALSE, sizeof(Target));

    for (guint i = 0; i < inputs->len; i++) {
        NmmCheckInput *input = g_ptr_array_index(inputs, i);
        GPtrArray *addresses = input->link.addresses;

        if (input->network.bridge && input->address)
            add_target(
                targets, input, input->network.bridge, input->address, NULL, &input->answers);
        for (guint a = 0; addresses && a < addresses->len; a++) {
            NmmCheckAddress *address = g_ptr_array_index(addresses, a);

            add_target(targets,
                       input,
                       input->link.name,
                       address->address,
                       address->source,
                       &address->answers);
        }
    }
    return targets;
}

/* (transfer full): those on @device that have not answered. */
static GArray *
list_silent(const GArray *targets, const char *device)
{
    GArray *silent = g_array_new(FALSE, FALSE, sizeof(Target));

    for (guint i = 0; i < targets->len; i++) {
        const Target *target = &g_array_index(targets, Target, i);

        if (g_str_equal(target->device, device) && !*target->answers)
            g_array_append_val(silent, *target);
    }
    return silent;
}

/* Another program or machine with the guest's address is not the guest. */
static void
take_answer(const Target *target, const char *address, const char *mac)
{
    if (mac && g_str_equal(target->address, address) &&
        g_ascii_strcasecmp(mac, target->input->nic.mac) == 0)
        *target->answers = TRUE;
}

/* By the kernel */

static void
set_problem(const GArray *targets, const char *problem)
{
    for (guint i = 0; i < targets->len; i++) {
        NmmCheckInput *input = g_array_index(targets, Target, i).input;

        g_free(input->probe_problem);
        input->probe_problem = g_strdup(problem);
    }
}

static void
probe_by_kernel(const GArray *targets, const char *device, guint timeout_ms)
{
    g_autoptr(GArray) silent = list_silent(targets, device);
    g_autoptr(GPtrArray) addresses = g_ptr_array_new();
    g_autoptr(GHashTable) answered = NULL;
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < silent->len; i++)
        g_ptr_array_add(addresses, (gpointer)g_array_index(silent, Target, i).address);
    g_ptr_array_add(addresses, NULL);
    answered =
        nmm_neighbour_probe(device, (const char *const *)addresses->pdata, timeout_ms, &error);
    if (!answered) {
        set_problem(silent, error->message);
        return;
    }
    for (guint i = 0; i < silent->len; i++) {
        const Target *target = &g_array_index(silent, Target, i);

        take_answer(target, target->address, g_hash_table_lookup(answered, target->address));
    }
}

/* By frames, as the service of mode share does: the kernel has permanent entries for the guests,
 * and does not probe them again. */

typedef struct {
    const GArray *targets;
    const char *device;
} FrameProbe;

static void
claimed_cb(const guint8 *mac, const NmmCidr *address, gboolean from_wire, gpointer user_data)
{
    FrameProbe *probe = user_data;
    g_autofree char *address_text = nmm_cidr_address_to_string(address);
    g_autofree char *mac_text = nmm_mac_to_string(mac);
    g_autoptr(GArray) silent = list_silent(probe->targets, probe->device);

    for (guint i = 0; !from_wire && i < silent->len; i++)
        take_answer(&g_array_index(silent, Target, i), address_text, mac_text);
}

static gboolean
timeout_cb(gpointer out_expired)
{
    *(gboolean *)out_expired = TRUE;
    return G_SOURCE_REMOVE;
}

/* Waits PROBE_INTERVAL_MS, or until all have answered. */
static void
wait_for_answers(const FrameProbe *probe, GMainContext *context)
{
    g_autoptr(GSource) timeout = g_timeout_source_new(PROBE_INTERVAL_MS);
    gboolean expired = FALSE;
    gboolean silent = TRUE;

    g_source_set_callback(timeout, timeout_cb, &expired, NULL);
    g_source_attach(timeout, context);
    while (!expired && silent) {
        g_autoptr(GArray) left = NULL;

        g_main_context_iteration(context, TRUE);
        left = list_silent(probe->targets, probe->device);
        silent = left->len > 0;
    }
    g_source_destroy(timeout);
}

static void
send_probe(NmmNeighbourMonitor *monitor, const Target *target)
{
    NmmProbe probe = {.lan = FALSE};

    if (target->source && nmm_mac_parse(target->input->nic.mac, probe.mac) &&
        nmm_cidr_init_host(&probe.address, target->address, NULL) &&
        nmm_cidr_init_host(&probe.source, target->source, NULL))
        nmm_neighbour_monitor_probe(monitor, &probe);
}

/* Returns: FALSE if the user must not. */
static gboolean
probe_by_frame(const GArray *targets, const char *device, const char *parent)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    static const NmmNeighbourCallbacks callbacks = {.claimed = claimed_cb};
    g_autoptr(NmmNeighbourMonitor) monitor = NULL;
    g_autoptr(GError) error = NULL;
    FrameProbe probe = {targets, device};

    g_main_context_push_thread_default(context);
    monitor = nmm_neighbour_monitor_new(device, parent, &callbacks, &probe, &error);
    g_main_context_pop_thread_default(context);
    if (!monitor) {
        g_debug("%s: %s", device, error->message);
        return FALSE;
    }
    for (guint i = 0; i < PROBE_TIMES; i++) {
        g_autoptr(GArray) silent = list_silent(targets, device);

        if (silent->len == 0)
            break;
        for (guint s = 0; s < silent->len; s++)
            send_probe(monitor, &g_array_index(silent, Target, s));
        wait_for_answers(&probe, context);
    }
    return TRUE;
}

static void
probe_share(const GArray *targets, const char *device, const char *parent)
{
    if (probe_by_frame(targets, device, parent))
        return;
    probe_by_kernel(targets, device, DATAGRAM_TIMEOUT_MS);
    for (guint i = 0; i < targets->len; i++) {
        const Target *target = &g_array_index(targets, Target, i);

        if (g_str_equal(target->device, device))
            target->input->unprivileged = TRUE;
    }
}

void
nmm_check_probe(GPtrArray *inputs)
{
    g_autoptr(GArray) targets = list_targets(inputs);
    g_autoptr(GHashTable) done = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < targets->len; i++) {
        const Target *target = &g_array_index(targets, Target, i);

        if (!g_hash_table_add(done, (gpointer)target->device))
            continue;
        if (nmm_mode_get_info(target->input->profile.mode)->routes_guests)
            probe_share(targets, target->device, target->input->link.parent);
        else
            probe_by_kernel(
                targets, target->device, geteuid() == 0 ? TIMEOUT_ROOT_MS : TIMEOUT_USER_MS);
    }
    for (guint i = 0; i < inputs->len; i++)
        nmm_check_input_choose_address(g_ptr_array_index(inputs, i));
}
