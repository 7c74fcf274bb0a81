/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decides which editor module fits the running program. */

#include "config.h"

#include "nmm-editor-plugin.h"

#include <dlfcn.h>

#include <glib/gi18n-lib.h>

#include "nmm-config.h"
#include "nmm-error.h"
#include "nmm-export.h"
#include "nmm-import.h"
#include "nmm-names.h"
#include "nmm-profile-reader.h"

#define EDITOR_GTK3 "libnm-vpn-plugin-macvtap-editor.so"
#define EDITOR_GTK4 "libnm-gtk4-vpn-plugin-macvtap-editor.so"

struct _NmmEditorPlugin {
    GObject parent_instance;
};

enum {
    PROP_NAME = 1,
    PROP_DESCRIPTION,
    PROP_SERVICE,
};

static void editor_plugin_iface_init(NMVpnEditorPluginInterface *iface);

G_DEFINE_TYPE_WITH_CODE(NmmEditorPlugin,
                        nmm_editor_plugin,
                        G_TYPE_OBJECT,
                        G_IMPLEMENT_INTERFACE(NM_TYPE_VPN_EDITOR_PLUGIN, editor_plugin_iface_init))

/* (transfer full) (nullable): in the directory of this module, wherever it is installed. */
static char *
build_editor_path(const char *name)
{
    Dl_info info;
    g_autofree char *directory = NULL;

    if (!dladdr(build_editor_path, &info) || !info.dli_fname)
        return NULL;
    directory = g_path_get_dirname(info.dli_fname);
    return g_build_filename(directory, name, NULL);
}

/* The editor for the toolkit of the running program: GTK 3 and 4 cannot be in one process. */
static const char *
choose_editor(void)
{
    return dlsym(RTLD_DEFAULT, "gtk_container_add") ? EDITOR_GTK3 : EDITOR_GTK4;
}

static gboolean
is_toolkit_loaded(void)
{
    return dlsym(RTLD_DEFAULT, "gtk_init") != NULL;
}

static gboolean
has_editor(const char *name)
{
    g_autofree char *path = build_editor_path(name);

    return path && g_file_test(path, G_FILE_TEST_EXISTS);
}

static NmmEditorFactory
load_editor_factory(const char *name, GError **error)
{
    /* Never unloaded: the module registers types, which cannot be unregistered. */
    static NmmEditorFactory factory;
    g_autofree char *path = NULL;
    void *module;

    if (factory)
        return factory;
    path = build_editor_path(name);
    module = path ? dlopen(path, RTLD_LAZY | RTLD_LOCAL) : NULL;
    if (module)
        factory = (NmmEditorFactory)dlsym(module, NMM_EDITOR_FACTORY);
    if (!factory)
        g_set_error(error,
                    NMM_ERROR,
                    NMM_ERROR_NOT_FOUND,
                    _("cannot load the editor page '%s': %s"),
                    name,
                    dlerror());
    return factory;
}

static NMVpnEditor *
get_editor(NMVpnEditorPlugin *plugin, NMConnection *connection, GError **error)
{
    NmmEditorFactory factory = load_editor_factory(choose_editor(), error);

    return factory ? factory(plugin, connection, error) : NULL;
}

static NMVpnEditorPluginCapability
get_capabilities(NMVpnEditorPlugin *plugin)
{
    guint capabilities = NM_VPN_EDITOR_PLUGIN_CAPABILITY_IMPORT |
                         NM_VPN_EDITOR_PLUGIN_CAPABILITY_EXPORT |
                         NM_VPN_EDITOR_PLUGIN_CAPABILITY_IPV6;
    gboolean found = is_toolkit_loaded() ? has_editor(choose_editor())
                                         : has_editor(EDITOR_GTK3) || has_editor(EDITOR_GTK4);

    if (!found)
        capabilities |= NMM_CAPABILITY_NO_EDITOR;
    return (NMVpnEditorPluginCapability)capabilities;
}

static NMConnection *
import_from_file(NMVpnEditorPlugin *plugin, const char *path, GError **error)
{
    g_autoptr(NmmConfig) config = nmm_config_read(NMM_CONFIG_FILE, error);

    if (!config)
        return NULL;
    return nmm_import_file(path, (const char *const *)config->libvirt_uris, error);
}

static gboolean
export_to_file(NMVpnEditorPlugin *plugin,
               const char *path,
               NMConnection *connection,
               GError **error)
{
    g_autoptr(NmmConfig) config = nmm_config_read(NMM_CONFIG_FILE, error);
    g_autofree char *host_id = nmm_profile_reader_read_host_id();

    return config &&
           nmm_export_file(
               connection, path, (const char *const *)config->libvirt_uris, host_id, error);
}

static char *
get_suggested_filename(NMVpnEditorPlugin *plugin, NMConnection *connection)
{
    return nmm_export_suggest_filename(connection);
}

static void
editor_plugin_iface_init(NMVpnEditorPluginInterface *iface)
{
    iface->get_editor = get_editor;
    iface->get_capabilities = get_capabilities;
    iface->import_from_file = import_from_file;
    iface->export_to_file = export_to_file;
    iface->get_suggested_filename = get_suggested_filename;
}

static void
get_property(GObject *object, guint property_id, GValue *value, GParamSpec *pspec)
{
    switch (property_id) {
    case PROP_NAME:
        g_value_set_string(value, _("Host–guest network (macvtap)"));
        break;
    case PROP_DESCRIPTION:
        g_value_set_string(
            value, _("Lets this computer and its macvtap guests (libvirt) reach each other."));
        break;
    case PROP_SERVICE:
        g_value_set_string(value, NMM_DBUS_SERVICE);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, property_id, pspec);
        break;
    }
}

static void
nmm_editor_plugin_class_init(NmmEditorPluginClass *klass)
{
    GObjectClass *object_class = G_OBJECT_CLASS(klass);

    object_class->get_property = get_property;
    g_object_class_override_property(object_class, PROP_NAME, NM_VPN_EDITOR_PLUGIN_NAME);
    g_object_class_override_property(
        object_class, PROP_DESCRIPTION, NM_VPN_EDITOR_PLUGIN_DESCRIPTION);
    g_object_class_override_property(object_class, PROP_SERVICE, NM_VPN_EDITOR_PLUGIN_SERVICE);
}

static void
nmm_editor_plugin_init(NmmEditorPlugin *self)
{
}

/**
 * nm_vpn_editor_plugin_factory:
 * @error: unused
 *
 * The only symbol that the module exports; libnm looks it up by name.
 *
 * Returns: (transfer full): the plugin
 */
G_MODULE_EXPORT NMVpnEditorPlugin *
nm_vpn_editor_plugin_factory(GError **error)
{
    bindtextdomain(GETTEXT_PACKAGE, NMM_LOCALEDIR);
    bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
    return g_object_new(NMM_TYPE_EDITOR_PLUGIN, NULL);
}
