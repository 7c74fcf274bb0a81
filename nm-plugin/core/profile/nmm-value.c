/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides whether the text of a vpn.data item is a value that its key allows, and what it means.
 * It looks at one value alone: what two keys mean together is the profile's business.
 */

#include "config.h"

#include "nmm-value.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "nmm-error.h"

/* IFNAMSIZ without its NUL. */
#define IFNAME_MAX_BYTES 15

/* libvirt names files after a network; the longest is "NAME.addnhosts.new", and a file name has 255
 * bytes. */
#define NETWORK_MAX_BYTES 241

#define NIC_MODEL_MAX_BYTES 64

#define ADDRESS4_MIN_PREFIX 8
#define ADDRESS4_MAX_PREFIX 30
/* Hosts configure themselves from a router advertisement only in a /64 (RFC 4862). */
#define ADDRESS6_PREFIX 64

#define DISPLAY_MAX_CHARS 64

static gboolean refuse(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Sets the error, returns FALSE. */
static gboolean
refuse(GError **error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_propagate_error(error, g_error_new_valist(NMM_ERROR, NMM_ERROR_BAD_PROFILE, format, args));
    va_end(args);
    return FALSE;
}

/**
 * nmm_value_to_display:
 * @text: anything that ends in a NUL
 *
 * Returns: (transfer full): what can be shown of it
 */
char *
nmm_value_to_display(const char *text)
{
    /* Four bytes are the longest character; what is cut in the middle is beyond the last shown. */
    gsize size = strnlen(text, (DISPLAY_MAX_CHARS + 1) * 4);
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)size);
    GString *shown = g_string_new(NULL);
    const char *p;
    guint n = 0;

    for (p = valid; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        if (n++ == DISPLAY_MAX_CHARS) {
            g_string_append(shown, "…");
            break;
        }
        if (g_unichar_iscntrl(c))
            g_string_append_printf(shown, "\\x%02x", c);
        else
            g_string_append_unichar(shown, c);
    }
    return g_string_free(shown, FALSE);
}

/**
 * nmm_value_quote_words:
 * @words: (array zero-terminated=1): one word at least
 *
 * Returns: (transfer full): the words in single quotes, with commas between them
 */
char *
nmm_value_quote_words(const char *const *words)
{
    GString *text = g_string_new(NULL);

    for (; *words; words++)
        g_string_append_printf(text, "%s'%s'", text->len > 0 ? ", " : "", *words);
    return g_string_free(text, FALSE);
}

/* XML 1.0 has no place for these two, which are no characters in Unicode either. */
static gboolean
is_beyond_xml(gunichar c)
{
    return g_unichar_iscntrl(c) || c == 0xfffe || c == 0xffff;
}

/**
 * nmm_value_check_text:
 * @text: whatever was typed
 * @max_bytes: how long it may be
 * @error: NMM_ERROR_BAD_PROFILE
 *
 * Returns: whether it is UTF-8 of characters that XML can hold: serialisers of libxml2 since 2.14
 *   replace others without a word
 */
gboolean
nmm_value_check_text(const char *text, gsize max_bytes, GError **error)
{
    g_autofree char *shown = nmm_value_to_display(text);
    const char *p;

    if (strlen(text) > max_bytes)
        return refuse(error, _("'%s' is too long; use at most %zu bytes"), shown, max_bytes);
    if (!g_utf8_validate(text, -1, NULL))
        return refuse(error, _("'%s' is not valid UTF-8; use text without stray bytes"), shown);
    for (p = text; *p; p = g_utf8_next_char(p)) {
        if (is_beyond_xml(g_utf8_get_char(p)))
            return refuse(
                error, _("'%s' contains a control character; use printable characters"), shown);
    }
    return TRUE;
}

/*
 * Reads what quotes or a backslash at @p keep in one name, appends it to @name.
 * Returns: (nullable): what follows; NULL where @list ends too early
 */
