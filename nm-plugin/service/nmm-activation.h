/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One profile while it is up: the part of the service that differs between the modes. The service
 * creates one for a profile, starts it, passes on to NetworkManager what it reports, and stops it.
 */

#pragma once

#include <NetworkManager.h>

#include "nmm-host-name.h"
#include "nmm-hypervisor.h"
#include "nmm-link-zone.h"
#include "nmm-problem.h"
#include "nmm-profile.h"

G_BEGIN_DECLS

#define NMM_TYPE_ACTIVATION (nmm_activation_get_type())
G_DECLARE_DERIVABLE_TYPE(NmmActivation, nmm_activation, NMM, ACTIVATION, GObject)

/* What one mode does, see the functions of the same names. */
struct _NmmActivationClass {
    GObjectClass parent_class;

    GPtrArray *(*list_lock_keys)(NmmActivation *self, GError **error);
    void (*start)(NmmActivation *self);
    void (*stop)(NmmActivation *self, guint timeout_ms);
};

typedef struct {
    /* @config: NetworkManager's Config dictionary. The first one makes the VPN "activated", later
     * ones update it. */
    void (*config)(GVariant *config, gpointer user_data);
    /* @problems: (element-type NmmProblem): all that are known now, sorted. */
    void (*problems)(const GPtrArray *problems, gpointer user_data);
    /* @names: (nullable): the text of nmm_hosts_file_set(), when it changes. */
    void (*names)(const char *names, gpointer user_data);
    /* The profile cannot come up, or cannot stay up; stop() must still be called. */
    void (*failed)(const GError *error, gpointer user_data);
    void (*stopped)(gpointer user_data);
} NmmActivationCallbacks;

/* @mode: the subclass for the profile's mode. @callbacks must stay valid. */
NmmActivation *nmm_activation_new(GType mode,
                                  NmmProfile *profile,
                                  NMClient *client,
                                  const NmmActivationCallbacks *callbacks,
                                  gpointer user_data);
/* Drops the reference; no callback follows. */
void nmm_activation_close(NmmActivation *self);

/* (transfer full) (element-type NmmLockKey): what no other active profile may use beside it; call
 * it before the start. NULL with NMM_ERROR_NOT_FOUND if the parent is missing. */
GPtrArray *nmm_activation_list_lock_keys(NmmActivation *self, GError **error);
/* Returns at once; config() or failed() follows. */
void nmm_activation_start(NmmActivation *self);
/* Returns at once. Exactly one stopped() follows, at most @timeout_ms later, except that mode move
 * may wait for a new NetworkManager before the time counts; a second stop() ends that wait. */
void nmm_activation_stop(NmmActivation *self, guint timeout_ms);

/* For the modes. */
NmmProfile *nmm_activation_get_profile(NmmActivation *self);
NMClient *nmm_activation_get_client(NmmActivation *self);
/* Reports that the profile is up, with no address and no route for NetworkManager to set. @link:
 * (nullable): the device that NetworkManager shows for the profile. @gateway: of
 * nmm_activation_build_gateway(), consumed if floating. @note: (nullable): a text for the user. The
 * banner is that text and the problems, and follows the problems. */
void
nmm_activation_emit_up(NmmActivation *self, const char *link, GVariant *gateway, const char *note);
/* Reports what is wrong now, in place of what the same @source reported before. The service
 * publishes it, so status, check and the banner show it. @source: a word that each caller has for
 * itself, such as "zone"; static. @problems: (transfer full) (nullable) (element-type NmmProblem):
 * a list of nmm_problems_new(), NULL for none. */
void nmm_activation_set_problems(NmmActivation *self, const char *source, GPtrArray *problems);
/* Reports the addresses at which the host reaches guests now, in place of those before.
 * @addresses: (element-type NmmGuestAddress). While the profile is up, programs on the host find
 * the guests by name, unless the profile forbids it. */
void nmm_activation_set_addresses(NmmActivation *self, const GArray *addresses);
void nmm_activation_emit_failed(NmmActivation *self, const GError *error);
void nmm_activation_emit_stopped(NmmActivation *self);

/* (transfer none) (nullable): the device of the VPN's base connection. */
NMDevice *nmm_activation_get_base(NmmActivation *self);
/* (transfer full): of the profile's libvirt, not open; guests and networks are joined with the
 * kernel's interfaces. */
NmmHypervisor *nmm_activation_new_hypervisor(NmmActivation *self);
/* (transfer none) (nullable): the parent of a profile of mode share or move, by any of its names.
 * Errors of nmm_parent_find(). */
NMDevice *nmm_activation_find_parent(NMClient *client, const NmmProfile *profile, GError **error);
/* The list_lock_keys() of a mode with a host link. */
GPtrArray *nmm_activation_list_link_keys(NmmActivation *self, GError **error);

/* (transfer full): keeps the host link in the firewalld zone of the profile, or else of @parent,
 * and logs it. */
NmmLinkZone *nmm_activation_follow_zone(NmmActivation *self, const char *link, const char *parent);

/* (transfer floating): an "external gateway" in the form of NetworkManager's Config dictionary: an
 * address of @device (nullable), else the loopback address. */
GVariant *nmm_activation_build_gateway(NMDevice *device);
gboolean nmm_activation_is_loopback(GVariant *gateway);

G_END_DECLS
