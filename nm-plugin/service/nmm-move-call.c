/* SPDX-License-Identifier: GPL-2.0-or-later */

#include "config.h"

#include "nmm-move-call.h"

void
nmm_move_call_end(GTask *task, NmmEvent event)
{
    g_task_return_int(task, event);
    g_object_unref(task);
}

void
nmm_move_call_end_with(GTask *task, GError *error, const char *format, ...)
{
    g_autofree char *place = NULL;
    va_list args;

    if (!error) {
        nmm_move_call_end(task, NMM_EVENT_DONE);
        return;
    }
    va_start(args, format);
    place = g_strdup_vprintf(format, args);
    va_end(args);
    g_dbus_error_strip_remote_error(error);
    g_prefix_error(&error, "%s: ", place);
    g_task_return_error(task, error);
    g_object_unref(task);
}

void
nmm_move_call_fail(GTask *task, GError *error)
{
    g_task_return_error(task, error);
    g_object_unref(task);
}
