/* Records what a process has brought to disk, for a harness that then cuts the power.
 *
 * Loaded before libc by LD_PRELOAD. For files under POWER_ROOT it appends a line to POWER_JOURNAL, one write(2) each:
 *
 *   S <length> <begun> <path>   a file was synced when it was that long; the sync began then, in ns of CLOCK_MONOTONIC
 *   D <path>              a folder was synced
 *   C <path>              a file was made
 *   R <number> <from> <to>   a file was renamed; what it replaced is kept as POWER_SAVED/<number>
 *   U <number> <path>     a file was removed; it is kept as POWER_SAVED/<number>
 *
 * With POWER_LIE=1 a sync says that it was done and does nothing, as a disk with a volatile cache may.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static atomic_int saved;

static int lies(void) {
    const char *text = getenv("POWER_LIE");
    return text && *text == '1';
}

static int watched(const char *path) {
    const char *root = getenv("POWER_ROOT");
    return root && path && strncmp(path, root, strlen(root)) == 0;
}

static void journal(const char *format, ...) {
    static int file = -1;
    char line[3 * PATH_MAX];
    va_list arguments;
    if (file < 0) {
        REAL(int, "open", const char *, int, ...);
        const char *path = getenv("POWER_JOURNAL");
        if (!path) return;
        file = real(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    }
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length > 0 && write(file, line, (size_t)length) < 0) abort();
}

/* The path of an open file; 0 if it is not watched. */
static int path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return watched(path);
}

static void absolute(const char *path, char *out) {
    if (path[0] == '/') {
        snprintf(out, PATH_MAX, "%s", path);
        return;
    }
    char here[PATH_MAX / 2];
    if (!getcwd(here, sizeof here)) here[0] = 0;
    while (path[0] == '.' && path[1] == '/') path += 2;
    snprintf(out, PATH_MAX, "%s/%.2000s", here, path);
}

static void made(const char *path, int existed) {
    char whole[PATH_MAX];
    absolute(path, whole);
    if (!existed && watched(whole)) journal("C %s\n", whole);
}

static int exists(const char *path) {
    struct stat about;
    return stat(path, &about) == 0;
}

static int opened(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode) {
    int error = errno, existed = (flags & O_CREAT) ? exists(path) : 1;
    errno = error;
    int fd = real(path, flags, mode);
    if (fd >= 0) made(path, existed);
    return fd;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(int, #name, const char *, int, ...); \
        va_list arguments; \
        va_start(arguments, flags); \
        mode_t mode = (flags & O_CREAT) ? va_arg(arguments, mode_t) : 0; \
        va_end(arguments); \
        return opened(real, path, flags, mode); \
    }
OPEN(open)
OPEN(open64)

FILE *fopen(const char *path, const char *mode) {
    REAL(FILE *, "fopen", const char *, const char *);
    int existed = mode[0] == 'r' || exists(path);
    FILE *file = real(path, mode);
    if (file) made(path, existed);
    return file;
}

FILE *fopen64(const char *path, const char *mode) {
    REAL(FILE *, "fopen64", const char *, const char *);
    int existed = mode[0] == 'r' || exists(path);
    FILE *file = real(path, mode);
    if (file) made(path, existed);
    return file;
}

static int synced(int (*real)(int), int fd) {
    char path[PATH_MAX];
    struct stat about;
    struct timespec begun;
    if (!path_of(fd, path)) return real(fd);
    if (lies()) return 0;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    /* Before the sync: what is written meanwhile may come too late for it. */
    if (fstat(fd, &about) < 0) return real(fd);
    int outcome = real(fd);
    if (outcome == 0 && S_ISDIR(about.st_mode)) journal("D %s\n", path);
    else if (outcome == 0) journal("S %lld %lld %s\n", (long long)about.st_size, begun.tv_sec * 1000000000LL + begun.tv_nsec, path);
    return outcome;
}

int fsync(int fd) {
    REAL(int, "fsync", int);
    return synced(real, fd);
}

int fdatasync(int fd) {
    REAL(int, "fdatasync", int);
    return synced(real, fd);
}

/* Keeps a file that is about to lose its name. */
static int keep(const char *path) {
    char copy[PATH_MAX];
    int number = atomic_fetch_add(&saved, 1);
    const char *folder = getenv("POWER_SAVED");
    snprintf(copy, sizeof copy, "%s/%d.%d", folder ? folder : "", getpid(), number);
    return link(path, copy) == 0 ? number : -1;
}

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    char old[PATH_MAX], new[PATH_MAX];
    absolute(from, old);
    absolute(to, new);
    if (!watched(new)) return real(from, to);
    int number = keep(to), outcome = real(from, to);
    if (outcome == 0) journal("R %d.%d %s %s\n", number < 0 ? -1 : getpid(), number, old, new);
    return outcome;
}

int unlink(const char *path) {
    REAL(int, "unlink", const char *);
    char whole[PATH_MAX];
    absolute(path, whole);
    if (!watched(whole)) return real(path);
    int number = keep(path), outcome = real(path);
    if (outcome == 0) journal("U %d.%d %s\n", number < 0 ? -1 : getpid(), number, whole);
    return outcome;
}
