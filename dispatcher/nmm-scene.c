/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory and look-up of the scene; decides nothing.
 */

#include "config.h"

#include "nmm-scene.h"

static void
device_free(gpointer data)
{
    NmmSceneDevice *device = data;

    g_free(device->name);
    g_free(device);
}

static void
profile_free(gpointer data)
{
    NmmSceneProfile *profile = data;

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
    NmmSceneLibvirt *libvirt = data;

    g_free(libvirt->uri);
    g_strfreev(libvirt->lowers);
    g_free(libvirt);
}

static void
network_free(gpointer data)
{
    NmmSceneNetwork *network = data;

    g_free(network->uri);
    g_free(network->name);
    g_free(network->bridge);
    g_free(network);
}

static void
link_free(gpointer data)
{
    NmmSceneLink *link = data;

    g_free(link->name);
    g_free(link->owner);
    g_free(link);
}

/**
 * nmm_scene_new:
 *
 * Returns: (transfer full): a host on which there is nothing
 */
NmmScene *
nmm_scene_new(void)
{
    NmmScene *scene = g_new0(NmmScene, 1);

    scene->devices = g_ptr_array_new_with_free_func(device_free);
    scene->profiles = g_ptr_array_new_with_free_func(profile_free);
    scene->libvirts = g_ptr_array_new_with_free_func(libvirt_free);
    scene->networks = g_ptr_array_new_with_free_func(network_free);
    scene->links = g_ptr_array_new_with_free_func(link_free);
    return scene;
}

/**
 * nmm_scene_free:
 * @scene: (nullable): a scene
 */
void
nmm_scene_free(NmmScene *scene)
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
 * nmm_scene_event_new:
 * @action: the dispatcher's action
 * @device: (nullable): the device
 * @uuid: (nullable): the profile
 *
 * Returns: (transfer full): the event
 */
NmmSceneEvent *
nmm_scene_event_new(const char *action, const char *device, const char *uuid)
{
    NmmSceneEvent *event = g_new0(NmmSceneEvent, 1);

    event->action = g_strdup(action);
    event->device = g_strdup(device);
    event->uuid = g_strdup(uuid);
    return event;
}

/**
 * nmm_scene_event_free:
 * @event: (nullable): an event
 */
void
nmm_scene_event_free(NmmSceneEvent *event)
{
    if (!event)
        return;
    g_free(event->action);
    g_free(event->device);
    g_free(event->uuid);
    g_free(event);
}

/**
 * nmm_scene_add_device:
 * @scene: a scene
 * @name: interface name
 *
 * Returns: (transfer none): the new device, down
 */
NmmSceneDevice *
nmm_scene_add_device(NmmScene *scene, const char *name)
{
    NmmSceneDevice *device = g_new0(NmmSceneDevice, 1);

    device->name = g_strdup(name);
    g_ptr_array_add(scene->devices, device);
    return device;
}

/**
 * nmm_scene_add_profile:
 * @scene: a scene
 * @uuid: connection.uuid
 * @id: connection.id
 *
 * Returns: (transfer none): the new profile, of mode isolated, down
 */
NmmSceneProfile *
nmm_scene_add_profile(NmmScene *scene, const char *uuid, const char *id)
{
    NmmSceneProfile *profile = g_new0(NmmSceneProfile, 1);

    profile->uuid = g_strdup(uuid);
    profile->id = g_strdup(id);
    g_ptr_array_add(scene->profiles, profile);
    return profile;
}

/**
 * nmm_scene_add_libvirt:
 * @scene: a scene
 * @uri: a libvirt URI that answers
 *
 * Returns: (transfer none): the new libvirt, without guests
 */
NmmSceneLibvirt *
nmm_scene_add_libvirt(NmmScene *scene, const char *uri)
{
    NmmSceneLibvirt *libvirt = g_new0(NmmSceneLibvirt, 1);

    libvirt->uri = g_strdup(uri);
    libvirt->lowers = g_new0(char *, 1);
    g_ptr_array_add(scene->libvirts, libvirt);
    return libvirt;
}

/**
 * nmm_scene_add_network:
 * @scene: a scene
 * @uri: the libvirt that has it
 * @name: its name
 *
 * Returns: (transfer none): the new network, not active
 */
NmmSceneNetwork *
nmm_scene_add_network(NmmScene *scene, const char *uri, const char *name)
{
    NmmSceneNetwork *network = g_new0(NmmSceneNetwork, 1);

    network->uri = g_strdup(uri);
    network->name = g_strdup(name);
    g_ptr_array_add(scene->networks, network);
    return network;
}

/**
 * nmm_scene_add_link:
 * @scene: a scene
 * @name: interface name
 * @owner: UUID of the profile that made it
 */
void
nmm_scene_add_link(NmmScene *scene, const char *name, const char *owner)
{
    NmmSceneLink *link = g_new0(NmmSceneLink, 1);

    link->name = g_strdup(name);
    link->owner = g_strdup(owner);
    g_ptr_array_add(scene->links, link);
}

/**
 * nmm_scene_find_device:
 * @scene: a scene
 * @name: (nullable): interface name
 *
 * Returns: (nullable) (transfer none): the device
 */
const NmmSceneDevice *
nmm_scene_find_device(const NmmScene *scene, const char *name)
{
    for (guint i = 0; i < scene->devices->len; i++) {
        const NmmSceneDevice *device = scene->devices->pdata[i];

        if (g_strcmp0(device->name, name) == 0)
            return device;
    }
    return NULL;
}

/**
 * nmm_scene_find_profile:
 * @scene: a scene
 * @uuid: (nullable): connection.uuid
 *
 * Returns: (nullable) (transfer none): the profile, if it is one of ours
 */
NmmSceneProfile *
nmm_scene_find_profile(const NmmScene *scene, const char *uuid)
{
    for (guint i = 0; i < scene->profiles->len; i++) {
        NmmSceneProfile *profile = scene->profiles->pdata[i];

        if (g_strcmp0(profile->uuid, uuid) == 0)
            return profile;
    }
    return NULL;
}

/**
 * nmm_scene_find_libvirt:
 * @scene: a scene
 * @uri: (nullable): a libvirt URI
 *
 * Returns: (nullable) (transfer none): the libvirt, if it answers
 */
const NmmSceneLibvirt *
nmm_scene_find_libvirt(const NmmScene *scene, const char *uri)
{
    for (guint i = 0; i < scene->libvirts->len; i++) {
        const NmmSceneLibvirt *libvirt = scene->libvirts->pdata[i];

        if (g_strcmp0(libvirt->uri, uri) == 0)
            return libvirt;
    }
    return NULL;
}

/**
 * nmm_scene_find_network:
 * @scene: a scene
 * @uri: (nullable): the libvirt that has it
 * @name: (nullable): its name
 *
 * Returns: (nullable) (transfer none): the network
 */
const NmmSceneNetwork *
nmm_scene_find_network(const NmmScene *scene, const char *uri, const char *name)
{
    for (guint i = 0; i < scene->networks->len; i++) {
        const NmmSceneNetwork *network = scene->networks->pdata[i];

        if (g_strcmp0(network->uri, uri) == 0 && g_strcmp0(network->name, name) == 0)
            return network;
    }
    return NULL;
}
