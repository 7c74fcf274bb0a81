/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lets network interfaces receive every multicast frame. The request lasts as long as the object
 * and its process: the kernel withdraws it even after SIGKILL. Does not read or change the
 * interface's flag IFF_ALLMULTI, which belongs to the administrator and to libvirt, so neither side
 * can undo the other's request.
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _NmmAllmulticast NmmAllmulticast;

/* NMM_ERROR_FAILED. */
NmmAllmulticast *nmm_allmulticast_new(GError **error);
void nmm_allmulticast_free(NmmAllmulticast *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmAllmulticast, nmm_allmulticast_free)

/* From now on exactly the interfaces @names (element-type utf8) that exist. A new interface of the
 * same name needs another call. If one fails, tries the others too and sets the first error:
 * NMM_ERROR_FAILED. */
gboolean nmm_allmulticast_set(NmmAllmulticast *self, const GPtrArray *names, GError **error);

G_END_DECLS
