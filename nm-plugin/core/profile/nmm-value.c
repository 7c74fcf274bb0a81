/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks a single value; nmm-profile.c decides what two keys mean together. */

#include "config.h"

#include "nmm-value.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "nmm-error.h"
#include "nmm-text.h"

/* IFNAMSIZ without its NUL. */
#define IFNAME_MAX_BYTES 15
/* Of the other names that the kernel takes for an interface, ALTIFNAMSIZ - 1. */
#define ALTNAME_MAX_BYTES 127

/* libvirt names files after a network, the longest "NAME.addnhosts.new"; a file name has at most
 * 255 bytes. */
#define NETWORK_MAX_BYTES 241

#define NIC_MODEL_MAX_BYTES 64

#define ADDRESS4_MIN_PREFIX 8
#define ADDRESS4_MAX_PREFIX 30
/* Hosts configure themselves from a router advertisement only in a /64 (RFC 4862). */
#define ADDRESS6_PREFIX 64

#define TRUSTED4_MIN_PREFIX 8
#define TRUSTED6_MIN_PREFIX 16

static gboolean refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean
refuse(GError **error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_propagate_error(error, g_error_new_valist(NMM_ERROR, NMM_ERROR_BAD_PROFILE, format, args));
    va_end(args);
    return FALSE;
}

char *
nmm_value_quote_words(const char *const *words)
{
    GString *text = g_string_new(NULL);

    for (; words && *words; words++)
        g_string_append_printf(text, "%s'%s'", text->len > 0 ? ", " : "", *words);
    return g_string_free(text, FALSE);
}

/* XML 1.0 cannot hold the last two, which Unicode does not count as characters. */
static gboolean
is_refused(gunichar c)
{
    return g_unichar_iscntrl(c) || c == 0xfffe || c == 0xffff;
}

gboolean
nmm_value_check_text(const char *text, gsize max_bytes, GError **error)
{
    g_autofree char *shown = nmm_text_to_display(text);
    const char *p;

    if (strlen(text) > max_bytes)
        return refuse(error, _("'%s' is too long; use at most %zu bytes"), shown, max_bytes);
    if (!g_utf8_validate(text, -1, NULL))
        return refuse(error, _("'%s' is not valid UTF-8; encode the value as UTF-8"), shown);
    for (p = text; *p; p = g_utf8_next_char(p)) {
        if (is_refused(g_utf8_get_char(p)))
            return refuse(
                error, _("'%s' contains a control character; use printable characters"), shown);
    }
    return TRUE;
}

/* Appends the quoted or escaped text at @p to @name. (nullable): the rest; NULL: @list ends too
 * early. */
static const char *
unquote(const char *list, const char *p, GString *name, GError **error)
{
    g_autofree char *shown = nmm_text_to_display(list);
    char quote = *p++;

    if (quote == '\\') {
        if (*p == '\0') {
            refuse(error,
                   _("'%s' ends in a backslash; remove it, or add the character that it escapes"),
                   shown);
            return NULL;
        }
        g_string_append_c(name, *p);
        return p + 1;
    }
    for (; *p != quote; p++) {
        if (quote == '"' && *p == '\\' && p[1] != '\0' && strchr("\"\\$`", p[1]))
            p++;
        if (*p == '\0') {
            refuse(error, _("'%s' has an open quote %c; close it after the name"), shown, quote);
            return NULL;
        }
        g_string_append_c(name, *p);
    }
    return p + 1;
}

/* Appends the name at @p to @name; returns as unquote(). */
static const char *
read_name(const char *list, const char *p, GString *name, GError **error)
{
    while (p && *p != '\0' && *p != ' ') {
        if (strchr("\"'\\", *p))
            p = unquote(list, p, name, error);
        else
            g_string_append_c(name, *p++);
    }
    if (p && name->len == 0) {
        g_autofree char *shown = nmm_text_to_display(list);

        refuse(error, _("'%s' has an empty name; use names or UUIDs of guests"), shown);
        return NULL;
    }
    return p;
}

char **
nmm_guest_list_parse(const char *value, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *p = value;

    if (!nmm_value_check_text(value, NMM_GUEST_LIST_MAX_BYTES, error))
        return NULL;
    for (p += strspn(p, " "); *p; p += strspn(p, " ")) {
        g_autoptr(GString) name = g_string_new(NULL);

        p = read_name(value, p, name, error);
        if (!p)
            return NULL;
        g_ptr_array_add(names, g_strdup(name->str));
    }
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_steal(names, NULL);
}

/* "all" is a choice of the key "guests"; "\"all\"" is a guest of that name. */
static gboolean
needs_quotes(const char *name)
{
    return strpbrk(name, " \"'\\") != NULL || g_str_equal(name, "all");
}

