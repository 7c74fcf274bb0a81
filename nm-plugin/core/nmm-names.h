/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every name by which the project is known to others: D-Bus, files, marks in libvirt objects and
 * on kernel links. Nothing but names lives here; a name that two files need is added here.
 */

#pragma once

/* D-Bus name of the VPN service, and the vpn.service-type of every profile of ours. */
#define NMM_DBUS_SERVICE "org.freedesktop.NetworkManager.macvtap"

/* Files; config.h has the build's directory. */
#define NMM_CONFIG_FILE NMM_SYSCONFDIR "/NetworkManager/nm-macvtap.conf"
#define NMM_RUN_DIR     "/run/nm-macvtap"

/* In the run directory: the locks of active profiles; keyfiles that name the holder. */
#define NMM_LOCK_PREFIX "lock-"

/* In the run directory: what the dispatcher's hook leaves for the helper, a line for each event;
 * the lock of the one helper that runs; what the helper remembers. */
#define NMM_EVENTS_FILE         "dispatcher-events"
#define NMM_LOCK_FILE           "dispatcher-lock"
#define NMM_PROFILE_STATES_FILE "dispatcher-memory"

/* The group whose members may manage libvirt (Debian, Fedora and upstream polkit rules). */
#define NMM_LIBVIRT_GROUP "libvirt"

/* libvirt keeps aliases that start with "ua-" in the definition (libvirt 3.9 and newer). */
#define NMM_ALIAS_PREFIX "ua-nm-macvtap-"

/* Metadata that we put into a network that we define; names the profile that asked for it. */
#define NMM_METADATA_NS     "urn:nm-macvtap:network:1"
#define NMM_METADATA_PREFIX "nmmacvtap"

/* Host links: the prefix of their names, and of the alias (IFLA_IFALIAS) that marks them as ours.
 */
#define NMM_LINK_PREFIX  "nmmv"
#define NMM_LINK_IFALIAS "nm-macvtap:"

#define NMM_LOG_DOMAIN "nm-macvtap"
