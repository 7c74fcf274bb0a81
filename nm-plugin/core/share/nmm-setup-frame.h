/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames by which the host notices that a guest sets up an interface, before the guest is heard
 * with an address: a request to all DHCP servers, and an MLDv2 report that the guest joins the
 * solicited-node group of a new IPv6 address. A Linux guest may send nothing else.
 */

#pragma once

#include "nmm-mac.h"

G_BEGIN_DECLS

/* @data: a frame without VLAN tag, or its first NMM_NEIGHBOUR_FRAME_MAX bytes; checksums are not
 * checked. FALSE: another frame; @out_mac, the sender's, is unchanged. */
gboolean nmm_setup_frame_parse(const guint8 *data, gsize length, guint8 *out_mac);

G_END_DECLS
