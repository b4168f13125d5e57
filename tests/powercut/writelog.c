/* Writes down what a program does to files below one folder, so that replay.py can cut the power anywhere.
 *
 * LD_PRELOAD=writelog.so WRITELOG=/path/of/the/log WRITELOG_BELOW=/the/folder program…
 *
 * Seen: open, creat, write, pwrite, writev, pwritev, truncate, fsync, fdatasync, rename, unlink, mkdir, rmdir and their
 * 64-bit and …at forms. Not seen: stores through mmap (SQLite's -shm, which never has to last), stdio's own writes,
 * sendfile and copy_file_range (they are made to fail, so that callers fall back to write).
 *
 * A record: u8 kind, u64 inode, u64 offset, u32 length of name, u32 length of content, name, content; little-endian.
 *   C file made (name)        O file opened that was there (name)    W write (offset, content)    T truncate (offset)
 *   S fsync of a file         D fsync of a directory (name)          R rename (name = from, content = to)
 *   U unlink (name)           K mkdir (name)                         X rmdir (name)
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST_FDS 65536

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t inode_of[MOST_FDS]; /* 0: not a file below the folder */
static int log_fd = -1;
static char below[PATH_MAX];
static size_t below_length;

__attribute__((constructor)) static void begin(void) {
    const char *log = getenv("WRITELOG"), *folder = getenv("WRITELOG_BELOW");
    if (!log || !folder || !realpath(folder, below)) return;
    below_length = strlen(below);
    int fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) return;
    /* Out of the way of programs that close or reuse low numbers. */
    log_fd = fcntl(fd, F_DUPFD_CLOEXEC, 60000);
    if (log_fd < 0) log_fd = fcntl(fd, F_DUPFD_CLOEXEC, 500);
    syscall(SYS_close, fd);
}

static int is_below(const char *path) {
    return log_fd >= 0 && !strncmp(path, below, below_length) && path[below_length] == '/';
}

static void note(char kind, uint64_t inode, uint64_t offset, const char *name, const void *content, size_t length) {
    unsigned char head[25];
    uint32_t name_length = name ? strlen(name) : 0, content_length = length;
    head[0] = kind;
    memcpy(head + 1, &inode, 8);
    memcpy(head + 9, &offset, 8);
    memcpy(head + 17, &name_length, 4);
    memcpy(head + 21, &content_length, 4);
    struct iovec pieces[3] = {{head, sizeof head}, {(void *)name, name_length}, {(void *)content, length}};
    size_t whole = sizeof head + name_length + length;
    if (syscall(SYS_writev, log_fd, pieces, 3) != (ssize_t)whole) {
        static const char text[] = "writelog: the log cannot be written\n";
        syscall(SYS_write, 2, text, sizeof text - 1);
        _exit(97);
    }
}

/* Absolute path of something named relative to a directory, its last component not followed. */
static int whole_path(int at, const char *path, char *out) {
    char folder[PATH_MAX], name[PATH_MAX], link[64];
    const char *slash = strrchr(path, '/');
    snprintf(name, sizeof name, "%s", slash ? slash + 1 : path);
    if (path[0] == '/') snprintf(folder, sizeof folder, "%.*s", (int)(slash - path) ? (int)(slash - path) : 1, path);
    else {
        if (at == AT_FDCWD) snprintf(link, sizeof link, "/proc/self/cwd");
        else snprintf(link, sizeof link, "/proc/self/fd/%d", at);
        ssize_t length = readlink(link, folder, sizeof folder - 1);
        if (length < 0) return -1;
        folder[length] = 0;
        if (slash) snprintf(folder + length, sizeof folder - length, "/%.*s", (int)(slash - path), path);
    }
    char real[PATH_MAX];
    if (!realpath(folder, real)) return -1;
    return snprintf(out, PATH_MAX, "%s/%s", real, name) < PATH_MAX ? 0 : -1;
}

