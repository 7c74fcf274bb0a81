/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames of a guest that sets up an interface, as a Linux guest with udhcpc sends them, and frames
 * that are similar.
 */

#include "config.h"

#include "nmm-setup-frame.h"

#include <string.h>

#define IP_AT 14

/* The beginning of a DHCPDISCOVER, and all of an MLDv2 report with the records below. */
#define DHCP_BYTES (IP_AT + 20 + 8 + 4)
static const guint8 dhcp[DHCP_BYTES] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, /* MACs */
    0x45, 0x00, 0x01, 0x48, 0x00, 0x00, 0x00, 0x00, 0x40, 0x11, 0x79, 0xa6,             /* IPv4 */
    0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff,                         /* to 255.255.255.255 */
    0x00, 0x44, 0x00, 0x43, 0x01, 0x34, 0x00, 0x00, 0x01, 0x01, 0x06, 0x00, /* UDP 68 to 67 */
};

#define REPORT_AT  (IP_AT + 40 + 8)
#define RECORDS_AT (REPORT_AT + 8)
static const guint8 report[RECORDS_AT] = {
    0x33,
    0x33,
    0x00,
    0x00,
    0x00,
    0x16,
    0x52,
    0x54,
    0x00,
    0x00,
    0x00,
    0x01,
    0x86,
    0xdd, /* MACs */
    0x60,
    0x00,
    0x00,
    0x00,
    0x00,
    0x24,
    0x00,
    0x01, /* IPv6 */
    [IP_AT + 24] = 0xff,
    0x02,
    [IP_AT + 39] = 0x16, /* from :: to ff02::16 */
    [IP_AT + 40] = 0x3a,
    0x00,
    0x05,
    0x02,
    0x00,
    0x00,
    0x01,
    0x00, /* router alert */
    0x8f,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x00,
    0x01, /* one record */
};

/* type, auxiliary data, sources, group */
#define RECORD_BYTES 20
#define JOIN         0x04, 0, 0, 0, 0xff, 0x02
#define NEW_ADDRESS  JOIN, [15] = 1, 0xff, 0, 0, 1
#define MDNS         JOIN, [19] = 0xfb

static gboolean
is_setup(const guint8 *frame, gsize length)
{
    static const guint8 sender[] = {0x52, 0x54, 0, 0, 0, 1};
    guint8 mac[NMM_MAC_BYTES] = {0x5a};
    guint8 before[NMM_MAC_BYTES] = {0x5a};
    gboolean valid = nmm_setup_frame_parse(frame, length, mac);

    g_assert_cmpmem(mac, sizeof(mac), valid ? sender : before, NMM_MAC_BYTES);
    return valid;
}

/* Each byte that is changed makes it another frame. */
static void
test_dhcp(void)
{
    static const gsize at[] = {0, 6, 12, IP_AT, IP_AT + 7, IP_AT + 9, IP_AT + 21, IP_AT + 23};

    g_assert_true(is_setup(dhcp, sizeof(dhcp)));
    for (gsize i = 0; i < G_N_ELEMENTS(at); i++) {
        guint8 frame[sizeof(dhcp)];

        memcpy(frame, dhcp, sizeof(dhcp));
        frame[at[i]] ^= 1;
        g_assert_false(is_setup(frame, sizeof(frame)));
    }
    for (gsize length = 0; length < IP_AT + 28; length++)
        g_assert_false(is_setup(dhcp, length));
}

/* The first @length bytes of a report of @n records. Returns: whether it is a frame of setup. */
static gboolean
reports_setup(const guint8 records[][RECORD_BYTES], gsize n, gsize length)
{
    guint8 frame[RECORDS_AT + 4 * RECORD_BYTES];

    memcpy(frame, report, sizeof(report));
    frame[RECORDS_AT - 1] = (guint8)n;
    memcpy(frame + RECORDS_AT, records, MAX(length, RECORDS_AT) - RECORDS_AT);
    return is_setup(frame, length);
}

static void
test_join(void)
{
    static const guint8 records[][RECORD_BYTES] = {{MDNS}, {NEW_ADDRESS}, {MDNS}};

    g_assert_true(reports_setup(records, 3, RECORDS_AT + 3 * RECORD_BYTES));
    /* a long report of which only a part was read */
    g_assert_true(reports_setup(records, 3, RECORDS_AT + 2 * RECORD_BYTES));
    g_assert_false(reports_setup(records, 1, RECORDS_AT + RECORD_BYTES));
    for (gsize length = 0; length < RECORDS_AT + 2 * RECORD_BYTES; length++)
        g_assert_false(reports_setup(records, 3, length));
}

/* A record may have sources and auxiliary data. */
static void
test_long_record(void)
{
    static const guint8 records[][RECORD_BYTES] = {
        {0x03, 1, 0, 1, 0xff, 0x02}, {0}, {NEW_ADDRESS}, {NEW_ADDRESS}};
    static const guint8 endless[][RECORD_BYTES] = {{0x03, 0xff, 0xff, 0xff}, {NEW_ADDRESS}};

    g_assert_true(reports_setup(records, 2, RECORDS_AT + 3 * RECORD_BYTES));
    g_assert_false(reports_setup(records, 1, RECORDS_AT + 3 * RECORD_BYTES));
    g_assert_false(reports_setup(endless, 2, RECORDS_AT + 2 * RECORD_BYTES));
}

static void
test_no_join(void)
{
    static const guint8 answer[][RECORD_BYTES] = {{0x02, 0, 0, 0, 0xff, 0x02, [15] = 1, 0xff}};
    static const guint8 leave[][RECORD_BYTES] = {{0x03, 0, 0, 0, 0xff, 0x02, [15] = 1, 0xff}};
    static const guint8 join[][RECORD_BYTES] = {{NEW_ADDRESS}};
    static const gsize at[] = {0, 6, 12, IP_AT, IP_AT + 6, IP_AT + 40, IP_AT + 41, REPORT_AT};
    const gsize length = RECORDS_AT + RECORD_BYTES;

    g_assert_false(reports_setup(answer, 1, length));
    g_assert_false(reports_setup(leave, 1, length));
    g_assert_true(reports_setup(join, 1, length));
    for (gsize i = 0; i < G_N_ELEMENTS(at); i++) {
        guint8 frame[RECORDS_AT + RECORD_BYTES];

        memcpy(frame, report, sizeof(report));
        memcpy(frame + RECORDS_AT, join, sizeof(join));
        g_assert_true(is_setup(frame, sizeof(frame)));
        frame[at[i]] ^= at[i] == IP_AT ? 0x10 : 1;
        g_assert_false(is_setup(frame, sizeof(frame)));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/setup-frame/dhcp", test_dhcp);
    g_test_add_func("/setup-frame/join", test_join);
    g_test_add_func("/setup-frame/long-record", test_long_record);
    g_test_add_func("/setup-frame/no-join", test_no_join);
    return g_test_run();
}
