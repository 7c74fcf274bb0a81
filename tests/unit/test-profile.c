/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From vpn.data to a profile: values of every type, lists of guests, keys together, and the
 * messages of errors.
 */

#include "config.h"

#include <string.h>

#include "nmm-error.h"
#include "nmm-names.h"
#include "nmm-profile.h"
#include "nmm-text.h"

#define UUID_A "6f1c2d3e-0a4b-4c5d-8e9f-a0b1c2d3e4f5"
#define UUID_B "00000000-1111-2222-3333-444444444444"

/* Keys and values of one case in the tables below. */
#define MAX_WORDS 8

/* @items: key, value, key, value, …, NULL. */
static GHashTable *
data_new(const char *const *items)
{
    GHashTable *data = g_hash_table_new(g_str_hash, g_str_equal);

    for (; items[0]; items += 2)
        g_hash_table_insert(data, (gpointer)items[0], (gpointer)items[1]);
    return data;
}

static NmmProfile *
parse(const char *const *items, const char *const *allowed_uris, GError **error)
{
    g_autoptr(GHashTable) data = data_new(items);

    return nmm_profile_parse("guests", UUID_A, "trusted", data, allowed_uris, error);
}

static NmmProfile *
parse_good(const char *const *items)
{
    g_autoptr(GError) error = NULL;
    NmmProfile *profile = parse(items, NULL, &error);

    g_assert_no_error(error);
    g_assert_nonnull(profile);
    return profile;
}

#define ITEMS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_ITEMS   ((const char *const[]){NULL})

static void
test_defaults(void)
{
    g_autoptr(NmmProfile) profile = parse_good(NO_ITEMS);

    g_assert_cmpstr(profile->id, ==, "guests");
    g_assert_cmpstr(profile->uuid, ==, UUID_A);
    g_assert_cmpstr(profile->zone, ==, "trusted");
    g_assert_cmpint(profile->mode, ==, NMM_MODE_ISOLATED);
    g_assert_null(profile->guests);
    g_assert_nonnull(profile->exclude_guests);
    g_assert_null(profile->exclude_guests[0]);
    g_assert_null(profile->parent);
    g_assert_cmpstr(profile->libvirt_uri, ==, "qemu:///system");
    g_assert_cmpstr(profile->network, ==, "isolated");
    g_assert_false(profile->has_address);
    g_assert_cmpint(profile->address6_type, ==, NMM_ADDRESS6_NONE);
    g_assert_cmpint(profile->dhcp_type, ==, NMM_DHCP_DEFAULT);
    g_assert_false(profile->isolate_guests);
    g_assert_cmpstr(profile->nic_model, ==, "virtio");
    g_assert_true(profile->hotplug);
    g_assert_cmpint(profile->on_disconnect, ==, NMM_ON_DISCONNECT_UNPLUG);
    g_assert_null(profile->link_name);
    g_assert_true(profile->multicast);
}

static void
test_zone(void)
{
    g_autoptr(GHashTable) data = data_new(NO_ITEMS);
    g_autoptr(NmmProfile) unset = nmm_profile_parse("guests", UUID_A, NULL, data, NULL, NULL);
    g_autoptr(NmmProfile) empty = nmm_profile_parse("guests", UUID_A, "", data, NULL, NULL);

    g_assert_null(unset->zone);
    g_assert_null(empty->zone);
}

static void
test_zone_beyond_xml(void)
{
    const char *const zones[] = {"a\x19", "a\xef\xbf\xbf", "a\xff"};

    for (gsize i = 0; i < G_N_ELEMENTS(zones); i++) {
        g_autoptr(GHashTable) data = data_new(NO_ITEMS);
        g_autoptr(GError) error = NULL;

        g_assert_null(nmm_profile_parse("guests", UUID_A, zones[i], data, NULL, &error));
        g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_PROFILE);
        g_assert_true(g_str_has_prefix(error->message, "connection.zone: 'a"));
    }
}

