/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The module "macvtap" of glibc's Name Service Switch: gives programs on the host the addresses of
 * macvtap guests by name. Reads the files of the services of active profiles, one per profile, with
 * a line "ADDRESS NAME # GUEST" for each address.
 *
 * A file is valid only while its service lives, which the lock on it shows. A name that two guests
 * claim has no address, because a user must never reach the wrong guest.
 *
 * glibc loads it into any program, including those with more rights than their user. Therefore it
 * uses nothing but libc, keeps no state, and reads nothing but the files.
 */

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <nss.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOSTS_DIR     "/run/nm-macvtap/hosts"
#define MAX_ADDRESSES 64
#define MAX_LINE      512
#define MAX_TRIES     3 /* of a file that its service replaces at that time */
#define EXPORT        __attribute__((visibility("default")))

typedef struct {
    int family;
    uint32_t bytes[4]; /* network order; the first one for IPv4 */
} Address;

typedef struct {
    const char *name;
    int family; /* AF_UNSPEC: both */

    char guest[MAX_LINE]; /* the first with the name; "" for none */
    bool ambiguous;       /* another guest has it too */
    Address addresses[MAX_ADDRESSES];
    size_t n_addresses;
} Lookup;

/* Files */

static char
to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* strcasecmp() depends on the locale. */
static bool
equals_name(const char *a, const char *b)
{
    while (*a && to_lower(*a) == to_lower(*b)) {
        a++;
        b++;
    }
    return to_lower(*a) == to_lower(*b);
}

static bool
has_address(const Lookup *lookup, const Address *address)
{
    for (size_t i = 0; i < lookup->n_addresses; i++) {
        if (memcmp(&lookup->addresses[i], address, sizeof(*address)) == 0)
            return true;
    }
    return false;
}

static void
add_address(Lookup *lookup, const char *text)
{
    Address address = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};

    if (lookup->family != AF_UNSPEC && lookup->family != address.family)
        return;
    if (inet_pton(address.family, text, address.bytes) == 1 && !has_address(lookup, &address) &&
        lookup->n_addresses < MAX_ADDRESSES)
        lookup->addresses[lookup->n_addresses++] = address;
}

static void
add_guest(Lookup *lookup, const char *guest)
{
    if (!lookup->guest[0])
        snprintf(lookup->guest, sizeof(lookup->guest), "%s", guest);
    else if (strcmp(lookup->guest, guest) != 0)
        lookup->ambiguous = true;
}

static void
read_line(Lookup *lookup, char *line)
{
    char *rest;
    const char *address = strtok_r(line, " ", &rest);
    const char *name = strtok_r(NULL, " ", &rest);
    const char *guest = strtok_r(NULL, "\n", &rest);

    if (!address || !name || !guest || !equals_name(name, lookup->name))
        return;
    add_guest(lookup, guest);
    add_address(lookup, address);
}

static void
read_lines(Lookup *lookup, FILE *file)
{
    char line[MAX_LINE];
    bool whole = true;

    while (fgets(line, sizeof(line), file)) {
        bool ends = strchr(line, '\n') != NULL;

        if (whole && ends)
            read_line(lookup, line);
        whole = ends;
    }
}

