/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host as the dispatcher's decision sees it: plain values, collected by the helper, read from a
 * file by the tests. Nothing here asks anybody.
 */

#pragma once

#include <glib.h>

#include "nm-macvtap-keys.h"

G_BEGIN_DECLS

/* What NetworkManager's dispatcher told, or "refresh". */
typedef struct {
    char *action; /* "up", "vpn-down", … as in NetworkManager-dispatcher(8) */
    char *device; /* (nullable): the device; of a VPN its base device */
    char *uuid;   /* (nullable): the profile */
    gint64 order; /* the greater, the later; 0 if unknown */
} NMMacvtapSceneEvent;

typedef enum {
    NM_MACVTAP_SCENE_DEVICE_DOWN,
    NM_MACVTAP_SCENE_DEVICE_ACTIVATED,
    NM_MACVTAP_SCENE_DEVICE_UNMANAGED, /* it is there, and NetworkManager leaves it alone */
} NMMacvtapSceneDeviceState;

typedef struct {
    char *name;
    NMMacvtapSceneDeviceState state;
} NMMacvtapSceneDevice;

typedef enum {
    NM_MACVTAP_SCENE_PROFILE_DOWN,
    NM_MACVTAP_SCENE_PROFILE_ACTIVATING,
    NM_MACVTAP_SCENE_PROFILE_UP,
    NM_MACVTAP_SCENE_PROFILE_DEACTIVATING,
} NMMacvtapSceneProfileState;

/* A profile of ours. */
typedef struct {
    char *uuid;
    char *id;
    char *problem; /* (nullable): it is not valid, and why; then nothing below but state counts */
    NMMacvtapMode mode;
    char *parent;  /* (nullable) */
    char *network; /* (nullable): mode isolated */
    char *uri;     /* libvirt's */
    gboolean autoconnect;
    gboolean in_memory; /* nobody has saved it */
    NMMacvtapSceneProfileState state;
    char *base;    /* (nullable): base device while it is not down */
    char *moved;   /* (nullable): device that has a host link of its mode move, up or left behind */
    gboolean busy; /* a process of the service still holds its claim */
} NMMacvtapSceneProfile;

/* A libvirt that answers. One that a profile names and that is not here does not. */
typedef struct {
    char *uri;
    char **lowers;    /* lower devices with a guest that a host link reaches */
    gboolean guests;  /* there is a guest on macvtap */
    gboolean offered; /* the one whose networks and lower devices are offered as profiles */
} NMMacvtapSceneLibvirt;

typedef struct {
    char *uri;
    char *name;
    char *bridge; /* (nullable) */
    gboolean active;
    gboolean usable; /* isolated, with an IPv4 address: a profile can adopt it */
    gboolean used;   /* a guest on macvtap has an interface on it */
} NMMacvtapSceneNetwork;

/* A host link of ours in the kernel. */
typedef struct {
    char *name;
    char *owner; /* UUID of the profile that made it */
} NMMacvtapSceneLink;

typedef struct {
    gint64 now;          /* in s, of a clock that never goes back */
    gboolean networking; /* NetworkManager has not been told to be off or asleep */
    gboolean offer;      /* the administrator has not switched the settings provider off */
    char *primary;       /* (nullable): device of the default route, host links left out */
    GPtrArray *devices;  /* (element-type NMMacvtapSceneDevice) */
    GPtrArray *profiles; /* (element-type NMMacvtapSceneProfile) */
    GPtrArray *libvirts; /* (element-type NMMacvtapSceneLibvirt) */
    GPtrArray *networks; /* (element-type NMMacvtapSceneNetwork) */
    GPtrArray *links;    /* (element-type NMMacvtapSceneLink) */
} NMMacvtapScene;

NMMacvtapScene *nm_macvtap_scene_new(void);
void nm_macvtap_scene_free(NMMacvtapScene *scene);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NMMacvtapScene, nm_macvtap_scene_free)

NMMacvtapSceneEvent *
nm_macvtap_scene_event_new(const char *action, const char *device, const char *uuid);
void nm_macvtap_scene_event_free(NMMacvtapSceneEvent *event);

/* Each appends an empty one and returns it. (transfer none) */
NMMacvtapSceneDevice *nm_macvtap_scene_add_device(NMMacvtapScene *scene, const char *name);
NMMacvtapSceneProfile *
nm_macvtap_scene_add_profile(NMMacvtapScene *scene, const char *uuid, const char *id);
NMMacvtapSceneLibvirt *nm_macvtap_scene_add_libvirt(NMMacvtapScene *scene, const char *uri);
NMMacvtapSceneNetwork *
nm_macvtap_scene_add_network(NMMacvtapScene *scene, const char *uri, const char *name);
void nm_macvtap_scene_add_link(NMMacvtapScene *scene, const char *name, const char *owner);

/* All (nullable) (transfer none). */
const NMMacvtapSceneDevice *
nm_macvtap_scene_find_device(const NMMacvtapScene *scene, const char *name);
NMMacvtapSceneProfile *nm_macvtap_scene_find_profile(const NMMacvtapScene *scene, const char *uuid);
const NMMacvtapSceneLibvirt *
nm_macvtap_scene_find_libvirt(const NMMacvtapScene *scene, const char *uri);
const NMMacvtapSceneNetwork *
nm_macvtap_scene_find_network(const NMMacvtapScene *scene, const char *uri, const char *name);

G_END_DECLS
