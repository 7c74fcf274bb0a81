/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decisions that the implementations share: which parent can carry a link, and which links
 * belong to which profile.
 */

#include "config.h"

#include "nmm-hostlink.h"

#include <string.h>

#include "nmm-error.h"
#include "nmm-link.h"
#include "nmm-names.h"

void
nmm_hostlink_set_callbacks(NmmHostlink *self,
                           const NmmHostlinkCallbacks *callbacks,
                           gpointer user_data)
{
    self->callbacks = callbacks;
    self->user_data = user_data;
}

void
nmm_hostlink_free(NmmHostlink *self)
{
    self->methods->free(self);
}

gboolean
nmm_hostlink_create(NmmHostlink *self, const NmmHostlinkSpec *spec, GError **error)
{
    return self->methods->create(self, spec, error);
}

gboolean
nmm_hostlink_remove(NmmHostlink *self, GError **error)
{
    return self->methods->remove(self, error);
}

gboolean
nmm_hostlink_set_routes(NmmHostlink *self, const GArray *routes, GError **error)
{
    return self->methods->set_routes(self, routes, error);
}

GArray *
nmm_hostlink_list_addresses(NmmHostlink *self, GError **error)
{
    return self->methods->list_addresses(self, error);
}

GArray *
nmm_hostlink_list_neighbours(NmmHostlink *self, GError **error)
{
    return self->methods->list_neighbours(self, error);
}

void
nmm_hostlink_notify_gone(NmmHostlink *self, const char *reason)
{
    if (self->callbacks)
        self->callbacks->gone(reason, self->user_data);
}

void
nmm_hostlink_notify_addresses(NmmHostlink *self)
{
    if (self->callbacks)
        self->callbacks->addresses_changed(self->user_data);
}

char *
nmm_hostlink_make_mark(const char *profile_uuid)
{
    return g_strconcat(NMM_LINK_IFALIAS, profile_uuid, NULL);
}

const char *
nmm_hostlink_read_mark(const char *ifalias)
{
    if (!ifalias || !g_str_has_prefix(ifalias, NMM_LINK_IFALIAS))
        return NULL;
    return ifalias + strlen(NMM_LINK_IFALIAS);
}

gboolean
nmm_hostlink_check_mark(const char *name,
                        const char *ifalias,
                        const char *profile_uuid,
                        GError **error)
{
    return nmm_link_check_owner(name, nmm_hostlink_read_mark(ifalias), profile_uuid, error);
}
