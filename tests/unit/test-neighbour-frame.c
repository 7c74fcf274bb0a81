/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames of ARP and neighbour discovery: what each means, and that a malformed one is ignored.
 */

#include "config.h"

#include "nmm-neighbour-frame.h"

#include <string.h>

static const guint8 guest_mac[] = {0x52, 0x54, 0, 0, 0, 1};
static const guint8 link_mac[] = {0x52, 0x11, 0x22, 0x33, 0x44, 0x55};

#define ARP_AT 14
#define IP_AT  14
#define ND_AT  54

static NmmCidr
address(const char *text)
{
    NmmCidr cidr;
    GError *error = NULL;

    nmm_cidr_init_host(&cidr, text, &error);
    g_assert_no_error(error);
    return cidr;
}

static gsize
question(guint8 *frame, const char *source, const char *target, const guint8 *to)
{
    NmmCidr from = address(source);
    NmmCidr what = address(target);

    memset(frame, 0xaa, NMM_NEIGHBOUR_FRAME_MAX);
    return nmm_neighbour_frame_build_probe(frame, guest_mac, to, &from, &what);
}

static void
assert_address(gboolean has, const NmmCidr *got, const char *expected)
{
    g_autofree char *text = has ? nmm_cidr_to_string(got) : NULL;

    g_assert_cmpstr(text, ==, expected);
}

static void
assert_says(const guint8 *frame, gsize length, const char *sender, const char *target)
{
    NmmNeighbourFrame out;

    g_assert_true(nmm_neighbour_frame_parse(frame, length, &out));
    assert_address(out.has_sender, &out.sender, sender);
    assert_address(out.has_target, &out.target, target);
}

static void
assert_silent(const guint8 *frame, gsize length)
{
    NmmNeighbourFrame out;
    NmmNeighbourFrame before;

    memset(&out, 0x5a, sizeof(out));
    before = out;
    g_assert_false(nmm_neighbour_frame_parse(frame, length, &out));
    g_assert_cmpmem(&out, sizeof(out), &before, sizeof(before));
}

/* The kernel's own rule, written a second time: the sum over everything is all ones. */
static void
fix_checksum(guint8 *frame, gsize length)
{
    guint8 *ip = frame + IP_AT;
    guint32 sum = 58 + (guint32)(length - ND_AT);

    frame[ND_AT + 2] = frame[ND_AT + 3] = 0;
    for (gsize i = 8; i < length - IP_AT; i++)
        sum += i % 2 == 0 ? (guint32)ip[i] << 8 : ip[i];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    frame[ND_AT + 2] = (guint8)(~sum >> 8);
    frame[ND_AT + 3] = (guint8)~sum;
}

static void
test_arp(void)
{
    guint8 frame[NMM_NEIGHBOUR_FRAME_MAX];
    NmmNeighbourFrame out;
    gsize length = question(frame, "10.0.0.5", "10.0.0.1", NULL);

    g_assert_cmpuint(length, ==, 42);
    assert_says(frame, length, "10.0.0.5/32", "10.0.0.1/32");
    g_assert_true(nmm_neighbour_frame_parse(frame, 60, &out)); /* padded on the wire */
    g_assert_true(out.to_all);
    g_assert_cmpmem(out.mac, sizeof(out.mac), guest_mac, sizeof(guest_mac));
    length = question(frame, "10.0.0.5", "10.0.0.1", link_mac);
    g_assert_true(nmm_neighbour_frame_parse(frame, length, &out));
    g_assert_false(out.to_all);
    /* a reply claims and asks nothing */
    frame[ARP_AT + 7] = 2;
    assert_says(frame, length, "10.0.0.5/32", NULL);
    /* gratuitous: sender and target are the same */
    length = question(frame, "10.0.0.5", "10.0.0.5", NULL);
    assert_says(frame, length, "10.0.0.5/32", NULL);
    /* a probe is no claim yet */
    length = question(frame, "0.0.0.0", "10.0.0.5", NULL);
    assert_says(frame, length, NULL, "10.0.0.5/32");
    length = question(frame, "0.0.0.0", "0.0.0.0", NULL);
    assert_silent(frame, length);
}

