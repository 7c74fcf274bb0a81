/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvirt's event loop on the default main context. libvirt's client takes its descriptor out of
 * the event loop for each call and puts it back afterwards, on the thread of the call. With a
 * GSource for each descriptor, as libvirt-glib has it, GLib wakes the main loop up to 14 times for
 * one call (seen with strace), which costs more than the call. Here the descriptors are in an epoll
 * set, which any thread can change while the main loop sleeps.
 *
 * libvirt calls these functions on any thread. Its callbacks, those that free data included, run on
 * the main loop only, without the lock.
 */

#include "config.h"

#include "nmm-libvirt-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/epoll.h>

typedef struct {
    int fd;
    int events; /* VIR_EVENT_HANDLE_…; 0: not in the epoll set */
    virEventHandleCallback callback;
    gpointer opaque;
    virFreeCallback free_opaque; /* (nullable) */
} Handle;

typedef struct {
    GSource *source; /* (nullable): NULL while it is off */
    int id;
    virEventTimeoutCallback callback;
    gpointer opaque;
    virFreeCallback free_opaque; /* (nullable) */
} Timer;

static GMutex mutex;        /* guards what is below */
static GHashTable *handles; /* (element-type gint Handle): by watch */
static GHashTable *timers;  /* (element-type gint Timer): by ID */
static int last_id;
static int epoll_fd = -1; /* set once */

static const struct {
    int libvirt;
    guint32 epoll;
} conditions[] = {
    {VIR_EVENT_HANDLE_READABLE, EPOLLIN},
    {VIR_EVENT_HANDLE_WRITABLE, EPOLLOUT},
    {VIR_EVENT_HANDLE_ERROR, EPOLLERR},
    {VIR_EVENT_HANDLE_HANGUP, EPOLLHUP},
};

static guint32
to_epoll(int events)
{
    guint32 result = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(conditions); i++)
        result |= events & conditions[i].libvirt ? conditions[i].epoll : 0;
    return result;
}

static int
from_epoll(guint32 events)
{
    int result = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(conditions); i++)
        result |= events & conditions[i].epoll ? conditions[i].libvirt : 0;
    return result;
}

/* Of a handle or timer that was removed: the caller holds libvirt's locks, and its callback may run
 * just now. */
typedef struct {
    gpointer removed;
    virFreeCallback free_opaque; /* (nullable) */
    gpointer opaque;
} Garbage;

static gboolean
garbage_cb(gpointer data)
{
    Garbage *garbage = data;

    if (garbage->free_opaque)
        garbage->free_opaque(garbage->opaque);
    g_free(garbage->removed);
    g_free(garbage);
    return G_SOURCE_REMOVE;
}

static void
free_later(gpointer removed, virFreeCallback free_opaque, gpointer opaque)
{
    Garbage *garbage = g_new(Garbage, 1);

    *garbage = (Garbage){removed, free_opaque, opaque};
    g_idle_add_full(G_PRIORITY_DEFAULT, garbage_cb, garbage, NULL);
}

/* Handles */

/* Under @mutex. One without events is not in the set, because epoll reports the end of a connection
 * nevertheless. */
static gboolean
set_events(int watch, Handle *handle, int events)
{
    struct epoll_event event = {.events = to_epoll(events), .data.fd = watch};
    int operation = EPOLL_CTL_MOD;

    if (events == handle->events)
        return TRUE;
    if (events == 0)
        operation = EPOLL_CTL_DEL;
    else if (handle->events == 0)
        operation = EPOLL_CTL_ADD;
    handle->events = events;
    return epoll_ctl(epoll_fd, operation, handle->fd, &event) == 0;
}

/* Under @mutex. */
static int
new_id(void)
{
    return last_id = last_id == G_MAXINT ? 1 : last_id + 1;
}

