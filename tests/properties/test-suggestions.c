/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Suggestions of guests and networks from a fake libvirt; one that hangs blocks one thread only. */

#include "config.h"

#include "fake-hypervisor.h"
#include "nmm-suggestions.h"

static FakeHost *host;
static guint n_made;

static NmmHypervisor *
make_fake(const char *uri)
{
    n_made++;
    return fake_hypervisor_new(host);
}

typedef struct {
    guint n_done;
    NmmSuggestions *choices;
    GError *error;
} Result;

static void
result_clear(Result *result)
{
    g_clear_pointer(&result->choices, nmm_suggestions_unref);
    g_clear_error(&result->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Result, result_clear)

static void
loaded_cb(GObject *source, GAsyncResult *async, gpointer user_data)
{
    Result *result = user_data;

    result_clear(result);
    result->choices = nmm_suggestions_load_finish(async, &result->error);
    g_assert_true((result->choices == NULL) == (result->error != NULL));
    result->n_done++;
}

static void
start_load(Result *result, GCancellable *cancellable)
{
    nmm_suggestions_load_async(make_fake, "qemu:///system", cancellable, loaded_cb, result);
}

static void
wait_until(const guint *counter, guint wanted)
{
    while (*counter < wanted)
        g_main_context_iteration(NULL, TRUE);
}

static void
define_guest(const char *name, const char *interface)
{
    g_autofree char *uuid = g_uuid_string_random();
    g_autofree char *xml = g_strdup_printf("<domain type='qemu'><name>%s</name><uuid>%s</uuid>"
                                           "<devices>%s</devices></domain>",
                                           name,
                                           uuid,
                                           interface);
    g_autoptr(GError) error = NULL;

    fake_host_define_guest(host, xml, &error);
    g_assert_no_error(error);
}

static void
define_network(const char *xml)
{
    g_autoptr(GError) error = NULL;

    fake_host_define_network(host, xml, &error);
    g_assert_no_error(error);
}

static void
test_what_is_offered(void)
{
    g_auto(Result) result = {0};
    const NmmGuestChoice *guest;

    define_network("<network><name>lab</name><ip address='10.1.1.1' prefix='24'/></network>");
    define_network("<network><name>nat</name><forward mode='nat'/>"
                   "<ip address='10.1.2.1' prefix='24'/></network>");
    define_network("<network><name>direct</name><forward mode='bridge'><interface dev='eth1'/>"
                   "</forward></network>");
    define_guest("web", "<interface type='direct'><source dev='eth0' mode='vepa'/></interface>");
    define_guest("nat", "<interface type='network'><source network='nat'/></interface>");
    define_guest("db", "<interface type='network'><source network='direct'/></interface>");

    start_load(&result, NULL);
    wait_until(&result.n_done, 1);
    g_assert_no_error(result.error);
    g_assert_cmpuint(result.choices->networks->len, ==, 1);
    g_assert_cmpstr(result.choices->networks->pdata[0], ==, "lab");
    g_assert_cmpuint(result.choices->guests->len, ==, 2);
    guest = result.choices->guests->pdata[0];
    g_assert_cmpstr(guest->name, ==, "db");
    g_assert_nonnull(guest->uuid);
    guest = result.choices->guests->pdata[1];
    g_assert_cmpstr(guest->name, ==, "web");
    g_assert_cmpstr(guest->lower, ==, "eth0");
}

static void
test_unreachable(void)
{
    static const char *const patterns[] = {"open*", "list-networks*", "list-guests*"};

    for (guint i = 0; i < G_N_ELEMENTS(patterns); i++) {
        g_auto(Result) result = {0};

        fake_calls_fail(
            fake_host_get_calls(host), patterns[i], 1, 1, NMM_ERROR_UNREACHABLE, "no answer");
        start_load(&result, NULL);
        wait_until(&result.n_done, 1);
        g_assert_error(result.error, NMM_ERROR, NMM_ERROR_UNREACHABLE);
        fake_calls_release(fake_host_get_calls(host));
    }
}

static void
test_hanging(void)
{
    FakeCalls *calls = fake_host_get_calls(host);
    g_auto(Result) first = {0};
    g_auto(Result) second = {0};
    g_autoptr(GCancellable) cancellable = g_cancellable_new();

    n_made = 0;
    fake_calls_hang(calls, "list-networks*");
    start_load(&first, cancellable);
    while (fake_calls_get_hanging(calls) == 0)
        g_thread_yield();
    /* Opened, closed, opened again: no call waits, and there is one thread. */
    g_cancellable_cancel(cancellable);
    start_load(&second, NULL);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_assert_cmpuint(n_made, ==, 1);
    g_assert_cmpuint(second.n_done, ==, 0);

    fake_calls_release(calls);
    wait_until(&second.n_done, 1);
    wait_until(&first.n_done, 1);
    g_assert_error(first.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    g_assert_no_error(second.error);
    g_assert_cmpuint(n_made, ==, 1);

    /* A later request reads again. */
    start_load(&first, NULL);
    wait_until(&first.n_done, 2);
    g_assert_no_error(first.error);
    g_assert_cmpuint(n_made, ==, 2);
}

static void
test_safe_uri(void)
{
    g_assert_true(nmm_suggestions_is_safe_uri("qemu:///system"));
    g_assert_true(nmm_suggestions_is_safe_uri("lxc:///system"));
    g_assert_false(nmm_suggestions_is_safe_uri("qemu+ssh://host/system?command=/tmp/x"));
    g_assert_false(nmm_suggestions_is_safe_uri("qemu:///system?x"));
    g_assert_false(nmm_suggestions_is_safe_uri(""));
}

int
main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    host = fake_host_new();
    g_test_add_func("/choices/what-is-offered", test_what_is_offered);
    g_test_add_func("/choices/unreachable", test_unreachable);
    g_test_add_func("/choices/hanging", test_hanging);
    g_test_add_func("/choices/safe-uri", test_safe_uri);
    status = g_test_run();
    fake_host_unref(host);
    return status;
}
