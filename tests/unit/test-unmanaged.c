/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which lists of unmanaged devices leave the host link or the loopback device alone, as
 * NetworkManager 1.42 reads them.
 */

#include "config.h"

#include "nmm-unmanaged.h"

#include <string.h>

#include "nmm-error.h"

static const NmmManagedDevice derived_link = {"nmmveth0", "macvlan", "macvtap"};
static const NmmManagedDevice own_link = {"tohost", "macvlan", "macvtap"};

typedef struct {
    const char *list;
    gboolean has_link;
    gboolean has_own_link; /* the one with a name of the user's */
} Case;

static const Case cases[] = {
    {"", FALSE, FALSE},
    {"*", TRUE, TRUE},
    {"*,except:interface-name:eth0", TRUE, TRUE},
    {"*,except:interface-name:eth0,except:interface-name:nmmv*", FALSE, TRUE},
    {"except:interface-name:nmmv*,*", FALSE, TRUE},
    {"*;except:interface-name:tohost", TRUE, FALSE},
    /* Ubuntu's */
    {"*,except:type:wifi,except:type:gsm,except:type:cdma", TRUE, TRUE},
    {"*,except:type:macvlan", FALSE, FALSE},
    {"type:macvlan", TRUE, TRUE},
    {"type:ethernet", FALSE, FALSE},
    {"driver:macvtap", TRUE, TRUE},
    {"driver:macvtap/0.1", TRUE, TRUE},
    {"driver:macv*", TRUE, TRUE},
    {"driver:veth", FALSE, FALSE},
    {"interface-name:nmmv*", TRUE, FALSE},
    {"interface-name:=nmmveth0", TRUE, FALSE},
    {"interface-name:=nmmv*", FALSE, FALSE},
    {"interface-name:~nmmv*", TRUE, FALSE},
    {"interface-name:nmmv?th0", TRUE, FALSE},
    {"nmmveth0", TRUE, FALSE},
    {"interface-name:eth0", FALSE, FALSE},
    {"eth0, nmmveth0", TRUE, FALSE},
    {"mac:52:54:00:00:00:01", FALSE, FALSE},
    {"s390-subchannels:0.0.1000", FALSE, FALSE},
    /* exceptions alone: everything else */
    {"except:interface-name:eth0", TRUE, TRUE},
    {"except:type:macvlan", FALSE, FALSE},
    {"EXCEPT:interface-name:eth0", TRUE, TRUE},
    {"nonsense:x,*", TRUE, TRUE},
};

static void
test_case(gconstpointer data)
{
    const Case *c = data;
    g_autofree char *config =
        g_strdup_printf("# NetworkManager configuration: /etc/x\n\n[main]\n"
                        "plugins=keyfile\n\n[keyfile]\nunmanaged-devices=%s\n",
                        c->list);

    g_assert_cmpint(nmm_unmanaged_has(config, &derived_link), ==, c->has_link);
    g_assert_cmpint(nmm_unmanaged_has(config, &own_link), ==, c->has_own_link);
}

/* Activating a profile overrides these. */
static void
test_other_configurations(void)
{
    g_assert_false(nmm_unmanaged_has("", &derived_link));
    g_assert_false(nmm_unmanaged_has("[main]\nplugins=keyfile\n", &derived_link));
    g_assert_false(nmm_unmanaged_has("[device-x]\nmatch-device=*\nmanaged=0\n", &derived_link));
    g_assert_false(nmm_unmanaged_has("no keyfile", &derived_link));
}

/* What the message asks for ends the problem, whatever was there before. */
static void
test_remedy(void)
{
    static const char *const names[] = {NULL, "tohost"};

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (gsize j = 0; j < G_N_ELEMENTS(names); j++) {
            const NmmManagedDevice *device = names[j] ? &own_link : &derived_link;
            g_autoptr(GError) error = NULL;
            g_autofree char *config = NULL;
            const char *line;

            g_assert_false(nmm_unmanaged_fail_link(device->name, names[j], &error));
            g_assert_error(error, NMM_ERROR, NMM_ERROR_UNSUPPORTED);
            line = strstr(error->message, "unmanaged-devices+=");
            g_assert_nonnull(line);
            line += strlen("unmanaged-devices+=");
            config = g_strdup_printf("[keyfile]\nunmanaged-devices=%s,%.*s\n",
                                     *cases[i].list ? cases[i].list : "*",
                                     (int)(strchr(line, '\'') - line),
                                     line);
            g_assert_false(nmm_unmanaged_has(config, device));
        }
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/unmanaged/list/%zu", i);

        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/unmanaged/other-configurations", test_other_configurations);
    g_test_add_func("/unmanaged/remedy", test_remedy);
    return g_test_run();
}