static int
add_handle(int fd,
           int events,
           virEventHandleCallback callback,
           gpointer opaque,
           virFreeCallback free_opaque)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&mutex);
    Handle *handle = g_new0(Handle, 1);
    int watch = new_id();

    *handle = (Handle){fd, 0, callback, opaque, free_opaque};
    if (!set_events(watch, handle, events)) {
        g_free(handle);
        return -1;
    }
    g_hash_table_insert(handles, GINT_TO_POINTER(watch), handle);
    return watch;
}

static void
update_handle(int watch, int events)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&mutex);
    Handle *handle = g_hash_table_lookup(handles, GINT_TO_POINTER(watch));

    if (handle && !set_events(watch, handle, events))
        g_warning("cannot watch a connection to libvirt: %s", g_strerror(errno));
}

static int
remove_handle(int watch)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&mutex);
    Handle *handle = g_hash_table_lookup(handles, GINT_TO_POINTER(watch));

    if (!handle)
        return -1;
    set_events(watch, handle, 0);
    g_hash_table_remove(handles, GINT_TO_POINTER(watch));
    free_later(handle, handle->free_opaque, handle->opaque);
    return 0;
}

/* Another thread may have changed it since epoll_wait(). */
static void
dispatch(int watch, int events)
{
    Handle *handle;
    gboolean due;

    g_mutex_lock(&mutex);
    handle = g_hash_table_lookup(handles, GINT_TO_POINTER(watch));
    due = handle && handle->events != 0;
    g_mutex_unlock(&mutex);

    if (due)
        handle->callback(watch, handle->fd, events, handle->opaque);
}

static gboolean
ready_cb(int fd, GIOCondition condition, gpointer user_data)
{
    struct epoll_event ready[8];
    int n = epoll_wait(fd, ready, G_N_ELEMENTS(ready), 0);

    for (int i = 0; i < n; i++)
        dispatch(ready[i].data.fd, from_epoll(ready[i].events));
    return G_SOURCE_CONTINUE;
}

/* Timers */

static gboolean
timer_cb(gpointer data)
{
    const Timer *timer = data;

    timer->callback(timer->id, timer->opaque);
    return G_SOURCE_CONTINUE;
}

/* Under @mutex. @interval: ms; negative: off. */
static void
set_interval(Timer *timer, int interval)
{
    if (timer->source) {
        g_source_destroy(timer->source);
        g_clear_pointer(&timer->source, g_source_unref);
    }
    if (interval < 0)
        return;
    timer->source = g_timeout_source_new((guint)interval);
    g_source_set_callback(timer->source, timer_cb, timer, NULL);
    g_source_attach(timer->source, NULL);
}

static int
add_timer(int interval,
          virEventTimeoutCallback callback,
          gpointer opaque,
          virFreeCallback free_opaque)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&mutex);
    Timer *timer = g_new0(Timer, 1);

    *timer = (Timer){NULL, new_id(), callback, opaque, free_opaque};
    g_hash_table_insert(timers, GINT_TO_POINTER(timer->id), timer);
    set_interval(timer, interval);
    return timer->id;
}

static void
update_timer(int id, int interval)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&mutex);
    Timer *timer = g_hash_table_lookup(timers, GINT_TO_POINTER(id));

    if (timer)
        set_interval(timer, interval);
}

static int
remove_timer(int id)
{
    G_GNUC_UNUSED g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&mutex);
    Timer *timer = g_hash_table_lookup(timers, GINT_TO_POINTER(id));

    if (!timer)
        return -1;
    set_interval(timer, -1);
    g_hash_table_remove(timers, GINT_TO_POINTER(id));
    free_later(timer, timer->free_opaque, timer->opaque);
    return 0;
}

void
nmm_libvirt_event_register(void)
{
    handles = g_hash_table_new(NULL, NULL);
    timers = g_hash_table_new(NULL, NULL);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0)
        g_error("epoll_create1: %s", g_strerror(errno));
    g_unix_fd_add(epoll_fd, G_IO_IN, ready_cb, NULL);
    virEventRegisterImpl(
        add_handle, update_handle, remove_handle, add_timer, update_timer, remove_timer);
}
