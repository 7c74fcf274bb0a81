/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's neighbours: an interface keeps them when it gets another MAC, and gives them to
 * another one.
 */

#pragma once

#include "nmm-netlink.h"

G_BEGIN_DECLS

/* @to gets those of @from that have a MAC and that it has not itself, to be confirmed when it uses
 * them. Does nothing if they cannot be read. */
void nmm_neighbours_copy(const char *from, const char *to);
/* The same by index, from @neighbours, which were read before. With @from and @to the same, these
 * are restored. */
void nmm_neighbours_add(NmmNlSock *sock, NmmNlCache *neighbours, int from, int to);

G_END_DECLS
