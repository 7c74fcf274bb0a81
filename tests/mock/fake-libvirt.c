/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes the place of nmm-libvirt.c when a program is linked: every libvirt URI is the component
 * tests' fake hypervisor. It begins with the commands in FAKE_DIR/start and takes more on the
 * socket FAKE_DIR/PID, one command and one answer for each connection. Each process has its own.
 */

#include "config.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <unistd.h>

#include "fake-hypervisor.h"
#include "fake-names.h"
#include "nmm-libvirt.h"

typedef struct {
    const char *name;
    int n_arguments;
    /* (transfer full) (nullable): the answer */
    char *(*run)(FakeHost *world, char **arguments, GError **error);
} Command;

static char *
define(FakeHost *world, char **arguments, GError **error)
{
    fake_host_define_guest(world, arguments[0], error);
    return NULL;
}

static char *
start(FakeHost *world, char **arguments, GError **error)
{
    fake_host_start_guest(world, arguments[0], error);
    return NULL;
}

static char *
stop(FakeHost *world, char **arguments, GError **error)
{
    fake_host_stop_guest(world, arguments[0], error);
    return NULL;
}

static char *
define_network(FakeHost *world, char **arguments, GError **error)
{
    fake_host_define_network(world, arguments[0], error);
    return NULL;
}

static char *
start_network(FakeHost *world, char **arguments, GError **error)
{
    fake_host_start_network(world, arguments[0], error);
    return NULL;
}

static char *
stop_network(FakeHost *world, char **arguments, GError **error)
{
    fake_host_stop_network(world, arguments[0], error);
    return NULL;
}

/* Network, MAC and address. */
static char *
add_lease(FakeHost *world, char **arguments, GError **error)
{
    fake_host_add_lease(world, arguments[0], arguments[1], arguments[2], NULL);
    return NULL;
}

/* A network interface of the host, "up" or "down". */
static char *
add_link(FakeHost *world, char **arguments, GError **error)
{
    fake_host_add_link(world, arguments[0], g_str_equal(arguments[1], "up"));
    return NULL;
}

/* "active", "inactive" or nothing. */
static char *
network_state(FakeHost *world, char **arguments, GError **error)
{
    g_autoptr(NmmNetwork) network = fake_host_read_network(world, arguments[0]);

    if (!network)
        return NULL;
    return g_strdup(network->active ? "active" : "inactive");
}

static char *
dump_guest(FakeHost *world, char **arguments, GError **error)
{
    gboolean live = g_str_equal(arguments[1], "live");

    return fake_host_dump_guest(world, arguments[0], live ? NMM_SCOPE_LIVE : NMM_SCOPE_CONFIG);
}

/* Every call of that pattern fails until "release". */
static char *
fail(FakeHost *world, char **arguments, GError **error)
{
    fake_calls_fail(
        fake_host_get_calls(world), arguments[0], 1, G_MAXUINT, NMM_ERROR_FAILED, arguments[1]);
    return NULL;
}

/* As a libvirt without network driver. */
static char *
fail_networks(FakeHost *world, char **arguments, GError **error)
{
    fake_calls_fail(fake_host_get_calls(world),
                    "list-networks",
                    1,
                    G_MAXUINT,
                    NMM_ERROR_UNSUPPORTED,
                    "no network driver today");
    return NULL;
}

static char *
hang(FakeHost *world, char **arguments, GError **error)
{
    fake_calls_hang(fake_host_get_calls(world), arguments[0]);
    return NULL;
}

static char *
release(FakeHost *world, char **arguments, GError **error)
{
    fake_calls_release(fake_host_get_calls(world));
    return NULL;
}

static char *
list_calls(FakeHost *world, char **arguments, GError **error)
{
    return fake_calls_dump(fake_host_get_calls(world));
}

static char *
kill_daemon(FakeHost *world, char **arguments, GError **error)
{
    fake_host_kill(world, "the daemon died");
    return NULL;
}