char *
nmm_guest_list_join(const char *const *names)
{
    GString *value = g_string_new(NULL);

    for (; *names; names++) {
        const char *p;

        if (value->len > 0)
            g_string_append_c(value, ' ');
        if (!needs_quotes(*names)) {
            g_string_append(value, *names);
            continue;
        }
        g_string_append_c(value, '"');
        for (p = *names; *p; p++) {
            if (*p == '"' || *p == '\\')
                g_string_append_c(value, '\\');
            g_string_append_c(value, *p);
        }
        g_string_append_c(value, '"');
    }
    return g_string_free(value, FALSE);
}

static int
find_choice(const NmmKeyInfo *key, const char *text)
{
    for (int i = 0; key->choices && key->choices[i]; i++) {
        if (g_str_equal(key->choices[i], text))
            return i;
    }
    return -1;
}

static gboolean
parse_enum(const NmmKeyInfo *key, const char *text, gpointer field, GError **error)
{
    g_autofree char *words = nmm_value_quote_words(key->choices);
    int choice = find_choice(key, text);

    if (choice < 0)
        return refuse(error, _("'%s' is not allowed; use one of %s"), text, words);
    *(int *)field = choice;
    return TRUE;
}

static gboolean
parse_bool(const NmmKeyInfo *key, const char *text, gpointer field, GError **error)
{
    if (!g_str_equal(text, "yes") && !g_str_equal(text, "no"))
        return refuse(error, _("'%s' is not allowed; use one of 'yes', 'no'"), text);
    *(gboolean *)field = g_str_equal(text, "yes");
    return TRUE;
}

static gboolean
parse_guests(const NmmKeyInfo *key, const char *text, gpointer field, GError **error)
{
    g_auto(GStrv) names = nmm_guest_list_parse(text, error);
    guint i;

    if (!names)
        return FALSE;
    if (!names[0] && key->choices)
        return refuse(
            error, _("'%s' names no guest; use '%s', or names of guests"), text, key->choices[0]);
    for (i = 0; key->choices && names[i] && names[1]; i++) {
        if (g_strv_contains(key->choices, names[i]))
            return refuse(error,
                          _("'%s' cannot be combined with names; use it alone, or only names"),
                          names[i]);
    }
    *(char ***)field = g_steal_pointer(&names);
    return TRUE;
}

static gboolean
store_string(const char *text, gpointer field)
{
    *(char **)field = g_strdup(text);
    return TRUE;
}

/* The kernel's rule (dev_valid_name(), whose white space includes the byte 0xa0). '%' is refused
 * because the kernel replaces it by a free number; some names are taken in sysctl or sysfs. */
static gboolean
store_ifname(const char *text, gsize max_bytes, gpointer field, GError **error)
{
    static const char *const reserved[] = {".", "..", "all", "default", "bonding_masters", NULL};

    if (strlen(text) > max_bytes || strpbrk(text, "/:% \xa0") != NULL ||
        g_strv_contains(reserved, text))
        return refuse(
            error,
            _("'%s' is not a valid name of a network interface; use at most %d bytes without "
              "spaces, '/', ':', '%%'"),
            text,
            (int)max_bytes);
    return store_string(text, field);
}

static gboolean
parse_ifname(const NmmKeyInfo *key, const char *text, gpointer field, GError **error)
{
    return store_ifname(text, IFNAME_MAX_BYTES, field, error);
}

static gboolean
parse_device(const NmmKeyInfo *key, const char *text, gpointer field, GError **error)
{
    return store_ifname(text, ALTNAME_MAX_BYTES, field, error);
}

static gboolean
parse_network(const NmmKeyInfo *key, const char *text, gpointer field, GError **error)
{
    if (strlen(text) > NETWORK_MAX_BYTES || strchr(text, '/'))
        return refuse(
            error,
            _("'%s' is not a valid name of a libvirt network; use at most %d bytes without '/'"),
            text,
            NETWORK_MAX_BYTES);
    return store_string(text, field);
}

static gboolean
check_host(const char *text, const NmmCidr *cidr, GError **error)
{
    if (!nmm_cidr_is_host(cidr))
        return refuse(
            error,
            _("'%s' is the address of the subnet itself or its broadcast address; use one "
              "between them"),
            text);
    return TRUE;
}

