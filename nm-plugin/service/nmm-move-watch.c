/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NetworkManager emits no signal when the applied connection changes, but that always changes the
 * parent's addresses, its DHCP client, or its state.
 */

#include "config.h"

#include "nmm-move-watch.h"

#include <glib/gi18n-lib.h>
#include <sys/socket.h>

#include "nmm-device.h"
#include "nmm-error.h"
#include "nmm-host-watch.h"
#include "nmm-move-profile.h"

/* A tool that configures the host runs every few minutes; more often, it does not let go. */
#define RETURNS_MAX 5
#define RETURNS_S   60

/* NetworkManager's view of the kernel's addresses may be so late. */
#define SETTLE_MS 1000

struct _NmmMoveWatch {
    NMDevice *parent;
    NMDevice *link; /* (nullable) */
    const NmmMoveWatchClient *client;
    gpointer user_data;

    NmmHostWatch *host_watch;
    gulong state_id;
    gulong dhcp_ids[2];
    GCancellable *cancellable; /* (nullable): of the call under way */
    gboolean is_again;         /* look again after it */
    guint settle_id;           /* an address is there that should not be */
    guint64 version;           /* of the applied connection then */
    GHashTable *foreign;       /* (set of utf8): addresses that were reported */

    guint n_returns;      /* since @returns_since */
    gint64 returns_since; /* monotonic, in µs */
};

/* (nullable) (transfer none): an address of the parent that was not reported. */
static const char *
find_unexpected(const NmmMoveWatch *self)
{
    static const int families[] = {AF_INET, AF_INET6};

    for (gsize i = 0; i < G_N_ELEMENTS(families); i++) {
        const char *address = nmm_device_find_address(self->parent, families[i]);

        if (address && !g_hash_table_contains(self->foreign, address))
            return address;
    }
    return NULL;
}

static gboolean
settle_cb(gpointer user_data)
{
    NmmMoveWatch *self = user_data;
    const char *address = find_unexpected(self);

    self->settle_id = 0;
    if (address && self->link && nmm_device_has_address(self->link, address)) {
        self->client->returned(NULL, self->version, self->user_data);
    } else if (address) {
        g_hash_table_add(self->foreign, g_strdup(address));
        self->client->foreign(address, self->user_data);
    }
    return G_SOURCE_REMOVE;
}

static void
handle(NmmMoveWatch *self, NMConnection *applied, guint64 version)
{
    g_clear_handle_id(&self->settle_id, g_source_remove);
    if (!nmm_move_profile_has_no_ip(applied)) {
        self->client->returned(applied, version, self->user_data);
        return;
    }
    self->version = version;
    if (find_unexpected(self))
        self->settle_id = g_timeout_add(SETTLE_MS, settle_cb, self);
}

static void
applied_cb(GObject *object, GAsyncResult *result, gpointer user_data)
{
    NmmMoveWatch *self = user_data;
    guint64 version = 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(NMConnection) applied =
        nm_device_get_applied_connection_finish(NM_DEVICE(object), result, &version, &error);

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
    g_clear_object(&self->cancellable);
    if (self->is_again)
        nmm_move_watch_look(self);
    else if (applied)
        handle(self, applied, version);
}

/* A parent that is being activated gets its addresses later. */
void
nmm_move_watch_look(NmmMoveWatch *self)
{
    self->is_again = self->cancellable != NULL;
    if (self->is_again || nm_device_get_state(self->parent) != NM_DEVICE_STATE_ACTIVATED)
        return;
    self->cancellable = g_cancellable_new();
    nm_device_get_applied_connection_async(self->parent, 0, self->cancellable, applied_cb, self);
}

static void
changed_cb(gpointer user_data)
{
    nmm_move_watch_look(user_data);
}

/* A DHCP client begins. Its lease would come later, and be another one if the parent has its
 * stand-in MAC. */
static void
dhcp_cb(NMDevice *device, GParamSpec *pspec, gpointer user_data)
{
    nmm_move_watch_look(user_data);
}

static void
state_cb(NMDevice *device, guint state, guint old_state, guint reason, gpointer user_data)
{
    nmm_move_watch_look(user_data);
}

/* A tool that never lets go would move the host's addresses for ever. */
gboolean
nmm_move_watch_count(NmmMoveWatch *self, GError **error)
{
    const char *parent = nm_device_get_iface(self->parent);
    gint64 now = g_get_monotonic_time();

    if (self->n_returns == 0 || now - self->returns_since > RETURNS_S * G_USEC_PER_SEC) {
        self->n_returns = 0;
        self->returns_since = now;
    }
    return ++self->n_returns <= RETURNS_MAX ||
           nmm_fail(error,
                    NMM_ERROR_CONFLICT,
                    _("another program gives '%s' its IP configuration back again and again, so "
                      "'%s' keeps it; stop that program, or use mode 'share'"),
                    parent,
                    parent);
}

NmmMoveWatch *
nmm_move_watch_new(NMClient *nm,
                   NMDevice *parent,
                   NMDevice *link,
                   const NmmMoveWatchClient *client,
                   gpointer user_data)
{
    NmmMoveWatch *self = g_new(NmmMoveWatch, 1);

    *self = (NmmMoveWatch){
        .parent = g_object_ref(parent),
        .link = link ? g_object_ref(link) : NULL,
        .client = client,
        .foreign = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .user_data = user_data,
    };
    self->host_watch = nmm_host_watch_new(nm, changed_cb, self);
    self->state_id = g_signal_connect(parent, "state-changed", G_CALLBACK(state_cb), self);
    self->dhcp_ids[0] =
        g_signal_connect(parent, "notify::" NM_DEVICE_DHCP4_CONFIG, G_CALLBACK(dhcp_cb), self);
    self->dhcp_ids[1] =
        g_signal_connect(parent, "notify::" NM_DEVICE_DHCP6_CONFIG, G_CALLBACK(dhcp_cb), self);
    return self;
}

void
nmm_move_watch_free(NmmMoveWatch *self)
{
    if (self->cancellable)
        g_cancellable_cancel(self->cancellable);
    g_clear_object(&self->cancellable);
    g_clear_handle_id(&self->settle_id, g_source_remove);
    g_hash_table_unref(self->foreign);
    nmm_host_watch_free(self->host_watch);
    g_clear_signal_handler(&self->state_id, self->parent);
    for (gsize i = 0; i < G_N_ELEMENTS(self->dhcp_ids); i++)
        g_clear_signal_handler(&self->dhcp_ids[i], self->parent);
    g_object_unref(self->parent);
    g_clear_object(&self->link);
    g_free(self);
}
