/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A packet socket that receives nothing holds a membership for each interface. The kernel counts
 * memberships in addition to the flag that programs set (dev->allmulti and dev->gflags), and drops
 * them with the socket and with the interface. /sys/class/net/NAME/flags shows the sum; `ip link`
 * shows only the flag, and with -d also the count.
 */

#include "config.h"

#include "nmm-allmulticast.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nmm-error.h"

struct _NmmAllmulticast {
    int fd;
    GHashTable *indexes; /* (set of int): interfaces with a membership */
};

NmmAllmulticast *
nmm_allmulticast_new(GError **error)
{
    /* Protocol 0: no frame is delivered. */
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    NmmAllmulticast *self;

    if (fd < 0) {
        nmm_fail(error, NMM_ERROR_FAILED, _("cannot open a packet socket: %s"), g_strerror(errno));
        return NULL;
    }
    self = g_new(NmmAllmulticast, 1);
    *self = (NmmAllmulticast){.fd = fd, .indexes = g_hash_table_new(NULL, NULL)};
    return self;
}

void
nmm_allmulticast_free(NmmAllmulticast *self)
{
    close(self->fd);
    g_hash_table_unref(self->indexes);
    g_free(self);
}

static gboolean
change(NmmAllmulticast *self, int action, guint index)
{
    const struct packet_mreq request = {.mr_ifindex = (int)index, .mr_type = PACKET_MR_ALLMULTI};

    return setsockopt(self->fd, SOL_PACKET, action, &request, sizeof(request)) == 0;
}

/* Even if the interface is gone, and its membership with it. */
static void
drop_others(NmmAllmulticast *self, GHashTable *wanted)
{
    GHashTableIter iter;
    gpointer index;

    g_hash_table_iter_init(&iter, self->indexes);
    while (g_hash_table_iter_next(&iter, &index, NULL)) {
        if (g_hash_table_contains(wanted, index))
            continue;
        change(self, PACKET_DROP_MEMBERSHIP, GPOINTER_TO_UINT(index));
        g_hash_table_iter_remove(&iter);
    }
}

/* An interface that went since its name was found is no error. */
static gboolean
add(NmmAllmulticast *self, guint index, const char *name, GError **error)
{
    if (g_hash_table_contains(self->indexes, GUINT_TO_POINTER(index)))
        return TRUE;
    if (change(self, PACKET_ADD_MEMBERSHIP, index)) {
        g_hash_table_add(self->indexes, GUINT_TO_POINTER(index));
        return TRUE;
    }
    if (errno == ENODEV)
        return TRUE;
    return nmm_fail(error,
                    NMM_ERROR_FAILED,
                    _("cannot let '%s' receive all multicast: %s"),
                    name,
                    g_strerror(errno));
}

gboolean
nmm_allmulticast_set(NmmAllmulticast *self, const GPtrArray *names, GError **error)
{
    g_autoptr(GHashTable) wanted = g_hash_table_new(NULL, NULL);
    GHashTableIter iter;
    gpointer index, name;
    gboolean done = TRUE;

    for (guint i = 0; i < names->len; i++) {
        index = GUINT_TO_POINTER(if_nametoindex(names->pdata[i]));
        if (index)
            g_hash_table_insert(wanted, index, names->pdata[i]);
    }
    drop_others(self, wanted);
    g_hash_table_iter_init(&iter, wanted);
    while (g_hash_table_iter_next(&iter, &index, &name))
        done = add(self, GPOINTER_TO_UINT(index), name, done ? error : NULL) && done;
    return done;
}