static char *
revive_daemon(FakeHost *world, char **arguments, GError **error)
{
    fake_host_revive(world);
    return NULL;
}

static char *
put_to_sleep(FakeHost *world, char **arguments, GError **error)
{
    fake_host_fall_asleep(world);
    return NULL;
}

static char *
uninstall_daemon(FakeHost *world, char **arguments, GError **error)
{
    fake_host_uninstall(world);
    return NULL;
}

static char *
wake_daemon(FakeHost *world, char **arguments, GError **error)
{
    fake_host_wake(world);
    return NULL;
}

static const Command commands[] = {
    {"define", 1, define},
    {"start", 1, start},
    {"stop", 1, stop},
    {"define-network", 1, define_network},
    {"start-network", 1, start_network},
    {"stop-network", 1, stop_network},
    {"lease", 3, add_lease},
    {"link", 2, add_link},
    {"network", 1, network_state},
    {"dump", 2, dump_guest},
    {"fail", 2, fail},
    {"fail-networks", 0, fail_networks},
    {"hang", 1, hang},
    {"release", 0, release},
    {"calls", 0, list_calls},
    {"kill", 0, kill_daemon},
    {"revive", 0, revive_daemon},
    {"fall-asleep", 0, put_to_sleep},
    {"wake", 0, wake_daemon},
    {"uninstall", 0, uninstall_daemon},
};

static char *
run_command(FakeHost *world, const char *line, GError **error)
{
    g_auto(GStrv) words = NULL;
    int n_words;

    if (!g_shell_parse_argv(line, &n_words, &words, error))
        return NULL;
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (g_str_equal(words[0], commands[i].name) && n_words - 1 == commands[i].n_arguments)
            return commands[i].run(world, words + 1, error);
    }
    g_set_error(error, NMM_ERROR, NMM_ERROR_FAILED, "no command '%s'", line);
    return NULL;
}

/* The answer is "+TEXT", or "-MESSAGE" after an error. */
static gboolean
incoming_cb(GSocketService *service,
            GSocketConnection *connection,
            GObject *source,
            gpointer user_data)
{
    g_autoptr(GDataInputStream) input =
        g_data_input_stream_new(g_io_stream_get_input_stream(G_IO_STREAM(connection)));
    GOutputStream *output = g_io_stream_get_output_stream(G_IO_STREAM(connection));
    g_autofree char *line = g_data_input_stream_read_line(input, NULL, NULL, NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = line ? run_command(user_data, line, &error) : NULL;
    g_autofree char *answer =
        error ? g_strdup_printf("-%s", error->message) : g_strdup_printf("+%s", text ?: "");

    g_output_stream_write_all(output, answer, strlen(answer), NULL, NULL, NULL);
    return TRUE;
}

static void
listen_for_commands(FakeHost *world)
{
    g_autofree char *path = g_strdup_printf(FAKE_DIR "/%d", (int)getpid());
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    GSocketService *service = g_socket_service_new();
    g_autoptr(GError) error = NULL;

    g_socket_listener_add_address(G_SOCKET_LISTENER(service),
                                  address,
                                  G_SOCKET_TYPE_STREAM,
                                  G_SOCKET_PROTOCOL_DEFAULT,
                                  NULL,
                                  NULL,
                                  &error);
    g_assert_no_error(error);
    g_signal_connect(service, "incoming", G_CALLBACK(incoming_cb), world);
}

static void
run_start_commands(FakeHost *world)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!g_file_get_contents(FAKE_DIR "/start", &text, NULL, NULL))
        return;
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_autoptr(GError) error = NULL;

        if (**line)
            g_free(run_command(world, *line, &error));
        g_assert_no_error(error);
    }
}

static FakeHost *
get_world(void)
{
    static FakeHost *world;

    if (!world) {
        world = fake_host_new();
        run_start_commands(world);
        listen_for_commands(world);
    }
    return world;
}

NmmHypervisor *
nmm_libvirt_new(const char *uri)
{
    return fake_hypervisor_new(get_world());
}