static void
test_everything_set(void)
{
    g_autoptr(NmmProfile) profile = parse_good(ITEMS("mode",
                                                     "isolated",
                                                     "guests",
                                                     "\"web one\" db1",
                                                     "exclude-guests",
                                                     UUID_B,
                                                     "parent",
                                                     "eth0",
                                                     "network",
                                                     "büro & \"netz\"",
                                                     "address",
                                                     "10.9.8.1/24",
                                                     "address6",
                                                     "fd12:3456:789a::1/64",
                                                     "dhcp-range",
                                                     "10.9.8.10-10.9.8.20",
                                                     "isolate-guests",
                                                     "yes",
                                                     "nic-model",
                                                     "e1000e",
                                                     "hotplug",
                                                     "no",
                                                     "on-disconnect",
                                                     "remove",
                                                     "link-name",
                                                     "guests0",
                                                     "libvirt-uri",
                                                     "lxc:///system"));
    g_autofree char *address = nmm_cidr_to_string(&profile->address);
    g_autofree char *address6 = nmm_cidr_to_string(&profile->address6);
    g_autofree char *first = nmm_range_first_to_string(&profile->dhcp_range);
    g_autofree char *last = nmm_range_last_to_string(&profile->dhcp_range);

    g_assert_true(g_strv_equal((const char *const *)profile->guests, ITEMS("web one", "db1")));
    g_assert_true(g_strv_equal((const char *const *)profile->exclude_guests, ITEMS(UUID_B)));
    g_assert_cmpstr(profile->parent, ==, "eth0");
    g_assert_cmpstr(profile->network, ==, "büro & \"netz\"");
    g_assert_true(profile->has_address);
    g_assert_cmpstr(address, ==, "10.9.8.1/24");
    g_assert_cmpint(profile->address6_type, ==, NMM_ADDRESS6_GIVEN);
    g_assert_cmpstr(address6, ==, "fd12:3456:789a::1/64");
    g_assert_cmpint(profile->dhcp_type, ==, NMM_DHCP_GIVEN);
    g_assert_cmpstr(first, ==, "10.9.8.10");
    g_assert_cmpstr(last, ==, "10.9.8.20");
    g_assert_true(profile->isolate_guests);
    g_assert_cmpstr(profile->nic_model, ==, "e1000e");
    g_assert_false(profile->hotplug);
    g_assert_cmpint(profile->on_disconnect, ==, NMM_ON_DISCONNECT_REMOVE);
    g_assert_cmpstr(profile->link_name, ==, "guests0");
    g_assert_cmpstr(profile->libvirt_uri, ==, "lxc:///system");
}

static void
test_choices(void)
{
    g_autoptr(NmmProfile) share = parse_good(ITEMS("mode", "share", "link-name", "lan0"));
    g_autoptr(NmmProfile) move = parse_good(ITEMS("mode", "move", "multicast", "no"));
    g_autoptr(NmmProfile) words = parse_good(ITEMS(
        "address6", "auto", "dhcp-range", "none", "nic-model", "default", "on-disconnect", "keep"));

    g_assert_cmpint(share->mode, ==, NMM_MODE_SHARE);
    g_assert_cmpstr(share->link_name, ==, "lan0");
    g_assert_cmpint(move->mode, ==, NMM_MODE_MOVE);
    g_assert_false(move->multicast);
    g_assert_cmpint(words->address6_type, ==, NMM_ADDRESS6_AUTO);
    g_assert_cmpint(words->dhcp_type, ==, NMM_DHCP_NONE);
    g_assert_null(words->nic_model);
    g_assert_cmpint(words->on_disconnect, ==, NMM_ON_DISCONNECT_KEEP);
}

static void
test_ref(void)
{
    g_autoptr(NmmProfile) profile = parse_good(NO_ITEMS);
    g_autoptr(NmmProfile) again = nmm_profile_ref(profile);

    g_assert_true(again == profile);
    nmm_profile_unref(g_steal_pointer(&profile));
    g_assert_cmpstr(again->id, ==, "guests");
}

