/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of offered profiles are identifiers that people type and scripts rely on: English in
 * every locale.
 */

#include "config.h"

#include "nm-macvtap-offer.h"

#include "nm-macvtap-identity.h"

/**
 * nm_macvtap_offer_new:
 * @mode: isolated or share
 * @target: the network's name, or the lower device's
 *
 * Returns: (transfer full): the profile to offer
 */
NMMacvtapOffer *
nm_macvtap_offer_new(NMMacvtapMode mode, const char *target)
{
    NMMacvtapOffer *offer = g_new0(NMMacvtapOffer, 1);

    offer->mode = mode;
    offer->target = g_strdup(target);
    offer->uuid = nm_macvtap_identity_offer(mode, target);
    if (mode == NM_MACVTAP_MODE_ISOLATED)
        offer->id = g_strdup_printf("Isolated network %s", target);
    else
        offer->id = g_strdup_printf("Guests on %s", target);
    return offer;
}

/**
 * nm_macvtap_offer_free:
 * @offer: (nullable): an offer
 */
void
nm_macvtap_offer_free(NMMacvtapOffer *offer)
{
    if (!offer)
        return;
    g_free(offer->uuid);
    g_free(offer->id);
    g_free(offer->target);
    g_free(offer);
}

/**
 * nm_macvtap_offer_is_ours:
 * @profile: a profile
 *
 * Returns: whether it is one that we offered, as we offered it
 */
gboolean
nm_macvtap_offer_is_ours(const NMMacvtapSceneProfile *profile)
{
    const char *target =
        profile->mode == NM_MACVTAP_MODE_ISOLATED ? profile->network : profile->parent;

    return profile->in_memory && nm_macvtap_identity_is_offer(profile->uuid, profile->mode, target);
}

/* The network that profiles are for by default is offered as soon as there are guests for it,
 * others once somebody has put a macvtap guest on them: not each isolated network is meant for the
 * host. */
static gboolean
network_has_cause(const NMMacvtapSceneLibvirt *libvirt, const NMMacvtapSceneNetwork *network)
{
    const NMMacvtapKeyInfo *key = nm_macvtap_keys_find(NM_MACVTAP_KEY_NETWORK);

    return g_str_equal(network->uri, libvirt->uri) && network->usable &&
           (network->used ||
            (libvirt->guests && g_strcmp0(network->name, key->default_value) == 0));
}

/**
 * nm_macvtap_offer_find_libvirt:
 * @scene: the host
 *
 * Returns: (nullable) (transfer none): the libvirt whose guests and networks are offered
 */
const NMMacvtapSceneLibvirt *
nm_macvtap_offer_find_libvirt(const NMMacvtapScene *scene)
{
    for (guint i = 0; i < scene->libvirts->len; i++) {
        const NMMacvtapSceneLibvirt *libvirt = scene->libvirts->pdata[i];

        if (libvirt->offered)
            return libvirt;
    }
    return NULL;
}

/**
 * nm_macvtap_offer_has_cause:
 * @scene: the host
 * @profile: a profile that we offered
 *
 * Returns: whether what it is for is still there; so it is where libvirt does not answer
 */
gboolean
nm_macvtap_offer_has_cause(const NMMacvtapScene *scene, const NMMacvtapSceneProfile *profile)
{
    const NMMacvtapSceneLibvirt *libvirt = nm_macvtap_offer_find_libvirt(scene);
    const NMMacvtapSceneNetwork *network;

    if (!libvirt)
        return TRUE;
    if (profile->mode != NM_MACVTAP_MODE_ISOLATED)
        return g_strv_contains((const char *const *)libvirt->lowers, profile->parent);
    network = nm_macvtap_scene_find_network(scene, libvirt->uri, profile->network);
    return network && network_has_cause(libvirt, network);
}

/* A profile that somebody made and that does the same makes the offer superfluous. */
static gboolean
is_taken(const NMMacvtapScene *scene, const char *uri, const NMMacvtapOffer *offer)
{
    for (guint i = 0; i < scene->profiles->len; i++) {
        const NMMacvtapSceneProfile *profile = scene->profiles->pdata[i];
        const char *parent = profile->parent ?: scene->primary;

        if (profile->problem || nm_macvtap_offer_is_ours(profile) ||
            g_strcmp0(profile->uri, uri) != 0)
            continue;
        if (offer->mode == NM_MACVTAP_MODE_ISOLATED
                ? profile->mode == NM_MACVTAP_MODE_ISOLATED &&
                      g_strcmp0(profile->network, offer->target) == 0
                : profile->mode != NM_MACVTAP_MODE_ISOLATED &&
                      g_strcmp0(parent, offer->target) == 0)
            return TRUE;
    }
    return FALSE;
}

static void
consider(const NMMacvtapScene *scene,
         const char *uri,
         NMMacvtapMode mode,
         const char *target,
         GPtrArray *offers)
{
    NMMacvtapOffer *offer = nm_macvtap_offer_new(mode, target);

    if (is_taken(scene, uri, offer))
        nm_macvtap_offer_free(offer);
    else
        g_ptr_array_add(offers, offer);
}

/**
 * nm_macvtap_offer_list:
 * @scene: the host
 *
 * Returns: (transfer full) (element-type NMMacvtapOffer): what is to be offered, whether it already
 *   is or not
 */
GPtrArray *
nm_macvtap_offer_list(const NMMacvtapScene *scene)
{
    GPtrArray *offers = g_ptr_array_new_with_free_func((GDestroyNotify)nm_macvtap_offer_free);
    const NMMacvtapSceneLibvirt *libvirt = nm_macvtap_offer_find_libvirt(scene);

    if (!libvirt || !scene->offer)
        return offers;
    for (guint i = 0; i < scene->networks->len; i++) {
        const NMMacvtapSceneNetwork *network = scene->networks->pdata[i];

        if (network_has_cause(libvirt, network))
            consider(scene, libvirt->uri, NM_MACVTAP_MODE_ISOLATED, network->name, offers);
    }
    for (gsize i = 0; libvirt->lowers[i]; i++)
        consider(scene, libvirt->uri, NM_MACVTAP_MODE_SHARE, libvirt->lowers[i], offers);
    return offers;
}
