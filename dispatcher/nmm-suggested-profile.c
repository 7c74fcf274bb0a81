/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The names of offered profiles are identifiers that people type and scripts rely on: English in
 * every locale.
 */

#include "config.h"

#include "nmm-suggested-profile.h"

#include "nmm-identity.h"

static gboolean
has_network(NmmMode mode)
{
    return nmm_mode_get_info(mode)->has_network;
}

/**
 * nmm_suggested_profile_new:
 * @mode: isolated or share
 * @target: the network's name, or the lower device's
 *
 * Returns: (transfer full): the profile to offer
 */
NmmSuggestedProfile *
nmm_suggested_profile_new(NmmMode mode, const char *target)
{
    NmmSuggestedProfile *offer = g_new0(NmmSuggestedProfile, 1);

    offer->mode = mode;
    offer->target = g_strdup(target);
    offer->uuid = nmm_identity_suggested_uuid(mode, target);
    offer->id = g_strdup_printf("%s %s", nmm_mode_get_info(mode)->suggested_as, target);
    return offer;
}

/**
 * nmm_suggested_profile_free:
 * @offer: (nullable): an offer
 */
void
nmm_suggested_profile_free(NmmSuggestedProfile *offer)
{
    if (!offer)
        return;
    g_free(offer->uuid);
    g_free(offer->id);
    g_free(offer->target);
    g_free(offer);
}

/**
 * nmm_suggested_profile_is_ours:
 * @profile: a profile
 *
 * Returns: whether it is one that we offered, as we offered it
 */
gboolean
nmm_suggested_profile_is_ours(const NmmSceneProfile *profile)
{
    const char *target = nmm_mode_get_target(profile->mode, profile->network, profile->parent);

    return profile->in_memory && nmm_identity_is_suggested(profile->uuid, profile->mode, target);
}

/* The network that profiles are for by default is offered as soon as there are guests for it,
 * others once somebody has put a macvtap guest on them: not each isolated network is meant for the
 * host. */
static gboolean
network_has_cause(const NmmSceneLibvirt *libvirt, const NmmSceneNetwork *network)
{
    const NmmKeyInfo *key = nmm_keys_find(NMM_KEY_NETWORK);

    return g_str_equal(network->uri, libvirt->uri) && network->usable &&
           (network->used ||
            (libvirt->guests && g_strcmp0(network->name, key->default_value) == 0));
}

/**
 * nmm_suggested_profile_find_libvirt:
 * @scene: the host
 *
 * Returns: (nullable) (transfer none): the libvirt whose guests and networks are offered
 */
const NmmSceneLibvirt *
nmm_suggested_profile_find_libvirt(const NmmScene *scene)
{
    for (guint i = 0; i < scene->libvirts->len; i++) {
        const NmmSceneLibvirt *libvirt = scene->libvirts->pdata[i];

        if (libvirt->offered)
            return libvirt;
    }
    return NULL;
}

/**
 * nmm_suggested_profile_has_cause:
 * @scene: the host
 * @profile: a profile that we offered
 *
 * Returns: whether what it is for is still there; so it is where libvirt does not answer
 */
gboolean
nmm_suggested_profile_has_cause(const NmmScene *scene, const NmmSceneProfile *profile)
{
    const NmmSceneLibvirt *libvirt = nmm_suggested_profile_find_libvirt(scene);
    const NmmSceneNetwork *network;

    if (!libvirt)
        return TRUE;
    if (!has_network(profile->mode))
        return g_strv_contains((const char *const *)libvirt->lowers, profile->parent);
    network = nmm_scene_find_network(scene, libvirt->uri, profile->network);
    return network && network_has_cause(libvirt, network);
}

/* A profile that somebody made and that does the same makes the offer superfluous. */
static gboolean
is_taken(const NmmScene *scene, const char *uri, const NmmSuggestedProfile *offer)
{
    for (guint i = 0; i < scene->profiles->len; i++) {
        const NmmSceneProfile *profile = scene->profiles->pdata[i];
        const char *parent = profile->parent ?: scene->primary;
        const char *target;

        if (profile->problem || nmm_suggested_profile_is_ours(profile) ||
            g_strcmp0(profile->uri, uri) != 0)
            continue;
        target = nmm_mode_get_target(profile->mode, profile->network, parent);
        if (has_network(profile->mode) == has_network(offer->mode) &&
            g_strcmp0(target, offer->target) == 0)
            return TRUE;
    }
    return FALSE;
}

static void
consider(const NmmScene *scene,
         const char *uri,
         NmmMode mode,
         const char *target,
         GPtrArray *offers)
{
    NmmSuggestedProfile *offer = nmm_suggested_profile_new(mode, target);

    if (is_taken(scene, uri, offer))
        nmm_suggested_profile_free(offer);
    else
        g_ptr_array_add(offers, offer);
}

static void
consider_mode(const NmmScene *scene,
              const NmmSceneLibvirt *libvirt,
              NmmMode mode,
              GPtrArray *offers)
{
    for (guint i = 0; has_network(mode) && i < scene->networks->len; i++) {
        const NmmSceneNetwork *network = scene->networks->pdata[i];

        if (network_has_cause(libvirt, network))
            consider(scene, libvirt->uri, mode, network->name, offers);
    }
    for (gsize i = 0; !has_network(mode) && libvirt->lowers[i]; i++)
        consider(scene, libvirt->uri, mode, libvirt->lowers[i], offers);
}

/**
 * nmm_suggested_profile_list:
 * @scene: the host
 *
 * Returns: (transfer full) (element-type NmmSuggestedProfile): what is to be offered, whether it
 * already is or not
 */
GPtrArray *
nmm_suggested_profile_list(const NmmScene *scene)
{
    GPtrArray *offers = g_ptr_array_new_with_free_func((GDestroyNotify)nmm_suggested_profile_free);
    const NmmSceneLibvirt *libvirt = nmm_suggested_profile_find_libvirt(scene);

    if (!libvirt || !scene->offer)
        return offers;
    for (int mode = 0; mode < _NMM_MODE_NUM; mode++) {
        if (nmm_mode_get_info((NmmMode)mode)->suggested_as)
            consider_mode(scene, libvirt, (NmmMode)mode, offers);
    }
    return offers;
}
