/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host as the dispatcher's decision sees it: plain values, collected by the helper, read from a
 * file by the tests. Nothing here asks anybody.
 */

#pragma once

#include <glib.h>

#include "nmm-keys.h"

G_BEGIN_DECLS

/* What NetworkManager's dispatcher told, or "refresh". */
typedef struct {
    char *action; /* "up", "vpn-down", … as in NetworkManager-dispatcher(8) */
    char *device; /* (nullable): the device; of a VPN its base device */
    char *uuid;   /* (nullable): the profile */
    gint64 order; /* the greater, the later; 0 if unknown */
} NmmSceneEvent;

typedef enum {
    NMM_SCENE_DEVICE_DOWN,
    NMM_SCENE_DEVICE_ACTIVATED,
    NMM_SCENE_DEVICE_UNMANAGED, /* it is there, and NetworkManager leaves it alone */
} NmmSceneDeviceState;

typedef struct {
    char *name;
    NmmSceneDeviceState state;
} NmmSceneDevice;

typedef enum {
    NMM_SCENE_PROFILE_DOWN,
    NMM_SCENE_PROFILE_ACTIVATING,
    NMM_SCENE_PROFILE_UP,
    NMM_SCENE_PROFILE_DEACTIVATING,
} NmmSceneProfileState;

/* A profile of ours. */
typedef struct {
    char *uuid;
    char *id;
    char *problem; /* (nullable): it is not valid, and why; then nothing below but state counts */
    NmmMode mode;
    char *parent;  /* (nullable) */
    char *network; /* (nullable): mode isolated */
    char *uri;     /* libvirt's */
    gboolean autoconnect;
    gboolean in_memory; /* nobody has saved it */
    NmmSceneProfileState state;
    char *base;    /* (nullable): base device while it is not down */
    char *moved;   /* (nullable): device that has a host link of its mode move, up or left behind */
    gboolean busy; /* a process of the service still holds its claim */
} NmmSceneProfile;

/* A libvirt that answers. One that a profile names and that is not here does not. */
typedef struct {
    char *uri;
    char **lowers;    /* lower devices with a guest that a host link reaches */
    gboolean guests;  /* there is a guest on macvtap */
    gboolean offered; /* the one whose networks and lower devices are offered as profiles */
} NmmSceneLibvirt;

typedef struct {
    char *uri;
    char *name;
    char *bridge; /* (nullable) */
    gboolean active;
    gboolean usable; /* isolated, with an IPv4 address: a profile can adopt it */
    gboolean used;   /* a guest on macvtap has an interface on it */
} NmmSceneNetwork;

/* A host link of ours in the kernel. */
typedef struct {
    char *name;
    char *owner; /* UUID of the profile that made it */
} NmmSceneLink;

typedef struct {
    gint64 now;          /* in s, of a clock that never goes back */
    gboolean networking; /* NetworkManager has not been told to be off or asleep */
    gboolean offer;      /* the administrator has not switched the settings provider off */
    char *primary;       /* (nullable): device of the default route, host links left out */
    GPtrArray *devices;  /* (element-type NmmSceneDevice) */
    GPtrArray *profiles; /* (element-type NmmSceneProfile) */
    GPtrArray *libvirts; /* (element-type NmmSceneLibvirt) */
    GPtrArray *networks; /* (element-type NmmSceneNetwork) */
    GPtrArray *links;    /* (element-type NmmSceneLink) */
} NmmScene;

NmmScene *nmm_scene_new(void);
void nmm_scene_free(NmmScene *scene);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NmmScene, nmm_scene_free)

NmmSceneEvent *nmm_scene_event_new(const char *action, const char *device, const char *uuid);
void nmm_scene_event_free(NmmSceneEvent *event);

/* Each appends an empty one and returns it. (transfer none) */
NmmSceneDevice *nmm_scene_add_device(NmmScene *scene, const char *name);
NmmSceneProfile *nmm_scene_add_profile(NmmScene *scene, const char *uuid, const char *id);
NmmSceneLibvirt *nmm_scene_add_libvirt(NmmScene *scene, const char *uri);
NmmSceneNetwork *nmm_scene_add_network(NmmScene *scene, const char *uri, const char *name);
void nmm_scene_add_link(NmmScene *scene, const char *name, const char *owner);

/* All (nullable) (transfer none). */
const NmmSceneDevice *nmm_scene_find_device(const NmmScene *scene, const char *name);
NmmSceneProfile *nmm_scene_find_profile(const NmmScene *scene, const char *uuid);
const NmmSceneLibvirt *nmm_scene_find_libvirt(const NmmScene *scene, const char *uri);
const NmmSceneNetwork *
nmm_scene_find_network(const NmmScene *scene, const char *uri, const char *name);

G_END_DECLS