/* The whole message. */
static void
test_messages(void)
{
    static const struct {
        const char *items[MAX_WORDS];
        const char *message;
    } cases[] = {
        {{"hotplug", "true"},
         "vpn.data key 'hotplug': 'true' is not allowed; use one of 'yes', 'no'"},
        {{"network", ""},
         "vpn.data key 'network': an empty value is not allowed; remove the key for its default"},
        {{"moed", "share"}, "vpn.data key 'moed' is unknown; did you mean 'mode'?"},
        {{"nic_model", "e1000"}, "vpn.data key 'nic_model' is unknown; did you mean 'nic-model'?"},
        {{"guest", "all"}, "vpn.data key 'guest' is unknown; did you mean 'guests'?"},
        {{"adress6", "auto"}, "vpn.data key 'adress6' is unknown; did you mean 'address6'?"},
        /* The alphabetically first of several. */
        {{"zzmode", "1", "modes", "1", "xmode", "1", "networks", "1"},
         "vpn.data key 'modes' is unknown; did you mean 'mode'?"},
        {{"address", "10.0.0.1"},
         "vpn.data key 'address': '10.0.0.1' has no prefix length; write ADDRESS/PREFIX"},
        {{"address", "10.0.0.0/24"},
         "vpn.data key 'address': '10.0.0.0/24' is the address of the subnet itself or its broadcast "
         "address; use one between them"},
        {{"guests", "\"web"},
         "vpn.data key 'guests': '\"web' has an open quote \"; close it after the name"},
        {{"guests", "web\\"},
         "vpn.data key 'guests': 'web\\' ends in a backslash; remove it, or add the character that it escapes"},
        {{"guests", "web \"\""},
         "vpn.data key 'guests': 'web \"\"' has an empty name; use names or UUIDs of guests"},
        {{"address", "10.0.0.1/24", "dhcp-range", "10.0.1.2-10.0.1.9"},
         "vpn.data key 'dhcp-range': '10.0.1.2-10.0.1.9' is not within the usable addresses of the "
         "subnet '10.0.0.0/24'"},
        {{"mode", "share", "parent", "eth0", "link-name", "eth0"},
         "vpn.data key 'link-name': 'eth0' is the parent device; use a name that no device has"},
        {{"libvirt-uri", "qemu+ssh://host/system?command=evil"},
         "vpn.data key 'libvirt-uri': 'qemu+ssh://host/system?command=evil' is not allowed; use one "
         "of 'qemu:///system', 'lxc:///system', or have root add it to 'libvirt-uris' in group "
         "[libvirt] of '" NMM_CONFIG_FILE "'"},
        {{"mode", "a\nb\033[31m"},
         "vpn.data key 'mode': 'a\\x0ab\\x1b[31m' contains a control character; use printable "
         "characters"},
        {{"network", "b\xfcro"},
         "vpn.data key 'network': 'b\357\277\275ro' is not valid UTF-8; encode the value as UTF-8"},
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        const char *items[MAX_WORDS + 1] = {NULL};

        memcpy(items, cases[i].items, sizeof(cases[i].items));
        g_assert_null(parse(items, NULL, &error));
        g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_PROFILE);
        g_assert_cmpstr(error->message, ==, cases[i].message);
    }
}

static void
assert_message(const char *const *items, const char *start, GPtrArray *names)
{
    g_autofree char *list = NULL;
    g_autofree char *message = NULL;
    g_autoptr(GError) error = NULL;

    g_ptr_array_add(names, NULL);
    list = g_strjoinv("', '", (char **)names->pdata);
    message = g_strdup_printf("%s '%s'", start, list);
    g_assert_null(parse(items, NULL, &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_PROFILE);
    g_assert_cmpstr(error->message, ==, message);
}

/* The messages that list a whole table, in its order. */
static void
test_lists(void)
{
    g_autoptr(GPtrArray) modes = g_ptr_array_new();
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    gsize n_keys;
    const NmmKeyInfo *keys = nmm_keys_get_all(&n_keys);

    for (int mode = 0; mode < _NMM_MODE_NUM; mode++)
        g_ptr_array_add(modes, (gpointer)nmm_mode_names[mode]);
    assert_message(
        ITEMS("mode", "bridge"), "vpn.data key 'mode': 'bridge' is not allowed; use one of", modes);
    for (gsize i = 0; i < n_keys; i++)
        g_ptr_array_add(names, (gpointer)keys[i].name);
    assert_message(
        ITEMS("gateway", "10.0.0.1"), "vpn.data key 'gateway' is unknown; use only", names);
}

/* A message with a long or broken key or value is short and printable. */
static void
test_unprintable(void)
{
    g_autofree char *key = g_strnfill(100000, 'k');
    g_autofree char *value = g_strnfill(NMM_VALUE_MAX_BYTES + 1, 'v');
    const char *const long_key[] = {key, "1", NULL};
    const char *const long_value[] = {"network", value, NULL};
    const char *const broken_key[] = {"\xff\n", "1", NULL};
    const char *const *const cases[] = {long_key, long_value, broken_key};
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(parse(cases[i], NULL, &error));
        g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_PROFILE);
        g_assert_cmpuint(strlen(error->message), <, 400);
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
        g_assert_null(strchr(error->message, '\n'));
    }
}

