/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-check-firewall.h"

#include <gio/gio.h>

#include "nmm-error.h"
#include "nmm-firewalld.h"
#include "nmm-legacy-rules.h"
#include "nmm-ruleset-reader.h"

#define FIREWALLD_TIMEOUT_MS 3000
/* Where libvirt puts a bridge whose network names no zone. */
#define BRIDGE_ZONE "libvirt"

/* Of one interface. */
typedef struct {
    char *name; /* "" if it is in none */
    char *problem;
} Zone;

struct _NmmCheckFirewall {
    GDBusConnection *bus; /* (nullable) */
    char *bus_problem;
    gboolean runs;          /* firewalld */
    char *default_zone;     /* (nullable) */
    GHashTable *zones;      /* interface → Zone */
    GPtrArray *rules;       /* (nullable) (element-type NmmRuleChain) */
    GError *rules_error;    /* (nullable) */
    gboolean legacy_rules;  /* for IPv4 and ARP */
    gboolean legacy_rules6; /* for IPv6 */
};

static void
zone_free(gpointer data)
{
    Zone *zone = data;

    g_free(zone->name);
    g_free(zone->problem);
    g_free(zone);
}

/* firewalld */

/* NO_AUTO_START: fails if firewalld is not running. @parameters: (transfer floating) */
static char *
call(NmmCheckFirewall *self,
     const char *interface,
     const char *method,
     GVariant *parameters,
     GError **error)
{
    g_autoptr(GVariant) reply = g_dbus_connection_call_sync(self->bus,
                                                            NMM_FIREWALLD_NAME,
                                                            NMM_FIREWALLD_PATH,
                                                            interface,
                                                            method,
                                                            parameters,
                                                            G_VARIANT_TYPE("(s)"),
                                                            G_DBUS_CALL_FLAGS_NO_AUTO_START,
                                                            FIREWALLD_TIMEOUT_MS,
                                                            NULL,
                                                            error);
    char *text = NULL;

    if (reply)
        g_variant_get(reply, "(s)", &text);
    return text;
}

static void
read_zone(NmmCheckFirewall *self, const char *interface, Zone *zone)
{
    g_autoptr(GError) error = NULL;

    if (!self->bus) {
        zone->problem = g_strdup(self->bus_problem);
        return;
    }
    zone->name = call(self,
                      NMM_FIREWALLD_ZONE_INTERFACE,
                      "getZoneOfInterface",
                      g_variant_new("(s)", interface),
                      &error);
    self->runs = !nmm_firewalld_is_absent(error);
    if (error && self->runs)
        zone->problem = g_strdup(error->message);
}

static const Zone *
get_zone(NmmCheckFirewall *self, const char *interface)
{
    Zone *zone = g_hash_table_lookup(self->zones, interface);

    if (zone)
        return zone;
    zone = g_new0(Zone, 1);
    read_zone(self, interface, zone);
    g_hash_table_insert(self->zones, g_strdup(interface), zone);
    return zone;
}

/* The zone whose rules apply to what is in none. */
static const char *
get_default_zone(NmmCheckFirewall *self, char **out_problem)
{
    g_autoptr(GError) error = NULL;

    if (!self->default_zone)
        self->default_zone = call(self, NMM_FIREWALLD_INTERFACE, "getDefaultZone", NULL, &error);
    if (error && !*out_problem)
        *out_problem = g_strdup(error->message);
    return self->default_zone;
}

static const char *
get_effective_zone(NmmCheckFirewall *self, const Zone *zone, char **out_problem)
{
    return self->runs && zone->name && !*zone->name ? get_default_zone(self, out_problem)
                                                    : zone->name;
}

/* Rules */

static void
read_rules(NmmCheckFirewall *self)
{
    if (self->rules || self->rules_error)
        return;
    self->rules = nmm_ruleset_read(&self->rules_error);
    self->legacy_rules = nmm_legacy_rules_can_drop(FALSE);
    self->legacy_rules6 = nmm_legacy_rules_can_drop(TRUE);
}

static void
add_rules(NmmCheckFirewall *self, NmmCheckInput *input)
{
    read_rules(self);
    input->firewall.rules = self->rules ? g_ptr_array_ref(self->rules) : NULL;
    input->firewall.rules_problem = g_strdup(nmm_error_get_message(self->rules_error));
    input->firewall.legacy_rules = self->legacy_rules || (input->inet6 && self->legacy_rules6);
    input->firewall.rules_denied = g_error_matches(self->rules_error, NMM_ERROR, NMM_ERROR_DENIED);
}

/* Input */

void
nmm_check_firewall_add_bridge(NmmCheckFirewall *self, const char *zone, NmmCheckInput *input)
{
    const Zone *is;

    add_rules(self, input);
    input->firewall.wanted_zone = g_strdup(zone ? zone : BRIDGE_ZONE);
    if (!input->network.bridge)
        return;
    is = get_zone(self, input->network.bridge);
    input->firewall.firewalld = self->runs;
    input->firewall.zone = g_strdup(is->name);
    input->firewall.zone_problem = g_strdup(is->problem);
}

void
nmm_check_firewall_add_link(NmmCheckFirewall *self, const char *zone, NmmCheckInput *input)
{
    const Zone *is;
    const Zone *parent;

    add_rules(self, input);
    if (!input->link.name || !input->link.parent)
        return;
    is = get_zone(self, input->link.name);
    parent = get_zone(self, input->link.parent);
    input->firewall.firewalld = self->runs;
    input->firewall.zone_problem = g_strdup(is->problem ? is->problem : parent->problem);
    input->firewall.zone = g_strdup(get_effective_zone(self, is, &input->firewall.zone_problem));
    input->firewall.wanted_zone =
        g_strdup(zone ? zone : get_effective_zone(self, parent, &input->firewall.zone_problem));
}

NmmCheckFirewall *
nmm_check_firewall_new(void)
{
    NmmCheckFirewall *self = g_new0(NmmCheckFirewall, 1);
    g_autoptr(GError) error = NULL;

    self->zones = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, zone_free);
    self->bus = g_bus_get_sync(G_BUS_TYPE_SYSTEM, NULL, &error);
    self->bus_problem = g_strdup(nmm_error_get_message(error));
    return self;
}

void
nmm_check_firewall_free(NmmCheckFirewall *self)
{
    g_clear_object(&self->bus);
    g_free(self->bus_problem);
    g_free(self->default_zone);
    g_hash_table_unref(self->zones);
    g_clear_pointer(&self->rules, g_ptr_array_unref);
    g_clear_error(&self->rules_error);
    g_free(self);
}
