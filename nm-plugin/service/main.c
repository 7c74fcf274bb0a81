/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nm-macvtap-service: options, main loop, Unix signals. NetworkManager starts it with --bus-name.
 */

#include "config.h"

#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <locale.h>
#include <malloc.h>

#include "nmm-log.h"
#include "nmm-names.h"
#include "nmm-service.h"

static gboolean
signal_cb(gpointer user_data)
{
    nmm_service_quit(user_data);
    return G_SOURCE_CONTINUE;
}

static int
run(const char *bus_name)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(NmmService) service = NULL;
    g_autoptr(GError) error = NULL;
    guint sigterm_id, sigint_id;

    service = nmm_service_new(bus_name, NMM_CONFIG_FILE, NMM_RUN_DIR, &error);
    if (!service) {
        g_printerr(_("nm-macvtap-service: cannot offer '%s' on the system bus: %s\n"),
                   bus_name,
                   error->message);
        return 1;
    }

    g_signal_connect_swapped(service, "done", G_CALLBACK(g_main_loop_quit), loop);
    sigterm_id = g_unix_signal_add(SIGTERM, signal_cb, service);
    sigint_id = g_unix_signal_add(SIGINT, signal_cb, service);

    g_main_loop_run(loop);

    g_source_remove(sigterm_id);
    g_source_remove(sigint_id);
    nm_vpn_service_plugin_shutdown(NM_VPN_SERVICE_PLUGIN(service));
    return 0;
}

/* The threads that read guests from libvirt mostly wait for it. With one arena for each thread, all
 * of them would keep the memory of their largest read. */
static void
spare_memory(void)
{
#ifdef M_ARENA_MAX
    mallopt(M_ARENA_MAX, 1);
#endif
}

int
main(int argc, char **argv)
{
    g_autofree char *bus_name = NULL;
    gboolean version = FALSE;
    const GOptionEntry entries[] = {
        {"bus-name", 0, 0, G_OPTION_ARG_STRING, &bus_name, N_("D-Bus name to use"), N_("NAME")},
        {"version", 0, 0, G_OPTION_ARG_NONE, &version, N_("Print the version and exit"), NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;

    spare_memory();
    setlocale(LC_ALL, "");
    nmm_log_init("nm-macvtap-service");
    bindtextdomain(GETTEXT_PACKAGE, NMM_LOCALEDIR);
    bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");

    g_option_context_set_summary(
        context, _("NetworkManager starts this service to activate profiles of VPN type macvtap."));
    g_option_context_add_main_entries(context, entries, GETTEXT_PACKAGE);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        g_printerr("nm-macvtap-service: %s\n", error->message);
        return 2;
    }
    if (version) {
        g_print("%s\n", NMM_VERSION);
        return 0;
    }
    return run(bus_name ?: NMM_DBUS_SERVICE);
}
