/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each daemon of libvirt locks its pid file before it takes the first connection, however it was
 * started, and until it ends (read in libvirt 6.0 to 11.3). A socket that listens although no
 * daemon holds that lock is systemd's.
 */

#include "config.h"

#include "nmm-daemon.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

/* A daemon that closed the connections and still runs after this time does not end. */
#define ENDING_SECONDS 5

/* Of a socket that listens, in /proc/net/unix. */
#define FLAG_LISTENS 0x10000

char *
nmm_daemon_get_driver(const char *uri)
{
    static const char *const suffix = ":///system";
    const char *end = strstr(uri, suffix);

    if (!end || end == uri || end[strlen(suffix)] != '\0' || memchr(uri, '+', (gsize)(end - uri)))
        return NULL;
    return g_strndup(uri, (gsize)(end - uri));
}

char *
nmm_daemon_build_name(const char *driver)
{
    return g_strdup_printf("virt%sd", driver);
}

const char *
nmm_daemon_get_socket_prefix(const char *daemon)
{
    return g_str_equal(daemon, NMM_DAEMON_MONOLITHIC) ? "libvirt" : daemon;
}

/* (transfer full): of the monolithic daemon, and of the driver's own. */
static char **
list_daemons(const char *driver)
{
    char **names = g_new0(char *, 3);

    names[0] = g_strdup(NMM_DAEMON_MONOLITHIC);
    names[1] = nmm_daemon_build_name(driver);
    return names;
}

static char *
make_pid_path(const char *run_dir, const char *daemon)
{
    return g_strdup_printf("%s/%s.pid", run_dir, daemon);
}

/* Whose it is; 0: it is not locked. A process that is in another PID namespace counts as -1. */
static int
get_holder(const char *path)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int code;

    if (fd < 0)
        return 0;
    code = fcntl(fd, F_GETLK, &lock);
    close(fd);
    if (code < 0 || lock.l_type == F_UNLCK)
        return 0;
    return lock.l_pid > 0 ? lock.l_pid : -1;
}

int
nmm_daemon_get_pid(const char *run_dir, const char *uri)
{
    g_autofree char *driver = nmm_daemon_get_driver(uri);
    g_auto(GStrv) daemons = driver ? list_daemons(driver) : NULL;
    int pid = 0;

    for (char **daemon = daemons; daemon && *daemon && pid == 0; daemon++) {
        g_autofree char *path = make_pid_path(run_dir, *daemon);

        pid = get_holder(path);
    }
    return pid;
}

/* A line is "Num: RefCount Protocol Flags Type St Inode Path". */
static gboolean
is_listening_line(const char *line, const char *path)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 8);

    return g_strv_length(words) >= 4 && g_str_has_suffix(line, path) &&
           (g_ascii_strtoull(words[3], NULL, 16) & FLAG_LISTENS) != 0;
}

static gboolean
listens(const char *run_dir, const char *daemon)
{
    const char *prefix = nmm_daemon_get_socket_prefix(daemon);
    g_autofree char *path = g_strdup_printf("%s/libvirt/%s-sock", run_dir, prefix);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!g_file_get_contents("/proc/net/unix", &text, NULL, NULL))
        return FALSE;
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        if (is_listening_line(*line, path))
            return TRUE;
    }
    return FALSE;
}

gboolean
nmm_daemon_is_asleep(const char *run_dir, const char *uri, int ending)
{
    g_autofree char *driver = nmm_daemon_get_driver(uri);
    g_auto(GStrv) daemons = driver ? list_daemons(driver) : NULL;
    int pid = driver ? nmm_daemon_get_pid(run_dir, uri) : 0;
    gboolean asleep = FALSE;

    if (!driver || (pid != 0 && pid != ending))
        return FALSE;
    for (char **daemon = daemons; *daemon; daemon++)
        asleep |= listens(run_dir, *daemon);
    return asleep;
}

/* Definitions */

