/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which addresses guests have, as the host hears them. */

#include "config.h"

#include "nmm-heard-addresses.h"

static const NmmHeardNic nics[] = {{"web1", "52:54:00:00:00:01"}, {"web2", "52:54:00:00:00:02"}};
static const guint8 web1[] = {0x52, 0x54, 0, 0, 0, 1};
static const guint8 web2[] = {0x52, 0x54, 0, 0, 0, 2};
static const guint8 other[] = {0x52, 0x54, 0, 0, 0, 3};

static NmmHeardAddresses *
make(void)
{
    NmmHeardAddresses *heard = nmm_heard_addresses_new();

    nmm_heard_addresses_set_nics(heard, nics, G_N_ELEMENTS(nics));
    return heard;
}

static gboolean
claim(NmmHeardAddresses *heard, const guint8 *mac, const char *text, gint64 now)
{
    NmmCidr address;

    g_assert_true(nmm_cidr_init_host(&address, text, NULL));
    return nmm_heard_addresses_claim(heard, mac, &address, now);
}

/* "web1 10.0.0.50, …" of a host at 10.0.0.10/24 and fd00::10/64 */
static char *
list(const NmmHeardAddresses *heard)
{
    g_autoptr(GArray) own = g_array_new(FALSE, TRUE, sizeof(NmmRoutingAddress));
    g_autoptr(GArray) addresses = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    NmmRoutingAddress mine = {0};

    g_assert_true(nmm_cidr_parse("10.0.0.10/24", &mine.cidr, NULL));
    g_array_append_val(own, mine);
    g_assert_true(nmm_cidr_parse("fd00::10/64", &mine.cidr, NULL));
    g_array_append_val(own, mine);
    addresses = nmm_heard_addresses_list(heard, own);
    for (guint i = 0; i < addresses->len; i++) {
        const NmmGuestAddress *item = &g_array_index(addresses, NmmGuestAddress, i);
        g_autofree char *address = nmm_cidr_address_to_string(&item->address);

        g_string_append_printf(text, "%s%s %s", i > 0 ? ", " : "", item->guest, address);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void
assert_list(const NmmHeardAddresses *heard, const char *expected)
{
    g_autofree char *text = list(heard);

    g_assert_cmpstr(text, ==, expected);
}

/* The number of doubts. */
static guint
tick(NmmHeardAddresses *heard, gint64 now, gboolean changed)
{
    g_autoptr(GArray) doubts = g_array_new(FALSE, FALSE, sizeof(NmmHeardDoubt));

    g_assert_cmpint(nmm_heard_addresses_tick(heard, now, doubts), ==, changed);
    return doubts->len;
}

static void
test_claims(void)
{
    g_autoptr(NmmHeardAddresses) heard = make();

    assert_list(heard, "");
    g_assert_true(claim(heard, web1, "10.0.0.50", 1));
    g_assert_false(claim(heard, web1, "10.0.0.50", 2));
    g_assert_true(claim(heard, web2, "10.0.0.52", 3));
    g_assert_true(claim(heard, web1, "fd00::50", 4));
    assert_list(heard, "web1 10.0.0.50, web2 10.0.0.52, web1 fd00::50");
    g_assert_cmpint(nmm_heard_addresses_get_deadline(heard), ==, -1);
}

/* Neither machines that are no guests, nor addresses that no guest can have. */
static void
test_refused_claims(void)
{
    static const char *const bad[] = {"0.0.0.0", "127.0.0.1", "224.0.0.1", "fe80::1", "ff02::1"};
    g_autoptr(NmmHeardAddresses) heard = make();

    g_assert_false(claim(heard, other, "10.0.0.53", 1));
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(claim(heard, web1, bad[i], 1));
    claim(heard, web1, "10.0.0.10", 1);
    claim(heard, web1, "10.0.1.1", 1);
    claim(heard, web1, "8.8.8.8", 1);
    claim(heard, web1, "fd00::10", 1);
    claim(heard, web1, "2001:db8::1", 1);
    assert_list(heard, "");
}

static void
test_new_address_replaces_one_without_reply(void)
{
    g_autoptr(NmmHeardAddresses) heard = make();

    claim(heard, web1, "10.0.0.50", 0);
    claim(heard, web1, "fd00::50", 0);
    claim(heard, web2, "10.0.0.52", 0);
    claim(heard, web1, "10.0.0.60", 1000);
    g_assert_cmpint(nmm_heard_addresses_get_deadline(heard), ==, 1000);
    g_assert_cmpuint(tick(heard, 1000, FALSE), ==, 1);
    g_assert_cmpuint(tick(heard, 1500, FALSE), ==, 0);
    g_assert_cmpint(nmm_heard_addresses_get_deadline(heard), ==, 2000);
    g_assert_cmpuint(tick(heard, 2000, FALSE), ==, 1);
    g_assert_cmpuint(tick(heard, 3000, FALSE), ==, 1);
    g_assert_cmpuint(tick(heard, 4000, TRUE), ==, 0);
    assert_list(heard, "web1 fd00::50, web2 10.0.0.52, web1 10.0.0.60");
    g_assert_cmpint(nmm_heard_addresses_get_deadline(heard), ==, -1);
}

static void
test_guest_with_two_addresses_keeps_both(void)
{
    g_autoptr(NmmHeardAddresses) heard = make();

    claim(heard, web1, "10.0.0.50", 0);
    claim(heard, web1, "10.0.0.60", 1000);
    g_assert_cmpuint(tick(heard, 1000, FALSE), ==, 1);
    g_assert_false(claim(heard, web1, "10.0.0.50", 1001));
    g_assert_cmpint(nmm_heard_addresses_get_deadline(heard), ==, -1);
    g_assert_cmpuint(tick(heard, 9000, FALSE), ==, 0);
    assert_list(heard, "web1 10.0.0.50, web1 10.0.0.60");
}

static void
test_address_that_moves_to_another_guest(void)
{
    g_autoptr(NmmHeardAddresses) heard = make();

    claim(heard, web1, "10.0.0.50", 0);
    g_assert_true(nmm_heard_addresses_set_nics(heard, &nics[1], 1));
    assert_list(heard, "");
    claim(heard, web2, "10.0.0.50", 1);
    assert_list(heard, "web2 10.0.0.50");
    g_assert_false(nmm_heard_addresses_set_nics(heard, nics, G_N_ELEMENTS(nics)));
    assert_list(heard, "web2 10.0.0.50");
}

static void
test_guest_that_claims_everything(void)
{
    g_autoptr(NmmHeardAddresses) heard = make();
    g_autofree char *text = NULL;
    g_auto(GStrv) items = NULL;

    claim(heard, web2, "10.0.0.9", 0);
    for (guint i = 0; i < 100; i++) {
        g_autofree char *address = g_strdup_printf("10.0.0.%u", 100 + i);

        claim(heard, web1, address, i);
    }
    text = list(heard);
    items = g_strsplit(text, ", ", -1);
    g_assert_cmpuint(g_strv_length(items), ==, NMM_HEARD_MAX_PER_NIC + 1);
    g_assert_cmpstr(items[0], ==, "web2 10.0.0.9");
    g_assert_cmpstr(items[NMM_HEARD_MAX_PER_NIC], ==, "web1 10.0.0.199");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/heard-addresses/claims", test_claims);
    g_test_add_func("/heard-addresses/refused-claims", test_refused_claims);
    g_test_add_func("/heard-addresses/new-address", test_new_address_replaces_one_without_reply);
    g_test_add_func("/heard-addresses/two-addresses", test_guest_with_two_addresses_keeps_both);
    g_test_add_func("/heard-addresses/moved-address", test_address_that_moves_to_another_guest);
    g_test_add_func("/heard-addresses/flood", test_guest_that_claims_everything);
    return g_test_run();
}
