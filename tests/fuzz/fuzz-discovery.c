/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a frame. With -fsanitize=fuzzer -DFUZZ it is a fuzz target; otherwise its main takes
 * files, so that the findings of a fuzzer become regression tests.
 */

#include "config.h"

#include "nmm-neighbour-frame.h"
#include "nmm-setup-frame.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize length);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize length)
{
    NmmNeighbourFrame frame;
    guint8 mac[NMM_MAC_BYTES];

    if (nmm_neighbour_frame_parse(data, length, &frame)) {
        g_assert_true(frame.has_sender || frame.has_target);
        g_assert_cmpuint(frame.mac[0] & 1, ==, 0);
    }
    if (nmm_setup_frame_parse(data, length, mac))
        g_assert_cmpuint(mac[0] & 1, ==, 0);
    return 0;
}

#ifndef FUZZ
int
main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        g_autofree char *data = NULL;
        g_autoptr(GError) error = NULL;
        gsize length;

        if (!g_file_get_contents(argv[i], &data, &length, &error))
            g_error("%s", error->message);
        LLVMFuzzerTestOneInput((const guint8 *)data, length);
    }
    return 0;
}
#endif