static void
test_display(void)
{
    g_autofree char *many = g_strnfill(65, 'x');
    g_autofree char *cut = g_strdup_printf("%.64s…", many);
    g_autofree char *shown = nmm_text_to_display(many);
    g_autofree char *exact = nmm_text_to_display(many + 1);
    g_autofree char *other = nmm_text_to_display("ü\x7f 'q'");

    g_assert_cmpstr(shown, ==, cut);
    g_assert_cmpstr(exact, ==, many + 1);
    g_assert_cmpstr(other, ==, "ü\\x7f 'q'");
}

static void
test_message(void)
{
    g_autofree char *short_one = nmm_text_to_message("one\ntwo\x1b[31m\xff", 20);
    g_autofree char *cut = nmm_text_to_message("überlang", 4);

    g_assert_cmpstr(short_one, ==, "one\\x0atwo\\x1b[31m\xef\xbf\xbd");
    g_assert_cmpstr(cut, ==, "über…");
}

/* A key without effect in the mode is checked alone, but not together with others. */
static void
test_modes(void)
{
    g_autoptr(NmmProfile) share = parse_good(
        ITEMS("mode", "share", "address", "10.0.0.1/24", "dhcp-range", "10.0.1.2-10.0.1.9"));
    g_autoptr(NmmProfile) isolated = parse_good(ITEMS("parent", "eth0", "link-name", "eth0"));
    g_autoptr(NmmProfile) no_address = parse_good(ITEMS("dhcp-range", "10.0.1.2-10.0.1.9"));

    g_assert_cmpint(share->mode, ==, NMM_MODE_SHARE);
    g_assert_cmpint(isolated->mode, ==, NMM_MODE_ISOLATED);
    g_assert_false(no_address->has_address);
    g_assert_null(parse(ITEMS("mode", "share", "hotplug", "maybe"), NULL, NULL));
    g_assert_null(parse(ITEMS("mode", "move", "parent", "a", "link-name", "a"), NULL, NULL));
    g_assert_null(
        parse(ITEMS("address", "10.0.0.5/24", "dhcp-range", "10.0.0.2-10.0.0.9"), NULL, NULL));
}

static void
test_uri(void)
{
    const char *const allowed[] = {"qemu+tcp://vm.example/system", "test:///default", NULL};
    const NmmKeyInfo *key = nmm_keys_find(NMM_KEY_LIBVIRT_URI);
    g_autoptr(NmmProfile) profile = parse(ITEMS("libvirt-uri", "test:///default"), allowed, NULL);
    static const char *const refused[] = {
        "test:///defaul",
        "test:///default?x=1",
        "TEST:///default",
        "qemu:///system?socket=/tmp/s",
        "qemu:///session",
        "qemu+ssh://root@host/system?command=/tmp/x",
        " qemu:///system",
    };
    gsize i;

    g_assert_nonnull(profile);
    g_assert_cmpstr(profile->libvirt_uri, ==, "test:///default");
    g_assert_null(parse(ITEMS("libvirt-uri", "test:///default"), NULL, NULL));
    for (i = 0; i < G_N_ELEMENTS(refused); i++)
        g_assert_null(parse(ITEMS("libvirt-uri", refused[i]), allowed, NULL));

    /* The editor cannot know what root allowed. */
    g_assert_true(nmm_profile_check_value(key, "test:///default", NULL));
    g_assert_false(nmm_profile_check_value(key, "not a uri", NULL));
}

/* The parser of a whole profile puts the key before the message for one value. */
static void
assert_names_key(const char *key, const char *value, const char *message)
{
    g_autofree char *expected = g_strdup_printf("vpn.data key '%s': %s", key, message);
    g_autoptr(GHashTable) data = data_new(ITEMS(key, value));
    const NmmKeyInfo *wrong = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GError) short_error = NULL;

    g_assert_null(parse(ITEMS(key, value), NULL, &error));
    g_assert_cmpstr(error->message, ==, expected);
    g_assert_false(nmm_profile_check(data, NULL, &wrong, &short_error));
    g_assert_cmpstr(wrong->name, ==, key);
    g_assert_cmpstr(short_error->message, ==, message);
}

