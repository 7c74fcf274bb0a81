/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What NetworkManager derived from a parent's stand-in MAC, as it would be with its own.
 */

#include "config.h"

#include "nmm-standin.h"

#define OWN "02:77:00:00:01:02" /* the stand-in is 52:d6:c2:8f:b4:be */

typedef struct {
    const char *text;
    const char *expected;
} Case;

static void
check(const Case *cases, gsize n, char *(*replace)(const char *text, const char *own_mac))
{
    for (gsize i = 0; i < n; i++) {
        g_autofree char *result = replace(cases[i].text, OWN);

        g_assert_cmpstr(result, ==, cases[i].expected);
    }
}

static void
test_id(void)
{
    static const Case cases[] = {
        {NULL, NULL},
        {"01:52:d6:c2:8f:b4:be", "01:" OWN},
        {"01:52:D6:C2:8F:B4:BE", "01:" OWN},
        /* DUID-LL, DUID-LLT */
        {"00:03:00:01:52:d6:c2:8f:b4:be", "00:03:00:01:" OWN},
        {"00:01:00:01:2a:00:00:00:52:d6:c2:8f:b4:be", "00:01:00:01:2a:00:00:00:" OWN},
        {"01:" OWN, "01:" OWN},
        {"ff:00:00:00:07:00:04:12:34", "ff:00:00:00:07:00:04:12:34"},
    };

    check(cases, G_N_ELEMENTS(cases), nmm_standin_replace_in_id);
}

static void
test_address(void)
{
    static const Case cases[] = {
        {NULL, NULL},
        {"::50d6:c2ff:fe8f:b4be", "::77:ff:fe00:102"},
        {"fd00:1::50d6:c2ff:fe8f:b4be", "fd00:1::77:ff:fe00:102"},
        {"fd00:1::77:ff:fe00:102", "fd00:1::77:ff:fe00:102"},
        {"::1234:5678:9abc:def0", "::1234:5678:9abc:def0"},
        {"10.0.0.1", "10.0.0.1"},
    };

    check(cases, G_N_ELEMENTS(cases), nmm_standin_replace_in_address);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/standin/id", test_id);
    g_test_add_func("/standin/address", test_address);
    return g_test_run();
}
