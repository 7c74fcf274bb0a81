/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An interface that a user tuned, as `virsh dumpxml` prints it, with one change in it: the rest is
 * the same, byte for byte.
 */

#include "config.h"

#include "nmm-error.h"
#include "nmm-nic-xml.h"

#define ALIAS "ua-nm-macvtap-1c3d5bb9" /* of network 'isolated' */

static const char tuned[] =
    "<interface type=\"network\" trustGuestRxFilters=\"yes\">\n"
    "      <!-- db <- web -->\n"
    "      <mac address=\"52:54:00:AA:00:01\"/>\n"
    "      <source network=\"isolated\" portid=\"0b\" bridge=\"virbr1\"/>\n"
    "      <bandwidth>\n        <inbound average=\"1000\"/>\n      </bandwidth>\n"
    "      <target dev=\"vnet3\"/>\n"
    "      <model type=\"virtio\"/>\n"
    "      <driver name=\"vhost\" queues=\"4\" rx_queue_size=\"1024\">\n"
    "        <host csum=\"off\"/>\n      </driver>\n"
    "      <filterref filter=\"clean-traffic\">\n"
    "        <parameter name=\"IP\" value=\"&lt;&amp;&quot;&gt;\"/>\n      </filterref>\n"
    "      <mtu size=\"1400\"/>\n"
    "      <future kind=\"new\">text &amp; ü</future>\n"
    "      <alias name=\"" ALIAS "\"/>";

static NmmGuest *
guest_with(const char *interface)
{
    g_autofree char *xml =
        g_strdup_printf("<domain type='qemu' xmlns:other='https://other.example/'>"
                        "<name>web1</name><uuid>3c2f8a10-1111-4a6b-9c3d-000000000001</uuid>"
                        "<devices>%s</devices></domain>",
                        interface);
    g_autoptr(GError) error = NULL;
    NmmGuest *guest = nmm_guest_new_from_xml(xml, NULL, &error);

    g_assert_no_error(error);
    return guest;
}

static const NmmNic *
first_nic(const NmmGuest *guest)
{
    return g_ptr_array_index(guest->config->nics, 0);
}

/* (transfer full): with @elements after the alias. */
static char *
tuned_with(const char *elements)
{
    return g_strconcat(tuned, elements, "\n    </interface>", NULL);
}

static void
test_one_change(void)
{
    static const struct {
        const char *before;
        const char *model;
        gboolean isolated;
        gboolean link_down;
        const char *after;
    } cases[] = {
        {"", NULL, FALSE, FALSE, ""},
        {"<link state=\"up\"/>", NULL, FALSE, TRUE, "<link state=\"down\"/>"},
        {"<link state=\"down\"/>", NULL, FALSE, FALSE, "<link state=\"up\"/>"},
        {"<link state=\"down\"/>", "virtio", FALSE, TRUE, "<link state=\"down\"/>"},
        {"<port isolated=\"no\"/>", NULL, TRUE, FALSE, "<port isolated=\"yes\"/>"},
        {"<port isolated=\"yes\"/>", NULL, FALSE, FALSE, "<port isolated=\"no\"/>"},
        {"<link state=\"down\" later=\"1\"/>",
         NULL,
         FALSE,
         FALSE,
         "<link state=\"up\" later=\"1\"/>"},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *before = tuned_with(cases[i].before);
        g_autofree char *expected = tuned_with(cases[i].after);
        g_autoptr(NmmGuest) guest = guest_with(before);
        g_autofree char *xml = nmm_nic_change_to_xml(
            first_nic(guest), cases[i].model, cases[i].isolated, cases[i].link_down);

        g_assert_cmpstr(xml, ==, expected);
    }
}

/* An element that is missing is added, and changing it back leaves its default. */
static void
test_added(void)
{
    g_autofree char *before = tuned_with("");
    g_autoptr(NmmGuest) guest = guest_with(before);
    g_autofree char *down = nmm_nic_change_to_xml(first_nic(guest), "e1000e", TRUE, TRUE);
    g_autoptr(NmmGuest) changed = guest_with(down);
    g_autofree char *up = nmm_nic_change_to_xml(first_nic(changed), "virtio", FALSE, FALSE);
    g_autofree char *expected =
        g_strconcat(tuned, "\n    <link state=\"up\"/><port isolated=\"no\"/></interface>", NULL);

    g_assert_true(first_nic(changed)->link_down);
    g_assert_true(first_nic(changed)->isolated);
    g_assert_cmpstr(first_nic(changed)->model, ==, "e1000e");
    g_assert_cmpstr(up, ==, expected);
}

/* A namespace that the domain declares, above the interface. */
static void
test_namespace(void)
{
    g_autoptr(NmmGuest) guest =
        guest_with("<interface type='network'><source network='isolated'/><other:tag other:a='1'/>"
                   "<alias name='" ALIAS "'/></interface>");
    g_autofree char *xml = nmm_nic_change_to_xml(first_nic(guest), NULL, FALSE, TRUE);

    g_assert_cmpstr(xml,
                    ==,
                    "<interface xmlns:other=\"https://other.example/\" type=\"network\">\n"
                    "  <source network=\"isolated\"/>\n"
                    "  <other:tag other:a=\"1\"/>\n"
                    "  <alias name=\"" ALIAS "\"/>\n"
                    "<link state=\"down\"/></interface>");
}

/* Only the project's own interfaces are kept as text. */
static void
test_foreign(void)
{
    static const char *const interfaces[] = {
        "<interface type='network'><source network='isolated'/><alias name='ua-x'/></interface>",
        "<interface type='network'><source network='isolated'/></interface>",
        "<interface type='network'><source network='other'/><alias name='" ALIAS "'/></interface>",
        "<interface type='direct'><source dev='eth0'/><alias name='" ALIAS "'/></interface>",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(interfaces); i++) {
        g_autoptr(NmmGuest) guest = guest_with(interfaces[i]);

        g_assert_null(first_nic(guest)->xml);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/nic-xml/one-change", test_one_change);
    g_test_add_func("/nic-xml/added", test_added);
    g_test_add_func("/nic-xml/namespace", test_namespace);
    g_test_add_func("/nic-xml/foreign", test_foreign);
    return g_test_run();
}