static void
test_values(void)
{
    static const struct {
        const char *key;
        gboolean good;
        const char *values[20];
    } cases[] = {
        {"mode", FALSE, {"", "Isolated", "isolated ", "yes"}},
        {"hotplug", TRUE, {"yes", "no"}},
        {"hotplug", FALSE, {"", "1", "true", "Yes", "no "}},
        {"guests", TRUE, {"all", "\"all\"", "all1 web", "#1", "web\\ one", "ü", UUID_A}},
        {"guests", FALSE, {"", "  ", "all web", "web all", "'web", "''", "a \\", "a\tb", "a\nb"}},
        {"exclude-guests", TRUE, {"", " ", "web", "all", "all web"}},
        {"exclude-guests", FALSE, {"\"", "\177"}},
        {"parent",
         TRUE,
         {"eth0", "eth0.100", "enp0s31f6u1u2u34", "br-lan_1@", "ßß", "lo", "enxaabbccddeeff"}},
        {"link-name", FALSE, {"enp0s31f6u1u2u34"}},
        {"parent",
         FALSE,
         {"",
          ".",
          "..",
          "eth0:1",
          "a/b",
          "a b",
          "a\tb",
          "all",
          "default",
          "bonding_masters",
          "eth%d",
          "à"}},
        {"network", TRUE, {"isolated", " a \"b\" & 'c' <d> ü", "..", "all"}},
        {"network", FALSE, {"", "a/b", "/", "a\nb", "\xc3"}},
        {"address",
         TRUE,
         {"192.168.254.1/24",
          "192.168.254.254/24",
          "10.0.0.1/8",
          "10.0.0.1/30",
          "172.16.0.1/12",
          "223.255.255.1/24",
          "100.64.0.1/24"}},
        {"address",
         FALSE,
         {"",
          "none",
          "auto",
          "10.0.0.1",
          "10.0.0.1/7",
          "10.0.0.1/31",
          "10.0.0.0/24",
          "10.0.0.255/24",
          "10.0.0.3/30",
          "127.0.0.1/8",
          "127.1.2.3/24",
          "169.254.1.1/24",
          "224.0.0.1/24",
          "239.1.1.1/24",
          "240.0.0.1/24",
          "0.1.2.3/24",
          "255.255.255.254/24",
          "fd00::1/64",
          "10.0.0.1/255.255.255.0"}},
        {"address6", TRUE, {"auto", "none", "fd00::1/64", "FD12:3456:789A:1::ffff/64"}},
        {"address6",
         FALSE,
         {"",
          "yes",
          "fd00::1",
          "fd00::1/63",
          "fd00::1/126",
          "fd00::/64",
          "fc00::1/64",
          "fe80::1/64",
          "ff02::1/64",
          "2001:db8::1/64",
          "::1/64",
          "10.0.0.1/24"}},
        {"dhcp-range", TRUE, {"none", "10.0.0.2-10.0.0.9", "10.0.0.2-10.0.0.2"}},
        {"dhcp-range", FALSE, {"", "auto", "10.0.0.9-10.0.0.2", "10.0.0.2", "fd00::1-fd00::2"}},
        {"nic-model", TRUE, {"default", "virtio", "e1000-82540em", "virtio_net"}},
        {"nic-model", FALSE, {"", "a b", "a'b", "a<b", "ü", "a.b"}},
        {"link-name", TRUE, {"nmmveth0"}},
        {"link-name", FALSE, {"", "nmmv%d", "default", "a b"}},
        {"trusted-addresses",
         TRUE,
         {"",
          "10.77.0.1",
          "10.77.0.1/32",
          " 10.77.0.1  fd00::1 ",
          "10.77.0.0/24 10.77.0.0/16 10.77.0.1",
          "198.51.100.0/24 2001:db8::/32",
          "10.0.0.0/8"}},
        {"trusted-addresses",
         FALSE,
         {"all",
          "10.77.0.300",
          "10.77.0.1,10.77.0.2",
          "10.77.0.1-10.77.0.9",
          "10.77.0.1/24",
          "10.77.0.0/33",
          "0.0.0.0/0",
          "128.0.0.0/1",
          "::/0",
          "fe80::1",
          "169.254.0.0/16",
          "10.77.0.1 web1"}},
        {"peers", TRUE, {"guests", "10.77.0.128/25", "10.77.0.9 fd00::/64"}},
        {"peers", FALSE, {"", " ", "all", "guests 10.77.0.128/25", "10.77.0.1/25", "0.0.0.0/0"}},
        {"libvirt-uri", FALSE, {"", "qemu", "/system", "1:///system"}},
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        const NmmKeyInfo *key = nmm_keys_find(cases[i].key);
        const char *const *value;

        for (value = cases[i].values; *value; value++) {
            g_autofree char *shown = nmm_text_to_display(*value);
            g_autoptr(GError) error = NULL;
            gboolean good = nmm_profile_check_value(key, *value, &error);

            g_test_message("%s=%s: %s", key->name, shown, error ? error->message : "good");
            g_assert_cmpint(good, ==, cases[i].good);
            if (good)
                continue;
            g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_PROFILE);
            assert_names_key(cases[i].key, *value, error->message);
        }
    }
}