static void
test_arp_malformed(void)
{
    /* offset and value of one byte that makes the frame wrong */
    static const guint8 wrong[][2] = {
        {6, 0x53},           /* source is a group */
        {11, 0x99},          /* Ethernet source is not the ARP sender */
        {12, 0x09},          /* another ethertype */
        {ARP_AT + 1, 6},     /* hardware type */
        {ARP_AT + 2, 0x86},  /* protocol */
        {ARP_AT + 4, 8},     /* hardware length */
        {ARP_AT + 5, 16},    /* protocol length */
        {ARP_AT + 7, 3},     /* operation */
        {ARP_AT + 6, 1},     /* operation, high byte */
        {ARP_AT + 13, 0x77}, /* sender MAC */
    };
    guint8 frame[NMM_NEIGHBOUR_FRAME_MAX];
    gsize length = question(frame, "10.0.0.5", "10.0.0.1", NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        length = question(frame, "10.0.0.5", "10.0.0.1", NULL);
        frame[wrong[i][0]] = wrong[i][1];
        assert_silent(frame, length);
    }
    length = question(frame, "10.0.0.5", "10.0.0.1", NULL);
    for (gsize i = 0; i < length; i++)
        assert_silent(frame, i);
    memset(frame + 6, 0, 6);
    memset(frame + ARP_AT + 8, 0, 6);
    assert_silent(frame, length);
}

static void
test_solicit(void)
{
    static const guint8 group_mac[] = {0x33, 0x33, 0xff, 0, 0, 1};
    guint8 frame[NMM_NEIGHBOUR_FRAME_MAX];
    gsize length = question(frame, "fd00::5", "fd00::1", NULL);

    g_assert_cmpuint(length, ==, 86);
    g_assert_cmpmem(frame, 6, group_mac, sizeof(group_mac));
    assert_says(frame, length, "fd00::5/128", "fd00::1/128");
    length = question(frame, "fd00::5", "fd00::1", link_mac);
    g_assert_cmpmem(frame, 6, link_mac, sizeof(link_mac));
    assert_says(frame, length, "fd00::5/128", "fd00::1/128");
    /* a neighbour unreachability probe need not carry the option */
    memmove(frame + ND_AT + 24, frame + ND_AT + 32, 8);
    frame[IP_AT + 5] = 24;
    fix_checksum(frame, length - 8);
    assert_says(frame, length - 8, "fd00::5/128", "fd00::1/128");
    /* … but one to all must */
    memcpy(frame, group_mac, 6);
    assert_silent(frame, length - 8);
    /* duplicate address detection: from ::, no option; no claim yet */
    memset(frame + IP_AT + 8, 0, 16);
    fix_checksum(frame, length - 8);
    assert_says(frame, length - 8, NULL, "fd00::1/128");
    /* from :: with an option is malformed */
    length = question(frame, "::", "fd00::1", NULL);
    assert_silent(frame, length);
}

static const guint8 all_nodes[16] = {0xff, 0x02, [15] = 1};

/* To one MAC; a guest that sends it gets no address by it. */
static void
test_echo(void)
{
    guint8 frame[NMM_NEIGHBOUR_FRAME_MAX];
    guint8 sum[2];
    gsize length = question(frame, "fd00::1", "ff02::1", link_mac);

    g_assert_cmpuint(length, ==, 62);
    g_assert_cmpmem(frame, 6, link_mac, 6);
    g_assert_cmpmem(frame + IP_AT + 24, 16, all_nodes, 16);
    g_assert_cmpuint(frame[IP_AT + 5], ==, 8);
    g_assert_cmpuint(frame[ND_AT], ==, 128);
    memcpy(sum, frame + ND_AT + 2, 2);
    fix_checksum(frame, length);
    g_assert_cmpmem(frame + ND_AT + 2, 2, sum, 2);
    assert_silent(frame, length);
}

/* The kernel turns the request around. */
static gsize
echo_reply(guint8 *frame)
{
    NmmCidr guest = address("fd00::5");
    gsize length = question(frame, "fd00::1", "ff02::1", link_mac);

    memcpy(frame + IP_AT + 24, frame + IP_AT + 8, 16);
    memcpy(frame + IP_AT + 8, guest.bytes, 16);
    frame[IP_AT + 7] = 64;
    frame[ND_AT] = 129;
    fix_checksum(frame, length);
    return length;
}