static gboolean
check_not_reserved(const char *text, const NmmCidr *cidr, GError **error)
{
    static const NmmCidr reserved[] = {
        {.family = G_SOCKET_FAMILY_IPV4, .bytes = {0}, .prefix = 8},
        {.family = G_SOCKET_FAMILY_IPV4, .bytes = {127}, .prefix = 8},
        {.family = G_SOCKET_FAMILY_IPV4, .bytes = {169, 254}, .prefix = 16},
        /* Multicast, future use, and the broadcast address. */
        {.family = G_SOCKET_FAMILY_IPV4, .bytes = {224}, .prefix = 3},
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(reserved); i++) {
        g_autofree char *range = nmm_cidr_to_string(&reserved[i]);

        if (nmm_cidr_overlaps(cidr, &reserved[i]))
            return refuse(error,
                          _("'%s' overlaps the reserved addresses '%s'; use a private address such "
                            "as '192.168.254.1/24'"),
                          text,
                          range);
    }
    return TRUE;
}

static gboolean
parse_address4(const NmmKeyInfo *key, const char *text, gpointer field, GError **error)
{
    NmmCidr cidr;

    if (!nmm_cidr_parse(text, &cidr, error))
        return FALSE;
    if (cidr.family != G_SOCKET_FAMILY_IPV4)
        return refuse(
            error, _("'%s' is not an IPv4 address; use one such as '192.168.254.1/24'"), text);
    if (cidr.prefix < ADDRESS4_MIN_PREFIX || cidr.prefix > ADDRESS4_MAX_PREFIX)
        return refuse(error,
                      _("'%s' has a prefix length that is not allowed; use one from %d to %d"),
                      text,
                      ADDRESS4_MIN_PREFIX,
                      ADDRESS4_MAX_PREFIX);
    if (!check_not_reserved(text, &cidr, error) || !check_host(text, &cidr, error))
        return FALSE;
    *(NmmCidr *)field = cidr;
    return TRUE;
}

static gboolean
parse_address6(const NmmKeyInfo *key, const char *text, gpointer field, GError **error)
{
    static const NmmCidr ula = {.family = G_SOCKET_FAMILY_IPV6, .bytes = {0xfd}, .prefix = 8};
    g_autofree char *words = nmm_value_quote_words(key->choices);
    NmmCidr cidr;

    if (!nmm_cidr_parse(text, &cidr, NULL) || !nmm_cidr_overlaps(&cidr, &ula) ||
        cidr.prefix != ADDRESS6_PREFIX)
        return refuse(error,
                      _("'%s' is not allowed; use one of %s, or an address in fd00::/8 with prefix "
                        "length %d such as 'fd12:3456:789a::1/%d'"),
                      text,
                      words,
                      ADDRESS6_PREFIX,
                      ADDRESS6_PREFIX);
    if (!check_host(text, &cidr, error))
        return FALSE;
    *(NmmCidr *)field = cidr;
    return TRUE;
}

/* A shorter prefix would let a guest take the addresses of servers on the Internet. */
static gboolean
check_trusted_prefix(const char *word, const NmmCidr *cidr, GError **error)
{
    g_autofree char *address = nmm_cidr_address_to_string(cidr);
    g_autofree char *network = nmm_cidr_network_to_string(cidr);
    guint min = cidr->family == G_SOCKET_FAMILY_IPV4 ? TRUSTED4_MIN_PREFIX : TRUSTED6_MIN_PREFIX;
    NmmCidr subnet;

    if (cidr->prefix < min)
        return refuse(
            error, _("'%s' has too short a prefix; use a prefix length from %u"), word, min);
    if (nmm_cidr_is_link_local(cidr))
        return refuse(
            error, _("'%s' is a link-local address, which needs no route; remove it"), word);
    if (nmm_cidr_parse(network, &subnet, NULL) && !nmm_cidr_equal(&subnet, cidr))
        return refuse(error,
                      _("'%s' is neither one address nor a prefix; use '%s' or '%s'"),
                      word,
                      address,
                      network);
    return TRUE;
}

static gboolean
parse_trusted(const char *word, GArray *list, GError **error)
{
    g_autofree char *shown = nmm_text_to_display(word);
    NmmCidr cidr;

    if (!nmm_cidr_init_host(&cidr, word, NULL) && !nmm_cidr_parse(word, &cidr, NULL))
        return refuse(error,
                      _("'%s' is not an address or prefix; use some such as '192.0.2.1' or "
                        "'198.51.100.0/24'"),
                      shown);
    if (!check_trusted_prefix(shown, &cidr, error))
        return FALSE;
    g_array_append_val(list, cidr);
    return TRUE;
}

static gboolean
parse_cidrs(const NmmKeyInfo *key, const char *text, gpointer field, GError **error)
{
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(NmmCidr));
    g_auto(GStrv) words = g_strsplit(text, " ", -1);

    for (gsize i = 0; words[i]; i++) {
        if (words[i][0] != '\0' && !parse_trusted(words[i], list, error))
            return FALSE;
    }
    if (list->len == 0 && key->choices)
        return refuse(error, _("'%s' has no prefix; use '%s', or prefixes"), text, key->choices[0]);
    *(GArray **)field = g_steal_pointer(&list);
    return TRUE;
}