static int open_noted(int at, const char *path, int flags, mode_t mode) {
    char whole[PATH_MAX];
    if (log_fd < 0 || (flags & O_TMPFILE) == O_TMPFILE || whole_path(at, path, whole) < 0 || !is_below(whole))
        return syscall(SYS_openat, at, path, flags, mode);
    pthread_mutex_lock(&lock);
    struct stat before, now;
    int was_there = stat(whole, &before) == 0;
    int fd = syscall(SYS_openat, at, path, flags, mode);
    int error = errno;
    if (fd >= 0 && fd < MOST_FDS && fstat(fd, &now) == 0 && S_ISREG(now.st_mode)) {
        inode_of[fd] = now.st_ino;
        note(was_there ? 'O' : 'C', now.st_ino, 0, whole, NULL, 0);
        if (was_there && (flags & O_TRUNC) && before.st_size) note('T', now.st_ino, 0, NULL, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return fd;
}

#define MODE_OF(flags, mode)                                  \
    mode_t mode = 0;                                          \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                    \
        va_list rest;                                         \
        va_start(rest, flags);                                \
        mode = va_arg(rest, unsigned);                        \
        va_end(rest);                                         \
    }

int open(const char *path, int flags, ...) { MODE_OF(flags, mode) return open_noted(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE_OF(flags, mode) return open_noted(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE_OF(flags, mode) return open_noted(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE_OF(flags, mode) return open_noted(at, path, flags, mode); }
int creat(const char *path, mode_t mode) { return open_noted(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

int close(int fd) {
    if (fd >= 0 && fd == log_fd) return 0;
    if (fd >= 0 && fd < MOST_FDS) inode_of[fd] = 0;
    return syscall(SYS_close, fd);
}

static uint64_t known(int fd) { return log_fd >= 0 && fd >= 0 && fd < MOST_FDS ? inode_of[fd] : 0; }

/* After a write of `done` bytes at the file's own position: where it began. */
static uint64_t began(int fd, ssize_t done) {
    struct stat now;
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0 && (flags & O_APPEND) && fstat(fd, &now) == 0) return now.st_size - done;
    return lseek(fd, 0, SEEK_CUR) - done;
}

ssize_t write(int fd, const void *content, size_t length) {
    uint64_t inode = known(fd);
    if (!inode) return syscall(SYS_write, fd, content, length);
    pthread_mutex_lock(&lock);
    ssize_t done = syscall(SYS_write, fd, content, length);
    int error = errno;
    if (done > 0) note('W', inode, began(fd, done), NULL, content, done);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

ssize_t pwrite64(int fd, const void *content, size_t length, off64_t offset) {
    uint64_t inode = known(fd);
    if (!inode) return syscall(SYS_pwrite64, fd, content, length, offset);
    pthread_mutex_lock(&lock);
    ssize_t done = syscall(SYS_pwrite64, fd, content, length, offset);
    int error = errno;
    if (done > 0) note('W', inode, offset, NULL, content, done);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}
ssize_t pwrite(int fd, const void *content, size_t length, off_t offset) { return pwrite64(fd, content, length, offset); }

/* In pieces: a short count is a legal answer, and each piece is a write of its own. */
ssize_t writev(int fd, const struct iovec *pieces, int count) {
    if (!known(fd)) return syscall(SYS_writev, fd, pieces, count);
    ssize_t whole = 0;
    for (int i = 0; i < count; i++) {
        ssize_t done = write(fd, pieces[i].iov_base, pieces[i].iov_len);
        if (done < 0) return whole ? whole : done;
        whole += done;
        if ((size_t)done < pieces[i].iov_len) break;
    }
    return whole;
}
ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off64_t offset) {
    ssize_t whole = 0;
    for (int i = 0; i < count; i++) {
        ssize_t done = pwrite64(fd, pieces[i].iov_base, pieces[i].iov_len, offset + whole);
        if (done < 0) return whole ? whole : done;
        whole += done;
        if ((size_t)done < pieces[i].iov_len) break;
    }
    return whole;
}
ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t offset) { return pwritev64(fd, pieces, count, offset); }

int ftruncate64(int fd, off64_t length) {
    uint64_t inode = known(fd);
    if (!inode) return syscall(SYS_ftruncate, fd, length);
    pthread_mutex_lock(&lock);
    int done = syscall(SYS_ftruncate, fd, length);
    int error = errno;
    if (done == 0) note('T', inode, length, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }
int truncate(const char *path, off_t length) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    int done = ftruncate64(fd, length);
    close(fd);
    return done;
}
int truncate64(const char *path, off64_t length) { return truncate(path, length); }

/* Nothing needs to reach this machine's disk: the log says what would have. */
static int sync_noted(int fd, long call) {
    char link[64], whole[PATH_MAX];
    struct stat now;
    if (log_fd < 0 || fstat(fd, &now) < 0) return syscall(call, fd);
    uint64_t inode = known(fd);
    if (!inode && S_ISDIR(now.st_mode)) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, whole, sizeof whole - 1);
        if (length < 0) return syscall(call, fd);
        whole[length] = 0;
        if (strcmp(whole, below) && !is_below(whole)) return syscall(call, fd);
        pthread_mutex_lock(&lock);
        note('D', now.st_ino, 0, whole, NULL, 0);
        pthread_mutex_unlock(&lock);
        return 0;
    }
    if (!inode) return syscall(call, fd);
    pthread_mutex_lock(&lock);
    note('S', inode, 0, NULL, NULL, 0);
    pthread_mutex_unlock(&lock);
    return 0;
}
int fsync(int fd) { return sync_noted(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_noted(fd, SYS_fdatasync); }

static int rename_noted(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    char a[PATH_MAX], b[PATH_MAX];
    int seen = log_fd >= 0 && !whole_path(from_at, from, a) && !whole_path(to_at, to, b) && (is_below(a) || is_below(b));
    if (!seen) return syscall(SYS_renameat2, from_at, from, to_at, to, flags);
    pthread_mutex_lock(&lock);
    int done = syscall(SYS_renameat2, from_at, from, to_at, to, flags);
    int error = errno;
    if (done == 0) note('R', 0, 0, a, b, strlen(b));
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}
int rename(const char *from, const char *to) { return rename_noted(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_at, const char *from, int to_at, const char *to) { return rename_noted(from_at, from, to_at, to, 0); }
int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
    return rename_noted(from_at, from, to_at, to, flags);
}

static int named(char kind, int at, const char *path, long call, long argument) {
    char whole[PATH_MAX];
    int seen = log_fd >= 0 && whole_path(at, path, whole) == 0 && is_below(whole);
    pthread_mutex_lock(&lock);
    int done = syscall(call, at, path, argument);
    int error = errno;
    if (done == 0 && seen) note(kind, 0, 0, whole, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}
int unlink(const char *path) { return named('U', AT_FDCWD, path, SYS_unlinkat, 0); }
int unlinkat(int at, const char *path, int flags) {
    return named(flags & AT_REMOVEDIR ? 'X' : 'U', at, path, SYS_unlinkat, flags);
}
int rmdir(const char *path) { return named('X', AT_FDCWD, path, SYS_unlinkat, AT_REMOVEDIR); }
int remove(const char *path) {
    int done = unlink(path);
    return done < 0 && (errno == EISDIR || errno == EPERM) ? rmdir(path) : done;
}
int mkdir(const char *path, mode_t mode) { return named('K', AT_FDCWD, path, SYS_mkdirat, mode); }
int mkdirat(int at, const char *path, mode_t mode) { return named('K', at, path, SYS_mkdirat, mode); }

ssize_t copy_file_range(int a, off64_t *b, int c, off64_t *d, size_t e, unsigned f) {
    if (log_fd < 0) return syscall(SYS_copy_file_range, a, b, c, d, e, f);
    errno = ENOSYS;
    return -1;
}
ssize_t sendfile64(int to, int from, off64_t *offset, size_t count) {
    if (!known(to)) return syscall(SYS_sendfile, to, from, offset, count);
    errno = EINVAL;
    return -1;
}
ssize_t sendfile(int to, int from, off_t *offset, size_t count) { return sendfile64(to, from, offset, count); }