static void
test_echo_reply(void)
{
    static const guint8 wrong[][2] = {
        {IP_AT + 5, 9},    /* the length of another program's ping */
        {IP_AT + 8, 0xff}, /* source is a group */
        {ND_AT, 130},      /* type */
        {ND_AT + 1, 1},    /* code */
        {ND_AT + 5, 0},    /* identifier */
        {ND_AT + 7, 0},    /* sequence number */
    };
    guint8 frame[NMM_NEIGHBOUR_FRAME_MAX];
    NmmNeighbourFrame out;
    gsize length = echo_reply(frame);

    assert_says(frame, length, "fd00::5/128", NULL);
    g_assert_true(nmm_neighbour_frame_parse(frame, length, &out));
    g_assert_true(out.is_echo);
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        length = echo_reply(frame);
        frame[wrong[i][0]] = wrong[i][1];
        fix_checksum(frame, length);
        assert_silent(frame, length);
    }
    length = echo_reply(frame);
    for (gsize i = 0; i < length; i++)
        assert_silent(frame, i);
    frame[ND_AT + 2] ^= 1;
    assert_silent(frame, length);
}

static gsize
answer(guint8 *frame)
{
    NmmCidr mine = address("fd00::1");
    NmmCidr asker = address("fd00::5");

    return nmm_neighbour_frame_build_reply(frame, link_mac, guest_mac, &mine, &asker);
}

static void
test_advert(void)
{
    guint8 frame[NMM_NEIGHBOUR_FRAME_MAX];
    NmmCidr mine6;
    NmmCidr none6 = address("::");
    gsize length = answer(frame);

    assert_says(frame, length, "fd00::1/128", NULL);
    g_assert_cmpuint(frame[ND_AT + 4], ==, 0x60); /* solicited, override, no router */
    /* after a probe */
    mine6 = address("fd00::1");
    length = nmm_neighbour_frame_build_reply(frame, link_mac, guest_mac, &mine6, &none6);
    assert_says(frame, length, "fd00::1/128", NULL);
    g_assert_cmpuint(frame[ND_AT + 4], ==, 0x20);
    g_assert_cmpmem(frame, 6, guest_mac, 6);
    g_assert_cmpmem(frame + IP_AT + 24, 16, all_nodes, 16);
    length = answer(frame);
    /* an unsolicited one to all nodes is a claim … */
    memcpy(frame + IP_AT + 24, all_nodes, 16);
    frame[ND_AT + 4] = 0x20;
    fix_checksum(frame, length);
    assert_says(frame, length, "fd00::1/128", NULL);
    /* … a solicited one to all nodes is malformed */
    frame[ND_AT + 4] = 0x60;
    fix_checksum(frame, length);
    assert_silent(frame, length);
}

/* An ARP reply to the guest alone; to 0.0.0.0 after a probe. */
static void
test_arp_reply(void)
{
    guint8 frame[NMM_NEIGHBOUR_FRAME_MAX];
    NmmCidr mine = address("10.0.0.1");
    NmmCidr asker = address("10.0.0.5");
    NmmCidr none = address("0.0.0.0");
    gsize length = nmm_neighbour_frame_build_reply(frame, link_mac, guest_mac, &mine, &asker);

    g_assert_cmpuint(length, ==, 42);
    assert_says(frame, length, "10.0.0.1/32", NULL);
    g_assert_cmpmem(frame, 6, guest_mac, 6);
    g_assert_cmpmem(frame + 6, 6, link_mac, 6);
    g_assert_cmpuint(frame[21], ==, 2); /* a reply */
    g_assert_cmpmem(frame + 32, 6, guest_mac, 6);
    g_assert_cmpmem(frame + 38, 4, asker.bytes, 4);
    nmm_neighbour_frame_build_reply(frame, link_mac, guest_mac, &mine, &none);
    g_assert_cmpmem(frame + 38, 4, none.bytes, 4);
}

static void
test_announcement(void)
{
    static const guint8 all_nodes_mac[] = {0x33, 0x33, 0, 0, 0, 1};
    guint8 frame[NMM_NEIGHBOUR_FRAME_MAX];
    NmmNeighbourFrame said;
    NmmCidr mine = address("10.0.0.1");
    NmmCidr mine6 = address("fd00::1");
    gsize length = nmm_neighbour_frame_build_announcement(frame, link_mac, &mine);

    assert_says(frame, length, "10.0.0.1/32", NULL);
    g_assert_true(nmm_neighbour_frame_parse(frame, length, &said));
    g_assert_true(said.to_all);
    length = nmm_neighbour_frame_build_announcement(frame, link_mac, &mine6);
    assert_says(frame, length, "fd00::1/128", NULL);
    g_assert_cmpmem(frame, sizeof(all_nodes_mac), all_nodes_mac, sizeof(all_nodes_mac));
    g_assert_cmpuint(frame[ND_AT + 4], ==, 0x20); /* override, not solicited, no router */
}

