/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory and look-up of the scene; decides nothing.
 */

#include "config.h"

#include "nm-macvtap-scene.h"

static void
device_free(gpointer data)
{
    NMMacvtapSceneDevice *device = data;

    g_free(device->name);
    g_free(device);
}

static void
profile_free(gpointer data)
{
    NMMacvtapSceneProfile *profile = data;

    g_free(profile->uuid);
    g_free(profile->id);
    g_free(profile->problem);
    g_free(profile->parent);
    g_free(profile->network);
    g_free(profile->uri);
    g_free(profile->base);
    g_free(profile->moved);
    g_free(profile);
}

static void
libvirt_free(gpointer data)
{
    NMMacvtapSceneLibvirt *libvirt = data;

    g_free(libvirt->uri);
    g_strfreev(libvirt->lowers);
    g_free(libvirt);
}

static void
network_free(gpointer data)
{
    NMMacvtapSceneNetwork *network = data;

    g_free(network->uri);
    g_free(network->name);
    g_free(network->bridge);
    g_free(network);
}

static void
link_free(gpointer data)
{
    NMMacvtapSceneLink *link = data;

    g_free(link->name);
    g_free(link->owner);
    g_free(link);
}

/**
 * nm_macvtap_scene_new:
 *
 * Returns: (transfer full): a host on which there is nothing
 */
NMMacvtapScene *
nm_macvtap_scene_new(void)
{
    NMMacvtapScene *scene = g_new0(NMMacvtapScene, 1);

    scene->devices = g_ptr_array_new_with_free_func(device_free);
    scene->profiles = g_ptr_array_new_with_free_func(profile_free);
    scene->libvirts = g_ptr_array_new_with_free_func(libvirt_free);
    scene->networks = g_ptr_array_new_with_free_func(network_free);
    scene->links = g_ptr_array_new_with_free_func(link_free);
    return scene;
}

/**
 * nm_macvtap_scene_free:
 * @scene: (nullable): a scene
 */
void
nm_macvtap_scene_free(NMMacvtapScene *scene)
{
    if (!scene)
        return;
    g_free(scene->primary);
    g_ptr_array_unref(scene->devices);
    g_ptr_array_unref(scene->profiles);
    g_ptr_array_unref(scene->libvirts);
    g_ptr_array_unref(scene->networks);
    g_ptr_array_unref(scene->links);
    g_free(scene);
}

/**
 * nm_macvtap_scene_event_new:
 * @action: the dispatcher's action
 * @device: (nullable): the device
 * @uuid: (nullable): the profile
 *
 * Returns: (transfer full): the event
 */
NMMacvtapSceneEvent *
nm_macvtap_scene_event_new(const char *action, const char *device, const char *uuid)
{
    NMMacvtapSceneEvent *event = g_new0(NMMacvtapSceneEvent, 1);

    event->action = g_strdup(action);
    event->device = g_strdup(device);
    event->uuid = g_strdup(uuid);
    return event;
}

/**
 * nm_macvtap_scene_event_free:
 * @event: (nullable): an event
 */
void
nm_macvtap_scene_event_free(NMMacvtapSceneEvent *event)
{
    if (!event)
        return;
    g_free(event->action);
    g_free(event->device);
    g_free(event->uuid);
    g_free(event);
}

/**
 * nm_macvtap_scene_add_device:
 * @scene: a scene
 * @name: interface name
 *
 * Returns: (transfer none): the new device, down
 */
NMMacvtapSceneDevice *
nm_macvtap_scene_add_device(NMMacvtapScene *scene, const char *name)
{
    NMMacvtapSceneDevice *device = g_new0(NMMacvtapSceneDevice, 1);

    device->name = g_strdup(name);
    g_ptr_array_add(scene->devices, device);
    return device;
}

/**
 * nm_macvtap_scene_add_profile:
 * @scene: a scene
 * @uuid: connection.uuid
 * @id: connection.id
 *
 * Returns: (transfer none): the new profile, of mode isolated, down
 */
NMMacvtapSceneProfile *
nm_macvtap_scene_add_profile(NMMacvtapScene *scene, const char *uuid, const char *id)
{
    NMMacvtapSceneProfile *profile = g_new0(NMMacvtapSceneProfile, 1);

    profile->uuid = g_strdup(uuid);
    profile->id = g_strdup(id);
    g_ptr_array_add(scene->profiles, profile);
    return profile;
}