static const char *
unquote(const char *list, const char *p, GString *name, GError **error)
{
    g_autofree char *shown = nmm_value_to_display(list);
    char quote = *p++;

    if (quote == '\\') {
        if (*p == '\0') {
            refuse(error, _("'%s' ends in a backslash; put a character after it"), shown);
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

/* Reads one name that begins at @p; otherwise as unquote(). */
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
        g_autofree char *shown = nmm_value_to_display(list);

        refuse(error, _("'%s' has an empty name; use names or UUIDs of guests"), shown);
        return NULL;
    }
    return p;
}

/**
 * nmm_guest_list_parse:
 * @value: names or UUIDs separated by spaces; quotes and backslashes as in a shell, but nothing is
 *   ever expanded and '#' is a character like others
 * @error: NMM_ERROR_BAD_PROFILE: an open quote, an empty name, or text that is too long or
 *   not printable
 *
 * Returns: (transfer full) (array zero-terminated=1): the names, maybe none
 */
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

/* "all" alone is a choice of the key "guests"; in quotes it is a guest of that name. */
static gboolean
needs_quotes(const char *name)
{
    return strpbrk(name, " \"'\\") != NULL || g_str_equal(name, "all");
}

/**
 * nmm_guest_list_join:
 * @names: (array zero-terminated=1): names or UUIDs, none of them empty
 *
 * Returns: (transfer full): what nmm_guest_list_parse() splits into @names again
 */
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

static gboolean
check_enum(const NmmKeyInfo *key, const char *text, NmmValue *out, GError **error)
{
    g_autofree char *words = nmm_value_quote_words(key->choices);

    return refuse(error, _("'%s' is not allowed; use one of %s"), text, words);
}

static gboolean
check_bool(const NmmKeyInfo *key, const char *text, NmmValue *out, GError **error)
{
    if (!g_str_equal(text, "yes") && !g_str_equal(text, "no"))
        return refuse(error, _("'%s' is not allowed; use one of 'yes', 'no'"), text);
    out->choice = g_str_equal(text, "yes");
    return TRUE;
}

static gboolean
check_guests(const NmmKeyInfo *key, const char *text, NmmValue *out, GError **error)
{
    g_auto(GStrv) names = nmm_guest_list_parse(text, error);
    guint i;

    if (!names)
        return FALSE;
    if (!names[0] && key->choices)
        return refuse(error, _("'%s' names no guest; use '%s', or names"), text, key->choices[0]);
    for (i = 0; key->choices && names[i] && names[1]; i++) {
        if (g_strv_contains(key->choices, names[i]))
            return refuse(
                error, _("'%s' stands beside other names; use it alone, or only names"), names[i]);
    }
    out->names = g_steal_pointer(&names);
    return TRUE;
}

/* The kernel's rule (dev_valid_name(), whose white space includes the byte 0xa0), without '%',
 * which makes the kernel look for a free number, and the names that are taken in sysctl or sysfs.
 */
static gboolean
check_ifname(const NmmKeyInfo *key, const char *text, NmmValue *out, GError **error)
{
    static const char *const reserved[] = {".", "..", "all", "default", "bonding_masters", NULL};

    if (strlen(text) > IFNAME_MAX_BYTES || strpbrk(text, "/:% \xa0") != NULL ||
        g_strv_contains(reserved, text))
        return refuse(error,
                      _("'%s' is not a name of a network interface; use at most %d bytes without "
                        "spaces, '/', ':', '%%'"),
                      text,
                      IFNAME_MAX_BYTES);
    return TRUE;
}

static gboolean
check_network(const NmmKeyInfo *key, const char *text, NmmValue *out, GError **error)
{
    if (strlen(text) > NETWORK_MAX_BYTES || strchr(text, '/'))
        return refuse(
            error,
            _("'%s' is not a name of a libvirt network; use at most %d bytes without '/'"),
            text,
            NETWORK_MAX_BYTES);
    return TRUE;
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
check_address4(const NmmKeyInfo *key, const char *text, NmmValue *out, GError **error)
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
    out->cidr = cidr;
    return TRUE;
}

static gboolean
check_address6(const NmmKeyInfo *key, const char *text, NmmValue *out, GError **error)
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
    out->cidr = cidr;
    return TRUE;
}

