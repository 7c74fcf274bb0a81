/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors whose remedy names a daemon, as this host has it. */

#include "config.h"

#include "nmm-libvirt-private.h"

#include <glib/gi18n-lib.h>

#include "nmm-daemon.h"
#include "nmm-daemon-unit.h"
#include "nmm-error.h"

void
nmm_libvirt_fail_unreachable(GError **error, const char *uri, const char *reason)
{
    g_auto(NmmDaemonUnit) unit = {0};

    nmm_daemon_unit_find("", uri, NULL, &unit);
    switch (unit.state) {
    case NMM_DAEMON_UNIT_ELSEWHERE:
        nmm_fail(error,
                 NMM_ERROR_UNREACHABLE,
                 _("cannot connect to '%s': %s; check that libvirt is running there"),
                 uri,
                 reason);
        break;
    case NMM_DAEMON_UNIT_MISSING:
        nmm_fail(error,
                 NMM_ERROR_UNREACHABLE,
                 _("cannot connect to '%s': %s; install the package %s"),
                 uri,
                 reason,
                 unit.package);
        break;
    case NMM_DAEMON_UNIT_MASKED:
        nmm_fail(error,
                 NMM_ERROR_UNREACHABLE,
                 _("cannot connect to '%1$s': %2$s; %3$s is masked: unmask and start it (systemctl "
                   "unmask %3$s.service %3$s.socket; systemctl start %3$s.socket)"),
                 uri,
                 reason,
                 unit.name);
        break;
    case NMM_DAEMON_UNIT_INSTALLED:
        nmm_fail(error,
                 NMM_ERROR_UNREACHABLE,
                 _("cannot connect to '%1$s': %2$s; check that %3$s is running (systemctl status "
                   "%3$s)"),
                 uri,
                 reason,
                 unit.name);
        break;
    }
}

void
nmm_libvirt_fail_no_networks(GError **error, const char *uri, const char *reason)
{
    g_auto(NmmDaemonUnit) unit = {0};
    gboolean monolithic;

    nmm_daemon_unit_find("", uri, "network", &unit);
    monolithic = g_strcmp0(unit.name, NMM_DAEMON_MONOLITHIC) == 0;
    if (unit.state == NMM_DAEMON_UNIT_MASKED && !monolithic)
        nmm_fail(error,
                 NMM_ERROR_UNSUPPORTED,
                 _("libvirt's network driver, which mode 'isolated' needs, does not work: %1$s; "
                   "%2$s is masked: unmask and start it (systemctl unmask %2$s.service "
                   "%2$s.socket; systemctl start %2$s.socket)"),
                 reason,
                 unit.name);
    else if (unit.state == NMM_DAEMON_UNIT_INSTALLED && !monolithic)
        nmm_fail(error,
                 NMM_ERROR_UNSUPPORTED,
                 _("libvirt's network driver, which mode 'isolated' needs, does not work: %1$s; "
                   "start its daemon (systemctl start %2$s.socket; systemctl status %2$s)"),
                 reason,
                 unit.name);
    else
        nmm_fail(error,
                 NMM_ERROR_UNSUPPORTED,
                 _("libvirt's network driver, which mode 'isolated' needs, does not work: %s; "
                   "install the package libvirt-daemon-driver-network"),
                 reason);
}

/* firewalld removes the chains when it starts (seen with 1.3). */
void
nmm_libvirt_fail_firewall(GError **error, const char *uri, const char *reason)
{
    g_auto(NmmDaemonUnit) unit = {0};

    nmm_daemon_unit_find("", uri, "network", &unit);
    nmm_fail(error,
             NMM_ERROR_FIREWALL,
             _("libvirt cannot add its firewall rules, probably because another program, such as "
               "firewalld, has removed libvirt's chains; restart %1$s (systemctl restart %1$s): "
               "%2$s"),
             unit.name ?: NMM_DAEMON_MONOLITHIC,
             reason);
}