static gboolean
parse_dhcp_range(const NmmKeyInfo *key, const char *text, gpointer field, GError **error)
{
    return nmm_range_parse(text, field, error);
}

static gboolean
parse_nic_model(const NmmKeyInfo *key, const char *text, gpointer field, GError **error)
{
    gsize size = strlen(text);

    if (size > NIC_MODEL_MAX_BYTES ||
        strspn(text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-") != size)
        return refuse(
            error,
            _("'%s' is not a valid interface model; use at most %d letters, digits, '_' and '-'"),
            text,
            NIC_MODEL_MAX_BYTES);
    return store_string(text, field);
}

static gboolean
parse_uri(const NmmKeyInfo *key, const char *text, gpointer field, GError **error)
{
    g_autofree char *words = nmm_value_quote_words(key->choices);

    if (!g_uri_is_valid(text, G_URI_FLAGS_NONE, NULL))
        return refuse(error, _("'%s' is not a libvirt URI; use one such as %s"), text, words);
    return store_string(text, field);
}

static void
clear_string(gpointer field)
{
    g_clear_pointer((char **)field, g_free);
}

static void
clear_array(gpointer field)
{
    g_clear_pointer((GArray **)field, g_array_unref);
}

static void
clear_strv(gpointer field)
{
    g_clear_pointer((char ***)field, g_strfreev);
}

const NmmKeyType nmm_key_type_enum = {
    .size = sizeof(int),
    .stores_choices = TRUE,
    .parse = parse_enum,
};

const NmmKeyType nmm_key_type_bool = {
    .size = sizeof(gboolean),
    .parse = parse_bool,
};

const NmmKeyType nmm_key_type_guests = {
    .size = sizeof(char **),
    .max_bytes = NMM_GUEST_LIST_MAX_BYTES,
    .parse = parse_guests,
    .clear = clear_strv,
};

const NmmKeyType nmm_key_type_ifname = {
    .size = sizeof(char *),
    .parse = parse_ifname,
    .clear = clear_string,
};

const NmmKeyType nmm_key_type_device = {
    .size = sizeof(char *),
    .parse = parse_device,
    .clear = clear_string,
};

const NmmKeyType nmm_key_type_network = {
    .size = sizeof(char *),
    .parse = parse_network,
    .clear = clear_string,
};

const NmmKeyType nmm_key_type_address4 = {
    .size = sizeof(NmmCidr),
    .parse = parse_address4,
};

const NmmKeyType nmm_key_type_address6 = {
    .size = sizeof(NmmCidr),
    .parse = parse_address6,
};

const NmmKeyType nmm_key_type_cidrs = {
    .size = sizeof(GArray *),
    .parse = parse_cidrs,
    .clear = clear_array,
};

const NmmKeyType nmm_key_type_dhcp_range = {
    .size = sizeof(NmmRange),
    .parse = parse_dhcp_range,
};

const NmmKeyType nmm_key_type_nic_model = {
    .size = sizeof(char *),
    .parse = parse_nic_model,
    .clear = clear_string,
};

const NmmKeyType nmm_key_type_uri = {
    .size = sizeof(char *),
    .stores_choices = TRUE,
    .parse = parse_uri,
    .clear = clear_string,
};

static gboolean
check_form(const NmmKeyInfo *key, const char *text, GError **error)
{
    if (!nmm_value_check_text(text, key->type->max_bytes ?: NMM_VALUE_MAX_BYTES, error))
        return FALSE;
    if (text[0] == '\0' && g_strcmp0(key->default_value, "") != 0)
        return refuse(error, _("an empty value is not allowed; remove the key for its default"));
    return TRUE;
}

gboolean
nmm_value_parse(const NmmKeyInfo *key, const char *text, gpointer profile, GError **error)
{
    gpointer field = G_STRUCT_MEMBER_P(profile, key->offset);
    int choice = find_choice(key, text);

    if (!check_form(key, text, error))
        return FALSE;
    if ((choice < 0 || key->type->stores_choices) && !key->type->parse(key, text, field, error))
        return nmm_fail_shown(error, text);
    if (key->state_offset)
        G_STRUCT_MEMBER(int, profile, key->state_offset) =
            choice < 0 ? NMM_KEY_STATE_VALUE : NMM_KEY_STATE_CHOICE + choice;
    return TRUE;
}

void
nmm_value_clear(const NmmKeyInfo *key, gpointer profile)
{
    if (key->type->clear)
        key->type->clear(G_STRUCT_MEMBER_P(profile, key->offset));
}