static bool
is_held(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static bool
is_replaced(int fd)
{
    struct stat info;

    return fstat(fd, &info) == 0 && info.st_nlink == 0;
}

/* -1: there is none, or its service has died. */
static int
open_held(int directory, const char *name)
{
    for (int i = 0; i < MAX_TRIES; i++) {
        int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        bool again;

        if (fd < 0 || is_held(fd))
            return fd;
        again = is_replaced(fd);
        close(fd);
        if (!again)
            break;
    }
    return -1;
}

static void
read_file(Lookup *lookup, int directory, const char *name)
{
    int fd = open_held(directory, name);
    FILE *file = fd >= 0 ? fdopen(fd, "re") : NULL;

    if (file) {
        read_lines(lookup, file);
        fclose(file);
    } else if (fd >= 0) {
        close(fd);
    }
}

/* A name with a dot is a file that is being written. */
static void
look_up(Lookup *lookup, const char *name, int family)
{
    /* No guest has a dot in its name, so a DNS name costs nothing, not even a message of AppArmor.
     */
    DIR *directory = strchr(name, '.') ? NULL : opendir(HOSTS_DIR);
    struct dirent *entry;

    *lookup = (Lookup){.name = name, .family = family};
    while (directory && (entry = readdir(directory))) {
        if (!strchr(entry->d_name, '.'))
            read_file(lookup, dirfd(directory), entry->d_name);
    }
    if (directory)
        closedir(directory);
    if (lookup->ambiguous)
        lookup->n_addresses = 0;
}

/* Results */

typedef struct {
    char *next;
    size_t left;
} Buffer;

/* (nullable): NULL if the caller's buffer is too small. */
static void *
reserve(Buffer *buffer, size_t size)
{
    size_t padding = -(uintptr_t)buffer->next % sizeof(void *);
    char *start = buffer->next + padding;

    if (buffer->left < padding || buffer->left - padding < size)
        return NULL;
    buffer->left -= padding + size;
    buffer->next = start + size;
    return start;
}

static char *
copy_name(Buffer *buffer, const char *name)
{
    size_t size = strlen(name) + 1;
    char *copy = reserve(buffer, size);

    return copy ? memcpy(copy, name, size) : NULL;
}

static enum nss_status
find_nothing(const Lookup *lookup, int *errnop, int *h_errnop)
{
    *errnop = ENOENT;
    *h_errnop = lookup->guest[0] && !lookup->ambiguous ? NO_DATA : HOST_NOT_FOUND;
    return NSS_STATUS_NOTFOUND;
}

static enum nss_status
ask_for_more(int *errnop, int *h_errnop)
{
    *errnop = ERANGE;
    *h_errnop = NETDB_INTERNAL;
    return NSS_STATUS_TRYAGAIN;
}

static bool
fill_tuples(const Lookup *lookup, Buffer *buffer, struct gaih_addrtuple *tuples)
{
    char *name = copy_name(buffer, lookup->name);

    for (size_t i = 0; name && i < lookup->n_addresses; i++) {
        const Address *address = &lookup->addresses[i];

        tuples[i] = (struct gaih_addrtuple){
            .next = i + 1 < lookup->n_addresses ? &tuples[i + 1] : NULL,
            .name = name,
            .family = address->family,
        };
        memcpy(tuples[i].addr, address->bytes, sizeof(tuples[i].addr));
    }
    return name != NULL;
}

static bool
fill_hostent(const Lookup *lookup, Buffer *buffer, struct hostent *host)
{
    size_t n = lookup->n_addresses;
    char **list = reserve(buffer, (n + 1) * sizeof(*list));
    char **aliases = reserve(buffer, sizeof(*aliases));
    Address *addresses = reserve(buffer, n * sizeof(*addresses));
    char *name = copy_name(buffer, lookup->name);

    if (!list || !aliases || !addresses || !name)
        return false;
    memcpy(addresses, lookup->addresses, n * sizeof(*addresses));
    for (size_t i = 0; i < n; i++)
        list[i] = (char *)addresses[i].bytes;
    list[n] = NULL;
    aliases[0] = NULL;
    *host = (struct hostent){
        .h_name = name,
        .h_aliases = aliases,
        .h_addrtype = lookup->family,
        .h_length = lookup->family == AF_INET6 ? 16 : 4,
        .h_addr_list = list,
    };
    return true;
}

/* The functions that glibc looks for. It declares only their types, in some versions. */

EXPORT enum nss_status _nss_macvtap_gethostbyname4_r(const char *name,
                                                     struct gaih_addrtuple **result,
                                                     char *buffer,
                                                     size_t size,
                                                     int *errnop,
                                                     int *h_errnop,
                                                     int32_t *ttlp);
EXPORT enum nss_status _nss_macvtap_gethostbyname3_r(const char *name,
                                                     int family,
                                                     struct hostent *host,
                                                     char *buffer,
                                                     size_t size,
                                                     int *errnop,
                                                     int *h_errnop,
                                                     int32_t *ttlp,
                                                     char **canonp);
EXPORT enum nss_status _nss_macvtap_gethostbyname2_r(const char *name,
                                                     int family,
                                                     struct hostent *host,
                                                     char *buffer,
                                                     size_t size,
                                                     int *errnop,
                                                     int *h_errnop);
EXPORT enum nss_status _nss_macvtap_gethostbyname_r(const char *name,
                                                    struct hostent *host,
                                                    char *buffer,
                                                    size_t size,
                                                    int *errnop,
                                                    int *h_errnop);

enum nss_status
_nss_macvtap_gethostbyname4_r(const char *name,
                              struct gaih_addrtuple **result,
                              char *buffer,
                              size_t size,
                              int *errnop,
                              int *h_errnop,
                              int32_t *ttlp)
{
    Buffer rest = {buffer, size};
    struct gaih_addrtuple *tuples;
    Lookup lookup;

    look_up(&lookup, name, AF_UNSPEC);
    if (lookup.n_addresses == 0)
        return find_nothing(&lookup, errnop, h_errnop);
    tuples = reserve(&rest, lookup.n_addresses * sizeof(*tuples));
    if (!tuples || !fill_tuples(&lookup, &rest, tuples))
        return ask_for_more(errnop, h_errnop);
    if (*result)
        **result = *tuples;
    else
        *result = tuples;
    if (ttlp)
        *ttlp = 0;
    *h_errnop = NETDB_SUCCESS;
    return NSS_STATUS_SUCCESS;
}

enum nss_status
_nss_macvtap_gethostbyname3_r(const char *name,
                              int family,
                              struct hostent *host,
                              char *buffer,
                              size_t size,
                              int *errnop,
                              int *h_errnop,
                              int32_t *ttlp,
                              char **canonp)
{
    Buffer rest = {buffer, size};
    Lookup lookup;

    look_up(&lookup, name, family == AF_INET6 ? AF_INET6 : AF_INET);
    if (lookup.n_addresses == 0)
        return find_nothing(&lookup, errnop, h_errnop);
    if (!fill_hostent(&lookup, &rest, host))
        return ask_for_more(errnop, h_errnop);
    if (ttlp)
        *ttlp = 0;
    if (canonp)
        *canonp = host->h_name;
    *h_errnop = NETDB_SUCCESS;
    return NSS_STATUS_SUCCESS;
}

enum nss_status
_nss_macvtap_gethostbyname2_r(const char *name,
                              int family,
                              struct hostent *host,
                              char *buffer,
                              size_t size,
                              int *errnop,
                              int *h_errnop)
{
    return _nss_macvtap_gethostbyname3_r(
        name, family, host, buffer, size, errnop, h_errnop, NULL, NULL);
}

enum nss_status
_nss_macvtap_gethostbyname_r(const char *name,
                             struct hostent *host,
                             char *buffer,
                             size_t size,
                             int *errnop,
                             int *h_errnop)
{
    return _nss_macvtap_gethostbyname3_r(
        name, AF_INET, host, buffer, size, errnop, h_errnop, NULL, NULL);
}