static gboolean
check_dhcp_range(const NmmKeyInfo *key, const char *text, NmmValue *out, GError **error)
{
    return nmm_range_parse(text, &out->range, error);
}

static gboolean
check_nic_model(const NmmKeyInfo *key, const char *text, NmmValue *out, GError **error)
{
    gsize size = strlen(text);

    if (size > NIC_MODEL_MAX_BYTES ||
        strspn(text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-") != size)
        return refuse(error,
                      _("'%s' is not a model of an interface; use at most %d letters, digits, '_' "
                        "and '-'"),
                      text,
                      NIC_MODEL_MAX_BYTES);
    return TRUE;
}

static gboolean
check_uri(const NmmKeyInfo *key, const char *text, NmmValue *out, GError **error)
{
    g_autofree char *words = nmm_value_quote_words(key->choices);

    if (!g_uri_is_valid(text, G_URI_FLAGS_NONE, NULL))
        return refuse(error, _("'%s' is not a libvirt URI; use one such as %s"), text, words);
    return TRUE;
}

typedef gboolean (*CheckFunc)(const NmmKeyInfo *key,
                              const char *text,
                              NmmValue *out,
                              GError **error);

/* What a type makes of a text that is not one of the row's choices. */
static const CheckFunc checks[] = {
    [NMM_KEY_TYPE_ENUM] = check_enum,
    [NMM_KEY_TYPE_BOOL] = check_bool,
    [NMM_KEY_TYPE_GUESTS] = check_guests,
    [NMM_KEY_TYPE_IFNAME] = check_ifname,
    [NMM_KEY_TYPE_NETWORK] = check_network,
    [NMM_KEY_TYPE_ADDRESS4] = check_address4,
    [NMM_KEY_TYPE_ADDRESS6] = check_address6,
    [NMM_KEY_TYPE_DHCP_RANGE] = check_dhcp_range,
    [NMM_KEY_TYPE_NIC_MODEL] = check_nic_model,
    [NMM_KEY_TYPE_URI] = check_uri,
};

static int
find_choice(const NmmKeyInfo *key, const char *text)
{
    int i;

    for (i = 0; key->choices && key->choices[i]; i++) {
        if (g_str_equal(key->choices[i], text))
            return i;
    }
    return -1;
}

static gboolean
parse(const NmmKeyInfo *key, const char *text, NmmValue *out, GError **error)
{
    gsize max_bytes =
        key->type == NMM_KEY_TYPE_GUESTS ? NMM_GUEST_LIST_MAX_BYTES : NMM_VALUE_MAX_BYTES;

    if (!nmm_value_check_text(text, max_bytes, error))
        return FALSE;
    if (text[0] == '\0' && g_strcmp0(key->default_value, "") != 0)
        return refuse(error, _("an empty value is not allowed; remove the key for its default"));
    out->choice = find_choice(key, text);
    return out->choice >= 0 || checks[key->type](key, text, out, error);
}

/**
 * nmm_value_parse:
 * @key: the row of the key
 * @text: the value
 * @out: (out): set on success only; nmm_value_clear() it
 * @error: NMM_ERROR_BAD_PROFILE
 *
 * Of a URI only the form is checked.
 */
gboolean
nmm_value_parse(const NmmKeyInfo *key, const char *text, NmmValue *out, GError **error)
{
    NmmValue value = {.choice = -1};

    if (!parse(key, text, &value, error)) {
        g_prefix_error(error, _("vpn.data key '%s': "), key->name);
        return FALSE;
    }
    *out = value;
    return TRUE;
}

/**
 * nmm_value_clear:
 * @value: frees what it holds
 */
void
nmm_value_clear(NmmValue *value)
{
    g_clear_pointer(&value->names, g_strfreev);
}