static void
test_nd_malformed(void)
{
    static const guint8 wrong[][2] = {
        {IP_AT, 0x40},      /* version */
        {IP_AT + 5, 200},   /* longer than the frame */
        {IP_AT + 5, 23},    /* too short */
        {IP_AT + 5, 31},    /* an option cut off */
        {IP_AT + 6, 17},    /* next header */
        {IP_AT + 7, 254},   /* was forwarded */
        {ND_AT, 134},       /* type */
        {ND_AT + 1, 1},     /* code */
        {ND_AT + 8, 0xff},  /* target is a group */
        {ND_AT + 25, 0},    /* option without length */
        {ND_AT + 25, 2},    /* option too long */
        {ND_AT + 27, 0x99}, /* option names another MAC */
        {IP_AT + 8, 0xff},  /* source is a group */
    };
    guint8 frame[NMM_NEIGHBOUR_FRAME_MAX];
    gsize length = question(frame, "fd00::5", "fd00::1", NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        length = question(frame, "fd00::5", "fd00::1", NULL);
        frame[wrong[i][0]] = wrong[i][1];
        fix_checksum(frame, length);
        assert_silent(frame, length);
    }
    length = question(frame, "fd00::5", "fd00::1", NULL);
    for (gsize i = 0; i < length; i++)
        assert_silent(frame, i);
    frame[ND_AT + 23] ^= 1; /* the checksum is looked at */
    assert_silent(frame, length);
}

/* Any bytes: nothing is read beyond the end (the sanitizers watch), and a claim is well-formed. */
static void
test_random(void)
{
    for (guint round = 0; round < 200000; round++) {
        gsize length = (gsize)g_test_rand_int_range(0, 100);
        g_autofree guint8 *frame = g_malloc(MAX(length, 1));
        NmmNeighbourFrame out;
        guint8 valid[NMM_NEIGHBOUR_FRAME_MAX];
        gsize n = round % 2 ? question(valid, "fd00::5", "fd00::1", NULL)
                            : question(valid, "10.0.0.5", "10.0.0.1", NULL);

        memcpy(frame, valid, MIN(length, n));
        for (guint i = 0; length > 0 && i < round % 4; i++)
            frame[g_test_rand_int_range(0, (gint32)length)] ^= (guint8)g_test_rand_int();
        if (!nmm_neighbour_frame_parse(frame, length, &out))
            continue;
        g_assert_true(out.has_sender || out.has_target);
        g_assert_cmpuint(out.mac[0] & 1, ==, 0);
        g_assert_cmpmem(out.mac, 6, frame + 6, 6);
    }
}

static void
test_mac(void)
{
    static const char *const bad[] = {
        "", "52:54:00:00:00", "52:54:00:00:00:0g", "52-54-00-00-00-01", "525400000001", NULL};
    g_autofree char *text = nmm_mac_to_string(guest_mac);
    guint8 mac[NMM_MAC_BYTES];

    g_assert_cmpstr(text, ==, "52:54:00:00:00:01");
    g_assert_true(nmm_mac_parse("52:54:00:00:00:01", mac));
    g_assert_cmpmem(mac, sizeof(mac), guest_mac, sizeof(guest_mac));
    g_assert_true(nmm_mac_parse("Fe:DC:ba:98:76:54", mac));
    for (gsize i = 0; bad[i] != NULL; i++)
        g_assert_false(nmm_mac_parse(bad[i], mac));
    g_assert_false(nmm_mac_parse(NULL, mac));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/neighbour-frame/arp", test_arp);
    g_test_add_func("/neighbour-frame/arp-malformed", test_arp_malformed);
    g_test_add_func("/neighbour-frame/solicit", test_solicit);
    g_test_add_func("/neighbour-frame/echo", test_echo);
    g_test_add_func("/neighbour-frame/echo-reply", test_echo_reply);
    g_test_add_func("/neighbour-frame/advert", test_advert);
    g_test_add_func("/neighbour-frame/arp-reply", test_arp_reply);
    g_test_add_func("/neighbour-frame/announcement", test_announcement);
    g_test_add_func("/neighbour-frame/nd-malformed", test_nd_malformed);
    g_test_add_func("/neighbour-frame/random", test_random);
    g_test_add_func("/neighbour-frame/mac", test_mac);
    return g_test_run();
}
