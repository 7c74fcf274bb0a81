/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 90-nm-macvtap, which NetworkManager's dispatcher runs for every event. Appends the event to the
 * queue, starts the helper unless one runs, and ends: other scripts of the same event wait for
 * those in no-wait.d, too (read in NM 1.42 and 1.58), so it must end at once. For the same reason
 * it links only libc. It always returns 0, because NetworkManager only logs a failure.
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "nmm-names.h"

#define HELPER     "nm-macvtap-dispatcher"
#define MAX_EVENTS (256 * 1024) /* bytes; later events are lost, the host state is not */
#define STAT_START 22           /* number of the field in /proc/PID/stat */
#define PID_BITS   22

/* The decision knows some of them; the others can mean that something changed. */
static const char *const actions[] = {
    "up",
    "down",
    "vpn-up",
    "vpn-down",
    "vpn-pre-down",
    "connectivity-change",
    "dhcp4-change",
    "dhcp6-change",
    "reapply",
};

/* NetworkManager has one thread and may be activating a device now, and the helper makes it send
 * all its objects. A device with a fast DHCP server is activated after the pause. */
static const struct timespec pause_before_helper = {.tv_nsec = 150 * 1000 * 1000};

static int
is_interesting(const char *action)
{
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(action, actions[i]) == 0)
            return 1;
    }
    return 0;
}

static const char *
get_word(const char *name)
{
    const char *word = getenv(name);

    return word && word[0] && !strpbrk(word, " \n") ? word : "-";
}

/* The position of this event in NetworkManager's order, because hooks run in parallel and may write
 * in another: the start time of the process in ticks since the boot, then its PID; 0 if unknown. */
static unsigned long long
get_order(void)
{
    char text[1024] = "";
    FILE *file = fopen("/proc/self/stat", "re");
    char *rest;

    if (!file)
        return 0;
    rest = fgets(text, sizeof(text), file);
    fclose(file);
    /* The second field, in parentheses, can contain any character. */
    rest = rest ? strrchr(text, ')') : NULL;
    for (int field = 2; rest && field < STAT_START; field++)
        rest = strchr(rest + 1, ' ');
    return rest ? strtoull(rest, NULL, 10) << PID_BITS | (unsigned long long)getpid() : 0;
}

/* As nmm-lock.h, which needs GLib. */
static int
lock(int fd, int command)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    return fcntl(fd, command, &lock);
}

/* The lock keeps the helper from emptying the file between our open and our write. */
static int
append_event(const char *action)
{
    struct stat info;
    char line[256];
    int fd = open(NMM_RUN_DIR "/" NMM_EVENTS_FILE,
                  O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                  0600);
    int length;
    int done = 0;

    if (fd < 0)
        return -1;
    length = snprintf(line,
                      sizeof(line),
                      "%s %s %s %llu\n",
                      action,
                      get_word("DEVICE_IFACE"),
                      get_word("CONNECTION_UUID"),
                      get_order());
    if (lock(fd, F_OFD_SETLKW) < 0 || fstat(fd, &info) < 0)
        done = -1;
    else if (length < (int)sizeof(line) && info.st_size < MAX_EVENTS)
        done = write(fd, line, (size_t)length) == length ? 0 : -1;
    close(fd);
    return done;
}

/* The helper inherits the lock, so two can never start. */
static int
start_helper(void)
{
    char fd_text[16];
    char *const argv[] = {(char *)HELPER, (char *)"--lock-fd", fd_text, NULL};
    char *const envp[] = {(char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
    int fd = open(NMM_RUN_DIR "/" NMM_LOCK_FILE, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    pid_t pid;

    if (fd < 0)
        return -1;
    if (lock(fd, F_OFD_SETLK) < 0)
        return errno == EAGAIN || errno == EACCES ? 0 : -1;
    pid = fork();
    if (pid != 0)
        return pid < 0 ? -1 : 0;

    setsid();
    setpriority(PRIO_PROCESS, 0, 10);
    nanosleep(&pause_before_helper, NULL);
    snprintf(fd_text, sizeof(fd_text), "%d", fd);
    execve(NMM_LIBEXECDIR "/" HELPER, argv, envp);
    _exit(errno == ENOENT ? 0 : 1);
}

int
main(int argc, char **argv)
{
    const char *action = argc > 2 ? argv[2] : "";

    if (!is_interesting(action) || access(NMM_RUN_DIR "/" NMM_RETIRED_FILE, F_OK) == 0)
        return 0;
    alarm(5);
    if ((mkdir(NMM_RUN_DIR, 0711) < 0 && errno != EEXIST) || append_event(action) < 0)
        fprintf(
            stderr, "90-nm-macvtap: cannot queue the event '%s': %s\n", action, strerror(errno));
    else if (strcmp(action, "vpn-pre-down") != 0 && start_helper() < 0)
        fprintf(stderr, "90-nm-macvtap: cannot start the helper: %s\n", strerror(errno));
    return 0;
}
