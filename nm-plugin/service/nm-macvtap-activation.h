/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One profile while it is up: the part of the service that differs between the modes. The service
 * makes one for a profile, starts it, hands what it reports on to NetworkManager, and stops it.
 */

#pragma once

#include <NetworkManager.h>

#include "nm-macvtap-profile.h"

G_BEGIN_DECLS

#define NM_MACVTAP_TYPE_ACTIVATION (nm_macvtap_activation_get_type())
G_DECLARE_DERIVABLE_TYPE(NMMacvtapActivation,
                         nm_macvtap_activation,
                         NM_MACVTAP,
                         ACTIVATION,
                         GObject)

/*
 * @get_claims comes first. @start and @stop return at once. After @stop exactly one "stopped"
 * follows, at most @timeout_ms later, the time not counted for which mode move waits for another
 * NetworkManager; @stop once more ends that.
 */
struct _NMMacvtapActivationClass {
    GObjectClass parent;

    GPtrArray *(*get_claims)(NMMacvtapActivation *self, GError **error);
    void (*start)(NMMacvtapActivation *self);
    void (*stop)(NMMacvtapActivation *self, guint timeout_ms);
};

/*
 * Signals:
 *   "config" (GVariant config, GVariant? ip4, GVariant? ip6)  what NM is to be told; the first one
 *                     makes the VPN "activated", later ones update it
 *   "failed" (GError) it cannot be up (any more); stop is still owed
 *   "stopped"
 */

NMMacvtapActivation *nm_macvtap_activation_new(NMMacvtapProfile *profile, NMClient *client);
gboolean nm_macvtap_activation_has_mode(NMMacvtapMode mode);

/* (transfer full) (nullable): what it claims for itself alone while it is up, each in words for the
 * user: "network 'isolated' of qemu:///system", "host link 'nmmveth0'". */
GPtrArray *nm_macvtap_activation_get_claims(NMMacvtapActivation *self, GError **error);

void nm_macvtap_activation_start(NMMacvtapActivation *self);
void nm_macvtap_activation_stop(NMMacvtapActivation *self, guint timeout_ms);

/* For the modes. */
NMMacvtapProfile *nm_macvtap_activation_get_profile(NMMacvtapActivation *self);
NMClient *nm_macvtap_activation_get_client(NMMacvtapActivation *self);
void nm_macvtap_activation_emit_config(NMMacvtapActivation *self,
                                       GVariant *config,
                                       GVariant *ip4,
                                       GVariant *ip6);
/* The same for a mode that leaves addresses and routes to others. */
void nm_macvtap_activation_emit_up(NMMacvtapActivation *self,
                                   const char *link,
                                   GVariant *gateway,
                                   const char *banner);
void nm_macvtap_activation_emit_failed(NMMacvtapActivation *self, const GError *error);
void nm_macvtap_activation_emit_stopped(NMMacvtapActivation *self);

/* (transfer none) (nullable): the device of the VPN's base connection. */
NMDevice *nm_macvtap_activation_get_base(NMMacvtapActivation *self);
/* (transfer none) (nullable): the lower device of a profile of mode share or move. */
/* A get_claims for a mode with a host link. */
GPtrArray *nm_macvtap_activation_list_link_claims(NMMacvtapActivation *self, GError **error);
NMDevice *nm_macvtap_activation_find_parent(NMMacvtapActivation *self, GError **error);

/* An "external gateway" that makes NM add no route: the base device's own address. Floating;
 * "u" in network byte order, or "ay". */
GVariant *nm_macvtap_activation_build_gateway(NMMacvtapActivation *self);
/* The same of another device (nullable), for a base device that has no address itself. */
GVariant *nm_macvtap_activation_build_gateway_of(NMDevice *device);
/* No address was known: the host's own loopback address stood in. */
gboolean nm_macvtap_activation_is_loopback(GVariant *gateway);

G_END_DECLS