/**
 * nm_macvtap_scene_add_libvirt:
 * @scene: a scene
 * @uri: a libvirt URI that answers
 *
 * Returns: (transfer none): the new libvirt, without guests
 */
NMMacvtapSceneLibvirt *
nm_macvtap_scene_add_libvirt(NMMacvtapScene *scene, const char *uri)
{
    NMMacvtapSceneLibvirt *libvirt = g_new0(NMMacvtapSceneLibvirt, 1);

    libvirt->uri = g_strdup(uri);
    libvirt->lowers = g_new0(char *, 1);
    g_ptr_array_add(scene->libvirts, libvirt);
    return libvirt;
}

/**
 * nm_macvtap_scene_add_network:
 * @scene: a scene
 * @uri: the libvirt that has it
 * @name: its name
 *
 * Returns: (transfer none): the new network, not active
 */
NMMacvtapSceneNetwork *
nm_macvtap_scene_add_network(NMMacvtapScene *scene, const char *uri, const char *name)
{
    NMMacvtapSceneNetwork *network = g_new0(NMMacvtapSceneNetwork, 1);

    network->uri = g_strdup(uri);
    network->name = g_strdup(name);
    g_ptr_array_add(scene->networks, network);
    return network;
}

/**
 * nm_macvtap_scene_add_link:
 * @scene: a scene
 * @name: interface name
 * @owner: UUID of the profile that made it
 */
void
nm_macvtap_scene_add_link(NMMacvtapScene *scene, const char *name, const char *owner)
{
    NMMacvtapSceneLink *link = g_new0(NMMacvtapSceneLink, 1);

    link->name = g_strdup(name);
    link->owner = g_strdup(owner);
    g_ptr_array_add(scene->links, link);
}

/**
 * nm_macvtap_scene_find_device:
 * @scene: a scene
 * @name: (nullable): interface name
 *
 * Returns: (nullable) (transfer none): the device
 */
const NMMacvtapSceneDevice *
nm_macvtap_scene_find_device(const NMMacvtapScene *scene, const char *name)
{
    for (guint i = 0; i < scene->devices->len; i++) {
        const NMMacvtapSceneDevice *device = scene->devices->pdata[i];

        if (g_strcmp0(device->name, name) == 0)
            return device;
    }
    return NULL;
}

/**
 * nm_macvtap_scene_find_profile:
 * @scene: a scene
 * @uuid: (nullable): connection.uuid
 *
 * Returns: (nullable) (transfer none): the profile, if it is one of ours
 */
NMMacvtapSceneProfile *
nm_macvtap_scene_find_profile(const NMMacvtapScene *scene, const char *uuid)
{
    for (guint i = 0; i < scene->profiles->len; i++) {
        NMMacvtapSceneProfile *profile = scene->profiles->pdata[i];

        if (g_strcmp0(profile->uuid, uuid) == 0)
            return profile;
    }
    return NULL;
}

/**
 * nm_macvtap_scene_find_libvirt:
 * @scene: a scene
 * @uri: (nullable): a libvirt URI
 *
 * Returns: (nullable) (transfer none): the libvirt, if it answers
 */
const NMMacvtapSceneLibvirt *
nm_macvtap_scene_find_libvirt(const NMMacvtapScene *scene, const char *uri)
{
    for (guint i = 0; i < scene->libvirts->len; i++) {
        const NMMacvtapSceneLibvirt *libvirt = scene->libvirts->pdata[i];

        if (g_strcmp0(libvirt->uri, uri) == 0)
            return libvirt;
    }
    return NULL;
}

/**
 * nm_macvtap_scene_find_network:
 * @scene: a scene
 * @uri: (nullable): the libvirt that has it
 * @name: (nullable): its name
 *
 * Returns: (nullable) (transfer none): the network
 */
const NMMacvtapSceneNetwork *
nm_macvtap_scene_find_network(const NMMacvtapScene *scene, const char *uri, const char *name)
{
    for (guint i = 0; i < scene->networks->len; i++) {
        const NMMacvtapSceneNetwork *network = scene->networks->pdata[i];

        if (g_strcmp0(network->uri, uri) == 0 && g_strcmp0(network->name, name) == 0)
            return network;
    }
    return NULL;
}
