/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The libvirt daemon behind a URI: whether it runs, found out without a connection, because with
 * socket activation each connection starts it.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define NMM_DAEMON_MONOLITHIC "libvirtd"

/* (transfer full) (nullable): "qemu" of "qemu:///system"; NULL if no daemon of this host serves
 * it. */
char *nmm_daemon_get_driver(const char *uri);
/* (transfer full): "virtqemud", the daemon of only @driver. */
char *nmm_daemon_build_name(const char *driver);
/* The beginning of its socket's name. */
const char *nmm_daemon_get_socket_prefix(const char *daemon);

/* "/run", except in tests. */
#define NMM_DAEMON_RUN_DIR "/run"

/* The daemon is not running, and a connection would start it. FALSE for URIs of other hosts and for
 * drivers without a daemon. @ending: (nullable): the process of nmm_daemon_get_pid() that is about
 * to end, so counts as ended. Any thread. */
gboolean nmm_daemon_is_asleep(const char *run_dir, const char *uri, int ending);
/* The process that serves @uri; 0 if there is none, or it is not known. Any thread. */
int nmm_daemon_get_pid(const char *run_dir, const char *uri);

/* FALSE: no guest of @uri, which is of this host, has a definition. TRUE if that is not known.
 * @root: "", except in tests. Any thread. */
gboolean nmm_daemon_has_definitions(const char *root, const char *uri);

/* Waits for the daemon. Calls @awake once, on the default main context, when it runs. */
typedef struct _NmmDaemonWait NmmDaemonWait;

NmmDaemonWait *nmm_daemon_wait_new(const char *run_dir,
                                   const char *uri,
                                   int ending,
                                   void (*awake)(gpointer user_data),
                                   gpointer user_data);
void nmm_daemon_wait_free(NmmDaemonWait *self);

G_END_DECLS
