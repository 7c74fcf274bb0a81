/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mode move when NetworkManager goes away. Another one gives the parent its stored configuration
 * and takes the host link up again, with the same addresses. Most often the dispatcher's helper
 * puts that right; where it is gone, with the package's other files, this process is all that is
 * left: it waits for NetworkManager and then moves everything back, as it would have done.
 */

#include "config.h"

#include "nmm-move-private.h"

#define HELPER NMM_LIBEXECDIR "/nm-macvtap-dispatcher"

/* Every step that waits ends with NetworkManager; the answer of a call is on its way, and ends it.
 */
static void
manager_cb(NMClient *client, GParamSpec *pspec, gpointer user_data)
{
    NmmMove *self = user_data;

    if (nm_client_get_nm_running(client)) {
        if (self->transaction.step == NMM_MOVE_STEP_WAIT_MANAGER)
            nmm_move_step_wait(self);
        return;
    }
    if (self->transaction.step == NMM_MOVE_STEP_WAIT_MANAGER) {
        g_clear_handle_id(&self->wait_id, g_source_remove);
        return;
    }
    if (g_file_test(HELPER, G_FILE_TEST_EXISTS))
        return;
    self->is_lost = TRUE;
    if (nmm_move_step_is_wait(self->transaction.step))
        nmm_move_end_step(self, NULL);
}

void
nmm_move_watch_manager(NmmMove *self)
{
    g_signal_connect_object(nmm_move_get_client(self),
                            "notify::" NM_CLIENT_NM_RUNNING,
                            G_CALLBACK(manager_cb),
                            self,
                            0);
}

/* Without a limit of time, and without a timer: as long as NetworkManager does not run, the kernel
 * has the host's addresses on the link, and nobody takes them away. */
void
nmm_move_step_wait_manager(NmmMove *self)
{
    g_message("profile '%s': NetworkManager is gone; when it is there again, the configuration of "
              "'%s' is moved back",
              nmm_move_get_profile(self)->id,
              nm_device_get_iface(self->device));
    nmm_move_drop_link(self);
    /* It went with NetworkManager, and another's may have the same path. */
    g_clear_pointer(&self->checkpoint, nmm_checkpoint_end);
    if (nm_client_get_nm_running(nmm_move_get_client(self)))
        nmm_move_step_wait(self);
}

/* Not before it has taken up what it found, the parent among it: that is another object now. */
gboolean
nmm_move_is_manager_back(NmmMove *self, GError **error)
{
    NMClient *client = nmm_move_get_client(self);
    NMDevice *device = nm_client_get_device_by_iface(client, nm_device_get_iface(self->device));

    if (!device || nm_client_get_startup(client))
        return FALSE;
    g_set_object(&self->device, device);
    return TRUE;
}
