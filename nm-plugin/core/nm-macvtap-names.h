/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every name by which the project is known to others: D-Bus, files, marks in libvirt objects and
 * on kernel links. Nothing but names lives here; a name that two files need is added here.
 */

#pragma once

/* D-Bus name of the VPN service, and the vpn.service-type of every profile of ours. */
#define NM_MACVTAP_DBUS_SERVICE "org.freedesktop.NetworkManager.macvtap"

/* Files; the build supplies the directories. */
#define NM_MACVTAP_CONFIG_FILE "/etc/NetworkManager/nm-macvtap.conf"
#define NM_MACVTAP_RUN_DIR     "/run/nm-macvtap"

/* In the run directory: the locks of active profiles; keyfiles that name the holder. */
#define NM_MACVTAP_LOCK_PREFIX    "lock-"
#define NM_MACVTAP_CLAIM_GROUP    "claim"
#define NM_MACVTAP_CLAIM_KEY_UUID "uuid"

/* In the run directory: what the dispatcher's hook leaves for the helper, a line for each event;
 * the lock of the one helper that runs; what the helper remembers. */
#define NM_MACVTAP_EVENTS_FILE "dispatcher-events"
#define NM_MACVTAP_LOCK_FILE   "dispatcher-lock"
#define NM_MACVTAP_MEMORY_FILE "dispatcher-memory"

/* The group whose members may manage libvirt (Debian, Fedora and upstream polkit rules). */
#define NM_MACVTAP_LIBVIRT_GROUP "libvirt"

/* libvirt keeps aliases that start with "ua-" in the definition (libvirt 3.9 and newer). */
#define NM_MACVTAP_ALIAS_PREFIX "ua-nm-macvtap-"

/* Metadata that we put into a network that we define; names the profile that asked for it. */
#define NM_MACVTAP_METADATA_NS     "urn:nm-macvtap:network:1"
#define NM_MACVTAP_METADATA_PREFIX "nmmacvtap"

/* Host links: the prefix of their names, and of the alias (IFLA_IFALIAS) that marks them as ours.
 */
#define NM_MACVTAP_LINK_PREFIX  "nmmv"
#define NM_MACVTAP_LINK_IFALIAS "nm-macvtap:"

#define NM_MACVTAP_LOG_DOMAIN "nm-macvtap"
