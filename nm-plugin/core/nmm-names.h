/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names that other programs see: D-Bus, files, marks in libvirt objects and on kernel links. They
 * never change.
 */

#pragma once

/* D-Bus name of the VPN service, and vpn.service-type of its profiles. */
#define NMM_DBUS_SERVICE "org.freedesktop.NetworkManager.macvtap"

/* What the service publishes about its profile, for each user who may see the profile. The
 * service's bus name begins with NMM_DBUS_SERVICE. */
#define NMM_DBUS_STATUS_PATH      "/org/freedesktop/NetworkManager/macvtap/Profile"
#define NMM_DBUS_STATUS_INTERFACE "org.freedesktop.NetworkManager.macvtap.Profile"

/* Files; config.h has the build's directory. */
#define NMM_CONFIG_FILE NMM_SYSCONFDIR "/NetworkManager/nm-macvtap.conf"
#define NMM_RUN_DIR     "/run/nm-macvtap"

/* In the run directory: locks of active profiles, keyfiles that name the holder. */
#define NMM_LOCK_PREFIX "lock-"

/* In the run directory: how a profile, by its UUID, last failed; readable by the users who may see
 * the profile. */
#define NMM_FAILURE_PREFIX "failure-"

/* In the run directory: the events that the dispatcher's hook writes for the helper, one per line;
 * the lock of the running helper; the helper's state of each profile. */
#define NMM_EVENTS_FILE         "dispatcher-events"
#define NMM_LOCK_FILE           "dispatcher-lock"
#define NMM_PROFILE_STATES_FILE "dispatcher-memory"

/* In the run directory: exists from `nm-macvtap retire` to the next refresh. The hook does nothing
 * while it exists. */
#define NMM_RETIRED_FILE "retired"

/* In the run directory: a file for each active profile, by its UUID, with the names of its guests;
 * the NSS module reads it while it is locked. */
#define NMM_HOSTS_DIR "hosts"

/* libvirt keeps aliases that start with "ua-" in the definition (libvirt 3.9 and newer). */
#define NMM_ALIAS_PREFIX "ua-nm-macvtap-"

/* Metadata of a network that the service defines; names its profile. */
#define NMM_METADATA_NS     "urn:nm-macvtap:network:1"
#define NMM_METADATA_PREFIX "nmmacvtap"

/* Host links: the prefix of their names, and of the alias (IFLA_IFALIAS) that marks them. */
#define NMM_LINK_PREFIX  "nmmv"
#define NMM_LINK_IFALIAS "nm-macvtap:"

#define NMM_LOG_DOMAIN "nm-macvtap"