/* The longest value of a key is good; one byte more is refused. */
static void
test_sizes(void)
{
    static const struct {
        const char *key;
        gsize max;
    } cases[] = {
        {"guests", NMM_GUEST_LIST_MAX_BYTES},
        {"exclude-guests", NMM_GUEST_LIST_MAX_BYTES},
        {"parent", 127},
        {"link-name", 15},
        {"network", 241},
        {"nic-model", 64},
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        const NmmKeyInfo *key = nmm_keys_find(cases[i].key);
        g_autofree char *longest = g_strnfill(cases[i].max, 'x');
        g_autofree char *too_long = g_strconcat(longest, "x", NULL);
        g_autofree char *limit = g_strdup_printf("at most %zu ", cases[i].max);
        g_autoptr(GError) error = NULL;

        g_assert_true(nmm_profile_check_value(key, longest, NULL));
        g_assert_false(nmm_profile_check_value(key, too_long, &error));
        g_assert_error(error, NMM_ERROR, NMM_ERROR_BAD_PROFILE);
        g_assert_nonnull(strstr(error->message, limit));
    }
}

static void
test_guest_list(void)
{
    static const struct {
        const char *value;
        const char *names[4];
        const char *joined;
    } cases[] = {
        {"", {NULL}, ""},
        {"   ", {NULL}, ""},
        {"web1", {"web1"}, "web1"},
        {"  web1   db1 ", {"web1", "db1"}, "web1 db1"},
        {"\"web one\" db1", {"web one", "db1"}, "\"web one\" db1"},
        {"'web one'", {"web one"}, "\"web one\""},
        {"web\\ one", {"web one"}, "\"web one\""},
        {"we\"b o\"ne", {"web one"}, "\"web one\""},
        {"it\\'s", {"it's"}, "\"it's\""},
        {"'say \"hi\"'", {"say \"hi\""}, "\"say \\\"hi\\\"\""},
        {"\"a\\\\b\"", {"a\\b"}, "\"a\\\\b\""},
        {"\"a\\b\"", {"a\\b"}, "\"a\\\\b\""},
        {"'a\\'", {"a\\"}, "\"a\\\\\""},
        {"#1 $HOME `x` *", {"#1", "$HOME", "`x`", "*"}, "#1 $HOME `x` *"},
        {"\"a\\$b \\`c\\`\"", {"a$b `c`"}, "\"a$b `c`\""},
        {"\"all\"", {"all"}, "\"all\""},
        {"\\büro", {"büro"}, "büro"},
        {"\\ü", {"ü"}, "ü"},
    };
    gsize i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(GStrv) names = nmm_guest_list_parse(cases[i].value, &error);
        const char *expected[G_N_ELEMENTS(cases[0].names) + 1] = {NULL};
        g_autofree char *joined = NULL;
        g_auto(GStrv) again = NULL;

        g_assert_no_error(error);
        memcpy(expected, cases[i].names, sizeof(cases[i].names));
        g_assert_true(g_strv_equal((const char *const *)names, expected));
        joined = nmm_guest_list_join((const char *const *)names);
        g_assert_cmpstr(joined, ==, cases[i].joined);
        again = nmm_guest_list_parse(joined, &error);
        g_assert_no_error(error);
        g_assert_true(g_strv_equal((const char *const *)again, expected));
    }
}

