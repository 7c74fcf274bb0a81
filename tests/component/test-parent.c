/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kinds of device that mode move accepts, and its messages for the others.
 * tests/sandbox/test_move.py tests what depends on NetworkManager's state.
 */

#include "nmm-error.h"
#include "nmm-parent.h"
#include "nmm-parent-check.h"

static gboolean
check_type(const char *name,
           NMDeviceType type,
           const char *kind,
           const char *master,
           const char *master_kind,
           GError **error)
{
    const NmmParentFacts facts = {
        .name = name,
        .exists = TRUE,
        .ethernet = nmm_parent_is_ethernet(type),
        .wireless = type == NM_DEVICE_TYPE_WIFI,
        .kind = kind,
        .master = master,
        .master_kind = master_kind,
    };

    return nmm_parent_check_fit(&facts, error);
}

static void
test_taken(void)
{
    const NMDeviceType types[] = {
        NM_DEVICE_TYPE_ETHERNET,
        NM_DEVICE_TYPE_VETH,
        NM_DEVICE_TYPE_BOND,
        NM_DEVICE_TYPE_TEAM,
        NM_DEVICE_TYPE_BRIDGE,
        NM_DEVICE_TYPE_VLAN,
    };

    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_true(check_type("eth0", types[i], "ethernet", NULL, NULL, &error));
        g_assert_no_error(error);
    }
}

static void
assert_refused(NMDeviceType type,
               const char *master,
               NmmError code,
               const char *text1,
               const char *text2)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(check_type("dev7", type, "some kind", master, "bridge", &error));
    g_assert_error(error, NMM_ERROR, (int)code);
    g_assert_nonnull(strstr(error->message, "'dev7'"));
    g_assert_nonnull(strstr(error->message, text1));
    g_assert_nonnull(strstr(error->message, text2));
}

/* The message has the name and the remedy. */
static void
test_refused(void)
{
    assert_refused(
        NM_DEVICE_TYPE_WIFI, NULL, NMM_ERROR_UNSUPPORTED, "Wi-Fi", "use mode 'isolated'");
    assert_refused(
        NM_DEVICE_TYPE_ETHERNET, "br0", NMM_ERROR_CONFLICT, "port of 'br0'", "as the parent");
    for (int type = 0; type <= NM_DEVICE_TYPE_LOOPBACK; type++) {
        switch ((NMDeviceType)type) {
        case NM_DEVICE_TYPE_ETHERNET:
        case NM_DEVICE_TYPE_VETH:
        case NM_DEVICE_TYPE_BOND:
        case NM_DEVICE_TYPE_TEAM:
        case NM_DEVICE_TYPE_BRIDGE:
        case NM_DEVICE_TYPE_VLAN:
        case NM_DEVICE_TYPE_WIFI:
            break;
        default:
            assert_refused(
                (NMDeviceType)type, NULL, NMM_ERROR_UNSUPPORTED, "'some kind'", "vpn.data parent");
        }
    }
}

/* Another device is no remedy: the VRF itself is not Ethernet. */
static void
test_vrf(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(check_type("eth0", NM_DEVICE_TYPE_ETHERNET, "ethernet", "blue", "vrf", &error));
    g_assert_error(error, NMM_ERROR, NMM_ERROR_UNSUPPORTED);
    g_assert_nonnull(strstr(error->message, "VRF 'blue'"));
    g_assert_nonnull(strstr(error->message, "use mode 'isolated'"));
    g_assert_null(strstr(error->message, "as the parent"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/parent/taken", test_taken);
    g_test_add_func("/parent/refused", test_refused);
    g_test_add_func("/parent/vrf", test_vrf);
    return g_test_run();
}