/* TRUE if it cannot be read. */
static gboolean
has_definition(const char *directory)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(directory, 0, &error);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        if (g_str_has_suffix(name, ".xml"))
            return TRUE;
    }
    return !dir && !g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

/* Each driver keeps its definitions there (read in libvirt 6.0 to 11.3). */
gboolean
nmm_daemon_has_definitions(const char *root, const char *uri)
{
    g_autofree char *driver = nmm_daemon_get_driver(uri);
    g_autofree char *directory = driver ? g_strconcat(root, "/etc/libvirt/", driver, NULL) : NULL;

    return !directory || has_definition(directory);
}

/* Wait */

struct _NmmDaemonWait {
    char *run_dir;
    char *uri;
    int ending;
    void (*awake)(gpointer user_data);
    gpointer user_data;
    GPtrArray *monitors; /* (element-type GFileMonitor): of the pid files */
    guint ending_source;
    guint check_source;
};

static void
check(NmmDaemonWait *self)
{
    if (!nmm_daemon_is_asleep(self->run_dir, self->uri, self->ending))
        self->awake(self->user_data);
}

/* Not in new(), so that the caller has the wait. */
static gboolean
check_cb(gpointer user_data)
{
    NmmDaemonWait *self = user_data;

    self->check_source = 0;
    check(self);
    return G_SOURCE_REMOVE;
}

static gboolean
ending_cb(gpointer user_data)
{
    NmmDaemonWait *self = user_data;

    self->ending_source = 0;
    self->ending = 0;
    check(self);
    return G_SOURCE_REMOVE;
}

static void
changed_cb(GFileMonitor *monitor,
           GFile *file,
           GFile *other,
           GFileMonitorEvent event,
           NmmDaemonWait *self)
{
    check(self);
}

static void
add_monitor(NmmDaemonWait *self, const char *daemon)
{
    g_autofree char *path = make_pid_path(self->run_dir, daemon);
    g_autoptr(GFile) file = g_file_new_for_path(path);
    g_autoptr(GError) error = NULL;
    GFileMonitor *monitor = g_file_monitor_file(file, G_FILE_MONITOR_NONE, NULL, &error);

    if (!monitor) {
        g_warning("cannot watch '%s': %s", path, error->message);
        return;
    }
    g_signal_connect(monitor, "changed", G_CALLBACK(changed_cb), self);
    g_ptr_array_add(self->monitors, monitor);
}

NmmDaemonWait *
nmm_daemon_wait_new(const char *run_dir,
                    const char *uri,
                    int ending,
                    void (*awake)(gpointer user_data),
                    gpointer user_data)
{
    NmmDaemonWait *self = g_new0(NmmDaemonWait, 1);
    g_autofree char *driver = nmm_daemon_get_driver(uri);
    g_auto(GStrv) daemons = driver ? list_daemons(driver) : NULL;

    self->run_dir = g_strdup(run_dir);
    self->uri = g_strdup(uri);
    self->ending = ending;
    self->awake = awake;
    self->user_data = user_data;
    self->monitors = g_ptr_array_new_with_free_func(g_object_unref);
    for (char **daemon = daemons; daemon && *daemon; daemon++)
        add_monitor(self, *daemon);
    self->check_source = g_idle_add(check_cb, self);
    if (ending != 0)
        self->ending_source = g_timeout_add_seconds(ENDING_SECONDS, ending_cb, self);
    return self;
}

void
nmm_daemon_wait_free(NmmDaemonWait *self)
{
    g_clear_handle_id(&self->check_source, g_source_remove);
    g_clear_handle_id(&self->ending_source, g_source_remove);
    for (guint i = 0; i < self->monitors->len; i++) {
        g_signal_handlers_disconnect_by_data(self->monitors->pdata[i], self);
        g_file_monitor_cancel(self->monitors->pdata[i]);
    }
    g_ptr_array_unref(self->monitors);
    g_free(self->run_dir);
    g_free(self->uri);
    g_free(self);
}
