/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One profile while it is up: the part of the service that differs between the modes. The service
 * makes one for a profile, starts it, hands what it reports on to NetworkManager, and stops it.
 */

#pragma once

#include <NetworkManager.h>

#include "nmm-profile.h"

G_BEGIN_DECLS

#define NMM_TYPE_ACTIVATION (nmm_activation_get_type())
G_DECLARE_DERIVABLE_TYPE(NmmActivation, nmm_activation, NMM, ACTIVATION, GObject)

/*
 * @get_claims comes first. @start and @stop return at once. After @stop exactly one "stopped"
 * follows, at most @timeout_ms later, the time not counted for which mode move waits for another
 * NetworkManager; @stop once more ends that.
 */
struct _NmmActivationClass {
    GObjectClass parent;

    GPtrArray *(*get_claims)(NmmActivation *self, GError **error);
    void (*start)(NmmActivation *self);
    void (*stop)(NmmActivation *self, guint timeout_ms);
};

/*
 * Signals:
 *   "config" (GVariant config, GVariant? ip4, GVariant? ip6)  what NM is to be told; the first one
 *                     makes the VPN "activated", later ones update it
 *   "failed" (GError) it cannot be up (any more); stop is still owed
 *   "stopped"
 */

NmmActivation *nmm_activation_new(NmmProfile *profile, NMClient *client);
gboolean nmm_activation_has_mode(NmmMode mode);

/* (transfer full) (nullable): what it claims for itself alone while it is up, each in words for the
 * user: "network 'isolated' of qemu:///system", "host link 'nmmveth0'". */
GPtrArray *nmm_activation_get_claims(NmmActivation *self, GError **error);

void nmm_activation_start(NmmActivation *self);
void nmm_activation_stop(NmmActivation *self, guint timeout_ms);

/* For the modes. */
NmmProfile *nmm_activation_get_profile(NmmActivation *self);
NMClient *nmm_activation_get_client(NmmActivation *self);
void
nmm_activation_emit_config(NmmActivation *self, GVariant *config, GVariant *ip4, GVariant *ip6);
/* The same for a mode that leaves addresses and routes to others. */
void nmm_activation_emit_up(NmmActivation *self,
                            const char *link,
                            GVariant *gateway,
                            const char *banner);
void nmm_activation_emit_failed(NmmActivation *self, const GError *error);
void nmm_activation_emit_stopped(NmmActivation *self);

/* (transfer none) (nullable): the device of the VPN's base connection. */
NMDevice *nmm_activation_get_base(NmmActivation *self);
/* (transfer none) (nullable): the lower device of a profile of mode share or move. */
/* A get_claims for a mode with a host link. */
GPtrArray *nmm_activation_list_link_claims(NmmActivation *self, GError **error);
NMDevice *nmm_activation_find_parent(NmmActivation *self, GError **error);

/* An "external gateway" that makes NM add no route: the base device's own address. Floating;
 * "u" in network byte order, or "ay". */
GVariant *nmm_activation_build_gateway(NmmActivation *self);
/* The same of another device (nullable), for a base device that has no address itself. */
GVariant *nmm_activation_build_gateway_of(NMDevice *device);
/* No address was known: the host's own loopback address stood in. */
gboolean nmm_activation_is_loopback(GVariant *gateway);

G_END_DECLS