/* Joining and splitting keeps any name. */
static void
test_guest_list_random(void)
{
    static const char letters[] = " \"'\\a#$.-";
    guint round;

    for (round = 0; round < 2000; round++) {
        char names[3][9];
        const char *list[] = {names[0], names[1], names[2], NULL};
        g_autofree char *joined = NULL;
        g_auto(GStrv) again = NULL;
        gsize i;

        for (i = 0; i < 3; i++) {
            gint size = g_test_rand_int_range(1, 9);
            gint j;

            for (j = 0; j < size; j++)
                names[i][j] = letters[g_test_rand_int_range(0, (gint32)strlen(letters))];
            names[i][size] = '\0';
        }
        joined = nmm_guest_list_join(list);
        again = nmm_guest_list_parse(joined, NULL);
        g_assert_nonnull(again);
        g_assert_true(g_strv_equal((const char *const *)again, list));
    }
}

static void
test_selects(void)
{
    g_autoptr(NmmProfile) all = parse_good(NO_ITEMS);
    g_autoptr(NmmProfile) some =
        parse_good(ITEMS("guests", "'web one' 6F1C2D3E-0A4B-4C5D-8E9F-A0B1C2D3E4F5"));
    g_autoptr(NmmProfile) but =
        parse_good(ITEMS("exclude-guests", "db1 6F1C2D3E-0A4B-4C5D-8E9F-A0B1C2D3E4F5"));
    g_autoptr(NmmProfile) both = parse_good(ITEMS("guests", "web db1", "exclude-guests", "db1"));
    g_autoptr(NmmProfile) named_all = parse_good(ITEMS("guests", "\"all\""));

    g_assert_true(nmm_profile_selects(all, "web", UUID_A));
    g_assert_true(nmm_profile_selects(some, "web one", UUID_B));
    g_assert_true(nmm_profile_selects(some, "other", UUID_A));
    g_assert_false(nmm_profile_selects(some, "Web one", UUID_B));
    g_assert_false(nmm_profile_selects(some, "web", UUID_B));
    g_assert_true(nmm_profile_selects(but, "web", UUID_B));
    g_assert_false(nmm_profile_selects(but, "db1", UUID_B));
    g_assert_false(nmm_profile_selects(but, "web", UUID_A));
    g_assert_true(nmm_profile_selects(both, "web", UUID_A));
    g_assert_false(nmm_profile_selects(both, "db1", UUID_A));
    g_assert_true(nmm_profile_selects(named_all, "all", UUID_A));
    g_assert_false(nmm_profile_selects(named_all, "web", UUID_A));
}

static void
test_names_guest(void)
{
    g_assert_true(nmm_profile_names_guest("web one", "web one", UUID_A));
    g_assert_true(nmm_profile_names_guest(UUID_A, "web", UUID_A));
    g_assert_true(nmm_profile_names_guest("6F1C2D3E-0A4B-4C5D-8E9F-A0B1C2D3E4F5", "web", UUID_A));
    g_assert_false(nmm_profile_names_guest("Web", "web", UUID_A));
    g_assert_false(nmm_profile_names_guest("we", "web", UUID_A));
    g_assert_false(nmm_profile_names_guest("6f1c2d3e", "web", UUID_A));
    g_assert_false(nmm_profile_names_guest(UUID_B, "web", UUID_A));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/profile/defaults", test_defaults);
    g_test_add_func("/profile/zone", test_zone);
    g_test_add_func("/profile/zone-beyond-xml", test_zone_beyond_xml);
    g_test_add_func("/profile/everything-set", test_everything_set);
    g_test_add_func("/profile/choices", test_choices);
    g_test_add_func("/profile/ref", test_ref);
    g_test_add_func("/profile/messages", test_messages);
    g_test_add_func("/profile/lists", test_lists);
    g_test_add_func("/profile/unprintable", test_unprintable);
    g_test_add_func("/profile/display", test_display);
    g_test_add_func("/text/message", test_message);
    g_test_add_func("/profile/modes", test_modes);
    g_test_add_func("/profile/uri", test_uri);
    g_test_add_func("/profile/values", test_values);
    g_test_add_func("/profile/sizes", test_sizes);
    g_test_add_func("/profile/guest-list", test_guest_list);
    g_test_add_func("/profile/guest-list/random", test_guest_list_random);
    g_test_add_func("/profile/selects", test_selects);
    g_test_add_func("/profile/names-guest", test_names_guest);
    return g_test_run();
}
